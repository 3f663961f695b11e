"""Running totals along an axis."""

from __future__ import annotations

from gradcli.core.ir.declare import linear
from gradcli.core.ir.lifting import lifted, one_further
from gradcli.core.ir.nodes import Node
from gradcli.core.ir.primitive import Examples, Primitive
from gradcli.core.ir.shapes import Shape
from gradcli.core.primitives.shaping import flip


def _cumsum_adjoint(g: Node, x: Node, *, axis: int) -> tuple[Node]:
    return (flip(cumulative_sum(flip(g, axes=(axis,)), axis=axis), axes=(axis,)),)


def _same(x: Shape, *, axis: int) -> Shape:
    return x


cumulative_sum: Primitive = linear(
    "cumsum",
    _cumsum_adjoint,
    help="sums of the elements up to each one along an axis",
    examples=Examples(calls=((((4,),), {"axis": 0}), (((2, 3),), {"axis": 1}), (((0, 2),), {"axis": 0}))),
    shape=_same,
    lift=lifted(axis=one_further),
    kernel=lambda xp, x, *, axis: xp.cumsum(x, axis=axis, dtype=x.dtype),
    result="number",
)
