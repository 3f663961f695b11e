"""Indexing as NumPy's: ints, slices, an ellipsis, none, and tensors of ints."""

from __future__ import annotations

from types import EllipsisType
from typing import TypeAlias

from gradcli.core.errors import CoreError, require
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Constant, Node, array_constant, constant
from gradcli.core.ir.promotion import coerce, stretch
from gradcli.core.ir.shapes import broadcast_shapes, size_of
from gradcli.core.primitives import shaping
from gradcli.core.primitives.comparisons import greater
from gradcli.core.primitives.indexing import outside, put_add, take, whole_numbers
from gradcli.core.primitives.selection import select

Item: TypeAlias = "int | slice | Node | EllipsisType | None"


def index(x: Node, items: tuple[Item, ...]) -> Node:
    """The elements that the items pick. Several tensors of ints are broadcast and picked together.

    What they pick stands where they stood if they are side by side, and in front otherwise, as in NumPy, where beside
    a tensor an int counts as one too.

    Raises:
        CoreError: for an index outside its axis, or too many of them.
    """
    items, masks = _without_masks(items)
    consuming = sum(1 for item in items if item is not None and item is not Ellipsis)
    rank = len(x.shape)
    if consuming > rank:
        raise CoreError(
            f"{consuming} {'index' if consuming == 1 else 'indices'} for a tensor of shape {x.shape}",
            "a single number can't be indexed" if rank == 0 else f"it has {rank} {'axis' if rank == 1 else 'axes'}",
        )
    require(sum(1 for item in items if item is Ellipsis) <= 1, "an index can have only one ...")
    at = next((i for i, item in enumerate(items) if item is Ellipsis), len(items))
    full_slices: tuple[slice, ...] = (slice(None),) * (rank - consuming)
    ranges: list[tuple[int, int, int]] = []
    reversed_axes: list[int] = []
    shape: list[int] = []
    picks: list[tuple[int, Node]] = []
    whole = (*items[:at], *full_slices, *items[at + 1 :])
    picking = [i for i, item in enumerate(whole) if isinstance(item, (int, Node))]
    together = picking == list(range(picking[0], picking[0] + len(picking))) if picking else True
    axis = 0
    for item in whole:
        if item is None:
            shape.append(1)
            continue
        n = x.shape[axis]
        if isinstance(item, Node):
            if masks.get(item, n) != n:
                raise CoreError(
                    f"a mask of length {masks[item]} does not pick from axis {axis} of a tensor of shape {x.shape}",
                    "a mask has the lengths of the axes that it picks from",
                )
            picks.append((len(shape), _indices(item, n, x)))
            ranges.append((0, n, 1))
            shape.append(n)
        elif isinstance(item, slice):
            require(item.step != 0, "a slice's step can't be 0")
            span = range(*item.indices(n))
            if span.step < 0:
                reversed_axes.append(axis)
                span = range(n)[item][::-1]
            ranges.append((span.start if span else 0, len(span), span.step))
            shape.append(len(span))
        elif isinstance(item, int):
            if not -n <= item < n:
                raise CoreError(
                    f"index {item} is outside axis {axis} of a tensor of shape {x.shape}",
                    f"it runs from 0 to {n - 1}, or from -{n} to -1" if n else "that axis is empty",
                )
            ranges.append((item % n, 1, 1))
        axis += 1
    node = x
    if any(r != (0, n, 1) for r, n in zip(ranges, x.shape, strict=True)):
        node = shaping.take_slice(node, ranges=tuple(ranges))
    if reversed_axes:
        node = shaping.flip(node, axes=tuple(reversed_axes))
    node = node if node.shape == tuple(shape) else shaping.reshape(node, shape=tuple(shape))
    return _pick(node, [at for at, _ in picks], [indices for _, indices in picks], together) if picks else node


def _without_masks(items: tuple[Item, ...]) -> tuple[tuple[Item, ...], dict[Node, int]]:
    """A mask that is known as the numbers of its true elements, a tensor for each axis, with the mask's lengths."""
    found: list[Item] = []
    lengths: dict[Node, int] = {}
    for item in items:
        if isinstance(item, Constant) and item.dtype is DType.BOOL and item.shape:
            import numpy as np

            numbers = [array_constant(one.astype("int64")) for one in np.nonzero(item.value)]
            lengths.update(zip(numbers, item.shape, strict=True))
            found += numbers
        else:
            found.append(item)
    return tuple(found), lengths


def _indices(item: Node, n: int, x: Node) -> Node:
    """Indices into an axis of length n, counted from its front.

    Raises:
        CoreError: for a tensor that isn't of whole numbers, or one outside the axis where it is known.
    """
    if item.dtype is DType.BOOL:
        raise CoreError(
            "a mask picks a number of elements that only its values tell, and shapes must be known before",
            "use where(mask, x, 0)",
        )
    if isinstance(item, Constant):
        import numpy as np

        values = np.asarray(item.value)
        beyond = values[(values < -n) | (values >= n)]
        if beyond.size:
            raise outside("index", beyond.flat[0], n, f" of a tensor of shape {x.shape}")
    return whole_numbers(item, length=n)


def _pick(x: Node, axes: list[int], indices: list[Node], together: bool) -> Node:
    """The elements with these numbers on these axes, taken together."""
    common = broadcast_shapes([i.shape for i in indices])
    rest = [a for a in range(len(x.shape)) if a not in axes]
    order = (*axes, *rest)
    lengths = [x.shape[a] for a in axes]
    flat = shaping.reshape(
        x if order == tuple(range(len(order))) else shaping.transpose(x, axes=order),
        shape=(size_of(tuple(lengths)), *(x.shape[a] for a in rest)),
    )
    number = stretch(indices[0], common)
    for i, n in zip(indices[1:], lengths[1:], strict=True):
        number = number * n + stretch(i, common)
    picked = take(flat, number)
    before = axes[0] if together else 0
    rank = len(common)
    back = (*range(rank, rank + before), *range(rank), *range(rank + before, len(picked.shape)))
    return picked if back == tuple(range(len(back))) else shaping.transpose(picked, axes=back)


def updated(x: Node, items: tuple[Item, ...], value: Node) -> Node:
    """The tensor with a value, stretched, in the place of the elements that an index picks.

    Raises:
        CoreError: for an index that the tensor does not have, or a value that doesn't stretch to what it picks.
    """
    import numpy as np

    x, value = coerce([x, value])
    size = size_of(x.shape)
    places = index(array_constant(np.arange(size).reshape(x.shape)) if x.shape else constant(0, DType.INT64), items)
    value = stretch(value, places.shape)
    count = size_of(places.shape)
    places = shaping.reshape(places, shape=(count,))
    put = put_add(shaping.reshape(value, shape=(count,)), places, length=size)
    there = put_add(stretch(constant(1, DType.INT64), (count,)), places, length=size)
    mask = shaping.reshape(greater(there, 0), shape=x.shape)
    return select(mask, shaping.reshape(put, shape=x.shape), x)
