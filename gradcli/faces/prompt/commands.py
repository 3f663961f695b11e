"""The commands of the prompt that show and change what is defined."""

from __future__ import annotations

import sys

from gradcli.faces.prompt import helping, touring  # noqa: F401 - they enter their commands
from gradcli.faces.prompt.registry import ALIASES, COMMANDS, command
from gradcli.faces.prompt.workspace import Leave, Workspace
from gradcli.language.text.diagnostics import Diagnostic, near
from gradcli.language.values.nesting import nodes_in
from gradcli.output.views import Look, show_value
from gradcli.session.plain import plain
from gradcli.session.session import Session

# Tensors with more elements are listed by their edges.
WHOLE_IN_A_LIST = 6


def run_command(text: str, workspace: Workspace) -> None:
    """Run the command that a line names; an unknown one is said and changes nothing.

    Raises:
        Leave: for :quit.
    """
    name, _, rest = text.partition(" ")
    found = COMMANDS.get(ALIASES.get(name, name))
    if found is None:
        hint = near(name, list(COMMANDS)) or "`:help` lists the commands"
        workspace.reporter.diagnostic(Diagnostic("usage", f"there is no command `:{name}`", hint=hint))
        return
    found.handler(rest.strip(), workspace)


@command(":vars", "what is defined")
def vars_(rest: str, workspace: Workspace) -> None:
    """List the session's names."""
    session, reporter = workspace.session, workspace.reporter
    if not session.scope:
        reporter.say("nothing is defined yet", "dim")
    for name, value in session.scope.items():
        text = show_value(plain(value), Look(session.settings.digits, WHOLE_IN_A_LIST))
        shapes = {node.shape for node in nodes_in(value)}
        kind = f"  {shapes.pop()}" if "..." in text and len(shapes) == 1 else ""
        reporter.say(f"{name} = {' '.join(text.split())}{kind}")


@command(":reset", "forget what is defined")
def reset(rest: str, workspace: Workspace) -> None:
    """Start over with nothing defined; what was set stays, and the random numbers begin again."""
    before = workspace.session
    workspace.session = Session(settings=before.settings, seed=before.seed)


@command(":clear", "clear the screen")
def clear(rest: str, workspace: Workspace) -> None:
    """Clear the screen, as Ctrl-L does; nothing is forgotten."""
    if sys.stdout.isatty():
        from prompt_toolkit.shortcuts import clear as clear_screen

        clear_screen()


@command(":quit", "leave; Ctrl-D does too")
def quit_(rest: str, workspace: Workspace) -> None:
    """Leave the prompt."""
    raise Leave
