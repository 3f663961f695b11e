"""Each method of a check: it is right where it is, and what is wrong is found."""

from __future__ import annotations

from math import inf, log10
from typing import Any

import mpmath
import numpy as np
import pytest

from gradcli.core.analysis.audit import _ridders, audit, units
from gradcli.core.analysis.measured import METHODS, Measured
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node, constant_like, fresh_input
from gradcli.core.primitives import elementwise as ew

F64 = DType.FLOAT64


def scalar(name: str) -> Node:
    """A free number."""
    return fresh_input(name, (), F64)


def audited(output: Node, point: dict[Node, float], order: int) -> dict[tuple[int, ...], Measured]:
    """The rows by their indexes."""
    given: dict[Node, Node] = {n: constant_like(v, n) for n, v in point.items()}
    return {row.indexes: row for row in audit([output], list(point), order, given, point)}


def true_value(a: Any, b: Any) -> Any:
    """What is differentiated."""
    return mpmath.exp(a) * mpmath.sin(a * b)


def test_every_method_is_near_the_truth() -> None:
    """To a few ulps, and differences to ten digits or so, up to order 3."""
    x, y = scalar("x"), scalar("y")
    rows = audited(ew.exp(x) * ew.sin(x * y), {x: 0.7, y: 1.3}, 3)
    assert len(rows) == 10
    with mpmath.workdps(40):
        for indexes, row in rows.items():
            orders = (indexes.count(0), indexes.count(1))
            true = (
                float(mpmath.diff(true_value, (mpmath.mpf("0.7"), mpmath.mpf("1.3")), orders))
                if indexes
                else true_value(0.7, 1.3)
            )
            assert float(row.value) == pytest.approx(float(true), rel=1e-12)
            assert row.right
            assert row.known
            for method, error in zip(METHODS, row.errors, strict=True):
                if indexes:
                    assert error is not None
                    assert error < (1e7 if method == "differences" else 64)


def test_a_slope_that_is_no_derivative_is_found() -> None:
    """By differences, which know nothing of the rules."""
    x = scalar("x")
    rows = audited(ew.stop_gradient(x) * x, {x: 2.0}, 1)
    assert rows[()].right
    assert not rows[(0,)].right


@pytest.mark.parametrize("point", [0.5, 1e-3, 1e-8])
def test_digits_and_condition_tell_the_formula_from_the_problem(point: float) -> None:
    """The difference of nearly equal numbers loses digits where the problem loses none; a tangent at a pole does."""
    x = scalar("x")
    row = audited((1.0 - ew.cos(x)) / (x * x), {x: point}, 0)[()]
    assert row.condition is not None
    assert row.condition < 1
    assert row.digits == pytest.approx(min(16.0, 16 + 2 * log10(point)), abs=3)
    pole = audited(ew.tan(x), {x: 1.5707963267 - point / 1e3}, 0)[()]
    assert pole.condition == pytest.approx(1.57 / max(point / 1e3, 1e-10), rel=0.2)


def test_differences_of_polynomials_are_exact() -> None:
    """Of the second degree from the first step on; what leaves the domain is nan."""
    assert _ridders(lambda h: (3 + h) ** 2, 3.0)[0] == pytest.approx(6, rel=1e-13)
    derivative, error = _ridders(lambda h: np.sqrt(h) if h >= 0 else float("nan"), 0.0)
    assert np.isnan(derivative)
    assert error == inf


def test_units_in_the_last_place() -> None:
    """Of a true 0 those of 1; a nan beside a number is infinitely far off."""
    true = np.array([1.0, 0.0, np.inf, np.nan, -4.0])
    assert units(true.copy(), true) == 0
    assert units(np.array([1 + 2**-52, 0, np.inf, np.nan, -4]), true) == 1
    assert units(np.array([1, 2**-51, np.inf, np.nan, -4]), true) == 2
    assert units(np.array([1, 0, 1, np.nan, -4]), true) == inf
    assert units(np.ones(1, dtype=np.float32), np.array([1 + 2.0**-23]), DType.FLOAT32) == 1
