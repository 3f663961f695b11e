"""`gradcli check`: derivatives by every method, beside the true ones and beside numbers from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gradcli.core.ir.nodes import Constant, Parameter
from gradcli.faces.one_shot import ask
from gradcli.language.interpreter.free import NAME
from gradcli.language.steps.auditing import audited
from gradcli.language.text.diagnostics import fail
from gradcli.language.values.values import Value
from gradcli.session.against import compared
from gradcli.session.ask import Question, names_of
from gradcli.session.results import Place, Shown, Verdict

if TYPE_CHECKING:
    from gradcli.output.reporter import Reporter


def check(
    reporter: Reporter,
    expression: str,
    values: Sequence[str],
    wrt: str | None,
    order: int,
    against: str | None,
    digits: int | None,
    dtype: str | None,
) -> int:
    """Report how right the derivatives of an expression, or of a function in a file, are; the exit code."""
    verdict = Verdict.OK

    def report(asked: Question) -> None:
        nonlocal verdict
        if asked.symbolic:
            raise fail("usage", "a check is at a point", asked.span, "give values, such as x=3")
        asked.interpreter.at_top = True
        names = asked.variables() if wrt is None else names_of(wrt)
        arguments = asked.arguments
        found = audited(asked.interpreter, asked.function, [*arguments.values()], order, asked.span, names)
        if asked.function.name == NAME and "::" not in expression:
            found = replace(found, of=asked.title)
        if against is not None:
            found = compared(found, against, {name: _number(value) for name, value in arguments.items()})
        reporter.digits = asked.interpreter.settings.digits
        reporter.result(Shown(asked.span.title, Place.of(asked.span), found))
        for warning in asked.warnings:
            reporter.diagnostic(warning)
        if not found.right:
            verdict = Verdict.ASSERT_FAILED

    return max(ask(reporter, expression, values, dtype, report, digits=digits), verdict)


def _number(value: Value) -> Any:
    return value.value if isinstance(value, Constant) else value.value.value if isinstance(value, Parameter) else value
