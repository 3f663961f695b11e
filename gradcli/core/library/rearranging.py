"""Shapes and orders of elements, composed of slices, reshapes and transposes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from gradcli.core import limits
from gradcli.core.errors import ShapeError, require
from gradcli.core.ir.arrays import array_of
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node, array_constant, filled
from gradcli.core.ir.promotion import stretch
from gradcli.core.ir.shapes import Shape, normalize_axes, size_of
from gradcli.core.library.declare import composed
from gradcli.core.library.functions import Axis, reshape
from gradcli.core.primitives import shaping
from gradcli.core.primitives.constants import identity, triangle
from gradcli.core.primitives.indexing import take
from gradcli.core.primitives.selection import select

# One whole number, or several.
Counts = int | tuple[int, ...]


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


@composed(
    "parts of x along an axis, as a tuple: so many equal ones, or those between the places that are given",
    example="split([1, 2, 3, 4], 2)\nsplit([1, 2, 3, 4], (1, 3))",
)
def split(x: Node, parts: Counts, axis: int = 0) -> tuple[Node, ...]:
    (a,) = normalize_axes(axis, len(x.shape))
    n = x.shape[a]
    if isinstance(parts, int) and (parts < 1 or n % parts):
        raise ShapeError(
            f"an axis of length {n} does not split into {parts} equal parts",
            "array_split gives parts of nearly the same length" if parts > 0 else None,
        )
    return _parts(x, parts, a)


@composed(
    "parts of x along an axis, as a tuple, the first ones longer by one where they can't be equal",
    example="array_split([1, 2, 3, 4, 5], 3)",
)
def array_split(x: Node, parts: Counts, axis: int = 0) -> tuple[Node, ...]:
    (a,) = normalize_axes(axis, len(x.shape))
    require(not isinstance(parts, int) or parts > 0, f"nothing splits into {parts} parts", "ask for 1 or more")
    return _parts(x, parts, a)


def _parts(x: Node, parts: Counts, a: int) -> tuple[Node, ...]:
    """The parts of an axis that are nearly equal, or lie between some places, which count as those of a slice do."""
    n = x.shape[a]
    if isinstance(parts, int):
        limits.require("max_items", parts, "this is a tuple of", "ask for fewer parts")
    equal = range(1, parts) if isinstance(parts, int) else ()
    places = [i * (n // parts) + min(i, n % parts) for i in equal] if isinstance(parts, int) else parts
    spans = [range(n)[low:high] for low, high in pairwise([0, *places, n])]
    return tuple(shaping.part(x, a, span.start if span else 0, len(span)) for span in spans)


@composed("the elements in reverse order, along all axes or some", example="flip([1, 2, 3])")
def flip(x: Node, axis: Axis = None) -> Node:
    return shaping.flip(x, axes=normalize_axes(axis, len(x.shape)))


@composed(
    "the elements moved along an axis, those that fall off coming in at the other end",
    example="roll([1, 2, 3, 4], 1)\nroll([[1, 2], [3, 4]], (1, 1), axis=(0, 1))",
)
def roll(x: Node, shift: Counts, axis: Axis = None) -> Node:
    """Several shifts go with several axes, one each; an axis that is named twice moves by both."""
    if axis is None:
        flat = shaping.reshape(x, shape=(size_of(x.shape),))
        return shaping.reshape(roll(flat, shift if isinstance(shift, int) else sum(shift), 0), shape=x.shape)
    axes = axis if isinstance(axis, tuple) else (axis,)
    shifts = shift if isinstance(shift, tuple) else (shift,)
    require(
        len(axes) == len(shifts) or 1 in (len(axes), len(shifts)),
        f"{len(shifts)} shifts do not go with {len(axes)} axes",
        "one for each, or one for all",
    )
    count = max(len(axes), len(shifts))
    for each, by in zip(axes * (count // len(axes)), shifts * (count // len(shifts)), strict=True):
        (a,) = normalize_axes(each, len(x.shape))
        n = x.shape[a]
        by = by % n if n else 0
        if by:
            x = shaping.concatenate(shaping.part(x, a, n - by, by), shaping.part(x, a, 0, n - by), axis=a)
    return x


@composed("copies of x side by side, so many along each axis", example="tile([1, 2], 2)")
def tile(x: Node, reps: Shape) -> Node:
    require(all(r >= 0 for r in reps), f"{reps} are no numbers of copies")
    rank = max(len(x.shape), len(reps))
    shape = (1,) * (rank - len(x.shape)) + x.shape
    copies = (1,) * (rank - len(reps)) + reps
    wide = shaping.reshape(x, shape=tuple(n for pair in zip((1,) * rank, shape, strict=True) for n in pair))
    wide = stretch(wide, tuple(n for pair in zip(copies, shape, strict=True) for n in pair))
    return shaping.reshape(wide, shape=tuple(r * n for r, n in zip(copies, shape, strict=True)))


@composed(
    "each element so many times in a row, along an axis or of all elements in order",
    example="repeat([1, 2], 2)\nrepeat([1, 2], (1, 3))",
)
def repeat(x: Node, times: Counts, axis: int | None = None) -> Node:
    """One number of times for all of them, or one for each."""
    if axis is None:
        x, axis = reshape(x, (size_of(x.shape),)), 0
    (a,) = normalize_axes(axis, len(x.shape))
    if isinstance(times, tuple) and len(times) != 1:
        require(all(t >= 0 for t in times), f"nothing is repeated {min(times, default=0)} times")
        if len(times) != x.shape[a]:
            raise ShapeError(f"{len(times)} numbers of times do not go with {x.shape[a]} elements", "one for each")
        return picked(x, a, [i for i, t in enumerate(times) for _ in range(t)])
    (count,) = times if isinstance(times, tuple) else (times,)
    require(count >= 0, f"nothing is repeated {count} times")
    wide = shaping.reshape(x, shape=(*x.shape[: a + 1], 1, *x.shape[a + 1 :]))
    wide = stretch(wide, (*x.shape[: a + 1], count, *x.shape[a + 1 :]))
    return shaping.reshape(wide, shape=(*x.shape[:a], x.shape[a] * count, *x.shape[a + 1 :]))


def picked(x: Node, axis: int, places: Sequence[int]) -> Node:
    """The elements of an axis with these numbers."""
    if not places:
        return shaping.part(x, axis, 0, 0)
    order = (axis, *(i for i in range(len(x.shape)) if i != axis))
    picked = take(shaping.transpose(x, axes=order), array_constant(array_of(places, DType.INT64)))
    return shaping.transpose(picked, axes=tuple(order.index(i) for i in range(len(order))))


@composed(
    "a diagonal of a matrix, the k-th above the main one, or a matrix with a vector on that diagonal",
    example="diag([1, 2])\ndiag([[1, 2], [3, 4]]), diag([[1, 2], [3, 4]], 1)",
)
def diag(x: Node, k: int = 0) -> Node:
    if len(x.shape) == 1:
        n, size = x.shape[0], x.shape[0] + abs(k)
        # Row by row, the elements of a diagonal are one row and one column apart.
        column = shaping.pad(shaping.reshape(x, shape=(n, 1)), ranges=((0, n, 1), (0, 1, 1)), shape=(n, size + 1))
        flat, first = shaping.reshape(column, shape=(n * (size + 1),)), max(k, 0) + max(-k, 0) * size
        long = max(first + n * (size + 1), size * size)
        flat = shaping.pad(flat, ranges=((first, n * (size + 1), 1),), shape=(long,))
        return shaping.reshape(shaping.take_slice(flat, ranges=((0, size * size, 1),)), shape=(size, size))
    require(len(x.shape) == 2, f"diag takes a vector or a matrix, not shape {x.shape}", "diagonal takes stacks of them")
    return diagonal(x, k)


@composed(
    "the k-th diagonal of a matrix, or of each in a stack, along a new last axis",
    example="diagonal([[1, 2], [3, 4]])",
)
def diagonal(x: Node, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Node:
    """The matrices lie along two axes, the first two unless others are named; positive offsets lie above."""
    require(len(x.shape) > 1, f"a diagonal is one of a matrix, not of shape {x.shape}")
    (first,), (second,) = normalize_axes(axis1, len(x.shape)), normalize_axes(axis2, len(x.shape))
    require(first != second, f"a diagonal goes along two axes, and axis {first} is named twice")
    rest = tuple(i for i in range(len(x.shape)) if i not in (first, second))
    x = shaping.transpose(x, axes=(*rest, first, second))
    *stack, rows, columns = x.shape
    row, column = max(-offset, 0), max(offset, 0)
    count = max(min(rows - row, columns - column), 0)
    flat = shaping.reshape(x, shape=(*stack, rows * columns))
    start = row * columns + column if count else 0
    return shaping.take_slice(flat, ranges=(*((0, n, 1) for n in stack), (start, count, columns + 1)))


@composed(
    "the identity matrix with n rows, and as many columns unless m says how many, or ones on the k-th diagonal",
    example="eye(2)\neye(2, 3, k=1)",
)
def eye(n: int, m: int | None = None, k: int = 0, dtype: DType = DType.FLOAT64) -> Node:
    m = n if m is None else m
    require(n >= 0, f"a matrix can't have {n} rows")
    require(m >= 0, f"a matrix can't have {m} columns")
    if m == n and k == 0:
        return identity(n, dtype)
    return triangle(n, m, k, dtype) - triangle(n, m, k - 1, dtype)


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
