"""The few kinds of derivative fact: every primitive obeys one law, and states the fact that it asks for.

A law says what follows from its fact in each mode: the adjoints in reverse mode, the coefficients in Taylor mode (and
so in forward mode), and which elements the result depends on. Nothing else in the project asks which law it is.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence, Set
from enum import Enum
from typing import ClassVar, TypeAlias, TypeVar

from gradcli.core.ir.masks import arriving, masked, scaled, unmasked
from gradcli.core.ir.nodes import Node, Operation, filled, fresh_input, registry
from gradcli.core.ir.series import Expansion, Facts, Series
from gradcli.core.records import record

Partial: TypeAlias = "Callable[..., Node | float]"
Adjoint: TypeAlias = "Callable[..., tuple[Node | None, ...]]"
Adjoints: TypeAlias = "tuple[Node | None, ...]"

P = TypeVar("P")


class Dependence(Enum):
    """Which elements of an argument an element of the result depends on."""

    NONE = "on none"
    SAME = "on the one at its place"
    MOVED = "on some, which a linear map moves or adds up"
    ANY = "on any"


class Law(ABC):
    """What a primitive states of its derivative, and what follows.

    `degree` is that of the result as a polynomial in the arguments, all taken together: 0, 1 or 2, and None where it
    is no polynomial. What has degree 0 or 1 may move elements without arithmetic.
    """

    degree: ClassVar[int | None] = None
    # Whether its coefficients are told of those of a `Termwise` algebra alone.
    termwise: ClassVar[bool] = False

    @abstractmethod
    def pullback(self, node: Node, g: Node, wanted: Sequence[bool]) -> Adjoints:
        """The adjoint of each argument, given the adjoint g of the node; what isn't wanted may be None."""

    @abstractmethod
    def coefficient(self, node: Node, k: int, at: Expansion[P]) -> P | None:
        """The node's Taylor coefficient of order k, from its arguments' up to k; None where it is zero."""

    @abstractmethod
    def dependence(self, node: Node, i: int) -> Dependence:
        """How the node depends on its argument number i."""

    def facts(self, node: Node, active: Set[Node]) -> Facts:
        """What has to be expanded beside the arguments, where those of them move that are active."""
        return Facts()

    def products(self, facts: Facts) -> int:
        """How many series an expansion multiplies for one node."""
        return 0


@record
class Elementwise(Law):
    """One partial for each argument, called with the output y, the arguments and the attributes."""

    partials: tuple[Partial, ...]

    def pullback(self, node: Node, g: Node, wanted: Sequence[bool]) -> Adjoints:
        """The adjoint times each partial."""
        return tuple(
            scaled(g, partial(node, *node.args, **node.attrs)) if want else None
            for partial, want in zip(self.partials, wanted, strict=True)
        )

    def facts(self, node: Node, active: Set[Node]) -> Facts:
        """The partials, which are expanded with the rest."""
        found = tuple(
            partial(node, *node.args, **node.attrs) if arg in active else None
            for partial, arg in zip(self.partials, node.args, strict=True)
        )
        return Facts(found)

    def coefficient(self, node: Node, k: int, at: Expansion[P]) -> P | None:
        """The chain rule dy = p dx: k y_k = sum over j = 1..k of j x_j p_(k-j) (Griewank, Walther 2008, 13.2)."""
        algebra = at.algebra
        pairs: list[tuple[P, P]] = []
        plain: P | None = None
        for arg, partial in zip(node.args, at.facts(node).partials, strict=True):
            if partial is None:
                continue
            if not isinstance(partial, Node):
                x = at.order(arg, k)
                if x is not None and partial != 0:
                    by_number = algebra.scale(x, partial * k)
                    plain = by_number if plain is None else algebra.add(plain, by_number)
                continue
            coefficients, slopes = at.series(partial), at.slopes(arg, k)
            for j in range(max(1, k + 1 - len(coefficients)), min(k + 1, len(slopes))):
                slope, p = slopes[j], coefficients[k - j]
                if slope is not None and p is not None:
                    pairs.append((slope, p))
        total = algebra.chain(pairs) if pairs else None
        if plain is not None:
            total = plain if total is None else algebra.add(total, plain)
        return None if total is None else total if k == 1 else algebra.divide(total, k)

    def dependence(self, node: Node, i: int) -> Dependence:
        """On the element at its place, unless the partial is 0 everywhere."""
        partial = self.partials[i](node, *node.args, **node.attrs)
        return Dependence.SAME if isinstance(partial, Node) or partial != 0 else Dependence.NONE

    def products(self, facts: Facts) -> int:
        """One with each partial that varies."""
        return sum(isinstance(p, Node) for p in facts.partials)


@record
class Linear(Law):
    """The adjoint: called with g, the arguments and the attributes, it gives one adjoint for each argument.

    `over` lists the arguments that the map is linear in (all, where None); the others get None.
    """

    degree: ClassVar[int | None] = 1

    adjoint: Adjoint
    over: tuple[int, ...] | None = None

    def linear_in(self, node: Node) -> Sequence[int]:
        """The numbers of the arguments that the map is linear in."""
        return range(len(node.args)) if self.over is None else self.over

    def pullback(self, node: Node, g: Node, wanted: Sequence[bool]) -> Adjoints:
        """The adjoint, and its mask moved with the elements."""
        mask, value = unmasked(g)
        if mask is None:
            return self.adjoint(g, *node.args, **node.attrs)
        if _op(node).pointwise:
            return tuple(share and masked(mask, share) for share in self.adjoint(value, *node.args, **node.attrs))
        # Elements move or add up. Sending a unit through the same adjoint shows where anything arrives.
        unit = registry["select"](mask, filled(1.0, g), filled(0.0, g))
        return tuple(
            share and seen and masked(arriving(mask, unit, seen), share)
            for share, seen in zip(
                self.adjoint(g, *node.args, **node.attrs), self.adjoint(unit, *node.args, **node.attrs), strict=True
            )
        )

    def coefficient(self, node: Node, k: int, at: Expansion[P]) -> P | None:
        """The map applied to the coefficients."""
        over = self.linear_in(node)
        args = [at.order(arg, k) if i in over else None for i, arg in enumerate(node.args)]
        return None if all(a is None for a in args) else at.algebra.linear(node, args, over)

    def dependence(self, node: Node, i: int) -> Dependence:
        """Where the map moves it."""
        if i not in self.linear_in(node):
            return Dependence.NONE
        return Dependence.SAME if _op(node).pointwise else Dependence.MOVED


@record
class Bilinear(Law):
    """Linear in each of two arguments: called with g, a, b, it gives both adjoints."""

    degree: ClassVar[int | None] = 2

    adjoint: Adjoint

    def pullback(self, node: Node, g: Node, wanted: Sequence[bool]) -> Adjoints:
        """Both adjoints, masked as g is where elements stay at their places."""
        mask, value = unmasked(g)
        a, b = node.args
        if mask is None or not _op(node).pointwise or not mask.shape == a.shape == b.shape:
            return self.adjoint(g, a, b)
        return tuple(share and masked(mask, share) for share in self.adjoint(value, a, b))

    def coefficient(self, node: Node, k: int, at: Expansion[P]) -> P | None:
        """The convolution; in a square each product of two different coefficients occurs twice."""
        a, b = (at.series(arg) for arg in node.args)
        if node.args[0] is node.args[1] and _op(node).commutes:
            return self._square(node, a, k, at)
        pairs = [
            (u, v)
            for j in range(max(0, k + 1 - len(b)), min(k + 1, len(a)))
            if (u := a[j]) is not None and (v := b[k - j]) is not None
        ]
        return at.algebra.convolve(node, pairs) if pairs else None

    def _square(self, node: Node, a: Series[P], k: int, at: Expansion[P]) -> P | None:
        pairs = [
            (u, v)
            for j in range(max(0, k + 1 - len(a)), (k + 1) // 2)
            if (u := a[j]) is not None and (v := a[k - j]) is not None
        ]
        total = at.algebra.scale(at.algebra.convolve(node, pairs), 2.0) if pairs else None
        middle = a[k // 2] if k % 2 == 0 and k // 2 < len(a) else None
        if middle is None:
            return total
        square = at.algebra.convolve(node, [(middle, middle)])
        return square if total is None else at.algebra.add(total, square)

    def dependence(self, node: Node, i: int) -> Dependence:
        """On the element at its place, or on any."""
        return Dependence.SAME if _op(node).pointwise else Dependence.ANY

    def products(self, facts: Facts) -> int:
        """The convolution."""
        return 1


@record
class Implicit(Law):
    """Defined by an equation. `rate(y, *args, *tangents)` is dy; `adjoint(g, y, *args)` its transpose."""

    rate: Callable[..., Node]
    adjoint: Adjoint

    def pullback(self, node: Node, g: Node, wanted: Sequence[bool]) -> Adjoints:
        """The transpose of the rate."""
        return self.adjoint(g, node, *node.args, **node.attrs)

    def facts(self, node: Node, active: Set[Node]) -> Facts:
        """The rate, as a graph of fresh tangents."""
        tangents = {arg: fresh_input("tangent", arg.shape, arg.dtype) for arg in node.args if arg in active}
        along = [tangents[arg] if arg in tangents else filled(0.0, arg) for arg in node.args]
        return Facts(rate=self.rate(node, *node.args, *along, **node.attrs), tangents=tangents)

    def coefficient(self, node: Node, k: int, at: Expansion[P]) -> P | None:
        """The rate at order k - 1 is k y_k: the tangents run one order behind their arguments."""
        total = at.rate(node, k)
        return total if total is None or k == 1 else at.algebra.divide(total, k)

    def dependence(self, node: Node, i: int) -> Dependence:
        """On any."""
        return Dependence.ANY

    def products(self, facts: Facts) -> int:
        """The rate is counted as one."""
        return 1


@record
class Flat(Law):
    """No slope anywhere that counts: the derivative is zero."""

    degree: ClassVar[int | None] = 0

    def pullback(self, node: Node, g: Node, wanted: Sequence[bool]) -> Adjoints:
        """Nothing."""
        return (None,) * len(node.args)

    def coefficient(self, node: Node, k: int, at: Expansion[P]) -> P | None:
        """Zero."""
        return None

    def dependence(self, node: Node, i: int) -> Dependence:
        """On none."""
        return Dependence.NONE


def _op(node: Node) -> Operation:
    assert node.op is not None, f"{node!r} is a leaf"
    return node.op
