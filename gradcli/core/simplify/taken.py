"""What is picked from few elements is computed of those, once of each, before it is picked."""

from __future__ import annotations

from collections.abc import Sequence

from gradcli.core.ir.nodes import Node
from gradcli.core.ir.primitive import Application
from gradcli.core.ir.shapes import size_of
from gradcli.core.primitives.indexing import take
from gradcli.core.primitives.shaping import transpose
from gradcli.core.simplify.rules import Site, elementwise_node


def is_from_fewer(node: Node) -> bool:
    """Whether a node is picked from half as many elements, or fewer."""
    return node.op is take and 2 * size_of(node.args[0].shape) <= size_of(node.shape)


def before_it_is_taken(site: Site) -> Node | None:
    """An elementwise function of what is picked from fewer elements, and of numbers, as picked from its values."""
    node, args = site.node, site.args
    places = [i for i, arg in enumerate(args) if arg.shape == node.shape]
    if len(places) != 1 or not is_from_fewer(args[places[0]]) or not site.alone[places[0]]:
        return None
    if node.op.check is not None or any(arg.shape for i, arg in enumerate(args) if i not in places):
        return None
    picked = args[places[0]]
    whole = [picked.args[0] if i in places else arg for i, arg in enumerate(args)]
    return take(elementwise_node(node.op, whole, node.attrs), picked.args[1])


def turned_before_it_is_taken(picked: Node, axes: Sequence[int]) -> Node | None:
    """The transpose of what is picked from fewer elements as picked from a transpose; None where that moves."""
    if not isinstance(picked, Application) or not is_from_fewer(picked):
        return None
    source, indices = picked.args
    rank = len(indices.shape)
    if tuple(axes[:rank]) != tuple(range(rank)):
        return None
    return take(transpose(source, axes=(0, *(axis - rank + 1 for axis in axes[rank:]))), indices)
