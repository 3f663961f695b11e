"""How much memory the numbers of a value take."""

from __future__ import annotations

from typing import Any

from gradcli.core.ir.nodes import Node, Parameter
from gradcli.core.ir.shapes import size_of
from gradcli.language.values.nesting import distinct_nodes
from gradcli.language.values.values import Function


def memory_of(value: Any) -> int | None:
    """The bytes of a value's numbers, of a model those of its parameters; None for what holds none."""
    nodes = [*parameters_of(value)] if isinstance(value, Function) else distinct_nodes(value)
    return sum(size_of(node.shape) * node.dtype.itemsize for node in nodes) if nodes else None


def parameters_of(function: Function) -> dict[Node, None]:
    """A function's parameters, each once."""
    found: dict[Node, None] = {}
    waiting, seen = [function], {id(function)}
    while waiting:
        for member in waiting.pop().members.values():
            if isinstance(member, Parameter):
                found[member] = None
            elif isinstance(member, Function) and id(member) not in seen:
                seen.add(id(member))
                waiting.append(member)
    return found
