"""Secant, cosecant and cotangent, circular and hyperbolic, and their inverses (DLMF 4.14, 4.23, 4.28, 4.37).

The inverses are not computed of 1/x where that is rounded beside a branch point: next to 1 it would cost half the
digits. A partial is written so that it closes, and so that nothing in it overflows far out.
"""

from __future__ import annotations

from typing import Any

from gradcli.core.ir.declare import elementwise
from gradcli.core.ir.edges import EdgeKind, at_zero
from gradcli.core.ir.nodes import Node, filled
from gradcli.core.ir.primitive import Primitive
from gradcli.core.primitives.domains import not_negative
from gradcli.core.primitives.elementwise import (
    ZERO_BELOW,
    absolute,
    hypot,
    one_less_square,
    reciprocal,
    sqrt,
    tan,
    tanh,
)

BETWEEN_POLES = ((0.3, 2.8),)
POSITIVE = ((0.2, 3.0),)
ABOVE_ONE = ((1.2, 4.0),)
BELOW_ONE = ((0.1, 0.9),)

# Circular, in radians.

sec = elementwise(
    "sec",
    lambda y, x: y * tan(x),
    defined="cos({0}) != 0",
    help="secant, 1 / cos(x)",
    domain=((-1.2, 1.2),),
    kernel=lambda xp, x: xp.reciprocal(xp.cos(x)),
    math="1.0 / math.cos({0})",
)
csc: Primitive = elementwise(
    "csc",
    lambda y, x: -(y * cot(x)),
    defined="sin({0}) != 0",
    help="cosecant, 1 / sin(x)",
    domain=BETWEEN_POLES,
    kernel=lambda xp, x: xp.reciprocal(xp.sin(x)),
    math="1.0 / math.sin({0})",
    edge=ZERO_BELOW,
)
cot: Primitive = elementwise(
    "cot",
    lambda y, x: -(csc(x) * csc(x)),
    defined="sin({0}) != 0",
    help="cotangent, 1 / tan(x)",
    domain=BETWEEN_POLES,
    kernel=lambda xp, x: xp.reciprocal(xp.tan(x)),
    math="1.0 / math.tan({0})",
    edge=ZERO_BELOW,
)

# Hyperbolic. The exponential that dies out is the only one that is taken far out.


def _sech_kernel(xp: Any, x: Any) -> Any:
    small = xp.exp(-xp.abs(x))
    return 2 * small / (1 + small * small)


sech: Primitive = elementwise(
    "sech",
    lambda y, x: -(y * tanh(x)),
    help="hyperbolic secant, 1 / cosh(x)",
    kernel=_sech_kernel,
    math="2.0 * math.exp(-abs({0})) / (1.0 + math.exp(-abs({0})) ** 2)",
)
# From 20 on, exp(-2x) is less than half a last digit of 1.
csch: Primitive = elementwise(
    "csch",
    lambda y, x: -(y * coth(x)),
    defined="{0} != 0",
    help="hyperbolic cosecant, 1 / sinh(x)",
    domain=POSITIVE,
    kernel=lambda xp, x: xp.where(xp.abs(x) < 20, xp.reciprocal(xp.sinh(x)), 2 * xp.sign(x) * xp.exp(-xp.abs(x))),
    # Beyond 20 the square is lost in a float, and isn't in a ball.
    math="(1.0 / math.sinh({0}) if abs({0}) < 20.0"
    " else (2.0 if {0} > 0.0 else -2.0) * math.exp(-abs({0})) / (1.0 - math.exp(-abs({0})) ** 2))",
    edge=ZERO_BELOW,
)
# 1 - y*y would lose every digit where y is near 1.
coth: Primitive = elementwise(
    "coth",
    lambda y, x: -(csch(x) * csch(x)),
    defined="{0} != 0",
    help="hyperbolic cotangent, 1 / tanh(x)",
    domain=POSITIVE,
    kernel=lambda xp, x: xp.reciprocal(xp.tanh(x)),
    math="1.0 / math.tanh({0})",
    edge=ZERO_BELOW,
)

# The inverses. The leg of a right triangle whose other leg is 1 and whose hypotenuse is |x|:


def _leg(xp: Any, x: Any) -> Any:
    size = xp.abs(x)
    return xp.sqrt(size - 1) * xp.sqrt(size + 1)


LEG = "math.sqrt(abs({0}) - 1.0) * math.sqrt(abs({0}) + 1.0)"
leg: Primitive = elementwise(
    "leg",
    lambda y, x: x * reciprocal(y),
    help="sqrt(x^2 - 1), accurate near 1 and -1 and without overflow",
    domain=ABOVE_ONE,
    kernel=_leg,
    math=LEG,
    names=(),
    reading=lambda x: sqrt(x * x - 1.0),
)


def _over_leg(x: Node) -> Node:
    return reciprocal(absolute(x)) * reciprocal(leg(x))


asec = elementwise(
    "arcsec",
    lambda y, x: _over_leg(x),
    defined="abs({0}) >= 1",
    help="the angle in radians whose secant is x, from 0 to pi",
    domain=ABOVE_ONE,
    kernel=lambda xp, x: xp.arctan2(_leg(xp, x), xp.sign(x)),
    math=f"math.atan2({LEG}, (1.0 if {{0}} > 0.0 else -1.0))",
    names=("asec", "arcsec"),
)
acsc = elementwise(
    "arccsc",
    lambda y, x: -_over_leg(x),
    defined="abs({0}) >= 1",
    help="the angle in radians whose cosecant is x, from -pi/2 to pi/2",
    domain=ABOVE_ONE,
    kernel=lambda xp, x: xp.arctan2(xp.sign(x), _leg(xp, x)),
    math=f"math.atan2((1.0 if {{0}} > 0.0 else -1.0), {LEG})",
    names=("acsc", "arccsc"),
)
acot = elementwise(
    "arccot",
    lambda y, x: -reciprocal(1.0 + x * x),
    help="the angle in radians whose cotangent is x: atan(1/x), from -pi/2 to pi/2, and pi/2 at 0 where it jumps",
    domain=POSITIVE,
    kernel=lambda xp, x: xp.where(x < 0, -1, 1).astype(x.dtype) * xp.arctan2(xp.ones_like(x), xp.abs(x)),
    math="(math.atan2(1.0, abs({0})) if {0} >= 0.0 else -math.atan2(1.0, abs({0})))",
    names=("acot", "arccot"),
    edge=at_zero(EdgeKind.STEP),
)
asech = elementwise(
    "arcsech",
    lambda y, x: -(reciprocal(not_negative(x)) * reciprocal(sqrt(one_less_square(x)))),
    defined="0 < {0} <= 1",
    help="inverse hyperbolic secant, for x from 0 to 1",
    domain=BELOW_ONE,
    kernel=lambda xp, x: 2 * xp.arcsinh(xp.sqrt(1 - x) / xp.sqrt(2 * x)),
    math="2.0 * math.asinh(math.sqrt(1.0 - {0}) / math.sqrt(2.0 * {0}))",
    names=("asech", "arcsech"),
    edge=ZERO_BELOW,
)
acsch = elementwise(
    "arccsch",
    lambda y, x: -(reciprocal(absolute(x)) * reciprocal(hypot(x, filled(1.0, x)))),
    defined="{0} != 0",
    help="inverse hyperbolic cosecant",
    domain=POSITIVE,
    kernel=lambda xp, x: xp.arcsinh(xp.reciprocal(x)),
    math="math.asinh(1.0 / {0})",
    names=("acsch", "arccsch"),
    edge=ZERO_BELOW,
)
acoth = elementwise(
    "arccoth",
    lambda y, x: -(reciprocal(leg(x)) * reciprocal(leg(x))),
    defined="abs({0}) > 1",
    help="inverse hyperbolic cotangent, for x beyond 1 or -1",
    domain=ABOVE_ONE,
    kernel=lambda xp, x: 0.5 * xp.sign(x) * xp.log1p(2 / (xp.abs(x) - 1)),
    math="(0.5 if {0} > 0.0 else -0.5) * math.log1p(2.0 / (abs({0}) - 1.0))",
    names=("acoth", "arccoth"),
)
