"""Special functions that are composed of the table's."""

from __future__ import annotations

from math import isfinite

from gradcli.core.errors import require
from gradcli.core.ir.nodes import Node, Operand
from gradcli.core.ir.primitive import Primitive
from gradcli.core.ir.promotion import real
from gradcli.core.library.declare import composed
from gradcli.core.primitives import incomplete
from gradcli.core.primitives.bessel import bessel, besseli, besseli_scaled, besselj, besselk, bessely
from gradcli.core.primitives.special import digamma as psi
from gradcli.core.primitives.special import normalized_sinc
from gradcli.core.primitives.special import polygamma as psi_n
from gradcli.core.primitives.special import zeta as hurwitz


@composed("sin(pi x) / (pi x), 1 at 0, smooth at every order", example="sinc(0), sinc(0.5), sinc''(0)", pointwise=True)
def sinc(x: Node) -> Node:
    return normalized_sinc(x, order=0)


@composed("the derivative of lgamma", "digamma", "psi", example="digamma(1)", pointwise=True)
def digamma(x: Node) -> Node:
    return psi(real(x))


@composed("the n-th derivative of digamma", example="polygamma(1, 1), pi^2/6", pointwise=True)
def polygamma(n: int, x: Node) -> Node:
    require(n >= 0, f"polygamma's order can't be {n}", "orders are 0, 1, 2, ...")
    return psi_n(x, order=n)


def _of_order(primitive: Primitive, n: float, x: Node) -> Node:
    require(isfinite(n), f"there is no Bessel function of order {n:g}", "give a number, such as 0, 1 or 2.5")
    return bessel(primitive, x, n)


@composed(
    "Bessel function of the first kind of order n", "besselj", example="besselj(0, 1), besselj(1/2, 1)", pointwise=True
)
def bessel_j(n: float, x: Node) -> Node:
    return _of_order(besselj, n, x)


@composed(
    "Bessel function of the second kind of order n, for x > 0", "bessely", example="bessely(0, 1)", pointwise=True
)
def bessel_y(n: float, x: Node) -> Node:
    return _of_order(bessely, n, x)


@composed("modified Bessel function of the first kind of order n", "besseli", example="besseli(0, 1)", pointwise=True)
def bessel_i(n: float, x: Node) -> Node:
    return _of_order(besseli, n, x)


@composed(
    "modified Bessel function of the second kind of order n, for x > 0",
    "besselk",
    example="besselk(0, 1)",
    pointwise=True,
)
def bessel_k(n: float, x: Node) -> Node:
    return _of_order(besselk, n, x)


@composed("modified Bessel function of the first kind of order 0", example="i0(1), i0'(1)", pointwise=True)
def i0(x: Node) -> Node:
    return besseli(x, order=0)


@composed("modified Bessel function of the first kind of order 1", example="i1(1), i1'(0)", pointwise=True)
def i1(x: Node) -> Node:
    return besseli(x, order=1)


@composed("exp(-|x|) i0(x), which no x makes too large", example="i0e(1000)", pointwise=True)
def i0e(x: Node) -> Node:
    return besseli_scaled(x, order=0)


@composed("exp(-|x|) i1(x), which no x makes too large", example="i1e(1000)", pointwise=True)
def i1e(x: Node) -> Node:
    return besseli_scaled(x, order=1)


@composed(
    "zeta function: Riemann's of s, Hurwitz's of s and q", example="zeta(2), pi^2/6, zeta(3, 0.5)", pointwise=True
)
def zeta(s: Node, q: Operand = 1.0) -> Node:
    return hurwitz(s, q)


@composed("lower incomplete gamma function over gamma(a), from 0 at 0 to 1", example="gammainc(2, 1)", pointwise=True)
def gammainc(a: Node, x: Node) -> Node:
    return incomplete.gammainc(a, x)


@composed(
    "upper incomplete gamma function over gamma(a), 1 - gammainc(a, x)", example="gammaincc(2, 1)", pointwise=True
)
def gammaincc(a: Node, x: Node) -> Node:
    return incomplete.gammaincc(a, x)


@composed(
    "incomplete beta function over beta(a, b), from 0 at 0 to 1 at 1", example="betainc(2, 3, 0.5)", pointwise=True
)
def betainc(a: Node, b: Node, x: Node) -> Node:
    return incomplete.betainc(a, b, x)
