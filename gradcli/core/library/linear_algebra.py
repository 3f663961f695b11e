"""Linear algebra composed of matrix products and of the primitives that equations define."""

from __future__ import annotations

from typing import TypeAlias

from gradcli.core.errors import ShapeError, require
from gradcli.core.ir.nodes import Node
from gradcli.core.ir.promotion import coerce, real, stretch
from gradcli.core.ir.shapes import broadcast_shapes, normalize_axes, size_of
from gradcli.core.library.declare import composed
from gradcli.core.library.functions import Axis, matmul, stack, sum_
from gradcli.core.library.indexing import index
from gradcli.core.library.rearranging import diagonal, squeeze
from gradcli.core.library.reductions import max_, min_, vector_norm
from gradcli.core.primitives import elementwise as ew
from gradcli.core.primitives import linear_algebra as la
from gradcli.core.primitives import shaping
from gradcli.core.primitives.spectra import singular_values

# A norm's order: a number, or "fro" or "nuc" of a matrix.
Order: TypeAlias = float | str


@composed(
    "product of vectors or matrices over the last axis of a and the last but one of b; numbers multiply",
    example="dot((1, 2), (3, 4))",
)
def dot(a: Node, b: Node) -> Node:
    if not a.shape or not b.shape:
        return a * b
    if len(a.shape) <= 2 and len(b.shape) <= 2:
        return matmul(a, b)
    # Unlike @, which stacks matrices, every row of a meets every column of b.
    at = max(len(b.shape) - 2, 0)
    rest = tuple(i for i in range(len(b.shape)) if i != at)
    columns = shaping.transpose(b, axes=(at, *rest))
    product = matmul(_flat(a, -1), shaping.reshape(columns, shape=(b.shape[at], size_of(columns.shape[1:]))))
    return shaping.reshape(product, shape=(*a.shape[:-1], *columns.shape[1:]))


def _flat(x: Node, keep: int) -> Node:
    """A matrix with the last axis kept, and all others as one."""
    return shaping.reshape(x, shape=(size_of(x.shape[:keep]), x.shape[keep]))


@composed(
    "the length of a vector (ord 2), the sum of its absolute values (1), the largest (inf), or of any order",
    example='norm((3, 4)), norm([3, 4], 1)\ngrad(norm)([3, 4])\nnorm([[3, 0], [0, 4]], "nuc")',
)
def norm(x: Node, ord: Order | None = None, axis: Axis = None, keepdims: bool = False) -> Node:
    """NumPy's: of a matrix the root of the sum of squares, or where ord is given the norm of the linear map.

    A vector has norms of every order; 0 counts what is not 0. A matrix has those of order 1 and inf (sums of columns
    and rows), 2 (the largest singular value) and "nuc" (their sum), the least for -1, -inf and -2, and "fro".
    """
    axes = normalize_axes(axis, len(x.shape))
    if ord is None:
        return vector_norm(x, 2, axis, keepdims)
    if len(axes) == 1 and not isinstance(ord, str):
        return vector_norm(x, ord, axis, keepdims)
    called = f'"{ord}"' if isinstance(ord, str) else f"{ord:g}"
    require(
        len(axes) == 2,
        f"a norm of order {called} is one of {'a matrix' if isinstance(ord, str) else 'a vector or a matrix'}, "
        f"and here {'is 1 axis' if len(axes) == 1 else f'are {len(axes)} axes'}",
        "leave ord out for the root of the sum of squares, or say which axis= to go along",
    )
    require(
        ord in ("fro", "nuc", 1, -1, 2, -2, float("inf"), -float("inf")),
        f"a matrix has no norm of order {called}",
        '1, 2 and inf are its orders, these with a minus for the least, "fro" and "nuc"',
    )
    if ord == "fro":
        return vector_norm(x, 2, axis, keepdims)
    pair = axis if isinstance(axis, tuple) else axes
    if isinstance(ord, str) or abs(ord) == 2:
        return _spectral_norm(x, ord, normalize_axes(pair, len(x.shape)), keepdims)
    rows, columns = pair
    summed, over = (rows, columns) if abs(ord) == 1 else (columns, rows)
    sums = sum_(ew.absolute(x), summed, keepdims=True)
    found = max_(sums, over, True, initial=None if sums.shape[over] else 0) if ord > 0 else min_(sums, over, True)
    return found if keepdims else squeeze(found, axes)


def _spectral_norm(x: Node, ord: Order, pair: tuple[int, ...], keepdims: bool) -> Node:
    """The largest or the smallest singular value of each matrix, or the sum of all of them."""
    rest = tuple(i for i in range(len(x.shape)) if i not in pair)
    values = singular_values(shaping.transpose(real(x), axes=(*rest, *pair)))
    if ord == "nuc":
        found = sum_(values, -1)
    elif ord == 2:
        found = max_(values, -1, initial=None if values.shape[-1] else 0)
    else:
        found = min_(values, -1)
    kept = tuple(1 if i in pair else n for i, n in enumerate(x.shape))
    return shaping.reshape(found, shape=kept) if keepdims else found


@composed("every product of an element of a with one of b, as a matrix", example="outer([1, 2], [3, 4])")
def outer(a: Node, b: Node) -> Node:
    """Tensors of any shape, whose elements are taken in order."""
    return shaping.reshape(a, shape=(size_of(a.shape), 1)) * shaping.reshape(b, shape=(1, size_of(b.shape)))


@composed(
    "the vector product of vectors of length 3 along the last axis; of two of length 2, its one number",
    example="cross((1, 0, 0), (0, 1, 0))",
)
def cross(a: Node, b: Node) -> Node:
    if a.shape == b.shape == (2,):
        return index(a, (0,)) * index(b, (1,)) - index(a, (1,)) * index(b, (0,))
    if a.shape[-1:] != (3,) or b.shape[-1:] != (3,):
        raise ShapeError(f"shapes {a.shape} and {b.shape} have no vector product", "the last axis of both has length 3")

    def minor(i: int, j: int) -> Node:
        return index(a, (..., i)) * index(b, (..., j)) - index(a, (..., j)) * index(b, (..., i))

    return stack((minor(1, 2), minor(2, 0), minor(0, 1)), axis=-1)


@composed("sum of a diagonal of a matrix, or of each in a stack", example="trace([[1, 2], [3, 4]])")
def trace(a: Node, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Node:
    """The matrices lie along two axes, the first two unless others are named; positive offsets lie above."""
    return sum_(diagonal(a, offset, axis1, axis2), -1)


@composed(
    "determinant of a square matrix, or of each in a stack",
    example="det([[1, 2], [3, 4]])\ngrad(det)([[1, 2], [3, 4]])",
)
def det(a: Node) -> Node:
    if len(a.shape) < 2 or a.shape[-1] != a.shape[-2] or not 1 <= a.shape[-1] <= 3:
        return la.determinant(a)

    # Small ones are written out as the polynomial that they are, whose slopes of every order are right where
    # the matrix is singular as well.
    def at(i: int, j: int) -> Node:
        return index(a, (Ellipsis, i, j))

    if a.shape[-1] == 1:
        return at(0, 0)
    if a.shape[-1] == 2:
        return at(0, 0) * at(1, 1) - at(0, 1) * at(1, 0)
    minors = [at(1, j) * at(2, k) - at(1, k) * at(2, j) for j, k in ((1, 2), (2, 0), (0, 1))]
    return at(0, 0) * minors[0] + at(0, 1) * minors[1] + at(0, 2) * minors[2]


@composed("sign of the determinant, and logarithm of its absolute value", example="slogdet([[1, 2], [3, 4]])")
def slogdet(a: Node) -> tuple[Node, Node]:
    return la.determinant_sign(a), la.log_determinant(a)


@composed("the x of a @ x = b, for a vector, a matrix, or stacks of them")
def solve(a: Node, b: Node) -> Node:
    a, b = coerce((a, b))
    return solution_of(a, b)


def solution_of(a: Node, b: Node, half: str | None = None) -> Node:
    """The x of a @ x = b, where b is a vector, a matrix, a stack of matrices, or one of vectors.

    As in NumPy, more axes than one are read as matrices where they can be. `half` says that a is a triangle.

    Raises:
        ShapeError: for shapes that make no system of equations.
    """
    square = len(a.shape) > 1 and a.shape[-1] == a.shape[-2]
    vector = len(b.shape) == 1 or (square and b.shape[-2:-1] != a.shape[-1:] and b.shape[-1:] == a.shape[-1:])
    right = shaping.reshape(b, shape=(*b.shape, 1)) if vector else b
    if not square or len(right.shape) < 2 or a.shape[-1] != right.shape[-2]:
        raise ShapeError(f"shapes {a.shape} and {b.shape} make no system of equations", "a is square, b has its rows")
    stack = broadcast_shapes([a.shape[:-2], right.shape[:-2]])
    wide = stretch(right, stack + right.shape[-2:])
    x = la.solve_with(stretch(a, stack + a.shape[-2:]), wide, half or la.half_of(a))
    return shaping.reshape(x, shape=x.shape[:-1]) if vector else x
