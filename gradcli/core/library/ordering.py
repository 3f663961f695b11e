"""Elements in order: sorting, the largest few, quantiles, running extremes; each moved by its number."""

from __future__ import annotations

from typing import Literal

from gradcli.core.errors import CoreError, require
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Constant, Node, Operand, constant
from gradcli.core.ir.promotion import cast, coerce, real, stretch
from gradcli.core.ir.shapes import normalize_axes, size_of
from gradcli.core.library.declare import composed
from gradcli.core.library.finite import isinf, isnan
from gradcli.core.library.functions import Axis
from gradcli.core.library.picking import picked_along
from gradcli.core.primitives import comparisons as cmp
from gradcli.core.primitives import elementwise as ew
from gradcli.core.primitives import shaping
from gradcli.core.primitives.indexing import take
from gradcli.core.primitives.ordering import numbers_in_order
from gradcli.core.primitives.rounding import ceil, floor, rounded
from gradcli.core.primitives.selection import select

METHODS = ("linear", "lower", "higher", "nearest", "midpoint")


def _in_row(x: Node, axis: int | None) -> tuple[Node, int]:
    """What to go along which axis: where none is given, all elements in order."""
    require(bool(x.shape), "a single number has no order", "numbers in order are a vector: [3, 1, 2]")
    if axis is None:
        return shaping.reshape(x, shape=(size_of(x.shape),)), 0
    return x, normalize_axes(axis, len(x.shape))[0]


def _order(x: Node, a: int, descending: bool) -> Node:
    if not descending:
        return numbers_in_order(x, axis=a)
    # From behind, so that equal ones stay as they stand.
    back = shaping.flip(numbers_in_order(shaping.flip(x, axes=(a,)), axis=a), axes=(a,))
    return (x.shape[a] - 1) - back


@composed(
    "the elements in ascending order along an axis, nan at the end, equal ones as they stand; slopes go along",
    example="sort([3, 1, 2]), sort([3, 1, 2], descending=true)\n(x -> sort([x^2, x, 1])[1])'(2)",
)
def sort(x: Node, axis: int | None = -1, descending: bool = False) -> Node:
    """NumPy's, with `descending`; axis=none sorts all elements as one row."""
    x, a = _in_row(x, axis)
    return picked_along(x, _order(x, a, descending), a)


@composed(
    "the numbers of the elements in ascending order along an axis: those with which `sort` picks",
    example="argsort([3, 1, 2])",
)
def argsort(x: Node, axis: int | None = -1, descending: bool = False) -> Node:
    """Equal ones as they stand; axis=none takes all elements as one row."""
    x, a = _in_row(x, axis)
    return _order(x, a, descending)


@composed(
    "the k largest elements along an axis, the largest first, or with largest=false the smallest; and their numbers",
    example="topk([3, 9, 2, 7], 2)\nvalues, numbers = topk([3, 9, 2], 1, largest=false)\nvalues",
)
def topk(x: Node, k: int, axis: int = -1, largest: bool = True) -> tuple[Node, Node]:
    """A tuple of both: values and indices."""
    (a,) = normalize_axes(axis, len(x.shape))
    require(
        0 <= k <= x.shape[a],
        f"there are no {k} largest of {x.shape[a]} elements" if k >= 0 else f"{k} is no number of elements",
        f"k runs from 0 to {x.shape[a]} along this axis",
    )
    numbers = shaping.part(_order(x, a, largest), a, 0, k)
    return picked_along(x, numbers, a), numbers


def _running(x: Node, axis: int | None, upper: bool) -> Node:
    x, a = _in_row(x, axis)
    x = cast(x, DType.INT64) if x.dtype is DType.BOOL else x
    node, step, n = x, 1, x.shape[a]
    while step < n:
        # The first ones are done; nothing is put in front of them, so that none meets itself, or an infinity.
        done, rest, earlier = (shaping.part(node, a, *at) for at in ((0, step), (step, n - step), (0, n - step)))
        node = shaping.concatenate(done, (ew.maximum if upper else ew.minimum)(rest, earlier), axis=a)
        step *= 2
    return node


@composed(
    "the largest element up to each one, along an axis; of all elements in order, if none is given",
    example="cummax([1, 3, 2, 5])",
)
def cummax(x: Node, axis: int | None = None) -> Node:
    return _running(x, axis, upper=True)


@composed(
    "the smallest element up to each one, along an axis; of all elements in order, if none is given",
    example="cummin([4, 3, 5, 1])",
)
def cummin(x: Node, axis: int | None = None) -> Node:
    return _running(x, axis, upper=False)


@composed(
    'where v would be put into the ascending vector a: how many elements are less, or with side="right" not greater',
    example='searchsorted([1, 2, 3], 2), searchsorted([1, 2, 3], [0, 2, 9], side="right")',
)
def searchsorted(a: Node, v: Node, side: str = "left") -> Node:
    require(len(a.shape) == 1, f"searchsorted looks into a vector, not into shape {a.shape}")
    require(side in ("left", "right"), f'"{side}" is no side', 'it is "left" or "right" of equal elements')
    return places_among(a, v, "left" if side == "left" else "right")


def places_among(a: Node, v: Node, side: Literal["left", "right"]) -> Node:
    """For each element of v the number of those of a vector that stand before it in order.

    Both are put into one order, in which an element's place is the number of all before it; less those of v.
    """
    a, v = coerce((a, v))
    flat = shaping.reshape(v, shape=(size_of(v.shape),))
    n, m = a.shape[0], flat.shape[0]
    # Equal ones stay as they stand: on the left of those of a where v is in front.
    both = shaping.concatenate(*((flat, a) if side == "left" else (a, flat)), axis=0)
    among_all = shaping.part(_places(both), 0, 0 if side == "left" else n, m)
    return shaping.reshape(among_all - _places(flat), shape=v.shape)


def _places(x: Node) -> Node:
    return numbers_in_order(numbers_in_order(x, axis=0), axis=0)


def _one_axis(x: Node, axis: Axis) -> Node:
    """The axes that are reduced as one last axis."""
    axes = normalize_axes(axis, len(x.shape))
    rest = tuple(i for i in range(len(x.shape)) if i not in axes)
    moved = shaping.transpose(x, axes=(*rest, *axes)) if axes else x
    shape = tuple(x.shape[i] for i in rest)
    return shaping.reshape(moved, shape=(*shape, size_of(x.shape) // max(size_of(shape), 1)))


def _many(x: Node, axis: Axis, what: str) -> Node:
    row = _one_axis(real(x), axis)
    axes = normalize_axes(axis, len(x.shape))
    require(all(x.shape[i] for i in axes), f"the {what} of no elements is not defined")
    return row


@composed(
    "the middle element, or the mean of the two in the middle, over all axes or some",
    example="median([1, 7, 3]), median([1, 2, 3, 10])\ngrad(median)([1, 2, 3, 10])",
)
def median(x: Node, axis: Axis = None, keepdims: bool = False) -> Node:
    row = _many(x, axis, "median")
    n = row.shape[-1]
    ordered = sort(row)
    low, high = (_at(ordered, k) for k in ((n - 1) // 2, n // 2))
    middle = low if n % 2 else (low + high) / 2
    return _kept(_or_nan(middle, ordered, ()), x, axis, keepdims, ())


@composed(
    "the value below which the part q of the elements lies, q from 0 to 1; between two elements in proportion",
    example="quantile([1, 2, 3, 4], 0.25), quantile([1, 2, 3, 4], [0, 0.5, 1])\ngrad(quantile)([1, 2, 3, 4], 0.25)",
)
def quantile(x: Node, q: Operand, axis: Axis = None, keepdims: bool = False, method: str = "linear") -> Node:
    """NumPy's: the axes of q come first. `method` is linear, lower, higher, nearest or midpoint."""
    return _quantile(x, q, 1, axis, keepdims, method)


@composed(
    "the quantile of q percent: percentile(x, 50) is the median",
    example="percentile([1, 2, 3, 4], 50)",
)
def percentile(x: Node, q: Operand, axis: Axis = None, keepdims: bool = False, method: str = "linear") -> Node:
    return _quantile(x, q, 100, axis, keepdims, method)


def _quantile(x: Node, q: Operand, whole: int, axis: Axis, keepdims: bool, method: str) -> Node:
    name = "quantile" if whole == 1 else "percentile"
    require(method in METHODS, f'"{method}" is no method of {name}', f"there are {', '.join(METHODS)}")
    row = _many(x, axis, name)
    ordered, last = sort(row), row.shape[-1] - 1
    shares = real(q) if isinstance(q, Node) else constant(q, row.dtype)
    _require_within(shares, whole, name)
    place = shares / whole * last
    # What is outside is no number, and no place either.
    inside = cmp.logical_and(cmp.greater_equal(place, 0), cmp.less_equal(place, last))
    place = select(inside, place, constant(0, place.dtype))
    found = _between(ordered, place, last, method)
    asked = shares.shape
    within = stretch(shaping.reshape(inside, shape=(*asked, *(1,) * (len(row.shape) - 1))), found.shape)
    found = select(within, found, constant(float("nan"), found.dtype))
    return _kept(_or_nan(found, ordered, asked), x, axis, keepdims, asked)


def _between(ordered: Node, place: Node, last: int, method: str) -> Node:
    """The elements on both sides of a place in the order, and what lies between them."""
    below, rank = floor(place), len(ordered.shape) - 1
    if method == "nearest":
        return _take_last(ordered, rounded(place, decimals=0), last)
    above = ceil(place) if method != "linear" else below + 1
    low, high = _take_last(ordered, below, last), _take_last(ordered, above, last)
    if method in ("lower", "higher"):
        return low if method == "lower" else high
    part = (
        constant(0.5, low.dtype)
        if method == "midpoint"
        else shaping.reshape(place - below, shape=(*place.shape, *(1,) * rank))
    )
    # Between infinite ones, and beside one where there is no way to go, the lower one is what there is.
    apart, still = high - low, cmp.equal(stretch(cast(part, low.dtype), low.shape), 0)
    stays = cmp.logical_or(isnan(apart), cmp.logical_and(isinf(apart), still))
    return select(stays, low, low + apart * part)


def _take_last(ordered: Node, numbers: Node, last: int) -> Node:
    """The elements with these numbers on the last axis, the axes of the numbers in front."""
    rank = len(ordered.shape)
    front = shaping.transpose(ordered, axes=(rank - 1, *range(rank - 1)))
    return take(front, cast(ew.minimum(numbers, float(last)), DType.INT64))


def _require_within(q: Node, whole: int, name: str) -> None:
    """Refuse what is known to lie outside."""
    if isinstance(q, Constant):
        import numpy as np

        values = np.asarray(q.value)
        outside = values[~((values >= 0) & (values <= whole))]
        if outside.size:
            raise CoreError(f"{outside.flat[0]:g} is no {name}", f"q runs from 0 to {whole}")


def _at(ordered: Node, k: int) -> Node:
    return shaping.reshape(shaping.part(ordered, len(ordered.shape) - 1, k, 1), shape=ordered.shape[:-1])


def _or_nan(found: Node, ordered: Node, asked: tuple[int, ...]) -> Node:
    """What was found, or nan in a row that has one: it stands at the end."""
    end = _at(ordered, ordered.shape[-1] - 1)
    return select(stretch(isnan(end), found.shape), constant(float("nan"), found.dtype), found)


def _kept(found: Node, x: Node, axis: Axis, keepdims: bool, asked: tuple[int, ...]) -> Node:
    if not keepdims:
        return found
    axes = normalize_axes(axis, len(x.shape))
    return shaping.reshape(found, shape=(*asked, *(1 if i in axes else n for i, n in enumerate(x.shape))))
