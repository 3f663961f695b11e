"""Derivatives of any order from one Taylor expansion: as numbers where all inputs are known, else as graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property, partial
from math import factorial, prod
from typing import Any

from gradcli.core.ir.nodes import Input, Node, constant_like
from gradcli.core.ir.primitive import edge_of
from gradcli.core.ir.traversal import reachable, substitute
from gradcli.core.transforms.closure import close
from gradcli.core.transforms.taylor import Exponents, partials
from gradcli.language.derivatives.corners import Corners, Parts, point_of
from gradcli.language.text.diagnostics import Span, fail
from gradcli.language.values.values import Caller

# The products of an expansion within a function become nodes of its graph, of about this size.
LARGEST_GRAPH = 300_000
BYTES_OF_A_PRODUCT = 1_500
# Those of an expansion that is calculated by balls, too.
LARGEST_EXACT = 20_000


def expanded(
    caller: Caller,
    outputs: Sequence[Node],
    variables: Sequence[Sequence[Node]],
    order: int,
    given: Mapping[Node, Node] | None,
    span: Span,
    below: int = 0,
    coefficients: bool = False,
) -> list[dict[Exponents, Node]]:
    """The derivatives of each output up to an order, by the exponents of the variables; zeros are left out.

    A variable is one node or several, all of whose elements grow alike. `below` is the order of the derivatives that
    the outputs are already. With `coefficients` they are divided by factorials, and the first must be true too.
    `given` says what each free input stands for; None, or inputs that are free in turn, give a graph.

    Raises:
        LanguageError: for a graph that would be too large, before it is made.
    """
    point = (
        None if given is None else point_of(reachable([*outputs, *(v for nodes in variables for v in nodes)]), given)
    )
    if point is not None:
        from gradcli.core.analysis.series import partials_at

        found = partials_at(outputs, variables, order, point, coefficients)
        if found.beyond:
            caller.warn("a derivative is beyond the largest float64, and shown as inf", span)
        at_corners = Corners(caller, outputs, variables, order, point, span, below, strict=coefficients)
        settled = at_corners.settled(found.parts)
        graphs = _Graphs(outputs, variables, order, point, given or {}, coefficients)
        if caller.certifying:
            settled = [_certified(caller, parts, graph) for parts, graph in zip(settled, graphs.made, strict=True)]
        constants: list[dict[Exponents, Node]] = [
            {exponents: constant_like(value, output) for exponents, value in parts.items()}
            for parts, output in zip(settled, outputs, strict=True)
        ]
        if caller.outermost:
            for i, parts in enumerate(constants):
                for exponents, node in parts.items():
                    caller.trail.stands_for(node, partial(graphs.of, i, exponents))
        return constants
    products = close(outputs, [v for nodes in variables for v in nodes], order).products(len(variables), order)
    if products > LARGEST_GRAPH:
        raise fail(
            "value",
            f"order {order} within a function would be a graph of {products:,} products, "
            f"about {products * BYTES_OF_A_PRODUCT / 2**30:.1f} GiB",
            span,
            "lower the order, or ask for it outside of the function",
        )
    found_graph = partials(outputs, variables, order)
    if not coefficients:
        return found_graph
    return [
        {e: node if (weight := prod(map(factorial, e))) == 1 else node * (1 / weight) for e, node in parts.items()}
        for parts in found_graph
    ]


def _is_on_an_edge(outputs: Sequence[Node], point: Mapping[Node, Any], variables: Sequence[Sequence[Node]]) -> bool:
    """Whether slopes are conventions at a point, which the graph doesn't tell from derivatives."""
    if not any(edge_of(node) for node in reachable(outputs)):
        return False
    from gradcli.core.analysis.at_edges import edges

    return bool(edges(outputs, point, [v for nodes in variables for v in nodes]))


def _certified(caller: Caller, computed: Parts, graph: Mapping[Exponents, Node]) -> Parts:
    """The floats nearest to the true derivatives, which the graph of each says; those that it says nothing of stay."""
    places = [e for e in computed if e in graph]
    values = caller.certified([graph[e] for e in places], [computed[e] for e in places])
    return {**computed, **dict(zip(places, values, strict=True))}


class _Graphs:
    """What the derivatives at a point are the values of, made when it is asked for."""

    def __init__(
        self,
        outputs: Sequence[Node],
        variables: Sequence[Sequence[Node]],
        order: int,
        point: Mapping[Node, Any],
        given: Mapping[Node, Node],
        coefficients: bool,
    ) -> None:
        self.outputs, self.variables, self.order = outputs, variables, order
        self.point, self.given, self.coefficients = point, given, coefficients

    @cached_property
    def made(self) -> list[dict[Exponents, Node]]:
        """For each output by exponents; nothing for what is too large, or on an edge, which graphs don't tell."""
        nodes = [v for some in self.variables for v in some]
        large = close(self.outputs, nodes, self.order).products(len(self.variables), self.order) > LARGEST_EXACT
        if large or not self.given or _is_on_an_edge(self.outputs, self.point, self.variables):
            return [{} for _ in self.outputs]
        return [self._closed(parts) for parts in partials(self.outputs, self.variables, self.order)]

    def _closed(self, parts: Mapping[Exponents, Node]) -> dict[Exponents, Node]:
        weights = [prod(map(factorial, e)) if self.coefficients else 1 for e in parts]
        nodes = [node / float(w) if w > 1 else node for node, w in zip(parts.values(), weights, strict=True)]
        return dict(zip(parts, substitute(nodes, self.given), strict=True))

    def of(self, output: int, exponents: Exponents) -> Node | None:
        """The graph of one, None where there is none."""
        return self.made[output].get(exponents)


def has_free(nodes: Iterable[Node]) -> bool:
    """Whether any of the nodes depends on an input."""
    return any(isinstance(n, Input) for n in reachable(nodes))
