"""Products with logarithms, 0 where the factor is: what entropies and likelihoods are made of.

At (0, 0) their slopes are strong zeros: a term that counts for nothing moves nothing.
"""

from __future__ import annotations

from gradcli.core.ir.declare import elementwise
from gradcli.core.ir.nodes import Node, filled
from gradcli.core.primitives.comparisons import equal, less_equal, logical_and
from gradcli.core.primitives.domains import not_negative
from gradcli.core.primitives.elementwise import log, log1p, reciprocal
from gradcli.core.primitives.selection import select


def _unless_zero(x: Node, y: Node, end: float, slope: Node) -> Node:
    """A slope, 0 where x is and where the logarithm has ended."""
    return select(logical_and(equal(x, 0), less_equal(y, end)), filled(0.0, slope), slope)


xlogy = elementwise(
    "xlogy",
    lambda f, x, y: _unless_zero(x, y, 0.0, log(y)),
    lambda f, x, y: _unless_zero(x, y, 0.0, x * reciprocal(not_negative(y))),
    defined="{1} > 0 or {0} == 0",
    help="x log(y), 0 where x is 0, and so are its slopes at (0, 0)",
    example="xlogy(0, 0), xlogy(2, 3)\ngrad(xlogy, all)(0, 0)",
    domain=((-2.0, 2.0), (1.5, 3.0)),
    kernel=lambda xp, x, y: xp.where((x == 0) & (y == y), 0.0, x * xp.log(y)).astype(x.dtype),
    math="(0.0 if {0} == 0.0 and {1} == {1} else {0} * math.log({1}))",
)
xlog1py = elementwise(
    "xlog1py",
    lambda f, x, y: _unless_zero(x, y, -1.0, log1p(y)),
    lambda f, x, y: _unless_zero(x, y, -1.0, x * reciprocal(not_negative(1.0 + y))),
    defined="{1} > -1 or {0} == 0",
    help="x log(1 + y), accurate for small y, 0 where x is 0, and so are its slopes at (0, -1)",
    example="xlog1py(0, -1), xlog1py(2, 1e-20)",
    domain=((-2.0, 2.0), (0.5, 3.0)),
    kernel=lambda xp, x, y: xp.where((x == 0) & (y == y), 0.0, x * xp.log1p(y)).astype(x.dtype),
    math="(0.0 if {0} == 0.0 and {1} == {1} else {0} * math.log1p({1}))",
)
entr = elementwise(
    "entr",
    lambda y, x: -1.0 - log(x),
    defined="{0} >= 0",
    help="-x log(x), an outcome's share of an entropy; 0 at 0, and -inf below",
    example="entr(0), entr(0.5), entr'(0.5)",
    domain=((0.5, 3.0),),
    kernel=lambda xp, x: xp.where(x > 0, -x * xp.log(x), xp.where(x < 0, -xp.inf, x)).astype(x.dtype),
    math="(-{0} * math.log({0}) if {0} > 0.0 else -inf if {0} < 0.0 else {0})",
)
