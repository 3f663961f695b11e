"""Where a nan or an infinity comes from: the first operation that makes it of numbers that are none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import isinf, isnan
from typing import Any

from gradcli.core.analysis.at_edges import numbers
from gradcli.core.ir.exact import is_lost
from gradcli.core.ir.nodes import Constant, Node, Parameter, fresh_input
from gradcli.core.ir.primitive import Application, Primitive, Stepwise
from gradcli.core.ir.shapes import size_of
from gradcli.core.ir.traversal import dependents, reachable, substitute
from gradcli.core.records import record
from gradcli.core.transforms.nested import total
from gradcli.core.transforms.reverse import gradient

# Larger graphs are not looked through.
MOST_NODES, MOST_ELEMENTS = 5_000, 1_000_000
# Nor are steps that compute more than so many nodes in all.
MOST_IN_STEPS = 100_000


@record
class Origin:
    """An operation with finite operands whose value is not finite, or, with `slope`, whose derivative by one isn't.

    `operands` are their values, of the element that is the first such; `slope` is the derivative as a graph of
    `symbols`, which stand for the operands.
    """

    node: Node
    operands: tuple[float, ...]
    value: float
    slope: Node | None = None
    symbols: tuple[Node, ...] = ()
    # Where it is within a step of something that makes steps: that, and the number of the step from 1 on.
    around: Application | None = None
    step: int = 0


def value_origin(outputs: Sequence[Node], point: Mapping[Node, Any]) -> Origin | None:
    """The operation from which the outputs have their nan, or else their infinity; None where no operation made it.

    Args:
        outputs: nodes of a graph.
        point: the value of each of its inputs.
    """
    values = _values(outputs, point)
    if values is None:
        return None
    for bad in (isnan, isinf):
        node = _source(outputs, values, bad)
        if isinstance(node, Application):
            inner = None if node.op.stepwise is None else _in_steps(node, node.op.stepwise, values, bad)
            return inner or _origin(node, values, bad)
        if node is not None:
            return None
    return None


def _source(outputs: Sequence[Node], values: Mapping[Node, Any], bad: Any) -> Node | None:
    """The first node from which an output is bad, None where none is."""
    node = next((n for n in outputs if has(values[n], bad)), None)
    while node is not None:
        below = next((arg for arg in _taken(node, values) if has(values[arg], bad)), None)
        if below is None:
            break
        node = below
    return node


def _origin(node: Application, values: Mapping[Node, Any], bad: Any) -> Origin:
    index, value = _first(values[node], bad)
    return Origin(node, tuple(_element(values[arg], node.shape, index) for arg in node.args), value)


class _Found(Exception):  # noqa: N818 - it is no mistake
    """The origin, in a step."""

    def __init__(self, origin: Origin) -> None:
        super().__init__()
        self.origin = origin


def _in_steps(node: Application, steps: Stepwise, values: Mapping[Node, Any], bad: Any) -> Origin | None:
    """The operation in the first step that gives what is bad; None where the steps are too many, or only a sum is."""
    import numpy as np

    from gradcli.core.engines.numpy.kernels import kernel_of

    outputs: Sequence[Node] = node.attrs["body"].outputs
    made = 0
    if steps.count(node) > MOST_IN_STEPS:
        return None

    def compute(order: Sequence[Node], found: dict[Node, Any]) -> None:
        nonlocal made
        for n in order:
            if n in found:
                continue
            if isinstance(n, Constant):
                found[n] = np.asarray(n.value, n.dtype.value)
            else:
                assert isinstance(n, Application)
                found[n] = np.asarray(kernel_of(n, n.op)(*(found[arg] for arg in n.args)))
        if not all(out in found for out in outputs):
            return
        made += 1
        source = _source(outputs, found, bad)
        if isinstance(source, Application):
            raise _Found(replace(_origin(source, found, bad), around=node, step=made))

    try:
        with np.errstate(all="ignore"):
            steps.value(node, [np.asarray(values[arg]) for arg in node.args], compute)
    except _Found as found:
        return found.origin
    return None


def slope_origin(outputs: Sequence[Node], variables: Sequence[Node], point: Mapping[Node, Any]) -> Origin | None:
    """The first operation whose derivative is not finite, and which derivatives of the outputs pass through.

    None where the values are not finite themselves, or where no operation is the reason.
    """
    values = _values(outputs, point)
    if values is None or any(is_lost(values[n]) for n in outputs):
        return None
    order = reachable(outputs)
    active = dependents(order, variables)
    for node in order:
        if node in active and isinstance(node, Application) and isinstance(node.op, Primitive) and node.dtype.is_float:
            found = _lost_slope(node, values)
            if found is not None and _matters(node, outputs, point, values):
                return found
    return None


def _values(outputs: Sequence[Node], point: Mapping[Node, Any]) -> dict[Node, Any] | None:
    order = reachable(outputs)
    if len(order) > MOST_NODES or sum(size_of(n.shape) for n in order) > MOST_ELEMENTS:
        return None
    known: dict[Node, Any] = dict(point)
    known |= {n: n.value.value for n in order if isinstance(n, Parameter) and n not in known}
    if not all(isinstance(n, (Application, Constant)) or n in known for n in order):
        return None
    return dict(zip(order, numbers(order, {n: v for n, v in known.items() if n in set(order)}), strict=True))


def _taken(node: Node, values: Mapping[Node, Any]) -> Sequence[Node]:
    """The operands that a result is made of: of a choice those that are chosen somewhere."""
    if node.kind != "select":
        return node.args
    condition, a, b = node.args
    chosen = values[condition]
    if isinstance(chosen, (bool, int)):
        return (a,) if chosen else (b,)
    return [n for n, some in ((a, chosen.any()), (b, not chosen.all())) if some]


def has(value: Any, bad: Any) -> bool:
    """Whether a number, or an element of an array, is nan (`isnan`), or infinite (`isinf`)."""
    if isinstance(value, (bool, int, float)):
        return bool(bad(value))
    import numpy as np

    return bool(value.dtype.kind == "f" and (np.isnan if bad is isnan else np.isinf)(value).any())


def _first(value: Any, bad: Any) -> tuple[tuple[int, ...], float]:
    if isinstance(value, float):
        return (), value
    import numpy as np

    where = np.argwhere((np.isnan if bad is isnan else np.isinf)(value))[0]
    index = tuple(int(i) for i in where)
    return index, float(value[index])


def _element(value: Any, shape: tuple[int, ...], index: tuple[int, ...]) -> float:
    """An operand's number at a place of the result; nan where it has none there."""
    if isinstance(value, (bool, int, float)):
        return float(value)
    return float(value[index]) if value.shape == shape else float("nan")


def _lost_slope(node: Application, values: Mapping[Node, Any]) -> Origin | None:
    symbols = [fresh_input(_SYMBOLS[i], n.shape, n.dtype) for i, n in enumerate(node.args[: len(_SYMBOLS)])]
    floats: list[Node] = [s for s in symbols if s.dtype.is_float]
    if len(node.args) > len(_SYMBOLS) or not floats:
        return None
    op = node.op
    assert isinstance(op, Primitive)
    slopes = gradient([total([op(*symbols, **node.attrs)])], floats)
    here = {s: values[arg] for s, arg in zip(symbols, node.args, strict=True)}
    for slope, value in zip(slopes, numbers(slopes, {s: here[s] for s in symbols}), strict=True):
        if is_lost(value):
            index, lost = _first(value, isnan if has(value, isnan) else isinf)
            operands = tuple(_element(values[arg], slope.shape, index) for arg in node.args)
            return Origin(node, operands, lost, slope, tuple(symbols))
    return None


# What operands are called in the formula of a slope.
_SYMBOLS = ("u", "v", "w")


def _matters(node: Node, outputs: Sequence[Node], point: Mapping[Node, Any], values: Mapping[Node, Any]) -> bool:
    """Whether the outputs change with the node at the point: a branch that isn't taken is no reason."""
    stand_in = fresh_input("z", node.shape, node.dtype)
    cut = substitute(outputs, {node: stand_in})
    (adjoint,) = gradient([total(cut)], [stand_in])
    needed = set(reachable([adjoint]))
    known = {**point, stand_in: values[node]}
    known |= {n: n.value.value for n in needed if isinstance(n, Parameter) and n not in known}
    (value,) = numbers([adjoint], {n: v for n, v in known.items() if n in needed})
    return bool(value != 0) if isinstance(value, (bool, int, float)) else bool((value != 0).any())
