"""Running scripts: results as they come, every assert checked, one line of summary a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gradcli.language.text.diagnostics import Diagnostic, IncompleteInput, Source
from gradcli.output.screen import Screen
from gradcli.session.results import Assertion
from gradcli.session.session import Session

OK, ASSERT_FAILED, BAD_INPUT = 0, 1, 2


def run_files(paths: Sequence[str], session: Session, screen: Screen, quiet: bool = False) -> int:
    """Run each file in a session of its own; the exit code is the worst of theirs."""
    codes = []
    for path in paths:
        source = read_source(path, screen)
        if source is None:
            codes.append(BAD_INPUT)
            continue
        ran = run_source(source, session, screen, named=True, quiet=quiet)
        codes.append(ran.code)
        _summarize(path, ran, screen)
    return max(codes, default=OK)


def read_source(path: str, screen: Screen) -> Source | None:
    """The text of a file, of standard input for `-`, or None after saying why there is none."""
    from gradcli.faces.files import Unreadable, read_text

    try:
        return Source("<stdin>" if path == "-" else path, read_text(path))
    except Unreadable as error:
        screen.diagnostic(Diagnostic("file", f"can't read `{path}`: {error}", hint=error.hint))
        return None


@dataclass
class Ran:
    """What running a text came to. The session grows with each statement, so it is never behind what was shown."""

    session: Session
    code: int = OK
    passed: int = 0
    failed: int = 0


def run_source(source: Source, session: Session, screen: Screen, named: bool, quiet: bool = False) -> Ran:
    """Run one text, showing what it shows; `quiet` keeps to failures and mistakes."""
    ran = Ran(session)
    try:
        for step in session.steps(source):
            ran.session = step.session
            screen.digits = step.session.settings.digits
            for diagnostic in step.diagnostics:
                screen.diagnostic(diagnostic)
                if diagnostic.severity == "error":
                    ran.code = BAD_INPUT
            for result in step.results:
                if isinstance(result, Assertion):
                    ran.passed += result.passed
                    ran.failed += not result.passed
                if not quiet or isinstance(result, Assertion):
                    screen.result(result, named=named)
    except IncompleteInput as error:
        screen.diagnostic(error.diagnostic)
        ran.code = BAD_INPUT
    if ran.failed and ran.code == OK:
        ran.code = ASSERT_FAILED
    return ran


def _summarize(path: str, ran: Ran, screen: Screen) -> None:
    counts = f"{ran.passed} {'assert' if ran.passed == 1 else 'asserts'} passed" + (
        f", {ran.failed} failed" if ran.failed else ""
    )
    if ran.code == BAD_INPUT:
        counts += ", stopped at an error"
    mark, style = ("✓", "good") if ran.code == OK else ("✗", "error")
    screen.say(f"{mark} {path}: {counts}", style)


def fresh_session(dtype: str | None, screen: Screen) -> Session | None:
    """A new session with a default dtype, or None after saying that there is no such dtype."""
    from gradcli.core.ir.dtypes import DType

    session = Session()
    if dtype is None:
        return session
    if dtype not in (DType.FLOAT32.value, DType.FLOAT64.value):
        screen.diagnostic(Diagnostic("usage", f"numbers can't be `{dtype}`", hint="--dtype takes float32 or float64"))
        return None
    return replace(session, settings=replace(session.settings, dtype=DType(dtype)))
