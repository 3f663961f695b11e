"""What a float stands for: a small fraction, a decimal that was typed, a named number that a rule multiplies by."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from math import e, isfinite, log, pi, sqrt, ulp

# A float is looked for among products of such numbers with fractions this small.
_SMALL = 8
ONE = Fraction(1)
_MOST_BELOW = 1000
_MOST_DERIVATIVES = 12
# Nobody types more digits; a result of arithmetic has more.
_MOST_DIGITS = 12


def fraction_of(value: float) -> Fraction | None:
    """The small fraction that a float is the float of, where there is one."""
    near = Fraction(value).limit_denominator(_MOST_BELOW)
    return near if float(near) == value else None


def named_parts(value: float) -> tuple[Fraction, str, Fraction] | None:
    """A fraction, the name of a number and its exponent, whose product a float is the float of."""
    known = _known().get(abs(value))
    if known is None:
        return None
    name, power, fraction = known
    return (fraction if value > 0 else -fraction), name, power


def exact_parts(value: float) -> tuple[Fraction, str | None, Fraction] | None:
    """The same, also of a fraction or a short decimal alone; None for a float that stands for itself."""
    near = fraction_of(value)
    if near is not None:
        return near, None, ONE
    named = named_parts(value)
    if named is not None:
        return named
    digits = repr(abs(value)).partition("e")[0].replace(".", "").strip("0")
    return (Fraction(repr(value)), None, ONE) if len(digits) <= _MOST_DIGITS else None


def one_less(exponent: float) -> float:
    """An exponent less 1, rounded once where it is a fraction or a decimal that was typed: 1.1 - 1 is 0.1."""
    parts = exact_parts(exponent) if isfinite(exponent) else None
    return exponent - 1 if parts is None or parts[1] is not None else float(parts[0] - 1)


def as_typed(exponent: float) -> tuple[float, int]:
    """An exponent as a number that was typed, less a whole number, as far as rules of derivatives have lowered it.

    1/3 - 1 is rounded, and the float of -2/3 is another.
    """
    near = Fraction(exponent).limit_denominator(_MOST_BELOW) if isfinite(exponent) else Fraction(0)
    if near.denominator > 1 and abs(float(near) - exponent) <= 4 * ulp(max(1.0, abs(exponent))):
        return float(near), 0
    for typed in (pi, e) if isfinite(exponent) else ():
        less = round(typed - exponent)
        if 1 <= less <= _MOST_DERIVATIVES and abs(typed - less - exponent) <= 4 * ulp(typed):
            return typed, less
    return exponent, 0


@cache
def _known() -> dict[float, tuple[str, Fraction, Fraction]]:
    """Floats by value: a name, its exponent, and the fraction in front."""
    half = Fraction(1, 2)
    bases = [("log 2", log(2), ONE), ("log 10", log(10), ONE), ("number 2", sqrt(2), half), ("number 3", sqrt(3), half)]
    bases += [("number pi", sqrt(pi), half), ("number pi", pi, ONE), ("exp 1", e, ONE)]
    found: dict[float, tuple[str, Fraction, Fraction]] = {}
    for name, size, exponent in bases:
        for above in range(1, _SMALL + 1):
            for below in range(1, _SMALL + 1):
                fraction = Fraction(above, below)
                # A rule may have multiplied first or last, and may have divided by a reciprocal.
                for value in (above / below * size, above * size / below):
                    found.setdefault(value, (name, exponent, fraction))
                for value in (above / below / size, above / size / below, above / below * (1 / size)):
                    found.setdefault(value, (name, -exponent, fraction))
    return found
