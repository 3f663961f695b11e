"""The exponential of a matrix, by Padé's approximant of the matrix halved so often, then squared as often.

Its rate is that of this algorithm (Al-Mohy and Higham 2009), and its adjoint the rate at the transpose.
"""

from __future__ import annotations

from math import nan
from typing import Any

from gradcli.core.ir.declare import flat, implicit
from gradcli.core.ir.nodes import Node, filled
from gradcli.core.ir.primitive import Examples, Primitive
from gradcli.core.ir.promotion import stretch
from gradcli.core.ir.shapes import size_of
from gradcli.core.primitives.comparisons import greater
from gradcli.core.primitives.constants import identity
from gradcli.core.primitives.elementwise import exp2
from gradcli.core.primitives.linear_algebra import inverse, matrix_product, square_shape, swap_last
from gradcli.core.primitives.selection import select
from gradcli.core.primitives.shaping import reshape

# The approximant of degree 13 is right to rounding for matrices up to this norm (Higham 2005).
PADE_UP_TO = 5.371920351148152
PADE = (
    64764752532480000.0,
    32382376266240000.0,
    7771770303897600.0,
    1187353796428800.0,
    129060195264000.0,
    10559470521600.0,
    670442572800.0,
    33522128640.0,
    1323241920.0,
    40840800.0,
    960960.0,
    16380.0,
    182.0,
    1.0,
)
# A rate is that of so many squarings at most, of a norm of some 10^9.
MOST_SQUARINGS = 30


def _squarings_kernel(xp: Any, a: Any) -> Any:
    size = abs(a).sum(axis=-2).max(axis=-1, initial=0)
    size = xp.where(xp.isfinite(size), size, 0)
    return xp.ceil(xp.log2(xp.maximum(size / PADE_UP_TO, 1)))


# Whatever it is, the exponential is the same, so that nothing is differentiated through it.
squarings = flat(
    "squarings",
    help="how often a matrix has to be halved until Padé's approximant of its exponential is right",
    examples=Examples(calls=((((3, 3),), {}), (((2, 2, 2),), {}), (((0, 0),), {}))),
    shape=lambda a: a[:-2],
    kernel=_squarings_kernel,
    broadcasts=False,
    result="float",
    names=(),
)


def _exponential_kernel(xp: Any, a: Any) -> Any:
    lost = ~xp.isfinite(a).all(axis=(-2, -1))[..., None, None]
    times = _squarings_kernel(xp, xp.where(lost, 0, a))[..., None, None]
    x = xp.where(lost, 0, a) * xp.exp2(-times).astype(a.dtype)
    one = xp.eye(a.shape[-1], dtype=a.dtype)
    c = PADE
    x2 = x @ x
    x4 = x2 @ x2
    x6 = x2 @ x4
    odd = x @ (x6 @ (c[13] * x6 + c[11] * x4 + c[9] * x2) + c[7] * x6 + c[5] * x4 + c[3] * x2 + c[1] * one)
    even = x6 @ (c[12] * x6 + c[10] * x4 + c[8] * x2) + c[6] * x6 + c[4] * x4 + c[2] * x2 + c[0] * one
    found = xp.linalg.solve(even - odd, even + odd)
    for k in range(int(times.max(initial=0))):
        found = xp.where(times > k, found @ found, found)
    return xp.where(lost, xp.nan, found)


def _even(powers: list[Node], first: int) -> Node:
    """The coefficients of every second power from one on, times the powers 6, 4, 2 and, where it is there, 0."""
    return sum((PADE[first - 2 * i] * power for i, power in enumerate(powers[1:], 1)), PADE[first] * powers[0])


def _exponential_rate(y: Node, a: Node, da: Node) -> Node:
    often = squarings(a)
    times = reshape(often, shape=(*often.shape, 1, 1))
    half = stretch(exp2(-times), a.shape)
    one = stretch(identity(a.shape[-1], a.dtype), a.shape)
    x, dx = a * half, da * half
    x2 = matrix_product(x, x)
    x4, dx2 = matrix_product(x2, x2), matrix_product(x, dx) + matrix_product(dx, x)
    x6, dx4 = matrix_product(x2, x4), matrix_product(x2, dx2) + matrix_product(dx2, x2)
    dx6 = matrix_product(x2, dx4) + matrix_product(dx2, x4)
    high_odd, high_even = _even([x6, x4, x2], 13), _even([x6, x4, x2], 12)
    inner = matrix_product(x6, high_odd) + _even([x6, x4, x2, one], 7)
    odd, even = matrix_product(x, inner), matrix_product(x6, high_even) + _even([x6, x4, x2, one], 6)
    rates = [dx6, dx4, dx2]
    d_inner = matrix_product(x6, _even(rates, 13)) + matrix_product(dx6, high_odd) + _even(rates, 7)
    d_odd = matrix_product(x, d_inner) + matrix_product(dx, inner)
    d_even = matrix_product(x6, _even(rates, 12)) + matrix_product(dx6, high_even) + _even(rates, 6)
    below = inverse(even - odd)
    found = matrix_product(below, even + odd)
    rate = matrix_product(below, d_even + d_odd + matrix_product(d_odd - d_even, found))
    for k in range(MOST_SQUARINGS):
        again = stretch(greater(times, k + 0.5), a.shape)
        rate = select(again, matrix_product(found, rate) + matrix_product(rate, found), rate)
        found = select(again, matrix_product(found, found), found)
    return select(stretch(greater(times, MOST_SQUARINGS + 0.5), a.shape), filled(nan, rate), rate)


exponential: Primitive = implicit(
    "expm",
    _exponential_rate,
    lambda g, y, a: (_exponential_rate(swap_last(y), swap_last(a), g),),
    help="exponential of a square matrix: the sum of x^k / k!",
    example="expm([[0, 1], [-1, 0]])",
    arity=1,
    examples=Examples(calls=((((3, 3),), {}), (((2, 2, 2),), {}), (((1, 1),), {}))),
    shape=square_shape,
    kernel=_exponential_kernel,
    work=lambda a, y: 20 * size_of(a) * a[-1],
    sloped=f"its norm is below {PADE_UP_TO * 2**MOST_SQUARINGS:.0g}",
)
