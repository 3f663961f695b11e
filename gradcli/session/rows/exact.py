"""Sums of float64 numbers without any rounding, so that neither order nor grouping changes a bit of them.

Each sum is one large whole number, in units of the smallest float, kept as digits of 32 bits: a small superaccumulator
(R. M. Neal, "Fast exact summation using small and large superaccumulators", 2015). It is rounded once, at the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from gradcli.session.rows.columns import Array

# A float is a whole number of 53 bits times a power of two that is at least this.
_LEAST = -1126
_BITS = 32
_MASK = 2**_BITS - 1
# Digits of the largest float, two more that a shift may reach, and one for carries of 2**31 additions and more.
_DIGITS = (1024 - _LEAST) // _BITS + 4
# So many additions fill no digit to its 63 bits.
_MOST = 2**29


class ExactSums:
    """So many sums side by side."""

    def __init__(self, size: int) -> None:
        self._digits = np.zeros((size, _DIGITS), np.int64)
        # nan and the infinities are summed as floats are.
        self._odd = np.zeros(size)
        self._added = 0
        self._at = np.arange(size)

    def add(self, rows: Array) -> None:
        """Add to each sum a number from each row, shape (any, size)."""
        for row in np.asarray(rows, np.float64):
            fine = np.isfinite(row)
            if not fine.all():
                self._odd = _both(self._odd, np.where(fine, 0.0, row))
                row = np.where(fine, row, 0.0)
            fraction, exponent = np.frexp(row)
            whole = np.ldexp(fraction, 53).astype(np.int64)
            place = np.where(whole == 0, 0, exponent.astype(np.int64) - 53 - _LEAST)
            digit, shift = np.divmod(place, _BITS)
            low, high = (whole & _MASK) << shift, (whole >> _BITS) << shift
            at, digits = self._at, self._digits
            digits[at, digit] += low & _MASK
            digits[at, digit + 1] += (low >> _BITS) + (high & _MASK)
            digits[at, digit + 2] += high >> _BITS
            self._count(1)

    def merge(self, other: ExactSums) -> None:
        """Add the sums of another."""
        other._carry()
        self._digits += other._digits
        self._odd = _both(self._odd, other._odd)
        self._count(4)

    def _count(self, additions: int) -> None:
        self._added += additions
        if self._added >= _MOST:
            self._carry()

    def _carry(self) -> None:
        """Hand on what is more than a digit; the last one has the sign."""
        for i in range(_DIGITS - 1):
            over = self._digits[:, i] >> _BITS
            self._digits[:, i] -= over << _BITS
            self._digits[:, i + 1] += over
        self._added = 1

    def values(self, count: int = 1) -> Array:
        """Each sum divided by a count, rounded once; inf and nan where one was added, or a sum is beyond floats."""
        found = np.array([_rounded(digits, count) for digits in self._digits])
        with np.errstate(invalid="ignore"):
            return np.where(np.isfinite(self._odd) & (self._odd == 0), found, self._odd)

    def to_arrays(self) -> tuple[Array, Array]:
        """All that there is to know of them, to be sent elsewhere."""
        self._carry()
        return self._digits, self._odd

    @staticmethod
    def of_arrays(arrays: tuple[Array, Array]) -> ExactSums:
        """What `to_arrays` gave elsewhere."""
        found = ExactSums(len(arrays[1]))
        found._digits, found._odd, found._added = arrays[0].copy(), arrays[1].copy(), 4
        return found


def _both(a: Array, b: Array) -> Array:
    """Their sum; that of both infinities is nan."""
    with np.errstate(invalid="ignore"):
        found: Array = a + b
        return found


def _rounded(digits: Any, count: int) -> float:
    (places,) = np.nonzero(digits)
    number = sum(int(digits[i]) << (_BITS * int(i)) for i in places)
    try:
        # Python rounds the quotient of whole numbers to the nearest float.
        return number / (count << -_LEAST)
    except OverflowError:
        return float("inf") if number > 0 else float("-inf")
