"""What the program does without a command."""

from __future__ import annotations

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
