"""Picking elements by number. `take` and `put_add` are each other's adjoint: what is picked twice adds up."""

from __future__ import annotations

from typing import Any

from gradcli.core.errors import CoreError
from gradcli.core.graph import Node
from gradcli.core.laws import Examples, Primitive, flat, linear
from gradcli.core.shapes import Shape

# Indices are int64 and count along the first axis; `gradcli.core.prelude.indexing` brings other forms to this one.


def _take_shape(x: Shape, indices: Shape) -> Shape:
    return indices + x[1:]


def _put_shape(g: Shape, indices: Shape, *, length: int) -> Shape:
    return (length, *g[len(indices) :])


def _put_kernel(xp: Any, g: Any, indices: Any, *, length: int) -> Any:
    out = xp.zeros((length, *g.shape[indices.ndim :]), dtype=g.dtype)
    xp.add.at(out, indices, g)
    return out


def _take_kernel(xp: Any, x: Any, indices: Any) -> Any:
    outside = indices[(indices < 0) | (indices >= x.shape[0])]
    if outside.size:
        raise CoreError(
            f"index {int(outside.flat[0])} is outside an axis of length {x.shape[0]}", "the first element is number 0"
        )
    return xp.take(x, indices, axis=0)


def _whole_kernel(xp: Any, x: Any) -> Any:
    if not (x == xp.round(x)).all():
        raise CoreError("indices must be whole numbers", "round them first")
    return x.astype("int64")


def _take_adjoint(g: Node, x: Node, indices: Node) -> tuple[Node | None, ...]:
    return put_add(g, indices, length=x.shape[0]), None


def _put_adjoint(g: Node, x: Node, indices: Node, *, length: int) -> tuple[Node | None, ...]:
    return take(g, indices), None


take: Primitive = linear(
    "take",
    _take_adjoint,
    help="the elements of the first axis with these numbers",
    arity=2,
    over=(0,),
    examples=Examples(calls=((((4,), (2, 3)), {}), (((3, 2), (4,)), {}), (((2,), (0,)), {}))),
    shape=_take_shape,
    kernel=_take_kernel,
    integers=(1,),
)
whole_numbers = flat(
    "whole_numbers",
    help="real numbers that must be whole, as indices",
    examples=Examples(calls=((((3,),), {}),), domain=()),
    kernel=_whole_kernel,
    result="int",
    names=(),
)
put_add: Primitive = linear(
    "put_add",
    _put_adjoint,
    help="zeros with elements added at these numbers of the first axis",
    arity=2,
    over=(0,),
    examples=Examples(calls=((((2, 3), (2, 3)), {"length": 4}), (((4, 2), (4,)), {"length": 3}))),
    shape=_put_shape,
    kernel=_put_kernel,
    integers=(1,),
)
