"""Running scripts: results as they come, every assert checked, one line of summary a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from gradcli.language.diagnostics import Diagnostic, IncompleteInput, Source
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
        code, passed, failed, _ = run_source(source, session, screen, named=True, quiet=quiet)
        codes.append(code)
        _summarize(path, code, passed, failed, screen)
    return max(codes, default=OK)


def read_source(path: str, screen: Screen) -> Source | None:
    """The text of a file, or None after saying why there is none."""
    hint = None
    try:
        return Source(path, Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        problem, hint = "there is no such file", "check the path"
    except IsADirectoryError:
        problem, hint = "this is a folder", f"run its files with {path.rstrip('/')}/*.grad"
    except UnicodeDecodeError:
        problem, hint = "this is not a text in UTF-8", "scripts are plain text"
    except (OSError, ValueError) as error:
        problem = str(getattr(error, "strerror", None) or error).lower()
    screen.diagnostic(Diagnostic("file", f"can't read `{path}`: {problem}", hint=hint))
    return None


def run_source(
    source: Source, session: Session, screen: Screen, named: bool, quiet: bool = False
) -> tuple[int, int, int, Session]:
    """Run one text: its exit code, how many asserts passed and failed, and the session behind it."""
    code, passed, failed = OK, 0, 0
    try:
        for step in session.steps(source):
            session = step.session
            screen.digits = session.settings.digits
            for diagnostic in step.diagnostics:
                screen.diagnostic(diagnostic)
                if diagnostic.severity == "error":
                    code = BAD_INPUT
            for result in step.results:
                if isinstance(result, Assertion):
                    passed += result.passed
                    failed += not result.passed
                if not quiet or isinstance(result, Assertion):
                    screen.result(result, named=named)
    except IncompleteInput as error:
        screen.diagnostic(error.diagnostic)
        code = BAD_INPUT
    if failed and code == OK:
        code = ASSERT_FAILED
    return code, passed, failed, session


def _summarize(path: str, code: int, passed: int, failed: int, screen: Screen) -> None:
    counts = f"{passed} {'assert' if passed == 1 else 'asserts'} passed" + (f", {failed} failed" if failed else "")
    if code == BAD_INPUT:
        counts += ", stopped at an error"
    mark, style = ("✓", "good") if code == OK else ("✗", "error")
    screen.say(f"{mark} {path}: {counts}", style)


def fresh_session(dtype: str | None, screen: Screen) -> Session | None:
    """A new session with a default dtype, or None after saying that there is no such dtype."""
    from gradcli.core.dtypes import DType

    session = Session()
    if dtype is None:
        return session
    if dtype not in (DType.FLOAT32.value, DType.FLOAT64.value):
        screen.diagnostic(Diagnostic("usage", f"numbers can't be `{dtype}`", hint="--dtype takes float32 or float64"))
        return None
    return replace(session, settings=replace(session.settings, dtype=DType(dtype)))
