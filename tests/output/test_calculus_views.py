"""How the results of calculus look on a terminal and in a file."""

from __future__ import annotations

import pytest

from tests.faces.harness import gradcli


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("integrate(x -> 0*x + 2, 0, 1)", "2 ± 3.6e-15"),
        ("tangent(x -> x^2, 1)", "y = 2x - 1"),
        ("tangent(x -> -x^2/3, 1)", "y = -2x/3 + 1/3"),
        ("tangent(y -> 3, 1)", "z = 3"),
        ("tangent(x -> x, 5)", "y = x"),
        ("tangent((x, y) -> x^2*y, (1, 2))", "z = 4x + y - 4"),
        ("tangent(x -> 1e-7*pi*x, 0)", "y = 3.141592653589793e-07*x"),
        ("(propagate((x, y) -> x*y, (3, 0.1), (5, 0.2)),)", "(15 ± 0.781,)"),
        ("(extrema(x -> x^2, -1, 2),)", "((endpoint maximum 1 at -1, minimum 0 at 0, endpoint maximum 4 at 2),)"),
        ("extrema((x, y) -> x, (0, 1), (0, 1))", "no critical points"),
    ],
)
def test_a_line(text: str, shown: str) -> None:
    """What fits one."""
    ran = gradcli("eval", text)
    assert (ran.out.strip(), ran.err) == (shown, "")


def test_tables() -> None:
    """Points with what they are, inputs with their shares."""
    assert gradcli("eval", "f(x) = x^3 - 3*x; extrema(f, -3, 3)").out == (
        " x    f(x)   what\n"
        "──────────────────────────────\n"
        " -3   -18    endpoint minimum\n"
        " -1   2      maximum\n"
        " 1    -2     minimum\n"
        " 3    18     endpoint maximum\n\n"
    )
    assert gradcli("eval", "propagate((x, y) -> x^2*y, (3, 0.1), (5, 0.2))").out == (
        "45 ± 3.5\n"
        " input   value     slope   error made   share\n"
        "──────────────────────────────────────────────\n"
        " x       3 ± 0.1   30      3            73.5%\n"
        " y       5 ± 0.2   9       1.8          26.5%\n\n"
    )
