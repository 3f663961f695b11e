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
# The same where they may be written one after the other: reshape(x, 2, 3), transpose(x, 1, 0).
Lengths = Shape
Order = Axis


def _number(x: Node) -> Node:
    return cast(x, DType.INT64) if x.dtype is DType.BOOL else x


def masked_by(where: Operand, x: Node) -> Node:
    """A mask of a reduction, stretched over what is reduced.

    Raises:
        ShapeError: for one that does not stretch to the shape of x.
    """
    (mask,) = coerce((where,))
    if broadcast_shapes([mask.shape, x.shape]) != x.shape:
        raise ShapeError(f"where= of shape {mask.shape} does not stretch to shape {x.shape}")
    return cast(stretch(mask, x.shape), DType.BOOL)


def chosen(x: Node, where: Operand | None, otherwise: Operand) -> Node:
    """X where the mask of a reduction is true, and what changes nothing elsewhere."""
    return x if where is None else select(masked_by(where, x), x, otherwise)


def single(value: Operand, name: str) -> Operand:
    """A number that a reduction starts with."""
    require(not isinstance(value, Node) or value.shape == (), f"{name}= is one number", "leave it out for none")
    return value


@composed(
    "sum of the elements, over all axes or some",
    example="sum([[1, 2], [3, 4]]), sum([[1, 2], [3, 4]], axis=0)\nsum(k^2 for k in 1..10)",
)
def sum_(
    x: Node,
    axis: Axis = None,
    keepdims: bool = False,
    where: Operand | None = None,
    initial: Operand | None = None,
    dtype: DType | None = None,
) -> Node:
    """`where=` takes some elements alone, `initial=` is added to them, and `dtype=` is what they are made first."""
    x = _number(x if dtype is None else cast(x, dtype))
    x = chosen(x, where, 0)
    axes = normalize_axes(axis, len(x.shape))
    kept = tuple(1 if i in axes else n for i, n in enumerate(x.shape))
    total = x if kept == x.shape else sum_to(x, shape=kept)
    dropped = tuple(n for i, n in enumerate(x.shape) if i not in axes)
    total = total if keepdims or dropped == kept else shaping.reshape(total, shape=dropped)
    if initial is not None:
        total = total + single(initial, "initial")
    return total if dtype is None else cast(total, dtype)


def counted_by(where: Operand | None, x: Node, axis: Axis, keepdims: bool = False) -> Node | int:
    """How many elements a reduction takes together: of a mask those that it has."""
    if where is None:
        return prod(x.shape[i] for i in normalize_axes(axis, len(x.shape)))
    return sum_(cast(masked_by(where, x), real(x).dtype), axis, keepdims)


@composed("mean of the elements, over all axes or some", example="mean([1, 2, 6])")
def mean(
    x: Node, axis: Axis = None, keepdims: bool = False, where: Operand | None = None, dtype: DType | None = None
) -> Node:
    """`where=` takes some elements alone, and `dtype=` is what they are made first."""
    count = counted_by(where, x, axis, keepdims)
    total = sum_(x, axis, keepdims, where, dtype=dtype)
    found = total / count if isinstance(count, Node) or count else total * float("nan")
    return found if dtype is None else cast(found, dtype)


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
    if stack and len(right.shape) == 2:
        # One matrix for a whole stack: one product of all rows, and one in the slope by the matrix.
        rows_of_all = shaping.reshape(left, shape=(size_of(left.shape[:-1]), left.shape[-1]))
        product = shaping.reshape(matrix_product(rows_of_all, right), shape=(*left.shape[:-1], right.shape[-1]))
    else:
        product = matrix_product(stretch(left, stack + left.shape[-2:]), stretch(right, stack + right.shape[-2:]))
    rows = () if len(a.shape) == 1 else (a.shape[-2],)
    columns = () if len(b.shape) == 1 else (b.shape[-1],)
    shape = stack + rows + columns
    return product if shape == product.shape else shaping.reshape(product, shape=shape)


@composed("the same elements in another shape; one length may be -1", example="reshape([1, 2, 3, 4], (2, 2))")
def reshape(x: Node, shape: Lengths) -> Node:
    if shape.count(-1) == 1:
        known = prod(n for n in shape if n != -1)
        if known and size_of(x.shape) % known == 0:
            shape = tuple(size_of(x.shape) // known if n == -1 else n for n in shape)
    require(all(n >= 0 for n in shape), f"{shape} is not a shape that {size_of(x.shape)} elements fill")
    return shaping.reshape(x, shape=shape)


@composed("axes in another order, reversed if none is given; `x.T` for short", example="transpose([[1, 2], [3, 4]])")
def transpose(x: Node, axes: Order = None) -> Node:
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
    example="linspace(0, 1, 5)\nlinspace(0, 1, num=4, endpoint=false)",
)
def linspace(
    start: Node, stop: Node, n: int = 50, endpoint: bool = True, dtype: DType | None = None, axis: int = 0
) -> Node:
    """With `endpoint=false` the last is a step short of `stop`; `axis=` says where the new axis stands."""
    require(n >= 0, f"linspace can't give {n} numbers", "ask for 0 or more")
    start, stop = map(real, coerce((start, stop)))
    shape = broadcast_shapes([start.shape, stop.shape])
    start, stop = stretch(start, shape), stretch(stop, shape)
    (at,) = normalize_axes(axis, len(shape) + 1)
    wider = (*shape[:at], 1, *shape[at:])
    start, stop = shaping.reshape(start, shape=wider), shaping.reshape(stop, shape=wider)
    if n == 0:
        found = stretch(constant(0, start.dtype), (*shape[:at], 0, *shape[at:]))
    elif n == 1:
        found = start
    else:
        # Both ends are exact, as in NumPy: they are taken, not computed.
        inner = n - 2 if endpoint else n - 1
        parts = [start]
        if inner:
            number = counted(inner, start.dtype) + 1.0
            number = shaping.reshape(number, shape=tuple(inner if i == at else 1 for i in range(len(wider))))
            parts.append(start + number * ((stop - start) / (n - 1 if endpoint else n)))
        found = shaping.concatenate(*parts, *([stop] if endpoint else []), axis=at)
    if dtype is not None and not dtype.is_float:
        found = rounding.floor(found)
    return found if dtype is None else cast(found, dtype)
