"""The prompt: reads, has it answered, and goes on after any mistake.

What answers is imported beside, while the first line is typed; so this imports nothing that takes time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from gradcli.faces.prompt.background import Background
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

        def make() -> Answering:
            from gradcli.faces.prompt.answering import Answering

            return Answering(reporter, debug, session)

        self.answering = Background(make)

    @property
    def workspace(self) -> Workspace:
        """What is worked on."""
        return self.answering.get().workspace

    def greet(self) -> None:
        """Say who is there, and how to find out more."""
        from gradcli import __version__

        self.reporter.say(f"gradcli {__version__}   type an expression, :help, or :tour", "dim")

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
                    return Verdict.OK if reader.is_typed else self.workspace.code
            except KeyboardInterrupt:
                # A second Ctrl-C, while the first is answered.
                continue

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
            answering = self.answering.get()
            from gradcli.faces.prompt.workspace import Leave

            try:
                answering.evaluate(text)
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
