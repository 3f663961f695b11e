"""How the prompt is opened: by the program without a command, and by `gradcli run -i`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradcli.faces.prompt.loop import Prompt, Reader
    from gradcli.output.reporter import Reporter
    from gradcli.session.session import Session


def without_command(reporter: Reporter, version: bool, debug: bool) -> int:
    """Show the version, or open the prompt; the exit code."""
    if version:
        from gradcli import __version__

        reporter.say(f"gradcli {__version__}")
        return 0
    return open_prompt(reporter, debug)


def repl(reporter: Reporter, digits: int | None, dtype: str | None) -> int:
    """Open the prompt; the exit code."""
    if digits is None and dtype is None:
        return open_prompt(reporter)
    from gradcli.faces.one_shot import session_of
    from gradcli.language.text.diagnostics import LanguageError
    from gradcli.session.results import Verdict

    try:
        return open_prompt(reporter, session=session_of(dtype, digits))
    except LanguageError as error:
        reporter.diagnostic(error.diagnostic)
        return Verdict.BAD_INPUT


def open_prompt(reporter: Reporter, debug: bool = False, session: Session | None = None) -> int:
    """Open the prompt on a session, a fresh one if none is given; the exit code."""
    from gradcli.faces.prompt.loop import Prompt

    prompt = Prompt(reporter, debug, session)
    return prompt.run(_reader(prompt))


def _reader(prompt: Prompt) -> Reader:
    """What reads: an editor on a screen; lines from a pipe, and from a terminal that can't move its cursor."""
    if sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM", "dumb") not in ("dumb", "unknown"):
        from gradcli.faces.prompt.editor import Editor

        return Editor(prompt)
    from gradcli.faces.prompt.lines import Lines

    lines = Lines()
    if lines.is_typed:
        prompt.greet()
    return lines


def run_and_stay(
    reporter: Reporter,
    files: Sequence[str],
    quiet: bool,
    dtype: str | None,
    match: str | None,
    stop: bool,
    jobs: int,
    durations: int,
    require_asserts: bool,
    junit: str | None,
    update: bool,
) -> int:
    """Run scripts one after the other in one session, and open the prompt on it; the exit code."""
    from gradcli.language.text.diagnostics import Diagnostic

    if stop or jobs != 1 or durations or require_asserts or junit is not None or update:
        hint = "with -i there are -q, -k and --dtype"
        reporter.diagnostic(Diagnostic("usage", "an option is for scripts that run apart from each other", hint=hint))
        return 2
    from gradcli.faces.finding import find_scripts
    from gradcli.faces.prompt.loop import Prompt
    from gradcli.faces.prompt.saving import run_file
    from gradcli.language.text.diagnostics import LanguageError
    from gradcli.session.session import fresh_session

    prompt = Prompt(reporter, session=fresh_session(dtype))
    try:
        for path in find_scripts(files, match):
            run_file(path, prompt.workspace, quiet)
    except LanguageError as error:
        reporter.diagnostic(error.diagnostic)
        return 2
    except KeyboardInterrupt:
        if not sys.stdin.isatty():
            raise
        reporter.say("interrupted; what was defined before stays", "warning")
    return prompt.run(_reader(prompt))
