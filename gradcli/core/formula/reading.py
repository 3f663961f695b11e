"""From a graph to a formula, and back, so that each derivative starts from what was simplified."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from fractions import Fraction
from math import comb

from gradcli.core.dtypes import DType
from gradcli.core.errors import CoreError
from gradcli.core.formula.algebra import (
    ONE,
    Factor,
    Formula,
    Number,
    UnreadableError,
    add,
    exact,
    multiply,
    number,
    power,
    scale,
    single,
)
from gradcli.core.formula.printing import text_of
from gradcli.core.graph import CONSTANT, INPUT, PARAMETER, Node, constant, fresh_input, reachable
from gradcli.core.laws import Primitive, table
from gradcli.core.primitives.general_power import multiplied_out
from gradcli.core.shapes import size_of
from gradcli.core.transforms.reverse import gradient

MOST_NODES = 400

# From a graph to a formula.


def _general_power(a: Formula, b: Formula, *, below: int = 0, logs: int = 0) -> Formula:
    """a^b differentiated by a and by b, see `gradcli.core.primitives.general_power`."""
    base = single(Factor(function="power", args=(a, add(b, number(Fraction(-below))))))
    logarithm = single(Factor(function="log", args=(a,)))
    total = Formula()
    for j, coefficients in enumerate(multiplied_out(below, logs)):
        factor = Formula()
        for i, c in enumerate(coefficients):
            factor = add(factor, scale(power(b, Fraction(i)), Fraction(comb(logs, j) * c)))
        total = add(total, multiply(multiply(factor, power(logarithm, Fraction(logs - j))), base))
    return total


def sigmoid(a: Formula) -> Formula:
    """The function of a formula."""
    return single(Factor(function="sigmoid", args=(a,)))


def _beta(a: Formula, b: Formula, *, by_a: int = 0, by_b: int = 0) -> Formula:
    """The beta function and its first derivatives, by digammas."""
    whole = single(Factor(function="beta", args=(a, b)))
    if by_a + by_b > 1:
        raise UnreadableError
    if not by_a + by_b:
        return whole
    mine, both = (
        single(Factor(function="polygamma", attrs=(("order", 0),), args=(x,))) for x in (a if by_a else b, add(a, b))
    )
    return multiply(whole, add(mine, scale(both, Fraction(-1))))


_BUILD: Mapping[str, Callable[..., Formula]] = {
    "add": add,
    "subtract": lambda a, b: add(a, scale(b, Fraction(-1))),
    "negate": lambda a: scale(a, Fraction(-1)),
    "multiply": multiply,
    "divide": lambda a, b: multiply(a, power(b, Fraction(-1))),
    "reciprocal": lambda a: power(a, Fraction(-1)),
    "sqrt": lambda a: power(a, Fraction(1, 2)),
    "broadcast": lambda a, **attrs: a,
    "cast": lambda a, **attrs: a,
    "reshape": lambda a, **attrs: a,
    "sum_to": lambda a, **attrs: a,
    "constant_power": lambda a, *, exponent: power(a, exact(exponent)),
    "power": _general_power,
    "beta": _beta,
    "sigmoid_slope": lambda a: multiply(sigmoid(a), sigmoid(scale(a, Fraction(-1)))),
    "part_of_length": lambda a, b: multiply(
        a, power(add(power(a, Fraction(2)), power(b, Fraction(2))), Fraction(-1, 2))
    ),
    "half_exp2": lambda a: scale(single(Factor(function="exp2", args=(a,))), Fraction(1, 2)),
    "one_less_square": lambda a: _one_less(power(a, Fraction(2))),
    "sech2": lambda a: _one_less(single(Factor(function="tanh", args=(a,)), Fraction(2))),
}


def _one_less(a: Formula) -> Formula:
    """1 - a, which stays together in a product."""
    return single(Factor(args=(add(number(Fraction(1)), scale(a, Fraction(-1))),)))


def read(node: Node) -> Formula:
    """The formula of a node.

    Raises:
        UnreadableError: where elements move or meet, or where it would be too long.
    """
    order = reachable([node])
    if len(order) > MOST_NODES:
        raise UnreadableError
    shapes = {n.shape for n in order if n.op in (INPUT, PARAMETER)}
    if len(shapes) > 1:
        raise UnreadableError
    found: dict[Node, Formula] = {}
    for n in order:
        found[n] = _formula(n, [found[arg] for arg in n.args], next(iter(shapes), node.shape))
    return add(found[node], Formula())


def _formula(node: Node, args: Sequence[Formula], shape: tuple[int, ...]) -> Formula:
    if node.op in (INPUT, PARAMETER):
        return single(Factor(name=str(node.attrs["name"])))
    if node.op is CONSTANT:
        value = node.attrs["value"]
        if node.shape != ():
            if size_of(node.shape) != 1:
                raise UnreadableError
            value = value.item()
        if node.dtype is DType.BOOL:
            return single(Factor(name="true" if value else "false"))
        return number(exact(float(value)))
    assert isinstance(node.op, Primitive)
    if node.op.name in ("sum_to", "reshape") and size_of(node.args[0].shape) != 1:
        raise UnreadableError
    if node.op.name in _BUILD:
        return _BUILD[node.op.name](*args, **node.attrs)
    if not node.op.broadcasts or node.shape not in ((), shape):
        raise UnreadableError
    if node.op.name == "select":
        condition, yes, no = _turned(*args)
        return no if not yes.terms and _vanishes(no, condition) else single(Factor(function="select", args=tuple(args)))
    return single(Factor(function=node.op.name, attrs=tuple(node.attrs.items()), args=tuple(args)))


def _turned(condition: Formula, yes: Formula, no: Formula) -> tuple[Formula, Formula, Formula]:
    """A choice without `not`."""
    ((term, _),) = condition.terms
    ((factor, _),) = term
    return (factor.args[0], no, yes) if factor.function == "logical_not" else (condition, yes, no)


def _vanishes(formula: Formula, condition: Formula) -> bool:
    """Whether a formula reads as 0 by itself where a condition such as y == 0 holds."""
    ((term, _),) = condition.terms
    ((factor, _),) = term
    if factor.function == "logical_and":
        return any(_vanishes(formula, part) for part in factor.args)
    if factor.function != "equal" or factor.args[1].terms:
        return False
    zero = factor.args[0]
    # x^y log(x) at x = 0, whose limit is 0.
    if all(any(f.function == "power" and f.args[0] == zero for f, e in t if e > 0) for t, _ in formula.terms):
        return True
    root = _root(zero)
    if root is None:
        return False
    name, value = root
    scalars: dict[str, Node] = {n: fresh_input(n, (), DType.FLOAT64) for n in _names(formula)}
    try:
        return not read(build(formula, {**scalars, name: constant(value, DType.FLOAT64)})).terms
    except (UnreadableError, CoreError, OverflowError, ZeroDivisionError):
        return False


def _root(formula: Formula) -> tuple[str, float] | None:
    """The variable of a formula such as y - 2, and where it is 0."""
    offset: Number = Fraction(0)
    found: str | None = None
    for term, coefficient in formula.terms:
        if term == ONE:
            offset = coefficient
        elif len(term) == 1 and coefficient == 1 and found is None:
            ((factor, exponent),) = term
            found = factor.name if factor.name and exponent == 1 else None
            if found is None:
                return None
        else:
            return None
    return None if found is None else (found, float(-offset))


def _names(formula: Formula) -> set[str]:
    """The variables of a formula."""
    found: set[str] = set()
    for term, _ in formula.terms:
        for factor, _ in term:
            found |= {factor.name} if factor.name else {name for arg in factor.args for name in _names(arg)}
    return found - {"true", "false"}


# From a formula back to a graph, so that the next derivative starts from what was simplified.


def build(formula: Formula, variables: Mapping[str, Node], dtype: DType = DType.FLOAT64) -> Node:
    """A graph of scalars with the formula's value."""
    total: Node | None = None
    for term, coefficient in formula.terms:
        product: Node | None = None
        for factor, exponent in term:
            node = _raised(_factor(factor, variables, dtype), exponent)
            product = node if product is None else product * node
        product = constant(float(coefficient), dtype) if product is None else product * float(coefficient)
        total = product if total is None else total + product
    return constant(0.0, dtype) if total is None else total


def _factor(factor: Factor, variables: Mapping[str, Node], dtype: DType) -> Node:
    if factor.name in ("true", "false"):
        return constant(factor.name == "true", DType.BOOL)
    if factor.name:
        return variables[factor.name]
    args = [build(arg, variables, dtype) for arg in factor.args]
    return table()[factor.function](*args, **dict(factor.attrs)) if factor.function else args[0]


def _raised(node: Node, exponent: Number) -> Node:
    entries = table()
    if exponent == 1 or not node.dtype.is_float:
        return node
    if exponent == Fraction(1, 2):
        return entries["sqrt"](node)
    if exponent == -1:
        return entries["reciprocal"](node)
    return entries["constant_power"](node, exponent=float(exponent))


def differentiate(formula: Formula, name: str, variables: Mapping[str, Node]) -> Formula:
    """The derivative by a variable.

    Raises:
        UnreadableError: where it would be too long.
    """
    try:
        (slope,) = gradient([build(formula, variables)], [variables[name]])
        return read(slope)
    except (CoreError, OverflowError, ZeroDivisionError) as error:
        raise UnreadableError from error


def partials(output: Node, variables: Sequence[Node], order: int, longest: int) -> dict[tuple[int, ...], str]:
    """The formula of an output and of its partials up to an order that are no longer than so many characters.

    By the numbers of the variables in ascending order, as far as there are formulas.
    """
    leaves = [n for n in reachable([output]) if n.op in (INPUT, PARAMETER)]
    names = [str(n.attrs["name"]) for n in leaves]
    if len(set(names)) != len(names) or any(n not in leaves for n in variables):
        return {}
    scalars = {name: fresh_input(name, (), DType.FLOAT64) for name in names}
    by = [str(v.attrs["name"]) for v in variables]
    level: dict[tuple[int, ...], Formula] = {}
    texts: dict[tuple[int, ...], str] = {}
    try:
        level[()] = read(output)
    except UnreadableError:
        return {}
    for k in range(order + 1):
        if k:
            level = dict(_next(level, by, scalars))
        for indexes, formula in level.items():
            text = text_of(formula, longest)
            if text is not None:
                texts[indexes] = text
    return texts


def _next(
    level: Mapping[tuple[int, ...], Formula], by: Sequence[str], scalars: Mapping[str, Node]
) -> Iterator[tuple[tuple[int, ...], Formula]]:
    """The formulas of one order more."""
    for indexes, formula in level.items():
        for i in range(indexes[-1] if indexes else 0, len(by)):
            with suppress(UnreadableError):
                yield (*indexes, i), differentiate(formula, by[i], scalars)
