"""Shapes and orders of elements, composed of slices, reshapes and transposes."""

from __future__ import annotations

from gradcli.core.errors import ShapeError, require
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node, Operand, filled
from gradcli.core.ir.promotion import stretch
from gradcli.core.ir.shapes import Shape, normalize_axes, size_of
from gradcli.core.library.declare import composed
from gradcli.core.library.functions import Axis, reshape
from gradcli.core.primitives import shaping
from gradcli.core.primitives.constants import identity, triangle
from gradcli.core.primitives.selection import select

Widths = int | tuple[Shape, ...]


@composed("x with a new axis of length 1", example="expand_dims([1, 2], 0)")
def expand_dims(x: Node, axis: int) -> Node:
    (at,) = normalize_axes(axis, len(x.shape) + 1)
    return shaping.reshape(x, shape=(*x.shape[:at], 1, *x.shape[at:]))


@composed("x without its axes of length 1, all or some", example="squeeze([[1, 2]])")
def squeeze(x: Node, axis: Axis = None) -> Node:
    axes = normalize_axes(axis, len(x.shape)) if axis is not None else tuple(i for i, n in enumerate(x.shape) if n == 1)
    for a in axes:
        if x.shape[a] != 1:
            raise ShapeError(f"axis {a} of shape {x.shape} has length {x.shape[a]}", "only axes of length 1 can go")
    return shaping.reshape(x, shape=tuple(n for i, n in enumerate(x.shape) if i not in axes))


@composed("equal parts of x along an axis, as a tuple", example="split([1, 2, 3, 4], 2)")
def split(x: Node, parts: int, axis: int = 0) -> tuple[Node, ...]:
    (a,) = normalize_axes(axis, len(x.shape))
    n = x.shape[a]
    if parts < 1 or n % parts:
        raise ShapeError(f"an axis of length {n} does not split into {parts} equal parts")
    return tuple(shaping.part(x, a, i * (n // parts), n // parts) for i in range(parts))


@composed("the elements in reverse order, along all axes or some", example="flip([1, 2, 3])")
def flip(x: Node, axis: Axis = None) -> Node:
    return shaping.flip(x, axes=normalize_axes(axis, len(x.shape)))


@composed(
    "the elements moved along an axis, those that fall off coming in at the other end", example="roll([1, 2, 3, 4], 1)"
)
def roll(x: Node, shift: int, axis: Axis = None) -> Node:
    if axis is None:
        flat = shaping.reshape(x, shape=(size_of(x.shape),))
        return shaping.reshape(roll(flat, shift, 0), shape=x.shape)
    for a in normalize_axes(axis, len(x.shape)):
        n = x.shape[a]
        by = shift % n if n else 0
        if by:
            x = shaping.concatenate(shaping.part(x, a, n - by, by), shaping.part(x, a, 0, n - by), axis=a)
    return x


@composed(
    "x with so many zeros, or copies of a value, before and behind it, along every axis or (before, behind) for each",
    example="pad([1, 2], 1)",
)
def pad(x: Node, width: Widths, value: Operand = 0.0) -> Node:
    widths = (((width,) * 2,) * len(x.shape)) if isinstance(width, int) else width
    require(
        len(widths) == len(x.shape) and all(len(w) == 2 for w in widths),
        f"{width} does not say how wide the padding of shape {x.shape} is",
        "one number, or a pair for each axis",
    )
    require(all(w >= 0 for pair in widths for w in pair), f"a padding of {width} takes away", "use a slice for that")
    shape = tuple(n + before + behind for n, (before, behind) in zip(x.shape, widths, strict=True))
    ranges = tuple((before, n, 1) for n, (before, _) in zip(x.shape, widths, strict=True))
    out = shaping.pad(x, ranges=ranges, shape=shape)
    if not isinstance(value, Node) and value == 0:
        return out
    require(not isinstance(value, Node) or value.shape == (), "the value of a padding is one number")
    inside = shaping.pad(filled(1.0, x), ranges=ranges, shape=shape)
    return select(inside > 0.5, out, value)


@composed("copies of x side by side, so many along each axis", example="tile([1, 2], 2)")
def tile(x: Node, reps: Shape) -> Node:
    require(all(r >= 0 for r in reps), f"{reps} are no numbers of copies")
    rank = max(len(x.shape), len(reps))
    shape = (1,) * (rank - len(x.shape)) + x.shape
    copies = (1,) * (rank - len(reps)) + reps
    wide = shaping.reshape(x, shape=tuple(n for pair in zip((1,) * rank, shape, strict=True) for n in pair))
    wide = stretch(wide, tuple(n for pair in zip(copies, shape, strict=True) for n in pair))
    return shaping.reshape(wide, shape=tuple(r * n for r, n in zip(copies, shape, strict=True)))


@composed("each element so many times in a row, along an axis or of all elements in order", example="repeat([1, 2], 2)")
def repeat(x: Node, times: int, axis: Axis = None) -> Node:
    require(times >= 0, f"nothing is repeated {times} times")
    if axis is None:
        x, axis = reshape(x, (size_of(x.shape),)), 0
    (a,) = normalize_axes(axis, len(x.shape))
    wide = shaping.reshape(x, shape=(*x.shape[: a + 1], 1, *x.shape[a + 1 :]))
    wide = stretch(wide, (*x.shape[: a + 1], times, *x.shape[a + 1 :]))
    return shaping.reshape(wide, shape=(*x.shape[:a], x.shape[a] * times, *x.shape[a + 1 :]))


@composed(
    "the diagonal of a matrix, or a matrix with a vector on its diagonal",
    example="diag([1, 2])\ndiag([[1, 2], [3, 4]])",
)
def diag(x: Node) -> Node:
    if len(x.shape) == 1:
        n = x.shape[0]
        column = shaping.pad(shaping.reshape(x, shape=(n, 1)), ranges=((0, n, 1), (0, 1, 1)), shape=(n, n + 1))
        flat = shaping.reshape(column, shape=(n * (n + 1),))
        return shaping.reshape(shaping.take_slice(flat, ranges=((0, n * n, 1),)), shape=(n, n))
    require(len(x.shape) == 2, f"diag takes a vector or a matrix, not shape {x.shape}")
    rows, columns = x.shape
    flat = shaping.reshape(x, shape=(rows * columns,))
    return shaping.take_slice(flat, ranges=((0, min(rows, columns), columns + 1),))


@composed("the identity matrix with n rows", example="eye(2)")
def eye(n: int, dtype: DType = DType.FLOAT64) -> Node:
    require(n >= 0, f"a matrix can't have {n} rows")
    return identity(n, dtype)


def _half(x: Node, k: int, upper: bool) -> Node:
    require(len(x.shape) >= 2, f"a triangle is part of a matrix, not of shape {x.shape}")
    rows, columns = x.shape[-2:]
    below = triangle(rows, columns, k - 1 if upper else k, x.dtype)
    kept = below < 0.5 if upper else below > 0.5
    return select(stretch(kept, x.shape), x, filled(0.0, x))


@composed("the part of a matrix on and above its k-th diagonal, zeros below", example="triu([[1, 2], [3, 4]])")
def triu(x: Node, k: int = 0) -> Node:
    return _half(x, k, upper=True)


@composed("the part of a matrix on and below its k-th diagonal, zeros above", example="tril([[1, 2], [3, 4]])")
def tril(x: Node, k: int = 0) -> Node:
    return _half(x, k, upper=False)
