"""The inverses of the hyperbolic functions (DLMF 4.37)."""

from __future__ import annotations

from gradcli.core.ir.declare import elementwise
from gradcli.core.ir.nodes import filled
from gradcli.core.primitives.domains import not_negative
from gradcli.core.primitives.elementwise import UNIT, hypot, one_less_square, reciprocal, sqrt

asinh = elementwise(
    "arcsinh",
    lambda y, x: reciprocal(hypot(x, filled(1.0, x))),
    help="inverse hyperbolic sine",
    math="math.asinh({0})",
    names=("asinh", "arcsinh"),
)
acosh = elementwise(
    "arccosh",
    lambda y, x: reciprocal(sqrt(x - 1.0) * sqrt(x + 1.0)),
    defined="{0} >= 1",
    help="inverse hyperbolic cosine",
    domain=((1.2, 4.0),),
    math="math.acosh({0})",
    names=("acosh", "arccosh"),
)
atanh = elementwise(
    "arctanh",
    lambda y, x: reciprocal(not_negative(one_less_square(x))),
    defined="-1 < {0} < 1",
    help="inverse hyperbolic tangent",
    domain=UNIT,
    math="math.atanh({0})",
    names=("atanh", "arctanh"),
)
