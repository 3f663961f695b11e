"""Integrals against 50 digits: smooth ones, ends that are singular or infinite, and what has none."""

from __future__ import annotations

from collections.abc import Callable
from math import inf, pi
from typing import Any

import mpmath
import numpy as np
import pytest

from gradcli.core.calculus.quadrature import integral_of, rule
from gradcli.core.errors import CoreError
from gradcli.core.ir.nodes import Node
from gradcli.core.primitives.elementwise import absolute, cos, exp, log, power, sin, sqrt
from tests.core.calculus.bodies import body

# The integrand, its ends, and the integral.
KNOWN: dict[str, tuple[Callable[[Node], Node], float, float, Any]] = {
    "bell": (lambda t: exp(-(t * t)), 0, 1, mpmath.sqrt(mpmath.pi) / 2 * mpmath.erf(1)),
    "half of a bell": (lambda t: exp(-(t * t)), 0, inf, mpmath.sqrt(mpmath.pi) / 2),
    "a bell": (lambda t: exp(-(t * t)), -inf, inf, mpmath.sqrt(mpmath.pi)),
    "a bell far out": (lambda t: exp(-(t - 100.0) * (t - 100.0)), 0, inf, mpmath.sqrt(mpmath.pi)),
    "backwards": (lambda t: exp(t), 1, 0, 1 - mpmath.e),
    "from minus infinity": (lambda t: exp(t), -inf, 0, 1),
    "root at 0": (lambda t: 1.0 / sqrt(t), 0, 1, 2),
    "root at 1": (lambda t: 1.0 / sqrt(1.0 - t), 0, 1, 2),
    "a strong root at 2": (lambda t: 1.0 / power(2.0 - t, 0.75), 1, 2, 4),
    "roots at both ends": (lambda t: 1.0 / sqrt(1.0 - t * t), -1, 1, mpmath.pi),
    "logarithm at 0": (log, 0, 1, -1),
    "logarithm at 1": (lambda t: log(1.0 - t), 0, 1, -1),
    "logarithm over root": (lambda t: log(t) / sqrt(t), 0, 1, -4),
    "almost too strong": (lambda t: power(t, -0.9), 0, 1, 10),
    "slowly falling": (lambda t: 1.0 / (t * sqrt(t)), 1, inf, 2),
    "witch of Agnesi": (lambda t: 1.0 / (1.0 + t * t), -inf, inf, mpmath.pi),
    "a peak": (lambda t: 1.0 / (1e-8 + t * t), -1, 1, 2 * mpmath.mpf(10) ** 4 * mpmath.atan(mpmath.mpf(10) ** 4)),
    "a corner": (lambda t: absolute(t - 0.3), 0, 1, (mpmath.mpf(0.3) ** 2 + (1 - mpmath.mpf(0.3)) ** 2) / 2),
    "waves": (sin, 0, 100 * pi, 1 - mpmath.cos(mpmath.mpf(100 * pi))),
    "removable": (lambda t: sin(t) / t, -1, 2, mpmath.si(2) + mpmath.si(1)),
    "a root within": (lambda t: 1.0 / sqrt(absolute(t - 0.3)), 0, 1, 2 * mpmath.sqrt(0.3) + 2 * mpmath.sqrt(0.7)),
    "a logarithm within": (
        lambda t: log(absolute(t - 0.7)),
        0,
        1,
        mpmath.mpf(0.7) * (mpmath.log(0.7) - 1) + (1 - mpmath.mpf(0.7)) * (mpmath.log(1 - mpmath.mpf(0.7)) - 1),
    ),
    "no length": (exp, 3, 3, 0),
}


@pytest.mark.parametrize("name", KNOWN)
def test_known_integrals(name: str) -> None:
    """The bound holds, and is a small one."""
    function, low, high, want = KNOWN[name]
    value, error = integral_of(body(function), low, high)
    assert abs(float(value) - float(want)) <= error
    assert error <= 1e-12 * max(1.0, abs(float(want)))


@pytest.mark.parametrize("seed", range(12))
def test_random_integrands(seed: int) -> None:
    """Polynomials times waves and exponentials between random ends; the bound holds."""
    rng = np.random.default_rng(seed)
    a, b, c = rng.uniform(-3, 3, 3).tolist()
    low, high = sorted(rng.uniform(-4, 4, 2).tolist())
    value, error = integral_of(body(lambda t: (t * t - a) * cos(t * b) * exp(t * c * 0.3)), low, high)
    with mpmath.workdps(50):
        want = mpmath.quad(
            lambda t: (t * t - a) * mpmath.cos(t * b) * mpmath.exp(t * mpmath.mpf(c * 1.0) * mpmath.mpf(0.3)),
            mpmath.linspace(low, high, 9),
        )
    assert abs(float(value) - float(want)) <= error
    assert error <= 1e-12 * max(1.0, abs(float(want)))


REFUSED: dict[str, tuple[Callable[[Node], Node], float, float, str]] = {
    "pole at an end": (lambda t: 1.0 / t, 0, 1, "towards 0 the integrand grows like the distance to the power -1"),
    "pole at the other end": (lambda t: 1.0 / (t - 1.0), 0, 1, "towards 1 the integrand grows"),
    "pole within": (
        lambda t: 1.0 / (t - 0.3),
        0,
        1,
        "towards 0.3 the integrand grows like the distance to the power -1",
    ),
    "pole at 0": (lambda t: 1.0 / t, -1, 1, "has a pole near 0"),
    "falls too slowly": (lambda t: 1.0 / t, 1, inf, "falls no faster than 1/t"),
    "a constant": (lambda t: 0.0 * t + 1.0, 0, inf, "falls no faster than 1/t"),
    "waves without end": (sin, 0, inf, "could not be found at all"),
    "no values": (lambda t: sqrt(t - 2.0), 0, 1, "has no value near"),
    "no values on a part": (log, -1, 1, "has no value near"),
    "beyond the floats": (exp, 0, inf, "no finite value near"),
    "an end that is nan": (exp, 0, float("nan"), "an end of the integral is nan"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_integral(name: str) -> None:
    """A sentence, and never a number."""
    function, low, high, sentence = REFUSED[name]
    with pytest.raises(CoreError, match=sentence):
        integral_of(body(function), low, high)


def test_the_rule_is_exact_for_polynomials() -> None:
    """Of degree 31 for 21 points, 19 for the 10 among them (Kronrod 1964)."""
    nodes, weights, inner = rule()
    for degree in range(0, 32, 2):
        want = 2 / (degree + 1)
        assert float(weights @ nodes**degree) == pytest.approx(want, rel=1e-15)
        if degree <= 19:
            assert float(inner @ nodes**degree) == pytest.approx(want, rel=1e-14)
