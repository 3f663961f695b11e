"""`gradcli steps`: how a derivative is found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from gradcli.faces.one_shot import ask
from gradcli.language.calls.functions import UserFunction
from gradcli.language.interpreter.free import NAME
from gradcli.language.steps.explaining import steps_of
from gradcli.language.values.values import REQUIRED
from gradcli.session.ask import Question, names_of
from gradcli.session.plain import plain
from gradcli.session.results import Place, Shown

if TYPE_CHECKING:
    from gradcli.output.reporter import Reporter


def explain(reporter: Reporter, expression: str, values: Sequence[str], wrt: str | None) -> int:
    """Report the steps of an expression's derivatives, or of a function's in a file; the exit code."""

    def report(asked: Question) -> None:
        function, interpreter = asked.function, asked.interpreter
        if isinstance(function, UserFunction) and function.name == NAME and "::" not in expression:
            function = replace(function, name=expression.strip())
        if isinstance(function, UserFunction) and not asked.symbolic:
            # What has a value is part of the point, also where it would have a default.
            function = replace(function, inputs=tuple(replace(i, default=REQUIRED) for i in function.inputs))
        by = None if wrt is None else names_of(wrt)
        point = () if asked.symbolic else tuple(asked.arguments.values())
        found = steps_of(interpreter, function, point, asked.span, by)
        reporter.digits = interpreter.settings.digits
        reporter.result(Shown(asked.span.title, Place.of(asked.span), plain(found)))
        for warning in asked.warnings:
            reporter.diagnostic(warning)

    return ask(reporter, expression, values, None, report)
