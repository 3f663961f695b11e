"""Floats that know the number they are nearest to: a fraction times powers of π and e."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import isfinite
from typing import Any

from gradcli.core.ir.stretched import in_memory

# 70 digits: however they are multiplied up to LARGEST_POWER, a float's 16 digits are right.
_PI = Fraction("3.141592653589793238462643383279502884197169399375105820974944592307816")
_E = Fraction("2.718281828459045235360287471352662497757247093699959574966967627724077")

# Beyond this no float holds e^n, and what is longer than the bits goes on as a plain float.
LARGEST_POWER = 700
MOST_BITS = 8192


class Exact(float):
    """The float nearest to `fraction` π^`pi` e^`e`, in all else a float; `decimal` says it was typed with a point."""

    __slots__ = ("decimal", "e", "fraction", "pi")

    fraction: Fraction
    pi: int
    e: int
    decimal: bool

    def __new__(cls, fraction: Fraction, pi: int = 0, e: int = 0, decimal: bool = False) -> Exact:
        """Round once.

        Raises:
            OverflowError: for a number beyond the floats.
        """
        value = fraction
        if pi or e:
            value = fraction * _PI**pi * _E**e
        made = super().__new__(cls, float(value))
        made.fraction, made.pi, made.e, made.decimal = fraction, pi, e, decimal
        return made

    @property
    def rational(self) -> bool:
        """Whether it is a fraction, without π or e."""
        return not self.pi and not self.e

    def __neg__(self) -> Exact:
        return Exact(-self.fraction, self.pi, self.e, self.decimal) if self.fraction else float.__neg__(self)  # type: ignore[return-value]

    def __reduce__(self) -> tuple[type[Exact], tuple[Fraction, int, int, bool]]:
        return Exact, (self.fraction, self.pi, self.e, self.decimal)


class Precise(float):
    """The float nearest to a true number, the digits of that where there are more, and what float64 arithmetic has."""

    __slots__ = ("digits", "raw")

    digits: str | None
    raw: float | None

    def __new__(cls, value: float, digits: str | None, raw: float | None = None) -> Precise:
        """All as they are."""
        made = super().__new__(cls, value)
        made.digits, made.raw = digits, raw
        return made

    def __neg__(self) -> Precise:
        digits = self.digits
        if digits:
            digits = digits[1:] if digits.startswith("-") else f"-{digits}"
        return Precise(float.__neg__(self), digits, None if self.raw is None else -self.raw)

    def __abs__(self) -> Precise:
        return -self if self < 0 else self

    def __reduce__(self) -> tuple[type[Precise], tuple[float, str | None, float | None]]:
        return Precise, (float(self), self.digits, self.raw)


class Finer:
    """The same of an array: its elements, the digits of each in a flat tuple or None, and what float64 gives."""

    __slots__ = ("digits", "raw", "value")

    def __init__(self, value: Any, digits: tuple[str | None, ...] | None, raw: Any = None) -> None:
        self.value, self.digits, self.raw = value, digits, raw


def bare(data: Any) -> Any:
    """Numbers without what is known of them beside."""
    return data.value if isinstance(data, Finer) else data


def is_lost(value: Any) -> bool:
    """Whether a number, or an element of an array, is nan, or infinite and not known by its digits."""
    if isinstance(value, Finer) and value.digits:
        return any(t is None and is_lost(x) for t, x in zip(value.digits, value.value.ravel().tolist(), strict=True))
    value = bare(value)
    if isinstance(value, (bool, int, float)):
        return isinstance(value, float) and not isfinite(value) and not getattr(value, "digits", None)
    import numpy as np

    return bool(np.issubdtype(value.dtype, np.floating) and not np.isfinite(in_memory(value)).all())


PI = Exact(Fraction(1), pi=1)
TAU = Exact(Fraction(2), pi=1)
E = Exact(Fraction(1), e=1)


def as_exact(value: int | float) -> Exact | None:
    """A number with what it stands for, or None for a float of which only the float is known."""
    if isinstance(value, Exact):
        return value
    if isinstance(value, int) or value == 0:
        return _made(Fraction(value), 0, 0, False) or (_ZERO if value == 0 else None)
    return None


_ZERO = Exact(Fraction(0))


def calculated(symbol: str, a: int | float, b: int | float) -> Exact | None:
    """`a symbol b` exactly, where both are known exactly and so is the result; else None."""
    function = _OPERATIONS.get(symbol)
    left, right = as_exact(a), as_exact(b)
    if function is None or left is None or right is None:
        return None
    return function(left, right)


def _made(fraction: Fraction, pi: int, e: int, decimal: bool) -> Exact | None:
    """The number; None where it is 0, whose sign a float keeps, too long to be carried along, or beyond the floats."""
    if not fraction or fraction.numerator.bit_length() + fraction.denominator.bit_length() > MOST_BITS:
        return None
    if abs(pi) > LARGEST_POWER or abs(e) > LARGEST_POWER:
        return None
    try:
        made = Exact(fraction, pi, e, decimal)
    except OverflowError:
        return None
    return made if isfinite(made) and abs(made) > 1e-300 else None


def _times(a: Exact, b: Exact) -> Exact | None:
    return _made(a.fraction * b.fraction, a.pi + b.pi, a.e + b.e, a.decimal or b.decimal)


def _divided(a: Exact, b: Exact) -> Exact | None:
    if not b.fraction:
        return None
    return _made(a.fraction / b.fraction, a.pi - b.pi, a.e - b.e, a.decimal or b.decimal)


def _plus(a: Exact, b: Exact) -> Exact | None:
    if not a.fraction or not b.fraction:
        return a if not b.fraction else b
    if (a.pi, a.e) != (b.pi, b.e):
        return None
    return _made(a.fraction + b.fraction, a.pi, a.e, a.decimal or b.decimal)


def _minus(a: Exact, b: Exact) -> Exact | None:
    if not a.fraction or not b.fraction:
        return a if not b.fraction else -b
    if (a.pi, a.e) != (b.pi, b.e):
        return None
    return _made(a.fraction - b.fraction, a.pi, a.e, a.decimal or b.decimal)


def _floored(a: Exact, b: Exact) -> Exact | None:
    """How often b goes into a; a whole number has no symbols."""
    if (a.pi, a.e) != (b.pi, b.e) or not b.fraction:
        return None
    return _made(Fraction(a.fraction // b.fraction), 0, 0, a.decimal or b.decimal)


def _left(a: Exact, b: Exact) -> Exact | None:
    """What is left of a after whole multiples of b."""
    if (a.pi, a.e) != (b.pi, b.e) or not b.fraction:
        return None
    left = a.fraction % b.fraction
    return _made(left, a.pi, a.e, a.decimal or b.decimal) if left else _ZERO


def _power(a: Exact, b: Exact) -> Exact | None:
    if not b.rational or b.fraction.denominator != 1 or abs(b.fraction) > LARGEST_POWER:
        return None
    n = int(b.fraction)
    if not a.fraction:
        return None
    bits = max(a.fraction.numerator.bit_length(), a.fraction.denominator.bit_length())
    if a.fraction != 1 and bits * abs(n) > MOST_BITS:
        return None
    return _made(a.fraction**n, a.pi * n, a.e * n, a.decimal or b.decimal)


_OPERATIONS: dict[str, Callable[[Exact, Exact], Exact | None]] = {
    "+": _plus,
    "-": _minus,
    "*": _times,
    "/": _divided,
    "^": _power,
    "//": _floored,
    "%": _left,
}
