"""What stands below a text that is typed: its value, or what the call takes that the cursor is in."""

from __future__ import annotations

from gradcli.faces.prompt.registry import ALIASES, COMMANDS
from gradcli.faces.prompt.workspace import Workspace
from gradcli.language.calls.arguments import signature
from gradcli.language.calls.builtin import Builtin
from gradcli.language.library.names import builtins
from gradcli.language.values.values import Function
from gradcli.output.characters import columns
from gradcli.output.live import live_line
from gradcli.output.style import Line
from gradcli.output.views import Look
from gradcli.session.completion import call_around
from gradcli.session.preview import preview


def hint(workspace: Workspace, text: str, look: Look, width: int) -> Line:
    """The line for a text, as wide as that; empty where there is nothing to say of it, as of one with a mistake."""
    text = text.rstrip()
    if text.startswith(":"):
        return _of_command(text, width)
    look.digits = workspace.session.settings.digits
    found = preview(workspace.session, text) if text else None
    if found is not None:
        return live_line(found, width, look)
    return _of_call(workspace, text, width)


def _of_command(text: str, width: int) -> Line:
    name = text[1:].split(" ")[0].rstrip("!")
    found = COMMANDS.get(ALIASES.get(name, name))
    return [] if found is None else _cut([(found.usage, "strong"), ("   ", ""), (found.summary, "dim")], width)


def _of_call(workspace: Workspace, text: str, width: int) -> Line:
    """The signature of what is called, and what it does."""
    call = call_around(text)
    function = workspace.session.scope.get(call.name, builtins().get(call.name)) if call else None
    if not isinstance(function, Function):
        return []
    line = [(signature(function), "strong")]
    return _cut([*line, ("   ", ""), (function.summary, "dim")] if isinstance(function, Builtin) else line, width)


def _cut(line: Line, width: int) -> Line:
    """As much of a line as there is room for."""
    found: Line = []
    for text, style in line:
        room = width - sum(columns(t) for t, _ in found)
        if columns(text) > room:
            return [*found, (text[: max(room - 3, 0)] + "...", style)] if room > 3 else found
        found.append((text, style))
    return found
