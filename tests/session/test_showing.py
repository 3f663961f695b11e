"""What stands by itself: definitions as typed, derivatives as formulas, free names as inputs of a function."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcli.session.results import Derivatives, NoNumber, Shown, Tensor
from tests.language.running import error, run, value


def shown(text: str) -> Any:
    """The last value that a text shows, as plain data."""
    step = run(text)
    assert not [d for d in step.diagnostics if d.severity == "error"], step.diagnostics
    result = step.results[-1]
    assert isinstance(result, Shown)
    return result.value


def formulas(text: str) -> dict[str, str | None]:
    """The formulas of the last thing that a text shows, by the names of the rows."""
    found = shown(text)
    assert isinstance(found, Derivatives)
    return {row.name: row.formula for row in found.rows}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x^2", {"": "x^2"}),
        ("2x", {"": "2*x"}),
        ("e^x", {"": "e^x"}),
        ("ln(x)", {"": "ln(x)"}),
        ("d/dx x^2", {"": "2*x"}),
        ("diff(x^2, x)", {"": "2*x"}),
        ("x -> x*x", {"": "x^2"}),
        ("derivative(x^2)", {"d(x^2)/dx": "2*x"}),
        ("laplacian(x^2 + y^2)", {"Δ(x^2 + y^2)": "4"}),
        ("f(x) = x^3; f'", {"df/dx": "3*x^2"}),
        ("f(x) = x^3; f''", {"d²f/dx²": "6*x"}),
        ("f(x) = x^3; f'(y)", {"": "3*y^2"}),
        ("f(x, y) = x^2*y; grad(f)", {"∂f/∂x": "2*x*y"}),
        ("f(x, y) = x^2*y; grad(f, all)", {"∂f/∂x": "2*x*y", "∂f/∂y": "x^2"}),
        ("f(x, y) = x^2*y; ∇f", {"∇f": "[2*x*y, x^2]"}),
        ("f(x, y) = x^2*y; hessian(f)", {"∂²f/∂(x, y)²": "[[2*y, 2*x], [2*x, 0]]"}),
        ("f(x, y) = x^2*y; jacobian(f)", {"∂f/∂(x, y)": "[2*x*y, x^2]"}),
        ("f(x, y) = x^2*y; ∂²f/∂x∂y", {"∂²f/∂x∂y": "2*x"}),
        ("f(x, y) = x^2*y; derivatives(f, order=1)", {"f": "x^2*y", "∂f/∂x": "2*x*y", "∂f/∂y": "x^2"}),
        ("f(x) = x*x*x; derivatives(f, order=1)", {"f": "x*x*x", "df/dx": "3*x^2"}),
        ("r(t) = [cos(t), sin(t), t]; r'", {"dr/dt": "[-sin(t), cos(t), 1]"}),
        ("r(t) = (cos(t), t); r'", {"dr[0]/dt": "-sin(t)", "dr[1]/dt": "1"}),
        ("F(x, y) = [x*y, y]; ∇·F", {"∇·F": "y + 1"}),
        ("f(r) = pi*r^2; f'", {"df/dr": "2*pi*r"}),
        ("f(t) = 9.8t^2/2; f'", {"df/dt": "9.8*t"}),
        ("f(x) = x^2; g(x) = x + 1; f∘g", {"f∘g": "(x + 1)^2"}),
        ("f(x) = x^2 if x < 0 else 3x; f'", {"df/dx": "where(x < 0, 2*x, 3)"}),
        ("norm([x, y])", {"": "sqrt(x^2 + y^2)"}),
        ("f(x, y) = norm([x, y]); ∇f", {"∇f": "[x/sqrt(x^2 + y^2), y/sqrt(x^2 + y^2)]"}),
        ("r(t) = [cos(t), sin(t), t]; norm(r')", {"norm(r')": "sqrt(cos(t)^2 + sin(t)^2 + 1)"}),
        ("softmax([x, y])", {"": "[exp(x)/(exp(x) + exp(y)), exp(y)/(exp(x) + exp(y))]"}),
        ("f(x, y) = logsumexp([x, y]); ∂f/∂x", {"∂f/∂x": "exp(x)/(exp(x) + exp(y))"}),
        ("clip(x, 0, 1)", {"": "where(x > 1, 1, where(x < 0, 0, x))"}),
        ("f(x) = ln|x|; f'", {"df/dx": "1/x"}),
        ("f(x) = |x|^3; f'", {"df/dx": "3*x*abs(x)"}),
        ("d/dx x^e", {"": "e*x^(e - 1)"}),
        ("F(x) = integrate(t^2, 0, x); F'", {"dF/dx": "x^2"}),
        ("m g h", {"": "m*g*h"}),
        ("a x^2 + b x + c", {"": "a*x^2 + b*x + c"}),
        ("d/dx x^3 at 2", {"d(x^3)/dx": "3*x^2"}),
    ],
)
def test_formulas_without_a_point(text: str, expected: dict[str, str]) -> None:
    """Under their names; an expression has none."""
    assert formulas(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("f(x) = 2x^2 - 3x + 1; f", "f(x) = 2x^2 - 3x + 1"),
        ("def f(x):\n    y = x^2\n    return y\nf", "def f(x):\n    y = x^2\n    return y"),
        ("model m(x): param w = 2; return w*x\nm", "model m(x): param w = 2; return w*x"),
    ],
)
def test_a_function_shows_its_definition_as_typed(text: str, expected: str) -> None:
    """To the letter."""
    found = shown(text)
    assert isinstance(found, NoNumber)
    assert (found.kind, found.text) == ("function", expected)


def test_free_names_are_said() -> None:
    """In the caption, and so is how the function gets a name."""
    found = shown("x^2 + a")
    assert isinstance(found, Derivatives)
    assert found.note is not None
    assert "x and a" in found.note
    assert "f(x, a) = ..." in found.note


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x", "unknown name `x`"),
        ("2*tahn(1)", "unknown name `tahn`"),
        ("sqrr(x)", "unknown name `sqrr`"),
        ("length = 2; lenght + 1", "unknown name `lenght`"),
        ("y = 2x", "unknown name `x`"),
        ("assert x == 2", "unknown name `x`"),
    ],
)
def test_what_is_no_free_name(text: str, message: str) -> None:
    """A name alone, one that is called, a slip of a known one, and one whose value is needed."""
    assert message in error(text).message


def test_what_is_not_reached_may_be_unknown() -> None:
    """A branch that isn't taken does not make a function of an expression."""
    assert value("1 if true else nothing_of_this_name") == 1


@pytest.mark.parametrize(
    "text",
    [
        "f(x, y) = x^2*y; grad(f)(3, 5)",
        "f(x, y) = x^2*y; hessian(f)(3, 5)",
        "f(x, y) = x^2*y; ∇f(3, 5)",
        "f(x, y) = x^y; grad(f, all)(2, 3)",
        "r(t) = [cos(t), t^2]; r'(2)",
        "f(x) = exp(x)*x; f''(1/2)",
    ],
)
def test_with_a_point_the_formula_stands_beside_the_number(text: str) -> None:
    """And is that of the number: evaluated at the point, it gives it."""
    found = shown(text)
    assert isinstance(found, Derivatives)
    at = dict(zip("xyt", (3.0, 5.0, 2.0), strict=True))
    if "(2, 3)" in text:
        at |= {"x": 2.0, "y": 3.0}
    if "(1/2)" in text:
        at["x"] = 0.5
    before = "; ".join(f"{name} = {number}" for name, number in at.items())
    for row in found.rows:
        assert isinstance(row.tensor, Tensor)
        np.testing.assert_allclose(np.asarray(value(f"{before}; {row.formula}")), row.data, rtol=1e-12)


def test_of_tensors_no_formula_of_numbers_is_shown() -> None:
    """The norm of a number is not that of a vector."""
    found = shown("f(v) = norm(v)^2; grad(f)([1, 2])")
    assert isinstance(found, Derivatives)
    assert found.rows[0].formula is None


@given(st.integers(-3, 3), st.integers(-3, 3), st.sampled_from(["+", "-", "*"]), st.floats(-2, 2))
def test_arithmetic_of_functions_is_that_of_their_values(a: int, b: int, sign: str, x: float) -> None:
    """And so are their derivatives."""
    defined = f"f(x) = {a}*x^2 + 1; g(x) = sin(x) + {b}; x0 = {x!r}"
    both = value(f"{defined}; (f {sign} g)(x0), f(x0) {sign} g(x0)")
    assert both[0] == pytest.approx(both[1], rel=1e-12, abs=1e-12)
    slopes = value(f"{defined}; h(x) = f(x) {sign} g(x); (f {sign} g)'(x0), h'(x0)")
    assert slopes[0] == pytest.approx(slopes[1], rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(
    ("call", "formula"), [("grad(m, wrt=b)(3)", "x"), ("grad(m, wrt=b)([1, 2])", None), ("grad(m, wrt=b)(y)", None)]
)
def test_formulas_beside_numbers_are_of_numbers(call: str, formula: str | None) -> None:
    """A tensor that an input is given is no number of which there is a formula."""
    step = run(f"model m(x):\n    param b = 2\n    return sum(b*x)\ny = [3, 5]\n{call}")
    (shown,) = step.results
    assert isinstance(shown, Shown)
    assert isinstance(shown.value, Derivatives)
    assert [row.formula for row in shown.value.rows] == [formula]
