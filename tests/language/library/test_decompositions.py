"""Decompositions: derivatives of each order against 50 digits, mode against mode, and what is at equal values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import mpmath
import numpy as np
import pytest

from tests.core.truth import derivatives
from tests.language.running import run, value

A = np.array([[4.0, 1.0, 0.5], [0.7, 3.0, 0.2], [0.5, -0.4, 2.0]])
B = np.array([[0.3, -0.7, 0.2], [0.5, 0.1, -0.6], [-0.2, 0.4, 0.8]])
Matrix = Any


def _symmetric(a: Matrix) -> Matrix:
    return (a + a.T) / 2


def _turned(vectors: Matrix, *others: Matrix) -> list[Matrix]:
    """Columns whose largest element is positive, and those of others with them."""
    for j in range(vectors.cols):
        column = [vectors[i, j] for i in range(vectors.rows)]
        if max(column, key=abs) < 0:
            for m in (vectors, *others):
                for i in range(m.rows):
                    m[i, j] = -m[i, j]
    return [vectors, *others]


def _svd(a: Matrix) -> tuple[Matrix, Matrix, Matrix]:
    u, s, vt = mpmath.svd_r(a)
    u, v = _turned(u, vt.T)
    return u, s, v.T


def _qr(a: Matrix) -> tuple[Matrix, Matrix]:
    """With LAPACK's signs at A, a diagonal of R below 0 but for the last row of a square matrix."""
    q, r = mpmath.qr(a, mode="skinny")
    wanted = np.sign(np.diag(np.linalg.qr(np.array(a.tolist(), dtype=float))[1]))
    for j, sign in enumerate(wanted):
        if mpmath.sign(r[j, j]) != sign:
            q[:, j] = -q[:, j]
            r[j, :] = -r[j, :]
    return q, r


def _pinv(a: Matrix) -> Matrix:
    return (a.T * a) ** -1 * a.T if a.rows >= a.cols else a.T * (a * a.T) ** -1


# What is written, of a matrix A + t B of so many columns, and the same by mpmath.
TRUTH: Sequence[tuple[str, int, Callable[[Matrix], Matrix]]] = (
    ("eigvalsh(X)", 3, lambda x: mpmath.eigsy(_symmetric(x), eigvals_only=True)),
    ("eigh(X)[1]", 3, lambda x: _turned(mpmath.eigsy(_symmetric(x))[1])[0]),
    ("svdvals(X)", 3, lambda x: _svd(x)[1]),
    *((f"svd(X)[{i}]", 3, lambda x, i=i: _svd(x)[i]) for i in range(3)),
    *((f"svd(X, full_matrices=false)[{i}]", 2, lambda x, i=i: _svd(x)[i]) for i in range(3)),
    *((f"qr(X)[{i}]", 3, lambda x, i=i: _qr(x)[i]) for i in range(2)),
    *((f"qr(X)[{i}] * 1", 2, lambda x, i=i: _qr(x)[i]) for i in range(2)),
    ("pinv(X)", 3, lambda x: x**-1),
    ("pinv(X)", 2, _pinv),
    ("pinv(X.T)", 2, lambda x: _pinv(x.T)),
    ("lstsq(X, [[1], [2], [4]])", 2, lambda x: mpmath.lu_solve(x, mpmath.matrix([1, 2, 4]))),
    ("expm(X)", 3, mpmath.expm),
    ("expm(9X)", 3, lambda x: mpmath.expm(9 * x, method="pade")),
    ("matrix_power(X, -3)", 3, lambda x: x**-3),
    ("solve_triangular(X, X @ [[1], [2], [3]])", 3, lambda x: _upper(x) ** -1 * x * mpmath.matrix([1, 2, 3])),
    ("cholesky_solve([[1], [2], [3]], X)", 3, lambda x: (_upper(x.T).T * _upper(x.T)) ** -1 * mpmath.matrix([1, 2, 3])),
    ('norm(X, "nuc") * [[1]]', 3, lambda x: mpmath.matrix([sum(_svd(x)[1])])),
    ("cond(X) * [[1]]", 3, lambda x: mpmath.matrix([_svd(x)[1][0] / _svd(x)[1][2]])),
    ("logdet(X) * [[1]]", 3, lambda x: mpmath.matrix([mpmath.log(mpmath.det(x))])),
)


def _upper(x: Matrix) -> Matrix:
    return mpmath.matrix([[x[i, j] if i <= j else 0 for j in range(x.cols)] for i in range(x.rows)])


@pytest.mark.parametrize(("text", "columns", "truth"), TRUTH, ids=[f"{t[0]}-{t[1]}" for t in TRUTH])
def test_four_orders_are_those_of_50_digits(text: str, columns: int, truth: Callable[[Matrix], Matrix]) -> None:
    """Along a line in the matrix: the value and its derivatives up to the fourth, of a sum with weights."""
    a, b = A[:, :columns], B[:, :columns]

    def weighted(t: Any) -> Any:
        found = truth(mpmath.matrix(a.tolist()) + t * mpmath.matrix(b.tolist()))
        return sum((x * (1 + i) for i, x in enumerate(found)), mpmath.mpf(0))

    want = list(map(float, derivatives(weighted, 0, 4)))
    of_line = text.replace("X", f"({a.tolist()} + t * {b.tolist()})")
    setup = f"F(t) = {of_line}\nn = len(reshape(F(0), (-1,)))\nf(t) = reshape(F(t), (-1,)) @ (arange(n) + 1)\n"
    got = value(setup + "f(0.0), f'(0.0), f''(0.0), f'''(0.0), f''''(0.0)")
    np.testing.assert_allclose([float(x) for x in got], want, rtol=2e-10, atol=1e-10)


@pytest.mark.parametrize(("text", "columns"), [t[:2] for t in TRUTH], ids=[f"{t[0]}-{t[1]}" for t in TRUTH])
def test_modes_agree(text: str, columns: int) -> None:
    """<v, jvp(u)> = <vjp(v), u>, and forward over reverse is reverse over reverse."""
    a, b = A[:, :columns].tolist(), B[:, :columns].tolist()
    setup = f"F(X) = {text}\nw = normal(F({a}).shape)\n"
    forward, reverse = value(setup + f"sum(w * jvp(F)({a}, {b})), sum(vjp(F)({a}, w) * {b})")
    assert float(forward) == pytest.approx(float(reverse), rel=1e-11)
    second = f"f(X) = sum(w * F(X)^2)\nsum(jvp(X -> grad(f)(X))({a}, {b}) * {b}), (t -> f({a} + t * {b}))''(0.0)"
    mixed, along = value(setup + second)
    assert float(mixed) == pytest.approx(float(along), rel=1e-10)


STACKED = [
    "eigvalsh(X)",
    "eigh(X)[1]",
    "svdvals(X)",
    "svd(X)[0]",
    "svd(X)[2]",
    "qr(X)[0]",
    "qr(X)[1]",
    "pinv(X)",
    "expm(X)",
    "matrix_power(X, 2)",
    "lstsq(X, [[1], [2], [3]])",
    "solve_triangular(X, [[1], [2], [3]], lower=true)",
    "cholesky_solve([[1], [2], [3]], X)",
    "cond(X)",
    "logdet(X)",
    "matrix_rank(X)",
    "norm(X, 2, axis=(-2, -1))",
]


@pytest.mark.parametrize("text", STACKED)
def test_a_stack_is_its_matrices(text: str) -> None:
    """Values and slopes."""
    stack = np.array([A, A + B, A - B @ B]).tolist()
    setup = f"F(X) = {text}\n"
    np.testing.assert_allclose(
        value(setup + f"F({stack})"), [value(setup + f"F({one})") for one in stack], rtol=1e-12, atol=1e-14
    )
    if "rank" not in text:
        grads = [value(setup + f"grad(X -> sum(F(X)^3))({one})") for one in stack]
        np.testing.assert_allclose(value(setup + f"grad(X -> sum(F(X)^3))({stack})"), grads, rtol=1e-9, atol=1e-11)


# An orthogonal matrix, so that equal eigenvalues are so but for rounding.
Q = np.linalg.qr(B)[0]
TWICE = (Q @ np.diag([1.0, 1.0, 4.0]) @ Q.T).tolist()
LOST = [
    ("eigh(X)[1][0, 0]", TWICE, "all eigenvalues differ"),
    ("eigh(X)[1][0, 0]", np.eye(2).tolist(), "all eigenvalues differ"),
    ("svd(X)[0][0, 1]", TWICE, "all singular values differ"),
    ("svd(X)[2][0, 0]", np.eye(2).tolist(), "all singular values differ"),
    ("svd(X, full_matrices=false)[0][0, 1]", [[1, 2], [2, 4], [3, 6]], "all singular values differ"),
    ("qr(X)[0][0, 0]", [[1, 2], [2, 4], [3, 6]], "columns are independent"),
    ("qr(X)[1][1, 1]", (Q[:, :2] @ [[1, 3], [0, 0]]).tolist(), "columns are independent"),
    ("pinv(X)[0, 0]", [[1, 2], [2, 4]], "the rank is full"),
    ("lstsq(X, [1, 2, 3])[0]", [[1, 2], [2, 4], [3, 6]], "the rank is full"),
]


@pytest.mark.parametrize(("text", "at", "reason"), LOST)
def test_where_there_is_no_derivative_it_is_nan_and_says_why(text: str, at: Any, reason: str) -> None:
    """Never a number of the size of a rounding's reciprocal; forward as in reverse."""
    step = run(f"f(X) = {text}\ngrad(f)({at})")
    assert np.isnan(value(f"f(X) = {text}\ngrad(f)({at})")).all()
    assert any(reason in d.message for d in step.diagnostics), step.diagnostics
    assert np.isnan(value(f"f(X) = {text}\njvp(f)({at}, {np.arange(np.size(at)).reshape(np.shape(at)).tolist()})"))


@pytest.mark.parametrize("at", [TWICE, np.eye(3).tolist(), np.zeros((3, 3)).tolist()])
def test_what_does_not_tell_equal_eigenvalues_apart_is_right(at: Any) -> None:
    """Of their sum at every order, of other such functions the first; no note says that they are conventions."""
    x = np.array(at)
    for text, slope in (
        ("sum(eigvalsh(X))", np.eye(3)),
        ("mean(eigvalsh(X))", np.eye(3) / 3),
        ("sum(eigvalsh(X)^2)", 2 * x),
        ("sum(exp(eigvalsh(X)))", value(f"expm({at})")),
    ):
        step = run(f"f(X) = {text}\ngrad(f)({at})")
        assert not step.diagnostics, step.diagnostics
        np.testing.assert_allclose(value(f"f(X) = {text}\ngrad(f)({at})"), slope, rtol=1e-12, atol=1e-12)
    assert (value(f"hessian(X -> sum(eigvalsh(X)))({at})") == 0).all()
    assert np.isnan(value(f"hessian(X -> sum(eigvalsh(X)^2))({at})")).any()


def test_forward_a_single_eigenvalue_keeps_its_vector() -> None:
    """Beside equal ones; in reverse what a function takes of all vectors can't be told from what it does not."""
    h, b = 1e-5, (B + B.T) / 2

    def vector(t: float) -> Any:
        found = np.linalg.eigh(np.array(TWICE) + t * b)[1][:, 2]
        return found * np.sign(found[np.argmax(abs(found))])

    got = value(f"jvp(X -> eigh(X)[1][:, 2])({TWICE}, {B.tolist()})")
    np.testing.assert_allclose(got, (vector(h) - vector(-h)) / (2 * h), rtol=1e-6, atol=1e-8)
    assert np.isnan(value(f"grad(X -> eigh(X)[1][0, 2])({TWICE})")).all()


def test_equal_eigenvalues_share_the_slope() -> None:
    """That of one alone is a convention, and is said to be one; its second derivative is none."""
    text = f"f(X) = eigvalsh(X)[0]\ngrad(f)({TWICE})"
    v = Q[:, :2]
    np.testing.assert_allclose(value(text), v @ v.T / 2, rtol=1e-12, atol=1e-14)
    assert any("corner" in d.message for d in run(text).diagnostics)
    assert np.isnan(value(text.replace("grad", "hessian"))).any()
    forward = value(f"jvp(X -> eigvalsh(X)[1])({TWICE}, {B.tolist()})")
    assert float(forward) == pytest.approx(np.trace(v.T @ B @ v) / 2)


def test_singular_values_at_zero_have_slope_zero() -> None:
    """As abs has at 0: the nuclear norm has the shortest of its subgradients there, and says so."""
    text = 'f(X) = norm(X, "nuc")\ngrad(f)([[1, 1], [1, 1]])'
    np.testing.assert_allclose(value(text), np.full((2, 2), 0.5), rtol=1e-12)
    assert any("corner" in d.message for d in run(text).diagnostics)


def test_of_nan_and_infinity_there_is_nan() -> None:
    """And of the other matrices of a stack what they have."""
    for text in STACKED:
        if not any(word in text for word in ("rank", "norm", "triangular", "cholesky", "logdet", "power", "lstsq")):
            got = value(f"X = [{A.tolist()}, {np.full((3, 3), 7.0).tolist()}] / [[[1]], [[0]]]\n{text}")
            assert np.isfinite(got[0]).all(), text
            lost = got[1][np.triu_indices(3)] if text == "qr(X)[1]" else got[1]
            assert np.isnan(lost).all(), text


def test_exponentials_of_special_matrices() -> None:
    """Of one that can't be diagonalized, of large and of empty ones."""
    np.testing.assert_array_equal(value("expm([[0, 1e6], [0, 0]])"), [[1, 1e6], [0, 1]])
    np.testing.assert_allclose(value("expm([[-1e5, 1], [0, -2]])")[1, 1], np.exp(-2), rtol=1e-10)
    assert value("expm(zeros((0, 0)))").shape == (0, 0)
    np.testing.assert_array_equal(value("expm(zeros((2, 2)))"), np.eye(2))
    hessian = "hessian(X -> expm(X)[0, 1])(zeros((2, 2)))"
    assert not run(hessian).diagnostics
    assert value(hessian)[0, 0, 0, 1] == 0.5


def test_float32_stays() -> None:
    """All of them keep the type of their matrix."""
    for text in STACKED:
        if "rank" not in text and "[[1]" not in text:
            assert value(f"X = float32({[A.tolist()] * 2})\n{text}").dtype == "float32", text
