"""Mistakes as exceptions and what is odd as warnings, each with the place in the text that it is about."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from gradcli.api.results import Results
from gradcli.language.text.diagnostics import Diagnostic, Span
from gradcli.output.diagnostics import show_diagnostic
from gradcli.output.style import bare
from gradcli.session.results import Assertion

_PACKAGE = str(Path(__file__).parent.parent)


@dataclass(frozen=True)
class Where:
    """A place in a text: line and column from 1, the end one column past the last character; `text` stands there."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int
    text: str


class GradcliError(ValueError):
    """What gradcli refuses. `str()` is what the command line says: what is wrong, where with a caret, what to do.

    Attributes:
        message: what is wrong, in a sentence.
        kind: syntax, name, type, value, shape, dtype, derivative, file, usage or assert.
        span: where it is, a `Where`; None where there is no text.
        hint: what to do, or None.
        results: what the text had shown before, a `Results`.
    """

    def __init__(self, diagnostic: Diagnostic, excerpt: str | None = None, results: Results | None = None) -> None:
        super().__init__(diagnostic, excerpt, results)
        self.message = diagnostic.message
        self.kind = diagnostic.kind
        self.span = where(diagnostic.span)
        self.hint = diagnostic.hint
        self.results = Results() if results is None else results
        self._excerpt = excerpt_of(diagnostic) if excerpt is None else excerpt

    def __str__(self) -> str:
        return self._excerpt


class GradcliWarning(UserWarning):
    """What is to be said beside an answer, such as that there is no derivative at a corner."""


def failed_assert(assertion: Assertion, results: Results) -> GradcliError:
    """The error for an assert that does not hold: both sides, and how far they are apart."""
    from gradcli.output.failures import show_failure
    from gradcli.output.views import Look

    message = f"assert failed: {assertion.source}"
    if assertion.message:
        message += f": {assertion.message}"
    place, source = assertion.place, assertion.source
    shown = [line for part in show_failure(assertion, Look()) for line in part.lines]
    error = GradcliError(Diagnostic("assert", message), bare(shown), results)
    lines = source.split("\n")
    end = place.column + len("assert ") + len(source) if len(lines) == 1 else len(lines[-1]) + 1
    error.span = Where(place.file, place.line, place.column, place.line + len(lines) - 1, end, f"assert {source}")
    return error


def where(span: Span | None) -> Where | None:
    """A stretch of a text as a place."""
    if span is None:
        return None
    position = span.source.position
    return Where(span.source.name, *position(span.start), *position(span.end), span.text)


def excerpt_of(diagnostic: Diagnostic) -> str:
    """What the command line says, without colour."""
    return bare(show_diagnostic(diagnostic))


def warn(diagnostics: Iterable[Diagnostic]) -> None:
    """Say what is odd, as warnings at the line that called gradcli."""
    for diagnostic in diagnostics:
        warnings.warn(excerpt_of(diagnostic), GradcliWarning, stacklevel=_depth_of_caller())


def _depth_of_caller() -> int:
    """How many calls the nearest frame outside of this package is away from who warns."""
    depth, frame = 1, sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        depth, frame = depth + 1, frame.f_back
    return depth
