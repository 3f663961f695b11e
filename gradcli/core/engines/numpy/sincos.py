"""The sine and the cosine of the same float64 tile at once, from the tangent.

NumPy's tangent is vectorised for float64 where its sine and cosine are not: measured on AVX-512, 1.2 ns an element
against 7.7 and 6.3. With T = tan x, w the smaller of |T| and 1/|T|, a = w^2 and d = 1 - 1/sqrt(1 + a), written
a / (1 + a + sqrt(1 + a)) so that nothing cancels, the larger of |sin x| and |cos x| is 1 - d and the smaller w - w d.
The sign of cos x is that of the half turn which x lies in; next to a zero of the cosine the sign of T says on which
side x is. Errors measured against 50 digits: at most 1.7 ulp for the sine, 1.95 for the cosine, zeros included.
"""

from __future__ import annotations

import threading
from functools import cache
from math import pi

import numpy as np

from gradcli.core.engines.numpy.kernels import Array

# Beyond it the quarter turn is no longer known for certain from one product; the plain functions take over.
LARGEST = 2.0**40
_QUARTERS = np.array(2 / pi)
# Added to a float64 below 2^51, it leaves the nearest whole number in the last bits.
_ROUND = np.array(1.5 * 2.0**52)
_ONE = np.array(1.0)
_BITS = {n: np.array(n, np.int64) for n in (2, 62, 63)}
_SIGN = np.array(-(2**63), np.int64)
_local = threading.local()


@cache
def pays() -> bool:
    """Whether NumPy's tangent of float64 is vectorised on this machine."""
    try:
        from numpy.lib.introspect import opt_func_info

        return not opt_func_info(func_name="^tan$")["tan"]["dd"]["current"].startswith("baseline")
    except (ImportError, KeyError):
        return False


def sin_and_cos(x: Array, sine: Array, cosine: Array) -> None:
    """Write both into arrays of the shape of x, all of them float64."""
    if not (x.size and x.max() <= LARGEST and x.min() >= -LARGEST):  # nan too
        np.sin(x, sine)
        np.cos(x, cosine)
        return
    w, a, root, square = _scratch(x.shape)
    np.tan(x, root)
    # Bit 1 of the quarter, which a negative tangent moves on by one, is the sign of the cosine.
    np.multiply(x, _QUARTERS, a)
    np.add(a, _ROUND, a)
    tangent, sign_of_cosine, sign_of_sine = (array.view(np.int64) for array in (root, a, sine))
    np.right_shift(tangent, _BITS[63], sign_of_sine)
    np.subtract(sign_of_cosine, sign_of_sine, sign_of_cosine)
    np.bitwise_and(sign_of_cosine, _BITS[2], sign_of_cosine)
    np.left_shift(sign_of_cosine, _BITS[62], sign_of_cosine)
    np.bitwise_and(tangent, _SIGN, sign_of_sine)
    np.bitwise_xor(sign_of_sine, sign_of_cosine, sign_of_sine)
    np.abs(root, root)
    np.reciprocal(root, w)
    np.minimum(w, root, out=w)
    # All bits where the tangent is steep and the sine is the larger one, none elsewhere.
    np.subtract(_ONE, root, root)
    steep = tangent
    np.right_shift(steep, _BITS[63], steep)
    larger, smaller = cosine, w
    np.multiply(w, w, square)
    np.add(square, _ONE, larger)
    np.sqrt(larger, larger)
    np.add(square, larger, larger)
    np.add(larger, _ONE, larger)
    np.divide(square, larger, square)
    np.subtract(_ONE, square, larger)
    np.multiply(w, square, square)
    np.subtract(w, square, smaller)
    # Exchanged where it is steep, then given their signs; masks and no choices, which would be guessed wrong.
    bits_of_larger, bits_of_smaller, bits = (array.view(np.int64) for array in (larger, smaller, square))
    np.bitwise_xor(bits_of_larger, bits_of_smaller, bits)
    np.bitwise_and(bits, steep, bits)
    np.bitwise_xor(bits_of_larger, bits, bits_of_larger)
    np.bitwise_xor(bits_of_smaller, bits, bits_of_smaller)
    np.bitwise_xor(bits_of_larger, sign_of_cosine, bits_of_larger)
    np.bitwise_xor(bits_of_smaller, sign_of_sine, sign_of_sine)


def _scratch(shape: tuple[int, ...]) -> tuple[Array, ...]:
    found: tuple[Array, ...] | None = getattr(_local, "scratch", None)
    if found is None or found[0].shape != shape:
        found = _local.scratch = tuple(np.empty(shape) for _ in range(4))
    return found
