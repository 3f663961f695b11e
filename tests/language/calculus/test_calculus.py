"""Roots, minima, integrals, limits, tangents and errors as the language has them."""

from __future__ import annotations

from math import e, exp, inf, isnan, pi, sqrt
from typing import Any

import mpmath
import numpy as np
import pytest

from gradcli.session.data import to_data
from gradcli.session.results import Bounded, Extrema, Propagation, Shown, Tangent
from tests.language.running import error, number, run, value


def last(text: str) -> Any:
    """The last value as plain data."""
    shown = [r for r in run(text).results if isinstance(r, Shown)]
    return shown[-1].value


G = "g(a) = solve(x -> x^2 - a, 1)\n"
H = "h(a) = minimize(x -> (x - a)^2 + a*x^4, 0)\n"
F = "F(x) = integrate(t -> exp(-t^2), 0, x)\n"


@pytest.mark.parametrize(
    ("text", "want"),
    [
        (G + "g(2)", sqrt(2)),
        (G + "g'(2)", 1 / (2 * sqrt(2))),
        (G + "g''(2)", -1 / (4 * 2**1.5)),
        (G + "derivative(g, 5)(2)", float(mpmath.diff(mpmath.sqrt, 2, 5))),
        (G + "grad(grad(g))(2)", -1 / (4 * 2**1.5)),
        (G + "jvp(g)(2, 3)", 3 / (2 * sqrt(2))),
        (G + "sum(grad(vmap(g))([1, 4]))", 0.5 + 0.25),
        (G + "laplacian(g)(4)", -1 / 32),
        (G + "sum(hessian(g)(4))", -1 / 32),
        (G + "taylor(g, 4, 2).coefficients[2]", -1 / 64),
        (H + "h'(0)", 1.0),
        (F + "F(1)", float(mpmath.quad(lambda t: mpmath.exp(-t * t), [0, 1]))),
        (F + "F'(1)", exp(-1)),
        (F + "F''(1)", -2 * exp(-1)),
        (F + "F'(inf)", 0.0),
        ("(a -> integrate(t -> sin(a*t), 0, 1))'(2)", (2 * np.sin(2) + np.cos(2) - 1) / 4),
        ("(a -> integrate(sin, a, 2*a))'(1)", 2 * np.sin(2) - np.sin(1)),
        ("integrate(t -> t^2, 0, 3) / 9", 1.0),
        ("integrate(x -> exp(-x^2), -inf, inf)", sqrt(pi)),
        ("integrate(t -> integrate(s -> s*t, 0, t), 0, 2)", 2.0),
        ("solve(cos, 1)", pi / 2),
        ("f(x) = x^3 - 3*x\nsolve(f', 0.5)", 1.0),
        ("solve(x -> integrate(t -> exp(t), 0, x) - 1, 1)", float(mpmath.log(2))),
        ("maximize(x -> x*exp(-x), 0.5)", 1.0),
        ("(a -> maximize(x -> x*exp(-a*x), 0.5))'(2)", -1 / 4),
        ("c = 3\nsolve(x -> x^2 - c, 1)", sqrt(3)),
        ("p(x, k=2) = x^k - 9\nsolve(p, 1)", 3.0),
        ("solve([[2, 0], [0, 4]], [2, 4])[1]", 1.0),
        ("limit(x -> sin(x)/x, 0)", 1.0),
        ("limit(x -> (1 - cos(x))/x^2, 0)", 0.5),
        ("limit(x -> (1 + 1/x)^x, inf)", e),
        ('limit(x -> abs(x)/x, 0, "left")', -1.0),
        ('limit(x -> 1/x, 0, side="right")', inf),
        ("tangent(x -> x^2, 1)(3)", 5.0),
        ("tangent(x -> x^2, 1)'(3)", 2.0),
        ("(a -> tangent(x -> x^3, a)(0))'(2)", -24.0),
        ("extrema(x -> x^3 - 3*x, -3, 3).x[1]", -1.0),
        ("propagate((x, y) -> x*y, (3, 1), (4, 1)).error", 5.0),
        ("len(roots(sin, 0, 100))", 32.0),
    ],
)
def test_numbers(text: str, want: float) -> None:
    """Values and derivatives of any order, in every mode."""
    assert float(number(text)) == pytest.approx(want, rel=3e-15 if "taylor" not in text else 1e-14, abs=1e-15)


def test_the_minimum_moves_as_its_equation_says() -> None:
    """From 2 (x - a) + 4 a x^3 = 0, at 50 digits."""
    with mpmath.workdps(50):
        x = mpmath.findroot(lambda x: 2 * (x - 1) + 4 * x**3, 0.6)
        want = -(-2 + 4 * x**3) / (2 + 12 * x**2)
    assert number(H + "h(1)") == pytest.approx(float(x), rel=1e-15)
    assert number(H + "h'(1)") == pytest.approx(float(want), rel=1e-14)


@pytest.mark.parametrize("seed", range(6))
def test_random_systems(seed: int) -> None:
    """The derivative of a root of two equations in a tuple, by both modes, against 50 digits."""
    rng = np.random.default_rng(seed)
    p, q = rng.uniform(0.5, 1.5, 2).tolist()
    text = f"s(p, q) = solve((x, y) -> (x^3 + x + p*y - q, y - sin(p*x)), (0.5, 0.5))\njacobian(s)({p!r}, {q!r})"
    got = value(text)

    def at(p: Any, q: Any) -> list[Any]:
        return list(mpmath.findroot(lambda x, y: [x**3 + x + p * y - q, y - mpmath.sin(p * x)], (0.5, 0.5)))

    with mpmath.workdps(50):
        h = mpmath.mpf(10) ** -15
        for i in range(2):
            by_p = (at(p + h, q)[i] - at(p - h, q)[i]) / (2 * h)
            by_q = (at(p, q + h)[i] - at(p, q - h)[i]) / (2 * h)
            np.testing.assert_allclose(got[i], [float(by_p), float(by_q)], rtol=1e-12)
    adjoint = value(text.replace("jacobian(s)", "grad((p, q) -> s(p, q)[1], (0, 1))"))
    np.testing.assert_allclose(adjoint, got[1], rtol=1e-12)


def test_the_structure_of_the_start_is_that_of_the_root() -> None:
    """A number, a tensor, a tuple of both."""
    assert value("solve((x, y) -> (x^2 + y^2 - 2, x - y), (1, 0.5))") == pytest.approx((1, 1))
    np.testing.assert_allclose(value("solve(v -> v*v - [1, 4, 9], [1, 1, 1])"), [1, 2, 3])
    a, b = value("solve((a, b) -> (a - 2, b*b - [1, 4]), (1, [1, 1]))")
    assert a == 2
    np.testing.assert_allclose(b, [1, 2])
    assert value("minimize((x, y) -> (1 - x)^2 + 100*(y - x^2)^2, (-1.2, 1))") == pytest.approx((1, 1))
    np.testing.assert_allclose(value("maximize(v -> -sum((v - [1, 2])^2), [0, 0])"), [1, 2])


def test_models_are_trained_through_a_root() -> None:
    """The gradient by a parameter that the equation reads."""
    text = "model m(x):\n    param w = 2.0\n    return solve(y -> y^3 + w*y - x, 1)\n\n"
    y = number(text + "m(1)")
    got = value(text + "grad(m, weights=params(m), grad_position=none)(1)")
    assert float(np.squeeze(got)) == pytest.approx(-y / (3 * y**2 + 2), rel=1e-13)


def test_a_corner_is_no_slope() -> None:
    """A minimum that is a corner moves otherwise than the equation of the slope would say: nan, in every mode."""
    for text in ("(a -> minimize(x -> abs(x - a), 1))'(2)", "grad(a -> minimize(x -> abs(x) + (x - a)^2, 1))(0.1)"):
        assert isnan(number(text))
    # Beside it there is one.
    assert number("(a -> minimize(x -> abs(x) + (x - a)^2, 1))'(3)") == pytest.approx(1)
    assert number("minimize(x -> abs(x - 0.3), 1)") == 0.3


@pytest.mark.parametrize(
    ("text", "want"),
    [
        # Corners that move have a first derivative, and jumps that move have none that could be told.
        ("F(a) = integrate(t -> abs(t - a), 0, 1)\nF'(0.3)", -0.4),
        ("F(a) = integrate(t -> abs(t - a), 0, 1)\nF''(0.3)", None),
        ("F(a) = integrate(t -> abs(t - a), 0, 1)\nderivative(F, 3)(0.3)", None),
        ("F(a) = integrate(t -> abs(t - a), 0, 1)\nF''(2)", 0.0),
        ("F(a) = integrate(t -> relu(t - a), 0, 1)\nF'(0.3)", -0.7),
        ("F(a) = integrate(t -> (1 if t > a else 0), 0, 1)\nF'(0.3)", None),
        ("F(a) = integrate(t -> (1 if t > a else 0), 0, 1)\nF'(3)", 0.0),
        ("F(a) = integrate(t -> floor(t + a), 0, 1)\nF'(0.3)", None),
        # What jumps for t alone does not move, and what is equal on both sides does not jump.
        ("F(a) = integrate(t -> (a*t^2 if t > 0.5 else 0), 0, 1)\nF'(2)", 7 / 24),
        ("F(a) = integrate(t -> ((t - a)^2 if t > a else 0), 0, 1)\nF'(0.3)", -0.49),
        ("F(a) = integrate(t -> ((t - a)^2 if t > a else 0), 0, 1)\nF''(0.3)", 1.4),
        ("F(a) = integrate(t -> (exp(a - t) if t > a else 1), 0, inf)\nF'(0.3)", 1.0),
        ("sum(vmap(a -> integrate(t -> relu(t - a), 0, 1))([0.1, 0.5]))", 0.405 + 0.125),
        ("sum(grad(vmap(a -> integrate(t -> relu(t - a), 0, 1)))([0.1, 0.5]))", -1.4),
        # A root at a corner has two slopes.
        ("(a -> solve(x -> abs(x) - a, 1))'(1)", 1.0),
        ("(a -> solve(x -> maximum(x, 2*x) - a, 1))'(0)", None),
    ],
)
def test_jumps_that_move(text: str, want: float | None) -> None:
    """A slope that the rule would get wrong is nan."""
    got = number(text)
    assert isnan(got) if want is None else got == pytest.approx(want, rel=1e-12, abs=1e-13)


def test_the_bound_of_an_integral() -> None:
    """It is shown, and kept in JSON; what is computed with the number is plain."""
    found = last("integrate(x -> x^2, 0, 1)")
    assert isinstance(found, Bounded)
    assert abs(float(found.data) - 1 / 3) <= found.error < 1e-14
    assert set(to_data(found)) == {"kind", "dtype", "shape", "value", "error"}
    assert not isinstance(last("integrate(x -> x^2, 0, 1) + 1"), Bounded)
    vector = last("integrate(x -> [x, x^2], 0, 1)")
    np.testing.assert_allclose(vector.data, [1 / 2, 1 / 3], rtol=1e-15)


def test_float32() -> None:
    """A session's dtype holds for what is found, to its own precision."""
    for text, want in (("solve(x -> x^2 - 2, 1)", sqrt(2)), ("integrate(t -> t^2, 0, 1)", 1 / 3)):
        found = last(f"set dtype float32\n{text}")
        assert found.dtype == "float32"
        assert found.data == pytest.approx(want, rel=1e-6)
    np.testing.assert_allclose(value("set dtype float32\nroots(x -> x^2 - 2, 0, 3)"), [sqrt(2)], rtol=1e-6)


def test_extrema() -> None:
    """A table that can be asked for its columns."""
    table = last("f(x) = x^3 - 3*x\nextrema(f, -3, 3)")
    assert isinstance(table, Extrema)
    assert (table.of, table.variables) == ("f", ("x",))
    assert [(p.at, p.value, p.kind) for p in table.points] == [
        ((-3,), -18, "endpoint minimum"),
        ((-1,), 2, "maximum"),
        ((1,), -2, "minimum"),
        ((3,), 18, "endpoint maximum"),
    ]
    assert value("extrema(x -> x^2, -1, 1).kind") == ("endpoint maximum", "minimum", "endpoint maximum")
    box = last("extrema((x, y) -> x^3 - 3*x + y^2, (-2, 2), (-2, 2))")
    assert [(p.at, p.kind) for p in box.points] == [((-1, 0), "saddle"), ((1, 0), "minimum")]
    data = to_data(box)
    assert set(data) == {"kind", "of", "variables", "points", "note"}
    assert set(data["points"][0]) == {"at", "value", "kind"}


def test_tangents() -> None:
    """Slopes, and the value where all variables are 0."""
    line = last("tangent(x -> x^2, 1)")
    assert isinstance(line, Tangent)
    assert (line.slopes, line.constant, line.center) == ((2.0,), -1.0, (1.0,))
    plane = last("f(x, y) = x^2*y\ntangent(f, (1, 2))")
    assert (plane.slopes, plane.constant) == ((4.0, 1.0), -4.0)
    assert set(to_data(plane)) == {"kind", "of", "variables", "center", "slopes", "constant"}


def test_propagation() -> None:
    """The gradient times the errors, in quadrature, against a simulation; the second order where it matters."""
    found = last("f(x, y) = x^2*y\npropagate(f, (3, 0.1), (5, 0.2))")
    assert isinstance(found, Propagation)
    parts = [2 * 3 * 5 * 0.1, 9 * 0.2]
    assert found.value == 45
    assert found.error == pytest.approx(float(np.hypot(parts[0], parts[1])), rel=1e-15)
    assert [s.contribution for s in found.shares] == pytest.approx(parts)
    assert [s.share for s in found.shares] == pytest.approx([p**2 / (parts[0] ** 2 + parts[1] ** 2) for p in parts])
    assert found.note is None
    rng = np.random.default_rng(0)
    x, y = rng.normal(3, 0.1, 10**6), rng.normal(5, 0.2, 10**6)
    sample = x**2 * y
    assert sample.std() == pytest.approx(np.hypot(found.error, found.second), rel=3e-3)
    assert sample.mean() - 45 == pytest.approx(found.shift, abs=0.02)
    flat = last("propagate(x -> x^2, (0, 0.1))")
    assert (flat.error, flat.shift) == (0, pytest.approx(0.01))
    assert flat.second == pytest.approx(sqrt(2) * 0.01)
    assert "second order" in flat.note
    plain = last("propagate((x, y) -> x + y, 3, (1, 2))")
    assert [s.share for s in plain.shares] == [0, 1]
    assert set(to_data(plain)) == {"kind", "of", "value", "error", "inputs", "second_order", "shift", "note"}


@pytest.mark.parametrize(
    ("text", "kind", "sentence"),
    [
        ("solve(x -> x^2 + 1, 1)", "value", "|f| is smallest, 1, at 0"),
        ("solve((x, y) -> x, 1)", "type", "takes 2 inputs, and the start has 1"),
        ("solve((x, y) -> x + y, (1, 1))", "shape", "1 equation for 2 unknowns"),
        ('solve(sin, "a")', "type", "a number or a tensor, not a text"),
        ("minimize(x -> [x, x], 1)", "type", "returns a tensor of shape (2,)"),
        ("maximize(exp, 0)", "value", "rises without end"),
        ("integrate((x, y) -> x, 0, 1)", "type", "a function of one variable"),
        ("integrate(sin, 0, [1])", "type", "the end `b` of an integral is a number"),
        ("roots(sin, 1, 0)", "value", "the interval from 1 to 0 is empty"),
        ("roots(sin, 0, inf)", "value", "a finite interval"),
        ("extrema(sin, (0, 1), (0, 1))", "type", "takes 1 input"),
        ("extrema((x, y) -> x*y, (0, 1), 1)", "type", "a box is written"),
        ("limit(x -> abs(x)/x, 0)", "value", "it is -1 on the left and 1 on the right"),
        ("limit(x -> 1/x, 0)", "value", "it is -inf on the left and inf on the right"),
        ("limit(x -> sin(1/x), 0)", "value", "come to no rest"),
        ("limit(log, -1)", "value", "no values"),
        ('limit(sin, 0, "up")', "value", '"left" or "right"'),
        ("tangent(abs, 0)", "derivative", "-1 on one side and 1 on another"),
        ("propagate(sin, (1, -1))", "value", "an error of 0 or more"),
        ("propagate((x, y) -> x, (1, 2))", "type", "takes 2 inputs, and here is 1"),
        ("propagate(sqrt, (0, 1))", "value", "no finite slope by `x`"),
        ("f(a) = roots(x -> x - a, 0, 1)\nf'(1)", "value", "all known when it is called"),
        ("f(a) = solve(x -> x^2 + a, 1)\nf'(1)", "value", "no root found"),
    ],
)
def test_mistakes(text: str, kind: str, sentence: str) -> None:
    """Each a sentence of its kind."""
    found = error(text)
    assert found.kind == kind
    assert sentence in found.message


def test_warnings() -> None:
    """What was read off values, and what samples may have missed, is said beside the result."""
    for text, sentence in (("limit(atan, inf)", "read off values"), ("roots(x -> sin(1/x), 0, 1)", "may be missing")):
        (warning,) = run(text).diagnostics
        assert warning.severity == "warning"
        assert sentence in warning.message
    assert not run("limit(x -> sin(x)/x, 0)").diagnostics
