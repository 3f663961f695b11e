"""A function of two numbers on a grid, with its gradient on a coarser one: what contours are drawn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from gradcli.core.analysis.curves import LARGEST
from gradcli.core.analysis.round_numbers import round_numbers
from gradcli.core.engines.program import Program
from gradcli.core.ir.nodes import Input, Node, fresh_input
from gradcli.core.transforms.batching import batch
from gradcli.core.transforms.reverse import gradient

Array: TypeAlias = "np.ndarray[Any, Any]"

# Points along each axis, and arrows along each.
POINTS, ARROWS = 129, 16
# Levels are round numbers between these percentiles where the values run far beyond them.
MIDDLE = (4, 96)
FAR_OUT = 3.0
MOST_LEVELS = 9


@dataclass(frozen=True, eq=False)
class Surface:
    """Values by row of y and column of x, nan where there is none.

    `slopes` are those at the arrows' places, by x and by y, likewise; None where there is none but 0. `level` is
    the middle of the values, None where there are none, and `missing` the part of the points without one.
    """

    x: Array
    y: Array
    values: Array
    levels: tuple[float, ...]
    level: float | None
    missing: float
    arrows_x: Array
    arrows_y: Array
    slopes: tuple[Array, Array] | None


def surface(
    output: Node, variables: tuple[Input, Input], x_range: tuple[float, float], y_range: tuple[float, float]
) -> Surface:
    """A function's values and slopes over a rectangle, each computed at once for all points."""
    x, y = np.linspace(*x_range, POINTS), np.linspace(*y_range, POINTS)
    (values,) = _on_grid([output], variables, x, y)
    # Arrows stand within the picture, none on its edge.
    inside_x, inside_y = (low + (high - low) * (np.arange(ARROWS) + 0.5) / ARROWS for low, high in (x_range, y_range))
    slopes = None
    if output.dtype.is_float:
        there, by_x, by_y = _on_grid([output, *gradient([output], variables)], variables, inside_x, inside_y)
        # A slope where there is no value is that of a formula, not of the function.
        by_x, by_y = (np.where(np.isnan(there), np.nan, slope) for slope in (by_x, by_y))
        if (np.abs(by_x) + np.abs(by_y) > 0).any():
            slopes = by_x, by_y
    finite = values[np.isfinite(values)]
    level = float(np.median(finite)) if finite.size else None
    return Surface(x, y, values, _levels(finite), level, 1 - finite.size / values.size, inside_x, inside_y, slopes)


def _on_grid(outputs: Sequence[Node], variables: tuple[Input, Input], x: Array, y: Array) -> list[Array]:
    count = len(x) * len(y)
    points = [fresh_input(v.name, (count,), v.dtype) for v in variables]
    program = Program(batch(outputs, dict(zip(variables, points, strict=True)), count), points, native=False)
    every_x, every_y = np.meshgrid(x, y)
    found = []
    for data in program(every_x.ravel(), every_y.ravel()):
        values = np.array(data, dtype=np.float64).reshape(len(y), len(x))
        values[~(np.abs(values) <= LARGEST)] = np.nan
        found.append(values)
    return found


def _levels(finite: Array) -> tuple[float, ...]:
    """Round numbers that the values cross, in ascending order; beside a pole those of the middle alone.

    Between few values, such as those of a condition, they are the middles.
    """
    if not finite.size:
        return ()
    low, high = float(finite.min()), float(finite.max())
    # What is level up to rounding has no contours.
    if high - low <= 1e-12 * max(abs(low), abs(high)):
        return ()
    few = np.unique(finite)
    if 1 < len(few) <= MOST_LEVELS:
        return tuple(((few[1:] + few[:-1]) / 2).tolist())
    first, last = (float(q) for q in np.percentile(finite, MIDDLE))
    if high - last > FAR_OUT * (last - first):
        high = last
    if first - low > FAR_OUT * (last - first):
        low = first
    return tuple(level for level in round_numbers(low, high, MOST_LEVELS) if low < level < high)
