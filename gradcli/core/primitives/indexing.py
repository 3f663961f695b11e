"""Picking elements by number. `take` and `put_add` are each other's adjoint: what is picked twice adds up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gradcli.core.errors import CoreError
from gradcli.core.ir.declare import flat, linear
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.lifting import stacked
from gradcli.core.ir.nodes import Node, constant
from gradcli.core.ir.primitive import Examples, Primitive
from gradcli.core.ir.shapes import Shape, size_of
from gradcli.core.primitives.comparisons import greater_equal, less, logical_or
from gradcli.core.primitives.constants import counted
from gradcli.core.primitives.selection import select
from gradcli.core.primitives.shaping import reshape, transpose

# Indices are int64 and count along the first axis; `gradcli.core.library.indexing` brings other forms to this one.


def _take_shape(x: Shape, indices: Shape) -> Shape:
    return indices + x[1:]


def _put_shape(g: Shape, indices: Shape, *, length: int) -> Shape:
    return (length, *g[len(indices) :])


def _put_kernel(xp: Any, g: Any, indices: Any, *, length: int) -> Any:
    shape = (length, *g.shape[indices.ndim :])
    out = xp.zeros(shape, dtype=g.dtype)
    # Element by element is three times as fast as row by row.
    width = out.size // max(length, 1)
    if width > 1:
        indices = (indices * width)[..., None] + xp.arange(width)
    xp.add.at(out.reshape(-1), indices.reshape(-1), g.reshape(-1))
    return out


def _refuse_outside(shapes: tuple[Shape, ...], indices: Any, **attrs: Any) -> None:
    length = attrs["length"] if "length" in attrs else shapes[0][0]
    beyond = indices[(indices < 0) | (indices >= length)]
    if beyond.size:
        raise outside("index", beyond.flat[0], length)


def _whole_kernel(xp: Any, x: Any, *, length: int, what: str = "index", besides: int | None = None) -> Any:
    if x.dtype.kind == "f" and not (x == xp.round(x)).all():
        number, at = _first(xp, x, x != xp.round(x))
        hint = "nothing is known there" if number != number else f"round {'them' if x.ndim else 'it'} first"
        raise CoreError(f"{PLURAL[what]} must be whole numbers, and {number!r}{at} is none", hint)
    lowest = -length if what == "index" else 0
    fits = (lowest <= x) & (x < length)
    if not (fits if besides is None else fits | (x == besides)).all():
        number, at = _first(xp, x, ~fits if besides is None else ~fits & (x != besides))
        raise outside(what, number, length, at if what == "label" else "")
    whole = x.astype("int64")
    return xp.where(whole < 0, whole + length, whole) if what == "index" else whole


def _first(xp: Any, x: Any, refused: Any) -> tuple[float, str]:
    """The first number that is refused, and where it stands."""
    if not x.ndim:
        return x.item(), ""
    place = tuple(int(i) for i in xp.argwhere(refused)[0])
    return x[place].item(), f" at [{', '.join(map(str, place))}]"


PLURAL = {"index": "indices", "label": "labels"}


def outside(what: str, number: float, length: int, of: str = "") -> CoreError:
    """The refusal of a number that counts along an axis, or names a class, which isn't there; `of` what, or where."""
    if what == "label":
        message = f"label {number:.17g}{of} is none of {length} {'class' if length == 1 else 'classes'}"
        hint = f"labels run from 0 to {length - 1}; what ignore_index= says is left out"
        if number == length:
            hint += "; where yours run from 1, take 1 off"
        return CoreError(message, hint)
    run = f"it runs from 0 to {length - 1}, or from -{length} to -1" if length else "that axis is empty"
    return CoreError(f"index {number:.17g} is outside an axis of length {length}{of}", run)


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


def _take_kernel(xp: Any, x: Any, indices: Any) -> Any:
    if x.flags.c_contiguous or indices.size >= x.shape[0]:
        return x.take(indices, 0)
    # Few of what lies otherwise are picked where they lie, so that not all of it is copied first.
    order = sorted(range(x.ndim), key=lambda axis: -x.strides[axis])
    lying = x.transpose(order)
    if not lying.flags.c_contiguous:
        return x.take(indices, 0)
    along = order.index(0)
    rest = [i if i < along else i + indices.ndim - 1 for i in map(order.index, range(1, x.ndim))]
    return lying.take(indices, along).transpose(*range(along, along + indices.ndim), *rest)


take: Primitive = linear(
    "take",
    _take_adjoint,
    help="the elements of the first axis with these numbers",
    arity=2,
    over=(0,),
    examples=Examples(calls=((((4,), (2, 3)), {}), (((3, 2), (4,)), {}), (((2,), (0,)), {}))),
    shape=_take_shape,
    kernel=_take_kernel,
    moves=True,
    work=lambda x, indices, y: size_of(y),
    check=_refuse_outside,
    lift=_lift_take,
    integers=(1,),
)
whole_numbers = flat(
    "whole_numbers",
    help="numbers that must be whole and within a length, as indices counted from the front, or as labels",
    examples=Examples(calls=((((3,),), {"length": 4}),), domain=()),
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
