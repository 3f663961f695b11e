"""NumPy's files as tables: read where they lie, by memory map, and written a piece at a time."""

from __future__ import annotations

import io
import json
import mmap
import os
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO
from zipfile import ZIP_STORED, BadZipFile, ZipFile, ZipInfo

import numpy as np
from numpy.lib import format as npy

from gradcli.language.text.diagnostics import LanguageError, fail
from gradcli.session.rows.columns import CHUNK, Column

if TYPE_CHECKING:
    from gradcli.session.rows.columns import Array, Piece
    from gradcli.session.rows.journal import Out

# The entry of a .npz file that says what made it.
ABOUT = "gradcli"
# The date of all that is in an archive: the same values are the same bytes.
_DATE = (1980, 1, 1, 0, 0, 0)


class ArrayTable:
    """A .npy file: the fields of records, or columns of a matrix, called 1, 2, ...; or the arrays of a .npz file."""

    def __init__(self, name: str, arrays: Mapping[str, Array], identity: Sequence[object]) -> None:
        self.name, self._arrays, self.identity = name, arrays, identity
        self.columns: Mapping[str, Column] = {n: _column(a) for n, a in arrays.items()}
        lengths = {n: len(a) for n, a in arrays.items()}
        if len({*lengths.values()}) > 1:
            told = ", ".join(f"`{n}` {length:,}" for n, length in lengths.items())
            raise fail("shape", f"columns are of one length, and in `{name}` there are {told}", None)
        self.rows: int | None = next(iter(lengths.values()), 0)

    def pieces(self, names: Sequence[str], start: int) -> Iterator[Piece]:
        """Slices of the files, which are read from the disk when they are used."""
        for at in range(start, self.rows or 0, CHUNK):
            found = {}
            for name in names:
                part = self._arrays[name][at : at + CHUNK]
                found[name] = np.asarray(part, bool if self.columns[name].truth else np.float64)
            yield found, None
            for name in names:
                _let_go(self._arrays[name])


def _let_go(array: Array) -> None:
    """Let the system take back the memory of what has been read of a file, which it would count as this process's."""
    own = array
    while isinstance(own.base, np.ndarray):
        own = own.base
    if isinstance(own.base, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        own.base.madvise(mmap.MADV_DONTNEED)


def _column(array: Array) -> Column:
    if array.dtype.kind not in "biuf" or array.ndim == 0:
        return Column(unfit=f"{array.dtype}")
    return Column(array.shape[1:], array.dtype.kind == "b")


def open_npy(name: str, path: str, identity: Sequence[object]) -> ArrayTable:
    """A .npy file.

    Raises:
        LanguageError: where it can't be read.
    """
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise broken(name, ".npy", error) from None
    return ArrayTable(name, _fields(array, name), identity)


def npy_stream(name: str, file: BinaryIO) -> ArrayTable:
    """A .npy file from a stream, whole.

    Raises:
        LanguageError: where it is none.
    """
    try:
        array = np.load(io.BytesIO(file.read()), allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise broken(name, ".npy", error) from None
    return ArrayTable(name, _fields(array, name), ())


def _fields(array: Array, name: str) -> dict[str, Array]:
    if array.dtype.names is not None:
        return {field: array[field] for field in array.dtype.names}
    if array.ndim == 1:
        return {"1": array}
    if array.ndim == 2:
        return {str(i + 1): array[:, i] for i in range(array.shape[1])}
    hint = "a .npz file has arrays of any shape as columns"
    raise fail("shape", f"a table has rows and columns, and `{name}` has shape {array.shape}", None, hint)


def open_npz(name: str, path: str, identity: Sequence[object]) -> ArrayTable:
    """A .npz file: what is stored in it as it is, is mapped; what is packed, is unpacked when it is opened.

    Raises:
        LanguageError: where it can't be read.
    """
    arrays: dict[str, Array] = {}
    try:
        with ZipFile(path) as archive, np.load(path, allow_pickle=False) as loaded:
            for info in archive.infolist():
                key = info.filename.removesuffix(".npy")
                mapped = _mapped(path, info) if info.compress_type == ZIP_STORED else None
                array = loaded[key] if mapped is None else mapped
                if array.ndim:
                    arrays[key] = array
    except (ValueError, EOFError, OSError, KeyError, BadZipFile) as error:
        raise broken(name, ".npz", error) from None
    return ArrayTable(name, arrays, identity)


def _mapped(path: str, info: ZipInfo) -> Array | None:
    """An entry of an archive where it lies in the file; None for what can't be mapped, such as nothing."""
    with open(path, "rb") as file:
        file.seek(info.header_offset)
        head = file.read(30)
        skipped = sum(struct.unpack("<HH", head[26:30]))
        file.seek(info.header_offset + 30 + skipped)
        version = npy.read_magic(file)
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, fortran, dtype = read(file)
        if dtype.hasobject or 0 in shape or not shape:
            return None
        if file.tell() + dtype.itemsize * int(np.prod(shape)) > os.fstat(file.fileno()).st_size:
            raise EOFError("it breaks off")
        return np.memmap(path, dtype, "r", file.tell(), shape, order="F" if fortran else "C")


def broken(name: str, kind: str, error: Exception) -> LanguageError:
    """The refusal of a file that is not what its name says, or can't be read."""
    why = str(getattr(error, "strerror", None) or error).strip().split("\n")[0]
    if isinstance(error, FileNotFoundError):
        return fail("file", f"there is no file `{name}`", None, "check the path")
    article = "an" if kind.lstrip(".")[0] in "aA" else "a"
    return fail("file", f"`{name}` is broken, or is no {kind} file: {why}".replace("no a", article), None)


class NpyWriter:
    """A .npy file: a vector for one column of numbers, else records with a field for each column."""

    def __init__(self, path: str, outs: Sequence[Out], about: Mapping[str, Any]) -> None:
        self._file: BinaryIO = open(path, "w+b")  # noqa: SIM115 - it stays open
        self._outs, self._rows = outs, 0
        fields = [(o.name, np.dtype(o.dtype).newbyteorder("<"), o.shape) for o in outs]
        self._alone = len(outs) == 1
        self._dtype: Any = fields[0][1] if self._alone else np.dtype(fields)
        self._shape: tuple[int, ...] = outs[0].shape if self._alone else ()
        self._file.write(self._head(0))

    def _head(self, rows: int) -> bytes:
        """The head of a file, of one length for all numbers of rows."""
        descr: Any = npy.dtype_to_descr(self._dtype)
        text = f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {(rows, *self._shape)!r}, }}"
        length = 64 * (-(-(len(text) + 40) // 64))
        head = text.ljust(length - 13) + "\n"
        return b"\x93NUMPY\x02\x00" + struct.pack("<I", len(head)) + head.encode("latin1")

    def write(self, columns: Mapping[str, Array], rows: int) -> None:
        """Write rows."""
        if self._alone:
            data: Any = np.ascontiguousarray(columns[self._outs[0].name], self._dtype)
        else:
            data = np.empty(rows, self._dtype)
            for out in self._outs:
                data[out.name] = columns[out.name]
        self._file.write(data.tobytes())
        self._rows += rows

    def close(self) -> None:
        """Say how many rows there are."""
        self._file.seek(0)
        self._file.write(self._head(self._rows))
        self.abandon()

    def abandon(self) -> None:
        """Write no more."""
        self._file.close()


class NpzWriter:
    """A .npz file with an array for each column, and in `gradcli` what made it, as JSON."""

    def __init__(self, path: str, outs: Sequence[Out], about: Mapping[str, Any]) -> None:
        self._path, self._outs, self._about = path, outs, about
        self._parts = [NpyWriter(f"{path}.{i}", [out], about) for i, out in enumerate(outs)]

    def write(self, columns: Mapping[str, Array], rows: int) -> None:
        """Write rows."""
        for part, out in zip(self._parts, self._outs, strict=True):
            part.write({out.name: columns[out.name]}, rows)

    def close(self) -> None:
        """Put the columns together."""
        with ZipFile(self._path, "w", ZIP_STORED) as archive:
            for i, (part, out) in enumerate(zip(self._parts, self._outs, strict=True)):
                part.close()
                place = f"{self._path}.{i}"
                info = ZipInfo(f"{out.name}.npy", _DATE)
                info.file_size = os.path.getsize(place)
                with open(place, "rb") as source, archive.open(info, "w") as target:
                    while data := source.read(2**22):
                        target.write(data)
                os.unlink(place)
            text = io.BytesIO()
            np.save(text, np.array(json.dumps(self._about)))
            archive.writestr(ZipInfo(f"{ABOUT}.npy", _DATE), text.getvalue())

    def abandon(self) -> None:
        """Write no more."""
        for part in self._parts:
            part.abandon()
