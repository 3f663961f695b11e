"""Many elements to fewer. `sum_to` is the one sum; the sum over axes is composed of it in the library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import nan, prod
from typing import Any

from gradcli.core.errors import ShapeError
from gradcli.core.ir.declare import flat, implicit, linear
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.edges import Edge, EdgeKind
from gradcli.core.ir.lifting import in_front, lifted, one_further
from gradcli.core.ir.nodes import Node, filled, registry
from gradcli.core.ir.primitive import Examples, Primitive
from gradcli.core.ir.promotion import cast, stretch
from gradcli.core.ir.shapes import Shape, broadcast_shapes
from gradcli.core.primitives.comparisons import equal, less, logical_not
from gradcli.core.primitives.elementwise import reciprocal
from gradcli.core.primitives.selection import select


def _sum_to_shape(x: Shape, *, shape: Shape) -> Shape:
    if broadcast_shapes([x, shape]) != x:
        raise ShapeError(f"shape {x} does not add up to {shape}")
    return shape


# Rows of a few elements are added up by a product, several times as fast, where there are so many in all.
LONGEST_ROW, SMALLEST_BY_PRODUCT = 64, 2**10


@lru_cache(4096)
def _axes_to(x: Shape, shape: Shape) -> tuple[tuple[int, ...], bool]:
    """The axes along which a tensor is added up, and whether these are rows that a product adds up."""
    lead = len(x) - len(shape)
    stretched = tuple(i + lead for i, n in enumerate(shape) if n == 1 and x[i + lead] != 1)
    short = stretched == (len(x) - 1,) and x[-1] <= LONGEST_ROW and prod(x) >= SMALLEST_BY_PRODUCT
    return (*range(lead), *stretched), lead == 0 and short


def _sum_to_kernel(xp: Any, x: Any, *, shape: Shape) -> Any:
    axes, short = _axes_to(x.shape, shape)
    if short and x.dtype.kind == "f" and x.flags.c_contiguous:
        return (x.reshape(-1, x.shape[-1]) @ xp.ones(x.shape[-1], x.dtype)).reshape(shape)
    # What an array's own method does, without the functions in between.
    return xp.add.reduce(x, axes, x.dtype, None, True).reshape(shape)


def _lift_sum_to(
    op: Primitive, size: int, batched: Sequence[bool], args: Sequence[Node], attrs: Mapping[str, Any]
) -> Node:
    (x,), shape = args, attrs["shape"]
    total = op(x, shape=(size, *(1,) * (len(x.shape) - 1 - len(shape)), *shape))
    return total if total.shape == (size, *shape) else registry["reshape"](total, shape=(size, *shape))


sum_to = linear(
    "sum_to",
    lambda g, x, *, shape: (stretch(g, x.shape),),
    help="x added up to a shape that stretches to its own",
    examples=Examples(calls=((((2, 3),), {"shape": (1, 3)}), (((3,),), {"shape": ()}), (((2, 0),), {"shape": (2, 1)}))),
    shape=_sum_to_shape,
    kernel=_sum_to_kernel,
    shortcut=lambda x, *, shape: x if x.shape == shape and x.dtype is not DType.BOOL else None,
    lift=_lift_sum_to,
    result="number",
)


def _max_kernel(xp: Any, x: Any, *, shape: Shape) -> Any:
    # A new array even where there is no axis to go along: only what moves may share memory.
    axes, _ = _axes_to(x.shape, shape)
    least = {"initial": -xp.inf} if x.dtype.kind == "f" else {}
    return xp.maximum.reduce(x, axes, None, None, True, **least)


def _shares(y: Node, x: Node) -> tuple[Node, Node]:
    """Which elements are the largest of their group, and one divided by how many: nan in a group with a nan."""
    largest = logical_not(less(x, stretch(y, x.shape)))
    count = sum_to(cast(largest, x.dtype), shape=y.shape)
    return largest, reciprocal(select(equal(y, y), count, filled(nan, y)))


def _max_rate(y: Node, x: Node, dx: Node, *, shape: Shape) -> Node:
    largest, share = _shares(y, x)
    return sum_to(select(largest, dx, filled(0.0, dx)), shape=shape) * share


def _max_adjoint(g: Node, y: Node, x: Node, *, shape: Shape) -> tuple[Node]:
    largest, share = _shares(y, x)
    return (select(largest, stretch(g * share, x.shape), filled(0.0, x)),)


# Equal elements share the slope.
def _has_ties(args: Sequence[Any], y: Any, **attrs: Any) -> Any:
    """Groups with more than one largest element."""
    if not getattr(y, "shape", ()):
        return bool((args[0] == y).sum() > 1) if hasattr(args[0], "sum") else False
    return (args[0] == y).sum(axis=tuple(i for i, n in enumerate(y.shape) if n == 1), keepdims=True) > 1


max_to: Primitive = implicit(
    "max_to",
    _max_rate,
    _max_adjoint,
    help="the largest element of each group",
    arity=1,
    examples=Examples(
        calls=((((2, 3),), {"shape": (1, 3)}), (((3,),), {"shape": (1,)}), (((2, 1),), {"shape": (2, 1)}))
    ),
    shape=_sum_to_shape,
    kernel=_max_kernel,
    result="same",
    lift=lifted(shape=in_front),
    names=(),
    edge=Edge(EdgeKind.CORNER, _has_ties, continuous=True),
)
index_of_max = flat(
    "argmax",
    help="the number of the first largest element along an axis",
    examples=Examples(calls=((((2, 3),), {"axis": 1}), (((3,),), {"axis": 0}))),
    shape=lambda x, *, axis: x[:axis] + x[axis + 1 :],
    kernel=lambda xp, x, *, axis: xp.argmax(x, axis=axis),
    result="int",
    broadcasts=False,
    lift=lifted(axis=one_further),
    names=(),
)
