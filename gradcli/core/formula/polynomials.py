"""Sums of terms as polynomials in their factors: common factors, products multiplied out, exact division."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from math import gcd, lcm
from typing import TypeAlias

from gradcli.core.formula.algebra import Algebra, Factor, Formula, Number, Term, TooLongError, settled

Polynomial: TypeAlias = "dict[Term, Number]"
Powers: TypeAlias = "dict[Factor, Number]"

# A polynomial is written in so many powers of a sum.
MOST_DIGITS = 5
# A power of a sum is multiplied out up to so many terms.
MOST_TERMS = 60


def times(algebra: Algebra, a: Mapping[Term, Number], b: Mapping[Term, Number]) -> Polynomial:
    """The product, multiplied out.

    Raises:
        TooLongError: where it has too many terms to be worth reading.
    """
    out: Polynomial = {}
    algebra.charge(len(a) * len(b))
    for s, c in a.items():
        for t, d in b.items():
            term = _joined(s, t)
            out[term] = settled(out.get(term, Fraction(0)) + c * d, zero=True)
        if len(out) > MOST_TERMS:
            raise TooLongError
    return {t: c for t, c in out.items() if c != 0}


def _joined(s: Term, t: Term, sign: int = 1) -> Term:
    if not t:
        return s
    powers = dict(s)
    for factor, exponent in t:
        powers[factor] = powers.get(factor, 0) + sign * exponent
    return as_term(powers)


def as_term(powers: Mapping[Factor, Number]) -> Term:
    """Factors by their serials, without those to the power 0."""
    return tuple(sorted(((f, e) for f, e in powers.items() if e != 0), key=lambda pair: pair[0].serial))


def over(term: Term, divisor: Term) -> Term:
    """A term divided by another."""
    return _joined(term, divisor, -1)


def common(terms: Iterable[Term]) -> Powers:
    """The factors that may be taken out: the least exponent of each, 0 where a term is without it."""
    every = [dict(t) for t in terms]
    factors = dict.fromkeys(f for t in every for f in t)
    least = {f: min(t.get(f, Fraction(0)) for t in every) for f in factors}
    return {f: e for f, e in least.items() if e != 0}


def content(numbers: Iterable[Number]) -> Number:
    """The greatest number that leaves whole numbers, negative where all are; 1 or -1 beside floats."""
    found = list(numbers)
    sign = -1 if all(c < 0 for c in found) else 1
    if any(isinstance(c, float) for c in found):
        # A number alone is taken out whole.
        return found[0] if len(found) == 1 else Fraction(sign)
    fractions = [Fraction(c) for c in found]
    return sign * Fraction(gcd(*(c.numerator for c in fractions)), lcm(*(c.denominator for c in fractions)))


def divided(algebra: Algebra, a: Mapping[Term, Number], b: Mapping[Term, Number]) -> Polynomial | None:
    """The quotient where the division leaves nothing, else None."""
    if len(a) < len(b):
        return None
    found = _division(algebra, a, b, exact=True)
    return None if found is None else found[0]


def digits(algebra: Algebra, a: Mapping[Term, Number], b: Mapping[Term, Number]) -> list[Polynomial]:
    """c_0, c_1, ... with a = c_0 + c_1 b + c_2 b^2 + ..., as far as b divides."""
    found: list[Polynomial] = []
    rest = dict(a)
    while rest and len(found) < MOST_DIGITS:
        both = _division(algebra, rest, b, exact=False)
        if both is None:
            break
        rest, left = both
        found.append(left)
    return [*found, rest] if rest else found


def _division(
    algebra: Algebra, a: Mapping[Term, Number], b: Mapping[Term, Number], exact: bool
) -> tuple[Polynomial, Polynomial] | None:
    """Quotient and rest; None where there is no division, or where it is to be exact and leaves something."""
    if len(b) < 2 or any(isinstance(e, float) for t in (*a, *b) for _, e in t):
        return None
    order = _order(b)
    lead = max(b, key=order)
    rest, quotient, left = dict(a), dict[Term, Number](), dict[Term, Number]()
    for _ in range(2 * MOST_TERMS):
        if not rest:
            return quotient, left
        top = max(rest, key=order)
        term = over(top, lead)
        if any(e < 0 for _, e in term):
            if exact:
                return None
            left[top] = rest.pop(top)
            continue
        number = settled(rest[top] / b[lead])
        quotient[term] = number
        algebra.charge(len(b))
        for t, c in b.items():
            product = _joined(t, term)
            size = settled(rest.get(product, Fraction(0)) - number * c, zero=True)
            if size == 0:
                rest.pop(product, None)
            else:
                rest[product] = size
    return None


def _order(b: Mapping[Term, Number]) -> Callable[[Term], tuple[Number, ...]]:
    """Compares terms by their exponents, first those of the divisor's factors."""
    factors = sorted({f for t in b for f, _ in t}, key=lambda f: f.serial)

    def key(term: Term) -> tuple[Number, ...]:
        powers = dict(term)
        first = tuple(powers.pop(f, Fraction(0)) for f in factors)
        # What the divisor is without is only told apart.
        rest = sorted(((f.serial, e) for f, e in powers.items()), key=lambda pair: pair[0])
        return (*first, *(Fraction(x) if isinstance(x, int) else x for pair in rest for x in pair))

    return key


def raised(algebra: Algebra, a: Mapping[Term, Number], exponent: int) -> Polynomial:
    """A power, multiplied out.

    Raises:
        TooLongError: where it has too many terms to be worth reading.
    """
    if exponent > MOST_TERMS:
        raise TooLongError
    out: Polynomial = {(): Fraction(1)}
    for _ in range(exponent):
        out = times(algebra, out, a)
    return out


def formula_of(algebra: Algebra, a: Mapping[Term, Number]) -> Formula:
    """A polynomial as a formula."""
    return algebra.sum_of(a)
