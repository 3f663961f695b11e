"""`gradcli plot`: functions as a picture."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from gradcli.faces.one_shot import ask
from gradcli.language.calls.functions import UserFunction
from gradcli.language.files.places import allowing
from gradcli.language.interpreter.free import NAME
from gradcli.language.interpreter.interpreter import Interpreter
from gradcli.language.plots.files import target
from gradcli.language.plots.plot import picture_of
from gradcli.language.plots.ranges import ranges_of
from gradcli.language.text.diagnostics import Source, Span, fail
from gradcli.language.text.parse import parse_expression
from gradcli.language.values.values import Function, Value
from gradcli.session.ask import Question
from gradcli.session.mistakes import Mistakes, diagnose
from gradcli.session.plain import plain
from gradcli.session.results import Place, Shown, Verdict

if TYPE_CHECKING:
    from gradcli.output.reporter import Reporter


def draw(reporter: Reporter, functions: Sequence[str], over: str | None, save: str | None, dtype: str | None) -> int:
    """Report a picture of expressions, or of functions in files; the exit code."""
    asked: list[Question] = []
    verdict = Verdict.OK
    for text in functions:
        # What its inputs are is no matter: they are what it is drawn over.
        verdict = Verdict(max(verdict, ask(reporter, text, (), dtype, asked.append, missing=1.0)))
        if verdict == Verdict.BAD_INPUT:
            return verdict
    first = asked[0]
    try:
        chosen = None if over is None else _ranges(first.interpreter, over)
        # What the command line names is allowed by that.
        with allowing([] if save is None else [save]):
            place = None if save is None else target(save, Span(Source("<--save>", save), 0, len(save)))
            drawn = tuple(_named(question, text) for question, text in zip(asked, functions, strict=True))
            picture = picture_of(first.interpreter, drawn, chosen, place, first.span)
        shown = plain(replace(picture, saved=save))
    except Mistakes as error:
        reporter.diagnostic(diagnose(error, first.span.source))
        return Verdict.BAD_INPUT
    reporter.result(Shown(first.span.title, Place.of(first.span), shown))
    return verdict


def _named(question: Question, text: str) -> Function:
    """The function; one without a name is called by its text, and x is across and y up wherever they stand in it."""
    function = question.function
    if isinstance(function, UserFunction) and function.name == NAME and "::" not in text:
        inputs = tuple(sorted(function.inputs, key=lambda formal: formal.name))
        return replace(function, name=text.strip(), inputs=inputs)
    return function


def _ranges(interpreter: Interpreter, text: str) -> Value:
    """`-3..3` or `-2..2,0..1` as what `over=` takes; each end is an expression.

    Raises:
        LanguageError: for what is no range.
    """
    source, start = Source("<--over>", text), 0
    found: list[Value] = []
    for part in text.split(","):
        span = Span(source, start, start + len(part))
        start += len(part) + 1
        # `x=0..1` names the variable, which the expression tells already.
        low, dots, high = re.sub(r"^\s*[^\W\d]\w*\s*=", "", part).partition("..")
        if not dots or not low.strip() or not high.strip():
            hint = "write --over -3..3, or --over -2..2,0..1 for two variables"
            raise fail("usage", f"`{part}` is no range", span, hint)
        ends = tuple(interpreter.settle(_end(interpreter, end), span) for end in (low, high))
        ranges_of(ends, span)
        found.append(ends)
    if len(found) > 2:
        whole = Span(source, 0, len(text))
        raise fail("usage", f"there are {len(found)} ranges, and a picture has two axes", whole, "write one or two")
    return found[0] if len(found) == 1 else tuple(found)


def _end(interpreter: Interpreter, text: str) -> Value:
    return interpreter.evaluate(parse_expression(Source("<--over>", text)))
