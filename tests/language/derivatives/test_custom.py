"""Functions with derivatives of their own: orders, modes, what they read besides, and rules that do not fit."""

from __future__ import annotations

import numpy as np
import pytest

from tests.language.running import error, run, value

SINE = "s = with_derivative(sin, cos)\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("s(0.5), s'(0.5), s''(0.5), s'''(0.5)", (np.sin(0.5), np.cos(0.5), -np.sin(0.5), -np.cos(0.5))),
        ("vmap(s')([0.1, 0.2])", np.cos([0.1, 0.2])),
        ("vmap(x -> vmap(s'')(x))([[0.1], [0.2]])", -np.sin([[0.1], [0.2]])),
        ("jvp(s, 2)(0.3), vjp(s, 2)(0.3)", (2 * np.cos(0.3), 2 * np.cos(0.3))),
        ("jacobian(s)([0.1, 0.2])", np.diag(np.cos([0.1, 0.2]))),
        ("derivative(x -> s(x^2), order=2)(0.7)", 2 * np.cos(0.49) - 4 * 0.49 * np.sin(0.49)),
        ("directional(s, 1, order=3)(0.7)", -np.cos(0.7)),
    ],
)
def test_every_mode_and_order_follows_the_rule(text: str, expected: object) -> None:
    """The rule is differentiated further, by itself."""
    found = value(SINE + text)
    np.testing.assert_allclose(np.asarray(found, float), np.asarray(expected, float), rtol=1e-14)


def test_a_rule_that_is_not_the_slope_is_the_slope() -> None:
    """In both modes, nested and at corners."""
    f = "f = with_derivative(x -> floor(x), x -> 3x^2, check=false)\n"
    assert value(f + "f(2), f'(2), f''(2), jvp(f, 1)(2), grad(x -> f(f(x)))(2)") == (2, 12, 12, 12, 144)


def test_partials_of_several_inputs_and_of_vectors() -> None:
    """One for each input, element by element or of the shapes of result and input together."""
    p = "p = with_derivative((x, k) -> k*x^2, (x, k) -> (2k*x, x^2))\n"
    assert value(p + "grad(p, all)(3, 5)") == (30, 9)
    np.testing.assert_array_equal(value(p + "jacobian(p, wrt=x)([3, 1], 5)"), [[30, 0], [0, 10]])
    assert value(p + "grad(p, wrt=k)([3, 1], 5)") == 10
    n = "n = with_derivative(x -> [sum(x), x[0]*x[1]], x -> [[1, 1], [x[1], x[0]]])\n"
    np.testing.assert_array_equal(value(n + "jacobian(n)([3, 4])"), [[1, 1], [4, 3]])
    np.testing.assert_array_equal(value(n + "jacfwd(n)([3, 4])"), [[1, 1], [4, 3]])


def test_what_is_read_besides_keeps_its_own_derivatives() -> None:
    """The Hessian stays symmetric; what the rule alone reads moves its slope."""
    k = "k(a, x) = with_derivative(t -> a*sin(t), t -> a*cos(t))(x)\n"
    found = value(k + "hessian(k, all)(2, 0.5)")
    np.testing.assert_allclose(found, [[0, np.cos(0.5)], [np.cos(0.5), -2 * np.sin(0.5)]], rtol=1e-15)
    model = """model m(x):
    param w = 2.0
    param c = 1.5
    return with_derivative(t -> w*t^2, t -> 2c*t, check=false)(x)
"""
    assert value(model + "grad(m, wrt=(x, w, c))(3)") == (9, 9, 0)
    assert value(model + "model g(x):\n    net = m\n    return net'(x)\ngrad(g, wrt=m.c)(3)") == 6


def test_adjoints_and_rates() -> None:
    """An adjoint that is clipped has no forward mode; a linear one has, and a rate has reverse mode."""
    h = "h = with_vjp(x -> x^2, (x, g) -> clip(2x*g, -1, 1), check=false)\n"
    assert value(h + "h'(0.2), h'(7)") == (0.4, 1)
    assert "no forward mode" in error(h + "jvp(h, 1)(7)").message
    linear = "v = with_vjp((x, y) -> x*y^2, (x, y, g) -> (g*y^2, 2g*x*y))\n"
    np.testing.assert_array_equal(value(linear + "hessian(v, all)(3, 5)"), [[0, 10], [10, 6]])
    assert value(linear + "jvp(v, (1, 2))(3, 5)") == 85
    rate = "j = with_jvp((x, y) -> x*y^2, (x, y, dx, dy) -> y^2*dx + 2x*y*dy)\n"
    np.testing.assert_array_equal(value(rate + "hessian(j, all)(3, 5)"), [[0, 10], [10, 6]])
    assert "no linear function of the tangents" in error("with_jvp(sin, (x, d) -> d^2, check=false)'(1)").message


def test_steps_with_a_slope_and_reversed_gradients() -> None:
    """Where a step has none, at its jumps too."""
    assert value("q = straight_through(round); q(2.7), q'(2.7), q'(2.5), grad(x -> q(x)^2)(2.7)") == (3, 1, 1, 6)
    assert value("f(x) = gradient_reversal(x^2, 2); f(3), f'(3), f''(3)") == (9, -12, -4)
    np.testing.assert_array_equal(value("grad(x -> sum(gradient_reversal(x)*x))([3, 4])"), [0, 0])


def test_a_rule_that_differs_from_differences_is_told_once() -> None:
    """At the first call with the numbers of a point, unless it is meant."""
    step = run("f = with_derivative(x -> x^2, x -> 3x); f(2)")
    (told,) = step.diagnostics
    assert told.severity == "warning"
    assert told.message.startswith(
        "the slope given for `x -> x^2` is 3.70977 at x = 1.23659, and differences tell 2.4731"
    )
    assert not run("f = with_derivative(x -> x^2, x -> 3x, check=false); f(2)").diagnostics
    assert not run("f = with_derivative(x -> x^2, x -> 2x); f(2)").diagnostics
    assert run("f = with_vjp(x -> sum(x^2), (x, g) -> g*x); f([1, 2])").diagnostics
    assert not run("f = with_jvp(x -> log(x), (x, d) -> d/x); f(2)").diagnostics


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("with_derivative(sin, (x, y) -> x)(2)", "takes 2 inputs, and with_derivative calls it with 1"),
        ("with_derivative((x, y) -> (x, y), 1)(2, 3)", "returns 2 values, and with_derivative needs one"),
        ("with_derivative((x, y) -> x*y, (x, y) -> y)(2, 3)", "2 are needed, and 1 given"),
        ("with_derivative(x -> sum(x), x -> [1, 2])([1, 2, 3])", "a partial of shape (2,) for a result of shape ()"),
        ("with_vjp(x -> sum(x), (x, g) -> [1, 2])([1, 2, 3])", "an adjoint of shape (2,) where (3,) is needed"),
        ("straight_through(sum)([1, 2])", "keeps its shape"),
        ("with_derivative(sin, cos)((1, 2))", "takes numbers and tensors"),
    ],
)
def test_what_does_not_fit_is_refused(text: str, message: str) -> None:
    """With what would."""
    assert message in error(text).message
