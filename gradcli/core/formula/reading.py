"""From a graph to a formula."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from fractions import Fraction
from math import comb
from types import MappingProxyType

from gradcli.core.formula.algebra import Algebra, Formula, UnreadableError, number_of
from gradcli.core.formula.constants import constant_formula
from gradcli.core.formula.elements import elements
from gradcli.core.formula.guards import Guards
from gradcli.core.formula.numbers import of_numbers
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Constant, Input, Node, Parameter
from gradcli.core.ir.primitive import Application
from gradcli.core.ir.shapes import size_of
from gradcli.core.ir.standing import as_typed
from gradcli.core.ir.templates import applied
from gradcli.core.ir.traversal import reachable
from gradcli.core.primitives.general_power import multiplied_out


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


_ARITHMETIC: Mapping[str, Callable[..., Formula]] = {
    "add": Algebra.add,
    "subtract": Algebra.subtract,
    "negate": lambda algebra, a: algebra.scale(a, Fraction(-1)),
    "multiply": Algebra.multiply,
    "divide": lambda algebra, a, b: _quotient(algebra, a, b),
    "reciprocal": lambda algebra, a: algebra.power(a, Fraction(-1)),
    "sqrt": lambda algebra, a: algebra.power(a, Fraction(1, 2)),
    "broadcast": lambda algebra, a, **attrs: a,
    "reshape": lambda algebra, a, **attrs: a,
    "sum_to": lambda algebra, a, **attrs: a,
    "max_to": lambda algebra, a, **attrs: a,
    "constant_power": lambda algebra, a, *, exponent: _constant_power(algebra, a, exponent),
    "power": _general_power,
}


def _quotient(algebra: Algebra, a: Formula, b: Formula) -> Formula:
    value = number_of(b)
    if isinstance(value, Fraction) and value.denominator == 1:
        algebra.denominators.add(abs(value.numerator))
    return algebra.divide(a, b)


def _constant_power(algebra: Algebra, a: Formula, exponent: float) -> Formula:
    """A power known in advance; one of pi or the like is written as one."""
    typed, less = as_typed(exponent)
    n = algebra.add(constant_formula(algebra, typed, True), algebra.number(Fraction(-less)))
    value = number_of(n)
    return algebra.function("power", (a, n)) if value is None else algebra.power(a, value)


MOVES = "elements of tensors move or meet"


class Reader:
    """Reads graphs as formulas of one algebra."""

    def __init__(self, algebra: Algebra | None = None, taken: Container[str] = ()) -> None:
        self.algebra = algebra or Algebra()
        self._with_pi = "pi" not in taken
        self._guards = Guards(self.algebra)
        self.choice = self._guards.choice

    def read(self, node: Node, given: Mapping[Node, Formula] = MappingProxyType({})) -> Formula:
        """The formula of a node; `given` are formulas that leaves stand for.

        Raises:
            UnreadableError: where elements move or meet, or numbers leave the floats.
            TooLongError: where the work is spent.
        """
        node = of_numbers(node)
        order = reachable([node])
        shapes = {n.shape for n in order if isinstance(n, (Input, Parameter))}
        if node.shape == () and shapes <= {()} and any(n.shape != () for n in order):
            # Tensors on the way, as those of a norm, are read by their elements.
            (node,) = elements(node)
            order = reachable([node])
        if len(shapes) > 1:
            raise UnreadableError("its inputs differ in shape, so that elements move or meet")
        found: dict[Node, Formula] = {}
        for n in order:
            self.algebra.charge(1)
            if n in given:
                found[n] = given[n]
            else:
                found[n] = self._formula(n, [found[arg] for arg in n.args], next(iter(shapes), node.shape))
        return self.algebra.add(found[node], self.algebra.number(Fraction(0)))

    def _formula(self, node: Node, args: Sequence[Formula], shape: tuple[int, ...]) -> Formula:
        if isinstance(node, (Input, Parameter)):
            return self.algebra.variable(node.name)
        if isinstance(node, Constant):
            return self._constant(node)
        assert isinstance(node, Application)
        name = node.kind
        if name in ("sum_to", "reshape", "max_to") and size_of(node.args[0].shape) != 1:
            raise UnreadableError(MOVES)
        if name == "cast":
            return self._cast(node, args[0])
        if name in _ARITHMETIC:
            return _ARITHMETIC[name](self.algebra, *args, **node.attrs)
        reading = None if node.op.reading is None else node.op.reading(*node.args, **node.attrs)
        if reading is not None:
            return self.read(reading, dict(zip(node.args, args, strict=True)))
        if node.op.stepwise is not None:
            raise UnreadableError(f"{node.op.told(node)} is on the way")
        if not node.op.broadcasts or node.shape not in ((), shape):
            of_numbers_alone = all(n.shape == () for n in (node, *node.args))
            raise UnreadableError(f"{node.op.summary} has no formula" if of_numbers_alone else MOVES)
        if name == "select":
            return self._guards.choice(*args)
        known = [number_of(arg) for arg in args]
        if node.dtype is DType.BOOL and None not in known:
            # A comparison of numbers is decided, as those of a power are whose exponent is known.
            value = applied(node.op, [float(number) for number in known if number is not None], node.attrs)
            return self.algebra.variable("true" if value else "false")
        return self.algebra.function(name, tuple(args), tuple(node.attrs.items()))

    def _constant(self, node: Constant) -> Formula:
        value = node.value
        if node.shape != ():
            if size_of(node.shape) != 1:
                raise UnreadableError("it is made with a tensor of numbers")
            value = value.item()
        if node.dtype is DType.BOOL:
            return self.algebra.variable("true" if value else "false")
        return constant_formula(self.algebra, value, self._with_pi)

    def _cast(self, node: Node, a: Formula) -> Formula:
        """The same value in another type, as long as it is the same."""
        before = node.args[0].dtype
        if node.dtype is DType.BOOL and before is not DType.BOOL:
            return self.algebra.function("not_equal", (a, self.algebra.number(Fraction(0))))
        if before.is_float and not node.dtype.is_float:
            raise UnreadableError("it is made a whole number on the way")
        return a


def read(node: Node) -> Formula:
    """The formula of a node alone.

    Raises:
        UnreadableError: where it has none, or none short enough.
    """
    return Reader().read(node)
