"""Which table a word names: a file, the files of a folder or of a pattern one after the other, or standard input."""

from __future__ import annotations

import glob
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

from gradcli.language.text.diagnostics import LanguageError, fail, near
from gradcli.session.rows.arrays import npy_stream, open_npy, open_npz
from gradcli.session.rows.columns import Column, Table

if TYPE_CHECKING:
    from gradcli.session.rows.columns import Piece

PARQUET, ARROW = (".parquet", ".pq"), (".arrow", ".ipc", ".feather")
TEXT = (".csv", ".tsv", ".txt", ".csv.gz")
ENDINGS = (*PARQUET, *ARROW, *TEXT, ".npy", ".npz")


def needs_arrow(what: str) -> LanguageError:
    """The refusal of what pyarrow is needed for, where it is not installed."""
    return fail(
        "file", f"{what} needs pyarrow, which is not installed", None, "install it: pip install 'gradcli[data]'"
    )


def refuse_the_table(data: str, out: str) -> None:
    """Refuse to write where the table is that is read.

    Raises:
        LanguageError: for that.
    """
    if out != "-" and data != "-" and os.path.exists(out) and os.path.exists(data) and os.path.samefile(out, data):
        raise fail("file", f"can't write `{out}`: it is the table that is read", None, "give --out another name")


def open_table(word: str) -> Table:
    """The table that a word names; `-` is standard input.

    Raises:
        LanguageError: where there is none, and for one that can't be read.
    """
    if word == "-":
        return _stream()
    paths = [word]
    if os.path.isdir(word):
        paths = [os.path.join(word, name) for name in sorted(os.listdir(word)) if _ending(name)]
        if not paths:
            raise fail("file", f"the folder `{word}` has no tables in it", None, f"they end in {', '.join(ENDINGS)}")
    elif not os.path.exists(word) and glob.has_magic(word):
        paths = sorted(glob.glob(word, recursive=True))
        if not paths:
            raise fail("file", f"no file is called as `{word}` says", None, "check the path")
    tables = [_open(path) for path in paths]
    return tables[0] if len(tables) == 1 else Tables(word, tables)


def _ending(path: str) -> str | None:
    return next((ending for ending in ENDINGS if path.lower().endswith(ending)), None)


def _open(path: str) -> Table:
    ending = _ending(path)
    if not os.path.exists(path):
        folder, name = os.path.split(path)
        known = os.listdir(folder or ".") if os.path.isdir(folder or ".") else []
        raise fail("file", f"there is no file `{path}`", None, near(name, known) or "check the path")
    if ending is None:
        raise fail("file", f"`{path}` is no table that can be read", None, f"tables end in {', '.join(ENDINGS)}")
    about = os.stat(path)
    identity = [os.path.realpath(path), about.st_size, about.st_mtime_ns]
    if ending == ".npy":
        return open_npy(path, path, identity)
    if ending == ".npz":
        return open_npz(path, path, identity)
    try:
        from gradcli.session.rows import arrow
    except ImportError:
        raise needs_arrow(f"reading `{path}`") from None
    if ending in PARQUET:
        return arrow.ParquetTable(path, path, identity)
    if ending in ARROW:
        return arrow.IpcTable(path, path, identity, _begins_with(path, b"ARROW1") is False)
    return arrow.CsvTable(path, lambda: _text(path), identity, once=False)


def _begins_with(path: str, magic: bytes) -> bool:
    with open(path, "rb") as file:
        return file.read(len(magic)) == magic


def _text(path: str) -> Any:
    if path.lower().endswith(".gz"):
        import gzip

        return gzip.open(path, "rb")
    return open(path, "rb")


def _stream() -> Table:
    """Standard input, whose kind its first bytes tell."""
    if sys.stdin is None:
        raise fail("file", "there is no standard input", None)
    file: BinaryIO = sys.stdin.buffer
    head = b""
    while len(head) < 6 and (more := file.read(6 - len(head))):
        head += more
    name = "standard input"
    if not head:
        raise fail("file", "there is nothing in standard input", None, "it can be read once")
    if head.startswith(b"PAR1"):
        hint = "write it to a file, or send Arrow IPC or CSV"
        raise fail("file", "Parquet can't be read from standard input: its columns are listed at its end", None, hint)
    try:
        from gradcli.session.rows import arrow
    except ImportError:
        if head.startswith(b"\x93NUMPY"):
            return npy_stream(name, _Behind(head, file))  # type: ignore[arg-type]
        raise needs_arrow("reading standard input") from None
    rest: Any = arrow.Behind(head, file)
    if head.startswith(b"\x93NUMPY"):
        return npy_stream(name, rest)
    if head.startswith((b"ARROW1", b"\xff\xff\xff\xff")):
        import pyarrow as pa

        if head.startswith(b"ARROW1"):
            return arrow.IpcTable(name, pa.BufferReader(rest.read()), (), is_stream=False)
        return arrow.IpcTable(name, pa.PythonFile(rest, mode="r"), (), is_stream=True)
    return arrow.CsvTable(name, lambda: rest, (), once=True)


class _Behind:
    """A stream with its first bytes in front again, to be read whole."""

    def __init__(self, head: bytes, file: BinaryIO) -> None:
        self._head, self._file = head, file

    def read(self) -> bytes:
        """All of it."""
        return self._head + self._file.read()


class Tables:
    """Several files as one table, one behind the other; what is read of each must be alike."""

    def __init__(self, name: str, tables: Sequence[Table]) -> None:
        self.name, self._tables = name, tables
        self.identity: Sequence[object] = [part for table in tables for part in table.identity]
        self.columns: Mapping[str, Column] = tables[0].columns
        counts = [table.rows for table in tables]
        self.rows: int | None = None if None in counts else sum(n for n in counts if n is not None)

    def pieces(self, names: Sequence[str], start: int) -> Iterator[Piece]:
        """Those of each file.

        Raises:
            LanguageError: where a file has a column otherwise than the first one.
        """
        for table in self._tables:
            for name in names:
                self._require_alike(table, name)
        for table in self._tables:
            if table.rows is not None and table.rows <= start:
                start -= table.rows
                continue
            for columns, bad in table.pieces(names, 0 if table.rows is None else start):
                count = len(next(iter(columns.values())))
                if table.rows is None and start:
                    # How long it is, is known behind it alone.
                    skip = min(start, count)
                    start -= skip
                    if skip == count:
                        continue
                    columns = {n: c[skip:] for n, c in columns.items()}
                    bad = None if bad is None else bad[skip:]
                yield columns, bad
            if table.rows is not None:
                start = 0

    def _require_alike(self, table: Table, name: str) -> None:
        wanted, found = self.columns[name], table.columns.get(name)
        first = self._tables[0].name
        if found is None:
            hint = near(name, [*table.columns]) or f"it has {', '.join(table.columns)}"
            raise fail("file", f"`{table.name}` has no column `{name}`, and `{first}` has", None, hint)
        if (found.shape, found.truth, found.unfit) != (wanted.shape, wanted.truth, wanted.unfit):
            what = f"the column `{name}` is {_said(found)} in `{table.name}`, and {_said(wanted)} in `{first}`"
            raise fail("file", what, None, "files of one table have columns alike")


def _said(column: Column) -> str:
    if column.unfit is not None:
        return column.unfit
    kind = "true or false" if column.truth else "a number"
    return f"{kind} in each place of shape {column.shape}" if column.shape else kind
