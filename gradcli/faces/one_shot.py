"""`gradcli grad`, `gradcli eval` and `gradcli code`: one question, one answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from gradcli.faces.scripts import read_source, run_source
from gradcli.language.text.diagnostics import Source, fail
from gradcli.language.values.scope import MOST_DIGITS
from gradcli.language.values.values import Value
from gradcli.session.ask import Question, question, question_about, values_of
from gradcli.session.mistakes import Mistakes, diagnose
from gradcli.session.results import Verdict
from gradcli.session.session import Session, fresh_session

if TYPE_CHECKING:
    from gradcli.output.reporter import Reporter


def evaluate(reporter: Reporter, text: str, values: Sequence[str], digits: int | None, dtype: str | None) -> int:
    """Run a text with some names defined before it, and report what it shows; the exit code."""
    source = source_of(text, reporter)
    if source is None:
        return Verdict.BAD_INPUT
    try:
        session = session_of(dtype, digits)
        session = replace(session, scope=session.scope.updated(values_of(session, values)))
    except Mistakes as error:
        reporter.diagnostic(diagnose(error, source))
        return Verdict.BAD_INPUT
    return run_source(source, session, reporter, named=False).verdict


def source_of(text: str, reporter: Reporter) -> Source | None:
    """The text that a word is; for `-` it is standard input's, and None after saying why there is none."""
    if text != "-":
        return Source("<expression>", text)
    found = read_source(text, fresh_session(), reporter)
    return found and Source(found.name, found.text.rstrip())


def gradient(
    reporter: Reporter,
    expression: str,
    values: Sequence[str],
    wrt: str | None,
    order: int,
    digits: int | None,
    dtype: str | None,
) -> int:
    """Report the value of an expression, or of a function in a file, and its derivatives; the exit code."""

    def report(asked: Question) -> None:
        reporter.digits = asked.interpreter.settings.digits
        reporter.result(asked.propagated() if asked.measured else asked.derivatives(wrt, order))
        for warning in asked.warnings:
            reporter.diagnostic(warning)

    return ask(reporter, expression, values, dtype, report, digits=digits)


def session_of(dtype: str | None, digits: int | None) -> Session:
    """A fresh session that shows so many digits.

    Raises:
        LanguageError: for a number of digits that can't be shown.
    """
    session = fresh_session(dtype)
    if digits is None:
        return session
    if not 1 <= digits <= MOST_DIGITS:
        raise fail("usage", f"{digits} digits can't be shown", None, f"from 1 to {MOST_DIGITS:,}")
    return replace(session, settings=replace(session.settings, digits=digits))


def listing(
    reporter: Reporter, expression: str, values: Sequence[str], wrt: str | None, order: int, dtype: str | None
) -> int:
    """Report the program for an expression, or for a function in a file, and its derivatives; the exit code.

    Inputs are numbers, unless they are given a value, whose shape and dtype count then.
    """

    def report(asked: Question) -> None:
        from gradcli.session.export import program

        reporter.program(program(asked, wrt, order))

    return ask(reporter, expression, values, dtype, report, missing=1.0)


def ask(
    reporter: Reporter,
    text: str,
    words: Sequence[str],
    dtype: str | None,
    report: Callable[[Question], None],
    missing: Value = None,
    digits: int | None = None,
) -> int:
    """Find out what is asked about and report something of it, or what is wrong; the exit code.

    `missing` is the value of inputs that are not given one; None refuses them.
    """
    verdict = Verdict.OK
    typed = source_of(text, reporter)
    if typed is None:
        return Verdict.BAD_INPUT
    text = typed.text
    try:
        session = session_of(dtype, digits)
        in_file = re.fullmatch(r"(.+)::([^\W\d]\w*)", text) if "::" in text else None
        if in_file:
            source = read_source(in_file[1], session, reporter)
            if source is None:
                return Verdict.BAD_INPUT
            ran = run_source(source, session, reporter, named=True, quiet=True)
            verdict = ran.verdict
            if verdict == Verdict.BAD_INPUT:
                return verdict
            report(question_about(ran.session, in_file[2], in_file[1], values_of(ran.session, words), missing))
        else:
            report(question(session, text, values_of(session, words), missing))
    except Mistakes as error:
        reporter.diagnostic(diagnose(error, Source("<expression>", text)))
        return Verdict.BAD_INPUT
    # An assert of the file that failed counts here as when the file is run.
    return verdict
