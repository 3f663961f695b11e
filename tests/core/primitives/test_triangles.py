"""Systems whose matrix is a triangle: in blocks, against what any matrix is solved with."""

from __future__ import annotations

import numpy as np
import pytest

from gradcli.core.engines.program import Program
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import fresh_input
from gradcli.core.ir.traversal import reachable
from gradcli.core.library.decompositions import cholesky_solve, solve_triangular
from gradcli.core.library.functions import reshape, sum_
from gradcli.core.library.linear_algebra import solve
from gradcli.core.primitives import triangles
from gradcli.core.primitives.elementwise import tanh
from gradcli.core.primitives.linear_algebra import LOWER, UPPER, cholesky, solution, swap_last
from gradcli.core.transforms.reverse import gradient

RNG = np.random.default_rng(0)


@pytest.fixture(params=["with BLAS", "without"])
def any_library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test where NumPy has brought a function for triangles, and as if it had not."""
    if request.param == "without":
        monkeypatch.setattr(triangles, "_dtrsm", lambda package: None)
    elif triangles._dtrsm(np.__file__) is None:
        pytest.skip("this NumPy has brought none")


@pytest.mark.usefixtures("any_library")
@pytest.mark.parametrize("half", [LOWER, UPPER])
@pytest.mark.parametrize("n", [3, 30, 64, 65, 128, 200, 300])
@pytest.mark.parametrize(("stack", "columns"), [((), 1), ((), 20), ((3,), 2), ((2, 2), 9)])
def test_a_triangle_is_solved_in_blocks(half: str, n: int, stack: tuple[int, ...], columns: int) -> None:
    """As any matrix is, of whatever size."""
    a = RNG.normal(size=(*stack, n, n)) / n + 2 * np.eye(n)
    a, b = np.tril(a) if half == LOWER else np.triu(a), RNG.normal(size=(*stack, n, columns))
    inputs = [fresh_input("a", a.shape, DType.FLOAT64), fresh_input("b", b.shape, DType.FLOAT64)]
    (found,) = Program([solution(*inputs, half=half)], inputs)(a, b)
    np.testing.assert_allclose(found, np.linalg.solve(a, b), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(a @ found, b, atol=1e-13)


@pytest.mark.usefixtures("any_library")
@pytest.mark.parametrize("columns", [1, 12])
@pytest.mark.parametrize("half", [LOWER, UPPER])
def test_a_triangle_may_lie_in_any_way(half: str, columns: int) -> None:
    """Transposed, with gaps, turned round, read-only and in float32; what is right of the equation stays as it is."""
    n = 90
    whole = RNG.normal(size=(n, n)) / n + 2 * np.eye(n)
    part = np.tril(whole) if half == LOWER else np.triu(whole)
    wide = np.repeat(np.repeat(part, 2, axis=0), 3, axis=1)
    frozen = part.copy()
    frozen.flags.writeable = False
    b = RNG.normal(size=(columns, n)).T
    before = b.copy()
    kernel = solution.kernel
    assert callable(kernel)
    for a in (
        part,
        np.asfortranarray(part),
        wide[::2, ::3],
        np.repeat(part, 2, axis=0)[::2],
        part[::-1, ::-1].copy()[::-1, ::-1],
        frozen,
    ):
        np.testing.assert_allclose(kernel(np, a, b, half=half), np.linalg.solve(part, b), rtol=1e-12, atol=1e-14)
    rough = kernel(np, part.astype("float32"), b.astype("float32"), half=half)
    np.testing.assert_allclose(rough, np.linalg.solve(part, b), rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(b, before)


@pytest.mark.usefixtures("any_library")
@pytest.mark.parametrize("shape", [(30, 30), (70, 70), (200, 200)])
def test_a_matrix_without_an_answer_has_nan(shape: tuple[int, ...]) -> None:
    """A 0 on the diagonal."""
    a = np.eye(shape[0])
    a[7, 7] = 0
    inputs = [fresh_input("a", shape, DType.FLOAT64), fresh_input("b", (shape[0], 1), DType.FLOAT64)]
    found = np.asarray(Program([solution(*inputs, half=LOWER)], inputs)(a, np.ones((shape[0], 1)))[0])
    assert np.isnan(found).all()


def test_a_triangle_without_an_answer_has_nan() -> None:
    """Of a stack only that one."""
    a = np.stack([np.eye(70), np.eye(70)])
    a[1, 40, 40] = 0
    inputs = [fresh_input("a", a.shape, DType.FLOAT64), fresh_input("b", (2, 70, 1), DType.FLOAT64)]
    found = np.asarray(Program([solution(*inputs, half=LOWER)], inputs)(a, np.ones((2, 70, 1)))[0])
    assert (found[0] == 1).all()
    assert np.isnan(found[1]).all()


def test_cholesky_and_its_slope_need_triangles_alone() -> None:
    """What is solved with its factor, and what the factor's slope is solved with, twice each."""
    k, y = fresh_input("k", (80, 80), DType.FLOAT64), fresh_input("y", (80,), DType.FLOAT64)
    factor = cholesky(k)
    loss = sum_(tanh(solve(factor, y))) + sum_(cholesky_solve(y, factor)) + sum_(factor)
    slopes = gradient([loss], [k, y])
    solved = [n for n in reachable(slopes) if n.op is solution]
    assert solved
    assert all(n.attrs.get("half") in (LOWER, UPPER) for n in solved)
    # The same with no word of triangles.
    plain = sum_(tanh(solve(factor * 1.0, y))) + sum_(factor)
    plain = plain + sum_(solution(swap_last(factor) * 1.0, solution(factor * 1.0, reshape(y, (80, 1)))))
    a = RNG.normal(size=(80, 80))
    values = a @ a.T + 80 * np.eye(80), RNG.normal(size=80)
    for one, other in zip(
        Program(slopes, [k, y])(*values), Program(gradient([plain], [k, y]), [k, y])(*values), strict=True
    ):
        np.testing.assert_allclose(one, other, atol=1e-13)


@pytest.mark.parametrize("lower", [True, False])
@pytest.mark.parametrize("trans", [0, 1])
def test_slopes_through_a_triangle(lower: bool, trans: int) -> None:
    """By finite differences, of the half that is used; the other has none."""
    a, b = fresh_input("a", (70, 70), DType.FLOAT64), fresh_input("b", (70,), DType.FLOAT64)
    loss = sum_(tanh(solve_triangular(a, b, trans, lower)))
    at, bt = RNG.normal(size=(70, 70)) / 70 + np.eye(70), RNG.normal(size=70)
    value, slopes = Program([loss], [a, b]), Program(gradient([loss], [a, b]), [a, b])(at, bt)
    for i, j in ((3, 3), (60, 5), (5, 60), (69, 68)):
        step = np.zeros((70, 70))
        step[i, j] = 1e-6
        moved = (value(at + step, bt)[0] - value(at - step, bt)[0]) / 2e-6
        assert np.asarray(slopes[0])[i, j] == pytest.approx(moved, abs=1e-7)
