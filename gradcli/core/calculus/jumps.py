"""Where an integrand jumps at a place that moves with a parameter: the integral has another slope than the rule."""

from __future__ import annotations

from math import inf, isfinite
from typing import Any

import numpy as np

from gradcli.core.calculus.bodies import Body
from gradcli.core.calculus.curves import TOGETHER, Array
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node, fresh_input
from gradcli.core.ir.primitive import Application
from gradcli.core.ir.promotion import cast
from gradcli.core.ir.traversal import dependents, reachable
from gradcli.core.transforms.batching import batch

# So far out an infinite interval is looked at.
FAR = 1e6
# So many places are looked at closely, and what counts as a jump there, as a share of the largest value.
MOST_PLACES, JUMP = 64, 1e-9


def steps(body: Body, i: int) -> list[Node]:
    """What is flat between steps, such as a comparison or a sign, and moves with the variable and with free input i."""

    def find() -> list[Node]:
        order = reachable([body.output])
        by_variable, by_input = (dependents(order, [node]) for node in (body.variables[0], body.free[i]))
        return [
            n
            for n in order
            if n in by_variable and n in by_input and isinstance(n, Application) and n.op.law.degree == 0 and n.op.edge
        ]

    found: list[Node] = body.derived(("steps", i), find)
    return found


def doubt_of(body: Body, a: Any, b: Any, *args: Any, by: int) -> Any:
    """0 where the integrand does not jump at a step that moves with a free input, nan where it does."""
    low, high = sorted((float(a), float(b)))
    points = _points(low, high)
    with np.errstate(all="ignore"):
        value, *sides = _at(body, args, by, points)
        largest = float(np.nanmax(np.where(np.isfinite(value), abs(value), 0.0), initial=0.0))
        for side in sides:
            changes = (side[1:] != side[:-1]).reshape(len(side) - 1, -1).any(axis=1)
            for k in np.flatnonzero(changes)[:MOST_PLACES]:
                if _jumps(body, args, by, (float(points[k]), float(points[k + 1])), JUMP * largest):
                    return np.asarray(np.nan)
    return np.asarray(0.0)


def _jumps(body: Body, args: Any, by: int, between: tuple[float, float], tolerance: float) -> bool:
    """Whether the value differs on both sides of the place, between two points, where the first step changes."""
    low, high = between
    while True:
        points = np.linspace(low, high, TOGETHER)
        value, *sides = _at(body, args, by, points)
        changed = np.zeros(len(points) - 1, dtype=bool)
        for side in sides:
            changed |= (side[1:] != side[:-1]).reshape(len(points) - 1, -1).any(axis=1)
        if not changed.any():
            return False
        k = int(np.flatnonzero(changed)[0])
        if not (low < points[k] or points[k + 1] < high) or points[k + 1] - points[k] <= 4 * np.spacing(abs(points[k])):
            break
        low, high = float(points[k]), float(points[k + 1])
    beside = [p for p in (k - 1, k, k + 1, k + 2) if 0 <= p < len(points)]
    near = value[beside]
    return not bool(np.ptp(near, axis=0).max() <= tolerance)


def _points(low: float, high: float) -> Array:
    if isfinite(low) and isfinite(high):
        return np.linspace(low, high, TOGETHER)
    far = np.geomspace(1e-3, FAR, TOGETHER // 2)
    if low == -inf and high == inf:
        return np.concatenate([-far[::-1], far])
    more = np.geomspace(1e-3, FAR, TOGETHER) - 1e-3
    return low + more if isfinite(low) else (high - more)[::-1]


def _at(body: Body, args: Any, by: int, points: Array) -> list[Array]:
    line = body.derived("line", lambda: fresh_input("line", (TOGETHER,), body.variables[0].dtype))

    def outputs() -> tuple[Node, ...]:
        wanted = [body.output, *(cast(n, DType.FLOAT64) for n in steps(body, by))]
        return batch(wanted, {body.variables[0]: line}, TOGETHER)

    program = body.program(("steps", by), outputs, [line, *body.free])
    return [np.asarray(v, float) for v in program.function(points, *args)]
