"""Weighted means, spreads and correlations, and totals that leave out what is nan."""

from __future__ import annotations

from gradcli.core.errors import ShapeError, require
from gradcli.core.ir.nodes import Node, constant, filled
from gradcli.core.ir.promotion import real, stretch
from gradcli.core.ir.shapes import normalize_axes
from gradcli.core.library.declare import composed
from gradcli.core.library.finite import isnan
from gradcli.core.library.functions import Axis, matmul, mean, reshape, sum_, transpose
from gradcli.core.library.reductions import max_, min_, prod, root
from gradcli.core.primitives import comparisons as cmp
from gradcli.core.primitives import elementwise as ew
from gradcli.core.primitives.selection import select


@composed(
    "the mean in which each element counts by its weight",
    example="average([1, 2, 6]), average([1, 2, 6], weights=[1, 1, 2])",
)
def average(x: Node, axis: Axis = None, weights: Node | None = None, keepdims: bool = False) -> Node:
    """NumPy's: the weights have the shape of x, or are a vector along one axis."""
    if weights is None:
        return mean(x, axis, keepdims)
    if weights.shape != x.shape:
        axes = normalize_axes(axis, len(x.shape))
        if len(axes) != 1 or weights.shape != (x.shape[axes[0]],):
            raise ShapeError(
                f"weights of shape {weights.shape} do not fit elements of shape {x.shape}",
                "they have its shape, or are a vector along the one axis=",
            )
        weights = reshape(weights, tuple(n if i in axes else 1 for i, n in enumerate(x.shape)))
    weights = stretch(weights, x.shape)
    return sum_(real(x) * weights, axis, keepdims) / sum_(weights, axis, keepdims)


@composed("the largest element less the smallest, over all axes or some", example="ptp([3, 9, 4])")
def ptp(x: Node, axis: Axis = None, keepdims: bool = False) -> Node:
    return max_(x, axis, keepdims) - min_(x, axis, keepdims)


@composed("how many elements are not 0, over all axes or some", example="count_nonzero([0, 3, 4] > 3)")
def count_nonzero(x: Node, axis: Axis = None, keepdims: bool = False) -> Node:
    return sum_(cmp.not_equal(x, 0), axis, keepdims)


@composed(
    "covariances of variables, a row each: mean products of their distances from their means, of a sample as ddof=1",
    example="cov([[1, 2, 3], [6, 4, 5]])",
)
def cov(x: Node, ddof: int = 1) -> Node:
    """NumPy's: of one row its variance, else a matrix."""
    rows = _rows(x, "cov")
    count = x.shape[-1] - ddof
    away = rows - mean(rows, -1, keepdims=True)
    return _single(_products(away) / count if count > 0 else _products(rows) * float("nan"))


@composed(
    "correlations of variables, a row each: covariances divided by both standard deviations",
    example="corrcoef([[1, 2, 3], [6, 4, 5]])",
)
def corrcoef(x: Node) -> Node:
    """NumPy's: nan of a row whose elements are all equal."""
    rows = _rows(x, "corrcoef")
    away = rows - mean(rows, -1, keepdims=True)
    unit = away / root(sum_(away * away, -1, keepdims=True))
    return _single(_products(unit) if x.shape[-1] else _products(rows) * float("nan"))


def _rows(x: Node, name: str) -> Node:
    require(1 <= len(x.shape) <= 2, f"{name} takes a vector or a matrix, not shape {x.shape}", "a variable is a row")
    return reshape(real(x), (1, x.shape[0])) if len(x.shape) == 1 else real(x)


def _products(rows: Node) -> Node:
    return matmul(rows, transpose(rows))


def _single(found: Node) -> Node:
    """Of one variable a number."""
    return reshape(found, ()) if found.shape == (1, 1) else found


def _instead(x: Node, number: float) -> Node:
    """A number where x has nan."""
    return select(isnan(x), filled(number, x), x) if x.dtype.is_float else x


def _count(x: Node, axis: Axis, keepdims: bool) -> Node:
    return sum_(cmp.logical_not(isnan(x)), axis, keepdims)


@composed("sum of the elements that are not nan", example="nansum([1, nan, 3])")
def nansum(x: Node, axis: Axis = None, keepdims: bool = False) -> Node:
    return sum_(_instead(x, 0.0), axis, keepdims)


@composed("product of the elements that are not nan", example="nanprod([2, nan, 3])")
def nanprod(x: Node, axis: Axis = None, keepdims: bool = False) -> Node:
    return prod(_instead(x, 1.0), axis, keepdims)


@composed(
    "mean of the elements that are not nan; nan where all are",
    example="nanmean([1, nan, 3])\ngrad(nanmean)([1, nan, 3])",
)
def nanmean(x: Node, axis: Axis = None, keepdims: bool = False) -> Node:
    return nansum(real(x), axis, keepdims) / _count(x, axis, keepdims)


@composed("variance of the elements that are not nan", example="nanvar([1, nan, 3])")
def nanvar(x: Node, axis: Axis = None, ddof: int = 0, keepdims: bool = False) -> Node:
    x = real(x)
    away = x - nanmean(x, axis, keepdims=True)
    count = _count(x, axis, keepdims) - ddof
    total = nansum(away * away, axis, keepdims)
    return select(cmp.greater(count, 0), total / count, total * float("nan"))


@composed("standard deviation of the elements that are not nan", example="nanstd([1, nan, 3])")
def nanstd(x: Node, axis: Axis = None, ddof: int = 0, keepdims: bool = False) -> Node:
    return root(nanvar(x, axis, ddof, keepdims))


@composed("the largest element that is not nan; nan where all are", example="nanmax([1, nan, 3])")
def nanmax(x: Node, axis: Axis = None, keepdims: bool = False) -> Node:
    return _or_nan(max_(_instead(x, float("-inf")), axis, keepdims), x, axis, keepdims)


@composed("the smallest element that is not nan; nan where all are", example="nanmin([1, nan, 3])")
def nanmin(x: Node, axis: Axis = None, keepdims: bool = False) -> Node:
    return _or_nan(min_(_instead(x, float("inf")), axis, keepdims), x, axis, keepdims)


def _or_nan(found: Node, x: Node, axis: Axis, keepdims: bool) -> Node:
    if not x.dtype.is_float:
        return found
    return select(cmp.equal(_count(x, axis, keepdims), 0), constant(float("nan"), found.dtype), found)


@composed("the larger of two, element by element; of nan and a number the number", example="fmax([1, nan], 2)")
def fmax(x: Node, y: Node) -> Node:
    return select(isnan(x), y, select(isnan(y), x, ew.maximum(x, y)))


@composed("the smaller of two, element by element; of nan and a number the number", example="fmin([1, nan], 2)")
def fmin(x: Node, y: Node) -> Node:
    return select(isnan(x), y, select(isnan(y), x, ew.minimum(x, y)))
