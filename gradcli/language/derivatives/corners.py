"""Derivatives at corners, ties and quotients of zeros: the limit from all sides if there is one, else nan and a word.

A first derivative that is a convention, such as the slope 0 of abs at 0, stays; any further one must be true.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from math import factorial, isnan, prod
from typing import TYPE_CHECKING, Any, TypeAlias

from gradcli.core.engines.evaluation import evaluate
from gradcli.core.engines.protocol import Data
from gradcli.core.ir.edges import EdgeKind
from gradcli.core.ir.nodes import Input, Node, Parameter, constant_like
from gradcli.core.ir.primitive import with_edge
from gradcli.core.ir.shapes import size_of
from gradcli.core.ir.traversal import applied_in, reachable, substitute, without_parameters
from gradcli.core.records import record
from gradcli.core.transforms.taylor import Exponents, partials
from gradcli.language.calls.tracing import meant
from gradcli.language.derivatives.conventions import CONVENTIONS, say_convention
from gradcli.language.text.diagnostics import Span
from gradcli.language.values.values import Caller
from gradcli.language.values.watching import here, spoil

if TYPE_CHECKING:
    from gradcli.core.analysis.one_sided import Limit

Parts: TypeAlias = "dict[Exponents, Data]"

# A limit is itself known to some eight digits.
NEAR = 1e-7
HUGE = 10**300


# Which elements of a result are lost, where what it is a derivative of jumps: called with the jumps of each, the number
# of the result among all, how many there are, and its shape.
Lost: TypeAlias = "Callable[[Sequence[Any], int, int, tuple[int, ...]], Any]"


def at_corners(
    caller: Caller,
    nodes: Sequence[Node],
    outputs: Sequence[Node],
    below: Callable[[], Sequence[Node]],
    by: Sequence[Node],
    given: Mapping[Node, Node] | None,
    order: int,
    span: Span,
    lost: Lost,
) -> list[Node]:
    """The derivatives `nodes` of some order, as constants where the point that is `given` has an edge in them.

    `below` gives what they are first derivatives of, which must be continuous there, `by` some inputs or parameters,
    and `outputs` are those of the function. A first derivative is changed only where it is nan.
    """
    kinds = frozenset(EdgeKind) if order > 1 or caller.outermost else frozenset({EdgeKind.QUOTIENT})
    whole = reachable([*nodes, *outputs])
    # A derivative that somebody has stated holds at corners too.
    if given is None or not nodes or not by or not with_edge(whole, kinds) or "ruled" in applied_in(whole):
        return list(nodes)
    lower = below()
    looked_at = [*nodes, *lower] if order > 1 or caller.outermost else list(nodes)
    everything = whole if list(lower) == list(outputs) else reachable([*nodes, *lower])
    point = point_of(everything, given, within=not caller.in_derivative)
    if point is None:
        return list(nodes)
    from gradcli.core.analysis.at_edges import edges, numbers, with_edges

    moving = [node for node in by if node in point]
    found_edges = edges(looked_at, point, moving, kinds, everything)
    watch = here.watch
    if watch is not None and order < 2 and not caller.outermost:
        # Only where it is nan is there anything to be settled.
        watch.numbers += nodes
    elif watch is not None:
        watch.off_edges += with_edges(looked_at, moving, kinds, everything)
    if not found_edges:
        return list(nodes)
    spoil()
    import numpy as np

    from gradcli.core.analysis.one_sided import is_small, limits

    values = numbers(lower, point)
    # Beside a pole there is nothing to be added to what IEEE 754 says of it.
    if any(np.isinf(value).any() for value in values):
        return list(nodes)
    found = limits([*nodes, *lower], lower, point, moving)
    if found is None:
        if order < 2 and caller.outermost:
            say_convention(caller, lower, moving, point, span)
        if order < 2 or not undecided(caller, found_edges, is_small([*nodes, *lower]), span):
            return list(nodes)
        return [constant_like(np.full(node.shape, np.nan), node) for node in nodes]
    derivatives, sloped = found[: len(nodes)], found[len(nodes) :]
    jumps = [np.isnan(limit.value) for limit in sloped]
    first_jump = next((limit for limit, jump in zip(sloped, jumps, strict=True) if jump.any()), None)
    is_continuous = order > 1 or all(limit.agrees(value) for limit, value in zip(sloped, values, strict=True))
    is_conventional = False
    result: list[Node] = []
    for k, (node, limit, at_point) in enumerate(zip(nodes, derivatives, numbers(nodes, point), strict=True)):
        if order < 2:
            settled = np.where(np.isnan(at_point), limit.value, at_point)
            if caller.outermost and is_continuous:
                settled = np.where(np.isnan(limit.value), settled, _kept(at_point, limit.value))
            is_conventional |= not (is_continuous and _exists(limit)) and not np.isnan(settled).all()
        else:
            settled = _kept(at_point, limit.value)
            if first_jump is not None:
                settled = np.where(lost(jumps, k, len(nodes), node.shape), np.nan, settled)
        if np.isnan(settled).any():
            jumped = first_jump is not None and not np.isnan(limit.value).any()
            sides = first_jump.sides if first_jump is not None and (jumped or limit.sides is None) else limit.sides
            if sides is not None:
                say(caller, order - 1 if first_jump is not None and sides is first_jump.sides else order, sides, span)
        # What stays as it was computed can still be told to more digits.
        result.append(node if np.array_equal(settled, at_point) else constant_like(settled, node))
    if is_conventional and caller.outermost:
        say_convention(caller, lower, moving, point, span)
    return result


def _exists(limit: Limit) -> bool:
    return not (limit.value != limit.value).any()


def _kept(at_point: Any, limit: Any) -> Any:
    """The value at the point where it is the limit but for rounding, else the limit."""
    import numpy as np

    with np.errstate(all="ignore"):
        return np.where(abs(at_point - limit) <= NEAR * abs(limit), at_point, limit)


def undecided(caller: Caller, found: set[EdgeKind], small: bool, span: Span) -> bool:
    """Say that a derivative at a corner could not be told; whether it is then no number."""
    if found <= {EdgeKind.QUOTIENT}:
        return False
    if small:
        caller.warn("this point is on a corner, and whether there is a derivative could not be told", span)
    else:
        caller.warn(
            "this point is on a corner, and the function too large to tell whether there is a derivative: "
            "what is shown takes the slopes at corners for what the README says",
            span,
        )
    return small


@record
class Corners:
    """The same for every partial up to an order at once, from the outputs' own graph at `point`.

    With `strict` a first derivative must be true too, as in a Taylor polynomial, and all are Taylor coefficients.
    """

    caller: Caller
    outputs: Sequence[Node]
    variables: Sequence[Sequence[Node]]
    order: int
    point: Mapping[Node, Any]
    span: Span
    below: int
    strict: bool

    def settled(self, parts: list[Parts]) -> list[Parts]:
        """The derivatives `parts` of each output with those at corners replaced."""
        beyond = self.order + self.below > 1 or self.strict
        if not beyond and not self.caller.outermost:
            return parts
        from gradcli.core.analysis.origins import has

        lost = any(has(data, isnan) for found in parts for e, data in found.items() if sum(e) + self.below == 1)
        kinds = frozenset(EdgeKind) if beyond or lost else CONVENTIONS
        if not with_edge(reachable(self.outputs), kinds):
            return parts
        from gradcli.core.analysis.at_edges import edges

        moving = [node for nodes in self.variables for node in nodes]
        found_edges = edges(self.outputs, self.point, moving, kinds)
        if not found_edges:
            return parts
        import numpy as np

        from gradcli.core.analysis.one_sided import is_small

        zero = (0,) * len(self.variables)
        if any(np.isinf(found[zero]).any() for found in parts if zero in found):
            return parts
        limits = self._limits(moving)
        if limits is not None:
            return [self._one(*pair) for pair in zip(limits, parts, self.outputs, strict=True)]
        if not beyond:
            say_convention(self.caller, self.outputs, moving, self.point, self.span)
            return parts
        if not undecided(self.caller, found_edges, is_small(self.outputs), self.span):
            return parts
        lowest = 1 if self.strict else 2 - self.below
        unknown = [e for e in self._every() if sum(e) >= lowest]
        return [
            {**found, **{e: np.full(output.shape, np.nan) for e in unknown}}
            for found, output in zip(parts, self.outputs, strict=True)
        ]

    def _every(self) -> list[Exponents]:
        """The exponents of all partials, those of lower orders first."""
        if len(self.variables) == 1:
            return [(k,) for k in range(self.order + 1)]
        every = product(range(self.order + 1), repeat=len(self.variables))
        return sorted((e for e in every if sum(e) <= self.order), key=sum)

    def _limits(self, moving: Sequence[Node]) -> list[dict[Exponents, Limit]] | None:
        from gradcli.core.analysis.one_sided import MOST_NODES, derivatives_along, limits

        if len(moving) == 1 and size_of(moving[0].shape) == 1:
            found = derivatives_along(self.outputs, moving[0], self.order, self.point)
            return None if found is None else [{(k,): v for k, v in enumerate(orders)} for orders in found]
        graph = partials(self.outputs, self.variables, self.order)
        nodes = [node for part in graph for node in part.values()]
        if len(reachable(nodes)) > MOST_NODES:
            return None
        several = limits(nodes, self.outputs, self.point, moving)
        if several is None:
            return self._by_support(graph)
        of_node = dict(zip(nodes, several, strict=True))
        return [{exponents: of_node[node] for exponents, node in part.items()} for part in graph]

    def _by_support(self, graph: Sequence[Mapping[Exponents, Node]]) -> list[dict[Exponents, Limit]] | None:
        """The limits where only those variables move that a partial is by."""
        from gradcli.core.analysis.one_sided import limits

        result: list[dict[Exponents, Limit]] = [{} for _ in graph]
        supports = dict.fromkeys(tuple(n > 0 for n in e) for part in graph for e in part)
        for support in supports:
            moving = [node for nodes, moves in zip(self.variables, support, strict=True) for node in nodes if moves]
            wanted = [(i, e) for i, part in enumerate(graph) for e in part if tuple(n > 0 for n in e) == support]
            found = limits([graph[i][e] for i, e in wanted], self.outputs, self.point, moving)
            if found is None:
                return None
            for (i, e), limit in zip(wanted, found, strict=True):
                result[i][e] = limit
        return result

    def _one(self, limits: Mapping[Exponents, Limit], ordinary: Parts, output: Node) -> Parts:
        import numpy as np

        from gradcli.core.analysis.one_sided import Limit

        zero = (0,) * len(self.variables)
        result = dict(ordinary)
        nothing = Limit(np.zeros(output.shape))
        # Where a derivative is lost, the order that is, and its values on two sides.
        lost: dict[Exponents, tuple[int, tuple[float, float] | None]] = {}
        at_point = ordinary.get(zero, 0.0)
        beside = limits.get(zero, nothing)
        # A hole, such as a quotient of zeros, is filled by the limit.
        if not self.below and not beside.agrees(np.where(np.isnan(at_point), beside.value, at_point)):
            lost[zero] = 0, limits.get(zero, nothing).sides
        for exponents in self._every():
            limit, order = limits.get(exponents, nothing), sum(exponents) + self.below
            parents = [_less(exponents, i) for i, n in enumerate(exponents) if n]
            gone = next((lost[p] for p in parents if p in lost), None)
            before = ordinary.get(exponents, np.zeros(output.shape))
            weight = prod(map(factorial, exponents)) if self.strict else 1
            with np.errstate(all="ignore"):
                value = np.full(output.shape, np.nan) if gone else _kept(before, limit.value / float(min(weight, HUGE)))
            counts = order >= 2 or (self.strict and order == 1)
            if counts and (exponents in ordinary or np.isnan(value).any()):
                result[exponents] = value
            elif order and (self.caller.outermost or np.isnan(before).any()):
                result[exponents] = np.where(np.isnan(before) | ~np.isnan(value), value, before)
                if np.isnan(value).any() and self.caller.outermost and self.order + self.below == 1:
                    moving = [node for nodes in self.variables for node in nodes]
                    say_convention(self.caller, self.outputs, moving, self.point, self.span)
            if gone is not None or np.isnan(limit.value).any():
                lost[exponents] = gone or (order, limit.sides)
                which, sides = lost[exponents]
                if counts and sides is not None:
                    say(self.caller, which, sides, self.span)
        return result


def _less(exponents: Exponents, i: int) -> Exponents:
    return (*exponents[:i], exponents[i] - 1, *exponents[i + 1 :])


def point_of(leaves: Sequence[Node], given: Mapping[Node, Node], within: bool = False) -> dict[Node, Any] | None:
    """The value of each input and parameter among the leaves of a graph; None where one is not known yet.

    `within` a function that is only being evaluated, its inputs have values as well.
    """
    found = [node for node in leaves if node.op is None and isinstance(node, (Input, Parameter))]
    values = [given.get(node, node.value if isinstance(node, Parameter) else node) for node in found]
    # A parameter may stand for what is computed.
    known, order = without_parameters(values, reachable(values))
    free = [node for node in order if isinstance(node, Input)]
    inputs = (meant(free) if within else None) if free else {}
    return None if inputs is None else dict(zip(found, evaluate(substitute(known, inputs)), strict=True))


_NONE = "there is no derivative here"


def say(caller: Caller, order: int, sides: tuple[float, float], span: Span) -> None:
    """Warn that a derivative does not exist, since a derivative of some order, or the function, has two sides."""
    low, high = sides
    what = f"the derivative of order {order}" if order else "the function"
    if not any(w.message.startswith(_NONE) and w.span == span for w in caller.warnings):
        caller.warn(f"{_NONE}: {what} is {low:g} on one side and {high:g} on another", span)
