"""Eigenvalues and eigenvectors of symmetric matrices, singular values and vectors of any.

Where two values are equal but for rounding, each has no slope of its own, while their mean does: equal ones share it,
as ties of `max` do. Their vectors have no derivative there, and what is computed of it is nan.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import nan
from typing import Any

from gradcli.core.errors import ShapeError
from gradcli.core.ir.declare import flat, implicit
from gradcli.core.ir.edges import Edge, EdgeKind
from gradcli.core.ir.nodes import Node, filled
from gradcli.core.ir.primitive import Examples, Primitive
from gradcli.core.ir.promotion import cast, stretch
from gradcli.core.ir.shapes import Shape, size_of
from gradcli.core.primitives.constants import identity
from gradcli.core.primitives.elementwise import reciprocal
from gradcli.core.primitives.linear_algebra import cubic, matrix_product, square_shape, swap_last, symmetric
from gradcli.core.primitives.reductions import sum_to
from gradcli.core.primitives.selection import select
from gradcli.core.primitives.shaping import reshape

# Values computed of n by n matrices are off by so many times n roundings of the largest at most (LAPACK Users' Guide,
# 4.7 and 4.9, with p(n) = n).
ROUNDINGS = 4
# Adjoints of equal values that differ by less, beside the largest, are one.
SAME = 1e-9

POSITIVE = Examples(calls=((((3, 3),), {}), (((2, 2, 2),), {})), matrices="positive")
ANY_FULL = Examples(calls=((((3, 3),), {}), (((4, 2),), {}), (((2, 4),), {}), (((2, 3, 2),), {})), matrices="regular")


def _repeated_kernel(xp: Any, values: Any) -> Any:
    n = values.shape[-1]
    size = abs(values).max(axis=-1, keepdims=True, initial=0)
    apart = abs(xp.diff(values, axis=-1)) > ROUNDINGS * n * xp.finfo(values.dtype).eps * size
    first = xp.zeros((*values.shape[:-1], 1), dtype=int)
    group = xp.concatenate([first, xp.cumsum(apart, axis=-1)], axis=-1)[..., :n]
    return group[..., :, None] == group[..., None, :]


repeated = flat(
    "repeated",
    help="which of values in order of size are equal but for rounding",
    examples=Examples(calls=((((3,),), {}), (((2, 2),), {}), (((0,),), {}))),
    shape=lambda values: (*values, values[-1]),
    kernel=_repeated_kernel,
    broadcasts=False,
    result="bool",
    names=(),
)


def _negligible_kernel(xp: Any, values: Any) -> Any:
    size = abs(values).max(axis=-1, keepdims=True, initial=0)
    return abs(values) <= ROUNDINGS * values.shape[-1] * xp.finfo(values.dtype).eps * size


negligible = flat(
    "negligible",
    help="which values are 0 but for rounding, beside the largest",
    examples=Examples(calls=((((3,),), {}), (((2, 2),), {}), (((0,),), {}))),
    shape=lambda values: values,
    kernel=_negligible_kernel,
    broadcasts=False,
    result="bool",
    names=(),
)


def as_column(values: Node) -> Node:
    """The values as a matrix of one column."""
    return reshape(values, shape=(*values.shape, 1))


def as_row(values: Node) -> Node:
    """The values as a matrix of one row."""
    return reshape(values, shape=(*values.shape[:-1], 1, values.shape[-1]))


def scaled_columns(a: Node, values: Node) -> Node:
    """Each column times its value."""
    return a * stretch(as_row(values), a.shape)


def _shared(values: Node, slopes: Node) -> Node:
    """The slopes, with their mean in place of those of equal values; symmetric as a map of them."""
    groups = cast(repeated(values), values.dtype)
    counts = sum_to(groups, shape=(*values.shape, 1))
    weights = groups * stretch(reciprocal(counts), groups.shape)
    return reshape(matrix_product(weights, as_column(slopes)), shape=slopes.shape)


def _inverse_gaps(values: Node, gaps: Node) -> Node:
    """1 over the gaps of different values; nan between equal ones, 0 on the diagonal."""
    equal = repeated(values)
    on = stretch(identity(values.shape[-1], values.dtype), gaps.shape) > 0.5
    apart = reciprocal(select(equal, filled(1.0, gaps), gaps))
    return select(equal, select(on, filled(0.0, gaps), filled(nan, gaps)), apart)


def _differences(values: Node) -> Node:
    """Each value, along a row, less each, along a column."""
    shape = (*values.shape, values.shape[-1])
    return stretch(as_row(values), shape) - stretch(as_column(values), shape)


def diagonal_of(a: Node, shape: Shape) -> Node:
    """The diagonal of each square matrix."""
    only = a * stretch(identity(a.shape[-1], a.dtype), a.shape)
    return reshape(sum_to(only, shape=(*a.shape[:-1], 1)), shape=shape)


def _on_diagonal(values: Node) -> Node:
    """Square matrices with these diagonals."""
    n = values.shape[-1]
    shape = (*values.shape, n)
    return stretch(as_column(values), shape) * stretch(identity(n, values.dtype), shape)


def _has_repeated(args: Sequence[Any], y: Any, **attrs: Any) -> Any:
    """Values of which others are equal."""
    import numpy as np

    return _repeated_kernel(np, y).sum(axis=-1) > 1


def _tells_apart(args: Sequence[Any], y: Any, g: Any, **attrs: Any) -> Any:
    """Values of which others are equal and have another adjoint, so that it matters which is which."""
    import numpy as np

    groups = _repeated_kernel(np, y)
    mean = (groups * g[..., None, :]).sum(axis=-1) / groups.sum(axis=-1)
    return abs(g - mean) > SAME * abs(g).max(axis=-1, keepdims=True, initial=0)


def _tells_zeros(args: Sequence[Any], y: Any, g: Any, **attrs: Any) -> Any:
    """The same, and singular values that are 0 and have an adjoint."""
    import numpy as np

    return _tells_apart(args, y, g) | (_negligible_kernel(np, y) & (g != 0))


def _is_flat_somewhere(args: Sequence[Any], y: Any, **attrs: Any) -> Any:
    """Singular values of which others are equal, or which are 0."""
    import numpy as np

    return _has_repeated(args, y) | _negligible_kernel(np, y)


# Without a nan LAPACK always answers; with one it gives up, and NumPy raises.
def _eigenvalue_kernel(xp: Any, a: Any) -> Any:
    lost = ~xp.isfinite(a).all(axis=(-2, -1))
    values = xp.linalg.eigvalsh(xp.where(lost[..., None, None], 0, (a + xp.swapaxes(a, -1, -2)) / 2))
    return xp.where(lost[..., None], xp.nan, values)


def _eigenvector_kernel(xp: Any, a: Any) -> Any:
    """Eigenvectors with a fixed sign, so that neighbouring matrices have neighbouring vectors."""
    lost = ~xp.isfinite(a).all(axis=(-2, -1))[..., None, None]
    vectors = xp.linalg.eigh(xp.where(lost, 0, (a + xp.swapaxes(a, -1, -2)) / 2))[1]
    if vectors.size == 0:
        return vectors
    largest = xp.take_along_axis(vectors, abs(vectors).argmax(axis=-2, keepdims=True), axis=-2)
    return xp.where(lost, xp.nan, xp.where(largest < 0, -vectors, vectors))


# dlambda_i = (V^T dA V)_ii and dV = V (F * (V^T dA V)), F_ij = 1/(lambda_j - lambda_i) (Giles 2008, section 3.1).
def _rotated(a: Node, da: Node) -> Node:
    v = eigenvectors(a)
    return matrix_product(swap_last(v), matrix_product(symmetric(da), v))


def _rotated_back(a: Node, inner: Node) -> Node:
    v = eigenvectors(a)
    return symmetric(matrix_product(v, matrix_product(inner, swap_last(v))))


def _eigenvalue_adjoint(g: Node, y: Node, a: Node) -> tuple[Node]:
    same = _same_for_all(g)
    if same is not None:
        # What the sum of all is multiplied by: that is the trace, whatever the eigenvectors are.
        return (stretch(same, a.shape) * stretch(identity(a.shape[-1], a.dtype), a.shape),)
    return (_rotated_back(a, _on_diagonal(_shared(y, g))),)


def _same_for_all(g: Node) -> Node | None:
    """What was stretched along the last axis, with one more, where that is what it is."""
    if g.kind != "broadcast" or not g.shape:
        return None
    inner = g.args[0]
    if inner.shape[-1:] not in ((), (1,)):
        return None
    return reshape(inner, shape=(*inner.shape, 1)) if inner.shape else inner


eigenvalues: Primitive = implicit(
    "eigvalsh",
    lambda y, a, da: _shared(y, diagonal_of(_rotated(a, da), y.shape)),
    _eigenvalue_adjoint,
    help="eigenvalues of the symmetric part of x, in ascending order; equal ones share the slope",
    example="eigvalsh([[2, 1], [1, 2]])",
    arity=1,
    examples=POSITIVE,
    shape=lambda a: square_shape(a)[:-1],
    kernel=_eigenvalue_kernel,
    work=cubic,
    edge=Edge(EdgeKind.CORNER, _has_repeated, continuous=True, matters=_tells_apart),
)
eigenvectors: Primitive = implicit(
    "eigenvectors",
    lambda y, a, da: matrix_product(y, _eigenvalue_gaps(a) * _rotated(a, da)),
    lambda g, y, a: (_rotated_back(a, _eigenvalue_gaps(a) * matrix_product(swap_last(y), g)),),
    help="eigenvectors of the symmetric part of a, as columns, the largest element of each positive",
    arity=1,
    examples=POSITIVE,
    shape=square_shape,
    kernel=_eigenvector_kernel,
    sloped="all eigenvalues differ",
    work=cubic,
    names=(),
)


def _eigenvalue_gaps(a: Node) -> Node:
    values = eigenvalues(a)
    return _inverse_gaps(values, _differences(values))


def _svd(xp: Any, a: Any) -> Any:
    """U, S and V with A = U S V^T, the largest element of each column of U positive."""
    lost = ~xp.isfinite(a).all(axis=(-2, -1))[..., None, None]
    u, values, vt = xp.linalg.svd(xp.where(lost, 0, a), full_matrices=False)
    v = xp.swapaxes(vt, -1, -2)
    if u.size:
        largest = xp.take_along_axis(u, abs(u).argmax(axis=-2, keepdims=True), axis=-2)
        u, v = xp.where(largest < 0, -u, u), xp.where(largest < 0, -v, v)
    return xp.where(lost, xp.nan, u), xp.where(lost[..., 0], xp.nan, values), xp.where(lost, xp.nan, v)


def _singular_value_kernel(xp: Any, a: Any) -> Any:
    return _svd(xp, a)[1]


def _left_kernel(xp: Any, a: Any) -> Any:
    return _svd(xp, a)[0]


def _right_kernel(xp: Any, a: Any) -> Any:
    return _svd(xp, a)[2]


def _values_shape(a: Shape) -> Shape:
    if len(a) < 2:
        raise ShapeError(f"singular values are those of a matrix, not of shape {a}")
    return (*a[:-2], min(a[-2:]))


def _work(a: Shape, y: Shape) -> int:
    return 4 * size_of(a) * min(a[-2:])


# With P = U^T dA V: dS = diag(P), dU = U (F * (P S + S P^T)) + (1 - U U^T) dA V / S, and dV likewise,
# F_ij = 1/(s_j^2 - s_i^2) (Giles 2008, section 3.2; Wan and Zhang 2019).
def _inner(a: Node, da: Node) -> Node:
    return matrix_product(swap_last(left_vectors(a)), matrix_product(da, right_vectors(a)))


def _outer(a: Node, inner: Node) -> Node:
    return matrix_product(left_vectors(a), matrix_product(inner, swap_last(right_vectors(a))))


def _value_slopes(y: Node, slopes: Node) -> Node:
    """The slopes of singular values: equal ones share them, and those at 0, where there is a corner, have slope 0."""
    shared = _shared(y, slopes)
    return select(negligible(y), filled(0.0, shared), shared)


def _value_slopes_back(y: Node, g: Node) -> Node:
    return _shared(y, select(negligible(y), filled(0.0, g), g))


singular_values: Primitive = implicit(
    "svdvals",
    lambda y, a, da: _value_slopes(y, diagonal_of(_inner(a, da), y.shape)),
    lambda g, y, a: (_outer(a, _on_diagonal(_value_slopes_back(y, g))),),
    help="singular values of a matrix, in descending order; equal ones share the slope",
    example="svdvals([[3, 0], [4, 5]])",
    arity=1,
    examples=ANY_FULL,
    shape=_values_shape,
    kernel=_singular_value_kernel,
    work=_work,
    edge=Edge(EdgeKind.CORNER, _is_flat_somewhere, continuous=True, matters=_tells_zeros),
)


def _square_gaps(values: Node) -> Node:
    sums = stretch(as_row(values), (*values.shape, values.shape[-1])) + stretch(
        as_column(values), (*values.shape, values.shape[-1])
    )
    return _inverse_gaps(values, _differences(values) * sums)


def _over_values(a: Node, values: Node) -> Node:
    """Each column divided by its singular value; nan where that is 0."""
    none = negligible(values)
    over = select(none, filled(nan, values), reciprocal(select(none, filled(1.0, values), values)))
    return scaled_columns(a, over)


# The left vectors of a matrix are the right ones of its transpose: what is stated of them holds for both.
def _vector_rate(y: Node, other: Node, values: Node, da: Node) -> Node:
    """The rate of U, given V, S and dA; or of V, given U, S and the transpose of dA."""
    moved = matrix_product(da, other)
    inner = matrix_product(swap_last(y), moved)
    turned = scaled_columns(inner, values) + swap_last(scaled_columns(inner, values))
    rate = matrix_product(y, _square_gaps(values) * turned)
    tall = y.shape[-2] > y.shape[-1]
    return rate + _over_values(moved - matrix_product(y, inner), values) if tall else rate


def _vector_adjoint(g: Node, y: Node, other: Node, values: Node) -> Node:
    """Its transpose, which gives the adjoint of A for U, and of its transpose for V."""
    gaps = _square_gaps(values) * matrix_product(swap_last(y), g)
    inner = scaled_columns(gaps + swap_last(gaps), values)
    if y.shape[-2] == y.shape[-1]:
        return matrix_product(y, matrix_product(inner, swap_last(other)))
    over = _over_values(g, values)
    inner = inner - matrix_product(swap_last(y), over)
    return matrix_product(matrix_product(y, inner) + over, swap_last(other))


# Of a square matrix a single one may be 0.
_DIFFERENT = "all singular values differ, and those of a matrix that is not square are not 0"

left_vectors: Primitive = implicit(
    "left_singular_vectors",
    lambda y, a, da: _vector_rate(y, right_vectors(a), singular_values(a), da),
    lambda g, y, a: (_vector_adjoint(g, y, right_vectors(a), singular_values(a)),),
    help="left singular vectors as columns, the largest element of each positive",
    arity=1,
    examples=ANY_FULL,
    shape=lambda a: (*a[:-1], min(a[-2:])),
    kernel=_left_kernel,
    sloped=_DIFFERENT,
    work=_work,
    names=(),
)
right_vectors: Primitive = implicit(
    "right_singular_vectors",
    lambda y, a, da: _vector_rate(y, left_vectors(a), singular_values(a), swap_last(da)),
    lambda g, y, a: (swap_last(_vector_adjoint(g, y, left_vectors(a), singular_values(a))),),
    help="right singular vectors as columns, each with the sign that goes with the left one",
    arity=1,
    examples=ANY_FULL,
    shape=lambda a: (*a[:-2], a[-1], min(a[-2:])),
    kernel=_right_kernel,
    sloped=_DIFFERENT,
    work=_work,
    names=(),
)
