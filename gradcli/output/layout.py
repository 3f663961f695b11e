"""Tables that fit: the value keeps its width, all else makes room for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from enum import Enum

from gradcli.core.records import record
from gradcli.output.characters import columns
from gradcli.output.folding import fold
from gradcli.output.style import Line
from gradcli.output.wrapping import flow, longest_piece, wrap

GAP = "   "
# A formula stands below its row rather than in a column narrower than this, or on more lines.
NARROWEST_FOLD, MOST_FOLDED = 24, 3
# A value that no line holds is given as much at least.
NARROWEST_VALUE = 32
# How often more is left out of what is shown by its edges.
MOST_SQUEEZED = 2
# What stands below a row, and inside of a block, is indented by so many columns.
BELOW = 2


class Role(Enum):
    """What a column does where the terminal is narrow."""

    LABEL = "stays as it is"
    FOLD = "folds, then moves below its row"
    EXTRA = "is left out"
    VALUE = "takes what is left; blocks take the place of columns where that is too little"
    BELOW = "always stands below its row"


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

    def least(self, width: int, squeezed: int = MOST_SQUEEZED) -> int:
        """The columns that its words need, or its numbers alone where the words have too little room.

        `squeezed` says how much of what is left out anyway may go, where that is anything.
        """
        words = [columns(word) + len(self.indent) for line in self.lines for word in line.split()]
        longest = min(max(words, default=0), self.width())
        return longest if longest <= width else min(width, max(map(longest_piece, self.lines), default=0))


@record
class FormulaCell(Cell):
    """One with a formula, which breaks at its operators; several lines are the rows of a matrix."""

    def wrapped(self, width: int | None) -> list[str]:
        """Its lines, none wider than a width unless one number is."""
        return [part for line in self.lines for part in fold(line, width)]


@record
class RemarkCell(Cell):
    """One with short remarks, as many on a line as fit."""

    def width(self) -> int:
        """Its columns, all of them on one line."""
        return columns("   ".join(self.lines))

    def wrapped(self, width: int | None) -> list[str]:
        """Its lines, none wider than a width unless one number is."""
        return flow(self.lines, width)


@record
class Column:
    """A column: its title, a cell for each row, its role, the style of its cells.

    `once` says that a cell like the one above is left empty, `is_name` that its cells say what the others are of.
    """

    title: str
    cells: tuple[Cell, ...]
    role: Role
    style: str = ""
    once: bool = False
    is_name: bool = False

    def width(self) -> int:
        """Its columns, unwrapped."""
        return max([columns(self.title), *(cell.width() for cell in self.cells)])


def lay_out(table: Sequence[Column], width: int | None, footer: tuple[str, str] | None = None) -> list[Line]:
    """A table as lines that fit a terminal: columns if its values can stand in one, else a block for each row.

    Formulas make room first, then shapes and dtypes, then orders, which the names of derivatives tell; a value folds
    before it is put in a block, but only where a line of its own would not hold it either.
    """
    for squeezed in (None, *range(MOST_SQUEEZED + 1)):
        for left_out in (0, 1, 2):
            shown = [column for column in table if not _is_left_out(column, left_out)]
            for below in (False, True):
                found = _grid(shown, width, below, squeezed)
                if found is not None:
                    lines, first = found
                    return [*lines, *_footer(footer, first)]
    assert width is not None
    return [*_blocks(table, width), *_footer(footer, 0)]


def _is_left_out(column: Column, stage: int) -> bool:
    return (stage >= 1 and column.role is Role.EXTRA) or (stage >= 2 and column.once)


def _grid(
    shown: Sequence[Column], width: int | None, below: bool, squeezed: int | None
) -> tuple[list[Line], int] | None:
    """The rows side by side, and the width of the first column; None where there is too little room."""
    under = [c for c in shown if c.role is Role.BELOW or (below and c.role is Role.FOLD)]
    if below and not any(c.role is Role.FOLD for c in under):
        return None
    upper = [column for column in shown if column not in under]
    widths = _widths(upper, width, squeezed)
    if widths is None:
        return None
    blocks = [[cell.wrapped(w) for cell in column.cells] for column, w in zip(upper, widths, strict=True)]
    for column, found in zip(upper, blocks, strict=True):
        # The rows of a matrix are lines anyway.
        pairs = zip(column.cells, found, strict=True)
        if column.role is Role.FOLD and any(len(lines) > max(MOST_FOLDED, len(cell.lines)) for cell, lines in pairs):
            return None
    lines = [*_rows(upper, widths, blocks, under, width)]
    across = max(sum(widths) + len(GAP) * (len(widths) - 1) + 2, *(sum(columns(t) for t, _ in line) for line in lines))
    head = _side_by_side([(c.title, "dim") for c in upper], widths, upper)
    rule: Line = [("─" * (across if width is None else min(across, width)), "dim")]
    return [head, rule, *lines], widths[0]


def _widths(upper: Sequence[Column], width: int | None, squeezed: int | None) -> list[int] | None:
    """How wide each column is; None where one has too little room. No value folds unless it may be squeezed."""
    natural = [column.width() for column in upper]
    if width is None:
        return natural
    room = width - 1 - len(GAP) * (len(upper) - 1)
    least = [_least(c, n, width, squeezed) for c, n in zip(upper, natural, strict=True)]
    spare = room - sum(least)
    if spare < 0:
        return None
    for number in sorted(range(len(upper)), key=lambda i: upper[i].role is not Role.VALUE):
        more = min(spare, natural[number] - least[number])
        least[number] += more
        spare -= more
    return least


def _least(column: Column, natural: int, width: int, squeezed: int | None) -> int:
    """The columns below which a column would break what must stay whole."""
    if column.role is Role.FOLD:
        pieces = (longest_piece(line) for cell in column.cells for line in cell.lines)
        matrices = (cell.width() for cell in column.cells if len(cell.lines) > 1)
        return min(natural, max([NARROWEST_FOLD, *pieces, *matrices]))
    if squeezed is None or column.role is not Role.VALUE:
        return natural
    needed = max(cell.least(width, squeezed) for cell in column.cells)
    return max(columns(column.title), min(natural, max(needed, NARROWEST_VALUE)))


def _rows(
    upper: Sequence[Column],
    widths: Sequence[int],
    blocks: Sequence[Sequence[list[str]]],
    under: Sequence[Column],
    width: int | None,
) -> Iterator[Line]:
    indent = _indent_below(upper, widths, under, width)
    for row in range(len(upper[0].cells)):
        cells = [
            [] if c.once and row and c.cells[row].lines == c.cells[row - 1].lines else block[row]
            for c, block in zip(upper, blocks, strict=True)
        ]
        for height in range(max(map(len, cells))):
            texts = [(b[height] if height < len(b) else "", c.style) for b, c in zip(cells, upper, strict=True)]
            yield _side_by_side(texts, widths, upper)
        yield from _below(under, upper, row, width, indent)


def _indent_below(upper: Sequence[Column], widths: Sequence[int], under: Sequence[Column], width: int | None) -> int:
    """Where what stands below a row begins: under the last column where all of it fits there, else under the name."""
    starts = [1 + sum(widths[:i]) + len(GAP) * i for i in range(len(widths))]
    widest = max((cell.width() for column in under for cell in column.cells), default=0)
    if width is None or starts[-1] + widest <= width:
        return starts[-1]
    return next((s for s, c in zip(starts, upper, strict=True) if not c.once), 0) + BELOW


def _below(
    under: Sequence[Column], upper: Sequence[Column], row: int, width: int | None, indent: int
) -> Iterator[Line]:
    """What stands below a row or in a block, but for what the value itself says."""
    said = {column.cells[row].lines for column in upper}
    for column in under:
        cell = column.cells[row]
        if any(cell.lines) and cell.lines not in said:
            for text in cell.wrapped(None if width is None else max(1, width - indent)):
                yield [(" " * indent, ""), (text, column.style)]


def _side_by_side(texts: Line, widths: Sequence[int], shown: Sequence[Column]) -> Line:
    line: Line = [(" ", "")]
    for (text, style), width, column in zip(texts, widths, shown, strict=True):
        blank = " " * max(0, width - columns(text))
        line += [(blank, ""), (text, style)] if column.once else [(text, style), (blank, "")]
        line.append((GAP, ""))
    while line and not line[-1][0].strip():
        line.pop()
    return line


def _footer(footer: tuple[str, str] | None, first: int) -> list[Line]:
    if footer is None:
        return []
    name, value = footer
    return [[], [(f" {name:<{first}}{GAP}" if first else f"{name} = ", ""), (value, "")]]


def _blocks(table: Sequence[Column], width: int) -> Iterator[Line]:
    """One block a row: its name and its value on a line or on two, what else there is below, indented."""
    shown = [column for column in table if not _is_left_out(column, 2)]
    name = next((column for column in shown if column.is_name), shown[0])
    value = next((column for column in shown if column.role is Role.VALUE), shown[-1])
    others = [column for column in shown if column not in (name, value)]
    under = [column for column in others if column.role in (Role.FOLD, Role.BELOW)]
    labelled = [column for column in others if column not in under]
    for row in range(len(table[0].cells)):
        if row and others:
            yield []
        yield from _headed(name, value, row, width)
        yield from _labelled(labelled, row, width)
        yield from _below(under, [value], row, width, BELOW)


def _headed(name: Column, value: Column, row: int, width: int) -> Iterator[Line]:
    """The name and the value on one line where they fit, else the value below, indented where that breaks nothing."""
    (head,), cell = name.cells[row].lines, value.cells[row]
    if len(cell.lines) == 1 and columns(head) + 3 + cell.width() <= width:
        yield [(f"{head} = ", ""), (cell.lines[0], value.style)]
        return
    yield from ([(part, "")] for part in fold(f"{head} =", width))
    indent = BELOW if cell.least(width) + BELOW <= width else 0
    for text in cell.wrapped(width - indent):
        yield [(" " * indent, ""), (text, value.style)]


def _labelled(labelled: Sequence[Column], row: int, width: int) -> Iterator[Line]:
    """Cells behind their titles, as many on a line as fit."""
    line, used = list[tuple[str, str]](), 0
    for column in labelled:
        lines = [text for text in column.cells[row].lines if text]
        if BELOW + columns(column.title) + 1 + columns(", ".join(lines)) <= width:
            lines = [", ".join(lines)] if lines else []
        for number, text in enumerate(lines):
            title = f"{column.title} " if number == 0 and column.title else ""
            size = columns(title) + columns(text)
            if used and used + len(GAP) + size > width:
                yield line
                line, used = [], 0
            indent = GAP if used else " " * BELOW
            if not used and BELOW + size > width:
                # A number that fits alone stands alone.
                yield from ([(part, "dim")] for part in wrap(" " * BELOW + title.rstrip(), width, " " * BELOW))
                yield from ([(part, column.style)] for part in wrap(text, width))
                continue
            line += [(indent, ""), (title, "dim"), (text, column.style)]
            used += len(indent) + size
    if line:
        yield line


def wrap_line(
    line: Line, width: int | None, breaking: Callable[[str, int | None], list[str]] | None = None
) -> list[Line]:
    """A styled line as lines no wider than a terminal: between words unless told how to break."""
    text = "".join(piece for piece, _ in line)
    if width is None or columns(text) <= width:
        return [line]
    indent = " " * (len(text) - len(text.lstrip()))
    parts = wrap(text, width, indent) if breaking is None else breaking(text, width)
    rest = iter([(char, style) for piece, style in line for char in piece])
    return [_styled(part, rest.__next__) for part in parts]


def _styled(part: str, next_char: Callable[[], tuple[str, str]]) -> Line:
    """The characters of a part with the styles that they have in the whole; its indent has none."""
    body = part.lstrip(" ")
    line: Line = [(" " * (len(part) - len(body)), "")] if len(body) < len(part) else []
    for wanted in body:
        char, style = next_char()
        while char != wanted:
            char, style = next_char()
        if line and line[-1][1] == style:
            line[-1] = (line[-1][0] + char, style)
        else:
            line.append((char, style))
    return line
