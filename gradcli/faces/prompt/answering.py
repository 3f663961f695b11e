"""What answers at the prompt: commands, statements, and the words that other prompts have for commands."""

from __future__ import annotations

import re

from gradcli.faces.prompt.commands import run_command
from gradcli.faces.prompt.leaving import Leave
from gradcli.faces.prompt.touring import follow
from gradcli.faces.prompt.workspace import Workspace
from gradcli.output.reporter import Reporter
from gradcli.output.stream import OutputError
from gradcli.session.mistakes import own_mistake
from gradcli.session.session import Session

# As other prompts spell them; each is a command as long as nobody gave the name a meaning.
_WORDS = {"exit": "quit", "quit": "quit", "q": "quit", "help": "help", "clear": "clear", "cls": "clear"}
_CALLED = re.compile(r"(\w+)\(\s*\)")
_ASKED = re.compile(r"help\s+(\S.*)|help\((.+)\)|\?+\s*(\S.*?)|(\w[\w.]*)\s*\?+")


class Answering:
    """Answers one input after the other, in one workspace.

    `debug` lets the errors through that are no mistakes of what is typed.
    """

    def __init__(self, reporter: Reporter, debug: bool = False, session: Session | None = None) -> None:
        self.workspace = Workspace(reporter, session or Session())
        self.debug = debug

    def evaluate(self, text: str) -> None:
        """Run one input: a command that starts with `:`, or statements. Nothing that is typed ends the prompt.

        Raises:
            Leave: for :quit.
        """
        if not text.strip():
            return
        space = self.workspace
        space.count += 1
        try:
            command = as_command(text.strip(), space.session)
            if command is not None:
                run_command(command, space)
                return
            follow(space, space.typed(text).last)
        except (Leave, OutputError):
            raise
        except Exception as error:
            if self.debug:
                raise
            space.reporter.diagnostic(own_mistake(error))


def as_command(text: str, session: Session) -> str | None:
    """The command that a line is: with a colon, or as other prompts spell it; None for anything else."""
    if text.startswith((":", "!")):
        return text.lstrip(":")
    if text == "?":
        return "help"
    called = _CALLED.fullmatch(text)
    word = called[1] if called else text
    if word in _WORDS and word not in session.scope:
        return _WORDS[word]
    asked = _ASKED.fullmatch(text)
    if asked is None or "help" in session.scope:
        return None
    return f"help {next(filter(None, asked.groups())).strip()}"
