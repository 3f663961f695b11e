"""Values as files of data, each kind with what it can hold; what is loaded again is the same numbers."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any

from gradcli.core.errors import CoreError
from gradcli.core.ir.nodes import Constant, Parameter
from gradcli.core.ir.shapes import size_of
from gradcli.core.limits import require_memory
from gradcli.language.files import safetensors
from gradcli.language.text.diagnostics import Span, fail
from gradcli.language.values.describe import describe
from gradcli.language.values.values import Function, Named, Parameters, SparseMatrix, Value

if TYPE_CHECKING:
    import numpy

# The date of all that is in an archive, the first that there is: the same values are the same bytes.
_DATE = (1980, 1, 1, 0, 0, 0)


def written(kind: str, value: Value, span: Span) -> tuple[bytes, str]:
    """A value as the bytes of a file of some kind, and what is in it, in words.

    Raises:
        LanguageError: for what such a file can't hold.
    """
    try:
        return KINDS[kind](_with_names(value), span)
    except CoreError as error:
        raise fail(error.kind, error.message, span, error.hint) from None


def _with_names(value: Value) -> Value:
    if isinstance(value, Parameters):
        return Named(value.of, dict(zip(value.names, value.nodes, strict=True)))
    return value


def _npy(value: Value, span: Span) -> tuple[bytes, str]:
    if isinstance(value, (Named, tuple)):
        hint = 'several arrays go to a .npz file: save("all.npz", x=..., y=...)'
        raise fail("value", f"a .npy file holds one array, not {describe(value)}", span, hint)
    array = _array(value, "it", span)
    return _npy_bytes(array), _said(array)


def _npy_bytes(array: numpy.ndarray[Any, Any]) -> bytes:
    import numpy as np

    file = io.BytesIO()
    np.save(file, array, allow_pickle=False)
    return file.getvalue()


def _npz(value: Value, span: Span) -> tuple[bytes, str]:
    from zipfile import ZIP_STORED, ZipFile, ZipInfo

    if isinstance(value, SparseMatrix):
        arrays, said = _csr(value, span)
    else:
        arrays = _arrays(value, span, "arr_")
        said = _listed(arrays)
    file = io.BytesIO()
    with ZipFile(file, "w", ZIP_STORED) as archive:
        for name, array in arrays.items():
            archive.writestr(ZipInfo(f"{name}.npy", _DATE), _npy_bytes(array))
    return file.getvalue(), said


def _csr(value: SparseMatrix, span: Span) -> tuple[dict[str, numpy.ndarray[Any, Any]], str]:
    """A sparse matrix as SciPy's load_npz reads one, by compressed rows."""
    import numpy as np

    pattern = value.entries.pattern
    starts = np.searchsorted(pattern.rows, np.arange(pattern.shape[0] + 1))
    arrays = {
        "indices": np.asarray(pattern.columns, "int64"),
        "indptr": np.asarray(starts, "int64"),
        "format": np.array(b"csr"),
        "shape": np.array(pattern.shape),
        "data": _array(value.entries.values, "it", span),
    }
    return arrays, f"sparse {pattern.shape}, {pattern.count:,} entries"


def _safetensors(value: Value, span: Span) -> tuple[bytes, str]:
    arrays = _arrays(value, span, "tensor_")
    return safetensors.written(arrays), _listed(arrays)


def _csv(value: Value, span: Span) -> tuple[bytes, str]:
    import numpy as np

    if isinstance(value, tuple):
        hint = 'name the columns: save("d.csv", x=..., y=...), or write a matrix'
        raise fail("value", f"a table has columns with names, and here is {describe(value)}", span, hint)
    if isinstance(value, Named):
        columns = _arrays(value, span, "")
        for name, column in columns.items():
            if column.ndim != 1:
                what = f"a column is a vector, and `{name}` has shape {column.shape}"
                raise fail("shape", what, span, "a .npz file holds arrays of any shape")
        lengths = {name: len(column) for name, column in columns.items()}
        if len({*lengths.values()}) > 1:
            told = ", ".join(f"`{name}` {length}" for name, length in lengths.items())
            raise fail("shape", f"columns are of one length, and here are {told}", span)
        lists: list[list[Any]] = [_texts(column) for column in columns.values()]
        lines = [",".join(map(_cell, columns)), *map(",".join, zip(*lists, strict=True))]
        said = f"{', '.join(columns)}; {len(lines) - 1:,} rows"
    else:
        array = _array(value, "it", span)
        if array.ndim > 2:
            what = f"a table has rows and columns, and this has shape {array.shape}"
            raise fail("shape", what, span, "a .npy file holds arrays of any shape")
        # A vector is a column.
        matrix = array.reshape(-1, 1) if array.ndim < 2 else array
        lines = [",".join(_texts(row)) for row in np.asarray(matrix)]
        said = f"{len(lines):,} rows of {matrix.shape[1]:,}"
    return "".join(f"{line}\n" for line in lines).encode(), said


def _texts(row: numpy.ndarray[Any, Any]) -> list[str]:
    """Numbers with all digits that tell them from others of their type; true and false are 1 and 0."""
    if row.dtype.name == "float32":
        return [str(x) for x in row]
    return [repr(int(x) if isinstance(x, bool) else x) for x in row.tolist()]


def _cell(text: str) -> str:
    return f'"{text.replace(chr(34), chr(34) * 2)}"' if {*text} & {*',;"\t\r\n'} or text != text.strip() else text


def _json(value: Value, span: Span) -> tuple[bytes, str]:
    data = _data(value, "it", span)
    text = json.dumps(data, ensure_ascii=False, allow_nan=False) + "\n"
    said = ", ".join(value.parts) if isinstance(value, Named) else describe(value)
    return text.encode("utf-8", "backslashreplace"), said


def _data(value: Value, what: str, span: Span) -> Any:
    """A value as JSON has it: objects by name, lists, numbers; nan and the infinities are texts."""
    value = _with_names(value)
    if value is None or isinstance(value, str):
        return value if value is None else str(value)
    if isinstance(value, Named):
        return {name: _data(part, f"`{name}`", span) for name, part in value.parts.items()}
    if isinstance(value, tuple):
        return [_data(item, f"{what}[{i}]", span) for i, item in enumerate(value)]
    array = _array(value, what, span)
    if array.dtype.name == "float32":
        import numpy as np

        # The shortest that is that float32.
        digits = [float(str(x)) for x in array.ravel()]
        array = np.array(digits, dtype="float64").reshape(array.shape)
    return _nested(array.tolist())


def _nested(data: Any) -> Any:
    if isinstance(data, list):
        return [_nested(item) for item in data]
    return str(data) if isinstance(data, float) and not isfinite(data) else data


def _arrays(value: Value, span: Span, prefix: str) -> dict[str, numpy.ndarray[Any, Any]]:
    """Arrays by name; where there are none, `arr_0`, `arr_1`, ... as NumPy calls them."""
    if not isinstance(value, Named):
        items: Sequence[Value] = value if isinstance(value, tuple) else (value,)
        value = Named("", {f"{prefix}{i}": item for i, item in enumerate(items)})
    found: dict[str, numpy.ndarray[Any, Any]] = {}
    for name, part in _flat(value):
        if name in found:
            raise fail("name", f"two arrays would be called `{name}`", span, "give one another name")
        found[name] = _array(part, f"`{name}`", span)
    return found


def _flat(value: Named, before: str = "") -> list[tuple[str, Value]]:
    """What has names within, by all of them: `net.weight`."""
    found: list[tuple[str, Value]] = []
    for name, part in value.parts.items():
        inner = _with_names(part)
        found += _flat(inner, f"{before}{name}.") if isinstance(inner, Named) else [(f"{before}{name}", part)]
    return found


def _array(value: Value, what: str, span: Span) -> numpy.ndarray[Any, Any]:
    import numpy as np

    node = value.value if isinstance(value, Parameter) else value
    if isinstance(node, Constant):
        require_memory(2 * node.dtype.itemsize * size_of(node.shape), f"to save {what} would take")
        return np.array(node.value, dtype=node.dtype.value)
    if isinstance(node, bool):
        return np.array(node)
    if isinstance(node, int):
        if not -(2**63) <= node < 2**63:
            raise fail("value", f"{what} is an int beyond 64 bits", span, "float(...) makes it a float")
        return np.array(node, dtype="int64")
    if isinstance(node, float):
        return np.array(float(node))
    hint = None
    if isinstance(value, str) or value is None:
        hint = "a .json file holds texts too"
    elif isinstance(value, Function):
        hint = f"save its numbers: params({value.name})" if value.members else "save its values"
    elif isinstance(value, SparseMatrix):
        hint = "a .npz file holds it as it is, by itself; dense(...) is the whole matrix"
    raise fail("type", f"{what} is {describe(value)}, and numbers and tensors are saved", span, hint)


def _said(array: numpy.ndarray[Any, Any]) -> str:
    return f"{array.dtype.name} {array.shape}"


def _listed(arrays: Mapping[str, numpy.ndarray[Any, Any]]) -> str:
    return ", ".join(f"{name} {array.shape}" for name, array in arrays.items()) or "nothing"


KINDS: dict[str, Callable[[Value, Span], tuple[bytes, str]]] = {
    ".npy": _npy,
    ".npz": _npz,
    ".csv": _csv,
    ".json": _json,
    ".safetensors": _safetensors,
}
