"""Special functions in FLINT's ball arithmetic: what certifies digits, and what computes where SciPy has nothing.

Derivatives by a parameter, such as the a of gammainc(a, x), are central differences at a multiple of the precision:
with a step of 2^-p the first term that is left out is 2^-2p of a derivative of the same size, and is less than the
radius of 2^-p that the result is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import product
from math import comb, isfinite, nan
from typing import Any

from flint import arb, arb_series, ctx

# Bits that are spent on rounding within a difference.
GUARD = 40
# The precisions at which a float is looked for: the last tells any number that isn't smaller than every float.
BITS = (80, 200, 640, 2600)


def differentiated(function: Callable[..., Any], at: Sequence[Any], orders: Sequence[int]) -> Any:
    """A mixed derivative of a smooth function of balls, by each argument so many times.

    Differences would blow up the radius of an argument: they are taken at the midpoints, and the radii count by slopes.
    """
    if not any(orders):
        return function(*at)
    middle = [x.mid() for x in at]
    found = _difference(function, middle, orders)
    for i, x in enumerate(at):
        if not x.is_exact():
            more = [n + (i == j) for j, n in enumerate(orders)]
            found = found + arb(0, 1) * (2 * abs(_difference(function, middle, more)) * x.rad())
    return found


def _difference(function: Callable[..., Any], at: Sequence[Any], orders: Sequence[int]) -> Any:
    total, bits = sum(orders), ctx.prec
    with ctx.workprec((bits + GUARD) * (total + 1)):
        step = arb(2) ** -bits
        found, size = arb(0), arb(0)
        for places in product(*(range(n + 1) for n in orders)):
            weight = 1
            for k, n in zip(places, orders, strict=True):
                weight *= (-1) ** k * comb(n, k)
            moved = (x + (arb(n) / 2 - k) * step if n else x for x, k, n in zip(at, places, orders, strict=True))
            value = function(*moved)
            found, size = found + weight * value, size.max(abs(value))
        found = found / step**total
        return found + arb(0, 1) * (abs(found) + size) * step


def polygamma(x: Any, *, order: int) -> Any:
    """The derivatives of digamma by the Hurwitz zeta function (DLMF 25.11.12); below 0 by the series of 1/gamma."""
    if order == 0:
        return x.digamma()
    if x > 0:
        sign = 1 if order % 2 else -1
        return sign * arb(order).fac() * arb(order + 1).zeta(x)
    # 1/gamma is entire, and digamma is its logarithmic derivative with the sign changed.
    with _cap(order + 2):
        entire = arb_series([x, 1]).rgamma()
        return -(entire.derivative() / entire)[order] * arb(order).fac()


class _cap:  # noqa: N801 - it is used as a function is
    """Series of so many terms."""

    def __init__(self, terms: int) -> None:
        self._terms = terms

    def __enter__(self) -> None:
        self._before, ctx.cap = ctx.cap, self._terms

    def __exit__(self, *error: object) -> None:
        ctx.cap = self._before


def bessel_j(x: Any, *, order: float) -> Any:
    """J."""
    return x.bessel_j(arb(order))


def bessel_y(x: Any, *, order: float) -> Any:
    """Y, where x > 0."""
    return x.bessel_y(arb(order)) if x > 0 else arb.nan()


def bessel_i(x: Any, *, order: float) -> Any:
    """I."""
    return x.bessel_i(arb(order))


def bessel_i_scaled(x: Any, *, order: float) -> Any:
    """exp(-|x|) I."""
    return x.bessel_i(arb(order)) * (-abs(x)).exp()


def bessel_k(x: Any, *, order: float) -> Any:
    """K, where x > 0."""
    return x.bessel_k(arb(order)) if x > 0 else arb.nan()


def zeta(s: Any, q: Any, *, by_s: int = 0, by_q: int = 0) -> Any:
    """The Hurwitz zeta function and its derivatives; a q below 0 is led upwards (DLMF 25.11.3)."""
    if not abs(s) < LARGEST:
        return arb.nan()
    whole = s.unique_fmpz() if s.is_exact() else None
    if q <= 0:
        if by_s or by_q or whole is None or not q.is_exact():
            return arb.nan()
        steps = int((-q).floor().unique_fmpz()) + 1
        if steps > MOST_STEPS or (q == q.floor() and int(whole) > 0):
            return arb.nan()
        return sum(((q + k) ** -int(whole) for k in range(steps)), arb(0)) + s.zeta(q + steps)
    if not q > 0:
        return arb.nan()
    if not by_s and not by_q:
        return s.zeta(q)
    # By q it is -s zeta(s + 1, q) (DLMF 25.11.17), whose pole meets a zero where s is whole and not above 1.
    with _cap(by_s + 2):
        factor = arb_series([(-1) ** by_q])
        for k in range(by_q):
            factor = factor * arb_series([s + k, 1])
        found = arb_series([s + by_q, 1])
        if by_q and found[0].is_exact() and found[0] == 1:
            # Without its pole; that times the factor, which is 0 there, is the factor moved by one.
            moved = arb_series([factor[i + 1] for i in range(by_s + 1)])
            return (factor * found.zeta(q, deflate=True) + moved)[by_s] * arb(by_s).fac()
        return (factor * found.zeta(q))[by_s] * arb(by_s).fac()


# So many terms are added one by one, and beyond that s a power is all that there is of a zeta function.
MOST_STEPS, LARGEST = 20_000, 1_000


def lambertw(x: Any) -> Any:
    """The principal branch; at -1/e a ball holds points that have no value."""
    return x.lambertw()


def expi(x: Any) -> Any:
    """The exponential integral Ei."""
    return x.ei()


def erfinv(x: Any) -> Any:
    """The inverse of erf."""
    return x.erfinv()


def ndtr(x: Any) -> Any:
    """The normal distribution function."""
    return (-x / arb(2).sqrt()).erfc() / 2


def log_ndtr(x: Any) -> Any:
    """Its logarithm."""
    return ndtr(x).log() if x < 0 else (-ndtr(-x)).log1p()


def mills(x: Any) -> Any:
    """The normal density over the normal distribution function."""
    return (-(x * x) / 2).exp() / (2 * arb.pi()).sqrt() / ndtr(x)


def ndtri(p: Any) -> Any:
    """The inverse of the normal distribution function."""
    if not (p > 0 and p < 1):
        return arb.nan()
    return arb(2).sqrt() * ((2 * p - 1).erfinv() if 4 * p > 1 else -(2 * p).erfcinv())


def betaln(a: Any, b: Any) -> Any:
    """Log |B(a, b)|."""
    if a > 0 and b > 0:
        return a.lgamma() + b.lgamma() - (a + b).lgamma()
    return abs(a.gamma() * b.gamma() * (a + b).rgamma()).log()


def gammainc(a: Any, x: Any, *, by_a: int = 0, by_x: int = 0) -> Any:
    """P(a, x), the lower incomplete gamma function over gamma(a), and its derivatives."""
    if not by_x:
        return _incomplete_gamma(a, x, by_a, upper=False)
    if not x > 0:
        return arb.nan()

    def density(a: Any, x: Any) -> Any:
        return powers([(a - 1, x, 1)], by_x - 1, -1) * (-x).exp() * a.rgamma()

    return differentiated(density, [a, x], [by_a, 0])


def gammaincc(a: Any, x: Any) -> Any:
    """Q(a, x) = 1 - P(a, x)."""
    return _incomplete_gamma(a, x, 0, upper=True)


def _incomplete_gamma(a: Any, x: Any, by_a: int, upper: bool) -> Any:
    if not (a > 0 and x >= 0):
        return arb.nan()
    if x.is_exact() and x == 0:
        return arb(1 if upper and not by_a else 0)
    # Where nearly all is on one side the other is computed, and what is added up has one sign.
    beyond = bool(x > a)
    found = differentiated(_upper_gamma if beyond else _lower_gamma, [a, x], [by_a, 0])
    if by_a:
        return -found if beyond != upper else found
    return found if beyond == upper else 1 - found


def _upper_gamma(a: Any, x: Any) -> Any:
    return x.gamma_upper(a, regularized=1)


def _lower_gamma(a: Any, x: Any) -> Any:
    """x^a exp(-x) over gamma(a + 1), times the sum of x^k over (a + 1) ... (a + k) (DLMF 8.7.1)."""
    term, total, small = arb(1), arb(1), arb(2) ** -ctx.prec
    for k in range(1, MOST_STEPS):
        ratio = x / (a + k)
        term = term * ratio
        total = total + term
        rest = 1 - x / (a + k + 1)
        if rest > 0 and term < small * total * rest:
            # What is left out is less than a geometric series.
            return (total + arb(0, 1) * (term / rest)) * (a * x.log() - x - (a + 1).lgamma()).exp()
    return arb.nan()


def betainc(a: Any, b: Any, x: Any, *, by_a: int = 0, by_b: int = 0, by_x: int = 0) -> Any:
    """I_x(a, b), the incomplete beta function over B(a, b), and its derivatives."""
    if x.is_exact() and (x == 0 or x == 1) and not by_x and a > 0 and b > 0:
        return arb(1 if x == 1 and not (by_a or by_b) else 0)
    if not (x > 0 and x < 1 and a > 0 and b > 0):
        return arb.nan()
    if not by_x:
        if (by_a or by_b) and x * (a + b) > a:
            return -differentiated(lambda a, b, x: (1 - x).beta_lower(b, a, regularized=1), [a, b, x], [by_a, by_b, 0])
        return differentiated(lambda a, b, x: x.beta_lower(a, b, regularized=1), [a, b, x], [by_a, by_b, 0])

    def density(a: Any, b: Any, x: Any) -> Any:
        return powers([(a - 1, x, 1), (b - 1, 1 - x, -1)], by_x - 1) * (a + b).gamma() * a.rgamma() * b.rgamma()

    return differentiated(density, [a, b, x], [by_a, by_b, 0])


def powers(factors: Sequence[tuple[Any, Any, int]], order: int, rate: int = 0) -> Any:
    """A derivative of a product of powers, by Leibniz' rule: of base^exponent with the sign of the base's slope each.

    With a single factor, of its product with exp(rate x) over that exponential.
    """
    one, *others = [_falling(exponent, base, sign, order) for exponent, base, sign in factors]
    other = others[0] if others else [arb(rate) ** k for k in range(order + 1)]
    return sum((comb(order, k) * one[k] * other[order - k] for k in range(order + 1)), arb(0))


def _falling(exponent: Any, base: Any, sign: int, order: int) -> list[Any]:
    found, factor = [], arb(1)
    for k in range(order + 1):
        found.append(factor * base ** (exponent - k))
        factor = factor * (exponent - k) * sign
    return found


def nearest(function: Callable[..., Any], values: Sequence[float], **attrs: Any) -> float:
    """The float nearest to a function of floats; nan where it has no value, or no precision tells it."""
    if not all(map(isfinite, values)):
        return nan
    for attempt, bits in enumerate(BITS):
        with ctx.workprec(bits):
            try:
                found = function(*map(arb, values), **attrs)
            except (ArithmeticError, ValueError):
                return nan
            if attempt and found.is_nan():
                return nan
            if found.is_finite():
                low, high = float(found.lower()), float(found.upper())
                if low == high:
                    return low + 0.0
    return nan


def elements(name: str, values: Sequence[Any], **attrs: Any) -> Iterator[float]:
    """The same for each element of columns of floats."""
    function = _stated(name)
    for row in zip(*values, strict=True):
        yield nearest(function, row, **attrs)


@cache
def _stated(name: str) -> Callable[..., Any]:
    found: Callable[..., Any] = globals()[name]
    return found
