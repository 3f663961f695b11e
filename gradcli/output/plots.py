"""Curves as a picture of dots, each with a pattern of its own, so that colours aren't needed to tell them apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from math import isnan

from gradcli.output.axes import FULL, MARKS, Frame, draw, legend, style_of
from gradcli.output.braille import ACROSS, BLANK, Canvas
from gradcli.output.style import Line
from gradcli.session.results import Curve, Plot

# Along each curve dots are set and left out in turn: solid, dashed, dotted, dashed and dotted.
PATTERNS = ("1", "11111000", "100", "11110010")
_SAMPLE = 4


def curves(
    plot: Plot, width: int | None, height: int | None, clean: Callable[[str], str]
) -> tuple[list[Line], list[Line]]:
    """The lines of the picture, and those of its legend."""
    frame = Frame(plot.over, plot.shown, width, height)
    grid = frame.empty()
    _zero_lines(frame, grid)
    in_marks = clean(FULL) != FULL
    for owner, curve in enumerate(plot.curves):
        # Marks tell curves apart by themselves.
        pattern = PATTERNS[0] if in_marks else PATTERNS[owner % len(PATTERNS)]
        for phase, (row, column) in enumerate(path(frame, curve)):
            if pattern[phase % len(pattern)] == "1":
                frame.canvas.dot(row, column, owner)
    draw(frame.canvas, grid, clean)
    signs = [(_sign(owner, in_marks), style_of(owner)) for owner in range(len(plot.curves))]
    names = [curve.name for curve in plot.curves]
    return frame.framed(grid), legend(zip(signs, names, strict=True), width, clean)


def path(frame: Frame, curve: Curve) -> Iterator[tuple[int, int]]:
    """The dots of a curve, each once in a row, from left to right; nothing where it has no value."""
    last: tuple[int, int] | None = None
    for (x0, y0), (x1, y1) in pairwise(zip(curve.x.tolist(), curve.y.tolist(), strict=True)):
        if isnan(y0) or isnan(y1):
            # A point between two gaps is there nevertheless.
            if not isnan(y0) and last is None and frame.up[0] <= y0 <= frame.up[1]:
                yield frame.row(y0), frame.column(x0)
            last = None if isnan(y1) else last
            continue
        ends = _within(x0, y0, x1, y1, *frame.up)
        if ends is None:
            continue
        start, end = ((frame.row(y), frame.column(x)) for x, y in ends)
        for dot in line(start, end):
            if dot != last:
                yield dot
            last = dot


def _within(
    x0: float, y0: float, x1: float, y1: float, low: float, high: float
) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """The part of a stretch that lies between two heights; None where there is none."""
    if max(y0, y1) < low or min(y0, y1) > high:
        return None

    def cut(x: float, y: float) -> tuple[float, float]:
        inside = min(max(y, low), high)
        return (x, y) if inside == y else (x0 + (x1 - x0) * ((inside - y0) / (y1 - y0)), inside)

    return cut(x0, y0), cut(x1, y1)


def line(start: tuple[int, int], end: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """The dots of a straight line, both ends among them."""
    (row, column), (last_row, last_column) = start, end
    steps = max(abs(last_row - row), abs(last_column - column), 1)
    for k in range(steps + 1):
        yield row + round(k * (last_row - row) / steps), column + round(k * (last_column - column) / steps)


def _zero_lines(frame: Frame, grid: list[list[tuple[str, str]]]) -> None:
    """Thin lines where the axes' zeros are, if they are inside."""
    (left, right), (bottom, top) = frame.across, frame.up
    line, column = frame.cell_of_dots(frame.row(0), frame.column(0))
    if bottom < 0 < top:
        grid[line] = [("─", "dim")] * len(grid[line])
    if left < 0 < right:
        for number, row in enumerate(grid):
            row[column] = ("┼" if bottom < 0 < top and number == line else "│", "dim")


def _sign(owner: int, in_marks: bool) -> str:
    """A short stretch of a curve as it is drawn."""
    if in_marks:
        return MARKS[owner % len(MARKS)] * (_SAMPLE - 1)
    canvas, pattern = Canvas(1, _SAMPLE), PATTERNS[owner % len(PATTERNS)]
    for column in range(_SAMPLE * ACROSS):
        if pattern[column % len(pattern)] == "1":
            canvas.dot(2, column)
    return canvas.text()[0].replace(chr(BLANK), " ")
