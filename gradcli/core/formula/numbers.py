"""What a graph does for what is no number, which a formula leaves out."""

from __future__ import annotations

from gradcli.core.ir.nodes import Node
from gradcli.core.ir.traversal import reachable, substitute


def of_numbers(node: Node) -> Node:
    """The graph without its branches for nan: `where(x != x, nan, y)` is y to a reader."""
    while guarded := {n: n.args[2] for n in reachable([node]) if chooses_for_nan(n)}:
        (node,) = substitute([node], guarded)
    return node


def chooses_for_nan(node: Node) -> bool:
    """Whether it is a choice that no number decides as nan does."""
    condition = node.args[0] if node.kind == "select" else None
    return condition is not None and condition.kind == "not_equal" and condition.args[0] is condition.args[1]
