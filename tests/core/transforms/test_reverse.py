"""Reverse mode where it is most often wrong: masked branches, shared nodes, what nothing depends on."""

from __future__ import annotations

import numpy as np
import pytest

from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node, filled, fresh_input
from gradcli.core.primitives.comparisons import equal
from gradcli.core.primitives.elementwise import log, sin, sqrt
from gradcli.core.primitives.selection import select
from gradcli.core.primitives.shaping import broadcast, flip, reshape, take_slice, transpose
from gradcli.core.transforms.reverse import gradient
from tests.core.sampling import Array, run

F64 = DType.FLOAT64


def slope(output: Node, x: Node, at: Array, order: int = 1) -> Array:
    """The gradient of the sum, so many times over."""
    for _ in range(order):
        (output,) = gradient([output], [x])
    return run([output], [x], [at])[0]


@pytest.mark.parametrize("order", [1, 2, 3])
def test_a_branch_not_taken_leaves_no_trace(order: int) -> None:
    """Log at and below 0 gives nan and inf; behind one guard they never arrive."""
    x = fresh_input("x", (4,), F64)
    guarded = select(x > 0.0, log(x), filled(0.0, x))
    got = slope(guarded, x, np.array([-1.0, 0.0, 0.5, 2.0]), order)
    t = np.array([0.5, 2.0])
    exact = {1: 1 / t, 2: -1 / t**2, 3: 2 / t**3}[order]
    np.testing.assert_allclose(got, [0.0, 0.0, *exact], rtol=1e-14)


@pytest.mark.parametrize("order", [1, 2])
def test_a_guard_holds_through_what_stands_below_it(order: int) -> None:
    """The slope of sqrt at 0 is inf: it must not meet the zero of the mask, through sums, reshapes or stretches."""
    u = fresh_input("u", (2,), F64)
    x = sqrt(u)
    both = log(x) + sqrt(x)
    shaped = reshape(both, shape=(2, 1)) * 2.0
    condition = reshape(u > 0.0, shape=(2, 1))
    guarded = select(condition, shaped, filled(0.0, shaped))
    got = slope(guarded, u, np.array([0.0, 4.0]), order)
    assert got[0] == 0.0
    assert np.isfinite(got[1])


def test_a_guard_holds_where_a_scalar_is_stretched() -> None:
    """All elements masked: the sum of their adjoints is a strong zero too."""
    u = fresh_input("u", (), F64)
    wide = broadcast(sqrt(u), shape=(3,))
    guarded = select(wide > 0.0, log(wide), filled(0.0, wide))
    assert slope(guarded, u, np.array(0.0)) == 0.0
    assert slope(guarded, u, np.array(4.0)) == pytest.approx(3 * 0.5 / 4)


def test_a_mask_moves_with_the_elements() -> None:
    """Turned round, transposed or added up in part: what is hidden stays hidden, and the rest arrives."""
    u = fresh_input("u", (2, 2), F64)
    at = np.array([[0.0, 1.0], [4.0, 9.0]])
    for move in (
        lambda x: flip(x, axes=(0, 1)),
        lambda x: transpose(x, axes=(1, 0)),
        lambda x: x + broadcast(take_slice(x, ranges=((0, 1, 1), (0, 2, 1))), shape=(2, 2)) * 0.0,
    ):
        x = move(sqrt(u))
        guarded = select(x > 0.0, log(x), filled(0.0, x))
        np.testing.assert_allclose(slope(guarded, u, at)[1], 0.5 / at[1], rtol=1e-14)
        assert slope(guarded, u, at)[0, 1] == pytest.approx(0.5)
    row = sqrt(take_slice(u, ranges=((0, 1, 1), (0, 2, 1))))
    wide = broadcast(row, shape=(3, 2))
    guarded = select(wide > 0.0, log(wide), filled(0.0, wide))
    np.testing.assert_allclose(slope(guarded, u, at), [[0.0, 1.5], [0.0, 0.0]])


def test_the_other_branch_is_masked_too() -> None:
    """A condition that holds hides what stands behind `else`."""
    x = fresh_input("x", (2,), F64)
    guarded = select(equal(x, 0.0), filled(1.0, x), sin(x) / x)
    got = slope(guarded, x, np.array([0.0, 1.0]))
    np.testing.assert_allclose(got, [0.0, np.cos(1.0) - np.sin(1.0)], rtol=1e-14)


def test_nested_guards_are_all_kept() -> None:
    """Each hides its own branch."""
    x = fresh_input("x", (3,), F64)
    inner = select(x > 1.0, log(x - 1.0), filled(0.0, x))
    outer = select(x > 0.0, inner + sqrt(x), filled(0.0, x))
    got = slope(outer, x, np.array([0.0, 1.0, 2.0]))
    np.testing.assert_allclose(got, [0.0, 0.5, 1.0 + 0.5 / np.sqrt(2.0)], rtol=1e-14)


def test_zero_times_infinity_is_not_redefined() -> None:
    """Where no branch was taken, nan is the truth."""
    x = fresh_input("x", (), F64)
    assert np.isnan(slope(0.0 * log(x) * x * 0.0 / x, x, np.array(0.0)))


def test_shared_nodes_are_counted_once_for_each_use() -> None:
    """X + x and x * x, through one node."""
    x = fresh_input("x", (), F64)
    y = sin(x)
    assert slope(y * y + y + y, x, np.array(0.3)) == pytest.approx(2 * np.cos(0.3) * (np.sin(0.3) + 1), rel=1e-15)


def test_what_nothing_depends_on_has_zeros_of_its_shape() -> None:
    """Not None, and not an error."""
    x, y = fresh_input("x", (2,), F64), fresh_input("y", (3,), DType.FLOAT32)
    (zero,) = gradient([sin(x)], [y])
    assert (zero.shape, zero.dtype) == ((3,), DType.FLOAT32)
    assert not run([zero], [], [])[0].any()


def test_several_outputs_are_summed() -> None:
    """Of any shapes."""
    x = fresh_input("x", (2,), F64)
    (total,) = gradient([x * 2.0, sin(x)], [x])
    (got,) = run([total], [x], [np.array([0.0, 1.0])])
    np.testing.assert_allclose(got, 2 + np.cos([0.0, 1.0]))
