"""How many digits of large tensors and long loops are right, by Monte Carlo arithmetic: rounding at random.

Each result is moved at random by half a unit of its last place; the digits in which two such runs agree are those that
rounding leaves (Parker, Monte Carlo Arithmetic, 1997). It is an estimate, and no bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Any

import numpy as np

from gradcli.core.engines.numpy.kernels import kernel_of
from gradcli.core.errors import CoreError
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Constant, Node
from gradcli.core.ir.primitive import Application, Primitive, Stepwise
from gradcli.core.ir.shapes import size_of
from gradcli.core.ir.traversal import reachable, without_parameters

# Larger graphs, by the elements of all nodes and by their operations, would be waited for.
MOST_ELEMENTS, MOST_WORK = 3_000_000, 300_000_000
RUNS = 3
HALF_A_UNIT = 2.0**-53
# What rounding leaves of a zero that numbers of ordinary size cancel to is no loss.
NOISE = 1e-12
# What rounds nothing.
EXACT = frozenset(
    (
        *("select", "negate", "abs", "maximum", "minimum", "relu", "sign", "stop_gradient", "not_negative", "floor"),
        *("ceil", "max_to", "broadcast", "concatenate", "pad", "flip", "take", "cast", "argmax", "argsort"),
    )
)


def digits_by_spread(outputs: Sequence[Node]) -> list[float]:
    """For each output of a graph without inputs the digits that agree in all runs, at the element that has fewest.

    inf where all do, and where the graph is too large to be run so, or no float64.
    """
    return [float(found.min(initial=inf)) for found in digits_of_elements(outputs, NOISE)]


def digits_of_elements(outputs: Sequence[Node], noise: float = 0.0) -> list[Any]:
    """The same of each element; those that are no larger than `noise` have lost nothing."""
    nodes, order = without_parameters(outputs, reachable(outputs))
    unknown = [np.full(node.shape, inf) for node in nodes]
    if not _is_affordable(order):
        return unknown
    rng = np.random.default_rng(0)
    try:
        with np.errstate(all="ignore"):
            runs = [_run(order, nodes, rng) for _ in range(RUNS)]
            return [_agreeing([run[i] for run in runs], noise) for i in range(len(outputs))]
    except CoreError:
        return unknown


def _is_affordable(order: Sequence[Node]) -> bool:
    work = 0
    for node in order:
        if isinstance(node, Application) and isinstance(node.op, Primitive):
            work += node.op.work_of(node)
        elif not isinstance(node, Constant):
            return False
    return sum(size_of(node.shape) for node in order) <= MOST_ELEMENTS and work <= MOST_WORK


def _run(order: Sequence[Node], outputs: Sequence[Node], rng: np.random.Generator) -> list[Any]:
    found: dict[Node, Any] = {}
    for node in order:
        if isinstance(node, Constant):
            found[node] = np.asarray(node.value, dtype=node.dtype.value)
            continue
        assert isinstance(node, Application)
        assert isinstance(node.op, Primitive)
        args = [found[arg] for arg in node.args]
        if node.op.stepwise is not None:
            found[node] = _stepped(node, node.op.stepwise, args, rng)
            continue
        rounds = node.dtype is DType.FLOAT64 and _rounds(node, node.op)
        if rounds and not node.op.broadcasts:
            # Of sums of products each is rounded.
            args = [_moved(arg, rng) if arg.dtype == np.float64 else arg for arg in args]
        value = np.asarray(kernel_of(node, node.op)(*args))
        found[node] = _moved(value, rng) if rounds else value
    return [found[node] for node in outputs]


def _stepped(node: Application, steps: Stepwise, args: Sequence[Any], rng: np.random.Generator) -> Any:
    """What many steps give, each with roundings of its own."""
    graph = steps.moved(node, lambda n: isinstance(n, Application) and _rounds(n, n.op))
    if graph is None:
        raise CoreError("too many steps to move each of their roundings")
    found: dict[Node, Any] = dict(zip(graph.args, args, strict=True))
    found.update((f, _moved(np.ones(f.shape), rng)) for f in graph.factors)
    for part in reachable([graph.output]):
        if part not in found:
            assert isinstance(part, Application)
            found[part] = np.asarray(kernel_of(part, part.op)(*(found[arg] for arg in part.args)))
    return found[graph.output]


def _rounds(node: Node, op: Primitive) -> bool:
    """Whether a result is rounded: what only moves and chooses elements is not."""
    return op.name not in EXACT and op.work(*(a.shape for a in node.args), node.shape) > 0


def _moved(value: Any, rng: np.random.Generator) -> Any:
    return value * (1.0 + HALF_A_UNIT * (2.0 * rng.random(value.shape) - 1.0) * 2.0)


def _agreeing(runs: Sequence[Any], noise: float) -> Any:
    stack = np.stack(runs)
    apart, size = np.ptp(stack, axis=0), abs(stack).max(axis=0)
    lost = np.where(np.isfinite(apart) & (apart > 0) & (size > noise), apart / size, 0.0)
    return np.where(lost == 0, inf, np.maximum(0.0, -np.log10(lost)))
