"""Reverse mode: the adjoints of outputs with respect to nodes, as a graph of the same primitives.

An adjoint that a `select` has masked stays a select all the way down (a select commutes with multiplication),
so that what a branch not taken would give, nan or inf, never meets the zero that stands for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch

from gradcli.core.graph import Node, dependents, filled, is_number, reachable, registry
from gradcli.core.laws import Bilinear, Elementwise, Flat, Implicit, Law, Linear, Primitive, same_shape
from gradcli.core.primitives.selection import select

Adjoints = tuple["Node | None", ...]


def vjp(outputs: Sequence[Node], wrt: Sequence[Node], seeds: Sequence[Node]) -> tuple[Node, ...]:
    """The product of each seed with the Jacobian of its output, summed over outputs, one result for each of `wrt`.

    A result has the shape and dtype of its node; where nothing depends on it, zeros. Each seed has the shape
    of its output. Cost: a constant times the graph (Griewank and Walther 2008, section 3.2).
    """
    order = reachable(outputs)
    active = dependents(order, wrt)
    adjoint: dict[Node, Node] = {}
    for output, seed in zip(outputs, seeds, strict=True):
        if output in active:
            _accumulate(adjoint, output, seed)
    sources = set(wrt)
    for node in reversed(order):
        if node not in adjoint or node in sources or not isinstance(node.op, Primitive):
            continue
        wanted = tuple(arg in active for arg in node.args)
        for arg, share in zip(node.args, pullback(node.op.law, node, adjoint[node], wanted), strict=True):
            if share is not None and arg in active:
                _accumulate(adjoint, arg, share)
    return tuple(adjoint.get(node, filled(0.0, node)) for node in wrt)


@singledispatch
def pullback(law: Law, node: Node, g: Node, wanted: tuple[bool, ...]) -> Adjoints:
    """The adjoint of each argument, given the adjoint g of the node; what isn't wanted may be None."""
    raise TypeError(f"no reverse rule for the law {law!r}")


@pullback.register
def _(law: Elementwise, node: Node, g: Node, wanted: tuple[bool, ...]) -> Adjoints:
    return tuple(
        _scale(g, partial(node, *node.args, **node.attrs)) if want else None
        for partial, want in zip(law.partials, wanted, strict=True)
    )


@pullback.register
def _(law: Linear, node: Node, g: Node, wanted: tuple[bool, ...]) -> Adjoints:
    mask, value = _unmask(g)
    if mask is None:
        return law.adjoint(g, *node.args, **node.attrs)
    if isinstance(node.op, Primitive) and node.op.shape is same_shape:
        return tuple(share and _masked(mask, share) for share in law.adjoint(value, *node.args, **node.attrs))
    # Elements move or add up. Sending a unit through the same adjoint shows where anything arrives.
    unit = select(mask, filled(1.0, g), filled(0.0, g))
    return tuple(
        share and seen and _masked(registry["not_equal"](seen, 0.0), share)
        for share, seen in zip(
            law.adjoint(g, *node.args, **node.attrs), law.adjoint(unit, *node.args, **node.attrs), strict=True
        )
    )


@pullback.register
def _(law: Bilinear, node: Node, g: Node, wanted: tuple[bool, ...]) -> Adjoints:
    mask, value = _unmask(g)
    a, b = node.args
    if mask is None or not mask.shape == a.shape == b.shape or node.op is registry["matmul"]:
        return law.adjoint(g, a, b)
    return tuple(share and _masked(mask, share) for share in law.adjoint(value, a, b))


@pullback.register
def _(law: Implicit, node: Node, g: Node, wanted: tuple[bool, ...]) -> Adjoints:
    return law.adjoint(g, node, *node.args, **node.attrs)


@pullback.register
def _(law: Flat, node: Node, g: Node, wanted: tuple[bool, ...]) -> Adjoints:
    return (None,) * len(node.args)


def _scale(g: Node, partial: Node | float) -> Node | None:
    """The adjoint times a partial; a partial that is the number 0 sends nothing."""
    if not isinstance(partial, Node):
        if partial == 0:
            return None
        if partial == 1:
            return g
    mask, value = _unmask(g)
    return value * partial if mask is None else _masked(mask, value * partial)


def _accumulate(adjoint: dict[Node, Node], node: Node, share: Node) -> None:
    before = adjoint.get(node)
    adjoint[node] = share if before is None else _add(before, share)


def _add(a: Node, b: Node) -> Node:
    """The sum of two adjoints, masked where neither has anything to say."""
    mask_a, value_a = _unmask(a)
    mask_b, value_b = _unmask(b)
    if mask_a is None or mask_b is None:
        return a + b
    if mask_a is mask_b:
        return _masked(mask_a, value_a + value_b)
    return _masked(registry["logical_or"](mask_a, mask_b), a + b)


def _masked(mask: Node, value: Node) -> Node:
    return select(mask, value, filled(0.0, value))


def _unmask(g: Node) -> tuple[Node | None, Node]:
    """The condition under which an adjoint counts and its value there; None where it always counts."""
    mask: Node | None = None
    while g.op is select:
        condition, a, b = g.args
        if is_number(b, 0):
            g = a
        elif is_number(a, 0):
            condition, g = registry["logical_not"](condition), b
        else:
            break
        mask = condition if mask is None else registry["logical_and"](mask, condition)
    return mask, g


def gradient(outputs: Sequence[Node], wrt: Sequence[Node]) -> tuple[Node, ...]:
    """The gradient of the sum of all elements of all outputs, one tensor for each of `wrt`."""
    return vjp(outputs, wrt, [filled(1.0, output) for output in outputs])
