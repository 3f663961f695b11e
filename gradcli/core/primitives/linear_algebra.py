"""Products and equations of matrices."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gradcli.core.errors import ShapeError
from gradcli.core.ir.declare import bilinear, flat, implicit
from gradcli.core.ir.lifting import stacked
from gradcli.core.ir.nodes import Node
from gradcli.core.ir.primitive import Examples, Primitive
from gradcli.core.ir.promotion import stretch
from gradcli.core.ir.shapes import Shape, size_of
from gradcli.core.primitives.constants import identity, triangle
from gradcli.core.primitives.reductions import sum_to
from gradcli.core.primitives.selection import select
from gradcli.core.primitives.shaping import pad, reshape, take_slice, transpose, unshaped


def _matmul_shape(a: Shape, b: Shape) -> Shape:
    if len(a) < 2 or len(a) != len(b) or a[:-2] != b[:-2] or a[-1] != b[-2]:
        raise ShapeError(f"matrices of shapes {a} and {b} do not multiply")
    return (*a[:-1], b[-1])


def swap_last(x: Node) -> Node:
    """The transpose of each matrix in a stack."""
    rank = len(x.shape)
    return transpose(x, axes=(*range(rank - 2), rank - 1, rank - 2))


def _lift_matmul(
    op: Primitive, size: int, batched: Sequence[bool], args: Sequence[Node], attrs: Mapping[str, Any]
) -> Node:
    """Two matrices of which one is the same for all are one larger product, not many small ones."""
    a, b = args
    if batched == (True, False) and len(b.shape) == 2:
        rows = reshape(a, shape=(size * a.shape[1], a.shape[2]))
        return reshape(op(rows, b), shape=(size, a.shape[1], b.shape[1]))
    if batched == (False, True) and len(a.shape) == 2:
        columns = reshape(swap_last(b), shape=(size * b.shape[2], b.shape[1]))
        return swap_last(reshape(op(columns, swap_last(a)), shape=(size, b.shape[2], a.shape[0])))
    return op(*stacked(size, batched, args))


def _identity_columns(x: Node) -> int | None:
    """Which column of the identity a matrix begins with that has some of its columns; None for any other matrix."""
    n, count = x.shape
    x = unshaped(x)
    start = 0
    if x.op is take_slice and x.attrs["ranges"][0] == (0, n, 1) and len(x.shape) == 2:
        start, there, step = x.attrs["ranges"][1]
        if (there, step) != (count, 1):
            return None
        x = unshaped(x.args[0])
    elif count != n:
        return None
    # The nodes that it is made of are there already, if it is one.
    return start if x.op is select and x.shape == (n, n) and x is identity(n, x.dtype) else None


def _without_identity(a: Node, b: Node) -> Node | None:
    if len(a.shape) != 2 or a.dtype is not b.dtype:
        return None
    start = _identity_columns(a)
    if start is None:
        return a if b.shape[0] == b.shape[1] and _identity_columns(b) is not None else None
    if a.shape[0] == a.shape[1]:
        return b
    return pad(b, ranges=((start, b.shape[0], 1), (0, b.shape[1], 1)), shape=(a.shape[0], b.shape[1]))


# Both are stacks of matrices with the same leading axes; the library's `matmul` brings others to that form.
matrix_product: Primitive = bilinear(
    "matmul",
    lambda g, a, b: (matrix_product(g, swap_last(b)), matrix_product(swap_last(a), g)),
    help="product of two matrices, or of two stacks of them",
    examples=Examples(
        calls=((((2, 3), (3, 4)), {}), (((5, 2, 3), (5, 3, 1)), {}), (((2, 0), (0, 3)), {})),
    ),
    shape=_matmul_shape,
    shortcut=_without_identity,
    lift=_lift_matmul,
    work=lambda a, b, y: 2 * size_of(y) * a[-1],
    symbol="@",
    names=(),
)


def _or_nan(function: Callable[..., Any]) -> Any:
    """A function of LAPACK's that gives nan where a matrix has no answer, and not an exception for all of them."""

    def kernel(xp: Any, a: Any, *rest: Any, **attrs: Any) -> Any:
        try:
            return function(xp, a, *rest, **attrs)
        except xp.linalg.LinAlgError:
            if a.ndim == 2:
                return xp.full((rest or (a,))[-1].shape, xp.nan, dtype=a.dtype)
            return xp.stack([kernel(xp, *parts, **attrs) for parts in zip(a, *rest, strict=True)])

    return kernel


# Which half of a matrix is used, where the other one is known to be zeros.
LOWER, UPPER = "lower", "upper"
# A triangle of no more rows is solved with as any matrix is; a larger one in blocks of so many rows on its diagonal.
LARGEST_AT_ONCE, BLOCK = 64, 32
# Between these BLAS is faster, where it is to be had; and in blocks of so many rows for few columns.
SMALLEST_OFFERED, OFFERED_BLOCK = 24, 128
# The inverse of a block costs as much as a solution for so many columns.
FEW_COLUMNS = 8


def half_of(a: Node) -> str | None:
    """The half that a matrix has, where it can be told at a glance: that of Cholesky's factor, and its transpose."""
    if a.op is cholesky:
        return LOWER
    if a.op is transpose and a is swap_last(a.args[0]):
        return OTHER_HALF[half_of(a.args[0])]
    return None


OTHER_HALF: dict[str | None, str | None] = {LOWER: UPPER, UPPER: LOWER, None: None}


def _solve_kernel(xp: Any, a: Any, b: Any, *, half: str | None = None) -> Any:
    n = a.shape[-1]
    from gradcli.core.primitives import triangles

    few = b.shape[-1] < FEW_COLUMNS
    pays = half is not None and n >= SMALLEST_OFFERED and (few or n <= OFFERED_BLOCK)
    is_offered = pays and triangles.is_offered(xp, a, b)
    if half is None or (n <= LARGEST_AT_ONCE and not is_offered):
        return xp.linalg.solve(a, b)
    out = xp.array(b, order="C")
    block = OFFERED_BLOCK if is_offered else BLOCK

    def solve(low: int, high: int) -> None:
        if high - low <= block:
            part, rows = a[..., low:high, low:high], out[..., low:high, :]
            if is_offered:
                triangles.solve_in_place(xp, part, rows, half == LOWER)
            else:
                out[..., low:high, :] = xp.linalg.solve(part, rows) if few else xp.linalg.inv(part) @ rows
            return
        # Halves are solved one after the other, and what the first takes from the second is a product.
        middle = low + -(-(high - low) // (2 * block)) * block
        parts = [(low, middle), (middle, high)] if half == LOWER else [(middle, high), (low, middle)]
        (start, end), (then, last) = parts
        solve(start, end)
        out[..., then:last, :] -= a[..., then:last, start:end] @ out[..., start:end, :]
        solve(then, last)

    solve(0, n)
    return out


def _adjugate_kernel(xp: Any, a: Any) -> Any:
    u, values, vt = xp.linalg.svd(a)
    n = values.shape[-1]
    if n == 0:
        return a
    others = xp.stack([xp.prod(xp.delete(values, i, axis=-1), axis=-1) for i in range(n)], axis=-1)
    sign = xp.round(xp.linalg.det(u) * xp.linalg.det(vt))[..., None, None]
    return sign * (xp.swapaxes(vt, -1, -2) * others[..., None, :]) @ xp.swapaxes(u, -1, -2)


def _solve_shape(a: Shape, b: Shape, half: str | None = None) -> Shape:
    square_shape(a)
    if len(a) != len(b) or a[:-1] != b[:-1]:
        raise ShapeError(f"matrices of shapes {a} and {b} make no system of equations")
    return b


SQUARES = Examples(calls=((((3, 3),), {}), (((2, 2, 2),), {}), (((1, 1),), {})), matrices="regular")


def square_shape(a: Shape) -> Shape:
    """The shape of square matrices.

    Raises:
        ShapeError: for that of anything else.
    """
    if len(a) < 2 or a[-1] != a[-2]:
        raise ShapeError(f"this needs a square matrix, not shape {a}")
    return a


def cubic(a: Shape, *rest: Shape) -> int:
    """The work of a factorization of each matrix, and of what else is given put through it."""
    return (size_of(a) + sum(size_of(b) for b in rest[:-1])) * a[-1]


# From d(A y) = 0: dy = -y dA y (Giles 2008, section 2.2.3).
inverse = implicit(
    "inv",
    lambda y, a, da: -matrix_product(matrix_product(y, da), y),
    lambda g, y, a: (-matrix_product(matrix_product(swap_last(y), g), swap_last(y)),),
    help="inverse of a square matrix",
    example="inv([[2, 1], [1, 1]])",
    arity=1,
    examples=SQUARES,
    shape=square_shape,
    kernel=_or_nan(lambda xp, a: xp.linalg.inv(a)),
    work=cubic,
)

# From A y = b: A dy = db - dA y. Multiplied by the inverse, which closes under differentiation where solving
# again does not, and is as accurate (Druinsky and Toledo 2012).
solution: Primitive = implicit(
    "solve",
    lambda y, a, b, da, db, half=None: matrix_product(inverse(a), db - matrix_product(da, y)),
    lambda g, y, a, b, half=None: _solution_adjoint(solve_with(swap_last(a), g, OTHER_HALF[half]), y),
    help="the x of a @ x = b",
    arity=2,
    examples=Examples(calls=((((3, 3), (3, 2)), {}), (((2, 2, 2), (2, 2, 1)), {})), matrices="regular"),
    shape=_solve_shape,
    kernel=_or_nan(_solve_kernel),
    work=cubic,
    names=(),
)


def solve_with(a: Node, b: Node, half: str | None = None) -> Node:
    """The x of a @ x = b; `half` says that a is a triangle, which else is seen where it is Cholesky's."""
    half = half or half_of(a)
    return solution(a, b) if half is None else solution(a, b, half=half)


def _solution_adjoint(adjoint_b: Node, y: Node) -> tuple[Node, Node]:
    return -matrix_product(adjoint_b, swap_last(y)), adjoint_b


def _trace_of_rate(a: Node, da: Node) -> Node:
    """The trace of inv(a) da, the rate of log |det a|, as a 1 by 1 matrix."""
    product = inverse(a) * swap_last(da)
    return sum_to(product, shape=(*a.shape[:-2], 1, 1))


def _over_matrix(g: Node, a: Node) -> Node:
    """A number for each matrix, stretched over it."""
    return stretch(reshape(g, shape=(*g.shape, 1, 1)), a.shape)


# adj(A) = det(A) inv(A), which a singular matrix has too: from A = U S V^T it is V adj(S) U^T, up to the sign
# of det(U V^T), and adj(S) has the products of all other singular values on its diagonal (Stewart 1998).
adjugate: Primitive = implicit(
    "adjugate",
    lambda y, a, da: stretch(_trace_of_rate(a, da), a.shape) * y - matrix_product(matrix_product(inverse(a), da), y),
    lambda g, y, a: (
        stretch(sum_to(g * y, shape=(*y.shape[:-2], 1, 1)), a.shape) * swap_last(inverse(a))
        - matrix_product(matrix_product(swap_last(inverse(a)), g), swap_last(y)),
    ),
    help="transpose of the matrix of cofactors",
    arity=1,
    examples=SQUARES,
    shape=square_shape,
    kernel=_adjugate_kernel,
    work=cubic,
    names=(),
)
# Jacobi's formula, d det(A) = tr(adj(A) dA).
determinant: Primitive = implicit(
    "det",
    lambda y, a, da: reshape(sum_to(adjugate(a) * swap_last(da), shape=(*y.shape, 1, 1)), shape=y.shape),
    lambda g, y, a: (_over_matrix(g, a) * swap_last(adjugate(a)),),
    help="determinant of a square matrix",
    arity=1,
    examples=SQUARES,
    shape=lambda a: square_shape(a)[:-2],
    kernel=lambda xp, a: xp.linalg.det(a),
    work=cubic,
    names=(),
)
log_determinant = implicit(
    "logabsdet",
    lambda y, a, da: reshape(_trace_of_rate(a, da), shape=y.shape),
    lambda g, y, a: (_over_matrix(g, a) * swap_last(inverse(a)),),
    help="logarithm of the absolute value of the determinant",
    example="logabsdet([[1, 2], [3, 4]])",
    arity=1,
    examples=SQUARES,
    shape=lambda a: square_shape(a)[:-2],
    kernel=lambda xp, a: xp.linalg.slogdet(a)[1],
    work=cubic,
)
determinant_sign = flat(
    "det_sign",
    help="sign of the determinant",
    examples=SQUARES,
    shape=lambda a: square_shape(a)[:-2],
    kernel=lambda xp, a: xp.linalg.slogdet(a)[0],
    work=cubic,
    broadcasts=False,
    result="float",
    names=(),
)


def symmetric(a: Node) -> Node:
    """The symmetric part of each matrix: what LAPACK reads one triangle of is made a function of all of it."""
    return 0.5 * (a + swap_last(a))


def lower_half(a: Node, diagonal: float) -> Node:
    """The part below the diagonal, with so much of the diagonal."""
    n = a.shape[-1]
    return a * stretch(triangle(n, n, 0, a.dtype, diagonal), a.shape)


# Murray 2016, equations 8 and 10: dL = L Phi(inv(L) dA inv(L)^T), Phi taking the lower half with half the diagonal.
def _cholesky_rate(y: Node, a: Node, da: Node) -> Node:
    inner = matrix_product(matrix_product(inverse(y), symmetric(da)), swap_last(inverse(y)))
    return matrix_product(y, lower_half(inner, 0.5))


def _cholesky_adjoint(g: Node, y: Node, a: Node) -> tuple[Node]:
    inner = lower_half(matrix_product(swap_last(y), g), 0.5)
    left = solve_with(swap_last(y), inner, UPPER)
    return (symmetric(swap_last(solve_with(swap_last(y), swap_last(left), UPPER))),)


cholesky: Primitive = implicit(
    "cholesky",
    _cholesky_rate,
    _cholesky_adjoint,
    help="the lower triangle L with L @ L.T = x, of the symmetric part of x",
    example="cholesky([[4, 2], [2, 5]])",
    arity=1,
    examples=Examples(calls=((((3, 3),), {}), (((2, 2, 2),), {})), matrices="positive"),
    shape=square_shape,
    kernel=_or_nan(lambda xp, a: xp.linalg.cholesky((a + xp.swapaxes(a, -1, -2)) / 2)),
    work=cubic,
)
