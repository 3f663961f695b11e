"""The table of the prompt's commands, each entered beside its handler."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

from gradcli.core.records import record
from gradcli.faces.prompt.workspace import Workspace

Handler: TypeAlias = Callable[[str, Workspace], None]
# What may stand behind a command: words with what they mean, as far as one is typed, up to the cursor.
Takes: TypeAlias = Callable[[Workspace, str], Iterable[tuple[str, str]]]


def _nothing(workspace: Workspace, text: str) -> Iterable[tuple[str, str]]:
    return ()


def files(workspace: Workspace, text: str) -> Iterable[tuple[str, str]]:
    """Paths; the editor knows how these are completed."""
    return ()


def expression(workspace: Workspace, text: str) -> Iterable[tuple[str, str]]:
    """An expression, which is completed as one."""
    return ()


@record
class Command:
    """A command of the prompt: its name, how it is called, what it does, its handler, what completes it."""

    name: str
    usage: str
    summary: str
    handler: Handler
    takes: Takes = _nothing

    @property
    def details(self) -> str:
        """What is to be said of it beyond the one line."""
        return self.handler.__doc__ or ""


COMMANDS: dict[str, Command] = {}
# Other words for them.
ALIASES = {"exit": "quit", "q": "quit", "?": "help", "h": "help"}


def command(usage: str, summary: str, takes: Takes = _nothing) -> Callable[[Handler], Handler]:
    """Enter a handler under its own name; it is given what stands behind that name, and the workspace."""

    def announce(handler: Handler) -> Handler:
        name = handler.__name__.strip("_")
        COMMANDS[name] = Command(name, usage, summary, handler, takes)
        return handler

    return announce
