"""What a graph does for the sake of floats, which a formula leaves out: branches for nan, scales against overflow."""

from __future__ import annotations

from math import inf

from gradcli.core.ir.nodes import Constant, Node, filled
from gradcli.core.ir.traversal import reachable, substitute


def of_numbers(node: Node) -> Node:
    """The graph as it is in exact arithmetic, of real numbers."""
    while left_out := {n: kept for n in reachable([node]) if (kept := _kept(n)) is not None}:
        (node,) = substitute([node], left_out)
    return node


def _kept(node: Node) -> Node | None:
    """What stands for a choice that no number needs; None for anything else."""
    if node.kind != "select":
        return None
    condition, yes, no = _bare(node.args[0]), node.args[1], node.args[2]
    if condition.kind == "not_equal" and condition.args[0] is condition.args[1]:
        return no
    if condition.kind == "equal" and _is(condition.args[1], 0):
        if _is_scale(no) and condition.args[0] is no:
            return filled(1.0, node)
        is_root = no.kind == "sqrt" or (no.kind == "constant_power" and no.attrs["exponent"] > 0)
        # The root of 0 is 0; only its slope has to be told.
        return no if is_root and no.args[0] is condition.args[0] and _is(yes, 0) else None
    if condition.kind == "less" and condition.args[0].kind == "abs" and _is(condition.args[1], inf):
        return _finite(node, condition.args[0].args[0], yes)
    return None


def _finite(node: Node, largest: Node, yes: Node) -> Node | None:
    """What is computed where a largest element is finite, without that element: the result doesn't depend on it."""
    if _is_largest(largest):
        if _bare(yes) is largest:
            return filled(0.0, node)
        return yes.args[0] if yes.kind == "subtract" and _bare(yes.args[1]) is largest else None
    if largest.kind == "max_to" and yes.kind == "add":
        first, second = yes.args
        for one, other in ((first, second), (second, first)):
            if _is_largest(one) and one.args[0] is largest:
                return other
    return None


def _is_scale(node: Node) -> bool:
    """Whether it is the largest element as a constant, or 0 where that is infinite."""
    return node.kind == "select" and _is_largest(node.args[1]) and _is(node.args[2], 0)


def _is_largest(node: Node) -> bool:
    return node.kind == "stop_gradient" and node.args[0].kind == "max_to"


def _is(node: Node, value: float) -> bool:
    bare = _bare(node)
    return isinstance(bare, Constant) and bare.shape == () and bare.value == value


def _bare(node: Node) -> Node:
    """What is stretched to a shape."""
    while node.kind == "broadcast":
        node = node.args[0]
    return node
