"""Bodies made of Python functions on nodes, and nodes with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from gradcli.core.calculus.bodies import Body, closed
from gradcli.core.calculus.curves import Curve
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node, constant, fresh_input

F64 = DType.FLOAT64


def number(name: str = "x") -> Node:
    """A free number."""
    return fresh_input(name, (), F64)


def body(function: Callable[[Node], Node]) -> Body:
    """A function of one number that reads nothing else."""
    x = number()
    made, args = closed(function(x), [x])
    assert not args
    return made


def curve(function: Callable[[Node], Node]) -> Curve:
    """The same, to be evaluated."""
    return Curve(body(function), [])


def applied(op: Any, function: Callable[[Node], Node], *leading: Node | float, shape: tuple[int, ...] = ()) -> Node:
    """A node of a primitive with a body; `function` may read nodes from outside, which become arguments."""
    x = fresh_input("x", shape, F64)
    made, args = closed(function(x), [x])
    nodes = [constant(v, F64) if isinstance(v, (int, float)) else v for v in leading]
    found: Node = op(*nodes, *args, body=made, size=0)
    return found


def floats(values: Sequence[Any]) -> list[float]:
    """Scalars as Python's."""
    return [float(v) for v in values]
