"""The reporter for programs that read along: a line of JSON for each thing that is reported, when it is."""

from __future__ import annotations

import sys
from typing import IO, TYPE_CHECKING, Any

from gradcli.language.text.diagnostics import Diagnostic
from gradcli.output.json import VERSION, json_line
from gradcli.output.stream import Stream
from gradcli.session.data import to_data
from gradcli.session.mistakes import own_mistake
from gradcli.session.results import FileSummary, Result, RunSummary

if TYPE_CHECKING:
    from gradcli.session.help import Explained


class JsonLines:
    """Writes an object a line, whose `type` is start, result, diagnostic, file, summary or end."""

    def __init__(self, command: str, out: IO[str] | None = None) -> None:
        self.digits: int | None = None
        self.theme = "plain"
        self._out = Stream(out or sys.stdout)
        self._file: str | None = None
        self._write({"type": "start", "version": VERSION, "command": command})

    def result(self, result: Result, named: bool = False) -> None:
        """A result."""
        self._write({"type": "result", "result": to_data(result)})

    def diagnostic(self, diagnostic: Diagnostic) -> None:
        """What is wrong, or odd."""
        self._write({"type": "diagnostic", "diagnostic": to_data(diagnostic)})

    def program(self, text: str) -> None:
        """The text of a program."""
        self._write({"type": "result", "result": {"kind": "program", "text": text}})

    def say(self, text: str, style: str = "") -> None:
        """A line for people."""
        self._write({"type": "result", "result": {"kind": "message", "text": text}})

    def help(self, explained: Explained) -> None:
        """The page as a line for people."""
        from gradcli.output.help_pages import plain_text

        self.say(plain_text(explained))

    def begin_file(self, path: str) -> None:
        """What follows comes from a file."""
        self._write({"type": "file", "file": path})

    def end_file(self, summary: FileSummary) -> None:
        """How the file came out."""
        self._write({"type": "summary", **to_data(summary)})

    def end_run(self, summary: RunSummary) -> None:
        """Nothing: each file has its line."""

    def close(self, code: int, error: BaseException | None = None) -> None:
        """The exit code.

        Raises:
            OutputError: where standard output can't be written to.
        """
        if isinstance(error, Exception):
            self.diagnostic(own_mistake(error))
        self._write({"type": "end", "exit_code": int(code)})

    def _write(self, data: Any) -> None:
        self._out.verbatim_text(json_line(data, self._out.encoding) + "\n")
        self._out.flush()
