"""The prompt: evaluates, shows, and goes on after any mistake."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

from gradcli import __version__
from gradcli.faces.commands import COMMANDS, Leave, run_command
from gradcli.faces.options import INTERRUPTED
from gradcli.faces.runner import OK, run_source
from gradcli.language.diagnostics import Diagnostic, IncompleteInput, Source
from gradcli.language.parse import parse
from gradcli.output.screen import Screen
from gradcli.session.session import Session

PROMPT = "> "
MORE = "... "
LONGEST_HISTORY = 10_000


class Repl:
    """Reads statements until the input ends, keeping the session between them."""

    def __init__(self, screen: Screen | None = None) -> None:
        self.screen = screen or Screen()
        self.session = Session()
        self.count = 0
        self.code = OK

    def run(self) -> int:
        """Go on until the input ends or `:quit`. The code is 0, or what a script would give where nobody types."""
        interactive = sys.stdin.isatty()
        history = _start_history() if interactive else None
        if interactive:
            self.screen.say(f"gradcli {__version__}   type an expression, :help, or :quit", "dim")
        try:
            while True:
                try:
                    text = self._read(interactive)
                except EOFError:
                    if interactive:
                        self.screen.say("")
                    return OK if interactive else self.code
                except KeyboardInterrupt:
                    self.screen.say("")
                    continue
                try:
                    self.evaluate(text)
                except Leave:
                    return OK if interactive else self.code
                except KeyboardInterrupt:
                    if not interactive:
                        return INTERRUPTED
                    self.screen.say("interrupted; what was defined before stays", "warning")
        finally:
            _save_history(history)

    def evaluate(self, text: str) -> None:
        """Run one input: a command that starts with `:`, or statements. Nothing that is typed ends the prompt.

        Raises:
            Leave: for :quit.
        """
        if not text.strip():
            return
        self.count += 1
        try:
            if text.lstrip().startswith(":") or text.strip() in ("exit", "quit", "help"):
                self.session = run_command(text.strip().lstrip(":"), self.session, self.screen)
                return
            ran = run_source(Source(f"<input {self.count}>", text), self.session, self.screen, named=False)
            self.session, self.code = ran.session, max(self.code, ran.code)
        except (Leave, KeyboardInterrupt):
            raise
        except Exception as error:
            if "--debug" in sys.argv:
                raise
            self.screen.diagnostic(
                Diagnostic("internal", f"this is a mistake of gradcli's own: {type(error).__name__}: {error}")
            )

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
        return input(prompt if interactive else "")


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


def history_path() -> Path:
    """Where the prompt's history is kept."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "gradcli" / "history"


def _start_history() -> Path | None:
    """Line editing with the history of earlier sessions; None where the platform has no readline."""
    try:
        import readline
    except ImportError:
        return None
    path = history_path()
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            readline.read_history_file(path)
        readline.set_history_length(LONGEST_HISTORY)
    return path


def _save_history(path: Path | None) -> None:
    if path is not None:
        import readline

        with suppress(OSError):
            readline.write_history_file(path)


__all__ = ["COMMANDS", "Repl", "history_path"]
