"""Roots and minima as numbers: to the last digit, at special points, and sentences where there are none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isclose, pi, ulp

import mpmath
import numpy as np
import pytest

from gradcli.core.calculus.bodies import closed
from gradcli.core.calculus.curves import Field
from gradcli.core.calculus.minimizing import find_minimum
from gradcli.core.calculus.sampling import roots_between
from gradcli.core.calculus.solving import find_root, find_system
from gradcli.core.errors import CoreError
from gradcli.core.ir.nodes import Node, fresh_input
from gradcli.core.library.functions import stack
from gradcli.core.library.indexing import index
from gradcli.core.primitives.elementwise import absolute, atan, cos, cosh, exp, log, relu, sin, sqrt, tan
from tests.core.calculus.bodies import F64, curve

ROOTS: dict[str, tuple[Callable[[Node], Node], float, float]] = {
    "square root": (lambda x: x * x - 2.0, 1, float(mpmath.sqrt(2))),
    "a whole number": (lambda x: x * x - 4.0, 1, 2.0),
    "the cosine's own": (lambda x: cos(x) - x, 1, 0.7390851332151607),
    "the slope is 0 at the start": (lambda x: x * x - 9.0, 0, 3.0),
    "near": (sin, 3, pi),
    "not sent far away": (sin, 1.5, 0.0),
    "double": (lambda x: (x - 1.0) * (x - 1.0), 3, 1.0),
    "fivefold": (lambda x: x * x * x * x * x, 3, 0.0),
    "a corner": (lambda x: absolute(x - 0.3), 3, 0.3),
    "at a corner": (lambda x: absolute(x) - 0.5, 3, 0.5),
    "an end of the domain": (lambda x: sqrt(x - 1.0), 3, 1.0),
    "in one of Newton's circles": (lambda x: x * x * x - 2.0 * x + 2.0, 0, -1.7692923542386314),
    "flat on both sides": (lambda x: atan(x - 100.0), -50, 100.0),
    "far away": (lambda x: x - 1e30, 2, 1e30),
    "beside a pole": (tan, 2, pi),
    "small numbers": (lambda x: x * x - 1e-30, 1e-3, 1e-15),
}


@pytest.mark.parametrize("name", ROOTS)
def test_roots_near_a_start(name: str) -> None:
    """Right to the last digit or so, in either sign where a root has both."""
    function, start, want = ROOTS[name]
    got = find_root(curve(function), start)
    assert abs(abs(got) - abs(want)) <= ulp(want), (got, want)


@pytest.mark.parametrize("seed", range(20))
def test_random_roots(seed: int) -> None:
    """Of monotone functions, against 50 digits."""
    rng = np.random.default_rng(seed)
    a, b, c = rng.uniform(0.1, 3, 3).tolist()
    start = float(rng.uniform(-10, 10))
    got = find_root(curve(lambda x: x * x * x * a + x * b + sin(x) * 0.1 - c), start)
    with mpmath.workdps(50):
        want = mpmath.findroot(lambda x: x**3 * a + x * b + mpmath.sin(x) * mpmath.mpf(0.1) - c, got)
    assert abs(got - float(want)) <= 2 * ulp(got)


NONE: dict[str, tuple[Callable[[Node], Node], float, str]] = {
    "never 0": (lambda x: x * x + 1.0, 3, "|f| is smallest, 1, at"),
    "a pole": (lambda x: 1.0 / x, 3, "no root found near 3"),
    "towards 0": (exp, 0, "only falls towards 0"),
    "almost": (lambda x: x * x + 1e-9, 3, "|f| is smallest, 1e-09"),
    "no value": (log, -1, "no value at the start"),
    "no start": (sin, float("inf"), "must be finite"),
}


@pytest.mark.parametrize("name", NONE)
def test_where_there_is_no_root(name: str) -> None:
    """A sentence with what was tried."""
    function, start, sentence = NONE[name]
    with pytest.raises(CoreError) as refused:
        find_root(curve(function), start)
    assert sentence in refused.value.message


def field(function: Callable[[Node], Node], size: int) -> Field:
    """A function of a vector."""
    x = fresh_input("x", (size,), F64)
    body, _ = closed(function(x), [x])
    return Field(body, [])


def _parts(x: Node) -> tuple[Node, Node]:
    return index(x, (0,)), index(x, (1,))


def _circle(x: Node) -> Node:
    a, b = _parts(x)
    return stack((a * a + b * b - 1.0, a - b))


def _powell(x: Node) -> Node:
    a, b = _parts(x)
    return stack((a * b * 1e4 - 1.0, exp(-a) + exp(-b) - 1.0001))


def _double(x: Node) -> Node:
    a, b = _parts(x)
    return stack(((a - 1.0) * (a - 1.0), a - b))


@pytest.mark.parametrize(
    ("system", "start", "want"),
    [
        (_circle, (1, 0.5), (0.5**0.5, 0.5**0.5)),
        (_powell, (0, 1), (1.0981593296999e-05, 9.10614673986665)),
        (_double, (3, 0), (1, 1)),
    ],
)
def test_systems(system: Callable[[Node], Node], start: Sequence[float], want: Sequence[float]) -> None:
    """Well and badly scaled, and one whose Jacobian is singular at the root."""
    np.testing.assert_allclose(find_system(field(system, 2), np.array(start, float)), want, rtol=1e-10)


def test_a_system_without_a_root() -> None:
    """The point where it comes nearest."""
    with pytest.raises(CoreError, match="no root found from this start"):
        find_system(field(lambda x: x * x + 1.0, 2), np.array([1.0, 2.0]))


INTERVALS: dict[str, tuple[Callable[[Node], Node], float, float, Sequence[float]]] = {
    "sine with its ends": (sin, 0, 2 * pi, [0, pi, 2 * pi]),
    "touching": (lambda x: (x * x - 2.0) * (x * x - 2.0), -3, 3, [-(2**0.5), 2**0.5]),
    "two that lie close": (lambda x: (x - 0.5) * (x - 0.5) - 1e-10, -3, 3, [0.49999, 0.50001]),
    "none by a hair": (lambda x: (x - 0.5) * (x - 0.5) + 1e-10, -3, 3, []),
    "poles are none": (tan, -5, 5, [-pi, 0, pi]),
    "a pole alone": (lambda x: 1.0 / x, -1, 1, []),
    "a corner": (lambda x: absolute(x - 0.3), 0, 3, [0.3]),
    "where the domain ends": (lambda x: sqrt(x - 1.0), 0, 3, [1]),
    "where it begins within": (log, 0, 3, [1]),
    "in step with the samples": (lambda x: sin(x * (512 * pi)), 0, 1, [k / 512 for k in range(513)]),
    "many": (lambda x: sin(x * 1000.0), 0, 10, [k * pi / 1000 for k in range(3184)]),
    "small values": (lambda x: (x - 0.25) * 1e-200, 0, 1, [0.25]),
}


@pytest.mark.parametrize("name", INTERVALS)
def test_all_roots_of_an_interval(name: str) -> None:
    """None missing, none twice, none that is a pole."""
    function, low, high, want = INTERVALS[name]
    found = roots_between(curve(function), low, high)
    assert found.unresolved is None
    assert len(found.places) == len(want)
    np.testing.assert_allclose(found.places, want, rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize("seed", range(10))
def test_roots_of_random_polynomials(seed: int) -> None:
    """Those that they were made of, some of them double."""
    rng = np.random.default_rng(seed)
    places = np.sort(rng.uniform(-1, 1, 5))
    twice = rng.random(5) < 0.4

    def polynomial(x: Node) -> Node:
        product = x * 0.0 + 1.0
        for place, double in zip(places.tolist(), twice, strict=True):
            product = product * (x - place)
            product = product * (x - place) if double else product
        return product

    found = roots_between(curve(polynomial), -1.5, 1.5)
    np.testing.assert_allclose(found.places, places, rtol=1e-9, atol=1e-12)


def test_what_is_too_wild_is_said() -> None:
    """Roots that crowd together without end, and a stretch of zeros."""
    found = roots_between(curve(lambda x: sin(1.0 / x)), -1, 1)
    assert found.unresolved is not None
    assert found.unresolved[0] < 0 < found.unresolved[1]
    # Beyond that stretch all of them are there.
    beyond = [x for x in found.places if x > found.unresolved[1]]
    assert len(beyond) == int(1 / (pi * found.unresolved[1]))
    with pytest.raises(CoreError, match="0 on a whole stretch"):
        roots_between(curve(lambda x: relu(x - 0.5)), 0, 1)
    with pytest.raises(CoreError, match="no finite value"):
        roots_between(curve(log), -2, -1)


MINIMA: dict[str, tuple[Callable[[Node], Node], float, float]] = {
    "parabola": (lambda x: (x - 1.0) * (x - 1.0), 5, 1.0),
    "from a maximum": (cos, 0, pi),
    "flat": (lambda x: x * x * x * x, 1, 0.0),
    "a logarithm": (lambda x: x * log(x), 3, float(mpmath.exp(-1))),
    "a corner": (lambda x: absolute(x - 0.3), 3, 0.3),
    "steep": (lambda x: cosh(x - 0.001), 300, 0.001),
    "beside large numbers": (lambda x: x * x * x - 3.0 * x + 1e6, 3, 1.0),
}


@pytest.mark.parametrize("name", MINIMA)
def test_minima(name: str) -> None:
    """To full precision: the slope is solved for, not the value compared."""
    function, start, want = MINIMA[name]
    x = fresh_input("x", (), F64)
    body, _ = closed(function(x), [x])
    (got,) = find_minimum(Field(body, []), np.array([float(start)]))
    assert isclose(abs(got), want, rel_tol=1e-15, abs_tol=1e-15), got


def test_minima_of_vectors() -> None:
    """Rosenbrock's valley, off a saddle, and many unknowns without a Hessian."""

    def rosenbrock(v: Node) -> Node:
        x, y = _parts(v)
        return (1.0 - x) * (1.0 - x) + 100.0 * (y - x * x) * (y - x * x)

    def saddle(v: Node) -> Node:
        x, y = _parts(v)
        return x * x - y * y + y * y * y * y

    np.testing.assert_allclose(find_minimum(field(rosenbrock, 2), np.array([-1.2, 1.0])), [1, 1], rtol=1e-14)
    x, y = find_minimum(field(saddle, 2), np.array([1.0, 0.0]))
    assert x == pytest.approx(0, abs=1e-12)
    assert abs(y) == pytest.approx(0.5**0.5, rel=1e-12)

    def chain(v: Node) -> Node:
        from gradcli.core.library.functions import sum_

        head, tail = index(v, (slice(0, -1),)), index(v, (slice(1, None),))
        return sum_((tail - head * head) * (tail - head * head) + 0.1 * (1.0 - head) * (1.0 - head))

    got = find_minimum(field(chain, 300), np.full(300, 0.5))
    np.testing.assert_allclose(got, np.ones(300), atol=1e-5)


@pytest.mark.parametrize(
    ("function", "start", "sentence"),
    [
        (lambda x: x * x * x, 1.0, "falls without end"),
        (lambda x: -x * x, 3.0, "falls without end"),
        (exp, 0.0, "without reaching it"),
        (log, -1.0, "no finite value at the start"),
        (cos, float("nan"), "must be finite"),
    ],
)
def test_where_there_is_no_minimum(function: Callable[[Node], Node], start: float, sentence: str) -> None:
    """A sentence with what was seen."""
    x = fresh_input("x", (), F64)
    body, _ = closed(function(x), [x])
    with pytest.raises(CoreError, match=sentence):
        find_minimum(Field(body, []), np.array([start]))
