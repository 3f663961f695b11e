"""Germs: what a graph is right beside a point, along a ray, as a truncated power series in the distance.

At a corner, a tie or a quotient of zeros, the value of a derivative's graph at the point itself is a convention or
nan; right beside the point every choice has one side, and each quotient is one of series. The distance is t = s^r, with
a whole number r such that powers and roots of t are whole powers of s (Puiseux series); exponents of s may be negative.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from math import lcm
from typing import Any, TypeAlias

import numpy as np

from gradcli.core.analysis.coefficients import Arrays
from gradcli.core.analysis.local import expandable
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.laws import Linear
from gradcli.core.ir.nodes import Constant, Node, fresh_input
from gradcli.core.ir.primitive import Primitive
from gradcli.core.ir.traversal import reachable
from gradcli.core.primitives import elementwise as ew
from gradcli.core.primitives import reciprocals as rc
from gradcli.core.records import record
from gradcli.core.transforms.taylor import Line, expand_along

Array: TypeAlias = "np.ndarray[Any, Any]"

# What one operation leaves of rounding, and how many times the bound a coefficient must be to be no rounding.
EPSILON, CERTAIN = 2.0**-52, 8.0
# Powers whose exponents have larger denominators are taken for no power series.
LARGEST_RAMIFICATION = 24
# Longer series take longer than anybody waits for the word that there is no derivative.
WIDEST = 400
DEEPEST_POLE = 16


class RamifiedError(Exception):
    """The series needs whole powers of a smaller root of t; `denominator` says of which."""

    def __init__(self, denominator: int) -> None:
        super().__init__(denominator)
        self.denominator = denominator


class UntoldError(Exception):
    """A primitive with an edge of which no germ is known."""


@record
class Germ:
    """Coefficients along the first axis, from the lowest exponent on; those of exponents below `known` are right.

    `noise` bounds, about, what rounding has done to each; `known` counts for each element. Where an element has no
    series, all its coefficients are nan.
    """

    coefficients: Array
    noise: Array
    known: Array


Side: TypeAlias = "Germ | Array"


class Germs:
    """The germs of a graph's nodes where the inputs leave `point` along `direction`, both by input.

    Exponents of s run from -`poles` to `order`, t being s to the power `root`. With `stopped` what is behind a
    stop_gradient stays where it is, as for what is differentiated yet; in a derivative it moves as all else does.
    """

    def __init__(
        self,
        point: Mapping[Node, Any],
        direction: Mapping[Node, Any],
        order: int,
        poles: int,
        root: int = 1,
        stopped: bool = False,
    ) -> None:
        self._point, self._direction, self.stopped = point, direction, stopped
        self.order, self.poles, self.root = order, poles, root
        self._width = poles + order + 1
        self._found: dict[Node, Side] = {}

    def of(self, outputs: Sequence[Node]) -> list[Side]:
        """The germ of each output; an array for what is no real number.

        Raises:
            RamifiedError: where a smaller root of t is needed.
        """
        with np.errstate(all="ignore"):
            for node in reachable(outputs):
                if node not in self._found:
                    self._found[node] = self._germ(node)
        return [self._found[node] for node in outputs]

    def coefficient(self, germ: Germ, exponent: int) -> Array:
        """The coefficient of a power of s; nan where it is not known."""
        row = germ.coefficients[exponent + self.poles]
        return np.where(germ.known > exponent, row, np.nan)

    def limit(self, germ: Side) -> tuple[Array, Array]:
        """The value that the germ tends to, infinite ones included, nan where that is not known; and its noise."""
        if not isinstance(germ, Germ):
            value = np.asarray(germ, dtype=float)
            return value, np.zeros_like(value)
        first, leading = self._leading(germ)
        grows = (first < 0) & (germ.known > first)
        value = np.where(grows, np.copysign(np.inf, leading), self.coefficient(germ, 0))
        return value, germ.noise[self.poles]

    # Nodes.

    def _germ(self, node: Node) -> Side:
        if node in self._direction:
            germ = self.real(np.asarray(self._point[node], dtype=float))
            if self.order >= self.root:
                germ.coefficients[self.poles + self.root] = self._direction[node]
            return germ
        if node in self._point:
            return np.asarray(self._point[node])
        if isinstance(node, Constant):
            return np.asarray(node.value, dtype=node.dtype.value)
        op = node.op
        assert isinstance(op, Primitive), f"{node!r} has no value"
        sides = [self._found[arg] for arg in node.args]
        if not any(isinstance(side, Germ) for side in sides):
            return np.asarray(_kernel(op, sides, node.attrs), dtype=node.dtype.value)
        rule = _RULES.get(op.name)
        if rule is not None:
            return self._settled(rule(self, *sides, **node.attrs))
        if op.edge is not None:
            heads = [self.coefficient(side, 0) if isinstance(side, Germ) else side for side in sides]
            if np.any(op.edge.at(heads, np.asarray(_kernel(op, heads, node.attrs)), **node.attrs)):
                raise UntoldError(op.name)
        if op.law.degree == 1:
            return self._settled(self._linear(op, sides, node))
        if op.law.degree == 0:
            heads = [self.coefficient(side, 0) if isinstance(side, Germ) else side for side in sides]
            return np.asarray(_kernel(op, heads, node.attrs), dtype=node.dtype.value)
        return self._settled(self._regular(op, sides, node))

    def _settled(self, side: Side) -> Side:
        """With an element that has no series in one form."""
        if not isinstance(side, Germ):
            return side
        bad = ~np.isfinite(side.coefficients).all(axis=0) | (side.known <= -self.poles)
        if not bad.any():
            return side
        return Germ(
            np.where(bad, np.nan, side.coefficients),
            np.where(bad, 0.0, side.noise),
            np.where(bad, -self.poles, side.known),
        )

    def real(self, side: Side) -> Germ:
        """The germ, of a constant one with all other coefficients 0."""
        if isinstance(side, Germ):
            return side
        value = np.asarray(side, dtype=float)
        coefficients = np.zeros((self._width, *value.shape))
        coefficients[self.poles] = value
        return Germ(coefficients, np.zeros_like(coefficients), np.full(value.shape, self.order + 1))

    def _linear(self, op: Primitive, sides: Sequence[Side], node: Node) -> Germ:
        assert isinstance(op.law, Linear)
        germs = [side for side in sides if isinstance(side, Germ)]
        over = op.law.linear_in(node)
        parts = [self.real(side) if i in over else side for i, side in enumerate(sides)]
        rows, noise = [], []
        for i in range(self._width):
            rows.append(_kernel(op, [p.coefficients[i] if isinstance(p, Germ) else p for p in parts], node.attrs))
            noise.append(_kernel(op, [p.noise[i] if isinstance(p, Germ) else p for p in parts], node.attrs))
        coefficients = np.array(rows, dtype=float)
        # What moves elements or adds them up does so with their noise.
        return Germ(coefficients, abs(np.array(noise)) + EPSILON * abs(coefficients), _together(op, germs, node))

    def _regular(self, op: Primitive, sides: Sequence[Side], node: Node) -> Germ:
        """A function that has a Taylor series at the point, along the curve that its arguments are."""
        germs = [self.real(side) for side in sides]
        if op.law.degree == 2:
            return self._bilinear(op, germs, node)
        of = expandable(op, node.args, node.attrs, self.order)
        heads = [germ.coefficients[self.poles] for germ in germs]
        values = dict(zip(of.closure.nodes, of.program(*heads), strict=True))
        paths: dict[Node, list[Any]] = {
            x: list(germ.coefficients[self.poles + 1 :]) for x, germ in zip(of.inputs, germs, strict=True)
        }
        (series,) = expand_along([of.output], paths, self.order, Line(Arrays(values)), of.closure)
        coefficients = np.zeros((self._width, *node.shape))
        for k, value in enumerate(series):
            if value is not None:
                coefficients[self.poles + k] = value
        diverges = np.any([(germ.coefficients[: self.poles] != 0).any() for germ in germs])
        known = np.full(node.shape, -self.poles) if diverges else _together(op, germs, node)
        largest = np.maximum.accumulate(abs(coefficients), axis=0)
        return Germ(coefficients, 4 * EPSILON * abs(coefficients) + _relative(germs) * largest, known)

    def applied(self, op: Primitive, side: Side) -> Germ:
        """A primitive of one argument, where it has a Taylor series."""
        germ = self.real(side)
        return self._regular(op, [germ], op(fresh_input("u", germ.known.shape, DType.FLOAT64)))

    def _bilinear(self, op: Primitive, germs: Sequence[Germ], node: Node) -> Germ:
        """A product that adds up elements; how far it is known is told for all of them together."""
        a, b = germs
        coefficients, noise = np.zeros((self._width, *node.shape)), np.zeros((self._width, *node.shape))
        for i, (u, lost) in enumerate(zip(a.coefficients, a.noise, strict=True)):
            if not u.any():
                continue
            for j in range(max(0, self.poles - i), min(self._width, self._width + self.poles - i)):
                v, other = b.coefficients[j], b.noise[j]
                coefficients[i + j - self.poles] += _kernel(op, [u, v], node.attrs)
                noise[i + j - self.poles] += _kernel(op, [abs(u), other + EPSILON * abs(v)], node.attrs)
                noise[i + j - self.poles] += _kernel(op, [lost, abs(v)], node.attrs)
        first_a, first_b = (self._leading(g)[0].min(initial=self.order + 1) for g in (a, b))
        known = min(
            first_a + b.known.min(initial=self.order + 1), first_b + a.known.min(initial=self.order + 1), self.order + 1
        )
        return Germ(coefficients, noise, np.full(node.shape, known))

    # Series of single elements.

    def _leading(self, germ: Germ) -> tuple[Array, Array]:
        """The exponent of the first term of each element and its coefficient; `known` and 0 where there is none."""
        there = abs(germ.coefficients) > CERTAIN * germ.noise
        row = there.argmax(axis=0)
        exponent = np.where(there.any(axis=0), row - self.poles, germ.known)
        leading = np.take_along_axis(germ.coefficients, row[None], axis=0)[0]
        seen = there.any(axis=0) & (exponent < germ.known)
        return np.where(seen, exponent, germ.known), np.where(seen, leading, 0.0)

    def sign(self, side: Side) -> Array:
        """-1, 0 or 1 as the germ is right beside the point; nan where it has no series."""
        germ = self.real(side)
        _, leading = self._leading(germ)
        return np.where(np.isnan(germ.coefficients).any(axis=0), np.nan, np.sign(leading))

    def less(self, a: Side, b: Side) -> Germ:
        """The difference."""
        a, b = self.real(a), self.real(b)
        coefficients = a.coefficients - b.coefficients
        # An infinite constant is compared with, and is as large as it is.
        noise = a.noise + b.noise + np.where(np.isfinite(coefficients), EPSILON * abs(coefficients), 0.0)
        return Germ(coefficients, noise, np.minimum(a.known, b.known))

    def times(self, a: Side, b: Side) -> Germ:
        """The product."""
        a, b = self.real(a), self.real(b)
        coefficients, noise = np.zeros_like(a.coefficients), np.zeros_like(a.coefficients)
        for i, (row, lost) in enumerate(zip(a.coefficients, a.noise, strict=True)):
            if row.any():
                low, high = max(0, self.poles - i), min(self._width, self._width + self.poles - i)
                there = slice(i + low - self.poles, i + high - self.poles)
                v, other = b.coefficients[low:high], b.noise[low:high]
                coefficients[there] += row * v
                noise[there] += abs(row) * (other + EPSILON * abs(v)) + lost * abs(v)
        first_a, first_b = self._leading(a)[0], self._leading(b)[0]
        known = np.minimum(np.minimum(first_a + b.known, first_b + a.known), self.order + 1)
        below = first_a + first_b < -self.poles
        return Germ(np.where(below, np.nan, coefficients), noise, known)

    def power(self, side: Side, exponent: float) -> Germ:
        """A power known in advance, by Miller's recurrence for the series over its first term."""
        germ = self.real(side)
        if exponent == 0:
            return self.real(np.ones(germ.known.shape))
        first, leading = self._leading(germ)
        vanishes = leading == 0
        ratio = Fraction(exponent).limit_denominator(1000)
        moved = first * ratio.numerator
        uneven = (moved % ratio.denominator != 0) & ~vanishes
        if uneven.any():
            raise RamifiedError(ratio.denominator)
        lowest = moved // ratio.denominator
        rows = np.arange(self._width).reshape(-1, *(1,) * first.ndim)
        source = rows + first + self.poles
        inside = source < self._width
        place = np.minimum(source, self._width - 1)
        s = np.where(inside, np.take_along_axis(germ.coefficients, place, axis=0), 0.0)
        lost = np.where(inside, np.take_along_axis(germ.noise, place, axis=0), 0.0)
        head = np.where(vanishes, 1.0, leading)
        r, bound = np.zeros_like(s), np.zeros_like(s)
        r[0] = np.power(head, exponent)
        bound[0] = abs(r[0])
        for k in range(1, self._width):
            weights = [(j * exponent - (k - j)) for j in range(1, k + 1)]
            terms = [w * s[j] * r[k - j] for j, w in enumerate(weights, 1)]
            bounds = [abs(w * s[j]) * bound[k - j] for j, w in enumerate(weights, 1)]
            r[k] = sum(terms[1:], terms[0]) / (k * head)
            bound[k] = sum(bounds[1:], bounds[0]) / (k * abs(head))
        noise = 4 * EPSILON * bound
        for j in range(self._width):
            noise[j:] += abs(exponent) * lost[j] / abs(head) * bound[: self._width - j]
        target = rows - (lowest + self.poles)
        fits = (target >= 0) & (target < self._width)
        taken = np.clip(target, 0, self._width - 1)
        coefficients = np.where(fits, np.take_along_axis(r, taken, axis=0), 0.0)
        noise = np.where(fits, np.take_along_axis(noise, taken, axis=0), 0.0)
        known = np.minimum(lowest + germ.known - first, self.order + 1)
        # Of a series that is 0 as far as it is known, a positive power is so further on.
        zeros = np.floor(germ.known * exponent).astype(int) if exponent > 0 else np.full_like(known, -self.poles)
        nowhere = np.isnan(germ.coefficients).any(axis=0) | ((lowest < -self.poles) & ~vanishes)
        return Germ(
            np.where(nowhere, np.nan, np.where(vanishes, 0.0, coefficients)),
            np.where(vanishes, 0.0, noise),
            np.where(vanishes, np.minimum(zeros, self.order + 1), known),
        )

    def chosen(self, condition: Array, a: Side, b: Side) -> Germ:
        """One of two, element by element."""
        a, b = self.real(a), self.real(b)
        return Germ(
            np.where(condition, a.coefficients, b.coefficients),
            np.where(condition, a.noise, b.noise),
            np.where(condition, a.known, b.known),
        )

    def scaled(self, side: Side, factor: Any) -> Germ:
        """A multiple."""
        germ = self.real(side)
        return Germ(germ.coefficients * factor, germ.noise * abs(factor), germ.known)

    def rounded(self, side: Side, function: Callable[[Array], Array]) -> Array:
        """A step function: at a step, the value of the side that the germ is on."""
        germ = self.real(side)
        if (abs(germ.coefficients[: self.poles]) > CERTAIN * germ.noise[: self.poles]).any():
            # What grows without bound crosses one step after the other.
            raise UntoldError("a step at a pole")
        head = germ.coefficients[self.poles]
        rest = Germ(germ.coefficients.copy(), germ.noise, germ.known)
        rest.coefficients[self.poles] = 0.0
        sign = self.sign(rest)
        beside = np.where(sign == 0, head, np.nextafter(head, np.copysign(np.inf, sign)))
        value: Array = function(beside)
        return value

    def largest(self, side: Side, shape: tuple[int, ...]) -> Germ:
        """The largest element of each group, told by the first coefficients that differ."""
        germ = self.real(side)
        axes = tuple(i for i, n in enumerate(shape) if n == 1 and germ.known.shape[i] != 1)
        candidates = np.ones(germ.known.shape, dtype=bool)
        rows = []
        for row in germ.coefficients:
            best = np.where(candidates, row, -np.inf).max(axis=axes, keepdims=True)
            candidates &= row >= best - CERTAIN * EPSILON * abs(best)
            rows.append(best)
        noise = germ.noise.max(axis=tuple(i + 1 for i in axes), keepdims=True)
        return Germ(np.array(rows), noise, germ.known.min(axis=axes, keepdims=True))

    def in_order(self, side: Side, axis: int) -> Array:
        """The numbers of the elements in ascending order as they are right beside the point; alike ones as they stand.

        Raises:
            UntoldError: for elements without a series.
        """
        germ = self.real(side)
        if np.isnan(germ.coefficients).any():
            raise UntoldError("argsort")
        # Told by the first coefficients that differ.
        ranks = [_ranks(row, lost, axis) for row, lost in zip(germ.coefficients, germ.noise, strict=True)]
        return np.lexsort(ranks[::-1], axis=axis)


def _ranks(row: Array, noise: Array, axis: int) -> Array:
    """Numbers in the order of the elements, the same for those that differ by no more than noise."""
    order = np.argsort(row, axis=axis, kind="stable")
    ordered, lost = np.take_along_axis(row, order, axis), np.take_along_axis(noise, order, axis)
    n = row.shape[axis]
    above, below = (range(1, n), range(max(n - 1, 0)))
    apart = np.diff(ordered, axis=axis) > CERTAIN * (lost.take(above, axis) + lost.take(below, axis))
    ranks = np.zeros(row.shape, dtype=np.int64)
    np.put_along_axis(ranks, order.take(above, axis), np.cumsum(apart, axis=axis), axis)
    return ranks


def _kernel(op: Primitive, args: Sequence[Any], attrs: Mapping[str, Any]) -> Any:
    kernel = op.kernel
    return getattr(np, kernel)(*args, **attrs) if isinstance(kernel, str) else kernel(np, *args, **attrs)


def _together(op: Primitive, germs: Sequence[Germ], node: Node) -> Array:
    """How far a result is known: each element as far as its own arguments, or all as far as the least of them."""
    if op.pointwise and all(germ.known.shape == node.shape for germ in germs):
        known: Array = np.minimum.reduce([germ.known for germ in germs])
        return known
    return np.full(node.shape, min(germ.known.min(initial=10**6) for germ in germs))


def _relative(germs: Sequence[Germ]) -> float:
    """The noise of arguments beside what of them moves."""
    noise = max(float(germ.noise.max(initial=0.0)) for germ in germs)
    moving = max(float(np.nanmax(abs(germ.coefficients), initial=0.0)) for germ in germs)
    return noise / moving if moving else 0.0


def _hypotenuse(g: Germs, a: Side, b: Side) -> Germ:
    x, y = g.times(a, a), g.times(b, b)
    return g.power(g.less(x, g.scaled(y, -1.0)), 0.5)


def _root(g: Germs, x: Side, *, order: int) -> Germ:
    if order % 2 == 0:
        return g.power(x, 1 / order)
    sign = g.sign(x)
    return g.scaled(g.power(g.scaled(x, sign), 1 / order), sign)


def _quotient(op: Primitive, above: Primitive | None, below: Primitive) -> Callable[[Germs, Side], Germ]:
    """The rule of what has a pole at 0: the quotient that it is there, and elsewhere its own Taylor series."""

    def rule(g: Germs, x: Side) -> Germ:
        if np.all(g.coefficient(g.real(x), 0) != 0):
            return g.applied(op, x)
        one_over = g.power(g.applied(below, x), -1.0)
        return one_over if above is None else g.times(g.applied(above, x), one_over)

    return rule


def _compared(holds: Callable[[Array], Array]) -> Callable[..., Array]:
    return lambda g, a, b: holds(g.sign(g.less(a, b)))


def _remainder(g: Germs, a: Side, b: Side) -> Germ:
    return g.less(a, g.times(b, g.rounded(g.times(a, g.power(b, -1.0)), np.floor)))


def _general_power(g: Germs, a: Side, b: Side, *, below: int = 0, logs: int = 0) -> Germ:
    """A power whose exponent does not move: the others have no power series at 0, and one elsewhere."""
    exponent = g.real(b)
    fixed = exponent.coefficients[g.poles]
    rest = exponent.coefficients.copy()
    rest[g.poles] = 0.0
    if logs or rest.any() or fixed.size != 1:
        raise RamifiedError(LARGEST_RAMIFICATION + 1)
    value, factor = float(fixed.reshape(-1)[0]), 1.0
    for i in range(below):
        factor *= value - i
    return g.scaled(g.power(a, value - below), factor)


# What has no Taylor series somewhere, or a choice of its own. Nothing else is more than its derivatives.
_RULES: Mapping[str, Callable[..., Side]] = {
    "multiply": lambda g, a, b: g.times(a, b),
    "subtract": lambda g, a, b: g.less(a, b),
    "divide": lambda g, a, b: g.times(a, g.power(b, -1.0)),
    "not_negative": lambda g, x: x,
    "reciprocal": lambda g, x: g.power(x, -1.0),
    "sqrt": lambda g, x: g.power(x, 0.5),
    "cbrt": lambda g, x: _root(g, x, order=3),
    "root": _root,
    "log_to_base": lambda g, x, base: g.times(g.applied(ew.log, x), g.power(g.applied(ew.log, base), -1.0)),
    "csc": _quotient(rc.csc, None, ew.sin),
    "cot": _quotient(rc.cot, ew.cos, ew.sin),
    "csch": _quotient(rc.csch, None, ew.sinh),
    "coth": _quotient(rc.coth, ew.cosh, ew.sinh),
    "constant_power": lambda g, x, *, exponent: g.power(x, exponent),
    "power": _general_power,
    "hypot": _hypotenuse,
    "part_of_length": lambda g, a, b: g.times(a, g.power(_hypotenuse(g, a, b), -1.0)),
    "abs": lambda g, x: g.scaled(x, g.sign(x)),
    "sign": lambda g, x: g.sign(x),
    "relu": lambda g, x: g.scaled(x, np.where(g.sign(x) > 0, 1.0, 0.0 * g.sign(x))),
    "maximum": lambda g, a, b: g.chosen(g.sign(g.less(a, b)) >= 0, a, b),
    "minimum": lambda g, a, b: g.chosen(g.sign(g.less(a, b)) <= 0, a, b),
    "select": lambda g, condition, a, b: g.chosen(np.asarray(condition), a, b),
    "greater": _compared(lambda sign: sign > 0),
    "less": _compared(lambda sign: sign < 0),
    "greater_equal": _compared(lambda sign: sign >= 0),
    "less_equal": _compared(lambda sign: sign <= 0),
    "equal": _compared(lambda sign: sign == 0),
    "not_equal": _compared(lambda sign: sign != 0),
    "floor": lambda g, x: g.rounded(x, np.floor),
    "ceil": lambda g, x: g.rounded(x, np.ceil),
    "round": lambda g, x, *, decimals: g.rounded(x, lambda v: np.round(v, decimals)),
    "floor_divide": lambda g, a, b: g.rounded(g.times(a, g.power(b, -1.0)), np.floor),
    "remainder": _remainder,
    "stop_gradient": lambda g, x: g.coefficient(x, 0) if g.stopped and isinstance(x, Germ) else x,
    "max_to": lambda g, x, *, shape: g.largest(x, shape),
    "argsort": lambda g, x, *, axis: g.in_order(x, axis),
    "cast": lambda g, x, *, dtype: g.real(x) if dtype.startswith("float") else g.sign(x) != 0,
}


def germs_of(
    outputs: Sequence[Node],
    point: Mapping[Node, Any],
    direction: Mapping[Node, Any],
    order: int,
    stopped: bool = False,
) -> tuple[Germs, list[Side]] | None:
    """The germs of outputs to an order in t, with as many roots of t as they need; None where they have none."""
    root = 1
    while root <= LARGEST_RAMIFICATION and order * root <= WIDEST:
        germs = Germs(point, direction, order * root, min(order, DEEPEST_POLE) * root, root, stopped)
        try:
            return germs, germs.of(outputs)
        except UntoldError:
            return None
        except RamifiedError as error:
            wanted = lcm(root, error.denominator)
            if wanted == root:
                return None
            root = wanted
    return None
