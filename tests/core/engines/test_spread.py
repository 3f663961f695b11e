"""The digits of large tensors by Monte Carlo arithmetic, beside what balls say of a few of their elements."""

from __future__ import annotations

from math import inf

import mpmath
import numpy as np
import pytest

from gradcli.core.engines.evaluation import evaluate
from gradcli.core.engines.numpy.spread import digits_by_spread
from gradcli.core.ir.nodes import Node, array_constant
from gradcli.core.library.functions import sum_
from gradcli.core.primitives import elementwise as ew
from gradcli.core.primitives import linear_algebra as la
from gradcli.session.results import Shown
from tests.language.running import run


def spaced(low: float, high: float) -> Node:
    """So many numbers that no balls are taken."""
    return array_constant(np.linspace(low, high, 2000))


@pytest.mark.parametrize("low", [1e-1, 1e-3, 1e-5, 1e-7])
def test_the_estimate_is_near_what_is_lost(low: float) -> None:
    """To about a digit, at the element that is off most."""
    x = spaced(low, 2 * low)
    node = (1.0 - ew.cos(x)) / (x * x)
    (values,) = evaluate([node])
    with mpmath.workdps(50):
        exact = [(1 - mpmath.cos(mpmath.mpf(float(v)))) / mpmath.mpf(float(v)) ** 2 for v in x.value[::20]]  # type: ignore[attr-defined]
        off = [abs(float(v) / t - 1) for v, t in zip(np.asarray(values)[::20], exact, strict=True)]
        true = float(-mpmath.log10(max(off)))
    (found,) = digits_by_spread([node])
    assert found == pytest.approx(max(true, 0.0), abs=1.5)


def test_what_loses_nothing() -> None:
    """Elementwise functions, sums and products of positive numbers keep nearly all."""
    x = spaced(1.0, 2.0)
    square = array_constant(np.random.default_rng(0).random((60, 60)) + 1.0)
    assert min(digits_by_spread([ew.exp(x), x * x, sum_(x), la.matrix_product(square, square)])) > 13
    assert digits_by_spread([ew.absolute(x)]) == [inf]


def test_a_large_tensor_is_marked() -> None:
    """Where fewer than 8 digits are right; what is enough is not."""
    (lost,) = run("x = linspace(1e-8, 1e-7, 2000)\n(1 - cos(x))/x^2").results
    assert isinstance(lost, Shown)
    assert lost.note == "float64 arithmetic: about no digit of the element that is off most"
    (kept,) = run("x = linspace(1, 2, 2000)\nexp(x)*sin(x)").results
    assert isinstance(kept, Shown)
    assert kept.note is None
