"""The tour: whoever types what it proposes comes to its end, and whoever errs is told what is waited for."""

from __future__ import annotations

import pytest

from gradcli.faces.prompt.loop import Prompt
from gradcli.output.layout import wrap_line
from gradcli.output.terminal import Terminal
from gradcli.session.tour import END, TASKS
from tests.output.tty import TTY


class Typed:
    """A prompt that is typed at."""

    def __init__(self) -> None:
        self.out = TTY()
        self.prompt = Prompt(Terminal(self.out, self.out))

    def __call__(self, text: str) -> str:
        """What answers a line."""
        before = len(self.out.getvalue())
        self.prompt.evaluate(text)
        return self.out.getvalue()[before:]

    @property
    def place(self) -> int | None:
        """The step that is waited for."""
        tour = self.prompt.workspace.tour
        return None if tour is None else tour.place


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Typed:
    """A fresh prompt at a terminal without colours."""
    monkeypatch.setenv("TERM", "dumb")
    return Typed()


def test_typing_what_it_proposes_leads_to_the_end(typed: Typed) -> None:
    """Each step is praised, and the end says where to go on."""
    assert TASKS[0].typed in typed(":tour")
    for place, task in enumerate(TASKS):
        assert typed.place == place
        answer = typed(task.typed)
        assert "Not yet" not in answer, (task.title, answer)
        assert "error" not in answer
        shown = TASKS[place + 1].title if place + 1 < len(TASKS) else END[0]
        assert shown in answer
    assert typed.place is None
    assert "Not yet" not in typed("1 + 1")


def test_steps_are_short() -> None:
    """A text of four lines at most, at 80 columns, and about a dozen of them."""
    assert 10 <= len(TASKS) <= 14
    for task in TASKS:
        assert len(wrap_line([(task.text, "")], 80)) <= 4


@pytest.mark.parametrize(
    ("title", "others"),
    [
        ("a value", ["15", "30/2", "5 + 10"]),
        ("a function", ["f(x, y) = x*x*y", "f(x, y) = y x²", "f = (x, y) -> x^2*y"]),
        ("its gradient", ["∇f(3, 5)", "grad(f, (0, 1))(3, 5)", "30, 9"]),
        ("a formula", ["∂f/∂x", "grad(f, wrt=x)", "2x y"]),
        ("second order", ["derivatives(f)(3, 5)"]),
        ("a tensor", ["hypot(3, 4)", "√(3^2 + 4^2)"]),
        ("a model", ["model line(t):\n    param w = 4\n    param c = -5\n    return w*t + c"]),
        ("your own answer", ['check_answer (x^3)\' = "x^2 + 2x^2"']),
    ],
)
def test_it_goes_by_what_an_input_comes_to(title: str, others: list[str]) -> None:
    """However it is typed."""
    for other in others:
        typed = Typed()
        typed(":tour")
        for task in TASKS:
            if task.title == title:
                break
            typed(":tour skip")
        before = typed.place
        assert before is not None
        answer = typed(other)
        assert typed.place in (before + 1, None), (other, answer)


def test_what_is_wrong_is_told_and_waited_for(typed: Typed) -> None:
    """It is answered as always, mistakes too, and the step stays."""
    typed(":tour")
    answer = typed("16")
    assert answer.startswith("16\n")
    assert "Not yet: the tour waits for a value of 15" in answer
    assert "unknown name" in typed("nothing(1)")
    assert typed.place == 0
    typed("15")
    assert "Not yet" in typed("f(x, y) = x y")
    assert "Not yet" in typed("f(x, y) = 'odd")
    assert typed.place == 1
    assert "Right" not in typed(f"{10**400}")


def test_skip_back_and_stop(typed: Typed) -> None:
    """Skipping types the step, so that the next ones find what it defines; before the first there is nothing."""
    assert "no tour is under way" in typed(":tour skip")
    typed(":tour")
    typed(":tour back")
    assert typed.place == 0
    typed(":tour skip")
    typed(":tour skip")
    assert typed.place == 2
    assert typed("f(3, 5)").startswith("45\n")
    typed(":tour back")
    assert typed.place == 2
    assert TASKS[2].typed in typed(":tour")
    assert "did you mean `stop`" in typed(":tour stap")
    assert "over" in typed(":tour stop")
    assert typed.place is None


def test_skipping_everything_leads_to_the_end(typed: Typed) -> None:
    """Each step that is skipped works."""
    typed(":tour")
    for _ in TASKS:
        answer = typed(":tour skip")
        assert "error" not in answer
    assert END[0] in answer
    assert typed.place is None
