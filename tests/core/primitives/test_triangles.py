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
from gradcli.core.primitives.elementwise import tanh
from gradcli.core.primitives.linear_algebra import LOWER, UPPER, cholesky, solution, swap_last
from gradcli.core.transforms.reverse import gradient

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("half", [LOWER, UPPER])
@pytest.mark.parametrize("n", [3, 64, 65, 100, 200])
@pytest.mark.parametrize(("stack", "columns"), [((), 1), ((), 20), ((3,), 2), ((2, 2), 9)])
def test_a_triangle_is_solved_in_blocks(half: str, n: int, stack: tuple[int, ...], columns: int) -> None:
    """As any matrix is, of whatever size."""
    a = RNG.normal(size=(*stack, n, n)) / n + 2 * np.eye(n)
    a, b = np.tril(a) if half == LOWER else np.triu(a), RNG.normal(size=(*stack, n, columns))
    inputs = [fresh_input("a", a.shape, DType.FLOAT64), fresh_input("b", b.shape, DType.FLOAT64)]
    (found,) = Program([solution(*inputs, half=half)], inputs)(a, b)
    np.testing.assert_allclose(found, np.linalg.solve(a, b), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(a @ found, b, atol=1e-13)


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
