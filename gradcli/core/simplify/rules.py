"""Arithmetic that costs less and means the same: what is done to each node of a graph that will be run.

Numbers that a product has for factors meet in one, signs go into subtractions, small powers are products. Rounding may
differ in the last place where numbers meet.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import frexp, isfinite
from operator import is_
from typing import Any, TypeAlias, TypeGuard

from gradcli.core.ir.nodes import Constant, Node, constant, registry
from gradcli.core.ir.primitive import Application, Primitive, intern, with_args
from gradcli.core.ir.promotion import stretch
from gradcli.core.ir.shapes import broadcast_shapes, size_of
from gradcli.core.ir.traversal import applied_in, needed, reachable, uses_of
from gradcli.core.records import record


@record
class Site:
    """One application in a graph that is being rewritten.

    `args` are its arguments as they are now: those that are elementwise in the smallest shape that holds their values,
    and constants of one element as scalars. `uses` counts what needs each node of the graph as it was.
    """

    node: Application
    args: Sequence[Node]
    uses: Mapping[Node, int]

    @property
    def alone(self) -> Sequence[bool]:
        """Whether nothing else needs each argument, so that it is not computed once it is taken apart."""
        return [self.uses[arg] == 1 for arg in self.node.args]


Rule: TypeAlias = "Callable[[Site], Node | None]"

# By primitive: each gives a node of the same values that is cheaper, or None. The first that has one is taken.
RULES: dict[str, list[tuple[Rule, bool]]] = {}


def rule(primitive: str, of_floats: bool = False) -> Callable[[Rule], Rule]:
    """Enter a rule for the applications of a primitive, or for real numbers only.

    Ints have no -0, and their products no order of rounding.
    """

    def enter(function: Rule) -> Rule:
        RULES.setdefault(primitive, []).append((function, of_floats))
        return function

    return enter


def rewritten(node: Application, args: Sequence[Node], uses: Mapping[Node, int]) -> Node:
    """What the rules make of an application, or the application to the arguments as they are now."""
    op = node.op
    rules = RULES.get(op.name)
    if rules:
        site, are_floats = Site(node, args, uses), args[0].dtype.is_float
        for one, of_floats in rules:
            if of_floats and not are_floats:
                continue
            found = one(site)
            if found is not None:
                return found
    if op.pointwise:
        return elementwise_node(op, args, node.attrs, node)
    wholes = (stretch(arg, before.shape) for arg, before in zip(args, node.args, strict=True))
    return with_args(node, tuple(wholes))


def elementwise_node(op: Primitive, args: Sequence[Node], attrs: Mapping[str, Any], before: Node | None = None) -> Node:
    """An application element by element whose operands may differ in shape, as NumPy broadcasts them.

    `before` is one that may be the same.
    """
    if op.commutes and isinstance(args[1], Constant) and not isinstance(args[0], Constant):
        # Not by age: a number, or a node that was there before, may be older than the rest of this graph.
        args = (args[1], args[0])
    args = tuple(args)
    if before is not None:
        if all(map(is_, args, before.args)):
            return before
        if not before.shape:
            # What has no axes is made of what has none.
            return intern(op, args, attrs, (), before.dtype)
    shape = args[0].shape
    for arg in args:
        if arg.shape != shape:
            shape = broadcast_shapes([arg.shape for arg in args])
            break
    return intern(op, args, attrs, shape, op.dtype(args, attrs))


def _make(name: str, *args: Node) -> Node:
    return elementwise_node(_primitive(name), args, {})


def _primitive(name: str) -> Primitive:
    op = registry[name]
    assert isinstance(op, Primitive)
    return op


def is_scalar(node: Node) -> TypeGuard[Constant]:
    """Whether it is one real number, known now."""
    return isinstance(node, Constant) and node.shape == () and node.dtype.is_float


def _factor(node: Node) -> tuple[float, Node]:
    """The number that a node is a multiple by, and what of."""
    if node.op is registry["negate"]:
        return -1.0, node.args[0]
    if node.op is registry["multiply"]:
        a, b = node.args
        for number, rest in ((a, b), (b, a)):
            if is_scalar(number) and isfinite(number.value):
                return number.value, rest
    return 1.0, node


def _times(factor: float, node: Node) -> Node:
    inner, rest = _factor(node)
    product = factor * inner
    if not isfinite(product) or (product == 0) != (factor == 0):
        product, rest = factor, node
    if product == 1:
        return rest
    if product == -1:
        return _make("negate", rest)
    # A number has no axes, and the type of what it multiplies.
    return intern(_primitive("multiply"), (constant(product, rest.dtype), rest), {}, rest.shape, rest.dtype)


@rule("multiply", of_floats=True)
def numbers_meet(site: Site) -> Node | None:
    """2 (3 x) is 6 x, (-a) (-b) is a b."""
    a, b = site.args
    if isinstance(a, Constant) or isinstance(b, Constant):
        return product_of(a, b)
    negate, multiply = registry["negate"], registry["multiply"]
    if a.op is multiply or a.op is negate or b.op is multiply or b.op is negate:
        return product_of(a, b, *site.alone)
    return None


def product_of(a: Node, b: Node, a_alone: bool = True, b_alone: bool = True) -> Node | None:
    """A product with the numbers in its factors taken together, None where that saves nothing."""
    if isinstance(a, Constant) or isinstance(b, Constant):
        for number, other in ((a, b), (b, a)):
            if is_scalar(number):
                return None if is_scalar(other) else _times(number.value, other)
    f, u = _factor(a) if a_alone else (1.0, a)
    g, v = _factor(b) if b_alone else (1.0, b)
    if f == 1 or g == 1:
        if -1 not in (f, g):
            return _number_to_the_smaller(f, u, g, v)
    elif not isfinite(f * g) or f * g == 0:
        return None
    return _times(f * g, _make("multiply", u, v))


def _number_to_the_smaller(f: float, u: Node, g: float, v: Node) -> Node | None:
    """A product of which one factor is a multiple, where it is the other one that has few elements to be multiplied."""
    for number, large, other, small in ((f, u, g, v), (g, v, f, u)):
        if number != 1 and other == 1 and size_of(small.shape) < size_of(large.shape):
            return _make("multiply", _times(number, small), large)
    return None  # taking out one number alone saves nothing


@rule("sum_to")
def sign_out_of_a_sum(site: Site) -> Node | None:
    """The sum of -x is less the sum of x."""
    (x,) = site.args
    if x.op is not registry["negate"]:
        return None
    base = stretch(x.args[0], site.node.args[0].shape)
    total = with_args(site.node, (base,))
    assert isinstance(total, Application)
    return _make("negate", rewritten(total, [x.args[0]], {base: site.uses[site.node.args[0]]}))


@rule("negate", of_floats=True)
def sign_into_the_number(site: Site) -> Node | None:
    """-(2 x) is -2 x."""
    (a,) = site.args
    return None if is_scalar(a) else _times(-1.0, a)


@rule("add", of_floats=True)
def sum_with_a_negative(site: Site) -> Node | None:
    """The sum a + (-b) is a - b."""
    a, b = site.args
    negate = registry["negate"]
    if b.op is negate:
        return _make("subtract", a, b.args[0])
    return _make("subtract", b, a.args[0]) if a.op is negate else None


@rule("subtract", of_floats=True)
def difference_with_a_negative(site: Site) -> Node | None:
    """The difference a - (-b) is a + b."""
    a, b = site.args
    return _make("add", a, b.args[0]) if b.op is registry["negate"] else None


@rule("divide", of_floats=True)
def quotient_by_a_power_of_two(site: Site) -> Node | None:
    """Only by one of these is the product with the reciprocal the same to the last digit."""
    a, b = site.args
    if is_scalar(b) and not is_scalar(a) and abs(frexp(b.value)[0]) == 0.5:
        return _times(1.0 / b.value, a)
    return None


@rule("constant_power", of_floats=True)
def small_power(site: Site) -> Node | None:
    """Products for squares, cubes and fourth powers."""
    (x,), exponent = site.args, site.node.attrs["exponent"]
    if exponent == -1:
        return _make("reciprocal", x)
    if exponent not in (2, 3, 4):
        return None
    square = _make("multiply", x, x)
    return square if exponent == 2 else _make("multiply", square, x if exponent == 3 else square)


@rule("broadcast")
def left_to_the_library(site: Site) -> Node | None:
    """Stretching along leading axes, or axes of length 1, is done by whoever works element by element."""
    small, before, after = site.args[0].shape, site.node.args[0].shape, site.node.shape
    return site.args[0] if broadcast_shapes([small, before, after]) == after else None


@rule("matmul")
def column_times_row(site: Site) -> Node | None:
    """A column times a row is a product of each two elements."""
    if any(len(arg.shape) < 2 for arg in site.node.args) or site.node.args[0].shape[-1] != 1:
        return None
    a, b = site.args
    return (product_of(a, b) if a.dtype.is_float else None) or _make("multiply", a, b)


def with_quotients(outputs: Sequence[Node]) -> tuple[tuple[Node, ...], list[Node]]:
    """The outputs where a product with a reciprocal that nothing else needs is one quotient, and all their nodes."""
    order = reachable(outputs)
    if "reciprocal" not in applied_in(order):
        return tuple(outputs), order
    uses = uses_of(order, outputs)
    new: dict[Node, Node] = {}
    for node in order:
        args = tuple(new[arg] for arg in node.args)
        if node.op is registry["multiply"]:
            for top, bottom, before in ((args[0], args[1], node.args[1]), (args[1], args[0], node.args[0])):
                if bottom.op is registry["reciprocal"] and uses[before] == 1 and node.args[0] is not node.args[1]:
                    new[node] = _make("divide", top, bottom.args[0])
                    break
        if node not in new:
            new[node] = with_args(node, args)
    done = tuple(new[node] for node in outputs)
    return done, needed(list(dict.fromkeys(new.values())), done)
