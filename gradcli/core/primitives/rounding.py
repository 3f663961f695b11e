"""Rounding to decimals."""

from __future__ import annotations

from typing import Any

from gradcli.core.ir.declare import flat
from gradcli.core.ir.edges import at_whole


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
