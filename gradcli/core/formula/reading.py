"""From a graph to a formula."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from math import comb

from gradcli.core.formula.algebra import Algebra, Formula, TooLongError, UnreadableError, exact
from gradcli.core.formula.guards import Guards
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Constant, Input, Node, Parameter
from gradcli.core.ir.primitive import Application
from gradcli.core.ir.shapes import size_of
from gradcli.core.ir.traversal import reachable
from gradcli.core.primitives.general_power import multiplied_out

MOST_NODES = 400


def _general_power(algebra: Algebra, a: Formula, b: Formula, *, below: int = 0, logs: int = 0) -> Formula:
    """a^b differentiated by a and by b, see `gradcli.core.primitives.general_power`."""
    base = algebra.function("power", (a, algebra.add(b, algebra.number(Fraction(-below)))))
    if not below and not logs:
        return base
    total = algebra.number(Fraction(0))
    for j, coefficients in enumerate(multiplied_out(below, logs)):
        factor = algebra.number(Fraction(0))
        for i, c in enumerate(coefficients):
            if c:
                power = algebra.scale(algebra.power(b, Fraction(i)), Fraction(comb(logs, j) * c))
                factor = algebra.add(factor, power)
        if j < logs:
            factor = algebra.multiply(factor, algebra.power(algebra.function("log", (a,)), Fraction(logs - j)))
        total = algebra.add(total, algebra.multiply(factor, base))
    return total


def _beta(algebra: Algebra, a: Formula, b: Formula, *, by_a: int = 0, by_b: int = 0) -> Formula:
    """The beta function and its first derivatives, by digammas."""
    if by_a + by_b > 1:
        raise UnreadableError
    whole = algebra.function("beta", (a, b))
    if not by_a + by_b:
        return whole
    mine, both = (algebra.function("polygamma", (x,), (("order", 0),)) for x in (a if by_a else b, algebra.add(a, b)))
    return algebra.multiply(whole, algebra.subtract(mine, both))


def _in_order(a: Formula, b: Formula) -> tuple[Formula, Formula]:
    """Two arguments whose order is no matter, as they were met first."""
    first, second = (min((f.serial for term, _ in x.terms for f, _ in term), default=-1) for x in (a, b))
    return (a, b) if first <= second else (b, a)


def _sigmoid_slope(algebra: Algebra, a: Formula) -> Formula:
    both = (algebra.function("sigmoid", (u,)) for u in (a, algebra.scale(a, Fraction(-1))))
    return algebra.multiply(*both)


_MADE: Mapping[str, Callable[..., Formula]] = {
    "add": Algebra.add,
    "subtract": Algebra.subtract,
    "negate": lambda algebra, a: algebra.scale(a, Fraction(-1)),
    "multiply": Algebra.multiply,
    "divide": Algebra.divide,
    "reciprocal": lambda algebra, a: algebra.power(a, Fraction(-1)),
    "sqrt": lambda algebra, a: algebra.power(a, Fraction(1, 2)),
    "broadcast": lambda algebra, a, **attrs: a,
    "reshape": lambda algebra, a, **attrs: a,
    "sum_to": lambda algebra, a, **attrs: a,
    "constant_power": lambda algebra, a, *, exponent: algebra.power(a, exact(exponent)),
    "power": _general_power,
    "beta": _beta,
    "half_exp2": lambda algebra, a: algebra.scale(algebra.function("exp2", (a,)), Fraction(1, 2)),
    "one_less_square": lambda algebra, a: _one_less(algebra, algebra.power(a, Fraction(2))),
    "leg": lambda algebra, a: algebra.power(_less_one(algebra, algebra.power(a, Fraction(2))), Fraction(1, 2)),
    "log_to_base": lambda algebra, a, b: algebra.divide(*(algebra.function("log", (x,)) for x in (a, b))),
    "part_of_length": lambda algebra, a, b: algebra.divide(a, algebra.function("hypot", _in_order(a, b))),
    "sigmoid_slope": _sigmoid_slope,
    "sech2": lambda algebra, a: _one_less(algebra, algebra.power(algebra.function("tanh", (a,)), Fraction(2))),
}


def _less_one(algebra: Algebra, a: Formula) -> Formula:
    return algebra.subtract(a, algebra.number(Fraction(1)))


def _one_less(algebra: Algebra, a: Formula) -> Formula:
    """1 - a, which stays together in a product."""
    return algebra.parentheses(algebra.subtract(algebra.number(Fraction(1)), a))


class Reader:
    """Reads graphs as formulas of one algebra."""

    def __init__(self, algebra: Algebra | None = None) -> None:
        self.algebra = algebra or Algebra()
        self._guards = Guards(self.algebra)

    def read(self, node: Node) -> Formula:
        """The formula of a node.

        Raises:
            UnreadableError: where elements move or meet, where numbers leave the floats, or where it is too long.
        """
        order = reachable([node])
        if len(order) > MOST_NODES:
            raise TooLongError
        shapes = {n.shape for n in order if isinstance(n, (Input, Parameter))}
        if len(shapes) > 1:
            raise UnreadableError
        found: dict[Node, Formula] = {}
        for n in order:
            self.algebra.charge(1)
            found[n] = self._formula(n, [found[arg] for arg in n.args], next(iter(shapes), node.shape))
        return self.algebra.add(found[node], self.algebra.number(Fraction(0)))

    def _formula(self, node: Node, args: Sequence[Formula], shape: tuple[int, ...]) -> Formula:
        if isinstance(node, (Input, Parameter)):
            return self.algebra.variable(node.name)
        if isinstance(node, Constant):
            return self._constant(node)
        assert isinstance(node, Application)
        name = node.kind
        if name in ("sum_to", "reshape") and size_of(node.args[0].shape) != 1:
            raise UnreadableError
        if name == "cast":
            return self._cast(node, args[0])
        if name in _MADE:
            return _MADE[name](self.algebra, *args, **node.attrs)
        if not node.op.broadcasts or node.shape not in ((), shape):
            raise UnreadableError
        if name == "select":
            return self._guards.choice(*args)
        return self.algebra.function(name, tuple(args), tuple(node.attrs.items()))

    def _constant(self, node: Constant) -> Formula:
        value = node.value
        if node.shape != ():
            if size_of(node.shape) != 1:
                raise UnreadableError
            value = value.item()
        if node.dtype is DType.BOOL:
            return self.algebra.variable("true" if value else "false")
        return self.algebra.number(exact(float(value)))

    def _cast(self, node: Node, a: Formula) -> Formula:
        """The same value in another type, as long as it is the same."""
        before = node.args[0].dtype
        if node.dtype is DType.BOOL and before is not DType.BOOL:
            return self.algebra.function("not_equal", (a, self.algebra.number(Fraction(0))))
        if before.is_float and not node.dtype.is_float:
            raise UnreadableError
        return a


def read(node: Node) -> Formula:
    """The formula of a node alone.

    Raises:
        UnreadableError: where it has none, or none short enough.
    """
    return Reader().read(node)
