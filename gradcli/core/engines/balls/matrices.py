"""Matrices of balls: inverses, determinants, solutions, factors, spectra and exponentials, one matrix at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from math import ceil, isfinite, log2
from typing import Any

from flint import acb_mat, arb, arb_mat, ctx

from gradcli.core.engines.balls.ball import UndecidedError
from gradcli.core.primitives.exponentials import MOST_SQUARINGS, PADE_UP_TO
from gradcli.core.primitives.factors import _orthonormal_kernel
from gradcli.core.primitives.spectra import _eigenvector_kernel, _left_kernel, _right_kernel

# Cofactors are expanded one by one up to here.
MOST_ROWS = 5


def symmetric(a: arb_mat) -> arb_mat:
    """The symmetric part, which is what is factored."""
    return (a + a.transpose()) / 2


def cholesky(a: arb_mat) -> arb_mat:
    """The lower triangle L with L @ L.T = a (Golub and Van Loan, Matrix Computations, 4.2).

    Raises:
        UndecidedError: where a pivot may be 0 or below.
    """
    a, n = symmetric(a), a.nrows()
    lower = [[arb(0)] * n for _ in range(n)]
    for j in range(n):
        pivot = a[j, j] - sum((lower[j][k] ** 2 for k in range(j)), arb(0))
        if not pivot > 0:
            raise UndecidedError
        lower[j][j] = pivot.sqrt()
        for i in range(j + 1, n):
            rest = a[i, j] - sum((lower[i][k] * lower[j][k] for k in range(j)), arb(0))
            lower[i][j] = rest / lower[j][j]
    return arb_mat(lower)


def sign_of_determinant(a: arb_mat) -> arb:
    """1 or -1, or 0 where the determinant is 0 for certain."""
    found = a.det()
    if found > 0 or found < 0:
        return arb(1 if found > 0 else -1)
    if found == 0:
        return arb(0)
    raise UndecidedError


def eigenvalues(a: arb_mat) -> arb_mat:
    """Those of the symmetric part in ascending order, as a column.

    Raises:
        UndecidedError: where two of them can't be told apart.
    """
    try:
        found = sorted((value.real for value in acb_mat(symmetric(a)).eig()), key=lambda v: float(v.mid()))
    except ValueError:
        raise UndecidedError from None
    if any(low.overlaps(high) for low, high in pairwise(found)):
        raise UndecidedError
    return arb_mat([[value] for value in found])


def adjugate(a: arb_mat) -> arb_mat:
    """det(a) inv(a), of a singular matrix too."""
    n = a.nrows()
    if n > MOST_ROWS:
        return a.inv() * a.det()
    rows = a.tolist()

    def cofactor(i: int, j: int) -> Any:
        minor = [[x for k, x in enumerate(row) if k != j] for m, row in enumerate(rows) if m != i]
        return (-1) ** (i + j) * (arb_mat(minor).det() if minor else arb(1))

    return arb_mat([[cofactor(j, i) for j in range(n)] for i in range(n)])


def eigenvectors(a: arb_mat) -> arb_mat:
    """Those of the symmetric part as columns, with the signs that floats have.

    Raises:
        UndecidedError: where two eigenvalues can't be told apart.
    """
    try:
        values, vectors = acb_mat(symmetric(a)).eig(right=True)
    except ValueError:
        raise UndecidedError from None
    n = a.nrows()
    columns = []
    for j in sorted(range(n), key=lambda j: float(values[j].real.mid())):
        largest = max((vectors[i, j] for i in range(n)), key=lambda v: float(abs(v).mid()))
        column = [(vectors[i, j] / largest).real for i in range(n)]
        length = sum((x * x for x in column), arb(0)).sqrt()
        columns.append([x / length for x in column])
    return _signed(arb_mat(columns).transpose(), _eigenvector_kernel, a)


def _signed(columns: arb_mat, kernel: Callable[..., Any], a: arb_mat) -> arb_mat:
    """Columns that are known but for their signs, which are those that a kernel gives floats."""
    import numpy as np

    def floats(m: arb_mat) -> Any:
        return np.array([[float(x.mid()) for x in row] for row in m.tolist()])

    rows = columns.tolist()
    for j, turned in enumerate((floats(columns) * kernel(np, floats(a))).sum(axis=0) < 0):
        if turned:
            for row in rows:
                row[j] = -row[j]
    return arb_mat(rows)


def orthonormal(a: arb_mat) -> arb_mat:
    """The Q of a = Q R: a inv(L^T), L being the Cholesky factor of a^T a, with the signs that floats have.

    Raises:
        UndecidedError: for columns that may be dependent.
    """
    lower = cholesky(a.transpose() * a)
    return _signed(a * lower.transpose().inv(), _orthonormal_kernel, a)


def left_vectors(a: arb_mat) -> arb_mat:
    """The left singular vectors as columns."""
    if a.nrows() <= a.ncols():
        return _signed(_descending(eigenvectors(a * a.transpose())), _left_kernel, a)
    return _signed(_moved(a, _descending(eigenvectors(a.transpose() * a))), _left_kernel, a)


def right_vectors(a: arb_mat) -> arb_mat:
    """The right singular vectors as columns."""
    if a.ncols() <= a.nrows():
        return _signed(_descending(eigenvectors(a.transpose() * a)), _right_kernel, a)
    found = _moved(a.transpose(), _descending(eigenvectors(a * a.transpose())))
    return _signed(found, _right_kernel, a)


def _descending(columns: arb_mat) -> arb_mat:
    return arb_mat([row[::-1] for row in columns.tolist()])


def _moved(a: arb_mat, columns: arb_mat) -> arb_mat:
    """The columns that a matrix makes of others, made as long as 1."""
    found = (a * columns).transpose().tolist()
    lengths = [sum((x * x for x in column), arb(0)).sqrt() for column in found]
    if not all(length > 0 for length in lengths):
        raise UndecidedError
    return arb_mat([[x / length for x in column] for column, length in zip(found, lengths, strict=True)]).transpose()


def singular_values(a: arb_mat) -> arb_mat:
    """Those in descending order, as a column: the roots of the eigenvalues of the smaller product with its transpose.

    Raises:
        UndecidedError: where two of them can't be told apart, or one from 0.
    """
    found = eigenvalues(_smaller_square(a))
    values = [found[i, 0] for i in reversed(range(found.nrows()))]
    if not all(value > 0 for value in values):
        raise UndecidedError
    return arb_mat([[value.sqrt()] for value in values])


def _smaller_square(a: arb_mat) -> arb_mat:
    return a * a.transpose() if a.nrows() < a.ncols() else a.transpose() * a


def pseudo_inverse(a: arb_mat, rcond: float) -> arb_mat:
    """That of a matrix of full rank, none of whose singular values counts as 0.

    Raises:
        UndecidedError: where one may, or where two can't be told apart.
    """
    values = singular_values(a)
    if not values[values.nrows() - 1, 0] > 2 * rcond * values[0, 0]:
        raise UndecidedError
    inverse = _smaller_square(a).inv()
    return a.transpose() * inverse if a.nrows() < a.ncols() else inverse * a.transpose()


def squarings(a: arb_mat) -> arb:
    """How often it is halved for its exponential: so often that the approximant's error is far below this precision.

    Of degree 13, it falls by 2^-26 with each halving, from 2^-53 for what is enough for floats (Higham 2005).

    Raises:
        UndecidedError: where that is more often than a rate takes it.
    """
    sums = [sum((abs(float(a[i, j].mid())) for i in range(a.nrows())), 0.0) for j in range(a.ncols())]
    if not all(map(isfinite, sums)):
        raise UndecidedError
    enough = max(0, ceil(log2(max(max(sums) / PADE_UP_TO, 1.0))))
    times = enough + max(0, ceil((ctx.prec - 53) / 26)) + 2
    if times > MOST_SQUARINGS:
        raise UndecidedError
    return arb(times)


# By the names of the entries.
MATRICES: Mapping[str, Callable[..., Any]] = {
    "inv": lambda a: a.inv(),
    "det": lambda a: a.det(),
    "solve": lambda a, b, half=None: a.solve(b),
    "logabsdet": lambda a: abs(a.det()).log(),
    "det_sign": sign_of_determinant,
    "cholesky": cholesky,
    "eigvalsh": eigenvalues,
    "eigenvectors": eigenvectors,
    "orthonormal": orthonormal,
    "left_singular_vectors": left_vectors,
    "right_singular_vectors": right_vectors,
    "svdvals": singular_values,
    "pinv": pseudo_inverse,
    "squarings": squarings,
    "expm": lambda a: a.exp(),
    "adjugate": adjugate,
}
