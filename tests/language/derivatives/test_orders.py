"""Derivatives of any order: tables, primes, Taylor polynomials, and modes inside of one another."""

from __future__ import annotations

from math import comb

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcli.session.results import Derivatives, Row, Shown, Tensor
from tests.language.running import error, number, passes, run, value

HARD = "f(x) = exp(sin(x)) * tanh(x) / (1 + x^2)\n"


def rows(text: str) -> dict[str, Row]:
    """The last table of a text, by the names of its rows."""
    shown = [r for r in run(text).results if isinstance(r, Shown)][-1]
    assert isinstance(shown.value, Derivatives)
    return {row.name: row for row in shown.value.rows}


def scalar(row: Row) -> float:
    """A row's number."""
    assert isinstance(row.tensor, Tensor)
    return float(row.data)


def hard(t: mpmath.mpf) -> mpmath.mpf:
    """The function above, in arbitrary precision."""
    return mpmath.exp(mpmath.sin(t)) * mpmath.tanh(t) / (1 + t * t)


def test_every_order_up_to_sixty_is_right() -> None:
    """Against 90-digit arithmetic: one row for each order."""
    table = list(rows(HARD + "derivatives(f, order=60)(0.7)").values())
    assert [row.order for row in table] == list(range(61))
    with mpmath.workdps(90):
        exact = mpmath.taylor(hard, mpmath.mpf(0.7), 60)
        for row, coefficient in zip(table, exact, strict=True):
            want = coefficient * mpmath.factorial(row.order)
            assert abs(mpmath.mpf(scalar(row)) - want) <= 1e-12 * abs(want), row.order


@pytest.mark.parametrize("order", [101, 170, 300, 1000])
def test_orders_beyond_the_range_of_factorials(order: int) -> None:
    """The derivative of sine is a sine or cosine, though neither k! nor the coefficient is a float."""
    exact = [np.sin(0.7), np.cos(0.7), -np.sin(0.7), -np.cos(0.7)][order % 4]
    assert number(f"derivative(sin, {order})(0.7)") == pytest.approx(exact, rel=1e-9)
    assert scalar(rows(f"derivatives(sin, order={order})(0.7)")[_name(order)]) == pytest.approx(exact, rel=1e-9)


def _name(order: int) -> str:
    raised = str(order).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"d{raised}sin/dx{raised}"


def test_all_mixed_partials_of_order_six_in_five_variables() -> None:
    """Each distinct partial once; exp of a sum of multiples has a product of powers for each."""
    text = "f(a, b, c, d, e) = exp(a + 2*b + 3*c - d + 0.5*e)\nderivatives(f, order=6)(0.1, 0.2, -0.3, 0.4, 0.5)"
    table = rows(text)
    assert len(table) == comb(11, 5)
    base = np.exp(0.1 + 0.4 - 0.9 - 0.4 + 0.25)
    weights = {"a": 1.0, "b": 2.0, "c": 3.0, "d": -1.0, "e": 0.5}
    for name, row in table.items():
        factor = 1.0
        for part in name.partition("/")[2].split("∂")[1:]:
            power = part[1:].translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789"))
            factor *= weights[part[0]] ** int(power or 1)
        assert scalar(row) == pytest.approx(base * factor, rel=1e-12), name


@given(x=st.floats(-1.5, 1.5), y=st.floats(0.3, 2.0), order=st.integers(1, 4))
def test_a_table_is_nested_gradients(x: float, y: float, order: int) -> None:
    """Taylor mode in two variables agrees with gradients of gradients."""
    text = f"f(x, y) = sin(x * y) * exp(x) / y\nderivatives(f, order={order})({x!r}, {y!r})"
    nested = "f"
    for _ in range(order - 1):
        nested = f"grad({nested}, 1)"
    want = number(f"f(x, y) = sin(x * y) * exp(x) / y\ngrad({nested}, 0)({x!r}, {y!r})")
    above = f"∂{_raised(order)}" if order > 1 else "∂"
    below = "∂x" if order == 1 else f"∂x∂y{_raised(order - 1)}"
    assert scalar(rows(text)[f"{above}f/{below}"]) == pytest.approx(want, rel=1e-9, abs=1e-9)


def _raised(n: int) -> str:
    return "" if n == 1 else str(n).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_a_table_of_tensors_has_the_seeds_sums(order: int) -> None:
    """The row of order k is the gradient of the sum of the row before, and the caption says so where it matters."""
    setup = "f(x, y) = sin(x * y) @ [1, 2, 3]\nx = [0.1, 0.2, 0.3]; y = [0.5, 0.6, 0.7]\n"
    nested = "f"
    for _ in range(order):
        nested = f"grad({nested})"
    want = value(f"{setup}r = {nested}(x, y)\nr")
    shown = [r for r in run(f"{setup}derivatives(f, order={order})(x, y)").results if isinstance(r, Shown)][-1]
    assert isinstance(shown.value, Derivatives)
    assert bool(shown.value.note) == (order > 1)
    # By x alone; from the second order on, the name of the row says over what it is summed.
    of_order = [row for row in shown.value.rows if row.order == order]
    assert of_order[0].name.startswith("∂f/∂x" if order == 1 else "∑")
    assert "y" not in of_order[0].name
    got = of_order[0].data
    np.testing.assert_allclose(got, want, rtol=1e-12)


def test_what_long_formulas_repeat_is_named() -> None:
    """As definitions of the language, which make each formula the derivative."""
    step = run("f(x) = sin(sin(sin(x)))\nderivatives(f, order=3)(1.0)")
    (shown,) = [r for r in step.results if isinstance(r, Shown)]
    assert isinstance(shown.value, Derivatives)
    assert shown.value.definitions[0][0] == "u"
    definitions = "; ".join(f"{name} = {text}" for name, text in shown.value.definitions)
    for row in shown.value.rows:
        assert row.formula is not None
        (got,) = [r.value for r in run(f"x = 1.0; {definitions}; {row.formula}").results if isinstance(r, Shown)]
        assert isinstance(got, Tensor)
        np.testing.assert_allclose(got.data, row.data, rtol=1e-12)


def test_formulas_are_written_as_one_would() -> None:
    """Those of the function and of each partial; none where elements are summed."""
    table = rows("f(x, y) = x^2 * y + tanh(y)\nderivatives(f, order=2)(3, 5)")
    assert [row.formula for row in table.values()] == [
        "x^2 * y + tanh(y)",
        "2*x*y",
        "x^2 - tanh(y)^2 + 1",
        "2*y",
        "2*x",
        "-2*tanh(y)/cosh(y)^2",
    ]
    assert not any(row.formula for row in rows("f(x) = sum(x^2)\nderivatives(f)([1, 2])").values())
    assert [
        row.formula for row in rows("model f(x): param w = [2.0]; return w * x^2\nderivatives(f)([1])").values()
    ] == [
        "w*x^2",
        "2*w*x",
        "2*w",
    ]


def test_taylor_polynomials_are_functions() -> None:
    """Of the point, with coefficients, derivatives of their own, and the function's derivatives at the center."""
    assert passes("p = taylor(exp, 0, 3); assert allclose(p.coefficients, [1, 1, 1/2, 1/6])")
    assert passes("p = taylor(exp, 1, 6); assert allclose(p'''(1), e); assert allclose(p(1.1), exp(1.1), rtol=1e-9)")
    assert passes("f(x, y) = exp(x) * y; p = taylor(f, (0, 2), 2); assert allclose(grad(p, (0, 1))(0, 2), (2, 1))")
    assert passes(
        "g(a) = taylor(x -> x^a, 1, 3)(1.2); assert allclose(grad(g)(2.5), (g(2.500001) - g(2.499999))/2e-6, 1e-6)"
    )
    assert value("taylor(sin, 0, 5)") == pytest.approx(
        {(1,): 1.0, (3,): -1 / 6, (5,): 1 / 120, (0,): 0, (2,): 0, (4,): 0}
    )
    assert value("f(x) = 7; taylor(f, 2, 3)(9)") == 7


@pytest.mark.parametrize(
    "text",
    [
        # Reverse over Taylor: a residual of order four, differentiated by the weights.
        "model u(x): param w = [[0.3, -0.2]]; param v = [[0.5], [0.7]]; return tanh(x @ w) @ v\n"
        "loss(x) = sum(diff(u(x), x, x, x, x)^2)\n"
        "by(d) = sum(diff((tanh(x @ [[0.3 + d, -0.2]]) @ [[0.5], [0.7]]), x, x, x, x)^2)\n"
        "x = [[0.1], [0.4]]\n"
        "shifted(x, d) = sum(diff(tanh(x @ ([[0.3, -0.2]] + d * [[1, 0]])) @ [[0.5], [0.7]], x, x, x, x)^2)\n"
        "g = (shifted(x, 1e-5) - shifted(x, -1e-5)) / 2e-5\n"
        "assert allclose(grad(loss, wrt=w)(x)[0, 0], g, rtol=1e-6)",
        # Taylor over grad.
        "f(x) = exp(x^2); g = grad(f); assert allclose(derivative(g, 3)(0.5), derivative(f, 4)(0.5))",
        "f(x) = exp(x^2); h(x) = grad(f)(x) * x; assert allclose(h''(0.5), 3*f'(0)*0 + f'''(0.5)*0.5 + 2*f''(0.5))",
        # A Hessian of what contains a derivative.
        "f(x, y) = diff(x^3 * y^2, x) + y; assert allclose(hessian(f)(2, 3), [[54, 72], [72, 24]])",
        # A table within a function is a graph: it can't be shown, but its parts are other functions' derivatives.
        "f(x) = derivative(y -> sin(x * y), 3)(2); d = (f(0.50001) - f(0.49999)) * 5e4\n"
        "assert allclose(f'(0.5), d, 1e-8)",
        "f(x) = laplacian((a, b) -> a^2 * b * x + b^3)(1, 2); assert allclose(f'(3), 4)",
        "f(x) = vmap(t -> t^2 * x)([1, 2, 3]) @ [1, 1, 1]; assert allclose(f'(5), 14)",
        "f(v) = jvp(w -> sum(w^3), v)(v); assert allclose(grad(f)([1, 2]), 9 * [1, 4])",
        "assert allclose(vmap(derivative(sin, 4))([1, 2]), sin([1, 2]))",
    ],
)
def test_modes_compose(text: str) -> None:
    """Each within another, against differences or by hand."""
    assert passes(text)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("derivatives(sin, order=-1)(1)", "orders"),
        ("derivative(sin, 2.5)(1)", "whole"),
        ("derivative(sin, 100000)(1)", "1,000"),
        ("f(x, y) = x*y; derivative(f, 2)(1, 2)", "one variable"),
        ("taylor(sin, 0, -3)", "orders"),
        ("taylor(sin, [0, 1], 3)", "number"),
        ("taylor(sin, (0, 1), 3)", "input"),
        ("f(x) = [x, x]; taylor(f, 0, 3)", "one number"),
        ("taylor(sqrt, 0, 3)", "order 1 is inf"),
        ("taylor(log, 0, 3)", "value is -inf"),
        ("taylor(x -> abs(x)^1.5, 0, 3)", "lower the order to 1"),
        ("directional(sin, 1, order=-2)(1)", "orders"),
        ("f(a,b,c,d,e,g,h,i) = a*b*c*d*e*g*h*i; derivatives(f, order=30)(1,2,3,4,5,6,7,8)", "table"),
        ("f(x) = derivative(exp, 900)(x); f'(1)", "graph"),
    ],
)
def test_orders_that_are_none_are_refused(text: str, word: str) -> None:
    """At once, with a word on what to do."""
    found = error(text)
    assert word in f"{found.message} {found.hint}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("derivative(x -> sin(x)*exp(x), 1000)(1)", 7.487407313972805e150),
        ("derivative(x -> sin(x)^2, 1000)(1)", 2.2295245860679887e300),
        ("derivative(x -> exp(x/1000), 100)(1)", 1.0010005001667105e-300),
        ("derivative(x -> 1/x, 170)(1)", 7.257415615307999e306),
        ("derivative(x -> 1/(1 - x), 170)(0)", 7.257415615307999e306),
        ("derivative(x -> sin(x)*exp(x), 100)(1)", -2575333104750642.5),
        ("derivative(x -> exp(x/1000), 100)([1.0])[0]", 1.0010005001667105e-300),
    ],
)
def test_what_a_float_holds_is_reached_whatever_lies_on_the_way(text: str, expected: float) -> None:
    """Factorials, small powers and sums of alternating signs leave the range or the digits of a float and come back."""
    assert number(text) == pytest.approx(expected, rel=1e-10)


def test_what_no_float_holds_is_infinite_with_a_word() -> None:
    """Of the derivative's sign."""
    step = run("derivative(x -> exp(-x^2), 300)(1)")
    assert [d.message for d in step.diagnostics] == ["a derivative is beyond the largest float64, and shown as inf"]
    with mpmath.workdps(60):
        sign = mpmath.sign(mpmath.hermite(300, 1))
    assert number("derivative(x -> exp(-x^2), 300)(1)") == sign * np.inf


def test_a_coefficient_needs_no_factorial() -> None:
    """Each coefficient of 1/(1 - x) is 1, also where its derivative is beyond a float."""
    assert (value("taylor(x -> 1/(1 - x), 0, 200).coefficients") == 1).all()


def test_primes_have_the_order_that_derivative_has() -> None:
    """And its limit."""
    assert "too high" in error("sin" + "'" * 1001 + "(1)").message


@pytest.mark.parametrize("order", range(1, 9))
@pytest.mark.parametrize("name", ["x", "y"])
def test_derivative_takes_one_of_several_variables(order: int, name: str) -> None:
    """Against 60-digit arithmetic, of a number, of a vector and mapped; order 0 is the function."""
    start = "f(x, y) = exp(x*sin(y))/(1 + y^2)\n"

    def exact(x: float, y: float) -> float:
        with mpmath.workdps(60):
            moved = (order, 0) if name == "x" else (0, order)
            f = lambda x, y: mpmath.exp(x * mpmath.sin(y)) / (1 + y * y)  # noqa: E731
            return float(mpmath.diff(f, (mpmath.mpf(x), mpmath.mpf(y)), moved))

    asked = f"derivative(f, {order}, wrt={name})"
    assert number(f"{start}{asked}(0.7, 0.3)") == pytest.approx(exact(0.7, 0.3), rel=1e-11)
    assert value(f"{start}vmap({asked})([0.7, -1], [0.3, 0.5])") == pytest.approx(
        [exact(0.7, 0.3), exact(-1, 0.5)], rel=1e-11
    )
    pair = f"g(x, y) = [f(x, y), -2f(x, y)]\n{asked.replace('(f', '(g')}(0.7, 0.3)"
    assert value(start + pair) == pytest.approx([exact(0.7, 0.3), -2 * exact(0.7, 0.3)], rel=1e-11)
    assert number(f"{start}derivative(f, 0, wrt={name})(0.7, 0.3)") == number(f"{start}f(0.7, 0.3)")


def test_derivative_by_a_weight() -> None:
    """Of a model, and once more by its input."""
    start = "model net(x):\n    param w = 2\n    return sin(w*x)\n\n"
    assert number(f"{start}derivative(net, 3, wrt=w)(0.5)") == pytest.approx(-(0.5**3) * np.cos(1), rel=1e-13)
    mixed = -2 * 0.5 * np.sin(1) - 0.5**2 * 2 * np.cos(1)
    assert number(f"{start}derivative(derivative(net, 2, wrt=net.w), wrt=x)(0.5)") == pytest.approx(mixed, rel=1e-13)
    assert [*rows("f(x, y) = x^3*y; derivative(f, 2, wrt=x)")] == ["∂²f/∂x²"]
