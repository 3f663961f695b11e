"""Choosing between values."""

from __future__ import annotations

from gradcli.core.ir.declare import linear
from gradcli.core.ir.nodes import Node, filled
from gradcli.core.ir.primitive import Examples


def _select_adjoint(g: Node, condition: Node, a: Node, b: Node) -> tuple[Node | None, ...]:
    zero = filled(0.0, g)
    return None, select(condition, g, zero), select(condition, zero, g)


select = linear(
    "select",
    _select_adjoint,
    help="a where the condition holds, else b; the one not taken leaves no trace, not even a nan",
    example="where([1, -2] > 0, [1, -2], 0)\n(x -> where(x > 0, log(x), 0))'(-1)",
    arity=3,
    shortcut=lambda condition, a, b: a if a is b else None,
    over=(1, 2),
    examples=Examples(calls=((((3,), (3,), (3,)), {}), (((), (), ()), {}), (((2, 2), (2, 2), (2, 2)), {}))),
    kernel="where",
    math="({1} if {0} else {2})",
    broadcasts=True,
    condition=True,
    names=("where",),
)
