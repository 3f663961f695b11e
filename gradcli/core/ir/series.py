"""What a law sees of a Taylor expansion: series of coefficients, and how coefficients are combined."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any, Generic, Protocol, TypeVar

from gradcli.core.ir.nodes import Node
from gradcli.core.records import record

P = TypeVar("P")

# A series lists coefficients from order 0 on; None is a zero that needs no computing.
Series = list["P | None"]


@record
class Facts:
    """What differentiating a node brings in: its partials, or its rate as a graph of tangents.

    `partials` has one for each argument: a node or, where it is the same everywhere, a number; None where the argument
    does not move. `tangents` has a fresh input for each argument that moves; the rate is linear in them.
    """

    partials: tuple[Node | float | None, ...] = ()
    rate: Node | None = None
    tangents: Mapping[Node, Node] = field(default_factory=dict)


class Algebra(Protocol[P]):
    """How coefficients of any order are combined."""

    def value(self, node: Node) -> P:
        """The coefficient of order 0."""
        ...

    def linear(self, node: Node, args: Sequence[P | None], over: Sequence[int]) -> P:
        """The node's map applied to coefficients of the arguments `over`; None is zero."""
        ...

    def convolve(self, node: Node, pairs: Sequence[tuple[P, P]]) -> P:
        """The sum of what the node's bilinear map makes of pairs of coefficients."""
        ...

    def chain(self, pairs: Sequence[tuple[P, P]]) -> P:
        """The sum of the products of rates with partials, element by element."""
        ...

    def add(self, a: P, b: P) -> P:
        """The sum of two coefficients of one order."""
        ...

    def scale(self, a: P, factor: float) -> P:
        """A coefficient times a plain number."""
        ...

    def divide(self, a: P, by: int) -> P:
        """A coefficient divided by a whole number."""
        ...


class Termwise(ABC, Generic[P]):
    """Coefficients that have a part for each monomial, each of a `ring`."""

    ring: Any

    @abstractmethod
    def terms(self, part: P, order: int) -> Mapping[int, Any]:
        """The parts of a coefficient of some order, by their monomials."""

    @abstractmethod
    def collected(self, terms: Mapping[int, Any], order: int) -> P:
        """The coefficient that has these parts."""


class Expansion(Protocol[P]):
    """An expansion under way."""

    @property
    def algebra(self) -> Algebra[P]:
        """How its coefficients are combined."""
        ...

    def facts(self, node: Node) -> Facts:
        """What the node's law asked for."""
        ...

    def series(self, node: Node) -> Series[P]:
        """The coefficients as far as they are known."""
        ...

    def order(self, node: Node, k: int) -> P | None:
        """The coefficient of order k, None where it is zero."""
        ...

    def slopes(self, node: Node, k: int) -> Series[P]:
        """The coefficients of order j times j, up to order k as far as they are known."""
        ...

    def rate(self, node: Node, k: int) -> P | None:
        """The coefficient of order k - 1 of the node's rate."""
        ...
