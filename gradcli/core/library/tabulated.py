"""Functions that are known by points of them: lines between the points, and the areas under these."""

from __future__ import annotations

from gradcli.core.errors import CoreError, ShapeError, require
from gradcli.core.ir.nodes import Constant, Node, Operand, constant
from gradcli.core.ir.promotion import coerce, real
from gradcli.core.ir.shapes import normalize_axes
from gradcli.core.library.declare import composed
from gradcli.core.library.finite import isnan
from gradcli.core.library.functions import sum_
from gradcli.core.library.ordering import places_among
from gradcli.core.primitives import comparisons as cmp
from gradcli.core.primitives import elementwise as ew
from gradcli.core.primitives import shaping
from gradcli.core.primitives.indexing import take
from gradcli.core.primitives.selection import select


@composed(
    "the value at x of the straight lines between points (xp, fp), xp ascending; outside, that of the nearest point",
    example="interp(1.5, [0, 1, 2], [0, 10, 30])\n(x -> interp(x, [0, 1, 2], [0, 10, 30]))'(1.5)",
)
def interp(x: Node, xp: Node, fp: Node, left: Operand | None = None, right: Operand | None = None) -> Node:
    """NumPy's, differentiable in all of x, xp and fp. At a point the slope is that of the line to its right."""
    if len(xp.shape) != 1 or xp.shape != fp.shape:
        raise ShapeError(f"points of shapes {xp.shape} and {fp.shape} are none", "xp and fp are vectors of one length")
    n = xp.shape[0]
    require(n > 0, "between no points there is no line")
    _require_ascending(xp)
    x, xp, fp = map(real, coerce((x, xp, fp)))
    ends = [[shaping.reshape(shaping.part(v, 0, k, 1), shape=()) for v in (xp, fp)] for k in (0, n - 1)]
    (first, at_first), (last, at_last) = ends
    inside = at_first
    if n > 1:
        # What is no number is nowhere, and as good as anywhere.
        place = ew.minimum(ew.maximum(places_among(xp, x, "right") - 1, 0), n - 2)
        x0, x1, f0, f1 = (take(v, p) for v in (xp, fp) for p in (place, place + 1))
        inside = f0 + (f1 - f0) / (x1 - x0) * (x - x0)
    beyond = select(cmp.greater(x, last), at_last if right is None else right, at_last)
    inside = select(cmp.greater_equal(x, last), beyond, inside)
    found = select(cmp.less(x, first), at_first if left is None else left, inside)
    return select(isnan(x), constant(float("nan"), found.dtype), found)


def _require_ascending(xp: Node) -> None:
    """Refuse points that are known not to ascend, between which a place can't be looked up."""
    if isinstance(xp, Constant):
        import numpy as np

        if (np.diff(xp.value) < 0).any():
            raise CoreError("the points of interp do not ascend", "sort them first: i = argsort(xp), then xp[i], fp[i]")


@composed(
    "the area under straight lines between points, dx apart or at x, along an axis",
    example="trapezoid([0, 1, 4]), trapezoid([0, 1, 4], [0, 1, 3])",
)
def trapezoid(y: Node, x: Node | None = None, dx: Operand = 1.0, axis: int = -1) -> Node:
    """NumPy's: x is a vector along the axis, or stretches to the shape of y."""
    (a,) = normalize_axes(axis, len(y.shape))
    y = real(y)
    wide: Operand = dx
    if x is not None:
        if len(x.shape) == 1:
            x = shaping.reshape(x, shape=tuple(x.shape[0] if i == a else 1 for i in range(len(y.shape))))
        require(
            len(x.shape) == len(y.shape) and x.shape[a] == y.shape[a],
            f"places of shape {x.shape} are not those of values of shape {y.shape}",
            f"x has {y.shape[a]} elements along the axis",
        )
        m = max(x.shape[a] - 1, 0)
        wide = shaping.part(x, a, min(1, x.shape[a]), m) - shaping.part(x, a, 0, m)
    n = max(y.shape[a] - 1, 0)
    sums = shaping.part(y, a, min(1, y.shape[a]), n) + shaping.part(y, a, 0, n)
    return sum_(wide * sums * 0.5, a)
