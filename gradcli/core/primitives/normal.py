"""The normal distribution: its distribution function, the logarithm of that, and its inverse."""

from __future__ import annotations

from math import pi, sqrt
from typing import Any

from gradcli.core.ir.declare import elementwise
from gradcli.core.ir.nodes import Node
from gradcli.core.ir.primitive import Primitive
from gradcli.core.primitives.computing import from_scipy, scipy_special
from gradcli.core.primitives.elementwise import exp, reciprocal


def _density(x: Node) -> Node:
    # 1/sqrt(2 pi) as two factors, each of which balls know by name.
    return (1 / sqrt(2)) * ((1 / sqrt(pi)) * exp(-0.5 * (x * x)))


ndtr = elementwise(
    "ndtr",
    lambda y, x: _density(x),
    help="normal distribution function: the probability of less than x",
    example="ndtr(0), ndtr(1.96), ndtr'(0)",
    kernel=from_scipy("ndtr"),
    math="0.5 * math.erfc(-{0} / math.sqrt(2.0))",
)


def _mills_kernel(xp: Any, x: Any) -> Any:
    return sqrt(2 / pi) / scipy_special().erfcx(-x / sqrt(2))


# The inverse Mills ratio: as a quotient it would be 0/0 where both have left the floats.
mills: Primitive = elementwise(
    "mills",
    lambda y, x: -(y * (x + y)),
    help="normal density over the normal distribution function",
    domain=((-2.0, 2.0),),
    kernel=_mills_kernel,
    ball="mills",
    names=(),
    reading=lambda x: _density(x) * reciprocal(ndtr(x)),
)
log_ndtr = elementwise(
    "log_ndtr",
    lambda y, x: mills(x),
    help="logarithm of the normal distribution function, where that is too small for a float too",
    example="log_ndtr(-100), log_ndtr'(-100)",
    domain=((-3.0, 1.0),),
    kernel=from_scipy("log_ndtr"),
    ball="log_ndtr",
)
ndtri = elementwise(
    "ndtri",
    lambda y, p: sqrt(2) * (sqrt(pi) * exp(0.5 * (y * y))),
    defined="0 < {0} < 1",
    help="the number that is exceeded with probability 1 - p: inverse of ndtr",
    example="ndtri(0.975), ndtri'(0.5)",
    domain=((0.1, 0.9),),
    kernel=from_scipy("ndtri"),
    ball="ndtri",
)
