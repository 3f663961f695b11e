"""What is said of a loop of many steps where a formula, a rule or a reason is asked for."""

from __future__ import annotations

import pytest

from gradcli.session.results import Shown
from tests.language.running import error, run

LOOP = "def f(x):\n    for i in range(100):\n        x = {}\n    return x\n\n"


def _reasons(text: str) -> list[str | None]:
    (found,) = run(text).results
    assert isinstance(found, Shown)
    rows = getattr(found.value, "rows", ())
    assert rows
    return [row.reason for row in rows]


@pytest.mark.parametrize("asked", ["formula(f)", "formula(f')", "f(x)", "f'(x)", "f''(x)"])
def test_there_is_no_formula(asked: str) -> None:
    """The reason says what is in its way."""
    assert _reasons(LOOP.format("x + 0.1*sin(x)") + asked) == ["a loop of 100 steps is on the way"]


def test_there_is_no_rule() -> None:
    """Steps are those of a formula."""
    said = error(LOOP.format("x + 0.1*sin(x)") + "steps(f)(2)").message
    assert "there is no rule to write down for a loop of 100 steps" in said


@pytest.mark.parametrize(
    ("step", "at", "said"),
    [
        ("x - log(x)/2", "-1.0", "the nan comes from `log`, here log(-1) in step 1 of a loop of 100 steps"),
        ("x^2", "1.5", "in step 11 of a loop of 100 steps, beyond the largest float64"),
        ("x + 1/(x - 1)", "1.0", "here 1/0 in step 1 of a loop of 100 steps, a division by 0"),
    ],
)
def test_where_a_nan_comes_from(step: str, at: str, said: str) -> None:
    """The operation in the first step that gives it."""
    notes = [note.message for note in run(LOOP.format(step) + f"why(f({at}))").diagnostics]
    assert any(said in note for note in notes)
    assert not any("`f`" in note for note in notes)
