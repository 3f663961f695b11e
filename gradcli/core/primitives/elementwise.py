"""Functions of each element. A partial is written so that differentiating it again closes on itself.

The partials are those of any table of derivatives (DLMF 4.20, 4.34 for the trigonometric and hyperbolic ones).
"""

from __future__ import annotations

from math import log as ln
from typing import Any

from gradcli.core.ir.declare import bilinear, elementwise, flat, linear
from gradcli.core.ir.edges import Edge, EdgeKind, at_equal, at_origin, at_whole, at_zero
from gradcli.core.ir.nodes import Node, filled, is_number
from gradcli.core.ir.primitive import Examples, Primitive
from gradcli.core.ir.standing import one_less
from gradcli.core.primitives import general_power
from gradcli.core.primitives.comparisons import equal, less, less_equal
from gradcli.core.primitives.domains import not_negative
from gradcli.core.primitives.selection import select

PAIRS = Examples(calls=((((3,), (3,)), {}), (((2, 3), (2, 3)), {}), (((), ()), {}), (((0,), (0,)), {})))
ONE = Examples(calls=((((3,),), {}), (((),), {}), (((2, 0),), {})))
POSITIVE = ((0.2, 3.0),)
UNIT = ((-0.9, 0.9),)
ZERO_BELOW = at_zero(EdgeKind.QUOTIENT)
CORNER_AT_ZERO = at_zero(EdgeKind.CORNER, continuous=True)


def _negated(x: Node) -> Node | None:
    # Without this, sigmoid(-(-x)) would be another node than sigmoid(x), and no chain of slopes would close.
    return x.args[0] if x.op is negate else None


def _simpler_product(a: Node, b: Node) -> Node | None:
    if a is b:
        return _smooth_square(a)
    return b if is_number(a, 1) else a if is_number(b, 1) else None


# Arithmetic. Sums are linear, the product is bilinear; both are elementwise in their shapes.

add = linear(
    "add",
    lambda g, a, b: (g, g),
    help="sum of two numbers",
    commutes=True,
    shortcut=lambda a, b: b if is_number(a, 0) else a if is_number(b, 0) else None,
    arity=2,
    examples=PAIRS,
    math="{0} + {1}",
    symbol="+",
    broadcasts=True,
    result="number",
)
subtract = linear(
    "subtract",
    lambda g, a, b: (g, -g),
    help="difference of two numbers",
    shortcut=lambda a, b: a if is_number(b, 0) else -b if is_number(a, 0) else None,
    arity=2,
    examples=PAIRS,
    math="{0} - {1}",
    symbol="-",
    broadcasts=True,
    result="number",
)
negate: Primitive = linear(
    "negate",
    lambda g, x: (-g,),
    help="the number with its sign changed",
    shortcut=_negated,
    examples=ONE,
    kernel="negative",
    math="-{0}",
    symbol="-",
    result="number",
)
multiply = bilinear(
    "multiply",
    lambda g, a, b: (g * b, g * a),
    help="product of two numbers",
    commutes=True,
    shortcut=_simpler_product,
    examples=PAIRS,
    math="{0} * {1}",
    symbol="*",
    broadcasts=True,
    names=(),
)
reciprocal: Primitive = elementwise(
    "reciprocal",
    lambda y, x: -(y * y),
    defined="{0} != 0",
    help="one divided by x",
    domain=POSITIVE,
    math="1.0 / {0}",
    edge=ZERO_BELOW,
)
divide = elementwise(
    "divide",
    lambda y, a, b: reciprocal(b),
    lambda y, a, b: -(y * reciprocal(b)),
    defined="{1} != 0",
    help="quotient of two numbers",
    domain=((-2.0, 2.0), (0.5, 3.0)),
    math="{0} / {1}",
    symbol="/",
    names=(),
    edge=at_zero(EdgeKind.QUOTIENT, 1),
)
remainder = elementwise(
    "remainder",
    lambda y, a, b: 1.0,
    lambda y, a, b: -floor_divide(a, b),
    defined="{1} != 0",
    help="what is left of a after whole multiples of b, with the sign of b",
    domain=((0.1, 0.9), (1.0, 2.0)),
    result="number",
    math="{0} % {1}",
    symbol="%",
    names=(),
    edge=at_whole(lambda a, b: a / b),
)
floor_divide: Primitive = flat(
    "floor_divide",
    defined="{1} != 0",
    help="how often b goes into a, rounded down",
    arity=2,
    domain=((-3.0, 3.0), (0.5, 2.0)),
    result="number",
    math="{0} // {1}",
    symbol="//",
    names=(),
    edge=at_whole(lambda a, b: a / b),
)


def _no_polynomial(*, exponent: float) -> bool:
    """Whether a power is none, and so has no slope of some order at 0."""
    return not (exponent >= 0 and float(exponent).is_integer())


def _constant_power_partial(y: Node, x: Node, *, exponent: float) -> Node | float:
    if exponent == 0:
        return 0.0
    if exponent == 1:
        return 1.0
    if exponent == 2:
        return 2.0 * x
    if exponent < 0:
        return exponent * (y * reciprocal(x))
    return exponent * constant_power(x, exponent=one_less(exponent))


def _powers_defined(*, exponent: float) -> str | None:
    if float(exponent).is_integer():
        return "{0} != 0" if exponent < 0 else None
    return "{0} > 0" if exponent < 0 else "{0} >= 0"


def _constant_power_kernel(xp: Any, x: Any, *, exponent: float) -> Any:
    return x * x if exponent == 2 else xp.power(x, x.dtype.type(exponent))


def _smooth_square(x: Node) -> Node | None:
    """The square of what has a corner and whose square has none."""
    if x.op is absolute:
        return x.args[0] * x.args[0]
    return x.args[0] * x.args[0] + x.args[1] * x.args[1] if x.op is hypot else None


def _even_power(x: Node, *, exponent: float) -> Node | None:
    square = _smooth_square(x) if exponent > 0 and exponent % 2 == 0 else None
    if square is None or exponent == 2:
        return square
    return constant_power(square, exponent=exponent / 2)


constant_power: Primitive = elementwise(
    "constant_power",
    _constant_power_partial,
    shortcut=_even_power,
    defined=_powers_defined,
    help="x to a power known in advance",
    domain=POSITIVE,
    kernel=_constant_power_kernel,
    math="math.pow({0}, {exponent})",
    symbol="^",
    names=(),
    attributes={"exponent": 3.0},
    edge=Edge(EdgeKind.QUOTIENT, lambda args, y, **a: (args[0] == 0) & _no_polynomial(**a), possible=_no_polynomial),
)
power: Primitive = elementwise(
    "power",
    lambda y, a, b, *, below=0, logs=0: power_partial(a, b, below + 1, logs),
    lambda y, a, b, *, below=0, logs=0: power_partial(a, b, below, logs + 1),
    defined="{0} > 0",
    help="a to the power b",
    family=True,
    domain=((0.2, 3.0), (-2.0, 2.0)),
    kernel=general_power.kernel,
    math=general_power.template,
    ball="power_partial",
    symbol="^",
    names=(),
    edge=ZERO_BELOW,
)


def power_partial(a: Node, b: Node, below: int, logs: int) -> Node:
    """a^b differentiated `below` times by a and `logs` times by b, the same node in whichever order."""
    return power(a, b, below=below, logs=logs)


# Exponentials and logarithms.

exp = elementwise("exp", lambda y, x: y, help="e to the power x", math="math.exp({0})")
expm1 = elementwise("expm1", lambda y, x: exp(x), help="exp(x) - 1, accurate near 0", math="math.expm1({0})")
exp2 = elementwise("exp2", lambda y, x: (2 * ln(2)) * half_exp2(x), help="2 to the power x", math="math.exp2({0})")
# The slope of exp2 is less than exp2 itself, and fits a float where that doesn't.
half_exp2: Primitive = elementwise(
    "half_exp2",
    lambda y, x: ln(2) * y,
    help="half of 2 to the power x",
    kernel=lambda xp, x: xp.exp2(x - 1.0),
    math="math.exp2({0} - 1.0)",
    names=(),
    reading=lambda x: exp2(x) / 2.0,
)
log: Primitive = elementwise(
    "log",
    lambda y, x: reciprocal(not_negative(x)),
    defined="{0} > 0",
    help="natural logarithm",
    domain=POSITIVE,
    math="math.log({0})",
    names=("log", "ln"),
)
log1p = elementwise(
    "log1p",
    lambda y, x: reciprocal(not_negative(1.0 + x)),
    defined="{0} > -1",
    help="log(1 + x), accurate near 0",
    domain=UNIT,
    math="math.log1p({0})",
)
log2 = elementwise(
    "log2",
    lambda y, x: reciprocal(not_negative(x)) * (1 / ln(2)),
    defined="{0} > 0",
    help="logarithm to base 2",
    domain=POSITIVE,
    math="math.log2({0})",
)
log10 = elementwise(
    "log10",
    lambda y, x: reciprocal(not_negative(x)) * (1 / ln(10)),
    defined="{0} > 0",
    help="logarithm to base 10",
    domain=POSITIVE,
    math="math.log10({0})",
)
cbrt = elementwise(
    "cbrt",
    lambda y, x: (1 / 3) * reciprocal(y * y),
    help="cube root, of negative numbers too",
    domain=POSITIVE,
    # The C library's is off by a last digit where the root is whole; a step of Newton's method puts it right.
    math="({0} if {0} == 0.0 or {0} != {0} or abs({0}) == inf else "
    "math.cbrt({0}) - (math.cbrt({0}) - {0} / math.cbrt({0}) ** 2) / 3.0)",
    edge=ZERO_BELOW,
)
hypot: Primitive = elementwise(
    "hypot",
    lambda y, a, b: part_of_length(a, b),
    lambda y, a, b: part_of_length(b, a),
    commutes=True,
    help="sqrt(x^2 + y^2) without overflow; the slope at (0, 0) is 0",
    example="hypot(3, 4)\ngrad(hypot, all)(3, 4)",
    domain=((0.3, 2.0), (0.3, 2.0)),
    math="math.hypot({0}, {1})",
    edge=at_origin(EdgeKind.CORNER, continuous=True),
)


# The cosine of the angle of a point. As a quotient its slope would be the difference of nearly equal numbers.
part_of_length: Primitive = elementwise(
    "part_of_length",
    lambda y, a, b: _over_length(part_of_length(b, a) * part_of_length(b, a), a, b),
    lambda y, a, b: _over_length(-(y * part_of_length(b, a)), a, b),
    help="x / hypot(x, y), 0 at (0, 0)",
    domain=((0.3, 2.0), (0.3, 2.0)),
    kernel=lambda xp, a, b: xp.where((a == 0) & (b == 0), a, a / xp.hypot(a, b)),
    math="({0} / math.hypot({0}, {1}) if {0} != 0.0 or {1} != 0.0 else {0})",
    names=(),
    reading=lambda a, b: a / hypot(a, b),
    edge=at_origin(EdgeKind.CORNER),
)


def _over_length(part: Node, a: Node, b: Node) -> Node:
    length = hypot(a, b)
    return select(equal(length, 0), filled(0.0, part), part * reciprocal(length))


logaddexp = elementwise(
    "logaddexp",
    lambda y, a, b: sigmoid(a - b),
    lambda y, a, b: sigmoid(b - a),
    help="log(exp(x) + exp(y)) without overflow",
    example="logaddexp(1000, 1000)",
    math="(max({0}, {1}) + math.log1p(math.exp(-abs({0} - {1}))) if {0} != {1} else {0} + math.log(2.0))",
)
sqrt = elementwise(
    "sqrt",
    lambda y, x: 0.5 * reciprocal(y),
    defined="{0} >= 0",
    help="square root",
    domain=POSITIVE,
    math="math.sqrt({0})",
    edge=ZERO_BELOW,
)

# Trigonometric and hyperbolic functions, in radians.

sin = elementwise("sin", lambda y, x: cos(x), help="sine of x in radians", math="math.sin({0})")
cos: Primitive = elementwise("cos", lambda y, x: -sin(x), help="cosine of x in radians", math="math.cos({0})")
tan = elementwise(
    "tan",
    lambda y, x: 1.0 + y * y,
    help="tangent of x in radians",
    defined="cos({0}) != 0",
    domain=UNIT,
    math="math.tan({0})",
)
# Its own slope to the last digit: that of (1 - x)(1 + x), taken apart, is lost in rounding where x is near 0.
one_less_square: Primitive = elementwise(
    "one_less_square",
    lambda y, x: -2.0 * x,
    help="1 - x^2, accurate near 1",
    domain=UNIT,
    kernel=lambda xp, x: (1.0 - x) * (1.0 + x),
    math="(1.0 - {0}) * (1.0 + {0})",
    names=(),
    reading=lambda x: 1.0 - x * x,
)
asin = elementwise(
    "arcsin",
    lambda y, x: reciprocal(sqrt(one_less_square(x))),
    defined="-1 <= {0} <= 1",
    help="the angle in radians whose sine is x",
    domain=UNIT,
    math="math.asin({0})",
    names=("asin", "arcsin"),
)
acos = elementwise(
    "arccos",
    lambda y, x: -reciprocal(sqrt(one_less_square(x))),
    defined="-1 <= {0} <= 1",
    help="the angle in radians whose cosine is x",
    domain=UNIT,
    math="math.acos({0})",
    names=("acos", "arccos"),
)
atan = elementwise(
    "arctan",
    lambda y, x: reciprocal(1.0 + x * x),
    help="the angle in radians whose tangent is x",
    math="math.atan({0})",
    names=("atan", "arctan"),
)
atan2 = elementwise(
    "arctan2",
    lambda y, a, b: part_of_length(b, a) * reciprocal(hypot(a, b)),
    lambda y, a, b: -(part_of_length(a, b) * reciprocal(hypot(a, b))),
    help="the angle in radians of the point with ordinate x and abscissa y",
    example="atan2(1, -1)",
    domain=((0.3, 2.0), (0.3, 2.0)),
    math="math.atan2({0}, {1})",
    names=("atan2", "arctan2"),
)
sinh = elementwise("sinh", lambda y, x: cosh(x), help="hyperbolic sine", math="math.sinh({0})")
cosh: Primitive = elementwise("cosh", lambda y, x: sinh(x), help="hyperbolic cosine", math="math.cosh({0})")
# 1 - y*y would lose every digit where y is near 1; sech2 keeps them, and closes with tanh.
tanh: Primitive = elementwise("tanh", lambda y, x: sech2(x), help="hyperbolic tangent", math="math.tanh({0})")


def _sech2_kernel(xp: Any, x: Any, out: Any = None) -> Any:
    root = xp.reciprocal(xp.cosh(x, out), out)
    return xp.multiply(root, root, out)


sech2: Primitive = elementwise(
    "sech2",
    lambda y, x: -2.0 * (tanh(x) * y),
    help="1 / cosh(x)^2, which is 1 - tanh(x)^2 to the last digits",
    kernel=_sech2_kernel,
    math="1.0 / math.cosh({0}) / math.cosh({0})",
    names=(),
    reading=lambda x: 1.0 - tanh(x) * tanh(x),
)

# Activations that are primitives for the sake of their tails.


def _sigmoid_kernel(xp: Any, x: Any) -> Any:
    small = xp.exp(-xp.abs(x))
    return xp.where(x >= 0, 1 / (1 + small), small / (1 + small)).astype(x.dtype)


sigmoid: Primitive = elementwise(
    "sigmoid",
    lambda y, x: sigmoid_slope(x),
    help="1 / (1 + exp(-x))",
    kernel=_sigmoid_kernel,
    math="math.exp(min({0}, 0.0)) / (1.0 + math.exp(-abs({0})))",
)


def _sigmoid_slope_kernel(xp: Any, x: Any) -> Any:
    small = xp.exp(-xp.abs(x))
    return small / ((1 + small) * (1 + small))


# sigmoid(x) sigmoid(-x), differentiated as a product, is a difference of nearly equal numbers near 0.
sigmoid_slope: Primitive = elementwise(
    "sigmoid_slope",
    lambda y, x: -(y * tanh(0.5 * x)),
    help="the slope of sigmoid",
    kernel=_sigmoid_slope_kernel,
    math="math.exp(-abs({0})) / (1.0 + math.exp(-abs({0}))) / (1.0 + math.exp(-abs({0})))",
    names=(),
    reading=lambda x: sigmoid(x) * (1.0 - sigmoid(x)),
)
logit = elementwise(
    "logit",
    lambda y, x: reciprocal(not_negative(x * (1.0 - x))),
    defined="0 < {0} < 1",
    help="log(x / (1 - x))",
    domain=((0.15, 0.85),),
    kernel=lambda xp, x: xp.where(abs(x - 0.5) < 0.2, 2 * xp.arctanh(2 * x - 1), xp.log(x) - xp.log1p(-x)),
    math="(2.0 * math.atanh(2.0 * {0} - 1.0) if abs({0} - 0.5) < 0.2 else math.log({0}) - math.log1p(-{0}))",
)
softplus = elementwise(
    "softplus",
    lambda y, x: sigmoid(x),
    help="log(1 + exp(x))",
    math="max({0}, 0.0) + math.log1p(math.exp(-abs({0})))",
    kernel=lambda xp, x, out=None: xp.logaddexp(x, 0.0, out),
)

# Corners: the slope at the corner itself is a convention, stated in the help.

relu = elementwise(
    "relu",
    lambda y, x: select(less_equal(x, 0), filled(0.0, x), sign(x)),
    help="x where positive, else 0; the slope at 0 is 0",
    example="relu(-2), relu(3), relu'(3)",
    kernel=lambda xp, x, out=None: xp.maximum(x, 0.0, out=out),
    math="({0} if {0} > 0.0 or {0} != {0} else 0.0)",
    edge=CORNER_AT_ZERO,
)
absolute: Primitive = elementwise(
    "abs",
    lambda y, x: sign(x),
    help="distance from 0; the slope at 0 is 0",
    example="abs(-3), abs'(-3)",
    math="abs({0})",
    result="number",
    edge=CORNER_AT_ZERO,
)
maximum = elementwise(
    "maximum",
    lambda y, a, b: _larger_share(a, b),
    lambda y, a, b: _larger_share(b, a),
    help="the larger of two numbers; equal ones share the slope",
    example="maximum([1, 5], [4, 2])",
    math="({0} if {0} >= {1} or {0} != {0} else {1})",
    result="number",
    edge=at_equal(EdgeKind.CORNER, continuous=True),
)
minimum = elementwise(
    "minimum",
    lambda y, a, b: _larger_share(b, a),
    lambda y, a, b: _larger_share(a, b),
    help="the smaller of two numbers; equal ones share the slope",
    example="minimum([1, 5], [4, 2])",
    math="({0} if {0} <= {1} or {0} != {0} else {1})",
    result="number",
    edge=at_equal(EdgeKind.CORNER, continuous=True),
)


def _larger_share(a: Node, b: Node) -> Node:
    """1 where a is larger, 0 where b is, one half where they are equal, nan where one is."""
    return select(less(a, b), filled(0.0, a), select(equal(a, b), filled(0.5, a), sign(a - b)))


# Steps: no slope anywhere.

sign: Primitive = flat(
    "sign",
    help="-1, 0 or 1, as x is",
    example="sign([-2, 0, 5])",
    math="(1.0 if {0} > 0.0 else -1.0 if {0} < 0.0 else abs({0}))",
    result="number",
    edge=at_zero(EdgeKind.CORNER),
)
stop_gradient = flat(
    "stop_gradient",
    help="x itself, but constant for every derivative",
    example="(x -> x*stop_gradient(x))'(3)",
    kernel="positive",
    math="{0}",
    result="number",
)
