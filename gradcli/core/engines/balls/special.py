"""Entries that Python's math lacks, on balls."""

from __future__ import annotations

from math import comb, factorial

from flint import arb, arb_series, ctx

from gradcli.core.engines.balls.ball import Ball, UndecidedError, plain
from gradcli.core.primitives.general_power import multiplied_out


def erfinv(x: Ball) -> Ball:
    """The inverse of erf."""
    return Ball(plain(x).erfinv())


def polygamma(x: Ball, *, order: int) -> Ball:
    """The derivatives of digamma by the Hurwitz zeta function (DLMF 25.11.12); below 0 by the series of 1/gamma."""
    value = plain(x)
    if order == 0:
        return Ball(value.digamma())
    if value > 0:
        sign = 1 if order % 2 else -1
        return Ball(sign * factorial(order) * arb(order + 1).zeta(value))
    # 1/gamma is entire, and digamma is its logarithmic derivative with the sign changed.
    before, ctx.cap = ctx.cap, order + 2
    try:
        entire = arb_series([value, 1]).rgamma()
        return Ball(-(entire.derivative() / entire)[order] * factorial(order))
    finally:
        ctx.cap = before


def beta(a: Ball, b: Ball) -> Ball:
    """gamma(a) gamma(b) / gamma(a + b)."""
    x, y = plain(a), plain(b)
    return Ball(x.gamma() * y.gamma() * (x + y).rgamma())


def besselj(x: Ball, *, order: float) -> Ball:
    """The Bessel function of the first kind."""
    return Ball(plain(x).bessel_j(arb(order)))


def sinc(x: Ball, *, order: int) -> Ball:
    """The derivatives of sin(pi x)/(pi x), by n f_(n-1) + t f_n = sin^(n) t at t = pi x."""
    value, pi = plain(x), arb.pi()
    if value.is_exact() and value == 0:
        if order % 2:
            return Ball(arb(0))
        return Ball((-1) ** (order // 2) * pi**order / (order + 1))
    if value.contains(0):
        raise UndecidedError
    t = pi * value
    sine, cosine = value.sin_pi(), value.cos_pi()
    found = sine / t
    for n in range(1, order + 1):
        found = ((sine, cosine, -sine, -cosine)[n % 4] - n * found) / t
    return Ball(pi**order * found)


def power_partial(a: Ball, b: Ball, *, below: int = 0, logs: int = 0) -> Ball:
    """a^b differentiated by a and by b, multiplied out; at a base of 0 or below it is open."""
    base, exponent = plain(a), plain(b)
    if not base > 0:
        raise UndecidedError
    logarithm, total = base.log(), arb(0)
    for j, coefficients in enumerate(multiplied_out(below, logs)):
        value = sum((c * exponent**k for k, c in enumerate(coefficients)), arb(0))
        total += comb(logs, j) * value * logarithm ** (logs - j)
    return Ball(total * base ** (exponent - below))
