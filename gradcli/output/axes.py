"""The frame around a picture: round numbers along its edges, and room for what stands between them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from gradcli.core.analysis.round_numbers import round_numbers, show_round
from gradcli.output.braille import Canvas
from gradcli.output.characters import columns as columns_of
from gradcli.output.style import Line, Piece

# A picture in a file, and the widest and tallest on a terminal.
WIDTH, HEIGHT = 80, 20
WIDEST, TALLEST = 100, 28
# A picture is about so many times as wide as it is tall, in characters, and has room below for what is said of it.
ASPECT, BELOW = 3.6, 8
SHORTEST = 6
# With fewer columns the numbers at the left leave no picture.
NARROWEST = 16
# What stands for dots of each owner where an encoding has none.
MARKS = "*+ox#@%&"
FULL = "\u28ff"


class Frame:
    """A picture's place on the screen: its canvas, and what turns numbers to dots."""

    def __init__(
        self, across: tuple[float, float], up: tuple[float, float], width: int | None, height: int | None
    ) -> None:
        self.across, self.up = across, up
        whole = min(WIDTH if width is None else width, WIDEST)
        tallest = HEIGHT if height is None else min(TALLEST, height - BELOW)
        lines = max(SHORTEST, min(tallest, round(whole / ASPECT)))
        self.rows = _two_at_least(*up, max(2, lines // 3), lines)
        gutter = max((len(text) for _, text in self.rows), default=0) + 1
        self.gutter = gutter if whole - gutter - 1 >= NARROWEST - 6 and whole >= NARROWEST else 0
        self.canvas = Canvas(lines, max(2, whole - self.gutter - 1))

    def column(self, x: float) -> int:
        """The column of dots that a number across stands in."""
        return _place(x, *self.across, self.canvas.width)

    def row(self, y: float) -> int:
        """The row of dots, from the top, that a number up stands in."""
        return self.canvas.height - 1 - _place(y, *self.up, self.canvas.height)

    def cell_of_dots(self, row: int, column: int) -> tuple[int, int]:
        """The line and column of the character that a dot is part of."""
        return row * self.canvas.lines // self.canvas.height, column * self.canvas.columns // self.canvas.width

    def empty(self) -> list[list[Piece]]:
        """A blank for each character."""
        return [[(" ", "")] * self.canvas.columns for _ in range(self.canvas.lines)]

    def framed(self, grid: Sequence[Sequence[Piece]]) -> list[Line]:
        """The lines of a picture with its axes, none wider than there is room."""
        ticks = {self.cell_of_dots(self.row(y), 0)[0]: text for y, text in self.rows}
        lines: list[Line] = []
        for number, row in enumerate(grid):
            text = ticks.get(number)
            edge = "│" if text is None else "┤"
            label = f"{text or '':>{self.gutter - 1}} " if self.gutter else ""
            lines.append([(label + edge, "dim"), *_joined(row)])
        return [*lines, *self._below()]

    def _below(self) -> list[Line]:
        count = self.canvas.columns
        for most in range(max(2, count // 6), 0, -1):
            labels = _labels(*self.across, most)
            texts = _side_by_side([(self.cell_of_dots(0, self.column(x))[1], t) for x, t in labels], count, self.gutter)
            if texts is not None:
                break
        else:
            labels, texts = [], ""
        marked = {self.cell_of_dots(0, self.column(x))[1] for x, _ in labels}
        axis = "".join("┬" if c in marked else "─" for c in range(count))
        return [[(" " * self.gutter + "└" + axis, "dim")], *([[(texts, "dim")]] if texts else [])]


def _place(value: float, low: float, high: float, count: int) -> int:
    return min(count - 1, max(0, round((value - low) / (high - low) * (count - 1))))


def _labels(low: float, high: float, most: int) -> list[tuple[float, str]]:
    """Round numbers in a range, each with its text."""
    found = round_numbers(low, high, most)
    step = found[1] - found[0] if len(found) > 1 else abs(found[0]) if found else 1.0
    return [(number, show_round(number, step)) for number in found]


def _two_at_least(low: float, high: float, most: int, limit: int) -> list[tuple[float, str]]:
    """So many round numbers at most, or more where that were one alone, by which nobody can read an axis."""
    while len(found := _labels(low, high, most)) < 2 and most < limit:
        most += 1
    return found


def _side_by_side(texts: Sequence[tuple[int, str]], columns: int, gutter: int) -> str | None:
    """Texts centred below their columns, two blanks apart at least; None where there is no room for that."""
    line = ""
    for column, text in texts:
        start = min(gutter + 1 + column - (len(text) - 1) // 2, gutter + 1 + columns - len(text))
        if start < (len(line) + 2 if line else 0):
            return None
        line = f"{line:<{start}}{text}"
    return line


def _joined(row: Sequence[Piece]) -> Line:
    """Characters of one style as one piece, without blanks at the end."""
    end = len(row)
    while end and row[end - 1][0] == " ":
        end -= 1
    line: Line = []
    for char, style in row[:end]:
        if line and line[-1][1] == style:
            line[-1] = (line[-1][0] + char, style)
        else:
            line.append((char, style))
    return line


def style_of(owner: int) -> str:
    """The style of one of several curves or contours."""
    return f"curve {owner % 6}"


def draw(canvas: Canvas, grid: list[list[Piece]], clean: Callable[[str], str]) -> None:
    """The dots of a canvas as characters of a grid; as marks where the stream has no dots."""
    in_marks = clean(FULL) != FULL
    for line, column, char, owner in canvas.cells():
        grid[line][column] = MARKS[owner % len(MARKS)] if in_marks else char, style_of(owner)


def legend(entries: Iterable[tuple[Piece, str]], width: int | None, clean: Callable[[str], str]) -> list[Line]:
    """Signs with their names, as many on a line as there is room for."""
    lines: list[Line] = []
    used = 0
    for (sign, style), name in entries:
        size = columns_of(clean(f"{sign} {name}"))
        if not lines or used + 3 + size > (width or WIDTH):
            lines.append([])
            used = 0
        else:
            lines[-1].append(("   ", ""))
            used += 3
        lines[-1] += [(sign, style), (f" {name}", "")]
        used += size
    return lines
