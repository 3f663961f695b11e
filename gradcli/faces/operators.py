"""One-shots that are an operator of the language: `gradcli jacobian`, `taylor`, `solve`, `why` and their like."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from gradcli.faces.one_shot import ask, evaluate, source_of
from gradcli.language.calls.functions import UserFunction
from gradcli.language.library.names import builtins
from gradcli.language.text import syntax as s
from gradcli.language.text.diagnostics import LanguageError, Source, fail
from gradcli.language.text.parse import parse, parse_expression
from gradcli.language.values.values import Value
from gradcli.session.ask import Question, names_of
from gradcli.session.mistakes import Mistakes
from gradcli.session.results import Shown, Verdict

if TYPE_CHECKING:
    from gradcli.output.reporter import Reporter


def apply(
    reporter: Reporter,
    operator: str,
    expression: str,
    values: Sequence[str],
    wrt: str | None,
    digits: int | None,
    dtype: str | None,
) -> int:
    """Report a derivative operator of an expression, or of a function in a file; its formula where there is no point.

    The exit code.
    """

    def found(asked: Question) -> Shown:
        by = {} if wrt is None else {"wrt": names_of(wrt)}
        return asked.applied(operator, called=not asked.symbolic, **by)

    return _answered(reporter, expression, values, digits, dtype, found)


def expand(
    reporter: Reporter, expression: str, values: Sequence[str], order: int, digits: int | None, dtype: str | None
) -> int:
    """Report a Taylor polynomial; the exit code."""

    def found(asked: Question) -> Shown:
        center: list[Value] = [0 if asked.symbolic else asked.arguments[i.name] for i in asked.function.inputs]
        return asked.applied("taylor", _alone(center), order=order)

    return _answered(reporter, expression, values, digits, dtype, found)


def search(
    reporter: Reporter,
    operator: str,
    expression: str,
    values: Sequence[str],
    digits: int | None,
    dtype: str | None,
) -> int:
    """Report the place that a search from a start finds; the exit code."""

    def found(asked: Question) -> Shown:
        if asked.symbolic:
            start = " ".join(f"{i.name}=1" for i in asked.function.inputs)
            raise fail("usage", "the search needs a place to start from", asked.span, f"give one, such as {start}")
        if operator == "solve" and isinstance(asked.function, UserFunction):
            asked = replace(asked, function=_of_differences(asked.function))
        return asked.applied(operator, _alone([*asked.arguments.values()]))

    starts = {word.partition("=")[0].strip() for word in values}
    sides = sides_of(expression, starts.__contains__) if operator == "solve" else None
    return _answered(reporter, " == ".join(sides or [expression]), values, digits, dtype, found)


_SIDES = re.compile(r"(?P<left>[^=<>!≈;:]+)==?(?P<right>[^=<>!≈;:]+)")
_DEFINED = re.compile(r"(?P<name>\w+)\s*(\([\w\s,]*\))?")


def sides_of(expression: str, is_known: Callable[[str], bool]) -> tuple[str, str] | None:
    """Both sides of an equation, written with one `=` or two; None for what is none, or has a mistake in a side.

    A name in front is a side where it is known, a call where it is one of a built-in; else they are defined.
    """
    found = _SIDES.fullmatch(expression)
    if found is None:
        return None
    left, right = found["left"].strip(), found["right"].strip()
    defined = _DEFINED.fullmatch(left)
    if defined is not None and not (defined["name"] in builtins() if defined[2] else is_known(defined["name"])):
        return None
    try:
        for side in (left, right):
            parse_expression(Source("<expression>", side))
    except LanguageError:
        return None
    return left, right


def _of_differences(function: UserFunction) -> UserFunction:
    """A function whose result is an equation, or several, as that of the differences of their sides."""
    only = function.body[0] if len(function.body) == 1 else None
    if not isinstance(only, s.Return):
        return function

    def difference(side: s.Expression) -> s.Expression:
        if isinstance(side, s.Tuple):
            return s.Tuple(side.span, tuple(map(difference, side.items)))
        if isinstance(side, s.Compare) and side.operators == ("==",):
            return s.Binary(side.span, "-", *side.operands)
        return side

    return replace(function, body=(s.Return(only.span, difference(only.value)),))


def write(reporter: Reporter, expression: str) -> int:
    """Report a formula; the exit code."""
    return _answered(reporter, expression, (), None, None, lambda asked: asked.applied("formula"))


def explain(reporter: Reporter, text: str, values: Sequence[str], digits: int | None, dtype: str | None) -> int:
    """Report the value of a text's last expression, and why it is nan or infinite; the exit code."""
    source = source_of(text, reporter)
    return Verdict.BAD_INPUT if source is None else evaluate(reporter, _asking_why(source.text), values, digits, dtype)


def _asking_why(text: str) -> str:
    """A text whose last expression is asked about; one that has a mistake stays, which is what is said then."""
    try:
        statements = parse(Source("<expression>", text))
    except Mistakes:
        return text
    last = statements[-1] if statements else None
    if not isinstance(last, s.Show):
        return text
    start, end = last.value.span.start, last.value.span.end
    return f"{text[:start]}why({text[start:end]}){text[end:]}"


def _alone(values: list[Value]) -> Value:
    """One value by itself, several as a tuple."""
    return values[0] if len(values) == 1 else tuple(values)


def _answered(
    reporter: Reporter,
    expression: str,
    values: Sequence[str],
    digits: int | None,
    dtype: str | None,
    found: Callable[[Question], Shown],
) -> int:
    def report(asked: Question) -> None:
        shown = found(asked)
        reporter.digits = asked.interpreter.settings.digits
        reporter.result(shown)
        for warning in asked.warnings:
            reporter.diagnostic(warning)

    return ask(reporter, expression, values, dtype, report, digits=digits)
