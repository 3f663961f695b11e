"""The reporter for programs: one JSON document, written when all is said."""

from __future__ import annotations

import re
import sys
from functools import cache
from json import JSONEncoder
from typing import IO, TYPE_CHECKING, Any

from gradcli.language.text.diagnostics import Diagnostic
from gradcli.output.characters import can_hold
from gradcli.output.stream import Stream
from gradcli.session.data import to_data
from gradcli.session.mistakes import own_mistake
from gradcli.session.results import FileSummary, Result, RunSummary

if TYPE_CHECKING:
    from gradcli.session.help import Explained

# What the keys mean and which there are; a change that a reader could stumble over makes it another number.
VERSION = 1
# What fits a line stands in one; what is indented deeper than this does anyway.
WIDTH, DEEPEST = 140, 60
_line = JSONEncoder(ensure_ascii=False, allow_nan=False).encode
_escaped = JSONEncoder().encode
_UNSAFE = re.compile(r"[^\x00-\x7e]")


class Json:
    """Collects what a command reports, and writes it as one document of strict JSON on standard output.

    Diagnostics are part of it: standard error stays empty.
    """

    def __init__(self, command: str, out: IO[str] | None = None) -> None:
        self.digits: int | None = None
        self.theme = "plain"
        self._out = Stream(out or sys.stdout)
        self._summary = {"files": 0, "passed": 0, "failed": 0, "errors": 0, "warnings": 0}
        self._files: list[dict[str, Any]] = []
        self._command = command
        self._results: list[Any] = []
        self._diagnostics: list[Any] = []
        self._here: tuple[list[Any], list[Any]] = (self._results, self._diagnostics)

    def result(self, result: Result, named: bool = False) -> None:
        """Keep a result as data, now: what it was computed from can go."""
        data = to_data(result)
        if data["kind"] == "assert":
            self._summary["passed" if data["passed"] else "failed"] += 1
        self._here[0].append(data)

    def diagnostic(self, diagnostic: Diagnostic) -> None:
        """Keep what is wrong, or odd."""
        counted = f"{diagnostic.severity}s"
        if counted in self._summary:
            self._summary[counted] += 1
        self._here[1].append(to_data(diagnostic))

    def program(self, text: str) -> None:
        """Keep the text of a program."""
        self._here[0].append({"kind": "program", "text": text})

    def say(self, text: str, style: str = "") -> None:
        """Keep a line that was meant for people."""
        self._here[0].append({"kind": "message", "text": text})

    def help(self, explained: Explained) -> None:
        """Keep the page as a line that was meant for people."""
        from gradcli.output.help_pages import plain_text

        self.say(plain_text(explained))

    def begin_file(self, path: str) -> None:
        """Keep what follows with a file."""
        self._here = ([], [])

    def end_file(self, summary: FileSummary) -> None:
        """How the file came out."""
        results, diagnostics = self._here
        self._here = (self._results, self._diagnostics)
        self._summary["files"] += 1
        self._files.append({**to_data(summary), "results": results, "diagnostics": diagnostics})

    def end_run(self, summary: RunSummary) -> None:
        """Keep nothing: each file has been kept."""

    def close(self, code: int, error: BaseException | None = None) -> None:
        """Write the document.

        Raises:
            OutputError: where standard output can't be written to.
        """
        if error is not None:
            # A file that was not gone through has no summary; what it said is not lost.
            if self._here[0] is not self._results:
                self._results += self._here[0]
                self._diagnostics += self._here[1]
                self._here = (self._results, self._diagnostics)
            interrupted = Diagnostic("interrupt", "interrupted", hint="what was reported before it stands")
            self.diagnostic(own_mistake(error) if isinstance(error, Exception) else interrupted)
        document = {
            "version": VERSION,
            "command": self._command,
            "exit_code": int(code),
            "summary": self._summary,
            "results": self._results,
            "diagnostics": self._diagnostics,
            "files": self._files,
        }
        self._out.verbatim_text(json_text(document, self._out.encoding) + "\n")


def json_text(data: Any, encoding: str = "utf-8") -> str:
    """Data as strict JSON, laid out for reading. What an encoding lacks, and what would steer a terminal, is escaped.

    The text takes time and space in proportion to the data.

    Raises:
        ValueError: for data with nan or an infinity in it, which JSON has no numbers for.
    """
    pieces: list[str] = []
    _lay_out(data, "", pieces)
    text = "".join(pieces)

    return _safe(text, encoding)


def json_line(data: Any, encoding: str = "utf-8") -> str:
    """The same in one line.

    Raises:
        ValueError: as `json_text` does.
    """
    return _safe(_line(data), encoding)


def _safe(text: str, encoding: str) -> str:
    @cache
    def safe(char: str) -> str:
        return char if char.isprintable() and can_hold(char, encoding) else _escaped(char)[1:-1]

    # Outside texts JSON is ASCII, so that each of these stands in one.
    return _UNSAFE.sub(lambda m: safe(m[0]), text.replace("\x7f", "\\u007f"))


def _lay_out(data: Any, indent: str, pieces: list[str]) -> None:
    """Append the text of some data: numbers side by side, all else a line each where it does not fit one."""
    parts = _parts(data)
    if not parts or len(indent) > DEEPEST or _is_flat(data) or _room_left(data, WIDTH - len(indent)) >= 0:
        pieces.append(_line(data))
        return
    deeper = indent + "  "
    opening, closing = "{}" if isinstance(data, dict) else "[]"
    pieces.append(opening)
    for number, part in enumerate(parts):
        pieces.append(f"{',' if number else ''}\n{deeper}")
        if isinstance(data, dict):
            pieces.append(f"{_line(part)}: ")
            _lay_out(data[part], deeper, pieces)
        else:
            _lay_out(part, deeper, pieces)
    pieces.append(f"\n{indent}{closing}")


def _parts(data: Any) -> list[Any]:
    return [*data] if isinstance(data, (dict, list, tuple)) else []


def _is_flat(data: Any) -> bool:
    return isinstance(data, list) and not any(isinstance(part, (dict, list, tuple)) for part in data)


def _room_left(data: Any, room: int) -> int:
    """How much of a line is left behind some data; below 0 where it does not fit, found without reading all of it."""
    if isinstance(data, str):
        return room - len(data) - 2
    if not isinstance(data, (dict, list, tuple)):
        return room - len(_line(data))
    room -= 2
    for part in data:
        room = _room_left(part, room - 2)
        if isinstance(data, dict) and room >= 0:
            room = _room_left(data[part], room - 2)
        if room < 0:
            break
    return room
