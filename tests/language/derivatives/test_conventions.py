"""A slope that is shown and is a convention says so: at which operation, and what is beside it."""

from __future__ import annotations

import pytest

from tests.language.running import run, value

CORNERS = [
    ("f(x) = 3*abs(x - 1)\nf'(1)", "abs(x - 1)", "-3 on the left and 3 on the right"),
    ("f(x) = relu(x)\nf'(0)", "relu(x)", "0 on the left and 1 on the right"),
    ("f(x) = clip(x, 0, 1) + x\nf'(1)", "clip(x, 0, 1)", "2 on the left and 1 on the right"),
    ("f(x) = x if x >= 1 else 2 - x\nf'(1)", "x >= 1", "-1 on the left and 1 on the right"),
    ("f(x) = max(x, x^2)\nf'(1)", "max(x, x^2)", "1 on the left and 2 on the right"),
    ("f(x) = sqrt(x^2 + x^4)*abs(x)/x + abs(x)\nf'(2)", None, ""),
    ("f(x, y) = hypot(x, y)\ngrad(f)(0, 0)", "hypot(x, y)", "-1 on the left and 1 on the right"),
    ("f(x, y) = max(x, y) + y\nderivatives(f, order=1)(1, 1)", "max(x, y)", "in x is 0 on the left and 1 on the right"),
    ("f(w) = sum(relu(w))\ngrad(f)([0, 1, -1])", "relu(w)", "differs from side to side"),
    ("f(v) = norm(v)\ngrad(f)([0, 0])", "norm(v)", "differs from side to side"),
    ("f(x) = 2*floor(x)\nf'(1)", "floor(x)", "0 on the left and 2 on the right"),
    ("f(x) = round(x)\nf'(0.5)", "round(x)", "0 on the left and 1 on the right"),
    ("f(x) = 5 if x == 0 else x\nf'(0)", "x == 0", "the function is 5, and 0 beside it"),
    ("abs'(0)", "abs'(0)", "-1 on the left and 1 on the right"),
    ("d/dx abs(x) at 0", "abs(x)", "-1 on the left and 1 on the right"),
]


@pytest.mark.parametrize(("text", "place", "what"), CORNERS, ids=[text.splitlines()[0] for text, _, _ in CORNERS])
def test_the_operation_and_both_sides(text: str, place: str | None, what: str) -> None:
    """A note at the operation, in the definition; nothing where the point is not at an edge."""
    diagnostics = run(text).diagnostics
    if place is None:
        assert not diagnostics
        return
    (note,) = diagnostics
    assert note.severity == "note"
    assert note.span is not None
    assert note.span.text == place
    assert what in note.message
    assert note.message.endswith("what is shown is a convention")


@pytest.mark.parametrize(
    ("text", "slope"),
    [
        ("f(x) = relu(x) - relu(-x)\nf'(0)", 1),
        ("f(x) = abs(x)*x\nf'(0)", 0),
        ("f(x) = max(x, -x) - abs(x) + 3*x\nf'(0)", 3),
        ("f(x) = clip(x, 0, 1) + relu(x - 1)\nf'(1)", 1),
        ("f(x) = x^2 if x > 1 else 2*x - 1\nf'(1)", 2),
        ("f(x, y) = max(x, y) + min(x, y)\ngrad(f, all)(2, 2)", (1, 1)),
    ],
)
def test_a_derivative_that_exists_is_no_convention(text: str, slope: object) -> None:
    """Though the slopes of the parts are."""
    step = run(text)
    assert not step.diagnostics
    assert value(text) == pytest.approx(slope)


def test_what_is_called_within_says_nothing() -> None:
    """Training goes over corners all the time."""
    text = "f(w) = sum(relu(w))\nstep(w) = w - 0.1*grad(f)(w)\nstep([0, 1])"
    assert not run(text).diagnostics
    assert not run("f(x) = abs(x)\ns = 0\nfor i in range(3):\n    s = s + f'(0)\ns").diagnostics


def test_no_note_where_the_answer_is_none() -> None:
    """The reason of a nan is enough."""
    (warning,) = run("f(x) = sqrt(abs(x))\nf'(0)").diagnostics
    assert warning.severity == "warning"
    assert "-inf on one side and inf on another" in warning.message
