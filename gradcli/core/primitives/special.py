"""Special functions: error functions, the gamma and zeta families, Lambert's W, Ei, sinc.

Their derivatives are those of DLMF chapters 4 to 7 and 25. A family that never closes under differentiation, such as
the polygammas, is one primitive with its order as an attribute.
"""

from __future__ import annotations

from itertools import product
from math import comb, factorial, pi, sqrt
from typing import Any

from gradcli.core.ir.declare import elementwise
from gradcli.core.ir.nodes import Node
from gradcli.core.ir.primitive import Primitive
from gradcli.core.primitives import beta_partials
from gradcli.core.primitives.computing import by_flint, filled_by_flint, from_scipy, scipy_special
from gradcli.core.primitives.elementwise import exp, reciprocal

POSITIVE = ((0.3, 4.0),)


erf = elementwise(
    "erf",
    lambda y, x: (2 / sqrt(pi)) * exp(-(x * x)),
    help="error function",
    kernel=from_scipy("erf"),
    math="math.erf({0})",
)
erfc = elementwise(
    "erfc",
    lambda y, x: (-2 / sqrt(pi)) * exp(-(x * x)),
    help="1 - erf(x), accurate for large x",
    kernel=from_scipy("erfc"),
    math="math.erfc({0})",
)
erfinv = elementwise(
    "erfinv",
    lambda y, x: (sqrt(pi) / 2) * exp(y * y),
    defined="-1 < {0} < 1",
    help="the number whose error function is x",
    domain=((-0.9, 0.9),),
    kernel=from_scipy("erfinv"),
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
    kernel=from_scipy("gamma"),
    math="math.gamma({0})",
)
lgamma = elementwise(
    "lgamma",
    lambda y, x: digamma(x),
    defined="{0} > 0 or {0} != floor({0})",
    help="logarithm of the absolute value of the gamma function",
    domain=((2.5, 6.0),),
    kernel=from_scipy("gammaln"),
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


betaln = elementwise(
    "betaln",
    lambda y, a, b: digamma(a) - digamma(a + b),
    lambda y, a, b: digamma(b) - digamma(a + b),
    help="log |beta(x, y)|, where the beta function itself is beyond the floats too",
    example="betaln(1000, 2000)",
    domain=((1.5, 3.0), (1.5, 3.0)),
    kernel=from_scipy("betaln"),
    ball="betaln",
)


def orders(**counts: int) -> dict[str, int]:
    """How often by which argument; what is 0 is no attribute, so that each derivative is one node."""
    return {name: count for name, count in counts.items() if count}


def _zeta_read(s: Node, q: Node, *, by_s: int = 0, by_q: int = 0) -> Node | None:
    if by_s or not by_q:
        return None
    found = zeta(s + float(by_q), q)
    for k in range(by_q):
        found = -((s + float(k)) * found)
    return found


def _zeta_kernel(xp: Any, s: Any, q: Any, *, by_s: int = 0, by_q: int = 0) -> Any:
    """SciPy's where s > 1; it has neither the rest nor derivatives by s."""
    s = xp.asarray(s, dtype=xp.float64)
    if by_s or (by_q and (s <= 1).any()):
        return by_flint("zeta", xp, s, q, by_s=by_s, by_q=by_q)
    # By q it is -s zeta(s + 1, q) (DLMF 25.11.17).
    value = scipy_special().zeta(s + by_q, q)
    for k in range(by_q):
        value = -(s + k) * value
    return value if by_q else filled_by_flint(value, "zeta", xp, s, q)


zeta: Primitive = elementwise(
    "zeta",
    lambda y, s, q, *, by_s=0, by_q=0: zeta(s, q, **orders(by_s=by_s + 1, by_q=by_q)),
    lambda y, s, q, *, by_s=0, by_q=0: zeta(s, q, **orders(by_s=by_s, by_q=by_q + 1)),
    defined=lambda by_s=0, by_q=0: "{0} != 1",
    help="Hurwitz zeta function, the sum of (q + k)^-s over k = 0, 1, 2, ..., and where it can be continued to",
    family=True,
    domain=((1.5, 4.0), (0.5, 3.0)),
    kernel=_zeta_kernel,
    reading=_zeta_read,
    ball="zeta",
)


def _lambertw_kernel(xp: Any, x: Any) -> Any:
    """The real part of SciPy's, where there is no other; the float nearest to -1/e is a little below it."""
    found = scipy_special().lambertw(x)
    return xp.where(x == -xp.exp(-1.0), -1.0, xp.where((x < -0.3) & (found.imag != 0), xp.nan, found.real))


lambertw = elementwise(
    "lambertw",
    lambda y, x: reciprocal(x + exp(y)),
    defined="{0} >= -exp(-1)",
    help="Lambert's W: the y >= -1 with y exp(y) = x",
    example="lambertw(1), lambertw'(0)",
    domain=((-0.2, 3.0),),
    kernel=_lambertw_kernel,
    ball="lambertw",
)
expi = elementwise(
    "expi",
    lambda y, x: exp(x) * reciprocal(x),
    defined="{0} != 0",
    help="exponential integral Ei, the integral of exp(t)/t from -inf to x",
    example="expi(1), expi'(1)",
    domain=((0.6, 4.0),),
    kernel=from_scipy("expi"),
    ball="expi",
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
