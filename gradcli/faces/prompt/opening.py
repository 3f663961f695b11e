"""What the program does without a command: it opens the prompt."""

from __future__ import annotations

import os
import sys
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
