"""How the prompt is opened: by the program without a command, and by `gradcli run -i`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradcli.output.reporter import Reporter


def without_command(reporter: Reporter, version: bool, debug: bool) -> int:
    """Show the version, or open the prompt; the exit code."""
    if version:
        from gradcli import __version__

        reporter.say(f"gradcli {__version__}")
        return 0
    from gradcli.faces.prompt.loop import Prompt

    return Prompt(reporter, debug).run()


def run_and_stay(reporter: Reporter, files: Sequence[str], quiet: bool, dtype: str | None) -> int:
    """Run scripts one after the other in one session, and open the prompt on it; the exit code."""
    from gradcli.faces.prompt.loop import Prompt
    from gradcli.faces.prompt.saving import run_file
    from gradcli.session.session import fresh_session

    prompt = Prompt(reporter, session=fresh_session(dtype))
    try:
        for path in files:
            run_file(path, prompt.workspace, quiet)
    except KeyboardInterrupt:
        if not sys.stdin.isatty():
            raise
        reporter.say("interrupted; what was defined before stays", "warning")
    return prompt.run()
