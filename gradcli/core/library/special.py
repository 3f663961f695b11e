"""Special functions that are composed of the table's."""

from __future__ import annotations

from gradcli.core.errors import require
from gradcli.core.ir.nodes import Node
from gradcli.core.ir.promotion import real
from gradcli.core.library.declare import composed
from gradcli.core.primitives.special import besselj, normalized_sinc
from gradcli.core.primitives.special import digamma as psi
from gradcli.core.primitives.special import polygamma as psi_n


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


@composed(
    "Bessel function of the first kind of order n", "besselj", example="besselj(0, 1), besselj(1, 1)", pointwise=True
)
def bessel_j(n: float, x: Node) -> Node:
    return besselj(x, order=n)
