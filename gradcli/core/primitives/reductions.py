"""Many elements to fewer. `sum_to` is the one sum; the sum over axes is composed of it in the prelude."""

from __future__ import annotations

from typing import Any

from gradcli.core.errors import ShapeError
from gradcli.core.laws import Examples, flat, linear, stretch
from gradcli.core.shapes import Shape, broadcast_shapes


def _sum_to_shape(x: Shape, *, shape: Shape) -> Shape:
    if broadcast_shapes([x, shape]) != x:
        raise ShapeError(f"shape {x} does not add up to {shape}")
    return shape


def _sum_to_kernel(xp: Any, x: Any, *, shape: Shape) -> Any:
    lead = x.ndim - len(shape)
    stretched = tuple(i + lead for i, n in enumerate(shape) if n == 1 and x.shape[i + lead] != 1)
    total = x.sum(axis=tuple(range(lead)) + stretched, keepdims=True, dtype=x.dtype)
    return total.reshape(shape)


sum_to = linear(
    "sum_to",
    lambda g, x, *, shape: (stretch(g, x.shape),),
    help="x added up to a shape that stretches to its own",
    examples=Examples(calls=((((2, 3),), {"shape": (1, 3)}), (((3,),), {"shape": ()}), (((2, 0),), {"shape": (2, 1)}))),
    shape=_sum_to_shape,
    kernel=_sum_to_kernel,
    result="number",
)


def _max_kernel(xp: Any, x: Any, *, shape: Shape) -> Any:
    axes = tuple(i for i, n in enumerate(shape) if n == 1 and x.shape[i] != 1)
    least = {"initial": -xp.inf} if x.dtype.kind == "f" else {}
    return xp.max(x, axis=axes, keepdims=True, **least) if axes else x


max_to = flat(
    "max_to",
    help="the largest element of each group, as a constant for every derivative",
    examples=Examples(calls=((((2, 3),), {"shape": (1, 3)}), (((3,),), {"shape": (1,)}))),
    shape=_sum_to_shape,
    kernel=_max_kernel,
    broadcasts=False,
    names=(),
)
index_of_max = flat(
    "argmax",
    help="the number of the first largest element along an axis",
    examples=Examples(calls=((((2, 3),), {"axis": 1}), (((3,),), {"axis": 0}))),
    shape=lambda x, *, axis: x[:axis] + x[axis + 1 :],
    kernel=lambda xp, x, *, axis: xp.argmax(x, axis=axis),
    result="int",
    broadcasts=False,
    names=(),
)
