"""The table of the prompt's commands, each entered beside its handler."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from gradcli.core.records import record
from gradcli.faces.prompt.workspace import Workspace

Handler: TypeAlias = Callable[[str, Workspace], None]


@record
class Command:
    """A command of the prompt: its name, how it is called, what it does, and what handles it."""

    name: str
    usage: str
    summary: str
    handler: Handler

    @property
    def details(self) -> str:
        """What is to be said of it beyond the one line."""
        return self.handler.__doc__ or ""


COMMANDS: dict[str, Command] = {}
# Other words for them.
ALIASES = {"exit": "quit", "q": "quit", "?": "help", "h": "help"}


def command(usage: str, summary: str) -> Callable[[Handler], Handler]:
    """Enter a handler under the name that its usage begins with; it is given what stands behind, and the workspace."""

    def announce(handler: Handler) -> Handler:
        name = usage.split()[0].removeprefix(":")
        COMMANDS[name] = Command(name, usage, summary, handler)
        return handler

    return announce
