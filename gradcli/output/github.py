"""The reporter for GitHub's logs: all that people see, and what went wrong as annotations of the lines it is about."""

from __future__ import annotations

from io import StringIO

from gradcli.language.text.diagnostics import Diagnostic
from gradcli.output.terminal import Terminal
from gradcli.session.results import Assertion, Result

_IN_DATA = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_IN_PROPERTY = {**_IN_DATA, ":": "%3A", ",": "%2C"}


class Github(Terminal):
    """Adds a workflow command to each failed assert, mistake and warning."""

    def result(self, result: Result, named: bool = False) -> None:
        """Show a result; a failed assert is annotated."""
        super().result(result, named)
        if isinstance(result, Assertion) and not result.passed:
            details = StringIO()
            plain = Terminal(StringIO(), details)
            plain.theme = "plain"
            plain.result(result)
            place = {"file": result.place.file, "line": result.place.line, "col": result.place.column}
            self._annotate("error", {**place, "title": "assert failed"}, details.getvalue().rstrip())

    def diagnostic(self, diagnostic: Diagnostic) -> None:
        """Say what is wrong, or odd, and annotate it."""
        super().diagnostic(diagnostic)
        place: dict[str, object] = {}
        if diagnostic.span is not None:
            source = diagnostic.span.source
            line, column = source.position(diagnostic.span.start)
            last, end = source.position(diagnostic.span.end)
            place = {"file": source.name, "line": line, "endLine": last, "col": column}
            if last == line:
                # GitHub takes the column of an end on the same line alone.
                place["endColumn"] = end
        kind = diagnostic.severity if diagnostic.severity in ("error", "warning") else "notice"
        said = diagnostic.message + (f"\nhelp: {diagnostic.hint}" if diagnostic.hint else "")
        self._annotate(kind, {**place, "title": f"{diagnostic.kind} {diagnostic.severity}"}, said)

    def _annotate(self, kind: str, properties: dict[str, object], message: str) -> None:
        named = ",".join(f"{name}={_escaped(str(value), _IN_PROPERTY)}" for name, value in properties.items())
        # A command is one line, whatever the terminal's width.
        self._out.lines([[(f"::{kind} {named}::{_escaped(message, _IN_DATA)}", "")]])


def _escaped(text: str, marks: dict[str, str]) -> str:
    return "".join(marks.get(char, char) for char in text)
