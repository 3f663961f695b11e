"""Arithmetic that costs less and means the same: what is done to each node of a graph that will be run.

Numbers that a product has for factors meet in one, signs go into subtractions, small powers are products. Rounding may
differ in the last place where numbers meet.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from math import frexp, isfinite
from typing import Any, TypeGuard

from gradcli.core.ir.nodes import Constant, Node, constant, registry
from gradcli.core.ir.primitive import Primitive, intern, with_args
from gradcli.core.ir.shapes import broadcast_shapes
from gradcli.core.ir.traversal import needed, reachable


def elementwise_node(op: Primitive, args: Sequence[Node], attrs: Mapping[str, Any]) -> Node:
    """An application element by element whose operands may differ in shape, as NumPy broadcasts them."""
    shape = broadcast_shapes(arg.shape for arg in args)
    if op.commutes:
        # Not by age: a number, or a node that was there before, may be older than the rest of this graph.
        args = sorted(args, key=lambda n: not isinstance(n, Constant))
    dtype = op.dtype(tuple(args), dict(attrs))
    return intern(op, tuple(args), attrs, shape, dtype)


def simpler(op: Primitive, args: Sequence[Node], attrs: Mapping[str, Any], alone: Sequence[bool] = ()) -> Node:
    """An application element by element, or one of fewer or cheaper operations.

    `alone` says which operands nothing else needs, so that they are not computed once they are taken apart.
    """
    if not args[0].dtype.is_float:
        return elementwise_node(op, args, attrs)
    rule = _RULES.get(op.name)
    if op.name == "multiply":
        found = _multiply(args[0], args[1], *(alone or (True, True)))
    else:
        found = None if rule is None else rule(*args, **attrs)
    return elementwise_node(op, args, attrs) if found is None else found


def _make(name: str, *args: Node) -> Node:
    op = registry[name]
    assert isinstance(op, Primitive)
    return elementwise_node(op, args, {})


def elementwise_product(args: Sequence[Node]) -> Node:
    """The product of two operands that stretch to one shape."""
    op = registry["multiply"]
    assert isinstance(op, Primitive)
    return simpler(op, args, {})


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
    return _make("multiply", constant(product, rest.dtype), rest)


def _multiply(a: Node, b: Node, a_alone: bool, b_alone: bool) -> Node | None:
    for number, other in ((a, b), (b, a)):
        if is_scalar(number):
            return None if is_scalar(other) else _times(number.value, other)
    f, u = _factor(a) if a_alone else (1.0, a)
    g, v = _factor(b) if b_alone else (1.0, b)
    if f == 1 or g == 1:
        if -1 not in (f, g):
            return None  # taking out one number alone saves nothing
    elif not isfinite(f * g) or f * g == 0:
        return None
    return _times(f * g, _make("multiply", u, v))


def _negate(a: Node) -> Node | None:
    return None if is_scalar(a) else _times(-1.0, a)


def _add(a: Node, b: Node) -> Node | None:
    for kept, other in ((a, b), (b, a)):
        if other.op is registry["negate"]:
            return _make("subtract", kept, other.args[0])
    return None


def _subtract(a: Node, b: Node) -> Node | None:
    return _make("add", a, b.args[0]) if b.op is registry["negate"] else None


def _divide(a: Node, b: Node) -> Node | None:
    # Only by a power of two is the product with the reciprocal the same to the last digit.
    if is_scalar(b) and not is_scalar(a) and abs(frexp(b.value)[0]) == 0.5:
        return _times(1.0 / b.value, a)
    return None


def _constant_power(x: Node, *, exponent: float) -> Node | None:
    if exponent == -1:
        return _make("reciprocal", x)
    if exponent not in (2, 3, 4):
        return None
    square = _make("multiply", x, x)
    return square if exponent == 2 else _make("multiply", square, x if exponent == 3 else square)


_RULES: Mapping[str, Callable[..., Node | None]] = {
    "negate": _negate,
    "add": _add,
    "subtract": _subtract,
    "divide": _divide,
    "constant_power": _constant_power,
}


def with_quotients(outputs: Sequence[Node]) -> tuple[tuple[Node, ...], list[Node]]:
    """The outputs where a product with a reciprocal that nothing else needs is one quotient, and all their nodes."""
    order = reachable(outputs)
    uses = Counter(arg for node in order for arg in node.args)
    uses.update(outputs)
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
