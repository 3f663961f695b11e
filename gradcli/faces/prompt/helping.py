"""`:help`: what can be typed, and what a name means."""

from __future__ import annotations

from gradcli.faces.prompt.registry import ALIASES, COMMANDS, command
from gradcli.faces.prompt.workspace import Workspace


def _names(workspace: Workspace, text: str) -> list[tuple[str, str]]:
    return [(name, "") for name in help_names(workspace)]


@command(":help [NAME]", "what a name, a sign, a setting or a topic means", _names)
def help_(rest: str, workspace: Workspace) -> None:
    """Explain it with examples that have been run just now; without a name, list the topics and the functions.

    `?NAME`, `NAME?`, `help NAME` and `help(NAME)` are the same.
    """
    from gradcli.language.text.diagnostics import Diagnostic
    from gradcli.session.help import CommandText, explain

    also: dict[str, tuple[str, ...]] = {c: tuple(f":{a}" for a, of in ALIASES.items() if of == c) for c in COMMANDS}
    texts = {c.name: CommandText(c.name, c.usage, c.summary, c.details, also[c.name]) for c in COMMANDS.values()}
    name = rest.strip().strip("`").removeprefix(":")
    found = explain(f":{ALIASES[name]}" if name in ALIASES and ":" in rest else rest, workspace.session, texts)
    # What a command is called goes before what some function's input is.
    if name in ALIASES and all(entry.kind == "option" for entry in found.entries):
        found = explain(f":{ALIASES[name]}", workspace.session, texts)
    if found.entries:
        workspace.reporter.help(found)
    if not found.entries or found.hint:
        workspace.reporter.diagnostic(Diagnostic("name", f"there is no help on `{found.asked}`", hint=found.hint))


def help_names(workspace: Workspace) -> list[str]:
    """Every name that there is help on, for completion."""
    from gradcli.session.help import help_names as names_in

    return list(dict.fromkeys([*names_in(workspace.session), *COMMANDS]))
