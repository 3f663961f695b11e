"""The prompt: evaluates, shows, and goes on after any mistake."""

from __future__ import annotations

import io
import re
import sys

from gradcli import __version__
from gradcli.faces.prompt.commands import run_command
from gradcli.faces.prompt.history import History, history_path
from gradcli.faces.prompt.restoring import keep_journal
from gradcli.faces.prompt.workspace import Leave, Workspace
from gradcli.language.text.diagnostics import Diagnostic, IncompleteInput, Source
from gradcli.language.text.parse import parse
from gradcli.output.reporter import Reporter
from gradcli.output.stream import OutputError
from gradcli.session.mistakes import own_mistake
from gradcli.session.results import Verdict
from gradcli.session.session import Session

PROMPT = "> "
MORE = "... "


class Prompt:
    """Reads statements until the input ends, keeping the session between them.

    `debug` lets the errors through that are no mistakes of what is typed.
    """

    def __init__(self, reporter: Reporter, debug: bool = False, session: Session | None = None) -> None:
        self.reporter = reporter
        self.debug = debug
        self.workspace = Workspace(reporter, session or Session())
        self._history: History | None = None

    def run(self) -> Verdict:
        """Go on until the input ends or `:quit`. The code is 0, or what a script would give where nobody types."""
        interactive = sys.stdin.isatty()
        if isinstance(sys.stdin, io.TextIOWrapper):
            # A byte that is no text is a mistake in one line, and said as such.
            sys.stdin.reconfigure(errors="surrogateescape", newline="\n" if interactive else None)
        if interactive:
            self._history = _start_history()
            self.reporter.say(f"gradcli {__version__}   type an expression, :help, or :quit", "dim")
            keep_journal(self.workspace)
        while True:
            try:
                if not self._step(interactive):
                    # The input of a terminal that was closed ends too, and nobody has left then.
                    if self.workspace.journal is not None and sys.stdin.isatty():
                        self.workspace.journal.drop()
                    return Verdict.OK if interactive else self.workspace.code
            except KeyboardInterrupt:
                # A second Ctrl-C, while the first is answered.
                continue

    def _step(self, interactive: bool) -> bool:
        """Answer one statement or command; whether there may be more."""
        try:
            text = self._read(interactive)
        except EOFError:
            if interactive:
                self.reporter.say("")
            return False
        except KeyboardInterrupt:
            self.reporter.say("")
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
            if not interactive:
                self.workspace.code = Verdict.INTERRUPTED
                return False
            self.reporter.say("interrupted; what was defined before stays", "warning")
        return True

    def evaluate(self, text: str) -> None:
        """Run one input: a command that starts with `:`, or statements. Nothing that is typed ends the prompt.

        Raises:
            Leave: for :quit.
        """
        if not text.strip():
            return
        self.workspace.count += 1
        try:
            command = _as_command(text.strip())
            if command is not None:
                run_command(command, self.workspace)
                return
            self.workspace.typed(text)
        except (Leave, OutputError):
            raise
        except Exception as error:
            if self.debug:
                raise
            self.reporter.diagnostic(own_mistake(error))

    def _read(self, interactive: bool) -> str:
        """One statement, over several lines if its first leaves it open; a block ends with an empty line."""
        lines = [self._line(PROMPT, interactive)]
        while _wants_more(lines):
            try:
                lines.append(self._line(MORE, interactive))
            except EOFError:
                break
        return "\n".join(lines)

    def _line(self, prompt: str, interactive: bool) -> str:
        if not interactive:
            return _piped_line(first=self.workspace.count == 0)
        line = input(prompt)
        if self._history is not None:
            self._history.add(line)
        return line


def _as_command(text: str) -> str | None:
    """The command that a line is: with a colon, or as other prompts spell it; None for anything else."""
    if text.startswith((":", "!")):
        return text.lstrip(":")
    if text in ("exit", "quit", "help", "exit()", "quit()"):
        return text.removesuffix("()")
    asked = re.fullmatch(r"help\s+(\w+)|help\((\w+)\)|\?\s*(\w+)|(\w+)\?", text)
    return f"help {next(filter(None, asked.groups()))}" if asked else None


def _piped_line(first: bool) -> str:
    """The next line of standard input, without its end.

    Raises:
        EOFError: where there is none.
    """
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return (line.removeprefix("\ufeff") if first else line).removesuffix("\n")


def _wants_more(lines: list[str]) -> bool:
    """Whether the text so far is incomplete, or a block that no empty line has ended."""
    if not lines[-1].strip():
        return False
    text = "\n".join(lines)
    if text.lstrip().startswith(":"):
        return False
    try:
        parse(Source("<input>", text))
    except IncompleteInput:
        return True
    except Exception:
        return False
    return len(lines) > 1 and lines[0].rstrip().endswith(":")


def _start_history() -> History | None:
    """Line editing with the history of earlier sessions; None where the platform has no readline."""
    try:
        import readline
    except ImportError:
        return None
    return History(history_path(), readline)
