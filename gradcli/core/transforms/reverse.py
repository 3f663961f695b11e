"""Reverse mode: the adjoints of outputs with respect to nodes, as a graph of the same primitives.

An adjoint that a `select` has masked stays a select all the way down, see `gradcli.core.transforms.masks`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch

from gradcli.core.ir.laws import Bilinear, Elementwise, Flat, Implicit, Law, Linear
from gradcli.core.ir.nodes import Node, filled, registry
from gradcli.core.ir.primitive import Application, same_shape
from gradcli.core.ir.traversal import dependents, reachable
from gradcli.core.primitives.selection import select
from gradcli.core.transforms.masks import added, masked, scaled, unmasked

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
        if node not in adjoint or node in sources or not isinstance(node, Application):
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
        scaled(g, partial(node, *node.args, **node.attrs)) if want else None
        for partial, want in zip(law.partials, wanted, strict=True)
    )


@pullback.register
def _(law: Linear, node: Node, g: Node, wanted: tuple[bool, ...]) -> Adjoints:
    mask, value = unmasked(g)
    if mask is None:
        return law.adjoint(g, *node.args, **node.attrs)
    if isinstance(node, Application) and node.op.shape is same_shape:
        return tuple(share and masked(mask, share) for share in law.adjoint(value, *node.args, **node.attrs))
    # Elements move or add up. Sending a unit through the same adjoint shows where anything arrives.
    unit = select(mask, filled(1.0, g), filled(0.0, g))
    return tuple(
        share and seen and masked(registry["not_equal"](seen, 0.0), share)
        for share, seen in zip(
            law.adjoint(g, *node.args, **node.attrs), law.adjoint(unit, *node.args, **node.attrs), strict=True
        )
    )


@pullback.register
def _(law: Bilinear, node: Node, g: Node, wanted: tuple[bool, ...]) -> Adjoints:
    mask, value = unmasked(g)
    a, b = node.args
    if mask is None or not mask.shape == a.shape == b.shape or node.op is registry["matmul"]:
        return law.adjoint(g, a, b)
    return tuple(share and masked(mask, share) for share in law.adjoint(value, a, b))


@pullback.register
def _(law: Implicit, node: Node, g: Node, wanted: tuple[bool, ...]) -> Adjoints:
    return law.adjoint(g, node, *node.args, **node.attrs)


@pullback.register
def _(law: Flat, node: Node, g: Node, wanted: tuple[bool, ...]) -> Adjoints:
    return (None,) * len(node.args)


def _accumulate(adjoint: dict[Node, Node], node: Node, share: Node) -> None:
    before = adjoint.get(node)
    adjoint[node] = share if before is None else added(before, share)


def gradient(outputs: Sequence[Node], wrt: Sequence[Node]) -> tuple[Node, ...]:
    """The gradient of the sum of all elements of all outputs, one tensor for each of `wrt`."""
    return vjp(outputs, wrt, [filled(1.0, output) for output in outputs])
