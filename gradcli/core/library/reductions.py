"""Reductions over axes, composed so that zeros, ties and empty axes come out right at every order."""

from __future__ import annotations

from gradcli.core.errors import require
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node, constant, filled
from gradcli.core.ir.promotion import cast, real, stretch
from gradcli.core.ir.shapes import Shape, normalize_axes, size_of
from gradcli.core.library.declare import composed
from gradcli.core.library.functions import Axis, mean, sum_
from gradcli.core.primitives import comparisons as cmp
from gradcli.core.primitives import elementwise as ew
from gradcli.core.primitives.reductions import index_of_max, max_to
from gradcli.core.primitives.scans import cumulative_sum
from gradcli.core.primitives.selection import select
from gradcli.core.primitives.shaping import concatenate, part, reshape


def _kept(x: Node, axis: Axis) -> Shape:
    axes = normalize_axes(axis, len(x.shape))
    return tuple(1 if i in axes else n for i, n in enumerate(x.shape))


def _drop(total: Node, x: Node, axis: Axis, keepdims: bool) -> Node:
    axes = normalize_axes(axis, len(x.shape))
    shape = tuple(n for i, n in enumerate(x.shape) if i not in axes)
    return total if keepdims or total.shape == shape else reshape(total, shape=shape)


def _in_order(x: Node, axis: int | None) -> tuple[Node, int]:
    """What to go along which axis: where none is given, all elements in order."""
    return (reshape(x, shape=(size_of(x.shape),)), 0) if axis is None else (x, axis)


def _ones(x: Node, axis: int, count: int) -> Node:
    return stretch(constant(1, x.dtype), (*x.shape[:axis], count, *x.shape[axis + 1 :]))


@composed(
    "product of the elements, over all axes or some; its slopes are right where elements are 0",
    example="prod([2, 3, 4])\ngrad(prod)([2, 0, 4])",
)
def prod(x: Node, axis: Axis = None, keepdims: bool = False) -> Node:
    # Halves are multiplied with each other until one is left: nothing is divided by, so zeros are no matter.
    node = cast(x, DType.INT64) if x.dtype is DType.BOOL else x
    for a in normalize_axes(axis, len(x.shape)):
        if node.shape[a] == 0:
            node = _ones(node, a, 1)
        while node.shape[a] > 1:
            n = node.shape[a]
            if n % 2:
                node, n = concatenate(node, _ones(node, a, 1), axis=a), n + 1
            node = part(node, a, 0, n // 2) * part(node, a, n // 2, n // 2)
    return _drop(node, x, axis, keepdims)


@composed(
    "sums of the elements up to each one, along an axis; of all elements in order, if none is given",
    example="cumsum([1, 2, 3])",
)
def cumsum(x: Node, axis: int | None = None) -> Node:
    x, axis = _in_order(x, axis)
    (a,) = normalize_axes(axis, len(x.shape))
    return cumulative_sum(cast(x, DType.INT64) if x.dtype is DType.BOOL else x, axis=a)


@composed(
    "products of the elements up to each one, along an axis; of all in order, if none is given",
    example="cumprod([1, 2, 3, 4])",
)
def cumprod(x: Node, axis: int | None = None) -> Node:
    x, axis = _in_order(x, axis)
    (a,) = normalize_axes(axis, len(x.shape))
    node, step = cast(x, DType.INT64) if x.dtype is DType.BOOL else x, 1
    while step < x.shape[a]:
        moved = concatenate(_ones(node, a, step), part(node, a, 0, x.shape[a] - step), axis=a)
        node, step = node * moved, 2 * step
    return node


def _extreme(x: Node, axis: Axis, keepdims: bool, name: str) -> Node:
    kept = _kept(x, axis)
    require(bool(size_of(x.shape) or not size_of(kept)), f"the {name} of no elements is not defined")
    return _drop(max_to(x, shape=kept), x, axis, keepdims)


def _opposite(x: Node) -> Node:
    """The other way round in order; of int64, whose least number has no negative, one less."""
    if x.dtype is DType.BOOL:
        return cmp.logical_not(x)
    return -x if x.dtype.is_float else -1 - x


@composed(
    "the largest element, over all axes or some; equal ones share the slope",
    "max",
    "amax",
    example="max([3, 1, 2]), max(3, 1, 2)\ngrad(max)([3, 1, 2])",
)
def max_(x: Node, axis: Axis = None, keepdims: bool = False) -> Node:
    return _extreme(x, axis, keepdims, "maximum")


@composed(
    "the smallest element, over all axes or some; equal ones share the slope",
    "min",
    "amin",
    example="min([3, 1, 2]), min(3, 1, 2)\ngrad(min)([3, 1, 2])",
)
def min_(x: Node, axis: Axis = None, keepdims: bool = False) -> Node:
    return _opposite(_extreme(_opposite(x), axis, keepdims, "minimum"))


@composed(
    "the number of the largest element along an axis; of all elements in order, if none is given",
    example="argmax([3, 9, 2])",
)
def argmax(x: Node, axis: int | None = None) -> Node:
    x, axis = _in_order(x, axis)
    (a,) = normalize_axes(axis, len(x.shape))
    require(x.shape[a] > 0, "there is no largest of no elements")
    return index_of_max(x, axis=a)


@composed(
    "the number of the smallest element along an axis; of all elements in order, if none is given",
    example="argmin([3, 9, 2])",
)
def argmin(x: Node, axis: int | None = None) -> Node:
    return argmax(_opposite(x), axis)


@composed("whether any element is true, or not 0", example="any([1, 2, 3] > 2)")
def any_(x: Node, axis: Axis = None, keepdims: bool = False) -> Node:
    return cmp.greater(sum_(cmp.not_equal(x, 0), axis, keepdims), 0)


@composed("whether all elements are true, or not 0", example="all([1, 2, 3] > 2)")
def all_(x: Node, axis: Axis = None, keepdims: bool = False) -> Node:
    return cmp.equal(sum_(cmp.equal(x, 0), axis, keepdims), 0)


@composed(
    "variance: the mean squared distance from the mean; with ddof=1 that of a sample",
    example="var([1, 2, 3, 6]), var([1, 2, 3, 6], ddof=1)",
)
def var(x: Node, axis: Axis = None, ddof: int = 0, keepdims: bool = False) -> Node:
    away = x - mean(x, axis, keepdims=True)
    count = size_of(x.shape) // max(size_of(_kept(x, axis)), 1)
    total = sum_(away * away, axis, keepdims)
    return total / (count - ddof) if count > ddof else total * float("nan")


@composed("standard deviation; the slope is 0 where all elements are equal", example="std([1, 3])")
def std(x: Node, axis: Axis = None, ddof: int = 0, keepdims: bool = False) -> Node:
    return root(var(x, axis, ddof, keepdims))


def root(square: Node) -> Node:
    """The square root with slope 0 at 0: of what is 0 only where its root has no direction."""
    return select(cmp.equal(square, 0), filled(0.0, square), ew.sqrt(square))


@composed(
    "log of the sum of exp, without overflow, over all axes or some",
    example="logsumexp([1000, 1000])\ngrad(logsumexp)([0, 0])",
)
def logsumexp(x: Node, axis: Axis = None, keepdims: bool = False) -> Node:
    x = real(x)
    largest = max_to(x, shape=_kept(x, axis))
    total = ew.log(sum_(ew.exp(_below_largest(x, axis)), axis, keepdims=True)) + ew.stop_gradient(largest)
    # An infinite one outweighs the others, and is what the sum is.
    return _drop(select(_is_finite(largest), total, largest), x, axis, keepdims)


def _is_finite(x: Node) -> Node:
    return cmp.less(ew.absolute(x), float("inf"))


def _below_largest(x: Node, axis: Axis) -> Node:
    """The elements less the largest, which as a constant has no part in a slope; an infinite one leaves 0 and -inf."""
    largest = ew.stop_gradient(max_to(x, shape=_kept(x, axis)))
    others = select(cmp.equal(x, largest), filled(0.0, x), filled(float("-inf"), x))
    return select(_is_finite(largest), x - largest, others)


def largest_as_constant(x: Node, axis: Axis) -> Node:
    """The largest element as a constant; 0 where it is infinite, so that no inf is taken from an inf."""
    value = ew.stop_gradient(max_to(x, shape=_kept(x, axis)))
    return select(_is_finite(value), value, filled(0.0, value))


def vector_norm(x: Node, ord: float, axis: Axis, keepdims: bool) -> Node:
    """The norm of some order of all elements along some axes."""
    require(ord > 0, f"a norm's order must be above 0, not {ord}", "1, 2 and inf are the usual ones")
    size = ew.absolute(real(x))
    if ord == float("inf"):
        return max_(size, axis, keepdims)
    if ord == 1:
        return sum_(size, axis, keepdims)
    # Divided by the largest, so that squares neither overflow nor vanish; as a constant it has no part in the slope.
    largest = largest_as_constant(size, axis)
    scale = select(cmp.equal(largest, 0), filled(1.0, largest), largest)
    if ord == 2:
        part = x / stretch(scale, x.shape)
        length = root(sum_(part * part, axis, keepdims=True))
    else:
        part = ew.constant_power(size / stretch(scale, x.shape), exponent=float(ord))
        total = sum_(part, axis, keepdims=True)
        length = select(cmp.equal(total, 0), filled(0.0, total), ew.constant_power(total, exponent=1 / float(ord)))
    return _drop(length * scale, x, axis, keepdims)


@composed("exp(x) divided by its sum along an axis", example="softmax([1, 1, 1, 1])")
def softmax(x: Node, axis: Axis = -1) -> Node:
    return ew.exp(log_softmax(x, axis))


@composed("the logarithm of softmax, without overflow", example="log_softmax([0, 1000])")
def log_softmax(x: Node, axis: Axis = -1) -> Node:
    moved = _below_largest(real(x), axis)
    return moved - ew.log(sum_(ew.exp(moved), axis, keepdims=True))
