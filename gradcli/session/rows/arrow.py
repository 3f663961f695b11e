"""CSV, Parquet and Arrow IPC by pyarrow: tables that give a batch at a time, and writers that take one at a time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from gradcli.language.text.diagnostics import LanguageError, fail
from gradcli.session.rows.arrays import broken
from gradcli.session.rows.columns import CHUNK, Column

if TYPE_CHECKING:
    from gradcli.session.rows.columns import Array, Piece
    from gradcli.session.rows.journal import Out

ABOUT = b"gradcli"
DELIMITERS = (",", ";", "\t")
# What of a column is in memory beside its rows: pages are read as they are needed.
_BUFFER = 2**20


@contextmanager
def _refusing(name: str, kind: str) -> Iterator[None]:
    """What pyarrow says against a file, in our words."""
    try:
        yield
    except LanguageError:
        raise
    except (pa.ArrowException, OSError, ValueError, EOFError) as error:
        raise broken(name, kind, error) from None


def _column(kind: pa.DataType) -> Column:
    """What a column of a type holds."""
    if pa.types.is_dictionary(kind):
        return _column(kind.value_type)
    if pa.types.is_fixed_size_list(kind):
        inner = _column(kind.value_type)
        unfit = None if inner.unfit is None and not inner.truth else f"lists of {inner.unfit or 'bool'}"
        return Column((kind.list_size, *inner.shape), unfit=unfit)
    if pa.types.is_boolean(kind):
        return Column(truth=True)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return Column()
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return Column(unfit=f"lists of any length ({kind})")
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return Column(unfit="texts")
    return Column(unfit=str(kind))


def _numbers(column: Any, wanted: Column) -> tuple[Array, Array | None]:
    """A batch of a column as an array, and which rows have no number, None where all have."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _numbers(column.dictionary_decode(), wanted)
    if pa.types.is_fixed_size_list(kind):
        size, lacking = kind.list_size, column.is_null().to_numpy(zero_copy_only=False) if column.null_count else None
        inner = column.values.slice(column.offset * size, len(column) * size)
        values, missing = _numbers(inner, Column(wanted.shape[1:]))
        values = values.reshape(len(column), *wanted.shape)
        if missing is not None:
            within = missing.reshape(len(column), -1).any(axis=1)
            lacking = within if lacking is None else lacking | within
        return values, lacking
    bad = column.is_null().to_numpy(zero_copy_only=False) if column.null_count else None
    if wanted.truth:
        return column.fill_null(False).to_numpy(zero_copy_only=False), bad
    if not pa.types.is_float64(kind):
        column = pc.cast(column, pa.float64(), safe=False)
    if bad is not None:
        column = column.fill_null(float("nan"))
    return column.to_numpy(zero_copy_only=False), bad


def _piece(batch: Any, names: Sequence[str], columns: Mapping[str, Column], skip: int) -> Piece:
    found: dict[str, Array] = {}
    bad: Array | None = None
    for name in names:
        found[name], lacking = _numbers(batch.column(name).slice(skip), columns[name])
        if lacking is not None:
            bad = lacking if bad is None else bad | lacking
    return found, bad


class ParquetTable:
    """A Parquet file; row groups in front of where reading starts are not read."""

    def __init__(self, name: str, path: str, identity: Sequence[object]) -> None:
        self.name, self.identity = name, identity
        with _refusing(name, "Parquet"):
            self._file = pa.parquet.ParquetFile(path, buffer_size=_BUFFER, pre_buffer=False)
            self.columns: Mapping[str, Column] = {f.name: _column(f.type) for f in self._file.schema_arrow}
            self.rows: int | None = self._file.metadata.num_rows

    def pieces(self, names: Sequence[str], start: int) -> Iterator[Piece]:
        """A batch at a time."""
        groups: list[int] = []
        skip = start
        for i in range(self._file.metadata.num_row_groups):
            rows = self._file.metadata.row_group(i).num_rows
            if groups or rows > skip:
                groups.append(i)
            else:
                skip -= rows
        with _refusing(self.name, "Parquet"):
            for batch in self._file.iter_batches(CHUNK, groups, [*names]):
                if skip < batch.num_rows:
                    yield _piece(batch, names, self.columns, skip)
                skip = max(0, skip - batch.num_rows)


class IpcTable:
    """Arrow IPC, as a file or as a stream."""

    def __init__(self, name: str, source: Any, identity: Sequence[object], is_stream: bool) -> None:
        self.name, self.identity, self._is_stream, self._source = name, identity, is_stream, source
        with _refusing(name, "Arrow"):
            self._reader = pa.ipc.open_stream(source) if is_stream else pa.ipc.open_file(source)
            self.columns: Mapping[str, Column] = {f.name: _column(f.type) for f in self._reader.schema}
        self.rows: int | None = None
        if not is_stream:
            with _refusing(name, "Arrow"):
                self._sizes = [self._reader.get_batch(i).num_rows for i in range(self._reader.num_record_batches)]
            self.rows = sum(self._sizes)

    def pieces(self, names: Sequence[str], start: int) -> Iterator[Piece]:
        """A batch at a time."""
        skip = start
        with _refusing(self.name, "Arrow"):
            for batch in self._batches():
                if skip < batch.num_rows:
                    yield _piece(batch, names, self.columns, skip)
                skip = max(0, skip - batch.num_rows)

    def _batches(self) -> Iterator[Any]:
        if self._is_stream:
            yield from pa.ipc.open_stream(self._source) if isinstance(self._source, str) else self._reader
        else:
            yield from (self._reader.get_batch(i) for i in range(self._reader.num_record_batches))


class CsvTable:
    """Comma-, semicolon- or tab-separated text, with or without names above the columns, as `load` reads it.

    Cells are read as texts and then made numbers, so that one that is none makes its row bad and not the file.
    """

    rows: int | None = None

    def __init__(self, name: str, opened: Callable[[], BinaryIO], identity: Sequence[object], once: bool) -> None:
        self.name, self.identity = name, identity
        with _refusing(name, "CSV"):
            source = opened()
            head = _first_line(source)
            if once:
                self._open: Callable[[], Any] = lambda: Behind(head, source)
            else:
                source.close()
                self._open = opened
        line = head.split(b"\n")[0].decode("utf-8-sig", "replace").rstrip("\r")
        if not line.strip():
            raise fail("file", f"there is nothing in `{name}`", None)
        self._delimiter = max(DELIMITERS, key=line.count)
        cells = [cell.strip().strip('"') for cell in line.split(self._delimiter)]
        self._has_heads = any(cell and not _is_number(cell) for cell in cells)
        self._heads = cells if self._has_heads else [str(i + 1) for i in range(len(cells))]
        for cell in self._heads:
            if self._heads.count(cell) > 1:
                raise fail("file", f"two columns of `{name}` are called `{cell}`", None, "give each its own name")
        self.columns: Mapping[str, Column] = {cell: Column() for cell in self._heads}

    def pieces(self, names: Sequence[str], start: int) -> Iterator[Piece]:
        """A block of lines at a time."""
        skip = start
        with _refusing(self.name, "CSV"), closing(self._open()) as source:
            reader = pa.csv.open_csv(
                pa.PythonFile(source, mode="r"),
                pa.csv.ReadOptions(block_size=2**22, column_names=self._heads, skip_rows=1 if self._has_heads else 0),
                pa.csv.ParseOptions(delimiter=self._delimiter),
                pa.csv.ConvertOptions(
                    include_columns=[*names],
                    column_types=dict.fromkeys(names, pa.string()),
                    strings_can_be_null=True,
                    quoted_strings_can_be_null=True,
                    null_values=[""],
                ),
            )
            for batch in reader:
                if skip < batch.num_rows:
                    yield self._read(batch, names, skip)
                skip = max(0, skip - batch.num_rows)

    def _read(self, batch: Any, names: Sequence[str], skip: int) -> Piece:
        found: dict[str, Array] = {}
        bad: Array | None = None
        for name in names:
            texts = pc.utf8_trim_whitespace(batch.column(name).slice(skip))
            try:
                found[name], lacking = _numbers(pc.cast(texts, pa.float64()), Column())
            except pa.ArrowInvalid:
                found[name], lacking = self._one_by_one(texts, name)
            if lacking is not None:
                bad = lacking if bad is None else bad | lacking
        return found, bad

    def _one_by_one(self, texts: Any, name: str) -> tuple[Array, Array]:
        values = np.array([_number(text) for text in texts.to_pylist()])
        lacking = np.array([text is None or _number(text, None) is None for text in texts.to_pylist()])
        if lacking.all():
            example = next((text for text in texts.to_pylist() if text), "")
            hint = "a row without a number is bad; here all are"
            raise fail("type", f"the column `{name}` of `{self.name}` holds texts, such as `{example}`", None, hint)
        return values, lacking


def _number(text: str | None, otherwise: float | None = float("nan")) -> float | None:
    if text is None or "_" in text:
        return otherwise
    try:
        return float(text)
    except ValueError:
        return otherwise


def _is_number(text: str) -> bool:
    return _number(text, None) is not None


def _first_line(source: BinaryIO) -> bytes:
    """What stands at the beginning of a stream, a line or more."""
    head = b""
    while b"\n" not in head:
        more = source.read(2**16)
        if not more:
            break
        head += more
    return head


class Behind:
    """A stream that goes on behind what has been read of it."""

    closed = False

    def __init__(self, head: bytes, source: Any) -> None:
        self._head, self._source = head, source

    def read(self, size: int = -1) -> bytes:
        """So many bytes, or all."""
        if size is None or size < 0:
            head, self._head = self._head, b""
            return head + bytes(self._source.read())
        found, self._head = self._head[:size], self._head[size:]
        # Less than was asked for is the end, to whoever reads.
        return found if len(found) == size else found + bytes(self._source.read(size - len(found)))

    def readable(self) -> bool:
        """It is."""
        return True

    def writable(self) -> bool:
        """It is not."""
        return False

    def seekable(self) -> bool:
        """It is not."""
        return False

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """Read no more."""
        self.closed = True
        if hasattr(self._source, "close"):
            self._source.close()


# Writing.


def _schema(outs: Sequence[Out], about: Mapping[str, Any]) -> Any:
    fields = []
    for out in outs:
        kind = pa.from_numpy_dtype(np.dtype(out.dtype))
        for length in reversed(out.shape):
            kind = pa.list_(kind, length)
        fields.append(pa.field(out.name, kind))
    return pa.schema(fields, {ABOUT: json.dumps(about).encode()})


def _batch(columns: Mapping[str, Array], outs: Sequence[Out], schema: Any) -> Any:
    arrays = []
    for out in outs:
        array = pa.array(np.ascontiguousarray(columns[out.name]).reshape(-1))
        for length in reversed(out.shape):
            array = pa.FixedSizeListArray.from_arrays(array, length)
        arrays.append(array)
    return pa.record_batch(arrays, schema=schema)


class ArrowWriter:
    """Parquet, Arrow IPC or CSV, to a path or to a stream."""

    def __init__(self, kind: str, target: Any, outs: Sequence[Out], about: Mapping[str, Any]) -> None:
        self._outs = _flat(outs) if kind == "csv" else outs
        self._whole, self._schema = outs, _schema(self._outs, about)
        # A stream is its owner's, and stays open.
        self._file: Any = pa.OSFile(target, "wb") if isinstance(target, str) else None
        self._sink: Any = self._file or pa.PythonFile(target, mode="w")
        if kind == "parquet":
            self._writer: Any = pa.parquet.ParquetWriter(self._sink, self._schema, use_dictionary=False)
        elif kind == "arrow":
            make = pa.ipc.new_file if isinstance(target, str) else pa.ipc.new_stream
            self._writer = make(self._sink, self._schema)
        else:
            options = pa.csv.WriteOptions(include_header=False)
            self._sink.write(",".join(out.name for out in self._outs).encode() + b"\n")
            self._writer = pa.csv.CSVWriter(self._sink, self._schema, write_options=options)

    def write(self, columns: Mapping[str, Array], rows: int) -> None:
        """Write rows."""
        if not rows:
            return
        if self._outs is not self._whole:
            columns = {
                name: part
                for out in self._whole
                for name, part in zip(_names(out), columns[out.name].reshape(rows, -1).T, strict=True)
            }
        self._writer.write_batch(_batch(columns, self._outs, self._schema))

    def close(self) -> None:
        """Write what stands at the end."""
        self._writer.close()
        self._let_go()

    def abandon(self) -> None:
        """Write no more."""
        try:
            self._writer.close()
        finally:
            self._let_go()

    def _let_go(self) -> None:
        if self._file is not None:
            self._file.close()


def _names(out: Out) -> list[str]:
    return [out.name + "".join(f"[{i}]" for i in at) for at in np.ndindex(out.shape)]


def _flat(outs: Sequence[Out]) -> Sequence[Out]:
    """A column for each number, since a cell of text has one."""
    from gradcli.session.rows.journal import Out

    if not any(out.shape for out in outs):
        return outs
    return [Out(name, (), out.dtype) for out in outs for name in _names(out)]
