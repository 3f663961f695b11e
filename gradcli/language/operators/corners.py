"""Derivatives at corners, ties and quotients of zeros: the limit from all sides if there is one, else nan and a word.

A first derivative that is a convention, such as the slope 0 of abs at 0, stays; any further one must be true.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import factorial, prod
from typing import TYPE_CHECKING, Any, TypeAlias

from gradcli.core.analysis.edges import EDGES, QUOTIENTS
from gradcli.core.compile import Data, evaluate
from gradcli.core.compile.series import Exponents
from gradcli.core.graph import INPUT, PARAMETER, Node, constant_like, reachable, substitute
from gradcli.core.records import record
from gradcli.core.transforms.taylor import partials
from gradcli.language.diagnostics import Span
from gradcli.language.tracing import meant

if TYPE_CHECKING:
    from gradcli.core.analysis.limits import Limit
    from gradcli.language.machine import Machine

Parts: TypeAlias = "dict[Exponents, Data]"

# The graph of every partial is developed only where it is no larger.
MOST_NODES = 1_500


def at_corners(
    machine: Machine,
    nodes: Sequence[Node],
    outputs: Sequence[Node],
    below: Callable[[], Sequence[Node]],
    by: Sequence[Node],
    given: Mapping[Node, Node] | None,
    order: int,
    span: Span,
) -> list[Node]:
    """The derivatives `nodes` of some order, as constants where the point that is `given` has an edge in them.

    `below` gives what they are first derivatives of, which must be continuous there, `by` some inputs or parameters,
    and `outputs` are those of the function. A first derivative is changed only where it is nan.
    """
    names = EDGES if order > 1 else QUOTIENTS
    edges = any(node.op.name in names for node in reachable([*nodes, *outputs]))
    if given is None or not nodes or not by or not edges:
        return list(nodes)
    lower = below()
    looked_at = [*nodes, *lower] if order > 1 else list(nodes)
    leaves = reachable([*nodes, *lower])
    point = point_of(leaves, given, within=not machine.differentiating)
    if point is None:
        return list(nodes)
    import numpy as np

    from gradcli.core.analysis.limits import has_edge, limits, numbers

    moving = [node for node in by if node in point]
    if not has_edge(looked_at, point, moving, names):
        return list(nodes)
    # Beside a pole there is nothing to be added to what IEEE 754 says of it.
    poles = any(np.isinf(value).any() for value in numbers(lower, point))
    found = None if poles else limits([*nodes, *lower], lower, point, moving)
    if found is None:
        return list(nodes)
    derivatives, sloped = found[: len(nodes)], found[len(nodes) :]
    jumps = next((limit for limit in sloped if np.isnan(limit.value).any()), None)
    jump = np.isnan(sloped[0].value) if len(sloped) == 1 else None
    result = []
    for node, limit, at_point in zip(nodes, derivatives, numbers(nodes, point), strict=True):
        if order > 1:
            settled = limit.value if jumps is None else np.where(_of_jumps(jump, node.shape), np.nan, limit.value)
        else:
            settled = np.where(np.isnan(at_point), limit.value, at_point)
        sides = limit.sides if jumps is None else jumps.sides
        if np.isnan(settled).any() and sides is not None:
            say(machine, order if jumps is None else order - 1, sides, span)
        result.append(constant_like(settled, node))
    return result


@record
class Corners:
    """The same for every partial up to an order at once, from the outputs' own graph at `point`.

    With `strict` a first derivative must be true too, as in a Taylor polynomial, and all are Taylor coefficients.
    """

    machine: Machine
    outputs: Sequence[Node]
    variables: Sequence[Sequence[Node]]
    order: int
    point: Mapping[Node, Any]
    span: Span
    below: int
    strict: bool

    def settled(self, parts: list[Parts]) -> list[Parts]:
        """The derivatives `parts` of each output with those at corners replaced."""
        if self.order + self.below < 2 and not self.strict:
            return parts
        if not any(node.op.name in EDGES for node in reachable(self.outputs)):
            return parts
        from gradcli.core.analysis.limits import has_edge

        moving = [node for nodes in self.variables for node in nodes]
        if not has_edge(self.outputs, self.point, moving):
            return parts
        limits = self._limits(moving)
        if limits is None:
            return parts
        return [self._one(found, ordinary) for found, ordinary in zip(limits, parts, strict=True)]

    def _limits(self, moving: Sequence[Node]) -> list[dict[Exponents, Limit]] | None:
        from gradcli.core.analysis.limits import derivatives_along, limits

        if len(self.variables) == 1:
            found = derivatives_along(self.outputs, self.variables[0], self.order, self.point)
            return None if found is None else [{(k,): v for k, v in enumerate(orders)} for orders in found]
        graph = partials(self.outputs, self.variables, self.order)
        nodes = [node for part in graph for node in part.values()]
        if len(reachable(nodes)) > MOST_NODES:
            return None
        several = limits(nodes, self.outputs, self.point, moving)
        if several is None:
            return None
        of_node = dict(zip(nodes, several, strict=True))
        return [{exponents: of_node[node] for exponents, node in part.items()} for part in graph]

    def _one(self, limits: Mapping[Exponents, Limit], ordinary: Parts) -> Parts:
        import numpy as np

        zero = (0,) * len(self.variables)
        if not np.isfinite(ordinary[zero]).all():
            return ordinary
        result = dict(ordinary)
        # Where a derivative is lost, the order that is, and its values on two sides.
        lost: dict[Exponents, tuple[int, tuple[float, float] | None]] = {}
        if not self.below and not np.allclose(limits[zero].value, ordinary[zero], rtol=1e-6, atol=1e-12):
            lost[zero] = 0, limits[zero].sides
        for exponents in sorted(limits, key=sum):
            limit, order = limits[exponents], sum(exponents) + self.below
            parents = [_less(exponents, i) for i, n in enumerate(exponents) if n]
            gone = next((lost[p] for p in parents if p in lost), None)
            value = limit.value if gone is None else np.full_like(limit.value, np.nan)
            if self.strict:
                value = value / prod(map(factorial, exponents))
            before = ordinary.get(exponents, 0.0)
            counts = order >= 2 or (self.strict and order == 1)
            if counts:
                result[exponents] = value
            elif order and np.isnan(before).any():
                result[exponents] = np.where(np.isnan(before), value, before)
            if gone is not None or np.isnan(value).any():
                lost[exponents] = gone or (order, limit.sides)
                which, sides = lost[exponents]
                if counts and sides is not None:
                    say(self.machine, which, sides, self.span)
        return result


def _less(exponents: Exponents, i: int) -> Exponents:
    return (*exponents[:i], exponents[i] - 1, *exponents[i + 1 :])


def _of_jumps(jump: Any, shape: tuple[int, ...]) -> Any:
    """Which elements are derivatives of an element that jumps, or by its variable; all of them where none can tell."""
    import numpy as np

    if jump is None or jump.shape not in (shape, shape[: len(shape) // 2]):
        return np.ones(shape, dtype=bool)
    return jump if jump.shape == shape else np.logical_or.outer(jump, jump)


def point_of(leaves: Sequence[Node], given: Mapping[Node, Node], within: bool = False) -> dict[Node, Any] | None:
    """The value of each input and parameter among the leaves of a graph; None where one is not known yet.

    `within` a function that is only being evaluated, its inputs have values as well.
    """
    found = [node for node in leaves if node.op in (INPUT, PARAMETER)]
    values = [given.get(node, node.attrs.get("value", node)) for node in found]
    free = [node for node in reachable(values) if node.op is INPUT]
    inputs = (meant(free) if within else None) if free else {}
    return None if inputs is None else dict(zip(found, evaluate(substitute(values, inputs)), strict=True))


def say(machine: Machine, order: int, sides: tuple[float, float], span: Span) -> None:
    """Warn that a derivative does not exist, since a derivative of some order, or the function, has two sides."""
    low, high = sides
    what = f"the derivative of order {order}" if order else "the function"
    machine.warn(f"there is no derivative here: {what} is {low:g} on one side and {high:g} on another", span)
