"""Products and equations of matrices."""

from __future__ import annotations

from gradcli.core.errors import ShapeError
from gradcli.core.graph import Node
from gradcli.core.laws import Examples, Primitive, bilinear, implicit
from gradcli.core.primitives.shaping import transpose
from gradcli.core.shapes import Shape


def _matmul_shape(a: Shape, b: Shape) -> Shape:
    if len(a) < 2 or len(a) != len(b) or a[:-2] != b[:-2] or a[-1] != b[-2]:
        raise ShapeError(f"matrices of shapes {a} and {b} do not multiply")
    return (*a[:-1], b[-1])


def swap_last(x: Node) -> Node:
    """The transpose of each matrix in a stack."""
    rank = len(x.shape)
    return transpose(x, axes=(*range(rank - 2), rank - 1, rank - 2))


# Both are stacks of matrices with the same leading axes; the prelude's `matmul` brings others to that form.
matrix_product: Primitive = bilinear(
    "matmul",
    lambda g, a, b: (matrix_product(g, swap_last(b)), matrix_product(swap_last(a), g)),
    help="product of two matrices, or of two stacks of them",
    examples=Examples(
        calls=((((2, 3), (3, 4)), {}), (((5, 2, 3), (5, 3, 1)), {}), (((2, 0), (0, 3)), {})),
    ),
    shape=_matmul_shape,
    symbol="@",
    names=(),
)


def _square_shape(a: Shape) -> Shape:
    if len(a) < 2 or a[-1] != a[-2]:
        raise ShapeError(f"the inverse needs a square matrix, not shape {a}")
    return a


# From d(A y) = 0: dy = -y dA y (Giles 2008, section 2.2.3).
inverse = implicit(
    "inv",
    lambda y, a, da: -matrix_product(matrix_product(y, da), y),
    lambda g, y, a: (-matrix_product(matrix_product(swap_last(y), g), swap_last(y)),),
    help="inverse of a square matrix",
    arity=1,
    examples=Examples(calls=((((3, 3),), {}), (((2, 2, 2),), {}), (((1, 1),), {}))),
    shape=_square_shape,
    kernel=lambda xp, a: xp.linalg.inv(a),
)
