"""Bessel functions of real order. Their slopes are the recurrences of DLMF 10.6.1 and 10.29.1.

The order is an attribute, known before the call: there is no derivative by it.
"""

from __future__ import annotations

from typing import Any

from gradcli.core.ir.declare import elementwise
from gradcli.core.ir.edges import EdgeKind, at_zero
from gradcli.core.ir.nodes import Node
from gradcli.core.ir.primitive import Primitive
from gradcli.core.primitives.computing import scipy_special
from gradcli.core.primitives.elementwise import absolute, exp, sign


def bessel(primitive: Primitive, x: Node, order: float) -> Node:
    """That of an order; a whole one below 0 is its opposite's, up to the sign of J and Y (DLMF 10.4.1)."""
    if order < 0 and (float(order).is_integer() or primitive is besselk):
        positive = primitive(x, order=-order)
        return -positive if int(order) % 2 and primitive in (besselj, bessely) else positive
    return primitive(x, order=order)


besselj: Primitive = elementwise(
    "besselj",
    lambda y, x, *, order: 0.5 * (bessel(besselj, x, order - 1) - bessel(besselj, x, order + 1)),
    help="Bessel function of the first kind, of some order",
    family=True,
    domain=((0.3, 1.5),),
    kernel=lambda xp, x, *, order: scipy_special().jv(order, x),
    ball="bessel_j",
    names=(),
    attributes={"order": 1},
)
bessely: Primitive = elementwise(
    "bessely",
    lambda y, x, *, order: 0.5 * (bessel(bessely, x, order - 1) - bessel(bessely, x, order + 1)),
    defined=lambda order: "{0} > 0",
    help="Bessel function of the second kind, of some order",
    family=True,
    domain=((0.3, 1.5),),
    kernel=lambda xp, x, *, order: scipy_special().yv(order, x),
    ball="bessel_y",
    names=(),
    attributes={"order": 1},
)


def _besseli_kernel(xp: Any, x: Any, *, order: float) -> Any:
    special = scipy_special()
    return special.i0(x) if order == 0 else special.i1(x) if order == 1 else special.iv(order, x)


besseli: Primitive = elementwise(
    "besseli",
    lambda y, x, *, order: 0.5 * (bessel(besseli, x, order - 1) + bessel(besseli, x, order + 1)),
    help="modified Bessel function of the first kind, of some order",
    family=True,
    domain=((0.3, 3.0),),
    kernel=_besseli_kernel,
    ball="bessel_i",
    names=(),
    attributes={"order": 1},
)
besselk: Primitive = elementwise(
    "besselk",
    lambda y, x, *, order: -0.5 * (bessel(besselk, x, order - 1) + bessel(besselk, x, order + 1)),
    defined=lambda order: "{0} > 0",
    help="modified Bessel function of the second kind, of some order",
    family=True,
    domain=((0.3, 3.0),),
    kernel=lambda xp, x, *, order: scipy_special().kv(order, x),
    ball="bessel_k",
    names=(),
    attributes={"order": 1},
)


def _scaled_kernel(xp: Any, x: Any, *, order: float) -> Any:
    special = scipy_special()
    return special.i0e(x) if order == 0 else special.i1e(x) if order == 1 else special.ive(order, x)


def _scaled_partial(y: Node, x: Node, *, order: float) -> Node:
    beside = bessel(besseli_scaled, x, order - 1) + bessel(besseli_scaled, x, order + 1)
    return 0.5 * beside - sign(x) * y


besseli_scaled: Primitive = elementwise(
    "besseli_scaled",
    _scaled_partial,
    help="modified Bessel function of the first kind times exp(-|x|), which no x makes too large",
    family=True,
    domain=((0.3, 1.1),),
    kernel=_scaled_kernel,
    ball="bessel_i_scaled",
    names=(),
    attributes={"order": 1},
    reading=lambda x, *, order: None if order in (0, 1) else exp(-absolute(x)) * besseli(x, order=order),
    edge=at_zero(EdgeKind.CORNER, continuous=True),
)
