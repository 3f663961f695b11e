"""Help as lines that fit a terminal: prose folded, what is typed as it is, lists in two columns."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from gradcli.output.characters import columns, visible
from gradcli.output.diagnostics import show_diagnostic
from gradcli.output.folding import fold
from gradcli.output.layout import lay_out, wrap_line
from gradcli.output.markdown import Rows, code, heading, lines_of, prose, rows
from gradcli.output.style import Line
from gradcli.output.views import Look, Table, blocks_of
from gradcli.session.help import Entry, Explained, Fact, Sample
from gradcli.session.results import Assertion, Result

# Prose in lines longer than that is hard to read, however wide the terminal.
WIDEST = 80
INDENT = 2
# What is said of an entry that shares its name with others.
KINDS = {
    "function": "a function",
    "constant": "a constant",
    "setting": "a setting",
    "limit": "a limit",
    "statement": "a statement",
    "expression": "a way of writing",
    "sign": "a sign",
    "command": "a command of the prompt",
    "topic": "a topic",
    "list": "a list",
    "option": "an input by name",
    "yours": "yours",
}


def help_page(explained: Explained, look: Look) -> list[Line]:
    """All meanings, one below the other."""
    width = min(look.width or WIDEST, WIDEST)
    lines: list[Line] = []
    for entry in (_cleaned(entry, look.clean) for entry in explained.entries):
        if lines:
            lines.append([])
        if entry.kind == "overview":
            lines += _overview(entry, width)
        else:
            lines += _entry(entry, look, width, len(explained.entries) > 1)
    return lines


def _cleaned(entry: Entry, clean: Callable[[str], str]) -> Entry:
    """An entry in the characters of the stream, so that columns are counted as they will be."""
    return replace(
        entry,
        title=clean(entry.title),
        summary=clean(entry.summary),
        details="\n".join(map(clean, entry.details.split("\n"))),
        related=tuple(map(clean, entry.related)),
        aliases=tuple(map(clean, entry.aliases)),
        listings=tuple(
            replace(listing, rows=tuple((clean(name), clean(text)) for name, text in listing.rows))
            for listing in entry.listings
        ),
    )


def _entry(entry: Entry, look: Look, width: int, told_apart: bool) -> Iterator[Line]:
    kind = f"   {KINDS[entry.kind]}" if told_apart else ""
    yield from heading(f"{entry.title}", width, kind)
    if entry.summary:
        yield from prose(entry.summary, width, INDENT if entry.kind != "topic" else 0)
    facts = [(fact.label, _told(fact, look)) for fact in entry.facts]
    if entry.aliases:
        facts.append(("also called", ", ".join(entry.aliases)))
    if entry.details:
        yield []
        yield from lines_of(entry.details, width, 0 if entry.kind == "topic" else INDENT)
    for listing in entry.listings:
        yield []
        if listing.title:
            yield from heading(listing.title, width)
        yield from rows(Rows(listing.rows), width, INDENT)
    if facts:
        yield []
        yield from rows(Rows(tuple(facts), dim=True), width, INDENT)
    if entry.samples:
        yield []
        for sample in entry.samples:
            yield from _sample(sample, look)
    if entry.related:
        yield []
        yield from rows(Rows((("see also", "  ".join(entry.related)),), dim=True), width, INDENT)


def _told(fact: Fact, look: Look) -> str:
    return look.clean(f"{look.formula(fact.text) if fact.is_formula else fact.text}{fact.suffix}")


def _overview(entry: Entry, width: int) -> Iterator[Line]:
    yield from prose(entry.summary, width, 0)
    label = max((columns(name) for listing in entry.listings for name, _ in listing.rows), default=0)
    for listing in entry.listings:
        if listing.title:
            yield []
            yield from heading(listing.title, width)
        yield from rows(Rows(listing.rows, cut=listing.cut, label=label), width, INDENT)


def _sample(sample: Sample, look: Look) -> Iterator[Line]:
    """What is typed, and below it what it comes to, as at the prompt."""
    first, *more = map(look.clean, sample.typed.split("\n"))
    yield from code([f"> {first}", *(f"... {line}" for line in more)], look.width, INDENT)
    room = None if look.width is None else max(1, look.width - INDENT)
    inner = Look(sample.digits, look.whole_up_to, look.most, room, look.clean, look.height, look.on_paper)
    for result in sample.results:
        for line in _shown(result, inner):
            yield [(" " * INDENT, ""), *line] if line else line
    for diagnostic in sample.diagnostics:
        for line in show_diagnostic(diagnostic, lambda text, keep="": look.clean(visible(text, keep)), room):
            yield from wrap_line([(" " * INDENT, ""), *line], look.width)


def _shown(result: Result, look: Look) -> Iterator[Line]:
    if isinstance(result, Assertion):
        return
    for block in blocks_of(result, look):
        if isinstance(block, Table):
            yield from lay_out(block.columns, look.width, block.footer)
        for part in block.below if isinstance(block, Table) else [block]:
            width, breaking = look.width if part.wrapped else None, fold if part.is_formula else None
            yield from (piece for line in part.lines for piece in wrap_line(line, width, breaking))


def plain_text(explained: Explained) -> str:
    """The page without a terminal's styles, for what keeps it as a text."""
    lines = help_page(explained, Look())
    return "\n".join(re.sub(r"\s+$", "", "".join(text for text, _ in line)) for line in lines)
