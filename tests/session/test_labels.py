"""A derivative's name stays with its value, whatever name that is given."""

from __future__ import annotations

import pytest

from gradcli.session.results import Derivatives, Plain, Shown, Tensor
from tests.language.running import run

SETUP = "f(x, y) = x^2 * y; g(x, y) = x + y; v(x) = [x, x^2, x^3]; r = grad(f, (0, 1))(3, 5)\n"


def shown(text: str) -> Plain:
    """What the last expression shows."""
    last = run(SETUP + text).results[-1]
    assert isinstance(last, Shown)
    return last.value


def names(text: str) -> list[str]:
    """The names of the derivatives in a table."""
    table = shown(text)
    assert isinstance(table, Derivatives)
    return [row.name for row in table.rows]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("r", ["∂f/∂x", "∂f/∂y"]),
        ("s = r; s", ["∂f/∂x", "∂f/∂y"]),
        ("(r[1], r[0])", ["∂f/∂y", "∂f/∂x"]),
        ("a, b = r; (a, b)", ["∂f/∂x", "∂f/∂y"]),
        # Equal values keep names of their own.
        ("q = grad(g, (0, 1))(3, 5); q", ["∂g/∂x", "∂g/∂y"]),
        ("for i in range(2): q = hessian(f)(i, 2)\nq", ["∂²f/∂(x, y)²"]),
        ("q = value_and_grad(f, (0, 1))(3, 5); q", ["f", "∂f/∂x", "∂f/∂y"]),
        ("h(x) = x, 2 * x, 3 * x; q = grad(h, has_aux=true)(1); q", ["aux[0]", "aux[1]", "dh/dx"]),
        ("h(x) = x, 2 * x; q = value_and_grad(h, has_aux=true)(1); q", ["h[0]", "h[1]", "dh/dx"]),
        # A derivative that is a parameter itself.
        ("model m(x): param w = 6; return w * x\nq = grad(m, wrt=(x, w))(2); q", ["∂m/∂x", "∂m/∂w"]),
        (
            "model m(x): param w = 6; return w, x * w\nvalue_and_grad(m, wrt=(w, x))(2)",
            ["m[0]", "m[1]", "∂m/∂w", "∂m/∂x"],
        ),
    ],
)
def test_names_go_with_values(text: str, expected: list[str]) -> None:
    """Through assignments, tuples and loops; values first."""
    assert names(text) == expected


@pytest.mark.parametrize(
    "text", ["r[0]", "r[0] + 0", "(r, 1)", "(r[0], r[0])", "(r[0],)", "f'(1), 2", "(r, r)", "2 * r[1]"]
)
def test_what_is_not_one_result_is_no_table(text: str) -> None:
    """A part, something beside it, or what was computed from it."""
    text = text.replace("f'", "sin'")
    assert isinstance(shown(text), (Tensor, tuple))


def test_a_named_value_is_any_other_value() -> None:
    """It can be computed with, differentiated by and trained."""
    assert shown("r[0] * r[1] == 270").data is True  # type: ignore[union-attr]
    step = run(SETUP + "model n(x): param w = 2; return w * x\nn.w = r[1]; n(2)")
    assert not step.diagnostics
    (result,) = step.results
    assert isinstance(result, Shown)
    assert isinstance(result.value, Tensor)
    assert result.value.data == 18


def test_the_structure_stays_beside_the_names() -> None:
    """For who takes the result apart."""
    table = shown("q = grad(f, (0, 1))(3, 5); q")
    assert isinstance(table, Derivatives)
    assert isinstance(table.value, tuple)
    assert [t.data for t in table.value if isinstance(t, Tensor)] == [30, 9]
