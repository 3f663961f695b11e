"""The points of a curve: few where it is plain, more where it is steep, with gaps at poles and jumps.

All points of a round are computed together, by one program for vectors of one length. An interval across which the
curve moves far is cut into parts until it no longer does, or until there is no number left between its ends: what still
moves there jumps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from gradcli.core.analysis.round_numbers import rounded_outward
from gradcli.core.engines.program import Program
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Input, Node, fresh_input
from gradcli.core.transforms.batching import batch

Array: TypeAlias = "np.ndarray[Any, Any]"

# An odd number of points has the middle of the range among them, where poles like to be.
POINTS = 513
# A curve that moves less than this part of the picture's height between two points is smooth there.
STEP = 1 / 48
# What is no narrower than this part of the range is cut on; a domain's end is found less closely.
NARROWEST, NARROWEST_AT_AN_END = 1e-13, 1e-9
MOST_ROUNDS = 16
MOST_POINTS = 20_000
# Beyond this a number is as good as infinite: ranges as wide as all float64 have no width.
LARGEST = 1e300
# What is shown where no range is asked for, and where there is nothing there, or too much; how many points with a value
# are too few to tell a range by.
USUAL, WIDER, NEAR = (-10.0, 10.0), (-1000.0, 1000.0), (-3.0, 3.0)
MOST_RANGES, FEW, EXPLODES = 6, 16, 500.0
# The middle of the values, how far an extreme may lie beyond it, and how much it grows beside a pole that is looked at
# closely. Without poles everything is shown.
MIDDLE = (10, 90)
FAR_OUT, GROWTH, LOOKS = 3.0, 4.0, 2
MARGIN = 0.25


@dataclass(frozen=True, eq=False)
class Curve:
    """Points in the order of x; y is nan where there is no value, and between the branches beside a pole or a jump.

    `missing` is the part of the range that has no value, from 0 to 1; `is_cut` says that some values are not shown.
    """

    x: Array
    y: Array
    missing: float
    is_cut: bool


class Sampler:
    """One function of one number as a program for POINTS numbers; `runs` counts how often it ran."""

    def __init__(self, output: Node, variable: Input) -> None:
        points = fresh_input(variable.name, (POINTS,), variable.dtype)
        self._program = Program(batch([output], {variable: points}, POINTS), [points], native=False)
        self._dtype = variable.dtype.value
        self.runs = 0

    def __call__(self, x: Array) -> Array:
        """The values at no more than POINTS numbers; nan for what is beyond all bounds."""
        self.runs += 1
        padded = np.full(POINTS, x[0], dtype=self._dtype)
        padded[: len(x)] = x
        (found,) = self._program(padded)
        y = np.array(found, dtype=np.float64)[: len(x)]
        y[~(np.abs(y) <= LARGEST)] = np.nan
        return y


def free_variable(name: str) -> Input:
    """What stands for the number that a curve runs over."""
    return fresh_input(name, (), DType.FLOAT64)


def even_points(low: float, high: float, count: int = POINTS) -> Array:
    """So many numbers from one to another."""
    return np.linspace(low, high, count)


def usual_range(curves: Sequence[Callable[[Array], Array]]) -> tuple[float, float]:
    """A range in which functions are worth seeing, where none is asked for.

    It is USUAL, or as much of it as any of them has values in, found closely where that is little and in WIDER where
    there is none; a function that grows by far is shown near 0.
    """
    low, high = USUAL
    for _ in range(MOST_RANGES):
        x = even_points(low, high)
        every = [of(x) for of in curves]
        places = np.flatnonzero(np.isfinite(every).any(axis=0))
        if not places.size:
            if (low, high) != USUAL:
                break
            low, high = WIDER
        elif len(places) < FEW:
            low, high = float(x[max(places[0] - 1, 0)]), float(x[min(places[-1] + 1, POINTS - 1)])
        elif places[0] > 0 or places[-1] < POINTS - 1:
            return rounded_outward(float(x[places[0]]), float(x[places[-1]]))
        else:
            return NEAR if (low, high) == USUAL and any(map(_explodes, every)) else (low, high)
    return USUAL


def _explodes(y: Array) -> bool:
    """Whether most values are nothing beside the largest."""
    size = np.abs(y[np.isfinite(y)])
    return bool(size.size) and bool(size.max() > EXPLODES * np.median(size) > 0)


def shown_range(x: Array, y: Array, of: Callable[[Array], Array]) -> tuple[float, float] | None:
    """From where to where a curve's values are to be shown: all, but what runs off beside a pole; None without values.

    An extreme lies far out where it is beyond the values' middle by several times its width. It belongs to a pole if it
    grows on looking closer; then the middle with a margin is shown on that side.
    """
    finite = np.isfinite(y)
    if not finite.any():
        return None
    low, high = float(y[finite].min()), float(y[finite].max())
    first, last = (float(q) for q in np.percentile(y[finite], MIDDLE))
    spread = last - first
    if high - last > FAR_OUT * spread and _grows(x, y, of, int(np.nanargmax(y)), (first + last) / 2):
        high = last + MARGIN * spread
    if first - low > FAR_OUT * spread and _grows(x, y, of, int(np.nanargmin(y)), (first + last) / 2):
        low = first - MARGIN * spread
    return low, high


def _grows(x: Array, y: Array, of: Callable[[Array], Array], at: int, middle: float) -> bool:
    """Whether an extreme is far larger between its neighbours than at its own point, or still closer to it."""
    most = GROWTH * abs(y[at] - middle)
    for _ in range(LOOKS):
        x = even_points(x[max(at - 1, 0)], x[min(at + 1, len(x) - 1)])
        beyond = np.abs(of(x) - middle)
        if not np.isfinite(beyond).any():
            return False
        at = int(np.nanargmax(beyond))
        if beyond[at] > most:
            return True
    return False


def refined(x: Array, y: Array, of: Callable[[Array], Array], low: float, high: float) -> Curve:
    """A curve through some points and as many more as it takes to show it between two heights.

    Outside of these it need not be close: what is there isn't shown.
    """
    span, missing = float(x[-1] - x[0]), float(np.mean(np.isnan(y)))
    is_cut = bool((y < low).any() or (y > high).any())
    for _ in range(MOST_ROUNDS):
        places = _unclear(x, y, low, high, span)
        if not places.size or len(x) >= MOST_POINTS:
            break
        # The widest first, where there are more than a round has points for.
        places = np.sort(places[np.argsort(x[places] - x[places + 1], kind="stable")][:POINTS])
        count = max(1, min(15, POINTS // len(places)))
        parts = np.arange(1, count + 1) / (count + 1)
        new = (x[places, None] + (x[places + 1] - x[places])[:, None] * parts).ravel()
        every, first = np.unique(np.concatenate([x, new]), return_index=True)
        values = np.concatenate([y, of(new)])
        x, y = every, values[first]
    return Curve(*_with_gaps(x, y, low, high, span), missing, is_cut)


def _jumps(y: Array, low: float, high: float) -> Array:
    """How far the curve moves from each point to the next, as far as it shows."""
    height = high - low
    return np.abs(np.diff(np.clip(y, low - height, high + height)))


def _unclear(x: Array, y: Array, low: float, high: float, span: float) -> Array:
    """Where the intervals begin that are to be cut: the curve moves far, or begins, or ends."""
    width, has_value = np.diff(x), np.isfinite(y)
    with np.errstate(invalid="ignore"):
        moves = (_jumps(y, low, high) > STEP * (high - low)) & (width > NARROWEST * span)
    ends = (has_value[:-1] != has_value[1:]) & (width > NARROWEST_AT_AN_END * span)
    middle = x[:-1] + width / 2
    found: Array = np.flatnonzero((moves | ends) & (middle > x[:-1]) & (middle < x[1:]))
    return found


def _with_gaps(x: Array, y: Array, low: float, high: float, span: float) -> tuple[Array, Array]:
    """The points with one of no value in each interval that could not be cut further."""
    with np.errstate(invalid="ignore"):
        moves = _jumps(y, low, high) > STEP * (high - low)
    gaps = np.flatnonzero(moves & (np.diff(x) <= NARROWEST * span)) + 1
    return np.insert(x, gaps, (x[gaps - 1] + x[gaps]) / 2), np.insert(y, gaps, np.nan)
