"""What derivatives are at a corner: the limit from all sides where they agree, and no number where they don't.

A function that is differentiable beside a point, and continuous there with its lower derivatives, has the limit of its
derivative for a derivative (the mean value theorem). So where a graph has an edge at the point, a corner, a tie or a
quotient of zeros, its value there is taken from rays on all sides.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import product
from math import factorial
from typing import Any, TypeAlias

import numpy as np

from gradcli.core.analysis.edges import EDGES, STEPS
from gradcli.core.analysis.germs import Germ, Side, germs_of
from gradcli.core.compile.array import ArrayProgram
from gradcli.core.graph import Node, dependents, reachable
from gradcli.core.records import record
from gradcli.core.shapes import size_of

Array: TypeAlias = "np.ndarray[Any, Any]"
Point: TypeAlias = "Mapping[Node, Any]"

# Larger graphs, by their nodes and by the elements of all of them, are left with what they have at the point.
MOST_NODES, MOST_ELEMENTS = 1_500, 40_000
# Orders in t to which germs are developed, one after the other until the limit is known.
ORDERS = (4, 8, 16)
AGREEMENT = 1e-8
# Of the largest number on the way, what rounding leaves of a zero.
ROUNDING = 1e-14


def has_edge(outputs: Sequence[Node], point: Point, moving: Sequence[Node], names: Collection[str] = EDGES) -> bool:
    """Whether a node in the graph that moves with some inputs has an edge at the point.

    `names` are those of the primitives to look for.
    """
    order = reachable(outputs)
    active = dependents(order, moving)
    found = [node for node in order if node in active and node.op.name in names]
    if not found or len(order) > MOST_NODES or sum(size_of(node.shape) for node in order) > MOST_ELEMENTS:
        return False
    needed = list(dict.fromkeys([*(arg for node in found for arg in node.args), *found]))
    values = dict(zip(needed, numbers(needed, point), strict=True))
    with np.errstate(all="ignore"):
        return any(_is_at_edge(node, [values[arg] for arg in node.args], values[node]) for node in found)


def numbers(nodes: Sequence[Node], point: Point) -> tuple[Array, ...]:
    """The values of nodes at a point."""
    inputs = list(point)
    return ArrayProgram(reachable(nodes), nodes, inputs)(*(point[n] for n in inputs))


def _is_at_edge(node: Node, args: Sequence[Array], value: Array) -> bool:
    name = node.op.name
    if name in STEPS:
        quotient = args[0] / args[1] if len(args) > 1 else 2 * args[0]
        return bool(np.any(quotient == np.round(quotient)))
    if name == "max_to":
        ties = (args[0] == value).sum(axis=tuple(i for i, n in enumerate(value.shape) if n == 1), keepdims=True)
        return bool(np.any(ties > 1))
    if name in ("hypot", "part_of_length"):
        return bool(np.any((args[0] == 0) & (args[1] == 0)))
    if name == "power":
        return bool(np.any(args[0] == 0))
    if name == "divide":
        return bool(np.any(args[1] == 0))
    if name == "constant_power":
        exponent = node.attrs["exponent"]
        return not (exponent >= 0 and float(exponent).is_integer()) and bool(np.any(args[0] == 0))
    if len(args) == 2:
        # What is compared with the largest of itself is equal to it all along.
        apart = not any(_source(arg).op.name == "max_to" for arg in node.args)
        return apart and bool(np.any(args[0] == args[1]))
    return bool(np.any(args[0] == 0))


def _source(node: Node) -> Node:
    while node.op.name in ("broadcast", "reshape", "stop_gradient", "cast"):
        node = node.args[0]
    return node


@record
class Limit:
    """The limit of a node, nan where there is none; `sides` are two values that it has on different sides then."""

    value: Array
    sides: tuple[float, float] | None = None


def limits(outputs: Sequence[Node], domain: Sequence[Node], point: Point, moving: Sequence[Node]) -> list[Limit] | None:
    """The limit of each output at the point from all sides on which every node of `domain` has a value.

    None where that can't be told: no side has values, or no germ.
    """
    found: list[list[Array]] = [[] for _ in outputs]
    scale = 0.0
    for direction in _directions({node: node.shape for node in moving}):
        side = _along(outputs, domain, point, direction)
        if side is None:
            return None
        scale = max(scale, side[1])
        for values, value in zip(found, side[0], strict=False):
            values.append(value)
    return [_agreed(values, scale) for values in found] if all(found) else None


def _along(
    outputs: Sequence[Node], domain: Sequence[Node], point: Point, direction: Point
) -> tuple[list[Array], float] | None:
    """The limit of each output on one side, none where a node of the domain has no value there; and their scale."""
    for order in ORDERS:
        found = germs_of([*outputs, *domain], point, direction, order)
        if found is None:
            return None
        germs, sides = found
        if any(_has_no_series(side) for side in sides[len(outputs) :]):
            return [], 0.0
        values = [germs.limit(side) for side in sides[: len(outputs)]]
        if not any(np.isnan(value).any() for value in values):
            break
    return values, germs.scale


def _has_no_series(side: Side) -> bool:
    return isinstance(side, Germ) and bool(np.isnan(side.coefficients).any())


def _agreed(values: Sequence[Array], scale: float) -> Limit:
    stack = np.array(values)
    with np.errstate(all="ignore"):
        low, high = stack.min(axis=0), stack.max(axis=0)
        finite = np.where(np.isfinite(stack), abs(stack), 0.0)
        slack = AGREEMENT * finite.max(axis=0) + ROUNDING * scale
        same = (low == high) | (high - low <= slack)
    stack = np.where(abs(stack) <= ROUNDING * scale, 0.0, stack)
    if same.all():
        return Limit(_simplest(stack))
    apart = stack.reshape(len(stack), -1)[:, int(np.argmin(same))]
    sides = None if np.isnan(apart).any() else (float(apart.min()), float(apart.max()))
    return Limit(np.where(same, _simplest(stack), np.nan), sides)


def _simplest(stack: Array) -> Array:
    """Of the values on all sides, which differ by rounding, for each element the one that is written shortest."""
    flat = stack.reshape(len(stack), -1)
    chosen = [min(column, key=lambda v: len(repr(float(v)))) for column in flat.T]
    return np.array(chosen, dtype=float).reshape(stack.shape[1:])


def _directions(shapes: Mapping[Node, tuple[int, ...]]) -> Iterator[dict[Node, Array]]:
    """Directions into all sides, such that no two inputs move alike and their length is a whole number for few."""
    sizes = [size_of(shape) for shape in shapes.values()]
    total = sum(sizes)
    steps = {1: [1.0], 2: [3.0, 4.0], 3: [1.0, 2.0, 2.0]}.get(total)
    if steps is not None:
        lines = [np.array(steps) * signs for signs in product((1.0, -1.0), repeat=total)]
        if total == 3:
            lines = [np.roll(line, i % 3) for i, line in enumerate(lines)]
    else:
        rng = np.random.default_rng(0)
        half = [rng.permutation(total) + 1.0 for _ in range(3)]
        signs = [rng.choice((1.0, -1.0), total) for _ in half]
        lines = [line * sign * way for line, sign in zip(half, signs, strict=True) for way in (1.0, -1.0)]
    for line in lines:
        direction, start = {}, 0
        for (node, shape), size in zip(shapes.items(), sizes, strict=True):
            direction[node] = line[start : start + size].reshape(shape)
            start += size
        yield direction


def derivatives_along(
    outputs: Sequence[Node], variable: Sequence[Node], order: int, point: Point
) -> list[list[Limit]] | None:
    """Orders 0 to `order` of each output where all elements of a variable grow alike; None where it can't be told.

    From both sides the Taylor coefficients are read off the germs. An order exists where it and all below agree.
    """
    sides: list[list[list[Array]]] = []
    scale = 0.0
    for way in (1.0, -1.0):
        direction = {node: np.full(np.shape(point[node]), way) for node in variable}
        found = germs_of(outputs, point, direction, order + 2)
        if found is None:
            return None
        germs, series = found
        if any(_has_no_series(side) for side in series):
            continue
        scale = max(scale, germs.scale)
        sides.append(
            [[_order(germs.root, germs.poles, germs.real(side), k, way) for k in range(order + 1)] for side in series]
        )
    if not sides:
        return None
    result = []
    for i in range(len(outputs)):
        orders: list[Limit] = []
        for k in range(order + 1):
            limit = _agreed([side[i][k] for side in sides], scale * factorial(k))
            if k:
                # A function that jumps, or whose slope does, has no further derivative.
                lost = np.isnan(orders[-1].value)
                limit = Limit(np.where(lost, np.nan, limit.value), limit.sides or orders[-1].sides)
            orders.append(limit)
        result.append(orders)
    return result


def _order(root: int, poles: int, germ: Germ, k: int, way: float) -> Array:
    """The derivative of order k on one side: infinite where a broken power below k is there."""
    rows, last = germ.coefficients, poles + k * root
    broken = [i for i in range(last) if i < poles or (i - poles) % root]
    grows = np.any([rows[i] != 0 for i in broken], axis=0) if broken else np.zeros(rows.shape[1:], dtype=bool)
    value = np.where(germ.known > k * root, rows[last] * factorial(k) * way**k, np.nan)
    if not grows.any():
        return value
    # k (k - 1)... of the broken exponent p has the sign of what t^(p - k) is multiplied by.
    signs = np.zeros(rows.shape[1:])
    for i in reversed(broken):
        exponent = (i - poles) / root
        factor = np.prod([exponent - j for j in range(k)])
        signs = np.where(rows[i] != 0, np.sign(rows[i] * factor) * way**k, signs)
    return np.where(grows, np.copysign(np.inf, signs), value)
