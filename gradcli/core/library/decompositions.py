"""Matrices as products of simpler ones, and what follows: least squares, pseudo-inverses, powers, exponentials."""

from __future__ import annotations

from math import inf, nan

from gradcli.core.errors import ShapeError, require
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node, filled
from gradcli.core.ir.promotion import cast, coerce, real, stretch
from gradcli.core.ir.shapes import Shape
from gradcli.core.library.declare import composed
from gradcli.core.library.functions import matmul, sum_
from gradcli.core.library.linear_algebra import Order, norm, solution_of
from gradcli.core.library.rearranging import tril, triu
from gradcli.core.library.reductions import max_
from gradcli.core.primitives import comparisons as cmp
from gradcli.core.primitives import elementwise as ew
from gradcli.core.primitives import linear_algebra as la
from gradcli.core.primitives import shaping
from gradcli.core.primitives.constants import identity
from gradcli.core.primitives.factors import orthonormal, pseudo_inverse, upper_half
from gradcli.core.primitives.selection import select
from gradcli.core.primitives.spectra import eigenvalues, eigenvectors, left_vectors, right_vectors, singular_values

# The machine epsilon of each float type, as NumPy's finfo has it.
_EPSILON = {DType.FLOAT32: 2.0**-23, DType.FLOAT64: 2.0**-52}


def _matrices(a: Node, name: str, square: bool = False) -> Shape:
    """The shape of matrices that a function takes.

    Raises:
        ShapeError: for what is none, or not square where that is asked.
    """
    if len(a.shape) < 2 or (square and a.shape[-1] != a.shape[-2]):
        raise ShapeError(
            f"{name} takes {'a square' if square else 'a'} matrix, or a stack of them, not shape {a.shape}"
        )
    return a.shape


@composed(
    "eigenvalues in ascending order, and eigenvectors as columns, of the symmetric part of a",
    example="eigh([[2, 1], [1, 2]])",
)
def eigh(a: Node) -> tuple[Node, Node]:
    """The largest element of each vector is positive.

    Vectors of equal eigenvalues have no derivative, nor has what is computed of them: it is nan. Equal values share
    the slope, so that slopes of their sum, and of all that does not tell them apart, are right.
    """
    _matrices(a, "eigh", square=True)
    return eigenvalues(a), eigenvectors(a)


@composed(
    "U, the singular values S and V^T, with a = U @ diag(S) @ V^T",
    example="svd([[3, 0], [4, 5]])",
)
def svd(a: Node, full_matrices: bool = True) -> tuple[Node, Node, Node]:
    """The largest element of each column of U is positive. A matrix that isn't square wants `full_matrices=false`.

    Vectors of equal singular values, and of 0 where there are more, have no derivative: it is nan. Singular values
    that are equal share the slope; one that is 0 has a corner and the slope 0.
    """
    rows, columns = _matrices(a, "svd")[-2:]
    require(
        rows == columns or not full_matrices,
        f"the full svd of shape {a.shape} has vectors that are any which complete the others",
        "svd(a, full_matrices=false) gives those that a is made of",
    )
    return left_vectors(a), singular_values(a), shaping.transpose(right_vectors(a), axes=_swapped(a))


def _swapped(a: Node) -> tuple[int, ...]:
    rank = len(a.shape)
    return (*range(rank - 2), rank - 1, rank - 2)


@composed(
    "Q with orthonormal columns and R, upper triangular, with a = Q @ R",
    example="qr([[3, 1], [4, 2]])",
)
def qr(a: Node, mode: str = "reduced") -> tuple[Node, Node] | Node:
    """R alone for mode "r"; the signs are NumPy's. Where columns are dependent there is no derivative: it is nan."""
    require(
        mode in ("reduced", "r"),
        f'"{mode}" is no mode of qr here',
        '"reduced" for Q and R, "r" for R; what completes Q to a square is any basis of the rest',
    )
    rows, columns = _matrices(a, "qr")[-2:]
    a = real(a)
    q = orthonormal(shaping.part(a, len(a.shape) - 1, 0, rows) if rows < columns else a)
    r = upper_half(la.matrix_product(la.swap_last(q), a))
    return r if mode == "r" else (q, r)


@composed(
    "the pseudo-inverse of Moore and Penrose: the shortest x = pinv(a) @ b is that for which a @ x is nearest to b",
    example="pinv([[1, 2], [3, 4], [5, 6]])",
)
def pinv(a: Node, rcond: float | None = None) -> Node:
    """Singular values below `rcond` times the largest count as 0; as in NumPy that is 1e-15 at first.

    A matrix without full rank has no derivative: it is nan.
    """
    _matrices(a, "pinv")
    return pseudo_inverse(a, rcond=1e-15 if rcond is None else rcond)


@composed(
    "least squares: the x for which a @ x is nearest to b, the shortest where there are many",
    example="lstsq([[1, 0], [1, 1], [1, 2]], [1, 2, 4])",
)
def lstsq(a: Node, b: Node, rcond: float | None = None) -> Node:
    """Of NumPy's results the first: norm(a @ x - b), matrix_rank(a) and svdvals(a) are the others.

    A matrix without full rank has no derivative: it is nan.
    """
    a, b = map(real, coerce((a, b)))
    rows, columns = _matrices(a, "lstsq")[-2:]
    if not b.shape or rows != b.shape[-1 if len(b.shape) == 1 else -2]:
        raise ShapeError(f"shapes {a.shape} and {b.shape} make no system of equations", "b has the rows of a")
    return matmul(pseudo_inverse(a, rcond=max(rows, columns) * _EPSILON[a.dtype] if rcond is None else rcond), b)


@composed("how many singular values are not 0 but for rounding", "matrix_rank", example="matrix_rank([[1, 2], [2, 4]])")
def matrix_rank(a: Node, tol: float | None = None, rtol: float | None = None) -> Node:
    """Those above `tol`, or above `rtol` times the largest; at first the longer side times the dtype's rounding."""
    require(tol is None or rtol is None, "tol and rtol say the same in two ways", "give one of them")
    if len(a.shape) < 2:
        return cast(sum_(cast(cmp.not_equal(a, 0), DType.INT64)) > 0, DType.INT64)
    values = singular_values(ew.stop_gradient(real(a)))
    if tol is None:
        relative = max(a.shape[-2:]) * _EPSILON[values.dtype] if rtol is None else rtol
        return sum_(cast(cmp.greater(values, max_(values, -1, True, initial=0) * relative), DType.INT64), -1)
    return sum_(cast(cmp.greater(values, tol), DType.INT64), -1)


@composed(
    "the condition number: how much more a matrix stretches one vector than another", example="cond([[2, 0], [0, 1]])"
)
def cond(a: Node, p: Order | None = None) -> Node:
    """The largest singular value over the smallest; with p the norm of that order times that of the inverse."""
    rows, columns = _matrices(a, "cond")[-2:]
    require(rows > 0 and columns > 0, "there is no condition number of an empty matrix")
    if p is None or p in (2, -2):
        values = singular_values(a)
        last = len(values.shape) - 1
        first, least = (shaping.part(values, last, i, 1) for i in (0, values.shape[-1] - 1))
        ratio = least / first if p == -2 else first / least
        return shaping.reshape(ratio, shape=values.shape[:-1])
    _matrices(a, "cond with p", square=True)
    axes = (len(a.shape) - 2, len(a.shape) - 1)
    found = norm(a, p, axes) * norm(la.inverse(a), p, axes)
    # The inverse of a singular matrix is nan, and its norm infinite.
    lost = cmp.logical_and(cmp.not_equal(found, found), cmp.equal(norm(a, p, axes), norm(a, p, axes)))
    return select(lost, filled(inf, found), found)


@composed(
    "a square matrix times itself, so often; the inverse for a negative exponent",
    example="matrix_power([[1, 1], [1, 0]], 10)",
)
def matrix_power(a: Node, n: int) -> Node:
    _matrices(a, "matrix_power", square=True)
    if n < 0:
        a, n = la.inverse(a), -n
    found: Node | None = None
    while n:
        if n % 2:
            found = a if found is None else la.matrix_product(found, a)
        n //= 2
        a = la.matrix_product(a, a) if n else a
    return stretch(identity(a.shape[-1], a.dtype), a.shape) if found is None else found


@composed(
    "the x of a @ x = b for a triangular a, the upper triangle unless lower=true",
    example="solve_triangular([[2, 1], [0, 4]], [4, 8])",
)
def solve_triangular(a: Node, b: Node, trans: int = 0, lower: bool = False, unit_diagonal: bool = False) -> Node:
    """SciPy's: with trans=1 the transpose is solved with; `unit_diagonal=true` takes the diagonal for ones."""
    require(trans in (0, 1, 2), f"trans={trans} is none of 0, 1 and 2", "0 solves with a, 1 with its transpose")
    a, b = map(real, coerce((a, b)))
    rows = _matrices(a, "solve_triangular", square=True)[-1]
    if unit_diagonal:
        ones = stretch(identity(rows, a.dtype), a.shape)
        half = (tril(a, -1) if lower else triu(a, 1)) + ones
    else:
        half = tril(a) if lower else triu(a)
    if trans:
        return solution_of(shaping.transpose(half, axes=_swapped(a)), b, la.UPPER if lower else la.LOWER)
    return solution_of(half, b, la.LOWER if lower else la.UPPER)


@composed(
    "the x of a @ x = b by the Cholesky factor of a",
    example="cholesky_solve([8, 7], cholesky([[4, 2], [2, 3]]))",
)
def cholesky_solve(b: Node, l: Node, upper: bool = False) -> Node:  # noqa: E741 - the factor's name
    """PyTorch's: a is L @ L.T, L what `cholesky` gives, or with `upper=true` the transpose of that."""
    b, factor = map(real, coerce((b, l)))
    _matrices(factor, "cholesky_solve", square=True)
    half = shaping.transpose(triu(factor), axes=_swapped(factor)) if upper else tril(factor)
    return solution_of(shaping.transpose(half, axes=_swapped(half)), solution_of(half, b, la.LOWER), la.UPPER)


@composed("logarithm of the determinant; nan where that is below 0", example="logdet([[2, 1], [1, 2]])")
def logdet(a: Node) -> Node:
    """PyTorch's; `slogdet` gives the sign beside the logarithm of the absolute value."""
    _matrices(a, "logdet", square=True)
    found = la.log_determinant(a)
    return select(la.determinant_sign(a) < -0.5, filled(nan, found), found)
