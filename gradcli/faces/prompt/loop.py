"""The prompt: reads, has it answered, and goes on after any mistake.

What answers is imported beside, while the first line is typed; so this imports nothing that takes time.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from gradcli.faces.prompt.background import Background
from gradcli.faces.prompt.history import journals_folder
from gradcli.faces.prompt.leaving import Leave
from gradcli.language.text.diagnostics import Diagnostic
from gradcli.output.reporter import Reporter
from gradcli.session.results import Verdict

if TYPE_CHECKING:
    from gradcli.faces.prompt.answering import Answering
    from gradcli.faces.prompt.workspace import Workspace
    from gradcli.session.session import Session


class Reader(Protocol):
    """Where inputs come from. `is_typed` says that somebody types them."""

    is_typed: bool

    def read(self) -> str:
        """The next one, whole.

        Raises:
            EOFError: where there is none.
            KeyboardInterrupt: where the user drops it.
            OSError: where it can't be read.
        """
        ...


class Prompt:
    """Has inputs answered until they end, keeping the session between them.

    `debug` lets the errors through that are no mistakes of what is typed; `session` is what to begin with.
    """

    def __init__(self, reporter: Reporter, debug: bool = False, session: Session | None = None) -> None:
        self.reporter = reporter
        self.is_typed = False

        def make() -> Answering:
            from gradcli.faces.prompt.answering import Answering

            made = Answering(reporter, debug, session)
            if self.is_typed:
                from gradcli.faces.prompt.restoring import keep_journal

                keep_journal(made.workspace)
            return made

        self.answering = Background(make)

    @property
    def workspace(self) -> Workspace:
        """What is worked on."""
        return self.answering.get().workspace

    def greet(self) -> None:
        """Say who is there, how to find out more, and what can be restored; what runs is kept from now on."""
        from gradcli import __version__

        self.reporter.say(f"gradcli {__version__}   type an expression, :help, or :tour", "dim")
        self.is_typed = True
        made = self.answering.peek()
        if made is not None:
            from gradcli.faces.prompt.restoring import keep_journal

            keep_journal(made.workspace)
        with suppress(OSError):
            # Few have one, and all others are not to wait for what looks into it.
            if any(journals_folder().iterdir()):
                from gradcli.faces.prompt.restoring import offer

                offer(self.reporter)

    def evaluate(self, text: str) -> None:
        """Answer one input.

        Raises:
            Leave: for :quit.
        """
        self.answering.get().evaluate(text)

    def run(self, reader: Reader) -> Verdict:
        """Go on until the input ends or `:quit`. The code is 0, or what a script would give where nobody types."""
        while True:
            try:
                if not self._step(reader):
                    self._left()
                    return Verdict.OK if reader.is_typed else self.workspace.code
            except KeyboardInterrupt:
                # A second Ctrl-C, while the first is answered.
                continue

    def _left(self) -> None:
        """Forget what was kept for the next prompt. The input of a terminal that was closed ends too: nobody left."""
        made = self.answering.peek()
        if made is not None and made.workspace.journal is not None and sys.stdin.isatty():
            made.workspace.journal.drop()

    def _step(self, reader: Reader) -> bool:
        """Answer one input; whether there may be more."""
        try:
            text = reader.read()
        except EOFError:
            return False
        except KeyboardInterrupt:
            return True
        except OSError as error:
            problem = f"can't read standard input: {(error.strerror or str(error)).lower()}"
            self.reporter.diagnostic(Diagnostic("file", problem))
            self.workspace.code = Verdict.BAD_INPUT
            return False
        try:
            self.evaluate(text)
        except Leave:
            return False
        except KeyboardInterrupt:
            if not reader.is_typed:
                self.workspace.code = Verdict.INTERRUPTED
                return False
            # The terminal has written ^C.
            self.reporter.say("")
            self.reporter.say("interrupted; what was defined before stays", "warning")
        return True
