"""What an expression that is shown was computed from, so that its result can be explained."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from typing import Any

from gradcli.core.ir.nodes import Node
from gradcli.core.ir.standing import exact_parts
from gradcli.core.ir.traversal import dependents, reachable, substitute
from gradcli.core.records import record
from gradcli.language.text.diagnostics import Span

# Nodes whose place in the text is remembered, so that it can be pointed at.
MOST_PLACES = 20_000


@record
class Traced:
    """The graph of a function that was differentiated: what each input stands for, and those that it was by."""

    outputs: tuple[Node, ...]
    variables: tuple[Node, ...]
    given: Mapping[Node, Node]
    span: Span


@record
class Sum:
    """Arithmetic on plain numbers whose result is not finite."""

    symbol: str
    left: float
    right: float
    result: float
    span: Span


class Trail:
    """`places` are those where a node was made first, `traced` what was differentiated, the outermost of each.

    `lost` are graphs whose values are not finite, `sums` such arithmetic on plain numbers.
    """

    def __init__(self) -> None:
        self.places: dict[Node, Span] = {}
        self.traced: list[Traced] = []
        self.lost: list[Node] = []
        self.sums: list[Sum] = []
        # The first function that was called, and with what.
        self.called: tuple[Any, Sequence[Any]] | None = None
        # What constants are the values of.
        self.proofs: dict[Node, Callable[[], Node | None]] = {}
        # What plain numbers are the values of, where they were rounded.
        self.values: dict[float, Node] = {}
        # The outputs of the innermost function of the derivative that is being traced.
        self.innermost: tuple[Node, ...] = ()

    def stands_for(self, constant: Node, graph: Callable[[], Node | None]) -> None:
        """Remember of what graph a constant is the value; None says that it is rounded, and of what isn't known.

        A short decimal is no other number than itself.
        """
        value = getattr(constant, "value", None)
        if not isinstance(value, float) or not isfinite(value) or exact_parts(value) is None:
            self.proofs.setdefault(constant, graph)

    def proved(self, nodes: Sequence[Node]) -> list[Node] | None:
        """The nodes with the graphs in the place of their values; None where one isn't known."""
        found: dict[Node, Node] = {}
        for node in reachable(nodes):
            value = getattr(node, "value", None) if self.values and node.shape == () else None
            if isinstance(value, float) and value in self.values:
                found[node] = self.values[value]
            elif node in self.proofs:
                graph = self.proofs[node]()
                if graph is None:
                    return None
                found[node] = graph
        return list(substitute(nodes, found))

    def place(self, node: Node, span: Span) -> None:
        """Remember where in the text a node was made first."""
        if len(self.places) < MOST_PLACES:
            self.places.setdefault(node, span)

    def place_of(self, node: Node, outputs: Sequence[Node]) -> Span | None:
        """Where in the text a node of a graph stands, or else the first that is computed from it."""
        if node in self.places:
            return self.places[node]
        order = reachable(outputs)
        above = dependents(order, [node])
        return next((self.places[n] for n in order if n in above and n in self.places), None)

    def trace(self, variables: Sequence[Node], given: Mapping[Node, Node], span: Span) -> None:
        """Remember that the innermost function was differentiated."""
        self.traced.append(Traced(self.innermost, tuple(variables), given, span))
