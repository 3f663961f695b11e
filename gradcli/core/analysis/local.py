"""What the Taylor series of one primitive takes at whatever point; that of a function of numbers is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from threading import local
from typing import Any

from gradcli.core.engines.program import Program
from gradcli.core.ir.nodes import Node, fresh_input
from gradcli.core.ir.primitive import Primitive
from gradcli.core.records import record
from gradcli.core.transforms.closure import Closure, close

# Beyond that all are forgotten.
MOST_KEPT = 256


@record
class Expandable:
    """A primitive of inputs of its own, its closure, and the program of all nodes in that."""

    inputs: tuple[Node, ...]
    output: Node
    closure: Closure
    program: Program


class _Here(local):
    """Those that this thread keeps, since programs may have buffers."""

    def __init__(self) -> None:
        self.kept: dict[tuple[object, ...], Expandable] = {}


_here = _Here()


def expandable(op: Primitive, args: Sequence[Node], attrs: Mapping[str, Any], order: int) -> Expandable:
    """The primitive with arguments like these, to be expanded to some order."""
    # An attribute that is a graph may read parameters, whose values change.
    if any(arg.shape for arg in args) or not all(isinstance(value, (int, float, str)) for value in attrs.values()):
        return _made(op, args, attrs, order)
    key = (op, tuple(arg.dtype for arg in args), repr(attrs), order)
    found = _here.kept.get(key)
    if found is None:
        found = _made(op, args, attrs, order)
        if len(_here.kept) >= MOST_KEPT:
            _here.kept.clear()
        _here.kept[key] = found
    return found


def _made(op: Primitive, args: Sequence[Node], attrs: Mapping[str, Any], order: int) -> Expandable:
    inputs = tuple(fresh_input("u", arg.shape, arg.dtype) for arg in args)
    output = op(*inputs, **attrs)
    closure = close([output], inputs, order)
    return Expandable(inputs, output, closure, Program(closure.nodes, inputs, native=False))
