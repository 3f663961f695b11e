"""Tables that fit: the value keeps its width, the other columns make room for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from enum import Enum

from gradcli.core.records import record
from gradcli.output.characters import columns
from gradcli.output.style import Line
from gradcli.output.wrapping import longest_piece, wrap

GAP = "   "
# A column that folds is left out rather than made narrower than this.
NARROWEST_FOLD = 12


class Role(Enum):
    """What a column does where the terminal is narrow."""

    LABEL = "stays as it is"
    FOLD = "folds"
    EXTRA = "is left out first"
    VALUE = "takes what is left, and makes all others leave where that is too little"


@record
class Cell:
    """What stands in a cell: lines, and what begins each line that one of them goes on in."""

    lines: tuple[str, ...]
    indent: str = ""

    def width(self) -> int:
        """Its columns, unwrapped."""
        return max(map(columns, self.lines), default=0)

    def wrapped(self, width: int | None) -> list[str]:
        """Its lines, none wider than a width unless one number is."""
        return [part for line in self.lines for part in wrap(line, width, self.indent)]

    def least(self, width: int) -> int:
        """The columns that the rows of a matrix need, or its numbers with brackets and commas, or a number alone."""
        if len(self.lines) > 1 and self.width() <= width:
            return self.width()
        words = [columns(word) + len(self.indent) for line in self.lines for word in line.split()]
        longest = min(max(words, default=0), self.width())
        return longest if longest <= width else min(width, max(map(longest_piece, self.lines), default=0))


@record
class Column:
    """A column: its title, a cell for each row, its role, the style of its cells.

    `once` says that a cell like the one above is left empty.
    """

    title: str
    cells: tuple[Cell, ...]
    role: Role
    style: str = ""
    once: bool = False

    def width(self) -> int:
        """Its columns, unwrapped."""
        return max([columns(self.title), *(cell.width() for cell in self.cells)])


def lay_out(table: Sequence[Column], width: int | None, footer: tuple[str, str] | None = None) -> list[Line]:
    """A table as lines that fit a terminal: columns if its values can stand in one, else a block for each row."""
    for left_out in ((), (Role.EXTRA,)):
        shown = [column for column in table if column.role not in left_out]
        widths = _widths(shown, width)
        if widths is not None:
            return [*_grid(shown, widths, width), *_footer(footer, widths[0])]
    assert width is not None
    return [*_records(table, width), *_footer(footer, 0)]


def _widths(shown: Sequence[Column], width: int | None) -> list[int] | None:
    """How wide each column is; None where the values have too little room."""
    natural = [column.width() for column in shown]
    if width is None:
        return natural
    room = width - 1 - len(GAP) * (len(shown) - 1)
    elastic = (Role.FOLD, Role.VALUE)
    least = [_least(c, width) if c.role in elastic else n for c, n in zip(shown, natural, strict=True)]
    spare = room - sum(least)
    if spare < 0:
        return None
    for number, column in enumerate(shown):
        if column.role in elastic:
            more = min(spare, natural[number] - least[number])
            least[number] += more
            spare -= more
    return least


def _least(column: Column, width: int) -> int:
    """The columns below which a column would break what must stay whole."""
    if column.role is Role.FOLD:
        pieces = (longest_piece(line) for cell in column.cells for line in cell.lines)
        return min(column.width(), max(NARROWEST_FOLD, *pieces))
    return max([columns(column.title), *(cell.least(width) for cell in column.cells)])


def _grid(shown: Sequence[Column], widths: Sequence[int], width: int | None) -> Iterator[Line]:
    yield _side_by_side([(c.title, "dim") for c in shown], widths, [c.once for c in shown])
    across = sum(widths) + len(GAP) * (len(widths) - 1) + 2
    yield [("─" * (across if width is None else min(across, width)), "dim")]
    for row in range(len(shown[0].cells)):
        blocks = [
            [] if c.once and row and c.cells[row].lines == c.cells[row - 1].lines else c.cells[row].wrapped(w)
            for c, w in zip(shown, widths, strict=True)
        ]
        for height in range(max(map(len, blocks))):
            texts = [(b[height] if height < len(b) else "", c.style) for b, c in zip(blocks, shown, strict=True)]
            yield _side_by_side(texts, widths, [c.once for c in shown])


def _side_by_side(texts: Line, widths: Sequence[int], to_the_right: Sequence[bool]) -> Line:
    line: Line = [(" ", "")]
    for (text, style), width, right in zip(texts, widths, to_the_right, strict=True):
        blank = " " * max(0, width - columns(text))
        line += [(blank, ""), (text, style)] if right else [(text, style), (blank, "")]
        line.append((GAP, ""))
    while line and not line[-1][0].strip():
        line.pop()
    return line


def _footer(footer: tuple[str, str] | None, first: int) -> list[Line]:
    if footer is None:
        return []
    name, value = footer
    return [[], [(f" {name:<{first}}{GAP}", ""), (value, "")]]


def _records(table: Sequence[Column], width: int) -> Iterator[Line]:
    """One block a row: a line or more for each column, with its title where there is room for it."""
    # A derivative's name tells its order.
    table = [column for column in table if column.role is not Role.EXTRA and not column.once]
    label = max(columns(column.title) for column in table) + len(GAP)
    room = width - label
    labelled = all(_least(c, width) <= room for c in table if c.role in (Role.VALUE, Role.FOLD))
    for row in range(len(table[0].cells)):
        if row:
            yield [("─" * width, "dim")]
        for column in table:
            cell = column.cells[row]
            if not any(cell.lines):
                continue
            for number, text in enumerate(cell.wrapped(room if labelled else width)):
                title = f"{'' if number else column.title:<{label}}" if labelled else ""
                yield [(title, "dim"), (text, column.style)]


def wrap_line(line: Line, width: int | None) -> list[Line]:
    """A styled line as lines no wider than a terminal."""
    text = "".join(piece for piece, _ in line)
    if width is None or columns(text) <= width:
        return [line]
    rest = iter([(char, style) for piece, style in line for char in piece])
    indent = " " * (len(text) - len(text.lstrip()))
    return [_styled(part, number, indent, rest.__next__) for number, part in enumerate(wrap(text, width, indent))]


def _styled(part: str, number: int, indent: str, next_char: Callable[[], tuple[str, str]]) -> Line:
    """The characters of a part with the styles that they have in the whole."""
    line: Line = []
    if number and indent and part.startswith(indent):
        line.append((indent, ""))
        part = part[len(indent) :]
    for wanted in part:
        char, style = next_char()
        while char != wanted:
            char, style = next_char()
        if line and line[-1][1] == style:
            line[-1] = (line[-1][0] + char, style)
        else:
            line.append((char, style))
    return line
