"""The derivative operators: the seed's structure, nesting without confusion, refusals."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradcli.session.results import Derivatives, Shown
from tests.language.running import error, run, value

NET = "model net(x, y):\n    param z = [1.0]\n    param s = [2.0]\n    return x * x * y * z * s\nx = [3.0]; y = [5.0]\n"
AUX = "f(x, y) = x * y, x + y, 2 * y\n"


@pytest.mark.parametrize(
    ("call", "shape"),
    [
        ("grad(net)(x, y)", "t"),
        ("grad(net, 1)(x, y)", "t"),
        ("grad(net, (0,))(x, y)", "(t,)"),
        ("grad(net, (1, 0))(x, y)", "(t, t)"),
        ("grad(net, none, weights=net.z)(x, y)", "t"),
        ("grad(net, none, weights=(net.z,))(x, y)", "(t,)"),
        ("grad(net, none, weights=params(net))(x, y)", "(t, t)"),
        ("grad(net, 0, weights=params(net))(x, y)", "(t, (t, t))"),
        ("grad(net, weights=net.z)(x, y)", "(t, t)"),
        ("grad(net, (0, 1), weights=params(net))(x, y)", "((t, t), (t, t))"),
        ("grad(net, wrt=x)(x, y)", "t"),
        ("grad(net, wrt=(x))(x, y)", "t"),
        ("grad(net, wrt=(net.z))(x, y)", "t"),
        ("grad(net, wrt=(x,))(x, y)", "(t,)"),
        ("grad(net, wrt=(x, z, y))(x, y)", "(t, t, t)"),
        ("grad(net, wrt=net.s)(x, y)", "t"),
        ('grad(net, wrt="z")(x, y)', "t"),
        ("value_and_grad(net)(x, y)", "(t, t)"),
        ("value_and_grad(net, (0, 1))(x, y)", "(t, (t, t))"),
        (AUX + "grad(f, has_aux=true)(x, y)", "(t, (t, t))"),
        (AUX + "grad(f, (0, 1), has_aux=true)(x, y)", "((t, t), (t, t))"),
        (AUX + "value_and_grad(f, has_aux=true)(x, y)", "((t, t, t), (t, (t, t)))"),
    ],
)
def test_the_result_has_the_seeds_structure(call: str, shape: str) -> None:
    """One tensor for one position, a tuple for a tuple, (inputs, weights) for both, (gradient, aux) with aux."""
    setup, _, last = call.rpartition("\n")
    assert structure(value(f"{NET}{setup}\nresult = {last}\nresult")) == shape


def structure(got: Any) -> str:
    """Tensors as t, tuples as they are written."""
    if isinstance(got, tuple):
        inner = ", ".join(map(structure, got))
        return f"({inner},)" if len(got) == 1 else f"({inner})"
    assert np.shape(got) == (1,)
    return "t"


def test_values_in_each_place_are_right() -> None:
    """By position, by weight and by name, mixed: 3, 5 and z = 1, s = 2."""
    assert value(NET + "r = grad(net, wrt=(y, s, x, z))(x, y); r") == ([18], [45], [60], [90])
    assert value(NET + "r = grad(net, (0, 1), weights=params(net))(x, y); r") == (([60], [18]), ([90], [45]))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # d/dx x * d/dy (x + y) = 1: an inner derivative must not see the outer variable as its own.
        ("grad(x -> x * grad(y -> x + y)(1))(2)", 1),
        ("grad(x -> x * grad(y -> x * y)(x))(3)", 6),
        ("grad(x -> grad(y -> x * y^2)(x))(3)", 12),
        # The same value passed twice is two variables.
        ("f(x, y) = x^2 * y; a = 3; grad(f)(a, a), grad(f, 1)(a, a)", (18, 9)),
        ("f(x, y) = x * y; g(x) = grad(f)(x, x); g(5), g'(5)", (5, 1)),
        ("f(x, y) = x * y; h(x) = f(x, x); h'(5)", 10),
        # Constants passed in are differentiated as variables.
        ("f(x, y) = x^2 * y; g(x) = x * grad(f, 1)(4, 7); g'(2)", 16),
        ("f(x) = diff(x^3, x); f(2), f'(2), grad(f)(2)", (12, 12, 12)),
        ("f(x, t) = diff(x^2 * t, x); f(3, 2), grad(f, (0, 1))(3, 2)[1]", (12, 6)),
        ("f(x, t) = diff(x * t, t) * diff(x^2 * t, x, t); f(3, 5)", 18),
        # diff of a callee's input is with respect to that call's input.
        ("def f(y):\n    u = y^2\n    return diff(u, y)\ng(x) = x * f(x)\ng'(3)", 12),
        ("def g(x):\n    f(y) = diff(x * y, y)\n    return f(x)\ng(3), g'(3)", (3, 1)),
        # From inside another derivative, with a closure over its variable.
        ("grad(x -> grad(y -> grad(z -> x * y * z)(1))(1))(1)", 1),
        ("grad(grad(x -> x^2 * grad(y -> y^3 * x)(x)))(2)", 480),
    ],
)
def test_nested_derivatives_do_not_confuse_each_other(text: str, expected: object) -> None:
    """A function is traced with inputs of its own, whatever it is called with."""
    assert value(f"{text}") == pytest.approx(expected)


@pytest.mark.parametrize("order", range(1, 7))
def test_primes_and_nested_grads_agree_with_fifty_digits(order: int) -> None:
    """exp(sin x) tanh x / (1 + x^2), order by order, both ways."""
    f = "f(x) = exp(sin(x)) * tanh(x) / (1 + x^2);"
    with mpmath.workdps(50):
        exact = float(
            mpmath.diff(lambda x: mpmath.exp(mpmath.sin(x)) * mpmath.tanh(x) / (1 + x * x), mpmath.mpf("0.7"), order)
        )
    assert value(f"{f} f{order * chr(39)}(0.7)") == pytest.approx(exact, rel=1e-13)
    assert value(f"{f} {'grad(' * order}f{')' * order}(0.7)") == pytest.approx(exact, rel=1e-13)


@settings(max_examples=5)
@given(st.floats(-2, 2), st.floats(-2, 2))
def test_mixed_partials_commute(x: float, y: float) -> None:
    """By either order of differentiation, and in the table."""
    f = "f(x, y) = sin(x * y) * exp(-x^2 / 2) + log(1 + y^2) * tanh(x - y);"
    xy = value(f"{f} grad(grad(f, 0), 1)({x!r}, {y!r})")
    yx = value(f"{f} grad(grad(f, 1), 0)({x!r}, {y!r})")
    table = value(f"{f} derivatives(f, order=2)({x!r}, {y!r})")
    assert xy == pytest.approx(yx, rel=1e-12, abs=1e-13)
    assert table[4] == pytest.approx(xy, rel=1e-12, abs=1e-13)


def test_the_gradient_of_a_gradient_sums_its_parts() -> None:
    """The seed's rule for several outputs, at each order."""
    text = "f(x, y) = x^2 * y^3; g = grad(f, (0, 1)); r = grad(g, (0, 1))(2, 3); r"
    assert value(text) == (2 * 27 + 4 * 27 / 1, 4 * 27 + 4 * 6 * 3)


def test_arguments_that_are_tuples() -> None:
    """The gradient with respect to a tuple is a tuple."""
    assert value("f(p) = p[0]^2 * p[1]; r = grad(f)((3, 5)); r") == (30, 9)


def test_a_prime_leaves_defaults_alone() -> None:
    """One input must be given; the others stand at their defaults."""
    assert value("r = sum'([3, 4]); r[0] + r[1]") == 2
    assert value("f(x, n=3) = x^n; f'(2), f'(2, 4)") == (12, 32)


def test_a_gradient_is_a_function_like_any_other() -> None:
    """It can be passed on, called inside functions, and closed over."""
    assert value("apply(f, x) = f(x); apply(grad(sin), 0)") == 1
    assert value("newton(f, x) = x - f(x) / grad(f)(x); newton(x -> x^2 - 2, 1.5)") == pytest.approx(1.4166666666666667)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("f(x) = where(x > 0, log(x), 0); f'(-1), f''(-1), f'(0), f'(2)", (0, 0, 0, 0.5)),
        ("f(x) = log(x) if x > 0 else 0; f'(-1), f''(0), f'(2)", (0, 0, 0.5)),
        ("f(x) = where(x == 0, 1, sin(x) / x); f'(0)", 0),
        ("f(x) = sqrt(x) if x > 0 else 0; f'(0), f'(4)", (0, 0.25)),
        ("f(x) = x^2; f'(0), f''(0), f'''(0)", (0, 2, 0)),
        ("f(x) = x^0; f(0), f'(0)", (1, 0)),
        ("f(x) = x^1; f(0), f'(0)", (1 - 1, 1)),
        ("f(x) = x^0.5; f'(0)", np.inf),
        ("f(x) = x^1.5; f'(0)", 0),
        ("f(x) = x^-1; f'(2)", -0.25),
        ("f(x) = abs(x); f'(0), f'(-3)", (0, -1)),
        ("f(x) = relu(x); f'(0), f'(3)", (0, 1)),
        ("f(x, y) = maximum(x, y); r = grad(f, (0, 1))(2, 2); r", (0.5, 0.5)),
        ("f(x) = sigmoid(x); f(-1000), f(1000), f'(-1000), f'(1000)", (0, 1, 0, 0)),
        ("f(x) = norm(x); r = sum(grad(f)([0, 0])), sum(grad(f)([3, 4])); r", (0, 1.4)),
        ("f(x, y) = hypot(x, y); r = grad(f, (0, 1))(0, 0); r", (0, 0)),
        ("f(x) = sqrt(x^2); f'(-3), f'(0)", (-1, np.nan)),
        ("f(x) = x^x; f(0), f'(0), f'(1)", (1, -np.inf, 1)),
        ("f(x, y) = x^y; r = grad(f, (0, 1))(0, 2); r", (0, 0)),
        ("f(x, y) = x^y; r = grad(f, (0, 1))(0, 0); r", (0, -np.inf)),
        ("f(x, y) = x^y; r = grad(f)(-2, 3); r", 12),
        ("f(x, y) = x^y; r = grad(f, 1)(-2, 3); r", np.nan),
        ("f(x) = max(x); r = grad(f)([2, 5, 5]); r[0], r[1], r[2]", (0, 0.5, 0.5)),
        ("f(x) = max(x); r = grad(f)([1/0, 5]); f([1/0, 5]), r[1]", (np.inf, 0)),
        ("f(x) = std(x); r = grad(f)([2, 2]); r[0]", 0),
        ("f(x) = atan2(x, x); f'(0)", np.nan),
        ("f(x) = tanh(x); f(1000), f'(1000), f'(-1000), f''(1000)", (1, 0, 0, 0)),
        ("f(x) = logsumexp(x); f([1000, 1000]), grad(f)([1000, -1000])[0]", (1000 + np.log(2), 1)),
        ("f(x) = logsumexp(x); f([-1/0, 0]), grad(f)([-1/0, 0])[0]", (0, 0)),
        ("f(x) = logaddexp(x, 0); f(-1000), f(1000), f'(1000), f'(-1000)", (0, 1000, 1, 0)),
        ("f(x) = 1 / x; f(0), f'(0)", (np.inf, -np.inf)),
        ("f(x) = clip(x, 0, 1); f'(0), f'(1), f'(2)", (1, 1, 0)),
        ("f(x) = sinc(x); f(0), f'(0), f''(0)", (1, 0, -(np.pi**2) / 3)),
        ("f(x) = sinh(x) / cosh(x); f'(0)", 1),
        ("f(x) = prod(x); r = grad(f)([0, 2, 3]); r[0], r[1], r[2]", (6, 0, 0)),
        ("f(x) = prod(x); r = grad(f)([0, 0, 3]); r[0], r[1], r[2]", (0, 0, 0)),
        ("f(x) = asinh(x); f'(1e200)", 1e-200),
        ("f(x) = softplus(x); f(1000), f'(1000), f(-1000)", (1000, 1, 0)),
    ],
)
def test_sharp_points(text: str, expected: object) -> None:
    """Where no derivative exists, or only one guard stands before an infinite one."""
    assert value(text) == pytest.approx(expected, nan_ok=True)


def test_a_gradient_by_the_tails() -> None:
    """sigmoid'(40) is exp(-40) to the last digits, not 0."""
    assert value("grad(sigmoid)(40)") == pytest.approx(float(np.exp(-40.0)), rel=1e-15)
    assert value("grad(tanh)(20)") == pytest.approx(4 * float(np.exp(-40.0)), rel=1e-14)
    assert value("grad(softplus)(-40)") == pytest.approx(float(np.exp(-40.0)), rel=1e-15)
    assert value("gelu(-10)") == pytest.approx(-7.619853024160525e-23, rel=1e-12)


def test_small_numbers_stay_accurate() -> None:
    """log1p and expm1 where 1 + x is 1."""
    assert value("log1p(1e-20), expm1(1e-20)") == (1e-20, 1e-20)
    assert value("r = log1p'(1e-20), expm1'(1e-20); r") == (1, 1)


def test_a_table_names_each_partial_once() -> None:
    """By order, then by name; the note says when sums were taken."""
    (shown,) = run("f(x, y) = x^2 * y; derivatives(f, order=2)(3, 5)").results
    assert isinstance(shown, Shown)
    assert isinstance(shown.value, Derivatives)
    rows = [(row.order, row.name, row.data) for row in shown.value.rows]
    assert rows == [
        (0, "f", 45),
        (1, "∂f/∂x", 30),
        (1, "∂f/∂y", 9),
        (2, "∂²f/∂x²", 10),
        (2, "∂²f/∂x∂y", 6),
        (2, "∂²f/∂y²", 0),
    ]
    assert shown.value.note is None
    (shown,) = run("f(x) = x^2; derivatives(f, order=1)([1, 2])").results
    assert isinstance(shown, Shown)
    assert isinstance(shown.value, Derivatives)
    assert "summed" in (shown.value.note or "")


def test_a_table_inside_other_work() -> None:
    """A table can be kept, and its order is counted on top of what is differentiated already."""
    (shown,) = run("t = derivatives(grad(sin), order=1)(0.0); t").results
    assert isinstance(shown, Shown)
    assert isinstance(shown.value, Derivatives)
    assert [(r.order, r.name) for r in shown.value.rows] == [(1, "dsin/dx"), (2, "d²sin/dx²")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("f(x) = x; grad(f)(int([1]))", "`x` is int64"),
        ("f(x) = x; grad(f)(true)", "`x` is true"),
        ("f(x) = x; grad(f)([true])", "`x` is bool"),
        ("f(x) = x; grad(f)(sin)", "`x` is the built-in `sin`"),
        ("f(x) = int(x); grad(f)(2)", "`f` returns int64"),
        ("f() = 3; grad(f)()", "`f` has no inputs"),
        ("f(x) = x; grad(f, ())", "grad_position is empty"),
        ('f(x) = x; grad(f, "x")', "grad_position is a whole number, not a text"),
        ("model f(x): param w = 1; return w * x\ngrad(f, weights=(f.w, f.w))", "weights name each parameter once"),
        ("f(x) = x; grad(f, wrt=(x, x))", "wrt= names each input or parameter once"),
        ("f(x) = x; grad(f, wrt=1)", "wrt= takes names"),
        ("f(x) = x; diff(f, 3)", "diff needs an input or a parameter"),
        ("f(x) = diff(x)\nf(2)", "diff needs a variable behind the value"),
        ("f(x) = diff(x > 0, x)\nf(2)", "is bool, and only real numbers have derivatives"),
        ("f(x, y) = x; derivatives(f, order=1.5)(1, 2)", "the order must be a whole number, not 1.5"),
        ("f(x) = tanh(sin(x)); derivatives(f, order=4000)(1)", "order 4,000 is too high"),
    ],
)
def test_refusals(text: str, message: str) -> None:
    """Each with a message and something to do, or a plain statement of fact."""
    assert message in error(text).message
