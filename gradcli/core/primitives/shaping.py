"""Moving elements without changing them.

`broadcast` and `sum_to` are each other's adjoint, and so are `slice` and `pad`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from operator import itemgetter, methodcaller
from typing import Any

from gradcli.core.errors import ShapeError
from gradcli.core.ir.declare import linear
from gradcli.core.ir.dtypes import DType, as_int64
from gradcli.core.ir.lifting import in_front, lifted, one_further
from gradcli.core.ir.nodes import Node
from gradcli.core.ir.primitive import Examples, Primitive
from gradcli.core.ir.promotion import cast
from gradcli.core.ir.shapes import Shape, broadcast_shapes, check_shape, no_elements, size_of
from gradcli.core.primitives.reductions import sum_to


def _broadcast_shape(x: Shape, *, shape: Shape) -> Shape:
    if broadcast_shapes([x, check_shape(shape)]) != shape:
        raise ShapeError(f"shape {x} does not stretch to {shape}", "only axes of length 1 stretch")
    return shape


def _same_already(x: Node, *, shape: Shape) -> Node | None:
    return x if x.shape == shape else None


def _lift_broadcast(
    op: Primitive, size: int, batched: Sequence[bool], args: Sequence[Node], attrs: Mapping[str, Any]
) -> Node:
    (x,), shape = args, attrs["shape"]
    ones = (1,) * (len(shape) - len(x.shape) + 1)
    return op(reshape(x, shape=(size, *ones, *x.shape[1:])) if ones else x, shape=(size, *shape))


broadcast = linear(
    "broadcast",
    lambda g, x, *, shape: (sum_to(g, shape=x.shape),),
    help="x repeated along axes of length 1 and new leading axes",
    examples=Examples(
        calls=((((3,),), {"shape": (2, 3)}), (((),), {"shape": (2,)}), (((1, 2),), {"shape": (0, 3, 2)}))
    ),
    shape=_broadcast_shape,
    shortcut=_same_already,
    lift=_lift_broadcast,
    kernel=lambda xp, x, *, shape: xp.broadcast_to(x, shape),
    moves=True,
    work=no_elements,
)


def _reshape_shape(x: Shape, *, shape: Shape) -> Shape:
    if size_of(x) != size_of(shape):
        raise ShapeError(
            f"{size_of(x)} elements of shape {x} do not fill shape {shape} with {size_of(shape)}",
            "the number of elements must stay the same; one length may be -1",
        )
    return shape


reshape: Primitive = linear(
    "reshape",
    lambda g, x, *, shape: (reshape(g, shape=x.shape),),
    help="the same elements in another shape",
    examples=Examples(calls=((((2, 3),), {"shape": (3, 2)}), (((1,),), {"shape": ()}), (((0, 2),), {"shape": (2, 0)}))),
    shape=_reshape_shape,
    shortcut=_same_already,
    lift=lifted(shape=in_front),
    kernel=lambda xp, x, *, shape: x.reshape(shape),
    prepared=lambda attrs: methodcaller("reshape", attrs["shape"]),
    moves=True,
    work=no_elements,
)


def _transpose_shape(x: Shape, *, axes: tuple[int, ...]) -> Shape:
    if sorted(axes) != list(range(len(x))):
        raise ShapeError(f"axes {axes} do not rearrange a tensor of shape {x}", "name each axis once")
    return tuple(x[axis] for axis in axes)


def _transpose_adjoint(g: Node, x: Node, *, axes: tuple[int, ...]) -> tuple[Node]:
    inverse = tuple(sorted(range(len(axes)), key=axes.__getitem__))
    return (transpose(g, axes=inverse),)


transpose = linear(
    "transpose",
    _transpose_adjoint,
    help="axes in another order",
    examples=Examples(calls=((((2, 3),), {"axes": (1, 0)}), (((2, 3, 4),), {"axes": (2, 0, 1)}))),
    shape=_transpose_shape,
    shortcut=lambda x, *, axes: x if axes == tuple(range(len(axes))) else None,
    lift=lifted(axes=lambda size, axes: (0, *(a + 1 for a in axes))),
    kernel=lambda xp, x, *, axes: xp.transpose(x, axes),
    moves=True,
    work=no_elements,
)


def keeps_order(shape: Shape, axes: Sequence[int]) -> bool:
    """Whether only axes of length 1 move, so that the elements stay in their order."""
    long = [axis for axis in axes if shape[axis] != 1]
    return long == sorted(long)


def unshaped(x: Node) -> Node:
    """A tensor as it was before its elements were given another shape, in their order."""
    while x.op is reshape or (x.op is transpose and keeps_order(x.args[0].shape, x.attrs["axes"])):
        x = x.args[0]
    return x


# A range of an axis is (start, count, step) with step > 0: what `slice` takes out and `pad` puts back.
Ranges = tuple[tuple[int, int, int], ...]


@cache
def as_slices(ranges: Ranges) -> tuple[slice, ...]:
    """The ranges as Python's index of a tensor."""
    return tuple(slice(start, start + count * step, step) for start, count, step in ranges)


def _all_of_it(size: int, ranges: Ranges) -> Ranges:
    return ((0, size, 1), *ranges)


def _slice_shape(x: Shape, *, ranges: Ranges) -> Shape:
    return tuple(count for _, count, _ in ranges)


take_slice = linear(
    "slice",
    lambda g, x, *, ranges: (pad(g, ranges=ranges, shape=x.shape),),
    help="every step-th element of each axis",
    examples=Examples(
        calls=((((5,),), {"ranges": ((1, 2, 2),)}), (((3, 4),), {"ranges": ((0, 0, 1), (1, 3, 1))})),
    ),
    shape=_slice_shape,
    lift=lifted(ranges=_all_of_it),
    kernel=lambda xp, x, *, ranges: x[as_slices(ranges)],
    prepared=lambda attrs: itemgetter(as_slices(attrs["ranges"])),
    moves=True,
    work=no_elements,
)


def part(x: Node, axis: int, start: int, count: int) -> Node:
    """So many elements of one axis, all of the others."""
    return take_slice(x, ranges=tuple((start, count, 1) if i == axis else (0, n, 1) for i, n in enumerate(x.shape)))


def _pad_kernel(xp: Any, x: Any, *, ranges: Ranges, shape: Shape) -> Any:
    out = xp.zeros(shape, x.dtype)
    out[as_slices(ranges)] = x
    return out


pad: Primitive = linear(
    "pad",
    lambda g, x, *, ranges, shape: (take_slice(g, ranges=ranges),),
    help="x placed into zeros, where a slice would find it",
    examples=Examples(calls=((((2,),), {"ranges": ((1, 2, 2),), "shape": (5,)}),)),
    shape=lambda x, *, ranges, shape: shape,
    lift=lifted(ranges=_all_of_it, shape=in_front),
    kernel=_pad_kernel,
    moves=True,
)

flip: Primitive = linear(
    "flip",
    lambda g, x, *, axes: (flip(g, axes=axes),),
    help="the elements of some axes in reverse order",
    examples=Examples(calls=((((3,),), {"axes": (0,)}), (((2, 3),), {"axes": (0, 1)}))),
    shape=lambda x, *, axes: x,
    lift=lifted(axes=one_further),
    kernel=lambda xp, x, *, axes: xp.flip(x, axes),
    moves=True,
    work=no_elements,
)


def _concatenate_shape(*shapes: Shape, axis: int) -> Shape:
    first = shapes[0]
    rest = {s[:axis] + s[axis + 1 :] for s in shapes}
    if len(rest) != 1 or len({len(s) for s in shapes}) != 1:
        listed = " and ".join(str(s) for s in dict.fromkeys(shapes))
        raise ShapeError(f"shapes {listed} do not join along axis {axis}", "all other lengths must be equal")
    return (*first[:axis], sum(s[axis] for s in shapes), *first[axis + 1 :])


def _concatenate_adjoint(g: Node, *args: Node, axis: int) -> tuple[Node, ...]:
    out = []
    start = 0
    for arg in args:
        count = arg.shape[axis]
        out.append(part(g, axis, start, count))
        start += count
    return tuple(out)


concatenate = linear(
    "concatenate",
    _concatenate_adjoint,
    help="tensors joined along an axis that they have",
    arity=-1,
    examples=Examples(calls=((((2,), (3,)), {"axis": 0}), (((2, 1), (2, 3), (2, 0)), {"axis": 1}))),
    shape=_concatenate_shape,
    lift=lifted(axis=one_further),
    kernel=lambda xp, *args, axis: xp.concatenate(args, axis),
    moves=True,
)


def _cast_adjoint(g: Node, x: Node, *, dtype: str) -> tuple[Node | None]:
    return (cast(g, x.dtype) if x.dtype.is_float and DType(dtype).is_float else None,)


def _cast_kernel(xp: Any, x: Any, *, dtype: str) -> Any:
    if dtype == "int64" and x.dtype.kind == "f":
        beyond = ~((x >= -(2.0**63)) & (x < 2.0**63))
        if beyond.any():
            as_int64(float(x[beyond].flat[0] if x.ndim else x))
    return x.astype(dtype)


converted = linear(
    "cast",
    _cast_adjoint,
    help="the same values as another element type",
    examples=Examples(calls=((((3,),), {"dtype": "float64"}), (((),), {"dtype": "float64"}))),
    kernel=_cast_kernel,
    result="attribute",
)
