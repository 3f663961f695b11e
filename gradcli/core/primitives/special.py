"""Special functions: error functions, the gamma family, Bessel functions, sinc. Values come from SciPy when it is used.

Their derivatives are those of DLMF chapters 5, 7 and 10. A family that never closes under differentiation, such as
the polygammas, is one primitive with its order as an attribute.
"""

from __future__ import annotations

from itertools import product
from math import comb, factorial, pi, sqrt
from typing import Any

from gradcli.core.errors import CoreError
from gradcli.core.ir.declare import elementwise
from gradcli.core.ir.nodes import Node
from gradcli.core.ir.primitive import Primitive
from gradcli.core.primitives import beta_partials
from gradcli.core.primitives.elementwise import exp

POSITIVE = ((0.3, 4.0),)


def scipy_special() -> Any:
    """SciPy's special functions.

    Raises:
        CoreError: where SciPy is not installed.
    """
    try:
        from scipy import special
    except ImportError:
        raise CoreError(
            "special functions of tensors need SciPy, which is not installed", "pip install 'gradcli[special]'"
        ) from None
    return special


def _from_scipy(name: str) -> Any:
    return lambda xp, *args: getattr(scipy_special(), name)(*args)


erf = elementwise(
    "erf",
    lambda y, x: (2 / sqrt(pi)) * exp(-(x * x)),
    help="error function",
    kernel=_from_scipy("erf"),
    math="math.erf({0})",
)
erfc = elementwise(
    "erfc",
    lambda y, x: (-2 / sqrt(pi)) * exp(-(x * x)),
    help="1 - erf(x), accurate for large x",
    kernel=_from_scipy("erfc"),
    math="math.erfc({0})",
)
erfinv = elementwise(
    "erfinv",
    lambda y, x: (sqrt(pi) / 2) * exp(y * y),
    defined="-1 < {0} < 1",
    help="the number whose error function is x",
    domain=((-0.9, 0.9),),
    kernel=_from_scipy("erfinv"),
    ball="erfinv",
)


def _polygamma_kernel(xp: Any, x: Any, *, order: int) -> Any:
    """psi^(n): by the Hurwitz zeta function for x > 0, by reflection (DLMF 5.15.6) below."""
    special = scipy_special()
    x = xp.asarray(x, dtype=xp.float64)
    # The rest of x beyond the nearest whole number is exact, and its cotangent right next to poles and for large x.
    rest = x - xp.round(x)
    cotangent = xp.where(rest < 0, -1.0, 1.0) * xp.sin(pi * (0.5 - abs(rest))) / xp.sin(pi * abs(rest))
    poles = (x <= 0) & (rest == 0)
    if order == 0:
        return xp.where(x > 0, special.psi(x), xp.where(poles, xp.nan, special.psi(1 - x) - pi * cotangent))
    value = _zeta_part(xp, special, order, xp.where(x > 0, x, 1 - x))
    if not (x <= 0).any():
        return value
    # d^n/dx^n of pi cot(pi x) is pi^(n+1) P_n(cot), with P_0 = c and P_(n+1) = -(1 + c^2) P_n'.
    polynomial = xp.polynomial.Polynomial([0.0, 1.0])
    for _ in range(order):
        polynomial = xp.polynomial.Polynomial([-1.0, 0.0, -1.0]) * polynomial.deriv()
    reflected = (-1.0) ** order * value - pi ** (order + 1) * polynomial(cotangent)
    return xp.where(x > 0, value, xp.where(poles, xp.nan, reflected))


# The largest whole number whose factorial fits a float64.
LARGEST_FACTORIAL = 170


def _zeta_part(xp: Any, special: Any, order: int, x: Any) -> Any:
    """(-1)^(n + 1) n! zeta(n + 1, x) for x > 0, DLMF 25.11.12."""
    sign = (-1.0) ** (order + 1)
    if order <= LARGEST_FACTORIAL:
        return sign * factorial(order) * special.zeta(order + 1.0, x)
    # zeta(n + 1, x) is x^-(n + 1) times a sum that begins with 1; the logarithms are those of numbers beyond a float.
    tail = sum((x / (x + k)) ** (order + 1.0) for k in range(1, 1 + int(xp.ceil(xp.max(x, initial=1.0)))))
    return sign * xp.exp(special.gammaln(order + 1.0) - (order + 1.0) * xp.log(x)) * (1.0 + tail)


polygamma: Primitive = elementwise(
    "polygamma",
    lambda y, x, *, order: polygamma(x, order=order + 1),
    defined=lambda order: "{0} > 0 or {0} != floor({0})",
    help="the n-th derivative of digamma",
    family=True,
    domain=POSITIVE,
    kernel=_polygamma_kernel,
    ball="polygamma",
    names=(),
    attributes={"order": 1},
)


def digamma(x: Node) -> Node:
    """The derivative of lgamma."""
    return polygamma(x, order=0)


gamma = elementwise(
    "gamma",
    lambda y, x: y * digamma(x),
    defined="{0} > 0 or {0} != floor({0})",
    help="gamma function",
    domain=POSITIVE,
    kernel=_from_scipy("gamma"),
    math="math.gamma({0})",
)
lgamma = elementwise(
    "lgamma",
    lambda y, x: digamma(x),
    defined="{0} > 0 or {0} != floor({0})",
    help="logarithm of the absolute value of the gamma function",
    domain=((2.5, 6.0),),
    kernel=_from_scipy("gammaln"),
    math="math.lgamma({0})",
)


def _beta_read(a: Node, b: Node, *, by_a: int = 0, by_b: int = 0) -> Node | None:
    """The slope by a is beta (psi(a) - psi(a + b)) (DLMF 5.12); higher orders by Leibniz' rule."""
    if not by_a and not by_b:
        return None
    x, one, other = (a, by_a, by_b) if by_a else (b, by_b, 0)
    total: Node | None = None
    for i, j in product(range(one), range(other + 1)):
        p, q = one - 1 - i, other - j
        slope = -polygamma(a + b, order=p + q)
        if not q:
            slope = polygamma(x, order=p) + slope
        orders = {"by_a": i, "by_b": j} if by_a else {"by_b": i}
        term = comb(one - 1, i) * comb(other, j) * beta(a, b, **{k: n for k, n in orders.items() if n}) * slope
        total = term if total is None else total + term
    return total


beta: Primitive = elementwise(
    "beta",
    lambda y, a, b, *, by_a=0, by_b=0: beta(a, b, by_a=by_a + 1, by_b=by_b),
    lambda y, a, b, *, by_a=0, by_b=0: beta(a, b, by_a=by_a, by_b=by_b + 1),
    help="gamma(x) gamma(y) / gamma(x + y)",
    example="beta(2, 3)",
    family=True,
    domain=((0.3, 3.0), (0.3, 3.0)),
    kernel=lambda xp, a, b, *, by_a=0, by_b=0: beta_partials.kernel(
        xp, scipy_special(), lambda n, x: _polygamma_kernel(xp, x, order=n), a, b, by_a, by_b
    ),
    reading=_beta_read,
    ball="beta",
)


def bessel(x: Node, order: float) -> Node:
    """J of an order; one below 0 that is whole is J of its opposite, up to the sign (DLMF 10.4.1)."""
    if order < 0 and float(order).is_integer():
        positive = besselj(x, order=-order)
        return -positive if int(order) % 2 else positive
    return besselj(x, order=order)


besselj: Primitive = elementwise(
    "besselj",
    lambda y, x, *, order: 0.5 * (bessel(x, order - 1) - bessel(x, order + 1)),
    help="Bessel function of the first kind, of some order",
    family=True,
    domain=((0.3, 1.5),),
    kernel=lambda xp, x, *, order: scipy_special().jv(order, x),
    ball="besselj",
    names=(),
    attributes={"order": 1},
)


def _sinc_kernel(xp: Any, x: Any, *, order: int) -> Any:
    """The n-th derivative of sin(t)/t at t = pi x, times pi^n.

    Far from 0 by n f_(n-1) + t f_n = sin^(n) t, which is stable there; near it as a sum of spherical Bessel functions,
    since f_0 = j_0 and (2k + 1) j_k' = k j_(k-1) - (k + 1) j_(k+1) (DLMF 10.51.2), with no hole at 0.
    """
    x = xp.asarray(x, dtype=xp.float64)
    # Turned back by whole numbers first, so that sin(pi x) is exact at them and right for huge x.
    whole = xp.round(x)
    sign = 1.0 - 2.0 * (whole % 2)
    sine, cosine = sign * xp.sin(pi * (x - whole)), sign * xp.cos(pi * (x - whole))
    t = pi * x
    far = abs(t) > 24 + order
    safe = xp.where(far if order else t != 0, t, 1.0)
    value = sine / safe
    if order == 0:
        return xp.where(t == 0, 1.0, value)
    for n in range(1, order + 1):
        value = ((sine, cosine, -sine, -cosine)[n % 4] - n * value) / safe
    coefficients = [1.0]
    for _ in range(order):
        after = [0.0] * (len(coefficients) + 1)
        for k, c in enumerate(coefficients):
            after[k + 1] -= c * (k + 1) / (2 * k + 1)
            if k:
                after[k - 1] += c * k / (2 * k + 1)
        coefficients = after
    close = xp.where(far, 0.0, abs(t))
    near = sum(c * scipy_special().spherical_jn(k, close) for k, c in enumerate(coefficients) if c)
    return pi**order * xp.where(far, value, xp.where((t < 0) & (order % 2 == 1), -near, near))


normalized_sinc: Primitive = elementwise(
    "sinc",
    lambda y, x, *, order: normalized_sinc(x, order=order + 1),
    help="sin(pi x) / (pi x), 1 at 0",
    family=True,
    kernel=_sinc_kernel,
    ball="sinc",
    names=(),
    attributes={"order": 0},
)
