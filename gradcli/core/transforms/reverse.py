"""Reverse mode: the adjoints of outputs with respect to nodes, as a graph of the same primitives.

An adjoint that a `select` has masked stays a select all the way down, see `gradcli.core.ir.masks`.
"""

from __future__ import annotations

from collections.abc import Sequence

from gradcli.core.ir.masks import added
from gradcli.core.ir.nodes import Node, filled
from gradcli.core.ir.primitive import Application
from gradcli.core.ir.traversal import dependents, reachable


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
        wanted = [arg in active for arg in node.args]
        shares = node.op.law.pullback(node, adjoint[node], wanted)
        for arg, share, want in zip(node.args, shares, wanted, strict=True):
            if want and share is not None:
                _accumulate(adjoint, arg, share)
    return tuple(adjoint.get(node, filled(0.0, node)) for node in wrt)


def _accumulate(adjoint: dict[Node, Node], node: Node, share: Node) -> None:
    before = adjoint.get(node)
    adjoint[node] = share if before is None else added(before, share)


def gradient(outputs: Sequence[Node], wrt: Sequence[Node]) -> tuple[Node, ...]:
    """The gradient of the sum of all elements of all outputs, one tensor for each of `wrt`."""
    return vjp(outputs, wrt, [filled(1.0, output) for output in outputs])
