"""The tour: steps that a newcomer types along, each checked by what the input came to, not by how it was typed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from math import inf, isclose, isfinite
from typing import Any

from gradcli.core.records import record
from gradcli.language.text.diagnostics import IncompleteInput, Source
from gradcli.language.values.values import Function
from gradcli.session.explanations import Check, Steps
from gradcli.session.results import Derivatives, Plain, Plot, Result, Shown, Tensor
from gradcli.session.session import Session

MOST_NUMBERS = 100


@record
class Heard:
    """What was typed during the tour: the session behind it, and the last thing that it showed."""

    session: Session
    result: Result | None

    @property
    def value(self) -> Plain | None:
        """The value that was shown."""
        return self.result.value if isinstance(self.result, Shown) else None

    def numbers(self) -> list[float]:
        """The numbers that were shown, in order."""
        return list(_numbers(self.value))

    def gives(self, typed: str, *wanted: float) -> bool:
        """Whether an expression comes to these numbers in the session."""
        try:
            step = self.session.run(Source("<tour>", typed))
        except IncompleteInput:
            return False
        shown = step.results[-1] if step.results else None
        return _are(Heard(step.session, shown).numbers(), wanted)

    def has_formula(self, *wanted: tuple[str, float]) -> bool:
        """Whether a formula was shown that comes to these numbers where its names stand for others."""
        rows = self.value.rows if isinstance(self.value, Derivatives) else ()
        texts = [row.formula for row in rows if row.formula is not None]
        fresh = Heard(Session(), None)
        return any(all(fresh.gives(f"{given}; {text}", number) for given, number in wanted) for text in texts)


@record
class Task:
    """A step: what it is about, what to read, what to type, what that comes to, and how that is told."""

    title: str
    text: str
    typed: str
    expected: str
    is_done: Callable[[Heard], bool]


def _is_model(heard: Heard) -> bool:
    line = heard.session.scope.get("line")
    return isinstance(line, Function) and line.kind == "model" and heard.gives("line(3)", 7)


def _tells_right(heard: Heard) -> bool:
    return isinstance(heard.value, Check) and heard.value.verdict == "right"


TASKS = (
    Task(
        "a value",
        "Type an expression, and its value is shown. Multiply 3 by 5:",
        "3*5",
        "a value of 15",
        lambda heard: _are(heard.numbers(), [15]),
    ),
    Task(
        "a function",
        "A function is defined as on paper. A blank between two letters multiplies, and ^ is power:",
        "f(x, y) = x^2 y",
        "a function f of x and y that is x^2 y",
        lambda heard: heard.gives("f(x=3, y=5), f(y=1, x=2)", 45, 4),
    ),
    Task(
        "its value",
        "Call it with numbers. What is f at x = 3 and y = 5?",
        "f(3, 5)",
        "the value of f there, 45",
        lambda heard: _are(heard.numbers(), [45]),
    ),
    Task(
        "its gradient",
        "grad makes the function of its derivatives; `all` takes every input. Each row has a derivative, its formula, "
        "and its value there:",
        "grad(f, all)(3, 5)",
        "both derivatives of f there, 30 and 9",
        lambda heard: _are(heard.numbers(), [30, 9]),
    ),
    Task(
        "a prime",
        "A function of one variable is differentiated by a prime, by two twice. The slope of sin at 0:",
        "sin'(0)",
        "the slope of sin at 0, which is 1",
        lambda heard: _are(heard.numbers(), [1]),
    ),
    Task(
        "a formula",
        "Without a point you see the formula. By x alone it is grad(f), or ∂f/∂x:",
        "grad(f)",
        "the formula of ∂f/∂x, which is 2x y",
        lambda heard: heard.has_formula(("x = 3; y = 5", 30), ("x = 2; y = 7", 28)),
    ),
    Task(
        "second order",
        "All partial derivatives up to an order, in one table:",
        "derivatives(f, order=2)(3, 5)",
        "the derivatives of f at (3, 5) up to order 2",
        lambda heard: _are(heard.numbers(), [45, 30, 9, 10, 6, 0]),
    ),
    Task(
        "a tensor",
        "Brackets make a vector, brackets of brackets a matrix. The length of the vector 3, 4:",
        "norm([3, 4])",
        "the length of [3, 4], which is 5",
        lambda heard: _are(heard.numbers(), [5]),
    ),
    Task(
        "a model",
        "A model has parameters that can be trained. Its lines stand further in, and an empty line ends it:",
        "model line(x):\n    param w = 2\n    return w*x + 1",
        "a model named line with line(3) = 7",
        _is_model,
    ),
    Task(
        "by a parameter",
        "A parameter can be differentiated by, as an input can. How does line(3) change with w?",
        "grad(line, wrt=w)(3)",
        "the derivative of line(3) by w, which is 3",
        lambda heard: _are(heard.numbers(), [3]),
    ),
    Task(
        "how it is found",
        "The rules of a derivative, one inside the other:",
        "steps derivative(sin(x^2))",
        "the steps of a derivative",
        lambda heard: isinstance(heard.value, Steps),
    ),
    Task(
        "a picture",
        "A curve, over a range of x:",
        "plot sin(x), cos(x) over x = -3..3",
        "a plot",
        lambda heard: isinstance(heard.value, Plot),
    ),
    Task(
        "your own answer",
        "Find a derivative by hand, and have it looked at. What is that of x^3? Put it between the quotes:",
        'check_answer derivative(x^3) = "3x^2"',
        "an answer that is right",
        _tells_right,
    ),
)
END = (
    "That was the tour. What is defined stays, and `:vars` lists it.",
    "`:help` has the topics: `:help calculus`, `:help models`, `:help scripts`.",
    "`?NAME` explains a name, as `?integrate` does, with examples.",
)
PRAISE = ("Right.", "Yes.", "That's it.")


@record
class Tour:
    """Where somebody is in the tour; each step gives the next one."""

    place: int = 0

    @property
    def task(self) -> Task | None:
        """What is to be typed; None behind the last."""
        return TASKS[self.place] if self.place < len(TASKS) else None

    @property
    def praise(self) -> str:
        """What is said of what was right."""
        return PRAISE[self.place % len(PRAISE)]

    def moved(self, by: int) -> Tour:
        """The tour some steps on, or back; not before the first."""
        return replace(self, place=max(0, min(self.place + by, len(TASKS))))

    def is_done(self, session: Session, result: Result | None) -> bool:
        """Whether what was typed is what the step is about."""
        return self.task is not None and self.task.is_done(Heard(session, result))

    def done_for(self, session: Session) -> Session:
        """The session as if the step had been typed, so that the next ones find what it defines."""
        return session if self.task is None else session.run(Source("<tour>", self.task.typed)).session


def _are(numbers: list[float], wanted: tuple[float, ...] | list[float]) -> bool:
    return len(numbers) == len(wanted) and all(
        isfinite(a) and isclose(a, b, rel_tol=1e-9, abs_tol=1e-12) for a, b in zip(numbers, wanted, strict=True)
    )


def _numbers(value: Plain | None) -> Iterator[float]:
    """The numbers in a value, as far as there are a few."""
    if isinstance(value, Tensor):
        if value.shape == ():
            yield _as_float(value.data)
        elif len(value.shape) == 1 and value.shape[0] <= MOST_NUMBERS:
            yield from map(float, value.data)  # type: ignore[arg-type]
    elif isinstance(value, tuple):
        for item in value[:MOST_NUMBERS]:
            yield from _numbers(item)
    elif isinstance(value, Derivatives):
        for row in value.rows[:MOST_NUMBERS]:
            yield from _numbers(row.tensor)


def _as_float(number: Any) -> float:
    """A number as a float; an int that fits none is infinite."""
    try:
        return float(number)
    except OverflowError:
        return inf
