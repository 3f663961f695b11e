"""Numbers of a graph as formulas: fractions, what is known exactly, and what a rule of a derivative multiplies by."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from math import e, isfinite, log, pi, sqrt, ulp

from gradcli.core.formula.algebra import Algebra, Formula, exact
from gradcli.core.ir.exact import Exact

# A float is looked for among products of such numbers with fractions this small.
_SMALL = 8
_MOST_DERIVATIVES = 12


def constant_formula(algebra: Algebra, value: float, with_pi: bool) -> Formula:
    """A number as it was typed, or as a rule means it; `with_pi` says that the name is not taken by a variable.

    Raises:
        UnreadableError: for a value that is no number.
    """
    if isinstance(value, Exact):
        if value.decimal:
            algebra.decimal = algebra.decimal or value.fraction.denominator > 1
        else:
            algebra.denominators.add(value.fraction.denominator)
        if value.rational:
            return algebra.number(value.fraction)
        if with_pi or not value.pi:
            found = algebra.number(value.fraction)
            for name, exponent in (("pi", value.pi), ("e", value.e)):
                if exponent:
                    base = algebra.constant("pi") if name == "pi" else algebra.function("exp", (algebra.number(ONE),))
                    found = algebra.multiply(found, algebra.power(base, Fraction(exponent)))
            return found
    near = exact(float(value))
    if isinstance(near, Fraction):
        return algebra.number(near)
    known = _known().get(abs(near))
    if known is None:
        return algebra.number(near)
    name, power, fraction = known
    size = fraction if near > 0 else -fraction
    return algebra.scale(algebra.power(_named(algebra, name, with_pi), power), size)


ONE = Fraction(1)


def _named(algebra: Algebra, name: str, with_pi: bool) -> Formula:
    kind, _, of = name.partition(" ")
    if kind == "exp":
        return algebra.function("exp", (algebra.number(ONE),))
    inner = algebra.number(Fraction(of) if of != "pi" else pi)
    if of == "pi" and with_pi:
        inner = algebra.constant("pi")
    return algebra.function("log", (inner,)) if kind == "log" else inner


def as_typed(exponent: float) -> tuple[float, int]:
    """An exponent as a number that was typed, less a whole number, as far as rules of derivatives have lowered it.

    1/3 - 1 is rounded, and the float of -2/3 is another.
    """
    near = Fraction(exponent).limit_denominator(1000) if isfinite(exponent) else Fraction(0)
    if near.denominator > 1 and abs(float(near) - exponent) <= 4 * ulp(exponent):
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
