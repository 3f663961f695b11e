"""Functions composed of primitives: their derivatives follow and are stated nowhere."""

from __future__ import annotations

from math import prod

from gradcli.core.errors import ShapeError, require
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node, Operand, constant
from gradcli.core.ir.promotion import cast, coerce, real, stretch
from gradcli.core.ir.shapes import Shape, broadcast_shapes, normalize_axes, size_of
from gradcli.core.library.declare import composed
from gradcli.core.primitives import comparisons, rounding, shaping
from gradcli.core.primitives import elementwise as ew
from gradcli.core.primitives.constants import counted
from gradcli.core.primitives.linear_algebra import matrix_product
from gradcli.core.primitives.reductions import sum_to
from gradcli.core.primitives.selection import select

Axis = int | tuple[int, ...] | None


def _number(x: Node) -> Node:
    return cast(x, DType.INT64) if x.dtype is DType.BOOL else x


@composed(
    "sum of the elements, over all axes or some",
    example="sum([[1, 2], [3, 4]]), sum([[1, 2], [3, 4]], axis=0)\nsum(k^2 for k in 1..10)",
)
def sum_(x: Node, axis: Axis = None, keepdims: bool = False) -> Node:
    axes = normalize_axes(axis, len(x.shape))
    kept = tuple(1 if i in axes else n for i, n in enumerate(x.shape))
    total = _number(x) if kept == x.shape else sum_to(_number(x), shape=kept)
    dropped = tuple(n for i, n in enumerate(x.shape) if i not in axes)
    return total if keepdims or dropped == kept else shaping.reshape(total, shape=dropped)


@composed("mean of the elements, over all axes or some", example="mean([1, 2, 6])")
def mean(x: Node, axis: Axis = None, keepdims: bool = False) -> Node:
    count = prod(x.shape[i] for i in normalize_axes(axis, len(x.shape)))
    total = sum_(x, axis, keepdims)
    return total / count if count else total * float("nan")


@composed("x times x", example="square(3), square'(3)", pointwise=True)
def square(x: Node) -> Node:
    return x * x


@composed("0 where x is negative, 1 where positive, and h0 at 0", example="heaviside([-1, 0, 1])", pointwise=True)
def heaviside(x: Node, h0: Operand = 0.5) -> Node:
    return select(comparisons.equal(x, 0), h0, 0.5 * (ew.sign(x) + 1))


@composed("x to so many decimals; halves go to the even digit", example="round(2.7), round(2.346, 2)", pointwise=True)
def round_(x: Node, decimals: int = 0) -> Node:
    return rounding.rounded(x, decimals=decimals)


@composed(
    "product of matrices, vectors, or stacks of matrices, as NumPy's @", example="matmul([[1, 2], [3, 4]], [1, 10])"
)
def matmul(a: Node, b: Node) -> Node:
    require(
        bool(a.shape and b.shape),
        f"@ multiplies matrices and vectors, and here one side is a single number (shapes {a.shape} and {b.shape})",
        "use * to multiply by a number",
    )
    if a.shape[-1] != b.shape[-2 if len(b.shape) > 1 else 0]:
        raise ShapeError(
            f"shapes {a.shape} and {b.shape} do not multiply: {a.shape[-1]} columns against "
            f"{b.shape[-2 if len(b.shape) > 1 else 0]} rows",
            "the last length on the left must equal the one before last on the right",
        )
    a, b = coerce((a, b))
    left = shaping.reshape(a, shape=(1, *a.shape)) if len(a.shape) == 1 else a
    right = shaping.reshape(b, shape=(*b.shape, 1)) if len(b.shape) == 1 else b
    stack = broadcast_shapes([left.shape[:-2], right.shape[:-2]])
    product = matrix_product(
        stretch(left, stack + left.shape[-2:]),
        stretch(right, stack + right.shape[-2:]),
    )
    rows = () if len(a.shape) == 1 else (a.shape[-2],)
    columns = () if len(b.shape) == 1 else (b.shape[-1],)
    shape = stack + rows + columns
    return product if shape == product.shape else shaping.reshape(product, shape=shape)


@composed("the same elements in another shape; one length may be -1", example="reshape([1, 2, 3, 4], (2, 2))")
def reshape(x: Node, shape: Shape) -> Node:
    if shape.count(-1) == 1:
        known = prod(n for n in shape if n != -1)
        if known and size_of(x.shape) % known == 0:
            shape = tuple(size_of(x.shape) // known if n == -1 else n for n in shape)
    require(all(n >= 0 for n in shape), f"{shape} is not a shape that {size_of(x.shape)} elements fill")
    return shaping.reshape(x, shape=shape)


@composed("axes in another order, reversed if none is given; `x.T` for short", example="transpose([[1, 2], [3, 4]])")
def transpose(x: Node, axes: Axis = None) -> Node:
    rank = len(x.shape)
    if axes is None:
        order = tuple(reversed(range(rank)))
    else:
        given = axes if isinstance(axes, tuple) else (axes,)
        normalize_axes(given, rank)
        order = tuple(a % rank for a in given)
    return shaping.transpose(x, axes=order)


@composed("x repeated along axes of length 1 and new leading axes", example="broadcast_to([1, 2], (2, 2))")
def broadcast_to(x: Node, shape: Shape) -> Node:
    return stretch(x, shape)


@composed("tensors joined along an axis that they have", example="concatenate(([1, 2], [3]))")
def concatenate(tensors: tuple[Node, ...], axis: int = 0) -> Node:
    require(bool(tensors), "concatenate needs at least one tensor")
    nodes = coerce(tensors)
    (at,) = normalize_axes(axis, len(nodes[0].shape))
    return shaping.concatenate(*nodes, axis=at)


@composed("tensors of one shape joined along a new axis", example="stack(([1, 2], [3, 4]))")
def stack(tensors: tuple[Node, ...], axis: int = 0) -> Node:
    require(bool(tensors), "stack needs at least one tensor")
    nodes = coerce(tensors)
    shapes = list(dict.fromkeys(n.shape for n in nodes))
    if len(shapes) > 1:
        raise ShapeError(f"shapes {shapes[0]} and {shapes[1]} do not stack", "stacked tensors need one shape")
    (at,) = normalize_axes(axis, len(shapes[0]) + 1)
    wider = (*shapes[0][:at], 1, *shapes[0][at:])
    return shaping.concatenate(*(shaping.reshape(n, shape=wider) for n in nodes), axis=at)


@composed("a tensor of zeros", example="zeros((2, 2))")
def zeros(shape: Shape, dtype: DType = DType.FLOAT64) -> Node:
    return _filled(0, shape, dtype)


@composed("a tensor of ones", example="ones(3)")
def ones(shape: Shape, dtype: DType = DType.FLOAT64) -> Node:
    return _filled(1, shape, dtype)


@composed("a tensor of one number", example="full(3, 7)")
def full(shape: Shape, value: Node) -> Node:
    return broadcast_to(value, shape)


def _filled(value: int, shape: Shape, dtype: DType) -> Node:
    return stretch(constant(value, dtype), shape)


@composed(
    "n numbers from start to stop along a new first axis, evenly spaced, both ends included",
    example="linspace(0, 1, 5)",
)
def linspace(start: Node, stop: Node, n: int = 50) -> Node:
    require(n >= 1, f"linspace can't give {n} numbers", "ask for at least 1")
    start, stop = map(real, coerce((start, stop)))
    shape = broadcast_shapes([start.shape, stop.shape])
    start, stop = stretch(start, shape), stretch(stop, shape)
    if n == 1:
        return stack((start,))
    # Both ends are exact, as in NumPy: they are taken, not computed.
    ends = [shaping.reshape(x, shape=(1, *shape)) for x in (start, stop)]
    if n == 2:
        return shaping.concatenate(*ends, axis=0)
    number = shaping.reshape(counted(n - 2, start.dtype) + 1.0, shape=(n - 2, *(1,) * len(shape)))
    between = start + number * ((stop - start) / (n - 1))
    return shaping.concatenate(ends[0], between, ends[1], axis=0)
