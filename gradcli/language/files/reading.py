"""Values from files and standard input: `x=@points.npy`, `w=@weights.npz[name]`, `x=@d.csv:col`, `@d.json`, `@-`.

`load("d.csv")` gives the same values, as one with named parts where a file has names. Nothing that a file holds is run:
pickled objects are refused.
"""

from __future__ import annotations

import io
import json
import os
import re
import stat
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import array_constant
from gradcli.core.limits import GIB, limit
from gradcli.core.records import record
from gradcli.language.files import safetensors
from gradcli.language.files.sheets import Sheet
from gradcli.language.text.build import identifier
from gradcli.language.text.diagnostics import LanguageError, Source, Span, fail, near
from gradcli.language.text.integers import checked
from gradcli.language.values.values import Named, SparseMatrix, Value

if TYPE_CHECKING:
    import numpy

# Of the memory that there may be, what a file may take: a value is copied a few times.
SHARE = 0.25
# What numbers that JSON lacks are written as, here and in what `--format json` writes.
NOT_FINITE = {"nan": float("nan"), "inf": float("inf"), "-inf": float("-inf")}
_MARKS = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")


@record
class Contents:
    """What a file holds: all of it as one value, which it may not be, and its parts, called `parts_are`, by name.

    They are read when they are asked for; all parts are soonest read `at_once`, where each of them is of numbers.
    `named` says that it is the file that gives the names.
    """

    whole: Callable[[], Any]
    parts: Mapping[str, Callable[[], Any]]
    parts_are: str
    named: bool = True
    at_once: Callable[[], Mapping[str, Any]] | None = None


def load_value(named: str, path: str, span: Span, dtype: DType) -> Value:
    """All that the file at a path holds, by name where it has names; `named` is what messages call it.

    Raises:
        LanguageError: for a file that can't be read. Of one with names, parts that are no values are left out.
    """
    found = opened(named, span, path)
    if not found.named:
        return _loaded_value(found.whole(), dtype, named, span)
    parts: dict[str, Value] = {}
    refused: dict[str, str] = {}
    getters = found.parts
    if found.at_once is not None:
        with suppress(LanguageError):
            getters = {name: partial(_same, part) for name, part in found.at_once().items()}
    for name, get in getters.items():
        try:
            parts[name] = _loaded_value(get(), dtype, f"`{name}` of {named}", span)
        except LanguageError as error:
            refused[name] = error.diagnostic.message
    return Named(named, parts, refused)


def _same(data: Any) -> Any:
    return data


def _loaded_value(data: Any, dtype: DType, what: str, span: Span | None) -> Value:
    """A value, also of what JSON has beside numbers: texts, nothing, objects, and lists of them as tuples."""
    if data is None or (isinstance(data, str) and data not in NOT_FINITE):
        return data
    if isinstance(data, dict):
        parts = {str(key): _loaded_value(item, dtype, f"`{key}` of {what}", span) for key, item in data.items()}
        return Named(what, parts)
    if isinstance(data, list):
        try:
            return _to_value(data, dtype, what, span)
        except LanguageError:
            return tuple(_loaded_value(item, dtype, f"{what}[{i}]", span) for i, item in enumerate(data))
    return _to_value(data, dtype, what, span)


def read_value(text: str, span: Span, dtype: DType) -> Value:
    """The value that stands behind `@`; lists of numbers are of a float type, arrays keep their own.

    Raises:
        LanguageError: for a file that can't be read, and for what is no value.
    """
    path, part = _split(text)
    found = opened(path, span)
    if part is None:
        return _to_value(found.whole(), dtype, path, span)
    if part not in found.parts:
        hint = near(part, [*found.parts]) or (f"there are {_listed([*found.parts])}" if found.parts else None)
        raise fail("name", f"`{path}` has no {found.parts_are} `{part}`", span, hint)
    return _to_value(found.parts[part](), dtype, f"`{part}` of {path}", span)


def read_names(text: str, span: Span, dtype: DType) -> dict[str, Value]:
    """All names that a file gives values to.

    Raises:
        LanguageError: as `read_value` does, and for names that can't be typed.
    """
    path, part = _split(text)
    if part is not None or path.lower().endswith(".npy"):
        raise fail("usage", f"`@{text}` is a value, and needs a name", span, f"write x=@{text}")
    found = opened(path, span)
    if not found.parts:
        raise fail("value", f"`{path}` gives no names", span, f"write x=@{text}, or have names in it")
    values: dict[str, Value] = {}
    for key, get in found.parts.items():
        name = identifier(key)
        if not name:
            raise fail("name", f"`{key}` of {path} is no name that an input can have", span, f"write x=@{path}[{key}]")
        values[name] = _to_value(get(), dtype, f"`{key}` of {path}", span)
    return values


def _split(text: str) -> tuple[str, str | None]:
    """The path and the part of it that is meant."""
    kinds = "|".join(kind[1:] for kind in _KINDS)
    found = re.fullmatch(rf"(.*\.(?:{kinds})|-)(?:\[([^\[\]]*)\]|:(.+))?", text, re.IGNORECASE | re.DOTALL)
    return (text, None) if found is None else (found[1], found[3] if found[2] is None else found[2])


def opened(path: str, span: Span | None, place: str | None = None) -> Contents:
    """What a file holds, or standard input for `-`; `place` is its path, where it is called otherwise.

    Raises:
        LanguageError: where it can't be read, or is no file of the kind that its name says.
    """
    kind = ".json" if path == "-" else os.path.splitext(path)[1].lower()
    if kind not in _KINDS and not os.path.isdir(path):
        raise fail("file", f"values can't be read from `{path}`", span, f"they come from {', '.join(_KINDS)} files")
    try:
        data = _bytes(path, span, place)
    except FileNotFoundError:
        raise fail("file", f"there is no file `{path}`", span, _near_file(place or path)) from None
    except (OSError, ValueError) as error:
        why = str(getattr(error, "strerror", None) or error).lower()
        raise fail("file", f"can't read `{path}`: {why}", span) from None
    if not data:
        hint = "it can be read once" if path == "-" else None
        raise fail("file", f"there is nothing in {'standard input' if path == '-' else f'`{path}`'}", span, hint)
    return _KINDS[kind](data, path, span)


def _near_file(path: str) -> str:
    folder, name = os.path.split(path)
    try:
        return near(name, os.listdir(folder or ".")) or "check the path"
    except OSError:
        return f"there is no folder `{folder}`"


def _most() -> int:
    return int(limit("max_memory") * SHARE * GIB)


def _bytes(path: str, span: Span | None, place: str | None) -> bytes:
    most = _most()
    if path == "-" and place is None:
        data = sys.stdin.buffer.read(most + 1)
    else:
        # A pipe that a text names would be waited for; one on the command line is what a shell's `<(...)` is.
        if place is not None and stat.S_ISFIFO(os.stat(place).st_mode):
            raise fail("file", f"`{path}` is a pipe", span, "what is read are files")
        with open(place or path, "rb") as file:
            about = os.fstat(file.fileno())
            if stat.S_ISCHR(about.st_mode) or stat.S_ISBLK(about.st_mode):
                raise fail("file", f"`{path}` is a device, and has no end", span)
            data = file.read(most + 1) if about.st_size <= most else b" " * (most + 1)
    if len(data) > most:
        raise _too_large(path, span)
    return data


def _too_large(path: str, span: Span | None) -> LanguageError:
    hint = "GRADCLI_MAX_MEMORY=GIB in the environment allows more"
    return fail("file", f"`{path}` is larger than {SHARE:.0%} of the memory that may be used", span, hint)


def _text_of(data: bytes, path: str, span: Span | None) -> str:
    """A text in UTF-8, with or without a mark in front."""
    if data.startswith(_MARKS):
        raise fail("file", f"`{path}` is in UTF-16", span, "save it as UTF-8")
    try:
        if b"\0" in data:
            raise ValueError
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        what = f"`{path}` is no text in UTF-8: line {line} has the byte {data[error.start]:02X}"
        raise fail("file", what, span, "save it as UTF-8") from None
    except ValueError:
        raise fail("file", f"`{path}` is a binary file, no text", span) from None


# The kinds of files.


def _npy(data: bytes, path: str, span: Span | None) -> Contents:
    return Contents(lambda: _loaded(data, path, span), {}, "entry", named=False)


def _npz(data: bytes, path: str, span: Span | None) -> Contents:
    archive = _loaded(data, path, span)
    names = getattr(archive, "files", None)
    if names is None:
        raise fail("file", f"`{path}` is a .npy file by what is in it", span, "give it that ending")
    if sum(info.file_size for info in archive.zip.infolist()) > _most():
        # Packed tightly, a small file holds more than fits.
        raise _too_large(path, span)

    def entry(name: str) -> Callable[[], Any]:
        return lambda: _unpickled(lambda: archive[name], path, span)

    if {"format", "shape", "data"} <= set(names):
        return Contents(lambda: _unpickled(lambda: _sparse(data), path, span), {}, "entry", named=False)
    return _entries({name: entry(name) for name in names}, path, span)


def _sparse(data: bytes) -> SparseMatrix:
    """A sparse matrix as SciPy's save_npz writes one."""
    import numpy as np
    from scipy.sparse import load_npz

    from gradcli.core.analysis.compressed import Sparse
    from gradcli.core.analysis.sparsity import Pattern

    found = load_npz(io.BytesIO(data)).tocsr()
    found.sum_duplicates()
    if found.dtype.kind not in "biuf":
        raise ValueError(f"its numbers are of type {found.dtype}")
    rows = np.repeat(np.arange(found.shape[0]), np.diff(found.indptr))
    values = found.data.astype("float32" if found.dtype.name == "float32" else "float64")
    shape = (int(found.shape[0]), int(found.shape[1]))
    return SparseMatrix(Sparse(Pattern(shape, rows, found.indices.astype("int64")), array_constant(values), 0))


def _entries(entries: Mapping[str, Callable[[], Any]], path: str, span: Span | None) -> Contents:
    """Arrays by name; one alone is the whole file too."""
    names = [*entries]

    def whole() -> Any:
        if len(names) == 1:
            return entries[names[0]]()
        example = f"x=@{path}[{names[0]}]" if names else None
        raise fail("value", f"`{path}` holds {_listed(names) or 'nothing'}", span, example and f"choose: {example}")

    return Contents(whole, entries, "entry")


def _safetensors(data: bytes, path: str, span: Span | None) -> Contents:
    try:
        found = safetensors.read(data)
    except safetensors.Broken as error:
        raise fail("file", f"`{path}` is broken, or is no file of safetensors: {error}", span) from None
    return _entries({name: partial(found.__getitem__, name) for name in found}, path, span)


def _loaded(data: bytes, path: str, span: Span | None) -> Any:
    import numpy as np

    if not data.startswith((b"\x93NUMPY", b"PK")):
        # NumPy takes whatever it doesn't know for a pickle.
        raise _pickled(path, span) if data.startswith(b"\x80") else _broken(path, span)
    return _unpickled(lambda: np.load(io.BytesIO(data), allow_pickle=False), path, span)


# What NumPy raises for a file that is none of its own.
_NOT_NUMPYS = (
    *(OSError, ValueError, EOFError, SyntaxError, KeyError),
    *(MemoryError, OverflowError, NotImplementedError, RecursionError),
)


def _unpickled(get: Callable[[], Any], path: str, span: Span | None) -> Any:
    """What NumPy reads."""
    import zlib
    from zipfile import BadZipFile

    try:
        return get()
    except (*_NOT_NUMPYS, BadZipFile, zlib.error) as error:
        is_pickled = str(error).startswith("Object arrays")
        raise (_pickled if is_pickled else _broken)(path, span) from None


def _pickled(path: str, span: Span | None) -> LanguageError:
    hint = "numbers alone are read, as numpy.save writes arrays of them"
    return fail("file", f"`{path}` holds Python objects, which may run code when they are read", span, hint)


def _broken(path: str, span: Span | None) -> LanguageError:
    return fail("file", f"`{path}` is broken, or is no file of NumPy's", span, "numpy.save writes one")


def _csv(data: bytes, path: str, span: Span | None) -> Contents:
    sheet = Sheet(Source(path, _text_of(data, path, span)), "\t" if path.lower().endswith(".tsv") else None)
    columns = {name: _column(sheet, name) for name in sheet.names}

    def at_once() -> Mapping[str, Any]:
        return dict(zip(sheet.names, sheet.matrix().T, strict=True))

    return Contents(sheet.matrix, columns, "column", sheet.has_heads, at_once)


def _column(sheet: Sheet, name: str) -> Callable[[], Any]:
    return lambda: sheet.column(name)


def _json(data: bytes, path: str, span: Span | None) -> Contents:
    source = Source("<stdin>" if path == "-" else path, _text_of(data, path, span))

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        for name in names:
            if names.count(name) > 1:
                raise fail("value", f"{source.name} names `{name}` twice", span, "give each name one value")
        return dict(pairs)

    try:
        found = json.loads(source.text, object_pairs_hook=once)
    except json.JSONDecodeError as error:
        at = Span(source, min(error.pos, max(len(source.text) - 1, 0)), min(error.pos + 1, len(source.text)))
        raise fail("file", f"this is no JSON: {error.msg[0].lower()}{error.msg[1:]}", at) from None
    except (ValueError, RecursionError):
        what = f"{source.name} has a number of too many digits, or lists that lie too deep in others"
        raise fail("file", what, span) from None

    def whole() -> Any:
        if isinstance(found, dict):
            what = f"{source.name} holds {_listed([*found]) or 'nothing'}, by name"
            raise fail("value", what, span, f"choose: x=@{path}[{next(iter(found), 'x')}], or give all: @{path}")
        return found

    parts = {key: lambda key=key: found[key] for key in found} if isinstance(found, dict) else {}
    return Contents(whole, parts, "entry", isinstance(found, dict))


_KINDS: dict[str, Callable[[bytes, str, Span | None], Contents]] = {
    ".npy": _npy,
    ".npz": _npz,
    ".csv": _csv,
    ".tsv": _csv,
    ".json": _json,
    ".safetensors": _safetensors,
}


# What was read as a value.


def _to_value(data: Any, dtype: DType, what: str, span: Span | None) -> Value:
    if isinstance(data, (bool, SparseMatrix)):
        return data
    if isinstance(data, int):
        return checked(data)
    if isinstance(data, float) or (isinstance(data, str) and data in NOT_FINITE):
        return NOT_FINITE[data] if isinstance(data, str) else data
    if isinstance(data, list):
        return array_constant(_array(data, dtype, what, span))
    if not hasattr(data, "dtype"):
        raise _no_number(data, what, span)
    return _of_array(data, dtype, what, span)


def _of_array(array: numpy.ndarray[Any, Any], dtype: DType, what: str, span: Span | None) -> Value:
    import numpy as np

    kind = array.dtype.kind
    if kind not in "biuf" or (kind == "u" and array.dtype.itemsize == 8 and array.max(initial=0) > 2**63 - 1):
        raise fail("dtype", f"{what} is of type {array.dtype}", span, "real numbers and true or false are read")
    if kind == "f":
        # Lists and tables are of the type that was asked for, and so is what is wider.
        held = dtype.value if array.dtype.itemsize >= 8 else "float32"
    else:
        held = "bool" if kind == "b" else "int64"
    own = np.array(array, dtype=held, order="C")
    if own.shape == () and held != "float32":
        item: Value = own.item()
        return item
    return array_constant(own)


def _array(data: list[Any], dtype: DType, what: str, span: Span | None) -> numpy.ndarray[Any, Any]:
    import numpy as np

    shape: list[int] = []
    level: Any = data
    while isinstance(level, list):
        shape.append(len(level))
        level = level[0] if level else None
    numbers: list[Any] = []
    _flatten(data, tuple(shape), what, span, numbers)
    is_bool = bool(numbers) and all(isinstance(x, bool) for x in numbers)
    return np.array(numbers, dtype="bool" if is_bool else dtype.value).reshape(shape)


def _flatten(data: Any, shape: tuple[int, ...], what: str, span: Span | None, into: list[Any]) -> None:
    if not shape:
        if isinstance(data, str) and data in NOT_FINITE:
            data = NOT_FINITE[data]
        if not isinstance(data, (bool, int, float)):
            raise _no_number(data, what, span)
        into.append(float(data) if not isinstance(data, bool) else data)
        return
    if not isinstance(data, list) or len(data) != shape[0]:
        has = f"{len(data)} items" if isinstance(data, list) else "a number"
        hint = "the lists of a tensor are all of one length"
        raise fail("shape", f"{what} has lists of {shape[0]} items, and one place has {has}", span, hint)
    for item in data:
        _flatten(item, shape[1:], what, span, into)


def _no_number(data: Any, what: str, span: Span | None) -> LanguageError:
    kinds = {str: "a text", dict: "an object", type(None): "null", list: "a list"}
    found = kinds.get(type(data), f"a {type(data).__name__}")
    hint = 'nan and the infinities are written "nan", "inf" and "-inf"'
    return fail("type", f"{what} has {found} where a number belongs", span, hint)


def _listed(names: list[str]) -> str:
    return ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
