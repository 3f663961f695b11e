"""Incomplete gamma and beta functions over the complete ones, and as many times differentiated as attributes say.

By x they are densities (DLMF 8.8.13, 8.17.20), by the parameters there is no closed form: FLINT has them.
"""

from __future__ import annotations

from math import comb
from typing import Any

from gradcli.core.ir.declare import elementwise
from gradcli.core.ir.nodes import Node
from gradcli.core.ir.primitive import Primitive
from gradcli.core.primitives.computing import by_flint, scipy_special
from gradcli.core.primitives.elementwise import exp, power, reciprocal
from gradcli.core.primitives.special import beta, gamma, orders


def falling(exponent: Any, order: int) -> Any:
    """Exponent (exponent - 1) ... with so many factors."""
    found = 1.0
    for k in range(order):
        found = found * (exponent - k)
    return found


def _lower_part(xp: Any, a: Any, x: Any) -> Any:
    """SciPy's function; its series (DLMF 8.7.1) where SciPy loses up to 60 units in the last place."""
    found = scipy_special().gammainc(a, x)
    lost = (x > 1) & (x < 1.11) & (abs(a - 0.51) < 0.06)
    if not xp.any(lost):
        return found
    a, x = xp.where(lost, a, 0.5).astype(xp.float64), xp.where(lost, x, 1.0).astype(xp.float64)
    total = xp.ones_like(x * a)
    for k in range(20, 0, -1):
        total = 1.0 + x / (a + k) * total
    series = x**a * xp.exp(-x) / scipy_special().gamma(a + 1.0) * total
    return xp.where(lost, series.astype(found.dtype), found)


def _gammainc_kernel(xp: Any, a: Any, x: Any, *, by_a: int = 0, by_x: int = 0) -> Any:
    if not by_a and not by_x:
        return _lower_part(xp, a, x)
    if not by_a:
        return gamma_density(xp, a, x, by_x)
    found = by_flint("gammainc", xp, a, x, by_a=by_a, by_x=by_x)
    # Right of everything there is nothing left to move.
    return xp.where((a > 0) & (x == xp.inf), 0.0, found)


def gamma_density(xp: Any, a: Any, x: Any, by_x: int) -> Any:
    """A derivative by x of at least order 1."""
    special = scipy_special()
    a, x = xp.asarray(a, dtype=xp.float64), xp.asarray(x, dtype=xp.float64)
    found = 0.0
    for k in range(by_x):
        factor = comb(by_x - 1, k) * (-1.0) ** (by_x - 1 - k) * falling(a - 1.0, k)
        term = factor * xp.exp(special.xlogy(a - 1.0 - k, x) - x - special.gammaln(a))
        found = found + xp.where(factor == 0, 0.0, term)
    return xp.where((x < 0) | (a < 0), xp.nan, xp.where((x == xp.inf) & (a == a), 0.0, found))


def _gammainc_read(a: Node, x: Node, *, by_a: int = 0, by_x: int = 0) -> Node | None:
    if by_a or not by_x:
        return None
    total: Node | None = None
    for k in range(by_x):
        factor = comb(by_x - 1, k) * (-1.0) ** (by_x - 1 - k) * falling(a - 1.0, k)
        term = factor * power(x, a - (1.0 + k))
        total = term if total is None else total + term
    return None if total is None else total * exp(-x) * reciprocal(gamma(a))


gammainc: Primitive = elementwise(
    "gammainc",
    lambda y, a, x, *, by_a=0, by_x=0: gammainc(a, x, **orders(by_a=by_a + 1, by_x=by_x)),
    lambda y, a, x, *, by_a=0, by_x=0: gammainc(a, x, **orders(by_a=by_a, by_x=by_x + 1)),
    defined=lambda by_a=0, by_x=0: "{0} > 0 and {1} >= 0",
    help="lower incomplete gamma function over gamma(a)",
    family=True,
    domain=((0.5, 3.0), (0.3, 4.0)),
    kernel=_gammainc_kernel,
    reading=_gammainc_read,
    ball="gammainc",
)


def _gammaincc_kernel(xp: Any, a: Any, x: Any) -> Any:
    """SciPy's; where it is no small part of 1 SciPy's other one has some digits more."""
    found = scipy_special().gammaincc(a, x)
    return xp.where(found > 0.05, 1.0 - _lower_part(xp, a, x), found)


gammaincc: Primitive = elementwise(
    "gammaincc",
    lambda y, a, x: -gammainc(a, x, by_a=1),
    lambda y, a, x: -gammainc(a, x, by_x=1),
    defined="{0} > 0 and {1} >= 0",
    help="upper incomplete gamma function over gamma(a)",
    family=True,
    domain=((0.5, 3.0), (0.3, 4.0)),
    kernel=_gammaincc_kernel,
    ball="gammaincc",
)


def _betainc_kernel(xp: Any, a: Any, b: Any, x: Any, *, by_a: int = 0, by_b: int = 0, by_x: int = 0) -> Any:
    if by_a or by_b:
        return by_flint("betainc", xp, a, b, x, by_a=by_a, by_b=by_b, by_x=by_x)
    return beta_density(xp, a, b, x, by_x) if by_x else scipy_special().betainc(a, b, x)


def beta_density(xp: Any, a: Any, b: Any, x: Any, by_x: int) -> Any:
    """A derivative by x of at least order 1."""
    special = scipy_special()
    a, b, x = xp.asarray(a, dtype=xp.float64), xp.asarray(b, dtype=xp.float64), xp.asarray(x, dtype=xp.float64)
    found = 0.0
    for k in range(by_x):
        rest = by_x - 1 - k
        factor = comb(by_x - 1, k) * (-1.0) ** rest * falling(a - 1.0, k) * falling(b - 1.0, rest)
        logarithm = special.xlogy(a - 1.0 - k, x) + special.xlog1py(b - 1.0 - rest, -x) - special.betaln(a, b)
        found = found + xp.where(factor == 0, 0.0, factor * xp.exp(logarithm))
    return xp.where((x < 0) | (x > 1) | (a <= 0) | (b <= 0), xp.nan, found)


def _betainc_read(a: Node, b: Node, x: Node, *, by_a: int = 0, by_b: int = 0, by_x: int = 0) -> Node | None:
    if by_a or by_b or not by_x:
        return None
    total: Node | None = None
    for k in range(by_x):
        rest = by_x - 1 - k
        factor = comb(by_x - 1, k) * (-1.0) ** rest * falling(a - 1.0, k) * falling(b - 1.0, rest)
        term = factor * power(x, a - (1.0 + k)) * power(1.0 - x, b - (1.0 + rest))
        total = term if total is None else total + term
    return None if total is None else total * reciprocal(beta(a, b))


betainc: Primitive = elementwise(
    "betainc",
    lambda y, a, b, x, *, by_a=0, by_b=0, by_x=0: betainc(a, b, x, **orders(by_a=by_a + 1, by_b=by_b, by_x=by_x)),
    lambda y, a, b, x, *, by_a=0, by_b=0, by_x=0: betainc(a, b, x, **orders(by_a=by_a, by_b=by_b + 1, by_x=by_x)),
    lambda y, a, b, x, *, by_a=0, by_b=0, by_x=0: betainc(a, b, x, **orders(by_a=by_a, by_b=by_b, by_x=by_x + 1)),
    defined=lambda by_a=0, by_b=0, by_x=0: "{0} > 0 and {1} > 0 and 0 <= {2} <= 1",
    help="incomplete beta function over beta(a, b)",
    family=True,
    domain=((0.5, 3.0), (0.5, 3.0), (0.1, 0.9)),
    kernel=_betainc_kernel,
    reading=_betainc_read,
    ball="betainc",
)
