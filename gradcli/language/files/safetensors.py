"""Files of safetensors: eight bytes that say how long the header is, the header in JSON, and the numbers.

The format is that of https://github.com/huggingface/safetensors, whose checks are made here too: numbers lie within
the file, have the size that their shape says, do not overlap, and leave nothing out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import prod
from typing import TYPE_CHECKING, Any

from gradcli.core.ir.shapes import MOST_AXES, MOST_ELEMENTS

if TYPE_CHECKING:
    import numpy

# By the name in a header; what is in no dtype of NumPy's is read as it says, and widened.
KINDS = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "BF16": "<u2",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "<i1",
    "U64": "<u8",
    "U32": "<u4",
    "U16": "<u2",
    "U8": "<u1",
    "BOOL": "|b1",
}
_WRITTEN = {"float64": "F64", "float32": "F32", "int64": "I64", "int32": "I32", "bool": "BOOL"}
_HEAD = 8
# As the format's own readers refuse them.
LONGEST_HEADER = 100_000_000


class Broken(ValueError):  # noqa: N818 - it is said as a diagnostic
    """What is no such file, and why."""


def read(data: bytes) -> dict[str, numpy.ndarray[Any, Any]]:
    """The arrays of a file, in the order in which they lie there.

    float16 and bfloat16 become float32, which holds each of their numbers.

    Raises:
        Broken: for a file that is none, or has numbers of a kind that is not read.
    """
    length = int.from_bytes(data[:_HEAD], "little")
    if len(data) < _HEAD or length > min(len(data) - _HEAD, LONGEST_HEADER):
        raise Broken("it ends before its header does")
    try:
        header = json.loads(data[_HEAD : _HEAD + length].decode("utf-8"), object_pairs_hook=_once)
    except Broken:
        raise
    except (ValueError, RecursionError):
        raise Broken("its header is no JSON") from None
    if not isinstance(header, dict):
        raise Broken("its header is no object")
    header.pop("__metadata__", None)
    entries = {name: _Entry(name, entry) for name, entry in header.items()}
    end = 0
    for entry in sorted(entries.values(), key=lambda e: (e.start, e.end)):
        if entry.start != end:
            raise Broken(f"the numbers of `{entry.name}` do not begin where those before them end")
        end = entry.end
    if end != len(data) - _HEAD - length:
        raise Broken("its numbers end elsewhere than the file")
    body = memoryview(data)[_HEAD + length :]
    in_order = sorted(entries.values(), key=lambda e: e.start)
    return {entry.name: entry.array(body) for entry in in_order}


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Broken("its header has a name twice")
    return found


class _Entry:
    """What a header says of one array."""

    def __init__(self, name: str, entry: Any) -> None:
        try:
            kind, shape, (start, end) = entry["dtype"], entry["shape"], entry["data_offsets"]
        except (TypeError, KeyError, ValueError):
            raise Broken(f"its header does not say what `{name}` is") from None
        numbers: list[Any] = [start, end, *shape] if isinstance(shape, list) else [None]
        if not isinstance(kind, str) or any(type(n) is not int or n < 0 for n in numbers):
            raise Broken(f"its header does not say what `{name}` is")
        if len(shape) > MOST_AXES or any(n > MOST_ELEMENTS for n in numbers):
            raise Broken(f"`{name}` is larger than a tensor can be")
        if kind not in KINDS:
            raise Broken(f"`{name}` is of the kind {kind}, and there are {', '.join(KINDS)}")
        self.name, self.kind, self.shape, self.start, self.end = name, kind, tuple(shape), start, end
        size = prod(shape) * int(KINDS[kind][-1])
        if end - start != size:
            raise Broken(f"`{name}` takes {end - start:,} bytes, and its shape {size:,}")

    def array(self, body: memoryview) -> numpy.ndarray[Any, Any]:
        import numpy as np

        # The last offset is known to be the file's end, so that all lie in it.
        found = np.frombuffer(body[self.start : self.end], dtype=KINDS[self.kind]).reshape(self.shape)
        if self.kind == "BF16":
            # The upper half of a float32.
            return (found.astype(np.uint32) << 16).view(np.float32)
        return found.astype(np.float32) if self.kind == "F16" else found


def written(arrays: Mapping[str, numpy.ndarray[Any, Any]]) -> bytes:
    """A file of these arrays: float64, float32, int64, int32 or bool."""
    import numpy as np

    header: dict[str, Any] = {}
    parts: list[bytes] = []
    end = 0
    for name, array in arrays.items():
        kind = _WRITTEN[array.dtype.name]
        part = np.ascontiguousarray(array).astype(KINDS[kind], copy=False).tobytes()
        header[name] = {"dtype": kind, "shape": [*array.shape], "data_offsets": [end, end + len(part)]}
        parts.append(part)
        end += len(part)
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    # Numbers begin at a multiple of eight.
    text += b" " * (-len(text) % 8)
    return b"".join([len(text).to_bytes(_HEAD, "little"), text, *parts])
