"""What derivatives are at a corner: the limit from all sides where they agree, and no number where they don't.

A function that is differentiable beside a point, and continuous there with its lower derivatives, has the limit of its
derivative for a derivative (the mean value theorem). So where a graph has an edge at the point, a corner, a tie or a
quotient of zeros, its value there is taken from rays on all sides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from math import factorial
from typing import Any, TypeAlias

import numpy as np

from gradcli.core.analysis.germs import Germ, Germs, Side, germs_of
from gradcli.core.ir.nodes import Node
from gradcli.core.ir.shapes import size_of
from gradcli.core.ir.traversal import reachable
from gradcli.core.records import record

Array: TypeAlias = "np.ndarray[Any, Any]"
Point: TypeAlias = "Mapping[Node, Any]"

# Larger graphs, by their nodes and by the elements of all of them, are not developed.
MOST_NODES, MOST_ELEMENTS = 1_500, 500_000
# Orders in t to which germs are developed, one after the other until the limit is known.
ORDERS = (4, 8, 16)
AGREEMENT = 1e-11
# Beyond it coefficients, which derivatives are factorials of, leave the range of floats.
HIGHEST = 150
# Above so many bounds of its rounding a difference is one.
CERTAIN = 16.0
# Steps along axes whose squares add up to a square; no two of a direction are alike.
WHOLE = {
    1: ((1.0,),),
    2: ((3.0, 4.0), (4.0, 3.0), (5.0, 12.0), (12.0, 5.0)),
    3: ((2.0, 3.0, 6.0), (3.0, 6.0, 2.0), (6.0, 2.0, 3.0)),
}
# Along a line, to the right first.
WAYS = (1.0, -1.0)


def is_small(outputs: Sequence[Node]) -> bool:
    """Whether a graph can be developed."""
    order = reachable(outputs)
    return len(order) <= MOST_NODES and sum(size_of(node.shape) for node in order) <= MOST_ELEMENTS


@record
class Limit:
    """The limit of a node, nan where there is none; `sides` are two values that it has on different sides then.

    On a line they are those on the left and on the right.
    """

    value: Array
    sides: tuple[float, float] | None = None

    def agrees(self, value: Any) -> bool:
        """Whether that is the value at the point too, up to what limits are known to."""
        return bool(np.allclose(self.value, value, rtol=1e-6, atol=1e-12))


def limits(outputs: Sequence[Node], domain: Sequence[Node], point: Point, moving: Sequence[Node]) -> list[Limit] | None:
    """The limit of each output at the point from all sides on which every node of `domain` has a value.

    None where that can't be told: the graph is too large, no side has values, or no germ.
    """
    if not is_small([*outputs, *domain]):
        return None
    found: list[list[tuple[Array, Array]]] = [[] for _ in outputs]
    with np.errstate(all="ignore"):
        for direction in _directions({node: node.shape for node in moving}):
            side = _along(outputs, domain, point, direction)
            if side is None:
                return None
            for values, value in zip(found, side, strict=False):
                values.append(value)
        return [_agreed(values) for values in found] if all(found) else None


def _along(
    outputs: Sequence[Node], domain: Sequence[Node], point: Point, direction: Point
) -> list[tuple[Array, Array]] | None:
    """The limit of each output on one side with its noise, none where a node of the domain has no value there."""
    for order in ORDERS:
        found = germs_of([*outputs, *domain], point, direction, order)
        if found is None:
            return None
        germs, sides = found
        if any(_has_no_series(side) for side in sides[len(outputs) :]):
            return []
        values = [germs.limit(side) for side in sides[: len(outputs)]]
        if not any(np.isnan(value).any() for value, _ in values):
            break
    return values


def _has_no_series(side: Side) -> bool:
    return isinstance(side, Germ) and bool(np.isnan(side.coefficients).any())


def _agreed(sides: Sequence[tuple[Array, Array]]) -> Limit:
    """One value, where the sides differ by no more than rounding."""
    stack, noise = np.array([value for value, _ in sides]), np.array([noise for _, noise in sides])
    slack = CERTAIN * np.where(np.isfinite(stack), noise, 0.0).max(axis=0)
    stack = np.where(abs(stack) <= slack, 0.0, stack)
    low, high = stack.min(axis=0), stack.max(axis=0)
    finite = np.where(np.isfinite(stack), abs(stack), 0.0)
    same = (low == high) | (high - low <= AGREEMENT * finite.max(axis=0) + slack)
    if same.all():
        return Limit(_simplest(stack))
    apart = stack.reshape(len(stack), -1)[:, int(np.argmin(same))]
    pair = (apart[1], apart[0]) if len(apart) == len(WAYS) else (apart.min(), apart.max())
    values = None if np.isnan(apart).any() else (float(pair[0]), float(pair[1]))
    return Limit(np.where(same, _simplest(stack), np.nan), values)


def _simplest(stack: Array) -> Array:
    """Of the values on all sides, which differ by rounding, for each element the one that is written shortest.

    One that is next to a number of few digits is that number.
    """
    if (stack == stack[0]).all() and (stack[0] == np.round(stack[0])).all():
        return np.asarray(stack[0], dtype=float)
    flat = stack.reshape(len(stack), -1)
    chosen = [min(map(_nearby, column), key=lambda v: len(repr(v))) for column in flat.T]
    return np.array(chosen, dtype=float).reshape(stack.shape[1:])


def _nearby(value: float) -> float:
    """A number of a few digits that is within rounding of another; else the other."""
    short = float(f"{value:.14g}")
    return short if abs(short - value) <= 4 * np.spacing(abs(value)) else float(value)


def _directions(shapes: Mapping[Node, tuple[int, ...]]) -> Iterator[dict[Node, Array]]:
    """Directions into all sides, such that no two inputs move alike; of few inputs those of whole lengths."""
    sizes = [size_of(shape) for shape in shapes.values()]
    total = sum(sizes)
    if total in WHOLE:
        lines = [np.array(line) * signs for line in WHOLE[total] for signs in product(WAYS, repeat=total)]
    else:
        rng = np.random.default_rng(0)
        half = [(rng.permutation(total) + 1.0) * rng.choice((1.0, -1.0), total) for _ in range(5)]
        lines = [line * way for line in half for way in (1.0, -1.0)]
    for line in lines:
        direction, start = {}, 0
        for (node, shape), size in zip(shapes.items(), sizes, strict=True):
            direction[node] = line[start : start + size].reshape(shape)
            start += size
        yield direction


def derivatives_along(outputs: Sequence[Node], variable: Node, order: int, point: Point) -> list[list[Limit]] | None:
    """Orders 0 to `order` of each output by a variable of one element; None where it can't be told.

    From both sides the Taylor coefficients are read off the germs. An order exists where it and all below agree.
    """
    if order > HIGHEST or not is_small(outputs):
        return None
    sides: list[list[list[tuple[Array, Array]]]] = []
    with np.errstate(all="ignore"):
        for way in WAYS:
            side = _coefficients(outputs, variable, order, point, way)
            if side is None:
                return None
            if side:
                sides.append(side)
        if not sides:
            return None
        result = []
        for i in range(len(outputs)):
            orders: list[Limit] = []
            for k in range(order + 1):
                limit = _agreed([side[i][k] for side in sides])
                if k:
                    # A function that jumps, or whose slope does, has no further derivative.
                    lost = np.isnan(orders[-1].value)
                    limit = Limit(np.where(lost, np.nan, limit.value), limit.sides or orders[-1].sides)
                orders.append(limit)
            result.append(orders)
    return result


def _coefficients(
    outputs: Sequence[Node], variable: Node, order: int, point: Point, way: float
) -> list[list[tuple[Array, Array]]] | None:
    """The derivatives of each output on one side, with their noise; none where an output has no values there."""
    found = None
    for further in (2, 2 + order, 2 + 3 * order):
        germs = germs_of(outputs, point, {variable: np.full(variable.shape, way)}, order + further, stopped=True)
        if germs is None:
            break
        if any(_has_no_series(side) for side in germs[1]):
            return []
        found = [[_order(germs[0], germs[0].real(side), k, way) for k in range(order + 1)] for side in germs[1]]
        if not any(np.isnan(value).any() for orders in found for value, _ in orders):
            break
    return found


def _order(germs: Germs, germ: Germ, k: int, way: float) -> tuple[Array, Array]:
    """The derivative of order k on one side and its noise: infinite where a broken power below k is there."""
    root, poles, rows = germs.root, germs.poles, germ.coefficients
    last = poles + k * root
    there = abs(rows) > CERTAIN * germ.noise
    broken = [i for i in range(last) if (i < poles or (i - poles) % root) and there[i].any()]
    value = np.where(germ.known > k * root, rows[last] * float(factorial(k)) * way**k, np.nan)
    noise = germ.noise[last] * float(factorial(k))
    # k (k - 1)... of the broken exponent p has the sign of what t^(p - k) is multiplied by.
    for i in reversed(broken):
        exponent = (i - poles) / root
        sign = np.prod([np.sign(exponent - j) for j in range(k)]) * way**k
        value = np.where(there[i], np.copysign(np.inf, rows[i] * sign), value)
    return value, noise
