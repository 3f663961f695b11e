"""Products of tensors beside that of matrices: over chosen axes, of every pair of elements, of sequences."""

from __future__ import annotations

from typing import TypeAlias

from gradcli.core.errors import ShapeError, require
from gradcli.core.ir.nodes import Node
from gradcli.core.ir.shapes import Shape, aligned, normalize_axes, size_of
from gradcli.core.library.declare import composed
from gradcli.core.library.functions import matmul, sum_
from gradcli.core.primitives import shaping

# How many of the last and first axes, or which axes of the one and of the other.
AxisPairs: TypeAlias = "int | tuple[Shape, Shape]"


@composed(
    "the sums of products over the last axes of both; of vectors their dot product, and numbers multiply",
    example="inner([1, 2], [3, 4]), inner([[1, 2], [3, 4]], [1, 10])",
)
def inner(a: Node, b: Node) -> Node:
    return tensordot(a, b, ((-1,), (-1,))) if a.shape and b.shape else a * b


@composed(
    "the sums of products over the last n axes of a and the first n of b, or over axes=(those of a, those of b)",
    example="tensordot([[1, 2], [3, 4]], [[5, 6], [7, 8]]), tensordot([[1, 2], [3, 4]], [1, 10], 1)",
)
def tensordot(a: Node, b: Node, axes: AxisPairs = 2) -> Node:
    """NumPy's: what is left of a comes first, then what is left of b."""
    if isinstance(axes, int):
        require(
            0 <= axes <= min(len(a.shape), len(b.shape)),
            f"shapes {a.shape} and {b.shape} have no {axes} axes in common",
            "say how many of the last of a and the first of b",
        )
        axes = (tuple(range(len(a.shape) - axes, len(a.shape))), tuple(range(axes)))
    require(len(axes) == 2, "axes are a number, or those of a and those of b", "such as ((1,), (0,))")
    for given, x in zip(axes, (a, b), strict=True):
        normalize_axes(given, len(x.shape))
    over_a, over_b = (tuple(i % max(len(x.shape), 1) for i in given) for given, x in zip(axes, (a, b), strict=True))
    lengths = tuple(a.shape[i] for i in over_a), tuple(b.shape[i] for i in over_b)
    if lengths[0] != lengths[1]:
        raise ShapeError(f"axes of lengths {lengths[0]} and {lengths[1]} have no products", "they need one length each")
    left = tuple(i for i in range(len(a.shape)) if i not in over_a)
    right = tuple(i for i in range(len(b.shape)) if i not in over_b)
    n = size_of(lengths[0])
    shapes = tuple(a.shape[i] for i in left), tuple(b.shape[i] for i in right)
    rows = shaping.reshape(shaping.transpose(a, axes=(*left, *over_a)), shape=(size_of(shapes[0]), n))
    columns = shaping.reshape(shaping.transpose(b, axes=(*over_b, *right)), shape=(n, size_of(shapes[1])))
    return shaping.reshape(matmul(rows, columns), shape=shapes[0] + shapes[1])


@composed(
    "each element of a times the whole of b, side by side as blocks",
    example="kron([1, 10], [1, 2, 3]), kron([[1, 0], [0, 1]], [[1, 2]])",
)
def kron(a: Node, b: Node) -> Node:
    """Kronecker's product; the one with fewer axes has axes of length 1 in front."""
    rank = max(len(a.shape), len(b.shape))
    before, within = aligned(a.shape, rank), aligned(b.shape, rank)
    blocks = shaping.reshape(a, shape=tuple(n for m in before for n in (m, 1)))
    block = shaping.reshape(b, shape=tuple(n for m in within for n in (1, m)))
    return shaping.reshape(blocks * block, shape=tuple(m * n for m, n in zip(before, within, strict=True)))


@composed(
    "the sums of products of two vectors, one reversed and shifted: the coefficients of a product of polynomials",
    example='convolve([1, 2, 3], [1, 1]), convolve([1, 2, 3], [1, 1], "same"), convolve([1, 2, 3], [1, 1], "valid")',
)
def convolve(a: Node, v: Node, mode: str = "full") -> Node:
    """NumPy's: at every shift (full), as many as the longer one has elements (same), where both overlap (valid)."""
    require(mode in ("full", "same", "valid"), f'"{mode}" is no mode of convolve', 'there are "full", "same", "valid"')
    if len(a.shape) > 1 or len(v.shape) > 1:
        raise ShapeError(f"convolve takes two vectors, not shapes {a.shape} and {v.shape}", "Conv2d is one of images")
    a, v = (x if x.shape else shaping.reshape(x, shape=(1,)) for x in (a, v))
    if v.shape[0] > a.shape[0]:
        a, v = v, a
    n, m = a.shape[0], v.shape[0]
    require(m > 0, "no elements have no convolution")
    # Rows of v[j]*a that are one element too long, laid out in lines one element shorter, move by j in line j.
    every = shaping.reshape(v, shape=(m, 1)) * shaping.reshape(a, shape=(1, n))
    long = shaping.pad(every, ranges=((0, m, 1), (0, n, 1)), shape=(m, n + m))
    flat = shaping.part(shaping.reshape(long, shape=(m * (n + m),)), 0, 0, m * (n + m - 1))
    full = sum_(shaping.reshape(flat, shape=(m, n + m - 1)), 0)
    start, count = {"full": (0, n + m - 1), "same": ((m - 1) // 2, n), "valid": (m - 1, n - m + 1)}[mode]
    return shaping.part(full, 0, start, count)


@composed(
    "the sums of products of two vectors, one of them shifted",
    example='correlate([1, 2, 3], [0, 1, 0.5]), correlate([1, 2, 3], [1, 1], "full")',
)
def correlate(a: Node, v: Node, mode: str = "valid") -> Node:
    """NumPy's: convolve with the second one reversed."""
    if len(a.shape) != 1 or len(v.shape) != 1:
        raise ShapeError(f"correlate takes two vectors, not shapes {a.shape} and {v.shape}")
    if v.shape[0] > a.shape[0]:
        return shaping.flip(convolve(v, shaping.flip(a, axes=(0,)), mode), axes=(0,))
    return convolve(a, shaping.flip(v, axes=(0,)), mode)


@composed("the sum of products of all elements in order", example="vdot([[1, 2], [3, 4]], [[1, 0], [0, 1]])")
def vdot(a: Node, b: Node) -> Node:
    flat = [shaping.reshape(x, shape=(size_of(x.shape),)) for x in (a, b)]
    return matmul(*flat)


@composed(
    "the polynomial with coefficients p, that of the highest power first, at x",
    example="polyval([1, 0, -2], 3), (x -> polyval([1, 0, -2], x))'(3)",
)
def polyval(p: Node, x: Node) -> Node:
    """By Horner's rule."""
    require(len(p.shape) == 1, f"the coefficients of a polynomial are a vector, not of shape {p.shape}")
    found: Node | None = None
    for i in range(p.shape[0]):
        coefficient = shaping.reshape(shaping.part(p, 0, i, 1), shape=())
        found = x * 0 + coefficient if found is None else found * x + coefficient
    return x * 0 if found is None else found
