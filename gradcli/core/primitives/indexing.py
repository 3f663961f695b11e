"""Picking elements by number. `take` and `put_add` are each other's adjoint: what is picked twice adds up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gradcli.core.dtypes import DType
from gradcli.core.errors import CoreError
from gradcli.core.graph import Node, constant
from gradcli.core.laws import Examples, Primitive, flat, linear, stacked
from gradcli.core.primitives.constants import counted
from gradcli.core.primitives.elementwise import greater_equal, less, logical_or
from gradcli.core.primitives.selection import select
from gradcli.core.primitives.shaping import reshape, transpose
from gradcli.core.shapes import Shape, size_of

# Indices are int64 and count along the first axis; `gradcli.core.prelude.indexing` brings other forms to this one.


def _take_shape(x: Shape, indices: Shape) -> Shape:
    return indices + x[1:]


def _put_shape(g: Shape, indices: Shape, *, length: int) -> Shape:
    return (length, *g[len(indices) :])


def _put_kernel(xp: Any, g: Any, indices: Any, *, length: int) -> Any:
    out = xp.zeros((length, *g.shape[indices.ndim :]), dtype=g.dtype)
    xp.add.at(out, indices, g)
    return out


def _refuse_outside(shapes: tuple[Shape, ...], indices: Any, **attrs: Any) -> None:
    length = attrs.get("length", shapes[0][0])
    outside = indices[(indices < 0) | (indices >= length)]
    if outside.size:
        raise CoreError(
            f"index {int(outside.flat[0])} is outside an axis of length {length}", "the first element is number 0"
        )


def _whole_kernel(xp: Any, x: Any) -> Any:
    if not (x == xp.round(x)).all():
        raise CoreError("indices must be whole numbers", "round them first")
    return x.astype("int64")


def _take_adjoint(g: Node, x: Node, indices: Node) -> tuple[Node | None, ...]:
    return put_add(g, indices, length=x.shape[0]), None


def _put_adjoint(g: Node, x: Node, indices: Node, *, length: int) -> tuple[Node | None, ...]:
    return take(g, indices), None


def _axis_moved(x: Node, start: int, end: int) -> Node:
    axes = [i for i in range(len(x.shape)) if i != start]
    axes.insert(end, start)
    return transpose(x, axes=tuple(axes))


def _in_one_row(indices: Node, size: int, length: int) -> Node:
    """Numbers within each of `size` parts, counted through all parts; what is outside its part is outside of all."""
    part = reshape(counted(size, DType.INT64), shape=(size, *(1,) * (len(indices.shape) - 1)))
    outside = logical_or(less(indices, 0), greater_equal(indices, length))
    return select(outside, constant(size * length, DType.INT64), indices + part * length)


def _lift_take(
    op: Primitive, size: int, batched: Sequence[bool], args: Sequence[Node], attrs: Mapping[str, Any]
) -> Node:
    x, indices = args
    if not batched[0]:
        return op(x, indices)
    if not batched[1]:
        return _axis_moved(op(_axis_moved(x, 0, 1), indices), len(indices.shape), 0)
    length = x.shape[1]
    return op(reshape(x, shape=(size * length, *x.shape[2:])), _in_one_row(indices, size, length))


def _lift_put(
    op: Primitive, size: int, batched: Sequence[bool], args: Sequence[Node], attrs: Mapping[str, Any]
) -> Node:
    length = attrs["length"]
    if not batched[1]:
        g, indices = args
        return _axis_moved(op(_axis_moved(g, 0, len(indices.shape)), indices, length=length), 1, 0)
    g, indices = stacked(size, batched, args)
    total = op(g, _in_one_row(indices, size, length), length=size * length)
    return reshape(total, shape=(size, length, *total.shape[1:]))


take: Primitive = linear(
    "take",
    _take_adjoint,
    help="the elements of the first axis with these numbers",
    arity=2,
    over=(0,),
    examples=Examples(calls=((((4,), (2, 3)), {}), (((3, 2), (4,)), {}), (((2,), (0,)), {}))),
    shape=_take_shape,
    kernel=lambda xp, x, indices: x.take(indices, 0),
    work=lambda x, indices, y: size_of(y),
    check=_refuse_outside,
    lift=_lift_take,
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
    check=_refuse_outside,
    lift=_lift_put,
    integers=(1,),
)
