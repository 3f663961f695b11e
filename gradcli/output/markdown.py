"""Markdown for a terminal: headings, paragraphs folded to a width, lists, tables, and code as it is.

Rich's Markdown takes some 75 ms to import, frames its headings, and writes signs that an ASCII terminal lacks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from gradcli.core.records import record
from gradcli.output.characters import columns
from gradcli.output.layout import wrap_line
from gradcli.output.style import Line
from gradcli.output.wrapping import wrap

GAP = 3
# Beside a label a text has so many columns at least; else it stands below.
NARROWEST = 24
_FENCE = re.compile(r"^```")
_STRONG = re.compile(r"\*\*([^*]+)\*\*")


@record
class Rows:
    """A label and a text in each row, the labels at least `label` wide.

    `dim` says that the labels are, `cut` that a text too long for a line ends in dots.
    """

    rows: tuple[tuple[str, str], ...]
    dim: bool = False
    cut: bool = False
    label: int = 0


def lines_of(text: str, width: int, indent: int = 0) -> Iterator[Line]:
    """A text as lines; blocks stand apart by an empty line."""
    for number, block in enumerate(_blocks(text)):
        if number:
            yield []
        first = block[0]
        if _FENCE.match(first):
            yield from code(block[1:-1], width, indent + 2)
        elif first.startswith("#"):
            yield from heading(first.lstrip("# "), width)
        elif first.startswith("|"):
            yield from rows(_table(block), width, indent)
        elif first.startswith("- "):
            for item in re.split(r"\n(?=- )", "\n".join(block)):
                yield from prose(" ".join(item.split()), width, indent, hanging=2)
        else:
            yield from prose(" ".join(block), width, indent)


def _blocks(text: str) -> Iterator[list[str]]:
    """The lines of each block: between empty lines, or between fences."""
    block: list[str] = []
    fenced = False
    for line in text.strip("\n").split("\n"):
        if _FENCE.match(line):
            fenced = not fenced
        if not line.strip() and not fenced:
            if block:
                yield block
            block = []
        else:
            block.append(line)
    if block:
        yield block


def _table(block: Sequence[str]) -> Rows:
    cells = [[cell.strip().replace(r"\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in block]
    body = cells[2:] if len(cells) > 2 else cells
    return Rows(tuple((row[0], "   ".join(row[1:])) for row in body))


def heading(text: str, width: int, beside: str = "") -> Iterator[Line]:
    """A line in bold, with what is said beside it."""
    yield from wrap_line([(text, "strong"), (beside, "dim")], width)


def prose(text: str, width: int, indent: int, hanging: int = 0) -> Iterator[Line]:
    """A paragraph folded to a width, its **first words** in bold; lines but the first stand in by `hanging` more."""
    bold = _STRONG.match(text)
    for number, part in enumerate(wrap(_STRONG.sub(r"\1", text), max(1, width - indent), " " * hanging)):
        first = bold[1] if bold and not number and part.startswith(bold[1]) else ""
        yield [(" " * indent, ""), (first, "strong"), (part.removeprefix(first), "")]


def code(lines: Sequence[str], width: int | None, indent: int) -> Iterator[Line]:
    """What is typed and what answers it, as it is; a line too long for a terminal goes on below."""
    for line in lines:
        prompt = re.match(r"(> |\.\.\. ?)", line)
        pieces: Line = [(" " * indent, "")]
        pieces += [(prompt[0], "dim"), (line[prompt.end() :], "hint")] if prompt else [(line, "")]
        yield from wrap_line(pieces, width)


def rows(table: Rows, width: int, indent: int) -> Iterator[Line]:
    """Labels with a text beside each, folded; below it where there is no room beside."""
    label = max([table.label, *(columns(name) for name, _ in table.rows)])
    room = width - indent - label - GAP
    beside = room >= NARROWEST
    for name, text in table.rows:
        if table.cut:
            text = _cut(text, room if beside else width - indent - 2)
        if not beside:
            if name:
                yield from wrap_line([(" " * indent, ""), (name, "dim" if table.dim else "strong")], width)
            yield from ([(" " * (indent + 2), ""), (part, "")] for part in wrap(text, max(1, width - indent - 2)))
            continue
        for number, part in enumerate(wrap(text, room)):
            shown = "" if number else name
            blank = " " * (label - columns(shown) + GAP)
            yield [(" " * indent, ""), (shown, "dim" if table.dim else "strong"), (blank, ""), (part, "")]


def _cut(text: str, room: int) -> str:
    """The words that fit a line, and dots where there are more."""
    if columns(text) <= room:
        return text
    words = text.removesuffix(" ...").split(" ")
    while words and columns(" ".join([*words, "..."])) > room:
        words.pop()
    return " ".join([*words, "..."])
