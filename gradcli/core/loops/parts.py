"""Parts of tensors that every step of a loop reads: the loop is given the tensors, and its code finds the parts.

A part that is made outside is an array of its own, anew in each call, whose address is asked for in each call.
"""

from __future__ import annotations

from collections.abc import Sequence

from gradcli.core.engines.llvm.arithmetic import has_llvmlite
from gradcli.core.ir.nodes import Node, fresh_input, registry
from gradcli.core.ir.primitive import Application, Primitive, with_args
from gradcli.core.ir.shapes import size_of
from gradcli.core.ir.traversal import substitute
from gradcli.core.loops.layout import Layout, layout_of
from gradcli.core.loops.machine import may_be_native
from gradcli.core.loops.merging import in_its_place
from gradcli.core.loops.plan import Given, results
from gradcli.core.simplify.canonical import merger

# A larger tensor is not handed to a loop for its parts, nor one of which fewer than a sixth is read: Python, which runs
# it at first, reads all elements.
MOST_READ, LEAST_SHARE = 2**12, 6
# Fewer parts take less time than making another loop does.
FEWEST_PARTS = 4


@merger("loop")
def with_wholes(nodes: Sequence[Node]) -> dict[Node, Node]:
    """What stands in the place of loops that read parts and may be machine code."""
    found: dict[Node, Node] = {}
    for node in nodes if has_llvmlite() else ():
        assert isinstance(node, Application)
        layout = layout_of(node.attrs)
        if not any(arg in found for arg in node.args):
            found |= _with_wholes(node, layout)
    return found


def _with_wholes(node: Application, layout: Layout) -> dict[Node, Node]:
    plan = layout.plan(node.args)
    bases: dict[Node, list[Given]] = {}
    for given in plan.free:
        base = _base(given.node)
        if base is not None:
            bases.setdefault(base, []).append(given)
    for base, parts in [*bases.items()]:
        if len(parts) < FEWEST_PARTS or LEAST_SHARE * sum(size_of(part.node.shape) for part in parts) < size_of(
            base.shape
        ):
            del bases[base]
    if not bases or not may_be_native(layout):
        return {}
    wholes = {base: fresh_input("w", base.shape, base.dtype) for base in bases}
    inner = {given.input: _again(given.node, base, wholes[base]) for base, parts in bases.items() for given in parts}
    read = plan.of_steps(substitute(plan.outputs(), inner))
    read.free = [given for given in plan.free if given.input not in inner]
    read.free += [Given(whole, base) for base, whole in wholes.items()]
    assert isinstance(node.op, Primitive)
    return in_its_place(node, results(node.op, read, layout.results))


def _base(node: Node) -> Node | None:
    """The tensor that a node is a part of, None where it is none."""
    is_part = False
    while node.op is registry["reshape"] or node.op is registry["slice"]:
        is_part = is_part or node.op is registry["slice"]
        node = node.args[0]
    return node if is_part and size_of(node.shape) <= MOST_READ else None


def _again(node: Node, base: Node, whole: Node) -> Node:
    """The part of another tensor of the same shape."""
    chain = []
    while node is not base:
        chain.append(node)
        node = node.args[0]
    for one in reversed(chain):
        whole = with_args(one, (whole,))
    return whole
