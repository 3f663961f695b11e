"""Picking elements by their numbers along an axis."""

from __future__ import annotations

from typing import TypeAlias

from gradcli.core.errors import CoreError, ShapeError, require
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Constant, Node, constant
from gradcli.core.ir.promotion import cast, stretch
from gradcli.core.ir.shapes import broadcast_shapes, normalize_axes, size_of
from gradcli.core.library.declare import composed
from gradcli.core.library.indexing import index
from gradcli.core.primitives import comparisons as cmp
from gradcli.core.primitives import shaping
from gradcli.core.primitives.constants import counted
from gradcli.core.primitives.indexing import take as take_first
from gradcli.core.primitives.indexing import whole_numbers
from gradcli.core.primitives.selection import select

# A tensor that is computed where it can be when the call is read, since a shape depends on it.
Known: TypeAlias = Node


@composed(
    "the elements with these numbers along an axis; of all elements in order, if none is given",
    example="take([10, 20, 30], [2, 0]), take([[1, 2], [3, 4]], 1, axis=0)",
)
def take(x: Node, indices: Node, axis: int | None = None) -> Node:
    if axis is None:
        x, axis = shaping.reshape(x, shape=(size_of(x.shape),)), 0
    (a,) = normalize_axes(axis, len(x.shape))
    return index(x, (*(slice(None),) * a, indices))


@composed(
    "along an axis the elements with the numbers that stand at their places, such as argsort gives",
    example="x = [[3, 1], [5, 9]]\ntake_along_axis(x, argsort(x), -1)",
)
def take_along_axis(x: Node, indices: Node, axis: int | None = -1) -> Node:
    """NumPy's: both have as many axes, and the others stretch to each other; axis=none takes all elements as a row."""
    require(bool(x.shape), "a single number has no axis to pick along", "use take(x, indices)")
    if axis is None:
        x, axis = shaping.reshape(x, shape=(size_of(x.shape),)), 0
    (a,) = normalize_axes(axis, len(x.shape))
    if len(indices.shape) != len(x.shape):
        raise ShapeError(f"numbers of shape {indices.shape} do not pick from shape {x.shape}", "both have as many axes")
    require(indices.dtype is not DType.BOOL, "numbers pick along an axis, not true and false", "use where(mask, x, 0)")
    return picked_along(x, whole_numbers(indices, length=x.shape[a]), a)


def picked_along(x: Node, numbers: Node, a: int) -> Node:
    """The elements with these numbers, which count from the front, along axis a."""
    common = broadcast_shapes([(*x.shape[:a], 1, *x.shape[a + 1 :]), (*numbers.shape[:a], 1, *numbers.shape[a + 1 :])])
    x = stretch(x, (*common[:a], x.shape[a], *common[a + 1 :]))
    numbers = stretch(numbers, (*common[:a], numbers.shape[a], *common[a + 1 :]))
    flat = shaping.reshape(x, shape=(size_of(x.shape),))
    if len(x.shape) == 1:
        return take_first(flat, numbers)
    place, step = None, 1
    for i in reversed(range(len(x.shape))):
        ones = tuple(numbers.shape[i] if j == i else 1 for j in range(len(x.shape)))
        number = numbers if i == a else shaping.reshape(cast(counted(ones[i], DType.INT64), DType.INT64), shape=ones)
        place = number * step if place is None else place + number * step
        step *= x.shape[i]
    assert place is not None
    return take_first(flat, place)


@composed(
    "labels 0, 1, ... as rows of zeros with a one at the label's place",
    example="one_hot([0, 2], 3)",
)
def one_hot(x: Known, classes: int | None = None, dtype: DType = DType.FLOAT64) -> Node:
    """Of shape (*x.shape, classes); without `classes` one more than the largest label, which must be known then."""
    if classes is None:
        if not isinstance(x, Constant):
            raise CoreError("how many classes there are must be known", "write one_hot(x, n)")
        import numpy as np

        classes = int(np.max(x.value, initial=-1)) + 1
    labels = whole_numbers(x, length=classes, what="label")
    wide = shaping.reshape(labels, shape=(*x.shape, 1))
    return select(cmp.equal(wide, counted(classes, DType.FLOAT64)), constant(1, dtype), constant(0, dtype))
