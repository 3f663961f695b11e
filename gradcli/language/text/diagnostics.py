"""What went wrong, as plain data: one place above turns it into text."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property

from gradcli.core.records import record

# What is quoted of the user's text is for finding the place in it.
LONGEST_TITLE, LONGEST_MESSAGE = 200, 500
# What is repeated in a hint.
LONGEST_FACTOR = 24
# Longer names have no near ones that are worth the search.
LONGEST_NEAR = 100


def shortened(text: str, most: int) -> str:
    """A text of so many characters at most."""
    return text if len(text) <= most else f"{text[: most - 3]}..."


@record
class Source:
    """A text and what it is called: a file's path, or "<input>"."""

    name: str
    text: str

    @cached_property
    def _starts(self) -> list[int]:
        """Where each line begins."""
        return [0, *(match.end() for match in re.finditer("\n", self.text))]

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both from 1."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def line(self, number: int) -> str:
        """A line by its number from 1, without its end."""
        end = self._starts[number] - 1 if number < len(self._starts) else len(self.text)
        return self.text[self._starts[number - 1] : end].rstrip("\r")


@record
class Span:
    """A stretch of a source, in characters; `end` is one past the last."""

    source: Source
    start: int
    end: int

    @property
    def behind(self) -> str:
        """What stands in the brackets that begin where this ends; nothing where none do."""
        text, depth = self.source.text, 0
        for place in range(self.end, min(len(text), self.end + LONGEST_FACTOR)):
            depth += (text[place] == "(") - (text[place] == ")")
            if depth == 0:
                return text[self.end : place].removeprefix("(").strip()
        return "..." if text[self.end : self.end + 1] == "(" else ""

    def to(self, other: Span) -> Span:
        """From the start of this to the end of the other."""
        return Span(self.source, self.start, other.end)

    @property
    def text(self) -> str:
        """What stands there."""
        return self.source.text[self.start : self.end]

    @property
    def title(self) -> str:
        """What stands there, cut where it is too long for a title."""
        return shortened(self.source.text[self.start : min(self.end, self.start + LONGEST_TITLE + 1)], LONGEST_TITLE)


@record
class Label:
    """A second place that matters, and why."""

    span: Span
    text: str


@dataclass(frozen=True)
class Diagnostic:
    """What is wrong, where, and what to do.

    `kind` is one of: syntax, name, type, value, shape, dtype, derivative, file, usage, internal, interrupt.
    """

    kind: str
    message: str
    span: Span | None = None
    hint: str | None = None
    labels: tuple[Label, ...] = ()
    severity: str = "error"


class LanguageError(Exception):
    """Carries a diagnostic to whoever asked for the text to be read."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


class IncompleteInput(LanguageError):  # noqa: N818 - it is no mistake yet
    """The text ends where more must follow: a prompt asks for another line."""


class Ambiguous(LanguageError):  # noqa: N818 - the readings are right, each by itself
    """What can be read in two ways, with both as they would be written, and what is said of the second."""

    def __init__(self, span: Span, one: str, other: str, how: str = "") -> None:
        hint = f"write `{one}` or `{other}`{how and f' {how}'}"
        super().__init__(Diagnostic("syntax", f"`{span.text}` can be read in two ways", span, hint))
        self.readings = (one, other)


def fail(kind: str, message: str, span: Span | None = None, hint: str | None = None) -> LanguageError:
    """The error to raise for one diagnostic."""
    return LanguageError(Diagnostic(kind, message, span, hint))


def near(name: str, known: list[str] | tuple[str, ...]) -> str | None:
    """A hint that names the known name nearest to this one, if one is near."""
    if len(name) > LONGEST_NEAR:
        return None
    from difflib import get_close_matches

    folded = {k.lower(): k for k in reversed(known)}
    if name.lower() in folded:
        return f"did you mean `{folded[name.lower()]}`?"
    for k in known:
        if len(k) > 2 and sorted(k) == sorted(name):  # letters swapped, the commonest slip
            return f"did you mean `{k}`?"
    close = get_close_matches(name, known, n=1, cutoff=0.67)
    return f"did you mean `{close[0]}`?" if close else None
