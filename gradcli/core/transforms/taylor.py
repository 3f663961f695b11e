"""Taylor mode: the Taylor coefficients of outputs along given paths of the variables, from the laws of the table.

For an elementwise y = f(x) with partial p the chain rule dy = p dx, order by order, is
k y_k = sum over j = 1..k of j x_j p_(k-j) (Griewank and Walther 2008, section 13.2). The coefficients p_j
are those of the partial's own expression, which is expanded with the rest. A linear map is applied to each
coefficient, a product convolves, an implicit node has k y_k = r_(k-1) with r its rate along the path.

In several variables an order's coefficient is a homogeneous polynomial, and the same recurrences hold along every
ray through the point, so they hold for the polynomials. Cost: the square of the order for one variable.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from itertools import starmap
from math import e as euler
from math import factorial, log2, prod
from typing import Any, Generic, Protocol, TypeVar

from gradcli.core.ir.laws import Bilinear, Elementwise, Implicit, Linear
from gradcli.core.ir.nodes import Node, filled
from gradcli.core.ir.primitive import Application, Primitive
from gradcli.core.transforms.closure import Closure, Rate, close
from gradcli.core.transforms.masks import added, product, scaled

UNSCALED_UP_TO = 100

V = TypeVar("V")
P = TypeVar("P")

# A series lists coefficients from order 0 on; None is a zero that needs no computing.
Series = list["P | None"]


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


class Algebra(Protocol[P]):
    """How coefficients of any order are combined."""

    def value(self, node: Node) -> P:
        """The coefficient of order 0."""
        ...

    def linear(self, node: Node, args: Sequence[P | None], over: Sequence[int]) -> P:
        """The node's map applied to coefficients of the arguments `over`; None is zero."""
        ...

    def convolve(self, op: Primitive, pairs: Sequence[tuple[P, P]], attrs: Mapping[str, Any]) -> P:
        """The sum of the products of pairs."""
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


class Polynomials(Generic[V]):
    """Homogeneous polynomials: monomials with their coefficients in a ring.

    A monomial is the number whose digits to base `base` are its exponents, so that a product adds numbers.
    """

    def __init__(self, ring: Ring[V]) -> None:
        self.ring = ring

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

    def convolve(
        self, op: Primitive, pairs: Sequence[tuple[dict[int, V], dict[int, V]]], attrs: Mapping[str, Any]
    ) -> dict[int, V]:
        """The product of polynomials, summed over pairs."""
        apply = self.ring.apply
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


class Line(Generic[V]):
    """Polynomials in one variable: the coefficient of an order is one value of a ring."""

    def __init__(self, ring: Ring[V]) -> None:
        self.ring = ring
        self.value, self.add, self.scale, self.divide = ring.value, ring.add, ring.scale, ring.divide

    def linear(self, node: Node, args: Sequence[V | None], over: Sequence[int]) -> V:
        """The map applied to the coefficients."""
        assert isinstance(node, Application)
        ring = self.ring
        values = [
            ring.value(arg) if i not in over else ring.zero(arg) if part is None else part
            for i, (arg, part) in enumerate(zip(node.args, args, strict=True))
        ]
        return ring.apply(node.op, values, node.attrs)

    def convolve(self, op: Primitive, pairs: Sequence[tuple[V, V]], attrs: Mapping[str, Any]) -> V:
        """The sum of the products of pairs."""
        apply = self.ring.apply
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
        self.series: dict[Node, Series[P]] = {}
        self.slopes: dict[Node, Series[P]] = {}
        for node in closure.nodes:
            self.series[node] = [algebra.value(node)]
            if node in paths:
                self.series[node] += paths[node]

    def run(self, outputs: Sequence[Node], order: int) -> list[Series[P]]:
        active = [n for n in self.closure.nodes if n in self.closure.active and isinstance(n, Application)]
        for k in range(1, order + 1):
            for node in active:
                if self.closure.need[node] >= k:
                    self.series[node].append(self._coefficient(node, k))
        return [self.series[output] + [None] * (order + 1 - len(self.series[output])) for output in outputs]

    def _at(self, node: Node, k: int) -> P | None:
        series = self.series[node]
        return series[k] if k < len(series) else None

    def _coefficient(self, node: Node, k: int) -> P | None:
        assert isinstance(node, Application)
        law = node.op.law
        if isinstance(law, Elementwise):
            return self._elementwise(node, k)
        if isinstance(law, Linear):
            return self._linear(node, law, k)
        if isinstance(law, Bilinear):
            return self._bilinear(node, node.op, k)
        if isinstance(law, Implicit):
            return self._implicit(node, self.closure.rates[node], k)
        return None

    def _elementwise(self, node: Node, k: int) -> P | None:
        algebra = self.algebra
        pairs: list[tuple[P, P]] = []
        plain: P | None = None
        for arg, partial in zip(node.args, self.closure.partials[node], strict=True):
            if partial is None:
                continue
            if not isinstance(partial, Node):
                x = self._at(arg, k)
                if x is not None and partial != 0:
                    scaled = algebra.scale(x, partial * k)
                    plain = scaled if plain is None else algebra.add(plain, scaled)
                continue
            coefficients, slopes = self.series[partial], self._slopes(arg, k)
            for j in range(max(1, k + 1 - len(coefficients)), min(k + 1, len(slopes))):
                slope, p = slopes[j], coefficients[k - j]
                if slope is not None and p is not None:
                    pairs.append((slope, p))
        total = algebra.chain(pairs) if pairs else None
        if plain is not None:
            total = plain if total is None else algebra.add(total, plain)
        return None if total is None else total if k == 1 else algebra.divide(total, k)

    def _slopes(self, node: Node, k: int) -> Series[P]:
        """The coefficients of order j times j, as far as they are known."""
        slopes = self.slopes.setdefault(node, [None])
        series = self.series[node]
        for j in range(len(slopes), min(len(series), k + 1)):
            x = series[j]
            slopes.append(x if x is None or j == 1 else self.algebra.scale(x, float(j)))
        return slopes

    def _linear(self, node: Node, law: Linear, k: int) -> P | None:
        over = range(len(node.args)) if law.over is None else law.over
        args = [self._at(arg, k) if i in over else None for i, arg in enumerate(node.args)]
        return None if all(a is None for a in args) else self.algebra.linear(node, args, over)

    def _bilinear(self, node: Node, op: Primitive, k: int) -> P | None:
        a, b = (self.series[arg] for arg in node.args)
        if node.args[0] is node.args[1] and op.commutes:
            return self._square(op, a, k)
        pairs = [
            (u, v)
            for j in range(max(0, k + 1 - len(b)), min(k + 1, len(a)))
            if (u := a[j]) is not None and (v := b[k - j]) is not None
        ]
        return self.algebra.convolve(op, pairs, node.attrs) if pairs else None

    def _square(self, op: Primitive, a: Series[P], k: int) -> P | None:
        """Each product of two different coefficients occurs twice."""
        pairs = [
            (u, v)
            for j in range(max(0, k + 1 - len(a)), (k + 1) // 2)
            if (u := a[j]) is not None and (v := a[k - j]) is not None
        ]
        total = self.algebra.scale(self.algebra.convolve(op, pairs, {}), 2.0) if pairs else None
        middle = a[k // 2] if k % 2 == 0 and k // 2 < len(a) else None
        if middle is None:
            return total
        square = self.algebra.convolve(op, [(middle, middle)], {})
        return square if total is None else self.algebra.add(total, square)

    def _implicit(self, node: Node, rate: Rate, k: int) -> P | None:
        """The rate at order k - 1: the tangents run one order behind their arguments."""
        for arg, tangent in rate.tangents.items():
            self.series.setdefault(tangent, []).append(self._slopes(arg, k)[k] if k < len(self.series[arg]) else None)
        for step in rate.steps:
            self.series.setdefault(step, []).append(self._coefficient(step, k - 1))
        if rate.root in rate.tangents.values() or rate.root in rate.steps:
            total = self.series[rate.root][k - 1]
        else:
            total = None
        return total if total is None or k == 1 else self.algebra.divide(total, k)


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
