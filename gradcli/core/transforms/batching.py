"""Batching: a graph applied to many samples at once, each value with a leading axis for them.

A primitive says in the table how it is applied to operands with one axis more; what broadcasts needs to say nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gradcli.core.ir.lifting import stacked
from gradcli.core.ir.nodes import Node
from gradcli.core.ir.primitive import Application, Primitive
from gradcli.core.ir.promotion import stretch
from gradcli.core.ir.traversal import reachable


def apply_batched(
    op: Primitive, size: int, batched: Sequence[bool], args: Sequence[Node], attrs: Mapping[str, Any]
) -> Node:
    """A primitive applied to operands of which some have a leading axis more; so has the result."""
    if op.lift is not None:
        return op.lift(op, size, tuple(batched), args, attrs)
    if op.broadcasts:
        # All operands had one shape, so aligning at the last axis puts the new axis in front.
        return op(*args, **attrs)
    return op(*stacked(size, batched, args), **attrs)


def batch(outputs: Sequence[Node], samples: Mapping[Node, Node], size: int) -> tuple[Node, ...]:
    """The outputs with nodes replaced by ones that have a leading axis of length `size`; so has each output.

    What doesn't depend on them is computed once, and an output that doesn't is repeated.
    """
    new: dict[Node, Node] = dict(samples)
    for node in reachable(outputs):
        if node in new or not any(arg in new for arg in node.args):
            continue
        assert isinstance(node, Application)
        has = [arg in new for arg in node.args]
        new[node] = apply_batched(node.op, size, has, [new.get(arg, arg) for arg in node.args], node.attrs)
    return tuple(new[node] if node in new else stretch(node, (size, *node.shape)) for node in outputs)
