"""What an expression that is shown was computed from, so that its result can be explained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gradcli.core.ir.nodes import Node
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


@dataclass
class Trail:
    """`places` are those where a node was made first, `traced` what was differentiated, the outermost of each.

    `lost` are graphs whose values are not finite, `sums` such arithmetic on plain numbers.
    """

    places: dict[Node, Span] = field(default_factory=dict)
    traced: list[Traced] = field(default_factory=list)
    lost: list[Node] = field(default_factory=list)
    sums: list[Sum] = field(default_factory=list)
    # The first function that was called, and with what.
    called: tuple[Any, Sequence[Any]] | None = None
    # The outputs of the innermost function of the derivative that is being traced.
    innermost: tuple[Node, ...] = ()

    def place(self, node: Node, span: Span) -> None:
        """Remember where in the text a node was made first."""
        if len(self.places) < MOST_PLACES:
            self.places.setdefault(node, span)

    def trace(self, variables: Sequence[Node], given: Mapping[Node, Node], span: Span) -> None:
        """Remember that the innermost function was differentiated."""
        self.traced.append(Traced(self.innermost, tuple(variables), given, span))
