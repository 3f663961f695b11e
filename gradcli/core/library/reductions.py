"""Reductions over axes, composed so that zeros, ties and empty axes come out right at every order."""

from __future__ import annotations

from gradcli.core.errors import require
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node, Operand, constant, filled
from gradcli.core.ir.promotion import cast, coerce, real, stretch
from gradcli.core.ir.shapes import Shape, normalize_axes, size_of
from gradcli.core.library.declare import composed
from gradcli.core.library.functions import Axis, chosen, counted_by, mean, single, sum_
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
def prod(
    x: Node,
    axis: Axis = None,
    keepdims: bool = False,
    where: Operand | None = None,
    initial: Operand | None = None,
    dtype: DType | None = None,
) -> Node:
    """`where=` takes some elements alone, `initial=` multiplies them, and `dtype=` is what they are made first."""
    x = chosen(x if dtype is None else cast(x, dtype), where, 1)
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
    node = _drop(node, x, axis, keepdims)
    if initial is not None:
        node = node * single(initial, "initial")
    return node if dtype is None else cast(node, dtype)


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


def _extreme(
    x: Node, axis: Axis, keepdims: bool, where: Operand | None, initial: Operand | None, name: str, largest: bool
) -> Node:
    kept = _kept(x, axis)
    if initial is None:
        require(bool(size_of(x.shape) or not size_of(kept)), f"the {name} of no elements is not defined")
        require(
            where is None, f"the {name} of what where= takes may be that of no elements", "add initial=, what that is"
        )
        return _drop(_extreme_to(x, kept, largest), x, axis, keepdims)
    x = chosen(x, where, single(initial, "initial"))
    (first,) = coerce((initial, x))[:1]
    if not size_of(x.shape):
        return _drop(stretch(first, kept), x, axis, keepdims)
    # What it starts with stands beside the elements, so that equal ones share the slope.
    a = next((i for i, (n, m) in enumerate(zip(x.shape, kept, strict=True)) if n != m), None)
    if a is None:
        chosen_of = ew.maximum if largest else ew.minimum
        return chosen_of(_drop(x, x, axis, keepdims), first)
    line = tuple(1 if i == a else n for i, n in enumerate(x.shape))
    beside = concatenate(*coerce((x, stretch(first, line))), axis=a)
    return _drop(_extreme_to(beside, kept, largest), x, axis, keepdims)


def _extreme_to(x: Node, shape: Shape, largest: bool) -> Node:
    return max_to(x, shape=shape) if largest else _opposite(max_to(_opposite(x), shape=shape))


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
def max_(
    x: Node,
    axis: Axis = None,
    keepdims: bool = False,
    where: Operand | None = None,
    initial: Operand | None = None,
) -> Node:
    """`initial=` is the least that comes out, also of no elements; `where=` takes some elements alone."""
    return _extreme(x, axis, keepdims, where, initial, "maximum", largest=True)


@composed(
    "the smallest element, over all axes or some; equal ones share the slope",
    "min",
    "amin",
    example="min([3, 1, 2]), min(3, 1, 2)\ngrad(min)([3, 1, 2])",
)
def min_(
    x: Node,
    axis: Axis = None,
    keepdims: bool = False,
    where: Operand | None = None,
    initial: Operand | None = None,
) -> Node:
    """`initial=` is the most that comes out, also of no elements; `where=` takes some elements alone."""
    return _extreme(x, axis, keepdims, where, initial, "minimum", largest=False)


@composed(
    "the number of the largest element along an axis; of all elements in order, if none is given",
    example="argmax([3, 9, 2])",
)
def argmax(x: Node, axis: int | None = None, keepdims: bool = False) -> Node:
    rank, whole = len(x.shape), axis is None
    x, axis = _in_order(x, axis)
    (a,) = normalize_axes(axis, len(x.shape))
    require(x.shape[a] > 0, "there is no largest of no elements")
    found = index_of_max(x, axis=a)
    if not keepdims:
        return found
    return reshape(found, shape=(1,) * rank if whole else (*x.shape[:a], 1, *x.shape[a + 1 :]))


@composed(
    "the number of the smallest element along an axis; of all elements in order, if none is given",
    example="argmin([3, 9, 2])",
)
def argmin(x: Node, axis: int | None = None, keepdims: bool = False) -> Node:
    return argmax(_opposite(x), axis, keepdims)


@composed("whether any element is true, or not 0", example="any([1, 2, 3] > 2)")
def any_(x: Node, axis: Axis = None, keepdims: bool = False, where: Operand | None = None) -> Node:
    return cmp.greater(sum_(cmp.not_equal(x, 0), axis, keepdims, where), 0)


@composed("whether all elements are true, or not 0", example="all([1, 2, 3] > 2)")
def all_(x: Node, axis: Axis = None, keepdims: bool = False, where: Operand | None = None) -> Node:
    return cmp.equal(sum_(cmp.equal(x, 0), axis, keepdims, where), 0)


@composed(
    "variance: the mean squared distance from the mean; with ddof=1 that of a sample",
    example="var([1, 2, 3, 6]), var([1, 2, 3, 6], ddof=1)",
)
def var(
    x: Node,
    axis: Axis = None,
    ddof: float = 0,
    keepdims: bool = False,
    where: Operand | None = None,
    dtype: DType | None = None,
) -> Node:
    """`ddof=`, in other words `correction=`, is taken from the number of elements that the sum is divided by.

    `where=` takes some elements alone, and `dtype=` is what they are made first.
    """
    x = x if dtype is None else cast(x, dtype)
    away = chosen(x - mean(x, axis, True, where), where, 0)
    total = sum_(away * away, axis, keepdims)
    count = counted_by(where, x, axis, keepdims)
    if isinstance(count, Node):
        enough = cmp.greater(count, ddof)
        total = select(enough, total, filled(float("nan"), total)) / select(enough, count - ddof, filled(1.0, count))
    else:
        total = total / (count - ddof) if count > ddof else total * float("nan")
    return total if dtype is None else cast(total, dtype)


@composed("standard deviation; the slope is 0 where all elements are equal", example="std([1, 3])")
def std(
    x: Node,
    axis: Axis = None,
    ddof: float = 0,
    keepdims: bool = False,
    where: Operand | None = None,
    dtype: DType | None = None,
) -> Node:
    """The root of the variance, of what `var` takes."""
    return root(var(x, axis, ddof, keepdims, where, dtype))


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
    """The norm of any order of all elements along some axes: (sum |x|^p)^(1/p), and its limits at inf and -inf.

    That of order 0 is how many are not 0, which has slope 0; of a negative order it is 0 where an element is 0.
    """
    size = ew.absolute(real(x))
    if ord == float("inf"):
        return max_(size, axis, keepdims, initial=None if size_of(x.shape) else 0)
    if ord == -float("inf"):
        return min_(size, axis, keepdims)
    if ord == 0:
        return sum_(cast(cmp.not_equal(size, 0), size.dtype), axis, keepdims)
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
        length = ew.constant_power(total, exponent=1 / float(ord))
        length = select(cmp.equal(total, 0), filled(0.0, total), length) if ord > 0 else length
    return _drop(length * scale, x, axis, keepdims)


@composed("exp(x) divided by its sum along an axis", example="softmax([1, 1, 1, 1])")
def softmax(x: Node, axis: Axis = -1) -> Node:
    share = ew.exp(_below_largest(real(x), axis))
    return share / sum_(share, axis, keepdims=True)


@composed("the logarithm of softmax, without overflow", example="log_softmax([0, 1000])")
def log_softmax(x: Node, axis: Axis = -1) -> Node:
    moved = _below_largest(real(x), axis)
    return moved - ew.log(sum_(ew.exp(moved), axis, keepdims=True))
