"""Orthonormal factors, the inverse of a matrix that has none."""

from __future__ import annotations

from math import nan
from typing import Any

from gradcli.core.errors import ShapeError
from gradcli.core.ir.declare import implicit
from gradcli.core.ir.nodes import Node, filled
from gradcli.core.ir.primitive import Examples, Primitive
from gradcli.core.ir.promotion import cast, stretch
from gradcli.core.ir.shapes import Shape, size_of
from gradcli.core.primitives.comparisons import greater
from gradcli.core.primitives.constants import identity, triangle
from gradcli.core.primitives.linear_algebra import inverse, lower_half, matrix_product, swap_last
from gradcli.core.primitives.reductions import sum_to
from gradcli.core.primitives.selection import select
from gradcli.core.primitives.shaping import reshape
from gradcli.core.primitives.spectra import ANY_FULL, diagonal_of, negligible, singular_values


def upper_half(a: Node, k: int = 0) -> Node:
    """The part on and above the k-th diagonal."""
    rows, columns = a.shape[-2:]
    below = triangle(rows, columns, k - 1, a.dtype)
    return select(stretch(below < 0.5, a.shape), a, filled(0.0, a))


def _full_or_nan(a: Node, values: Node) -> Node:
    """Matrices as they are, all nan where one of the values that belong to them is 0 but for rounding."""
    count = sum_to(cast(negligible(values), a.dtype), shape=(*values.shape[:-1], 1))
    lost = reshape(greater(count, 0.5), shape=(*values.shape[:-1], 1, 1))
    return select(stretch(lost, a.shape), filled(nan, a), a)


def _orthonormal_kernel(xp: Any, a: Any) -> Any:
    return xp.linalg.qr(a)[0]


# With X = Q^T dA inv(R): dQ = dA inv(R) - Q (upper(X) + lower(X)^T), lower being what is below the diagonal
# (Walter and Lehmann 2018).
def _triangle_inverse(y: Node, a: Node) -> Node:
    upper = upper_half(matrix_product(swap_last(y), a))
    return inverse(_full_or_nan(upper, diagonal_of(upper, (*upper.shape[:-2], upper.shape[-1]))))


def _orthonormal_rate(y: Node, a: Node, da: Node) -> Node:
    moved = matrix_product(da, _triangle_inverse(y, a))
    inner = matrix_product(swap_last(y), moved)
    return moved - matrix_product(y, upper_half(inner) + swap_last(lower_half(inner, 0.0)))


def _orthonormal_adjoint(g: Node, y: Node, a: Node) -> tuple[Node]:
    inner = matrix_product(swap_last(y), g)
    moved = g - matrix_product(y, upper_half(inner) + lower_half(swap_last(inner), 0.0))
    return (matrix_product(moved, swap_last(_triangle_inverse(y, a))),)


def _orthonormal_shape(a: Shape) -> Shape:
    if len(a) < 2 or a[-2] < a[-1]:
        raise ShapeError(f"shape {a} has more columns than rows")
    return a


orthonormal: Primitive = implicit(
    "orthonormal",
    _orthonormal_rate,
    _orthonormal_adjoint,
    help="the Q of a = Q R, for matrices that are not wide",
    arity=1,
    examples=Examples(
        calls=((((3, 3),), {}), (((4, 2),), {}), (((2, 3, 2),), {})),
        matrices="regular",
    ),
    shape=_orthonormal_shape,
    kernel=_orthonormal_kernel,
    sloped="its columns are independent",
    work=lambda a, y: 4 * size_of(a) * a[-1],
    names=(),
)


def _pseudo_kernel(xp: Any, a: Any, *, rcond: float) -> Any:
    lost = ~xp.isfinite(a).all(axis=(-2, -1))[..., None, None]
    return xp.where(lost, xp.nan, xp.linalg.pinv(xp.where(lost, 0, a), rcond=rcond))


# dP = -P dA P + P P^T dA^T (1 - A P) + (1 - P A) dA^T P^T P (Golub and Pereyra 1973), of which one is 0 in matrices of
# full rank; others have none, since the rank changes beside them, and P has a pole.
def _pseudo_rate(y: Node, a: Node, da: Node, *, rcond: float) -> Node:
    p, dat = _full_or_nan(y, singular_values(a)), swap_last(da)
    rate = -matrix_product(matrix_product(p, da), p)
    rows, columns = a.shape[-2:]
    if rows > columns:
        return rate + matrix_product(matrix_product(p, matrix_product(swap_last(p), dat)), _off(a, p))
    if rows < columns:
        return rate + matrix_product(_off(p, a), matrix_product(matrix_product(dat, swap_last(p)), p))
    return rate


def _pseudo_adjoint(g: Node, y: Node, a: Node, *, rcond: float) -> tuple[Node]:
    p, gt = _full_or_nan(y, singular_values(a)), swap_last(g)
    back = -matrix_product(matrix_product(swap_last(p), g), swap_last(p))
    rows, columns = a.shape[-2:]
    if rows > columns:
        back = back + matrix_product(matrix_product(_off(a, p), gt), matrix_product(p, swap_last(p)))
    elif rows < columns:
        back = back + matrix_product(matrix_product(swap_last(p), p), matrix_product(gt, _off(p, a)))
    return (back,)


def _off(a: Node, b: Node) -> Node:
    """1 - a b, the projection on what a does not reach."""
    product = matrix_product(a, b)
    return stretch(identity(product.shape[-1], a.dtype), product.shape) - product


pseudo_inverse: Primitive = implicit(
    "pinv",
    _pseudo_rate,
    _pseudo_adjoint,
    help="the pseudo-inverse of Moore and Penrose",
    arity=1,
    examples=Examples(calls=tuple((shapes, {"rcond": 1e-15}) for shapes, _ in ANY_FULL.calls), matrices="regular"),
    shape=lambda a, *, rcond: (*a[:-2], a[-1], a[-2]),
    kernel=_pseudo_kernel,
    sloped="the rank is full",
    work=lambda a, y: 6 * size_of(a) * min(a[-2:]),
    names=(),
)
