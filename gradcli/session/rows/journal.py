"""What has been computed so far, so that an interruption loses none of it and nothing is computed twice.

A journal is a line of JSON, what it is of, then a frame for each chunk: numbers, a check sum, and the columns as they
are in memory. A frame that was being written when the process was killed is told by its length or its sum, and is cut
off. The file lies beside the output, in `OUT.partial`, and is gone with that when the output has its name.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from gradcli.core.records import record
from gradcli.language.text.diagnostics import LanguageError, fail

if TYPE_CHECKING:
    from gradcli.session.rows.columns import Array

_FRAME = struct.Struct("<4sqqqqqI")
_MAGIC = b"rows"
# Numbers of bad rows that are told one by one.
MOST_TOLD = 1_000


@record
class Out:
    """A column of the output: its name, the shape that it has in each row, its dtype."""

    name: str
    shape: tuple[int, ...]
    dtype: str


@record
class Done:
    """What some rows gave: the first's number, how many were read, the columns of those that are written.

    `bad` counts the bad rows among them, of which `told` are numbers.
    """

    first: int
    rows: int
    columns: Mapping[str, Array]
    bad: int
    told: Array

    @property
    def written(self) -> int:
        """How many rows are written."""
        return len(next(iter(self.columns.values())))


class Journal:
    """A journal that is open for writing, behind what is in it."""

    def __init__(self, path: str, identity: Mapping[str, Any], outs: Sequence[Out], resume: bool) -> None:
        self._outs = outs
        self._file: BinaryIO = open(path, "r+b" if resume else "x+b")  # noqa: SIM115 - it stays open
        # What a run that goes on may change has one length.
        self._file.write(json.dumps(identity).encode() + b"\n")
        self._file.flush()

    def replay(self) -> Iterator[Done]:
        """What is in it, up to where it breaks off; it is written on from there."""
        self._file.seek(0)
        self._file.readline()
        while True:
            place = self._file.tell()
            found = self._frame()
            if found is None:
                self._file.seek(place)
                self._file.truncate()
                return
            yield found

    def _frame(self) -> Done | None:
        head = self._file.read(_FRAME.size)
        if len(head) < _FRAME.size:
            return None
        magic, first, rows, written, bad, told, check = _FRAME.unpack(head)
        if magic != _MAGIC:
            return None
        sizes = [written * np.dtype(o.dtype).itemsize * int(np.prod(o.shape)) for o in self._outs]
        length = 8 * told + sum(sizes)
        data = self._file.read(length)
        if len(data) < length or zlib.crc32(data) != check:
            return None
        numbers = np.frombuffer(data, "<i8", told)
        columns, at = {}, 8 * told
        for out, size in zip(self._outs, sizes, strict=True):
            columns[out.name] = np.frombuffer(data[at : at + size], out.dtype).reshape(written, *out.shape)
            at += size
        return Done(first, rows, columns, bad, numbers)

    def append(self, done: Done) -> None:
        """Write down what some rows gave.

        Raises:
            OSError: where it can't be written.
        """
        columns = [np.ascontiguousarray(done.told, "<i8")]
        columns += [np.ascontiguousarray(done.columns[out.name], out.dtype) for out in self._outs]
        parts = [column.reshape(-1).view(np.uint8) for column in columns if column.size]
        check = 0
        for part in parts:
            check = zlib.crc32(part.data, check)
        head = _FRAME.pack(_MAGIC, done.first, done.rows, done.written, done.bad, len(done.told), check)
        self._file.write(head)
        for part in parts:
            self._file.write(part.data)
        # What the system has survives the end of this process.
        self._file.flush()

    def close(self) -> None:
        """Write no more."""
        self._file.close()


def refuse_another(path: str, there: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Refuse to go on with what was begun as something else.

    Raises:
        LanguageError: naming what is another.
    """
    changed = [name for name, value in now.items() if there.get(name) != value]
    # Where a bad row ends it, none was met so far.
    if changed == ["on_error"] and there["on_error"] == on_error_said("fail"):
        return
    if changed:
        what = f"what was begun of `{path}` is of another {changed[0].replace('_', ' ')}"
        raise fail("file", what, None, "ask as before, or --overwrite to begin again")


def on_error_said(on_error: str) -> str:
    """What becomes of bad rows, in a text of one length."""
    return f"{on_error:4}"


def with_what_is_kept(error: LanguageError, kept: str | None) -> LanguageError:
    """The mistake, with what is left of the work in its hint."""
    wrong = error.diagnostic
    return fail(wrong.kind, wrong.message, wrong.span, "; ".join(filter(None, (wrong.hint, kept))) or None)


def kept_in(path: str, what: str) -> str:
    """What is to be said of the work that is left of an output."""
    return f"{what} is kept in `{path}.partial`; --resume goes on from there"


def begun_before(path: str) -> LanguageError:
    """The refusal of an output that was begun, where nothing says what is to become of that."""
    what = f"`{path}` was begun before, and how far it came is kept in `{path}.partial`"
    return fail("file", what, None, "--resume goes on from there, --overwrite begins again")


def identity_of(path: str) -> dict[str, Any] | None:
    """What a journal is of; None where there is none."""
    try:
        with open(path, "rb") as file:
            found: Any = json.loads(file.readline())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
