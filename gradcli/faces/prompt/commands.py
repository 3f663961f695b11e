"""Finding and running a command of the prompt. Each subject's commands stand in a file of their own."""

from __future__ import annotations

import re
import sys

from gradcli.faces.prompt import (  # noqa: F401 - they enter their commands
    editing,
    helping,
    inspecting,
    restoring,
    saving,
    setting,
    timing,
    touring,
    undoing,
)
from gradcli.faces.prompt.leaving import Leave
from gradcli.faces.prompt.registry import ALIASES, COMMANDS, command
from gradcli.faces.prompt.workspace import Workspace
from gradcli.language.text.diagnostics import near
from gradcli.language.text.notation import VERBS

_NAME = re.compile(r"([^\W\d]\w*!?|\?|\S*)(.*)", re.DOTALL)


def run_command(text: str, workspace: Workspace) -> None:
    """Run the command that a line names; an unknown one is said and changes nothing.

    Raises:
        Leave: for :quit.
    """
    found = _NAME.fullmatch(text)
    assert found is not None
    given, rest = found[1], found[2].strip()
    if given.startswith("!"):
        workspace.refuse("usage", "there is no way to the shell from here", "run shell commands in another terminal")
        return
    names = named(given)
    if len(names) > 1:
        listed = f"{', '.join(f'`:{name}`' for name in names[:-1])} or `:{names[-1]}`"
        workspace.refuse("usage", f"several commands begin with `:{given}`", f"write {listed}")
    elif not names:
        hint = near(given, [*COMMANDS, *sorted(VERBS)])
        hint = "`:help` lists the commands" if hint is None else hint.replace("`", "`:", 1)
        workspace.refuse("usage", f"there is no command `:{given}`", hint)
    elif names[0] in COMMANDS:
        COMMANDS[names[0]].handler(rest, workspace)
    else:
        _command_in_language(names[0], rest, workspace)


def named(given: str) -> list[str]:
    """The commands that a word may mean: the one of that name, or those that begin so.

    Whatever stands in front of expressions in the language is a command too, behind those that are the prompt's own.
    """
    for known in (COMMANDS, VERBS):
        if given in known:
            return [given]
    if given in ALIASES:
        return [ALIASES[given]]
    for known in (COMMANDS, VERBS):
        begun = sorted(name for name in known if given and name.startswith(given) and not name.endswith("!"))
        if begun:
            return begun
    return []


def _command_in_language(verb: str, rest: str, workspace: Workspace) -> None:
    """`:plot x^2` is `plot x^2`."""
    if not rest:
        workspace.refuse("usage", f"`:{verb}` needs an expression", f"such as `:{verb} x^2`")
        return
    workspace.typed(f"{verb} {rest}")


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
