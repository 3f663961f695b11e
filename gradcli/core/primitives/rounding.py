"""Rounding to whole numbers and to decimals: steps, which have no slope."""

from __future__ import annotations

from typing import Any

from gradcli.core.ir.declare import flat
from gradcli.core.ir.edges import at_whole

# A whole number of Python's has no -0.0, so the sign is put back.
floor = flat(
    "floor",
    help="the next whole number below",
    example="floor(2.7), floor(-2.7)",
    math="math.copysign(math.floor({0}), {0})",
    result="float",
    edge=at_whole(lambda x: x),
)
ceil = flat(
    "ceil",
    help="the next whole number above",
    example="ceil(2.2), ceil(-2.2)",
    math="math.copysign(math.ceil({0}), {0})",
    result="float",
    edge=at_whole(lambda x: x),
)


def _rounded_kernel(xp: Any, x: Any, *, decimals: int) -> Any:
    # The array library scales by a power of ten; where that overflows, x has no such digits, or no others.
    if abs(decimals) <= 300:
        return xp.round(x, decimals)
    return x if decimals > 0 else xp.where(xp.isfinite(x), x * 0, x)


rounded = flat(
    "round",
    help="x to so many decimals; halves go to the even digit",
    kernel=_rounded_kernel,
    math="math.copysign(round({0} * 10.0**{decimals}) / 10.0**{decimals} if {decimals} >= 0 else "
    "round({0} / 10.0**-{decimals}) * 10.0**-{decimals}, {0})",
    result="number",
    names=(),
    attributes={"decimals": 1},
    edge=at_whole(lambda x, *, decimals: 2 * 10.0**decimals * x),
)
