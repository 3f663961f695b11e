"""Taylor mode: the Taylor coefficients of outputs along given paths of the variables.

Each law of `gradcli.core.ir.laws` says how a node's coefficient of some order follows from its arguments'; what its
partials are made of is expanded with the rest.

In several variables an order's coefficient is a homogeneous polynomial, and the same recurrences hold along every
ray through the point, so they hold for the polynomials. Cost: the square of the order for one variable.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from functools import reduce
from itertools import starmap
from math import e as euler
from math import factorial, log2, prod
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

from gradcli.core.ir.masks import added, product, scaled
from gradcli.core.ir.nodes import Node, filled
from gradcli.core.ir.primitive import Application, Primitive
from gradcli.core.ir.series import Algebra, Facts, Series, Termwise
from gradcli.core.transforms.closure import Closure, close

# How often each variable was differentiated by.
Exponents: TypeAlias = tuple[int, ...]

UNSCALED_UP_TO = 100

V = TypeVar("V")
P = TypeVar("P")


class Ring(Protocol[V]):
    """What the coefficients are made of: nodes of a graph, or numbers."""

    def value(self, node: Node) -> V:
        """The value of a node where the expansion starts."""
        ...

    def zero(self, node: Node) -> V:
        """A zero of a node's shape and dtype."""
        ...

    def apply(self, op: Primitive, args: Sequence[V], attrs: Mapping[str, Any]) -> V:
        """A primitive applied to values."""
        ...

    def chain(self, rate: V, partial: V) -> V:
        """The product of an argument's rate with a partial, element by element."""
        ...

    def add(self, a: V, b: V) -> V:
        """The sum of two values of one shape."""
        ...

    def scale(self, a: V, factor: float) -> V:
        """A value times a plain number."""
        ...

    def divide(self, a: V, by: int) -> V:
        """A value divided by a whole number."""
        ...


class GraphRing:
    """Coefficients that are nodes, so that an expansion can be differentiated again."""

    def value(self, node: Node) -> Node:
        """The node itself."""
        return node

    def zero(self, node: Node) -> Node:
        """Zeros like the node."""
        return filled(0.0, node)

    def apply(self, op: Primitive, args: Sequence[Node], attrs: Mapping[str, Any]) -> Node:
        """A new node."""
        return op(*args, **attrs)

    def chain(self, rate: Node, partial: Node) -> Node:
        """The product, masked where either factor is."""
        return product(rate, partial)

    def add(self, a: Node, b: Node) -> Node:
        """The sum."""
        return added(a, b)

    def scale(self, a: Node, factor: float) -> Node:
        """The product with a constant."""
        scaled_up = scaled(a, factor)
        return filled(0.0, a) if scaled_up is None else scaled_up

    def divide(self, a: Node, by: int) -> Node:
        """The product with a constant, which costs less than a quotient."""
        return self.scale(a, 1 / by)


class Polynomials(Termwise[dict[int, V]], Generic[V]):
    """Homogeneous polynomials: monomials with their coefficients in a ring.

    A monomial is the number whose digits to base `base` are its exponents, so that a product adds numbers.
    """

    def __init__(self, ring: Ring[V]) -> None:
        self.ring = ring

    def terms(self, part: dict[int, V], order: int) -> Mapping[int, V]:
        """The coefficients by their monomials."""
        return part

    def collected(self, terms: Mapping[int, V], order: int) -> dict[int, V]:
        """The polynomial."""
        return dict(terms)

    def value(self, node: Node) -> dict[int, V]:
        """A polynomial of degree 0."""
        return {0: self.ring.value(node)}

    def linear(self, node: Node, args: Sequence[dict[int, V] | None], over: Sequence[int]) -> dict[int, V]:
        """The map applied to the coefficient of each monomial."""
        assert isinstance(node, Application)
        ring = self.ring
        monomials = dict.fromkeys(m for a in args if a is not None for m in a)
        fixed = {i: ring.value(arg) for i, arg in enumerate(node.args) if i not in over}
        out: dict[int, V] = {}
        for m in monomials:
            values = []
            for i, (arg, part) in enumerate(zip(node.args, args, strict=True)):
                if i in fixed:
                    values.append(fixed[i])
                elif part is not None and m in part:
                    values.append(part[m])
                else:
                    values.append(ring.zero(arg))
            out[m] = ring.apply(node.op, values, node.attrs)
        return out

    def convolve(self, node: Node, pairs: Sequence[tuple[dict[int, V], dict[int, V]]]) -> dict[int, V]:
        """The product of polynomials, summed over pairs."""
        assert isinstance(node, Application)
        apply, op, attrs = self.ring.apply, node.op, node.attrs
        return self._convolved(lambda u, v: apply(op, (u, v), attrs), pairs)

    def chain(self, pairs: Sequence[tuple[dict[int, V], dict[int, V]]]) -> dict[int, V]:
        """The product of rates with partials, summed over pairs."""
        return self._convolved(self.ring.chain, pairs)

    def _convolved(
        self, times: Callable[[V, V], V], pairs: Sequence[tuple[dict[int, V], dict[int, V]]]
    ) -> dict[int, V]:
        add = self.ring.add
        out: dict[int, V] = {}
        for a, b in pairs:
            for m, u in a.items():
                for n, v in b.items():
                    term = times(u, v)
                    before = out.get(m + n)
                    out[m + n] = term if before is None else add(before, term)
        return out

    def add(self, a: dict[int, V], b: dict[int, V]) -> dict[int, V]:
        """The sum, monomial by monomial."""
        out = dict(a)
        for m, v in b.items():
            out[m] = self.ring.add(out[m], v) if m in out else v
        return out

    def scale(self, a: dict[int, V], factor: float) -> dict[int, V]:
        """Each coefficient scaled."""
        return {m: self.ring.scale(v, factor) for m, v in a.items()}

    def divide(self, a: dict[int, V], by: int) -> dict[int, V]:
        """Each coefficient divided."""
        return {m: self.ring.divide(v, by) for m, v in a.items()}


class Line(Termwise[V], Generic[V]):
    """Polynomials in one variable: the coefficient of an order is one value of a ring."""

    def __init__(self, ring: Ring[V]) -> None:
        self.ring: Ring[V] = ring
        self.value, self.add, self.scale, self.divide = ring.value, ring.add, ring.scale, ring.divide

    def terms(self, part: V, order: int) -> Mapping[int, V]:
        """The one coefficient; a monomial of one variable is its degree."""
        return {order: part}

    def collected(self, terms: Mapping[int, V], order: int) -> V:
        """The one coefficient."""
        return terms[order]

    def linear(self, node: Node, args: Sequence[V | None], over: Sequence[int]) -> V:
        """The map applied to the coefficients."""
        assert isinstance(node, Application)
        ring = self.ring
        values = [
            ring.value(arg) if i not in over else ring.zero(arg) if part is None else part
            for i, (arg, part) in enumerate(zip(node.args, args, strict=True))
        ]
        return ring.apply(node.op, values, node.attrs)

    def convolve(self, node: Node, pairs: Sequence[tuple[V, V]]) -> V:
        """The sum of the products of pairs."""
        assert isinstance(node, Application)
        apply, op, attrs = self.ring.apply, node.op, node.attrs
        return reduce(self.add, (apply(op, pair, attrs) for pair in pairs))

    def chain(self, pairs: Sequence[tuple[V, V]]) -> V:
        """The sum of the products of rates with partials."""
        return reduce(self.add, starmap(self.ring.chain, pairs))


def expand(
    outputs: Sequence[Node], paths: Mapping[Node, P], order: int, algebra: Algebra[P], closure: Closure | None = None
) -> list[Series[P]]:
    """The coefficients of each output, orders 0 to `order`, where each variable moves by its first-order coefficient.

    `paths` gives that coefficient for each variable; its shape is the variable's.
    """
    lines: dict[Node, Series[P]] = {node: [step] for node, step in paths.items()}
    return expand_along(outputs, lines, order, algebra, closure)


def expand_along(
    outputs: Sequence[Node],
    paths: Mapping[Node, Series[P]],
    order: int,
    algebra: Algebra[P],
    closure: Closure | None = None,
) -> list[Series[P]]:
    """The same along curves: `paths` gives each variable's coefficients from order 1 on."""
    return _Expansion(closure or close(outputs, paths, order), paths, algebra).run(outputs, order)


class _Expansion(Generic[P]):
    """The state of one expansion: the series of every node of the closure."""

    def __init__(self, closure: Closure, paths: Mapping[Node, Series[P]], algebra: Algebra[P]) -> None:
        self.closure, self.algebra = closure, algebra
        self._series: dict[Node, Series[P]] = {}
        self._slopes: dict[Node, Series[P]] = {}
        for node in closure.nodes:
            self._series[node] = [algebra.value(node)]
            if node in paths:
                self._series[node] += paths[node]

    def run(self, outputs: Sequence[Node], order: int) -> list[Series[P]]:
        """The coefficients of the outputs, order by order of everything."""
        active = [n for n in self.closure.nodes if n in self.closure.active and isinstance(n, Application)]
        for k in range(1, order + 1):
            for node in active:
                if self.closure.need[node] >= k:
                    self._series[node].append(node.op.law.coefficient(node, k, self))
        return [self._series[output] + [None] * (order + 1 - len(self._series[output])) for output in outputs]

    def facts(self, node: Node) -> Facts:
        """What the node's law asked for."""
        return self.closure.facts[node]

    def series(self, node: Node) -> Series[P]:
        """The coefficients as far as they are known."""
        return self._series[node]

    def order(self, node: Node, k: int) -> P | None:
        """The coefficient of order k, None where it is zero."""
        series = self._series[node]
        return series[k] if k < len(series) else None

    def slopes(self, node: Node, k: int) -> Series[P]:
        """The coefficients of order j times j, up to order k as far as they are known."""
        slopes = self._slopes.setdefault(node, [None])
        series = self._series[node]
        for j in range(len(slopes), min(len(series), k + 1)):
            x = series[j]
            slopes.append(x if x is None or j == 1 else self.algebra.scale(x, float(j)))
        return slopes

    def rate(self, node: Node, k: int) -> P | None:
        """The coefficient of order k - 1 of the rate of an implicit node: the tangents run one order behind."""
        facts, steps = self.closure.facts[node], self.closure.steps[node]
        for arg, tangent in facts.tangents.items():
            known = k < len(self._series[arg])
            self._series.setdefault(tangent, []).append(self.slopes(arg, k)[k] if known else None)
        along = _Rate(self, {*steps, *facts.tangents.values()})
        for step in steps:
            assert isinstance(step, Application)
            self._series.setdefault(step, []).append(step.op.law.coefficient(step, k - 1, along))
        moves = facts.rate is not None and (facts.rate in steps or facts.rate in facts.tangents.values())
        return self._series[facts.rate][k - 1] if moves and facts.rate is not None else None


class _Rate(_Expansion[P]):
    """The same within a rate, which is linear in its tangents: what is added to what moves is 0, whatever is in it."""

    def __init__(self, whole: _Expansion[P], moving: Set[Node]) -> None:
        self.__dict__.update(whole.__dict__)
        self._moving = moving

    def order(self, node: Node, k: int) -> P | None:
        """The coefficient of order k of what moves."""
        return super().order(node, k) if node in self._moving else None


def along(outputs: Sequence[Node], tangents: Mapping[Node, Node], order: int) -> list[list[Node]]:
    """The Taylor coefficients 0 to `order` of each output as graph, where each variable moves along its tangent."""
    algebra = Polynomials(GraphRing())
    found = expand(outputs, {node: {1: tangent} for node, tangent in tangents.items()}, order, algebra)
    return [
        [filled(0.0, output) if part is None else next(iter(part.values())) for part in series]
        for output, series in zip(outputs, found, strict=True)
    ]


def partials(
    outputs: Sequence[Node], variables: Sequence[Sequence[Node]], order: int
) -> list[dict[tuple[int, ...], Node]]:
    """Every partial of each output up to an order as graph, by the exponents of the variables; zeros are left out.

    A variable is one node or several, all of whose elements grow alike.
    """
    scale = Scale(order)
    units = unit_monomials(len(variables), order)
    paths = {n: {unit: filled(scale.step, n)} for nodes, unit in zip(variables, units, strict=True) for n in nodes}
    return [
        {
            exponents: node if (weight := scale.weight(exponents)) == 1.0 else node * weight
            for part in series
            for monomial, node in (part or {}).items()
            for exponents in [exponents_of(monomial, len(variables), order)]
        }
        for series in expand(outputs, paths, order, Polynomials(GraphRing()))
    ]


def unit_monomials(variables: int, order: int) -> list[int]:
    """The monomial of degree 1 of each variable, in expansions up to an order."""
    return [(order + 1) ** i for i in range(variables)]


def exponents_of(monomial: int, variables: int, order: int) -> tuple[int, ...]:
    """The exponent of each variable in a monomial."""
    return tuple(monomial // unit % (order + 1) for unit in unit_monomials(variables, order))


class Scale:
    """From coefficients to derivatives, which differ by factorials.

    From order 100 on the factorials, and the coefficients of an entire function, leave the range of a float. Then the
    variable is scaled by a power of 2 such that a coefficient is about the size of its derivative.
    """

    def __init__(self, order: int) -> None:
        self._shift = 0 if order <= UNSCALED_UP_TO else round(log2(order / euler))
        self.step = 2.0**self._shift

    def weight(self, exponents: Sequence[int], coefficient: bool = False) -> float:
        """What a coefficient of the scaled variable is multiplied by to be the derivative, or that of the variable."""
        factorials: int = 1 if coefficient else prod(factorial(n) for n in exponents)
        # A quotient of ints is rounded once, however large they are.
        return float(factorials / 2 ** (self._shift * sum(exponents)))
