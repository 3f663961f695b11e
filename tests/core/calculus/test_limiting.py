"""Limits and critical points, against what is known of them."""

from __future__ import annotations

from collections.abc import Callable
from math import e, inf, pi

import numpy as np
import pytest

from gradcli.core.calculus.bodies import closed
from gradcli.core.calculus.critical import critical_points, critical_points_in_box
from gradcli.core.calculus.limiting import one_sided
from gradcli.core.ir.nodes import Node, fresh_input
from gradcli.core.library.indexing import index
from gradcli.core.primitives.elementwise import absolute, atan, cos, exp, log, power, sin, sqrt, tan
from gradcli.core.primitives.rounding import floor
from tests.core.calculus.bodies import F64, body

# The function, the point, the limits from the left and from the right (None: not told), and whether they are proved.
LIMITS: dict[str, tuple[Callable[[Node], Node], float, tuple[float | None, float | None], bool]] = {
    "sin(x)/x": (lambda x: sin(x) / x, 0, (1, 1), True),
    "(1 - cos(x))/x^2": (lambda x: (1.0 - cos(x)) / (x * x), 0, (0.5, 0.5), True),
    "(tan(x) - sin(x))/x^3": (lambda x: (tan(x) - sin(x)) / (x * x * x), 0, (0.5, 0.5), True),
    "(e^x - 1 - x)/x^2": (lambda x: (exp(x) - 1.0 - x) / (x * x), 0, (0.5, 0.5), True),
    "(x^2 - 1)/(x - 1)": (lambda x: (x * x - 1.0) / (x - 1.0), 1, (2, 2), True),
    "|x|/x": (lambda x: absolute(x) / x, 0, (-1, 1), True),
    "1/x": (lambda x: 1.0 / x, 0, (-inf, inf), True),
    "1/x^2": (lambda x: 1.0 / (x * x), 0, (inf, inf), True),
    "(1 + x)^(1/x)": (lambda x: power(1.0 + x, 1.0 / x), 0, (e, e), True),
    "continuous": (cos, pi, (-1, -1), True),
    "(1 + 1/x)^x at inf": (lambda x: power(1.0 + 1.0 / x, x), inf, (e, e), True),
    "sqrt(x^2 + x) - x at inf": (lambda x: sqrt(x * x + x) - x, inf, (0.5, 0.5), True),
    "x log(x)": (lambda x: x * log(x), 0, (None, 0), False),
    "(x - 1) log(x - 1)": (lambda x: (x - 1.0) * log(x - 1.0), 1, (None, 0), False),
    "log(x)": (log, 0, (None, -inf), False),
    "x^x": (lambda x: power(x, x), 0, (None, 1), False),
    "x sin(1/x)": (lambda x: x * sin(1.0 / x), 0, (0, 0), False),
    "exp(-1/x)": (lambda x: exp(-1.0 / x), 0, (inf, 0), False),
    "atan at inf": (atan, inf, (pi / 2, pi / 2), False),
    "atan at -inf": (atan, -inf, (-pi / 2, -pi / 2), False),
    "exp(-x) at inf": (lambda x: exp(-x), inf, (0, 0), False),
    "log(x)/x at inf": (lambda x: log(x) / x, inf, (0, 0), False),
    "tanh by hand at inf": (lambda x: (exp(x) - exp(-x)) / (exp(x) + exp(-x)), inf, (1, 1), False),
    "sin(1/x)": (lambda x: sin(1.0 / x), 0, (None, None), False),
    "sin at inf": (sin, inf, (None, None), False),
    "a part that overflows": (lambda x: log(1.0 + exp(x)) - x, inf, (None, None), False),
    "overflow": (exp, inf, (inf, inf), False),
    "digits that are lost": (lambda x: x * (pi / 2 - atan(x)), inf, (None, None), False),
    "fractions of whole numbers": (lambda x: x - floor(x), inf, (None, None), False),
    "steps at a pole": (lambda x: floor(x) / x, inf, (1, 1), False),
    "too slow to tell": (lambda x: log(log(x)), inf, (None, None), False),
}


@pytest.mark.parametrize("name", LIMITS)
def test_limits(name: str) -> None:
    """From both sides."""
    function, point, wanted, proved = LIMITS[name]
    for way, want in zip((-1.0, 1.0), wanted, strict=True):
        found = one_sided(body(function), [], point, way)
        assert found.by_series is proved
        assert found.value == (None if want is None else pytest.approx(want, rel=1e-12, abs=1e-300))


def test_digits_that_are_lost_are_no_limit() -> None:
    """Far out 1 + 1/x is 1 in floats, and the values come to rest at another number than before: not believed."""
    found = one_sided(body(lambda x: exp(x * log(1.0 + 1.0 / x)) + exp(-x)), [], inf, 1.0)
    assert found.value is None


CRITICAL: dict[str, tuple[Callable[[Node], Node], float, float, list[tuple[float, str]]]] = {
    "cubic": (
        lambda x: x * x * x - 3.0 * x,
        -3,
        3,
        [(-3, "endpoint minimum"), (-1, "maximum"), (1, "minimum"), (3, "endpoint maximum")],
    ),
    "of order 4": (
        lambda x: x * x * x * x,
        -1,
        2,
        [(-1, "endpoint maximum"), (0, "minimum"), (2, "endpoint maximum")],
    ),
    "of order 5": (
        lambda x: -x * x * x * x * x,
        -1,
        1,
        [(-1, "endpoint maximum"), (0, "inflection"), (1, "endpoint minimum")],
    ),
    "of order 6": (
        lambda x: cos(x) - 1.0 + x * x / 2.0 - x * x * x * x / 24.0,
        -3,
        3,
        [(-3, "endpoint minimum"), (0, "maximum"), (3, "endpoint minimum")],
    ),
    "a corner": (
        lambda x: absolute(x - 0.3),
        -1,
        1,
        [(-1, "endpoint maximum"), (0.3, "minimum"), (1, "endpoint maximum")],
    ),
    "ends without slope": (cos, 0, pi, [(0, "endpoint maximum"), (pi, "endpoint minimum")]),
    "an end that is steep": (sqrt, 0, 1, [(0, "endpoint minimum"), (1, "endpoint maximum")]),
    "an end without a value": (lambda x: x * log(x), 0, 1, [(1 / e, "minimum"), (1, "endpoint maximum")]),
    "a pole": (lambda x: 1.0 / (x * x), -1, 1, [(-1, "endpoint minimum"), (1, "endpoint minimum")]),
}


@pytest.mark.parametrize("name", CRITICAL)
def test_critical_points(name: str) -> None:
    """The places, and what each is."""
    function, low, high, want = CRITICAL[name]
    found = critical_points(body(function), [], low, high)
    assert [p.kind for p in found.points] == [kind for _, kind in want]
    np.testing.assert_allclose([p.at[0] for p in found.points], [x for x, _ in want], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("seed", range(10))
def test_random_critical_points(seed: int) -> None:
    """Of polynomials whose slope has known roots: simple ones are extrema, double ones inflections."""
    rng = np.random.default_rng(seed)
    places = np.linspace(-0.8, 0.8, 4) + rng.uniform(-0.15, 0.15, 4)
    twice = rng.random(4) < 0.4
    slope = np.polynomial.Polynomial([1.0])
    for place, double in zip(places, twice, strict=True):
        slope = slope * np.polynomial.Polynomial([-place, 1.0]) ** (2 if double else 1)
    coefficients = slope.integ().coef.tolist()

    def polynomial(x: Node) -> Node:
        y: Node = x * 0.0 + coefficients[-1]
        for c in coefficients[-2::-1]:
            y = y * x + c
        return y

    found = critical_points(body(polynomial), [], -1.2, 1.2).points[1:-1]
    np.testing.assert_allclose([p.at[0] for p in found], places, atol=1e-6)
    changes = int((~twice).sum())
    for point, double in zip(found, twice, strict=True):
        if double:
            assert point.kind == "inflection"
        else:
            # To the right of all of them the slope is positive.
            assert point.kind == ("minimum" if changes % 2 else "maximum")
            changes -= 1


BOXES: dict[str, tuple[Callable[[Node, Node], Node], list[tuple[float, float, str]]]] = {
    "saddle": (lambda x, y: x * x - y * y, [(0, 0, "saddle")]),
    "two": (lambda x, y: x * x * x - 3.0 * x + y * y, [(-1, 0, "saddle"), (1, 0, "minimum")]),
    "maximum": (lambda x, y: -x * x - x * y - y * y + x, [(2 / 3, -1 / 3, "maximum")]),
    "flat": (lambda x, y: x * x * x * x + y * y * y * y, [(0, 0, "undecided")]),
    "none": (lambda x, y: x + y * y, []),
}


@pytest.mark.parametrize("name", BOXES)
def test_critical_points_in_a_box(name: str) -> None:
    """By the signs of the Hessian's eigenvalues."""
    function, want = BOXES[name]
    x = fresh_input("x", (2,), F64)
    made, _ = closed(function(index(x, (0,)), index(x, (1,))), [x])
    found = critical_points_in_box(made, [], np.full(2, -2.0), np.full(2, 2.0))
    assert [p.kind for p in found.points] == [kind for *_, kind in want]
    for point, (a, b, _) in zip(found.points, want, strict=True):
        np.testing.assert_allclose(point.at, (a, b), rtol=1e-12, atol=1e-12)
