"""The report that CI servers read: JUnit's XML, a suite for each file, a case for each assert."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from io import StringIO

from gradcli.core.records import record
from gradcli.language.text.diagnostics import Diagnostic
from gradcli.output.relays import Relay, Told
from gradcli.output.terminal import Terminal
from gradcli.session.results import Assertion, FileSummary, Result

FAILURE, ERROR = "failure", "error"
# What XML has no way to write, not even by number.
_NOT_IN_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MARKS = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}


@record
class Case:
    """One thing that was checked: its name, what it took, and where it went wrong how, in a line and in full."""

    name: str
    seconds: float
    line: int | None = None
    outcome: str = ""
    message: str = ""
    details: str = ""


class Junit(Relay):
    """Collects what `gradcli run` reports; `text` is the document."""

    def __init__(self) -> None:
        super().__init__()
        self._suites: list[str] = []
        self._counts: Counter[str] = Counter()
        self._seconds = 0.0
        self._cases: list[Case] = []
        self._last = 0.0

    def tell(self, told: Told) -> None:
        """Keep asserts, mistakes and how files came out."""
        name, given, moment = told
        # What ran between two reports is counted to the later.
        seconds, self._last = moment - self._last, moment
        if name == "result" and isinstance(given[0], Assertion):
            self._cases.append(_checked(given[0], seconds))
        elif name == "diagnostic" and given[0].severity == "error":
            self._cases.append(_mistaken(given[0], seconds))
        elif name == "begin_file":
            self._cases = []
        elif name == "end_file":
            self._file(given[0])

    def text(self) -> str:
        """The document, of what has been reported by now."""
        counts = {name: self._counts[name] for name in ("tests", "failures", "errors")}
        head = _element("testsuites", {"name": "gradcli", **counts, "time": f"{self._seconds:.6f}"})
        return f'<?xml version="1.0" encoding="utf-8"?>\n{head}\n{"".join(self._suites)}</testsuites>\n'

    def _file(self, summary: FileSummary) -> None:
        if summary.lacks:
            self._cases.append(Case("has an assert", 0.0, None, FAILURE, "this file has no assert"))
        outcomes = Counter(case.outcome for case in self._cases)
        counts = {"tests": len(self._cases), "failures": outcomes[FAILURE], "errors": outcomes[ERROR]}
        self._counts.update(counts)
        self._seconds += summary.seconds
        place = {"name": summary.path, "file": summary.path}
        head = _element("testsuite", {**place, **counts, "skipped": 0, "time": f"{summary.seconds:.6f}"})
        properties = {"statements": summary.statements, "exit_code": int(summary.verdict)}
        lines = [f"  {head}", "    <properties>"]
        lines += [f"      {_element('property', {'name': name, 'value': v}, '/')}" for name, v in properties.items()]
        lines.append("    </properties>")
        names: Counter[str] = Counter()
        for case in self._cases:
            names[case.name] += 1
            # Servers tell cases from each other by their names; in a loop one line is several.
            name = case.name if names[case.name] == 1 else f"{case.name} [{names[case.name]}]"
            lines += _case(case, name, summary.path)
        self._suites.append("\n".join([*lines, "  </testsuite>\n"]))


def _checked(assertion: Assertion, seconds: float) -> Case:
    line = assertion.place.line
    name = f"{assertion.source.split(chr(10))[0]} (line {line})"
    if assertion.passed:
        return Case(name, seconds, line)
    return Case(name, seconds, line, FAILURE, assertion.message or "the assert failed", _told(assertion))


def _mistaken(diagnostic: Diagnostic, seconds: float) -> Case:
    span = diagnostic.span
    line = None if span is None else span.source.position(span.start)[0]
    name = f"{diagnostic.kind} error" + ("" if line is None else f" (line {line})")
    return Case(name, seconds, line, ERROR, diagnostic.message, _told(diagnostic))


def _told(what: Result | Diagnostic) -> str:
    """What a terminal without colours would be told of it."""
    text = StringIO()
    terminal = Terminal(StringIO(), text)
    terminal.theme = "plain"
    if isinstance(what, Diagnostic):
        terminal.diagnostic(what)
    else:
        terminal.result(what)
    return text.getvalue()


def _case(case: Case, name: str, path: str) -> list[str]:
    place = {"name": name, "classname": path, "file": path} | ({} if case.line is None else {"line": case.line})
    attributes = {**place, "time": f"{case.seconds:.6f}"}
    if not case.outcome:
        return [f"    {_element('testcase', attributes, '/')}"]
    why = _element(case.outcome, {"message": case.message, "type": "assert" if case.outcome == FAILURE else "mistake"})
    details = _escaped(case.details).replace("&#10;", "\n")
    return [f"    {_element('testcase', attributes)}", f"      {why}{details}</{case.outcome}>", "    </testcase>"]


def _element(name: str, attributes: Mapping[str, object], end: str = "") -> str:
    parts = [name, *(f'{key}="{_escaped(str(value))}"' for key, value in attributes.items())]
    return f"<{' '.join(parts)}{end}>"


def _escaped(text: str) -> str:
    readable = _NOT_IN_XML.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    return "".join(_MARKS.get(char, char) for char in readable)
