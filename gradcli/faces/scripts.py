"""Running a text: results as they come, every assert checked, and what it came to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import TYPE_CHECKING

from gradcli.core.records import structure
from gradcli.language.text.diagnostics import Diagnostic, IncompleteInput, Source
from gradcli.session.results import Assertion, Result, Verdict
from gradcli.session.session import Session, Step

if TYPE_CHECKING:
    from gradcli.faces.expectations import Edit, Expectation
    from gradcli.output.reporter import Reporter


def read_source(path: str, session: Session, reporter: Reporter) -> Source | None:
    """The text of a file, of standard input for `-`, or None after saying why there is none."""
    from gradcli.core.errors import CoreError
    from gradcli.core.limits import use
    from gradcli.session.files import Unreadable, read_text

    # Not the limits that another file has set.
    use(session.settings.limits)
    try:
        return Source("<stdin>" if path == "-" else path, read_text(path))
    except Unreadable as error:
        reporter.diagnostic(Diagnostic("file", f"can't read `{path}`: {error}", hint=error.hint))
    except CoreError as error:
        reporter.diagnostic(Diagnostic(error.kind, error.message, hint=error.hint))
    return None


@structure
class Ran:
    """What running a text came to. The session grows with each statement, so it is never behind what was shown.

    `statements` are those that ran, `edits` would make comments true that expect other values, `last` is the last
    result.
    """

    session: Session
    verdict: Verdict = Verdict.OK
    passed: int = 0
    failed: int = 0
    statements: int = 0
    edits: list[Edit] = field(default_factory=list)
    last: Result | None = None


def run_source(
    source: Source,
    session: Session,
    reporter: Reporter,
    named: bool,
    quiet: bool = False,
    follow: Callable[[Step], None] | None = None,
    stop: bool = False,
    expecting: bool = False,
) -> Ran:
    """Run one text, reporting its results; `quiet` keeps to asserts and mistakes, `follow` is told of each step.

    With `stop` the first assert that fails is the end. With `expecting`, `# = 45` behind an expression is an assert.
    """
    ran = Ran(session)
    try:
        for step in session.steps(source):
            ran.session = step.session
            ran.statements += step.span is not None
            if follow is not None:
                follow(step)
            reporter.digits = step.session.settings.digits
            wrong = [d for d in step.diagnostics if d.severity == "error"]
            for diagnostic in wrong:
                reporter.diagnostic(diagnostic)
                ran.verdict = Verdict.BAD_INPUT
            for result in step.results:
                ran.last = result
                if isinstance(result, Assertion):
                    ran.passed += result.passed
                    ran.failed += not result.passed
                if not quiet or isinstance(result, Assertion):
                    reporter.result(result, named=named)
            expected = _expected(step) if expecting else None
            if expected is not None:
                reporter.result(expected.assertion, named=named)
                ran.passed += expected.assertion.passed
                ran.failed += not expected.assertion.passed
                ran.edits += [] if expected.assertion.passed else [expected.edit]
            # What is odd about a result stands below it.
            for diagnostic in step.diagnostics:
                if diagnostic not in wrong:
                    reporter.diagnostic(diagnostic)
            if stop and ran.failed:
                break
    except IncompleteInput as error:
        reporter.diagnostic(error.diagnostic)
        ran.verdict = Verdict.BAD_INPUT
    if ran.failed and ran.verdict == Verdict.OK:
        ran.verdict = Verdict.ASSERT_FAILED
    return ran


def _expected(step: Step) -> Expectation | None:
    """What a comment expects of what a statement shows; few have any, so that little is looked at."""
    if step.span is None or "#" not in step.span.text:
        return None
    from gradcli.faces.expectations import expectation

    return expectation(step, step.session.settings.digits)
