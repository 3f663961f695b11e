"""Numbers of the derivatives of the beta function, as many times by each argument as its attributes say.

As products and differences of polygammas they lose every digit where an argument is small: the mixed ones are far
smaller than their parts there. What is added up here has one sign.
"""

from __future__ import annotations

from collections.abc import Callable
from math import factorial, pi
from typing import Any

# Below it a difference of polygammas at a and a + b is the sum of its Taylor series in b.
CLOSE = 0.1
TAYLOR_TERMS = 18
# Mixed derivatives with an argument below it are integrals.
SMALL = 0.5
# Of the double exponential rule: beyond so far from the middle, doubles on both sides are 0 and 1.
STEP, REACH = 1 / 32, 6.1

Polygamma = Callable[[int, Any], Any]


def kernel(xp: Any, special: Any, polygamma: Polygamma, a: Any, b: Any, by_a: int, by_b: int) -> Any:
    """d^(m + n) B(a, b) / da^m db^n for arrays of one shape."""
    if not by_a and not by_b:
        return special.beta(a, b)
    a, b = (xp.asarray(x, dtype=xp.float64) for x in (a, b))
    value = special.beta(a, b) * _by_logarithm(xp, polygamma, a, b, by_a, by_b)
    small = (xp.minimum(a, b) > 0) & (xp.minimum(a, b) < SMALL)
    if not (by_a and by_b) or not small.any():
        return value
    integral = _by_integral(xp, xp.where(small, a, 1.0), xp.where(small, b, 1.0), by_a, by_b)
    return xp.where(small, integral, value)


def _by_logarithm(xp: Any, polygamma: Polygamma, a: Any, b: Any, by_a: int, by_b: int) -> Any:
    """The derivative divided by B, from the Taylor series of log B in both arguments."""
    logarithm = {}
    for i in range(by_a + 1):
        for j in range(by_b + 1):
            if i and j:
                slope = -polygamma(i + j - 1, a + b)
            elif i or j:
                slope = _difference(xp, polygamma, i + j - 1, *((a, b) if i else (b, a)))
            else:
                continue
            logarithm[i, j] = slope / (factorial(i) * factorial(j))
    series = {(0, 0): xp.ones_like(a)}
    for i in range(by_a + 1):
        for j in range(by_b + 1):
            if not i and not j:
                continue
            # From E' = L' E, by the first argument that it is a derivative by.
            at = 0 if i else 1
            places = [(p, q) for p in range(i + 1) for q in range(j + 1) if (p, q)[at]]
            terms = [(p, q)[at] * logarithm[p, q] * series[i - p, j - q] for p, q in places]
            series[i, j] = sum(terms) / (i, j)[at]
    return series[by_a, by_b] * (factorial(by_a) * factorial(by_b))


def _difference(xp: Any, polygamma: Polygamma, order: int, a: Any, b: Any) -> Any:
    """psi^(n)(a) - psi^(n)(a + b), also where b is small beside a."""
    close = abs(b) < CLOSE * a
    whole = polygamma(order, a) - polygamma(order, a + b)
    if not close.any():
        return whole
    at, by = xp.where(close, a, 1.0), xp.where(close, b, 0.0)
    total, power = xp.zeros_like(at), xp.ones_like(at)
    for i in range(1, TAYLOR_TERMS):
        power = power * by / i
        total = total - power * polygamma(order + i, at)
    return xp.where(close, total, whole)


def _by_integral(xp: Any, a: Any, b: Any, by_a: int, by_b: int) -> Any:
    """The integral of t^(a - 1) (1 - t)^(b - 1) log(t)^m log(1 - t)^n over [0, 1], by Takahasi and Mori's rule."""
    u = xp.arange(-REACH, REACH, STEP)
    # t = 1/(1 + exp(-w)), with w = pi sinh(u), so that t and 1 - t are both known to the last digit.
    w = pi * xp.sinh(u)
    log_t, log_rest = -xp.logaddexp(0.0, -w), -xp.logaddexp(0.0, w)
    # Of log(t)^m near t = 1, and of log(1 - t)^n near 0, one factor is nearly 1 - t, or t: taken out, none overflows.
    parts = by_a * xp.log(-log_t) + by_b * xp.log(-log_rest) + xp.log(pi * xp.cosh(u))
    exponent = xp.multiply.outer(a, log_t) + xp.multiply.outer(b, log_rest) + parts
    return (-1.0) ** (by_a + by_b) * STEP * xp.exp(exponent).sum(axis=-1)
