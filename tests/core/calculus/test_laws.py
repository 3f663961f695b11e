"""Roots, minima and integrals as nodes: every mode to every order against 50 digits, and against each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest

from gradcli.core.calculus.bodies import body_of, closed
from gradcli.core.calculus.equations import argmin, root
from gradcli.core.calculus.integrals import integral
from gradcli.core.engines.program import Program
from gradcli.core.ir.nodes import Node, array_constant, fresh_input, parameter
from gradcli.core.ir.nodes import constant as known
from gradcli.core.primitives.elementwise import atan, cos, cosh, exp, log, sin, sqrt
from gradcli.core.transforms.batching import batch
from gradcli.core.transforms.forward import jvp
from gradcli.core.transforms.jacobian import hessian, jacobian
from gradcli.core.transforms.reverse import gradient
from gradcli.core.transforms.taylor import partials
from tests.core.calculus.bodies import F64, applied, floats, number
from tests.core.truth import derivatives

ORDER = 4


def _root(equation: Callable[[Any, Any], Any], start: float) -> Callable[[Node], Node]:
    return lambda a: applied(root, lambda x: equation(x, a), start)


def _least(function: Callable[[Any, Any], Any], start: float) -> Callable[[Node], Node]:
    return lambda a: applied(argmin, lambda x: function(x, a), start)


def _mp_root(equation: Callable[[Any, Any], Any], start: float) -> Callable[[Any], Any]:
    return lambda a: mpmath.findroot(lambda x: equation(x, a), start, tol=1e-80, maxsteps=100)


def _cubic(x: Any, a: Any) -> Any:
    return x * x * x + x * a - a * a


# The node, the truth in arbitrary precision, and where its derivatives are looked at: random points and special ones.
CASES: dict[str, tuple[Callable[[Node], Node], Callable[[Any], Any], tuple[float, ...]]] = {
    "square root": (_root(lambda x, a: x * x - a, 1.0), mpmath.sqrt, (2.0, 0.37, 4.0, 1e6)),
    "cubic": (_root(_cubic, 1.0), _mp_root(_cubic, 1.0), (1.0, 0.83, 2.71)),
    "fixed point": (
        _root(lambda x, a: cos(x * a) - x, 0.5),
        _mp_root(lambda x, a: mpmath.cos(x * a) - x, 0.5),
        (1.0, 0.0, 0.731),
    ),
    "kepler": (
        _root(lambda x, a: x - a * sin(x) - 1.0, 1.0),
        _mp_root(lambda x, a: x - a * mpmath.sin(x) - 1, 1.0),
        (0.0, 0.5, 0.9),
    ),
    "logarithm": (_root(lambda x, a: exp(x) - a, 0.0), mpmath.log, (1.0, 2.5, 1e-3)),
    "minimum": (
        _least(lambda x, a: (x - a) * (x - a) + a * x * x * x * x, 0.0),
        _mp_root(lambda x, a: 2 * (x - a) + 4 * a * x**3, 0.4),
        (1.0, 0.0, 0.42),
    ),
    "minimum of a hyperbolic cosine": (
        _least(lambda x, a: cosh(x - a) + 0.1 * x * x, 0.0),
        _mp_root(lambda x, a: mpmath.sinh(x - a) + mpmath.mpf(0.1) * 2 * x, 0.4),
        (1.0, -0.3),
    ),
    "error function": (
        lambda a: applied(integral, lambda t: exp(-(t * t)), 0.0, a),
        lambda a: mpmath.sqrt(mpmath.pi) / 2 * mpmath.erf(a),
        (1.0, 0.0, -0.63, 2.2),
    ),
    "both ends and the integrand": (
        lambda a: applied(integral, lambda t: exp(-(t * t * a)) * sin(a), a, a * a),
        lambda a: mpmath.sin(a) * mpmath.quad(lambda t: mpmath.exp(-t * t * a), [a, a * a]),
        (1.3,),
    ),
    "gamma": (
        lambda a: applied(integral, lambda t: exp(a * log(t) - t), 0.0, float("inf")),
        lambda a: mpmath.gamma(a + 1),
        (1.0, 2.5),
    ),
    "an infinite line": (
        lambda a: applied(integral, lambda t: exp(-(t - a) * (t - a)) * t * t, float("-inf"), float("inf")),
        lambda a: mpmath.sqrt(mpmath.pi) * (a * a + mpmath.mpf(1) / 2),
        (0.0, 0.8),
    ),
    "a root of an integral": (
        _root(lambda x, a: applied(integral, lambda t: sqrt(1.0 + t * t), 0.0, x) - a, 1.0),
        _mp_root(lambda x, a: (x * mpmath.sqrt(1 + x * x) + mpmath.asinh(x)) / 2 - a, 1.0),
        (1.0, 0.0, 2.3),
    ),
    "an integral of a root": (
        lambda a: applied(integral, lambda t: applied(root, lambda x: x * x - 1.0 - t * a, 1.0), 0.0, 1.0),
        lambda a: ((1 + a) ** mpmath.mpf(1.5) - 1) * 2 / (3 * a),
        (1.0, 1.7),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_derivatives_of_every_order(name: str) -> None:
    """By Taylor mode and by nested reverse mode, the value and four orders, against 50 digits."""
    make, true, points = CASES[name]
    a = number("a")
    y = make(a)
    (found,) = partials([y], [[a]], ORDER)
    nested = [y]
    for _ in range(ORDER):
        nested += gradient([nested[-1]], [a])
    taylor = [found.get((k,), y * 0.0) for k in range(ORDER + 1)]
    program = Program([*taylor, *nested], [a])
    for point in points:
        got = floats(program(point))
        want = list(map(float, derivatives(true, point, ORDER)))
        scale = [abs(w) + max(map(abs, want)) * 1e-3 for w in want]
        for k in range(ORDER + 1):
            assert got[k] == pytest.approx(want[k], abs=2e-13 * scale[k] * 10.0**k), (point, k, "Taylor")
            assert got[ORDER + 1 + k] == pytest.approx(want[k], abs=2e-13 * scale[k] * 10.0**k), (point, k, "reverse")
        assert got[0] == pytest.approx(want[0], rel=1e-14, abs=1e-15)
        assert got[1] == pytest.approx(want[1], rel=1e-12, abs=1e-13)


def _system(p: Node) -> Node:
    """The root of a system of three equations in a vector, with a vector of parameters."""
    mixing = array_constant(np.array([[3.0, 1.0, 0.0], [1.0, 4.0, 1.0], [0.0, 1.0, 5.0]]))

    def equations(x: Node) -> Node:
        from gradcli.core.library.functions import matmul

        return matmul(mixing, x) + x * x * x - p * cos(x)

    return applied(root, equations, array_constant(np.array([0.1, 0.2, 0.3])), shape=(3,))


def _minimum_of_vector(p: Node) -> Node:
    from gradcli.core.library.functions import sum_

    def function(x: Node) -> Node:
        d = x - p
        return sum_(d * d) + sum_(x * x * x * x) + 0.3 * sum_(x) * sum_(x)

    return applied(argmin, function, array_constant(np.zeros(3)), shape=(3,))


def _integral_of_vector(p: Node) -> Node:
    return applied(integral, lambda t: exp(-(t * p)) * p, 0.0, 1.5)


OF_VECTORS = {"root": _system, "minimum": _minimum_of_vector, "integral": _integral_of_vector}


@pytest.mark.parametrize("name", OF_VECTORS)
def test_vectors(name: str) -> None:
    """Jacobian by forward and by reverse mode, and the Hessian, against differences; batches against samples."""
    p = fresh_input("p", (3,), F64)
    y = OF_VECTORS[name](p)
    rng = np.random.default_rng(0)
    value = Program([y], [p])
    both = Program([jacobian([y], [p], mode)[0][0] for mode in ("forward", "reverse")], [p])
    second = Program([hessian([y], [p])[0][0][0]], [p])
    slopes = Program([jacobian([y], [p])[0][0]], [p])
    h = 1e-3
    for point in (rng.uniform(0.5, 2.0, 3), np.zeros(3), np.ones(3)):
        forward, reverse = map(np.asarray, both(point))
        np.testing.assert_allclose(forward, reverse, rtol=1e-11, atol=1e-13)
        curvature = np.asarray(second(point)[0])
        for i, e in enumerate(np.eye(3)):
            for program, exact in ((value, forward[..., i]), (slopes, curvature[..., i])):
                near = (np.asarray(program(point + k * h * e)[0]) for k in (1, -1, 2, -2))
                one, minus_one, two, minus_two = near
                differences = (8 * (one - minus_one) - (two - minus_two)) / (12 * h)
                np.testing.assert_allclose(exact, differences, rtol=1e-8, atol=1e-9)
    samples = rng.uniform(0.5, 2.0, (4, 3))
    many = fresh_input("many", (4, 3), F64)
    (whole,) = batch([y], {p: many}, 4)
    (batched_slopes,) = batch([jacobian([y], [p], "reverse")[0][0]], {p: many}, 4)
    found, steep = Program([whole, batched_slopes], [many])(samples)
    for i, sample in enumerate(samples):
        np.testing.assert_allclose(np.asarray(found)[i], value(sample)[0], rtol=1e-13)
        np.testing.assert_allclose(np.asarray(steep)[i], slopes(sample)[0], rtol=1e-11, atol=1e-13)
    # A batch of batches, and the slope of a batch.
    twice = fresh_input("twice", (2, 4, 3), F64)
    (outer,) = batch([whole], {many: twice}, 2)
    stack = rng.uniform(0.5, 2.0, (2, 4, 3))
    (found,) = Program([outer], [twice])(stack)
    np.testing.assert_allclose(np.asarray(found)[1, 2], value(stack[1, 2])[0], rtol=1e-13)
    direction = array_constant(np.ones((4, 3)))
    (along,) = Program(list(jvp([whole], [many], [direction])), [many])(samples)
    np.testing.assert_allclose(np.asarray(along)[2], np.asarray(slopes(samples[2])[0]) @ np.ones(3), rtol=1e-11)


def test_numbers_in_batches() -> None:
    """A batch of scalar equations, of integrals between their own ends, and their slopes."""
    a = number("a")
    y = applied(root, lambda x: x * x * x + x - a, 1.0) + applied(integral, lambda t: atan(t * a), a, 2.0 * a)
    many = fresh_input("many", (5,), F64)
    (slope,) = gradient([y], [a])
    one = Program([y, slope], [a])
    whole = batch([y, slope], {a: many}, 5)
    points = np.linspace(-1.0, 2.0, 5)
    found, steep = Program(whole, [many])(points)
    for i, point in enumerate(points):
        np.testing.assert_allclose([np.asarray(found)[i], np.asarray(steep)[i]], floats(one(float(point))), rtol=1e-12)


def test_bodies_of_one_form_are_one() -> None:
    """The same equation, traced twice, is the same node; what it reads from outside doesn't count."""
    a, b = number("a"), number("b")
    first, second = (applied(root, lambda x: x * x - 2.0 * a, 1.0) for _ in range(2))
    assert first is second
    other = applied(root, lambda x: x * x - 2.0 * b, 1.0)
    assert other is not first
    assert other.attrs["body"] is first.attrs["body"]
    assert applied(root, lambda x: x * x * 3.0 - 2.0 * a, 1.0).attrs["body"] is not first.attrs["body"]


def test_what_is_outside_stays_outside() -> None:
    """What does not depend on the unknown is computed once, as an argument; constants stay within."""
    a, x = number("a"), number("x")
    outside = exp(a) * 3.0
    made, args = closed(x * x - outside + sin(x) * 2.0, [x])
    assert args == [outside]
    assert len(made.free) == 1
    again = body_of(made.output, made.variables, made.free)
    assert again is made


def test_parameters_are_trained_through_it() -> None:
    """The slope by a parameter that the equation reads."""
    w = parameter("w", known(2.0, F64))
    y = applied(root, lambda x: x * x * x + w * x - 1.0, 1.0)
    (slope,) = gradient([y], [w])
    value, got = floats(Program([y, slope])())
    assert value**3 + 2 * value == pytest.approx(1, rel=1e-15)
    assert got == pytest.approx(-value / (3 * value**2 + 2), rel=1e-14)


def test_threads_share_no_buffers() -> None:
    """One node evaluated in many threads at once gives each its own answer."""
    from concurrent.futures import ThreadPoolExecutor

    p = fresh_input("p", (3,), F64)
    y = _system(p)
    (slope,) = jacobian([y], [p])[0]

    def answer(seed: int) -> tuple[Any, Any]:
        point = np.random.default_rng(seed).uniform(0.5, 2.0, 3)
        # A program belongs to one thread; the body is everybody's.
        value, steep = Program([y, slope], [p])(point)
        return value, steep

    alone = [answer(seed) for seed in range(24)]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(answer, range(24)))
    for (a, b), (c, d) in zip(alone, together, strict=True):
        np.testing.assert_array_equal(a, c)
        np.testing.assert_array_equal(b, d)


def test_kept_programs_tell_bodies_apart() -> None:
    """Graphs that differ in their bodies alone are not one program, as a loop in a script would have it."""
    from gradcli.core.engines.evaluation import evaluate

    for _ in range(3):
        for power in (2.0, 3.0, 4.0):
            start, a = (array_constant(np.full(2, v)) for v in (1.0, 16.0))
            x = fresh_input("x", (2,), F64)
            w = parameter("w", known(1.0, F64))
            made, args = closed(_power(x, power) - a * w, [x])
            (found,) = evaluate([root(start, *args, body=made, size=0)])
            np.testing.assert_allclose(found, np.full(2, 16.0 ** (1 / power)), rtol=1e-14)


def _power(x: Node, exponent: float) -> Node:
    from gradcli.core.primitives.elementwise import constant_power

    return constant_power(x, exponent=exponent)
