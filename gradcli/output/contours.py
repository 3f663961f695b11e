"""Contours as a picture of dots, with their levels written on them and arrows that point uphill."""

from __future__ import annotations

from collections.abc import Callable
from math import atan2, hypot, isfinite, pi
from typing import Any

from gradcli.core.analysis.round_numbers import show_round
from gradcli.output.axes import FULL, MARKS, Frame, draw, legend, style_of
from gradcli.output.style import Line, Piece
from gradcli.session.results import Arrows, Contours

# Counted from the right against the clock, in steps of 45 degrees.
ARROWS, ARROWS_IN_ASCII = "→↗↑↖←↙↓↘", ">/^\\</v\\"
# A character is about so many times as tall as it is wide.
TALL = 2.0
# Arrows stand so far apart at least, in columns and in lines.
APART, ABOVE = 6, 3
# Across more levels at once the function jumps, or is too steep for lines to be seen.
STEEPEST = 2


def contours(
    plot: Contours, width: int | None, height: int | None, clean: Callable[[str], str]
) -> tuple[list[Line], list[Line]]:
    """The lines of the picture, and those of its legend."""
    frame = Frame(*plot.over, width, height)
    grid = frame.empty()
    _draw_levels(frame, plot)
    draw(frame.canvas, grid, clean)
    texts = _texts(plot.levels)
    taken = _write_levels(frame, grid, texts)
    if plot.arrows is not None:
        _draw_arrows(frame, grid, plot.arrows, taken, clean)
    sign = "---" if clean(FULL) != FULL else "⠤⠤"
    in_marks = clean(FULL) != FULL
    entries = [
        ((MARKS[owner % len(MARKS)] if in_marks else sign, style_of(owner)), text) for owner, text in enumerate(texts)
    ]
    up, across = plot.variables[1], plot.variables[0]
    said = "" if plot.arrows is None else "; arrows point uphill"
    head: list[Line] = [[(f"{plot.of}: {across} across, {up} up{said}", "")]]
    return frame.framed(grid), [*head, *legend(entries, width, clean)]


def _texts(levels: tuple[float, ...]) -> list[str]:
    step = levels[1] - levels[0] if len(levels) > 1 else abs(levels[0]) if levels else 1.0
    return [show_round(level, step) for level in levels]


def _draw_levels(frame: Frame, plot: Contours) -> None:
    """A dot wherever the values pass a level on the way to the dot at the right or below."""
    import numpy as np

    if not plot.levels:
        return
    values = _at_dots(plot, frame.canvas.height, frame.canvas.width)
    has_value = np.isfinite(values)
    bands = np.searchsorted(plot.levels, np.where(has_value, values, 0.0))
    for rows, columns in ((0, 1), (1, 0)):
        here = (slice(None, -rows or None), slice(None, -columns or None))
        there = (slice(rows, None), slice(columns, None))
        change = np.abs(bands[there] - bands[here])
        passes = (change > 0) & (change <= STEEPEST) & has_value[here] & has_value[there]
        for row, column in np.argwhere(passes).tolist():
            owner = int(min(bands[here][row, column], bands[there][row, column]))
            frame.canvas.dot(row, column, owner)


def _at_dots(plot: Contours, rows: int, columns: int) -> Any:
    """The values at each dot, the top row first: between the points of the grid along straight lines."""
    import numpy as np

    def between(points: Any, count: int) -> tuple[Any, Any]:
        at = np.linspace(0, len(points) - 1, count)
        first = np.minimum(at.astype(int), len(points) - 2)
        return first, at - first

    (j, s), (i, t) = between(plot.x, columns), between(plot.y, rows)
    v, i, t = plot.values, i[:, None], t[:, None]
    found = (v[i, j] * (1 - s) + v[i, j + 1] * s) * (1 - t) + (v[i + 1, j] * (1 - s) + v[i + 1, j + 1] * s) * t
    return found[::-1]


def _write_levels(frame: Frame, grid: list[list[Piece]], texts: list[str]) -> set[tuple[int, int]]:
    """Put each level's number on its line, where there is room; the cells that these take, with some around them."""
    taken: set[tuple[int, int]] = set()
    cells: dict[int, list[tuple[int, int]]] = {}
    for line, column, _, owner in frame.canvas.cells():
        cells.setdefault(owner, []).append((line, column))
    for owner, places in sorted(cells.items()):
        text = texts[owner]
        # From the middle of the line outwards.
        places.sort()
        middle = len(places) // 2
        for line, column in sorted(places, key=lambda place: abs(places.index(place) - middle)):
            wanted = [(line, c) for c in range(column, column + len(text))]
            if column + len(text) <= frame.canvas.columns and not taken.intersection(wanted):
                for (_, c), char in zip(wanted, text, strict=True):
                    grid[line][c] = (char, style_of(owner))
                taken.update((a, c) for a in (line - 1, line, line + 1) for c in range(column - 1, wanted[-1][1] + 2))
                break
    return taken


def _draw_arrows(
    frame: Frame, grid: list[list[Piece]], arrows: Arrows, taken: set[tuple[int, int]], clean: Callable[[str], str]
) -> None:
    """Arrows in the direction of steepest ascent, as far apart as can be told, where there is nothing else."""
    signs = ARROWS if all(clean(arrow) == arrow for arrow in ARROWS) else ARROWS_IN_ASCII
    (left, right), (bottom, top) = frame.across, frame.up
    across = frame.canvas.columns / (right - left)
    up = TALL * frame.canvas.lines / (top - bottom)
    every = max(1, round(APART * len(arrows.x) / frame.canvas.columns))
    every_line = max(1, round(ABOVE * len(arrows.y) / frame.canvas.lines))
    for i in range(every_line // 2, len(arrows.y), every_line):
        for j in range(every // 2, len(arrows.x), every):
            by_x, by_y = float(arrows.by_x[i, j]) * across, float(arrows.by_y[i, j]) * up
            line, column = frame.cell_of_dots(frame.row(float(arrows.y[i])), frame.column(float(arrows.x[j])))
            if not isfinite(by_x + by_y) or hypot(by_x, by_y) == 0:
                continue
            if grid[line][column][0] == " " and (line, column) not in taken:
                grid[line][column] = (signs[round(atan2(by_y, by_x) / (pi / 4)) % 8], "dim")
