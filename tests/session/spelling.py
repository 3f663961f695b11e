"""One text with many names in it, parsed once: parsing is most of what a short statement costs."""

from __future__ import annotations

from functools import cache
from typing import Any

from gradcli.language.text import syntax as s
from gradcli.language.text.diagnostics import Source, Span
from gradcli.language.text.parse import parse

# What stands in a text where the name will.
HOLE = "a_name"


def spelled(text: str, name: str) -> tuple[Source, tuple[s.Statement, ...]]:
    """A text with a name in its holes, and its statements: what `parse` gives, until another name is asked for."""
    pattern = _pattern(text)
    pattern.spell(name)
    return pattern.source, pattern.statements


class _Pattern:
    """The syntax of a text, whose names and places are changed where they are: a copy costs as much as parsing."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.source = Source("fuzz", text)
        self.statements = parse(self.source)
        parts = list(s.walk(self.statements))
        self.holes = [part for part in parts if isinstance(part, s.Name) and part.id == HOLE]
        spans = {id(v): v for part in parts for v in vars(part).values() if isinstance(v, Span)}
        self.spans = [(span, self._place(span.start), self._place(span.end)) for span in spans.values()]

    def _place(self, at: int) -> tuple[int, int]:
        """An offset, and how many holes stand before it."""
        return at, self.text.count(HOLE, 0, at)

    def spell(self, name: str) -> None:
        longer = len(name) - len(HOLE)
        vars(self.source).clear()
        vars(self.source).update(vars(Source("fuzz", self.text.replace(HOLE, name))))
        for hole in self.holes:
            vars(hole).update(id=name)
        for span, (start, before_start), (end, before_end) in self.spans:
            vars(span).update(start=start + longer * before_start, end=end + longer * before_end)


@cache
def _pattern(text: str) -> _Pattern:
    return _Pattern(text)


def form(part: Any) -> Any:
    """A piece of syntax, with its places, as data that can be compared."""
    if isinstance(part, tuple):
        return tuple(map(form, part))
    if isinstance(part, Span):
        return part.source.text, part.start, part.end
    if hasattr(part, "span"):
        return type(part).__name__, *((key, form(value)) for key, value in vars(part).items())
    return part
