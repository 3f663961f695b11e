"""Going back: `:undo` and `:reset`."""

from __future__ import annotations

from gradcli.faces.prompt.registry import command
from gradcli.faces.prompt.workspace import Workspace
from gradcli.language.text.diagnostics import shortened
from gradcli.session.log import MOST_LEVELS, Entry

# What was taken back is told in so many characters at most.
LONGEST_TOLD = 60


@command(":undo [N]", "take back what was typed last, or the last N inputs")
def undo(rest: str, workspace: Workspace) -> None:
    """Names, settings, random numbers and trained parameters are again what they were before.

    An input of several statements, or a file that was loaded, is taken back at once; a `:reset` can be taken back too.
    """
    if rest and (not rest.isdecimal() or int(rest) < 1):
        workspace.refuse("usage", f"`{rest}` is no number of inputs", "write `:undo`, or `:undo 3`")
        return
    for _ in range(int(rest or 1)):
        entry = workspace.take_back()
        if entry is None:
            held = any(e.acts for e in workspace.log.entries)
            why = f"; the last {MOST_LEVELS} inputs are kept for it" if held else ""
            workspace.reporter.say(f"there is nothing {'more ' if rest or held else ''}to take back{why}", "dim")
            return
        workspace.reporter.say(f"took back {_told(entry)}", "dim")


@command(":reset", "forget what is defined")
def reset(rest: str, workspace: Workspace) -> None:
    """Start over with nothing defined; what was set stays, the random numbers begin again. `:undo` takes it back."""
    workspace.start_over()


def _told(entry: Entry) -> str:
    """An input in a line."""
    if entry.is_reset:
        return "`:reset`"
    first, *more = entry.text.strip().split("\n")
    return f"`{shortened(first, LONGEST_TOLD)}`{f' ({len(more) + 1} lines)' if more else ''}"
