"""Derivatives by every method, each measured against the true value: reverse, forward, Taylor and differences.

A derivative of some order is named by the numbers of its variables in ascending order. Of tensors, and of several
outputs, it is the gradient of the sum of what is one order below, as in a table of all derivatives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import combinations_with_replacement
from math import inf
from typing import Any, TypeAlias

import numpy as np

from gradcli.core.analysis.measured import Indexes, Measured
from gradcli.core.analysis.series import partials_at
from gradcli.core.engines.evaluation import evaluate
from gradcli.core.engines.nearest import digits_kept, known_values
from gradcli.core.engines.program import Program
from gradcli.core.errors import CoreError
from gradcli.core.ir.arrays import plain
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.exact import Precise, bare
from gradcli.core.ir.nodes import Node, array_constant
from gradcli.core.ir.shapes import size_of
from gradcli.core.ir.traversal import reachable, substitute
from gradcli.core.transforms.jacobian import FORWARD, jacobian
from gradcli.core.transforms.nested import total
from gradcli.core.transforms.reverse import gradient

Array: TypeAlias = "np.ndarray[Any, Any]"

# Of larger tensors so many elements are measured by differences, evenly spread.
MOST_DIFFERENCES = 200
# Larger inputs are not gone through by forward mode, which takes one sweep for each element.
MOST_FORWARD, MOST_FORWARD_AGAIN = 2_000, 100
# Repeated reverse mode makes graphs that grow with the order; larger ones are refused.
MOST_NODES = 1_500
# Ridders' method: the first step as a share of the point, how much smaller each is, how many there are, and when the
# extrapolation gets worse so much that it ends (Ridders 1982; Press et al., Numerical Recipes, 5.7).
FIRST_STEP, SHRINK, STEPS, WORSE = 0.1, 1.4, 12, 2.0
# Beside the error that it estimates, a difference may be off by so many times as much, or by so much of its value.
TRUSTED, ROUGH = 100.0, 1e-4
ROUNDED = 1e-14
# Without a true value two methods agree to that.
AGREE = {DType.FLOAT32: 1e-4, DType.FLOAT64: 1e-9}
# Proved graphs of two methods are equal up to the rounding at the end.
SAME = 4.0


def audit(
    outputs: Sequence[Node],
    variables: Sequence[Node],
    order: int,
    given: Mapping[Node, Node],
    point: Mapping[Node, Any],
    is_smooth: bool = True,
) -> list[Measured]:
    """Every derivative up to an order, the outputs first.

    Args:
        outputs: nodes of float dtypes; several count as their sum from order 1 on.
        variables: the inputs to differentiate by.
        order: the highest.
        given: a node without inputs for each input.
        point: the values of these.
        is_smooth: that the point is at no corner and no jump, where differences say something else.
    """
    indexes = [i for k in range(1, order + 1) for i in combinations_with_replacement(range(len(variables)), k)]
    reverse: dict[Indexes, Node] = {(): total(outputs)}
    forward: dict[Indexes, Node] = {(): total(outputs)}
    most = MOST_FORWARD if order < 2 else MOST_FORWARD_AGAIN
    small = all(size_of(v.shape) <= most for v in variables)
    for i in indexes:
        below, by = i[:-1], variables[i[-1]]
        if len(reachable([reverse[below]])) > MOST_NODES:
            raise CoreError(
                f"derivatives of order {len(i)} by repeated reverse mode are too large a graph for a check",
                "lower the order; `derivatives` and `grad --order` have higher ones, by Taylor expansion",
            )
        reverse[i] = gradient([total([reverse[below]])], [by])[0]
        forward[i] = jacobian([total([forward[below]])], [by], FORWARD)[0][0] if small else reverse[i]
    rows: list[tuple[Indexes, Node, Node | None]] = [((), node, None) for node in outputs]
    rows += [(i, reverse[i], forward[i] if small else None) for i in indexes]
    taylor = _taylor(outputs, variables, order, point)
    found = []
    for i, node, ahead in rows:
        closed = substitute([node, *([ahead] if ahead is not None else [])], given)
        computed = [np.asarray(data) for data in evaluate(closed)]
        certain, known = known_values(closed, list(computed))
        by_series = np.broadcast_to(np.asarray(taylor.get(i, 0.0)), node.shape) if i and taylor else None
        prior = reverse[i[:-1]] if i and is_smooth else None
        by_steps = _differences(prior, variables[i[-1]], point) if prior is not None else None
        found.append(
            _measured(
                i,
                node,
                computed,
                certain,
                known,
                by_series,
                by_steps,
                _condition(node, bare(certain[0]), variables, given, point),
            )
        )
    return found


def _taylor(
    outputs: Sequence[Node], variables: Sequence[Node], order: int, point: Mapping[Node, Any]
) -> dict[Indexes, Any]:
    """The derivatives from the Taylor coefficients of the sum, or of its gradients where there are tensors."""
    if not order:
        return {}
    root, single = total(outputs), [[v] for v in variables]
    found: dict[Indexes, Any] = {}
    if all(v.shape == () for v in variables):
        parts = partials_at([root], single, order, point).parts[0]
        for i, exponents in _exponents(len(variables), order):
            found[i] = parts.get(exponents, 0.0)
        return found
    slopes = gradient([root], variables)
    expanded = partials_at(slopes, single, order - 1, point).parts
    for i, exponents in _exponents(len(variables), order):
        last = i[-1]
        lower = tuple(n - (k == last) for k, n in enumerate(exponents))
        found[i] = expanded[last].get(lower, 0.0)
    return found


def _exponents(count: int, order: int) -> list[tuple[Indexes, tuple[int, ...]]]:
    every = [i for k in range(1, order + 1) for i in combinations_with_replacement(range(count), k)]
    return [(i, tuple(i.count(k) for k in range(count))) for i in every]


def _measured(
    indexes: Indexes,
    node: Node,
    computed: Sequence[Array],
    certain: Sequence[Any],
    known: Sequence[bool | None],
    by_series: Array | None,
    by_steps: tuple[Array, Array] | None,
    condition: float | None,
) -> Measured:
    true = np.asarray(bare(certain[0]), dtype=float)
    text = certain[0].digits if isinstance(certain[0], Precise) and not np.isfinite(true) else None
    ahead = computed[1] if len(computed) > 1 else None
    steps = None if by_steps is None else by_steps[0]
    errors = tuple(
        None if values is None else inf if text else units(values, true, node.dtype)
        for values in (computed[0], ahead, by_series, steps)
    )
    if known[0] and known[-1]:
        right = units(np.asarray(bare(certain[-1]), dtype=float), true, node.dtype) <= SAME
    else:
        right = all(v is None or _agree(v, true, AGREE[node.dtype]) for v in (computed[0], ahead, by_series))
    if by_steps is not None:
        right &= _within(*by_steps, true)
    off = _off(computed[0], true, node.dtype)
    at = tuple(int(k) for k in np.unravel_index(int(np.argmax(off)), off.shape)) if off.size and off.shape else ()
    digits = 0.0 if text else digits_kept(computed[0], true) if known[0] else inf
    return Measured(indexes, true, bool(known[0]), errors, digits, condition, at, bool(right), text)


def units(values: Array, true: Array, dtype: DType = DType.FLOAT64) -> float:
    """The largest error in units of the last place of the true values; of a true 0 in those of 1."""
    off = _off(values, true, dtype)
    return float(off.max(initial=0.0))


def _off(values: Array, true: Array, dtype: DType) -> Array:
    kind = np.float32 if dtype is DType.FLOAT32 else np.float64
    with np.errstate(all="ignore"):
        unit = np.spacing(np.where((true == 0) | ~np.isfinite(true), 1.0, abs(true)).astype(kind)).astype(float)
        off = abs(np.asarray(values, dtype=float) - true) / unit
    same = (values == true) | (np.isnan(values) & np.isnan(true))
    return np.where(same, 0.0, np.where(np.isnan(off), inf, off))


def _agree(values: Array, true: Array, tolerance: float) -> bool:
    with np.errstate(all="ignore"):
        near = abs(values - true) <= tolerance * np.maximum(abs(values), abs(true))
    return bool((near | (values == true) | (np.isnan(values) & np.isnan(true))).all())


def _within(values: Array, error: Array, true: Array) -> bool:
    """Whether differences are as near as they say; where they know nothing, or leave floats, they say nothing."""
    with np.errstate(all="ignore"):
        near = abs(values - true) <= TRUSTED * error + ROUGH * abs(true)
        told = np.isfinite(values) & np.isfinite(true) & (error <= ROUGH * abs(values))
    return bool((near | ~told).all())


def _differences(node: Node, by: Node, point: Mapping[Node, Any]) -> tuple[Array, Array] | None:
    """The derivative of the sum of a node by one input, and the error that the extrapolation estimates."""
    inputs = list(point)
    program = Program([total([node])], inputs)
    values = {n: np.asarray(v, dtype=float) if n.dtype.is_float else np.asarray(v) for n, v in point.items()}
    x = values[by]
    if not np.isfinite(x).all():
        return None
    places = (
        np.arange(x.size) if x.size <= MOST_DIFFERENCES else np.linspace(0, x.size - 1, MOST_DIFFERENCES).astype(int)
    )
    derivative, error = np.full(x.size, np.nan), np.full(x.size, inf)
    base = abs(float(program(*(plain(values[n]) for n in inputs))[0]))

    def moved(place: int, step: float) -> float:
        shifted = x.copy().reshape(-1)
        shifted[place] += step
        arguments = [shifted.reshape(x.shape) if n is by else values[n] for n in inputs]
        return float(program(*map(plain, arguments))[0])

    for place in places:
        at = float(x.reshape(-1)[place])
        derivative[place], error[place] = _ridders(partial(moved, int(place)), at)
        # No difference knows more than the rounding of what it is one of.
        error[place] += ROUNDED * base / (FIRST_STEP * max(abs(at), FIRST_STEP))
    return derivative.reshape(x.shape), error.reshape(x.shape)


def _ridders(moved: Any, x: float) -> tuple[float, float]:
    """The derivative at a step of 0, by central differences at smaller and smaller steps."""
    h = FIRST_STEP * max(abs(x), FIRST_STEP)
    best, error = float("nan"), inf
    before: list[float] = []
    for i in range(STEPS):
        row = [(moved(h) - moved(-h)) / (2 * h)]
        factor = SHRINK**2
        for j in range(i):
            row.append((row[j] * factor - before[j]) / (factor - 1))
            factor *= SHRINK**2
            off = max(abs(row[j + 1] - row[j]), abs(row[j + 1] - before[j]))
            if off <= error:
                best, error = row[j + 1], off
        if i and abs(row[-1] - before[-1]) >= WORSE * error:
            break
        before, h = row, h / SHRINK
    return best, error


def _condition(
    node: Node, true: Any, variables: Sequence[Node], given: Mapping[Node, Node], point: Mapping[Node, Any]
) -> float | None:
    """By how much a small relative error of the inputs grows, at the element that is largest; None for a value of 0."""
    data = np.asarray(true, dtype=float)
    if not data.size or not np.isfinite(data).all():
        return None
    place = int(np.argmax(abs(data)))
    size = abs(float(data.reshape(-1)[place]))
    if size == 0:
        return None
    mask = np.zeros(data.size)
    mask[place] = 1.0
    chosen = node if node.shape == () else node * array_constant(mask.reshape(data.shape).astype(node.dtype.value))
    slopes = _best(substitute(gradient([total([chosen])], variables), given))
    with np.errstate(all="ignore"):
        moved = sum(float(abs(np.asarray(point[v]) * bare(g)).sum()) for v, g in zip(variables, slopes, strict=True))
    return moved / size if np.isfinite(moved) else None


def _best(nodes: Sequence[Node]) -> Sequence[Any]:
    """The values as near as they are known."""
    return known_values(nodes, evaluate(nodes))[0]
