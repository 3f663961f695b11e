"""Real roots of whole orders, of negative numbers too where the order is odd; logarithms to any base."""

from __future__ import annotations

from typing import Any

from gradcli.core.ir.declare import elementwise
from gradcli.core.ir.edges import Edge, EdgeKind, at_zero
from gradcli.core.ir.nodes import Node
from gradcli.core.ir.primitive import Primitive
from gradcli.core.primitives.domains import not_negative
from gradcli.core.primitives.elementwise import constant_power, log, reciprocal

# Up to it the slope is told by the root's own power, which is right at 0; beyond, that would multiply its rounding.
LARGEST_POWER = 16


def _root_kernel(xp: Any, x: Any, *, order: int) -> Any:
    """A power by a rounded 1/order, and one step of Newton's method to make up for that."""
    x = xp.asarray(x)
    size = xp.abs(x)
    plain = (size == 0) | xp.isinf(size)
    safe = xp.where(plain, x.dtype.type(1), size)
    near = xp.power(safe, x.dtype.type(1 / order))
    root = near - (near - safe / xp.power(near, x.dtype.type(order - 1))) / x.dtype.type(order)
    root = xp.where(plain, size, root)
    return xp.copysign(root, x) if order % 2 else xp.where(x < 0, x.dtype.type(xp.nan), root)


def _root_template(*, order: int) -> str:
    size = "abs({0})"
    near = f"{size} ** {1 / order!r}"
    root = f"{near} - ({near} - {size} / ({near}) ** {float(order - 1)!r}) / {float(order)!r}"
    if order % 2:
        return f"(math.copysign({root}, {{0}}) if {{0}} != 0.0 and {size} != inf else {{0}})"
    return f"({root} if 0.0 < {{0}} < inf else {size} if {{0}} >= 0.0 else nan)"


def _root_slope(y: Node, x: Node, *, order: int) -> Node:
    if order <= LARGEST_POWER:
        return (1 / order) * reciprocal(constant_power(y, exponent=float(order - 1)))
    return (1 / order) * (y * reciprocal(x))


nth_root: Primitive = elementwise(
    "root",
    _root_slope,
    defined=lambda order: None if order % 2 else "{0} >= 0",
    help="the real number whose power of some order is x",
    domain=((0.2, 3.0),),
    kernel=_root_kernel,
    math=_root_template,
    names=(),
    attributes={"order": 5},
    edge=at_zero(EdgeKind.QUOTIENT),
)


def _log_kernel(xp: Any, x: Any, base: Any) -> Any:
    """The quotient of two logarithms; of a whole power of the base the whole number that it would miss by rounding."""
    below = xp.log(base)
    quotient = xp.log(x) / below
    whole = xp.rint(quotient) + 0.0  # never -0.0, as no int is
    # Beside 1, powers of the base lie so close that a rounded one has another logarithm.
    is_power = (abs(below) > 0.5) & (xp.power(base, whole) == x)
    return xp.where(is_power, whole, quotient)


_QUOTIENT = "math.log({0}) / math.log({1})"
log_to_base: Primitive = elementwise(
    "log_to_base",
    lambda y, x, base: reciprocal(not_negative(x)) * reciprocal(log(base)),
    lambda y, x, base: -(y * reciprocal(base) * reciprocal(log(base))),
    defined="{0} > 0 and {1} > 0 and {1} != 1",
    help="logarithm of x to base y",
    domain=((0.2, 3.0), (1.5, 4.0)),
    kernel=_log_kernel,
    math=f"(1.0 * round({_QUOTIENT}) if abs(math.log({{1}})) > 0.5 and {{1}} ** round({_QUOTIENT}) == {{0}} "
    f"else {_QUOTIENT})",
    names=(),
    reading=lambda x, base: log(x) / log(base),
    edge=Edge(EdgeKind.QUOTIENT, lambda args, y, **attrs: args[1] == 1),
)
