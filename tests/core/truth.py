"""The elementwise primitives in arbitrary precision: what their values and slopes are measured against."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import mpmath

from gradcli.core.ir.primitive import Primitive


def _of_order_one(x: Any, sign: int) -> tuple[Any, Any]:
    """The sums of q^k/(k! (k+1)!) and of psi(k+1) + psi(k+2) times that, where q is x^2/4 or minus that.

    They are what bessely and besselk of order 1 are made of (DLMF 10.8.1 and 10.31.1); mpmath takes a limit in the
    order for these, which takes some hundred times as long.
    """
    q, psi, term, k = sign * x * x / 4, 1 - 2 * mpmath.euler, mpmath.mpf(1), 0
    plain, weighted = mpmath.mpf(0), mpmath.mpf(0)
    while k <= abs(x) or abs(term) > mpmath.eps:
        plain, weighted = plain + term, weighted + psi * term
        k += 1
        term, psi = term * q / (k * (k + 1)), psi + mpmath.mpf(1) / k + mpmath.mpf(1) / (k + 1)
    return plain, weighted


def _bessely(x: Any) -> Any:
    if not 0 < x < 100:
        return mpmath.bessely(1, x) if x > 0 else mpmath.nan
    with mpmath.workprec(mpmath.mp.prec + int(4 * x) + 40):
        plain, weighted = _of_order_one(x, -1)
        return (x * mpmath.log(x / 2) * plain - 2 / x - x / 2 * weighted) / mpmath.pi


def _besselk(x: Any) -> Any:
    if not 0 < x < 100:
        return mpmath.besselk(1, x) if x > 0 else mpmath.nan
    with mpmath.workprec(mpmath.mp.prec + int(4 * x) + 40):
        plain, weighted = _of_order_one(x, 1)
        return 1 / x + x / 2 * mpmath.log(x / 2) * plain - x / 4 * weighted


def _zeta(s: Any, q: Any) -> Any:
    """Hurwitz's, by Euler and Maclaurin (DLMF 25.11.5): mpmath's own takes twice as long."""
    if q <= 0:
        return mpmath.zeta(s, q)
    with mpmath.workprec(mpmath.mp.prec + 20):
        count = int(0.6 * mpmath.mp.dps) + 3
        a = q + count
        total = mpmath.fsum((q + k) ** -s for k in range(count)) + a ** (1 - s) / (s - 1) + a**-s / 2
        factor = s * a ** (-s - 1)
        for k in range(1, 4 * count):
            term = mpmath.bernoulli(2 * k) * factor / mpmath.factorial(2 * k)
            total += term
            if abs(term) <= mpmath.eps * abs(total):
                break
            factor *= (s + 2 * k - 1) * (s + 2 * k) / (a * a)
        return total


# What mpmath calls a function, where its name differs; those that are no function of mpmath's are given whole.
TRUTH: dict[str, Callable[..., Any]] = {
    "abs": abs,
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "negate": lambda x: -x,
    "reciprocal": lambda x: 1 / x,
    "not_negative": lambda x: x,
    "constant_power": lambda x: x**3,
    "remainder": lambda a, b: a - b * mpmath.floor(a / b),
    "exp2": lambda x: mpmath.mpf(2) ** x,
    "half_exp2": lambda x: mpmath.mpf(2) ** (x - 1),
    "one_less_square": lambda x: 1 - x * x,
    "log2": lambda x: mpmath.log(x, 2),
    "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)),
    "sigmoid_slope": lambda x: 1 / (2 + mpmath.exp(x) + mpmath.exp(-x)),
    "part_of_length": lambda a, b: a / mpmath.sqrt(a * a + b * b),
    "softplus": lambda x: mpmath.log(1 + mpmath.exp(x)),
    "relu": lambda x: max(x, mpmath.mpf(0)),
    "maximum": max,
    "minimum": min,
    "arcsin": mpmath.asin,
    "arccos": mpmath.acos,
    "arctan": mpmath.atan,
    "arcsinh": mpmath.asinh,
    "arccosh": mpmath.acosh,
    "arctanh": mpmath.atanh,
    "arcsec": mpmath.asec,
    "arccsc": mpmath.acsc,
    "arccot": mpmath.acot,
    "arcsech": mpmath.asech,
    "arccsch": mpmath.acsch,
    "arccoth": mpmath.acoth,
    "leg": lambda x: mpmath.sqrt(x * x - 1),
    "log_to_base": lambda x, b: mpmath.log(x) / mpmath.log(b),
    "root": lambda x: mpmath.sign(x) * mpmath.root(abs(x), 5),
    "arctan2": mpmath.atan2,
    "cbrt": mpmath.cbrt,
    "logaddexp": lambda a, b: mpmath.log(mpmath.exp(a) + mpmath.exp(b)),
    "logit": lambda x: mpmath.log(x / (1 - x)),
    "polygamma": lambda x: mpmath.polygamma(1, x),
    "lgamma": mpmath.loggamma,
    "besselj": lambda x: mpmath.besselj(1, x),
    "sech2": lambda x: mpmath.sech(x) ** 2,
    "sinc": mpmath.sincpi,
    "bessely": _bessely,
    "besseli": lambda x: mpmath.besseli(1, x),
    "besselk": _besselk,
    "besseli_scaled": lambda x: mpmath.besseli(1, x) * mpmath.exp(-abs(x)),
    "xlogy": lambda x, y: x * mpmath.log(y),
    "xlog1py": lambda x, y: x * mpmath.log(1 + y),
    "entr": lambda x: -x * mpmath.log(x),
    "ndtr": mpmath.ncdf,
    "mills": lambda x: mpmath.npdf(x) / mpmath.ncdf(x),
    "log_ndtr": lambda x: mpmath.log(mpmath.ncdf(x)) if x < 0 else mpmath.log1p(-mpmath.ncdf(-x)),
    "ndtri": lambda p: mpmath.sqrt(2) * mpmath.erfinv(2 * p - 1),
    "betaln": lambda a, b: mpmath.log(abs(mpmath.beta(a, b))),
    "gammainc": lambda a, x: mpmath.gammainc(a, 0, x, regularized=True),
    "gammaincc": lambda a, x: mpmath.gammainc(a, x, regularized=True),
    "betainc": lambda a, b, x: mpmath.betainc(a, b, 0, x, regularized=True),
    "expi": mpmath.ei,
    "zeta": _zeta,
}


def truth(primitive: Primitive) -> Callable[..., Any]:
    """The same function in arbitrary precision.

    Raises:
        LookupError: for one that is neither in `TRUTH` nor called the same by mpmath.
    """
    found: Callable[..., Any] | None = TRUTH.get(primitive.name) or getattr(mpmath, primitive.name, None)
    if found is None:
        raise LookupError(f"mpmath has no `{primitive.name}`: say in TRUTH what it is to be measured against")
    return found


def derivatives(function: Callable[[Any], Any], at: Any, order: int, digits: int = 90) -> list[Any]:
    """The value and each derivative up to an order, by central differences from 2 order + 1 values that they share.

    `mpmath.diff` computes each from values of its own, with as many times the digits as the order says. Steps of 1e-12
    leave 24 digits of a function whose own are so many.
    """
    with mpmath.workdps(digits):
        h = mpmath.mpf(10) ** -12
        values = {j: function(mpmath.mpf(at) + j * h) for j in range(-order, order + 1)}
        return [
            mpmath.fsum((-1) ** k * mpmath.binomial(n, k) * values[n - 2 * k] for k in range(n + 1)) / (2 * h) ** n
            for n in range(order + 1)
        ]


def derivative(function: Callable[..., Any], point: Sequence[float], by: tuple[int, ...]) -> Any:
    """A partial derivative at a point, by one argument after the other, to the working precision."""
    exact = tuple(mpmath.mpf(p) for p in point)
    if not by:
        return function(*exact)
    counts = tuple(by.count(i) for i in range(len(exact)))
    # mpmath differentiates by differences at a higher precision of its own, which a corner would spoil.
    return mpmath.diff(function, exact, counts)
