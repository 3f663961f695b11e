"""How the prompt is opened: by the program without a command, and by `gradcli run -i`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gradcli.faces.usual import INIT, config_path, usual

if TYPE_CHECKING:
    from gradcli.faces.prompt.loop import Prompt, Reader
    from gradcli.output.reporter import Reporter
    from gradcli.session.session import Session


def without_command(reporter: Reporter, version: bool, debug: bool) -> int:
    """Show the version, or open the prompt; the exit code."""
    if version:
        for line in versions():
            reporter.say(line)
        return 0
    from gradcli.faces.command_line import DIGITS, DTYPE, LASTING
    from gradcli.output.style import usual_theme

    usually = usual((DIGITS, DTYPE), LASTING)
    # The reporter is older than what the config file says.
    reporter.theme = usual_theme()
    for diagnostic in usually.diagnostics:
        reporter.diagnostic(diagnostic)
    given = usually.values
    return open_prompt(reporter, debug, _session(given.get("digits"), given.get("dtype")))


# What results and speed may depend on, by the names of their packages.
_PACKAGES = ("numpy", "scipy", "llvmlite", "python-flint")


def versions() -> list[str]:
    """Which program this is, what it calculates with, and where; nothing is imported for it."""
    import platform
    from importlib.metadata import PackageNotFoundError, version

    from gradcli import __version__

    found, missing = [f"Python {platform.python_version()}"], []
    for package in _PACKAGES:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            missing.append(package)
    without = f"; without {', '.join(missing)}" if missing else ""
    return [f"gradcli {__version__}", f"{', '.join(found)}{without}", f"{platform.system()} {platform.machine()}"]


def repl(reporter: Reporter, digits: int | None, dtype: str | None) -> int:
    """Open the prompt; the exit code."""
    from gradcli.language.text.diagnostics import LanguageError
    from gradcli.session.results import Verdict

    try:
        return open_prompt(reporter, session=_session(digits, dtype))
    except LanguageError as error:
        reporter.diagnostic(error.diagnostic)
        return Verdict.BAD_INPUT


def _session(digits: int | None, dtype: str | None) -> Session | None:
    """What to begin with, where it is nothing usual."""
    if digits is None and dtype is None:
        return None
    from gradcli.faces.one_shot import session_of

    return session_of(dtype, digits)


def open_prompt(reporter: Reporter, debug: bool = False, session: Session | None = None) -> int:
    """Open the prompt on a session, a fresh one if none is given; the exit code."""
    from gradcli.faces.prompt.loop import Prompt

    prompt = Prompt(reporter, debug, session)
    if sys.stdin is not None and sys.stdin.isatty():
        begin(prompt)
    return prompt.run(_reader(prompt))


def begin(prompt: Prompt) -> None:
    """Run the user's own script for the prompt, where there is one: what it defines is there from the start."""
    path = config_path(INIT)
    if not os.path.exists(path):
        return
    from gradcli.faces.scripts import read_source

    workspace = prompt.workspace
    source = read_source(path, workspace.session, workspace.reporter)
    if source is not None:
        workspace.run(source, named=True, quiet=True)


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
    from gradcli.faces.runs import given_values, separated
    from gradcli.language.text.diagnostics import Source
    from gradcli.session.mistakes import Mistakes, diagnose
    from gradcli.session.session import fresh_session, giving

    scripts, words = separated(files)
    try:
        with giving(given_values(words, dtype)):
            prompt = Prompt(reporter, session=fresh_session(dtype))
        for path in find_scripts(scripts, match):
            run_file(path, prompt.workspace, quiet)
    except Mistakes as error:
        reporter.diagnostic(diagnose(error, Source("<argument>", " ".join(words))))
        return 2
    except KeyboardInterrupt:
        if not sys.stdin.isatty():
            raise
        reporter.say("interrupted; what was defined before stays", "warning")
    return prompt.run(_reader(prompt))
