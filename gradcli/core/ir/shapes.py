"""Arithmetic on shapes, without arrays."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from math import prod

from gradcli.core.errors import ShapeError

Shape = tuple[int, ...]

# NumPy's own bound.
MOST_AXES = 64
# What NumPy can address, of eight bytes each.
MOST_ELEMENTS = 2**60 - 1


def aligned(shape: Shape, axes: int) -> Shape:
    """A shape with leading axes of length 1, so many in all, as broadcasting adds them."""
    return (1,) * (axes - len(shape)) + shape


def size_of(shape: Shape) -> int:
    """The number of elements."""
    return prod(shape)


def most_elements(*shapes: Shape) -> int:
    """The number of elements of the largest."""
    return max(map(prod, shapes), default=1)


def no_elements(*shapes: Shape) -> int:
    """The work of what only looks at memory in another way."""
    return 0


def check_shape(shape: Shape) -> Shape:
    """The shape itself.

    Raises:
        ShapeError: for a negative length, or more axes than an array can have.
    """
    if any(n < 0 for n in shape):
        raise ShapeError(f"{shape} is not a shape", "lengths are whole numbers, 0 or more")
    if prod(n for n in shape if n) > MOST_ELEMENTS:
        raise ShapeError(f"a tensor of shape {shape} is too large", "no machine's memory holds it")
    if len(shape) > MOST_AXES:
        raise ShapeError(f"a tensor can't have {len(shape)} axes", f"at most {MOST_AXES}")
    return shape


def broadcast_shapes(shapes: Iterable[Shape]) -> Shape:
    """The common shape by NumPy's rule (aligned at the last axis; 1 stretches).

    Raises:
        ShapeError: where two lengths differ and neither is 1.
    """
    # Most of them are equal.
    different = list(dict.fromkeys(shapes))
    return different[0] if len(different) == 1 else reduce(_broadcast_two, different, ())


def _broadcast_two(a: Shape, b: Shape) -> Shape:
    rank = max(len(a), len(b))
    out = []
    for m, n in zip(aligned(a, rank), aligned(b, rank), strict=True):
        if m != n and 1 not in (m, n):
            raise ShapeError(
                f"shapes {a} and {b} do not fit together: {m} against {n}",
                "aligned at the last axis, lengths must be equal or 1",
            )
        out.append(n if m == 1 else m)
    return tuple(out)


def normalize_axes(axis: int | tuple[int, ...] | None, rank: int) -> tuple[int, ...]:
    """Axes as sorted, distinct, non-negative ints; None means all of them.

    Raises:
        ShapeError: for an axis outside the tensor, or one given twice.
    """
    if axis is None:
        return tuple(range(rank))
    axes = axis if isinstance(axis, tuple) else (axis,)
    out = []
    for a in axes:
        if not -rank <= a < rank:
            raise ShapeError(
                f"axis {a} is outside a tensor with {rank} {'axis' if rank == 1 else 'axes'}",
                f"axes run from {-rank} to {rank - 1}" if rank else "a scalar has no axes; leave axis out",
            )
        out.append(a % rank)
    if len(set(out)) != len(out):
        raise ShapeError(f"axis given twice in {axes}", "name each axis once")
    return tuple(sorted(out))
