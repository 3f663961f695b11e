"""What the algebra takes apart, written together again: exp(x)^2 exp(y) as exp(2 x + y), x^y/x as x^(y - 1)."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from gradcli.core.formula.algebra import Algebra, Factor, Formula, Number, Term, number_of, number_raised
from gradcli.core.formula.polynomials import Powers, as_term


def joined(
    algebra: Algebra, term: Term, coefficient: Number, apart: frozenset[Factor] = frozenset()
) -> tuple[Term, Number]:
    """The term for reading. The powers of `apart` may stay beside powers of their base: 0 is none of its points."""
    exponentials = [(f, e) for f, e in term if f.function == "exp"]
    powers: Powers = dict(term)
    if exponentials:
        _join_exponentials(algebra, powers, exponentials)
    _join_roots(algebra, powers)
    for factor in [f for f, _ in term if f.function == "power" and f not in apart]:
        coefficient = _join_powers(algebra, powers, factor, coefficient)
    return as_term(powers), coefficient


def _join_roots(algebra: Algebra, powers: Powers) -> None:
    """Roots of positive numbers and of pi: sqrt(2) sqrt(pi) as sqrt(2 pi)."""
    found: dict[Number, list[Factor]] = {}
    for factor, exponent in powers.items():
        if exponent != int(exponent) and (factor.function == "pi" or _is_number(factor)):
            found.setdefault(exponent, []).append(factor)
    for exponent, factors in found.items():
        if len(factors) > 1:
            inside = algebra.number(Fraction(1))
            for factor in factors:
                del powers[factor]
                base = algebra.constant("pi") if factor.function else factor.args[0]
                inside = algebra.multiply(inside, base)
            powers[algebra.grouped(inside)] = exponent


def _is_number(factor: Factor) -> bool:
    return not factor.name and not factor.function and number_of(factor.args[0]) is not None


def _join_exponentials(algebra: Algebra, powers: Powers, found: list[tuple[Factor, Number]]) -> None:
    if len(found) == 1 and found[0][1] == 1:
        return
    total: dict[Term, Number] = {}
    for factor, exponent in found:
        del powers[factor]
        for t, c in factor.args[0].terms:
            total[t] = total.get(t, 0) + c * exponent
    together = algebra.sum_of({t: c for t, c in total.items() if c != 0})
    if together.terms:
        powers[algebra.opaque("exp", (together,))] = Fraction(1)


def _join_powers(algebra: Algebra, powers: Powers, factor: Factor, coefficient: Number) -> Number:
    """A power of a general exponent with the powers of its base; the number that is left in front."""
    base, exponent = factor.args
    if powers.get(factor) != 1:
        return coefficient
    if len(base.terms) == 1:
        ((inner, number),) = base.terms
    else:
        inner, number = ((algebra.grouped(base), Fraction(1)),), Fraction(1)
    shares = {powers.get(f, Fraction(0)) / e for f, e in inner}
    if len(shares) != 1:
        return coefficient
    (share,) = shares
    if share == 0 or share != int(share) or not isinstance(number, Fraction):
        return coefficient
    left = number_raised(number, -int(share))
    if left is None:
        return coefficient
    for f, _ in inner:
        del powers[f]
    del powers[factor]
    together = algebra.add(exponent, algebra.number(Fraction(share)))
    powers[algebra.opaque("power", (base, together))] = Fraction(1)
    return coefficient * left


# The attributes of sinc itself.
_WHOLE = (("order", 0),)


def _slope_of_sinc(algebra: Algebra, x: Formula, order: int) -> Formula:
    """The n-th derivative, which has no name: x f_n + n f_(n-1) = pi^(n-1) sin^(n)(pi x), as for sin(t)/t at t = pi x.

    At 0 it is the n-th coefficient of the series of sinc times n!.
    """
    pi = algebra.constant("pi")
    value = algebra.function("sinc", (x,), _WHOLE)
    for n in range(1, order + 1):
        wave = algebra.function("cos" if n % 2 else "sin", (algebra.multiply(pi, x),))
        sign = Fraction(-1 if n % 4 in (2, 3) else 1)
        wave = algebra.scale(algebra.multiply(algebra.power(pi, Fraction(n - 1)), wave), sign)
        rest = algebra.subtract(wave, algebra.scale(value, Fraction(n)))
        value = algebra.multiply(algebra.power(x, Fraction(-1)), algebra.parentheses(rest))
    there = algebra.number(Fraction(0))
    if order % 2 == 0:
        there = algebra.scale(algebra.power(pi, Fraction(order)), Fraction((-1) ** (order // 2), order + 1))
    at_zero = algebra.function("equal", (x, algebra.number(Fraction(0))))
    return algebra.function("select", (at_zero, there, value))


def joined_formula(algebra: Algebra, formula: Formula, apart: frozenset[Factor]) -> Formula:
    """Each term joined, those in parentheses too."""
    out: dict[Term, Number] = {}
    for term, coefficient in formula.terms:
        powers: Powers = {}
        for factor, exponent in term:
            inner = factor
            if factor.function == "sinc" and factor.attrs != _WHOLE:
                ((((inner, _),), _),) = _slope_of_sinc(algebra, factor.args[0], factor.attrs[0][1]).terms
            elif not factor.name and not factor.function:
                inner = algebra.grouped(joined_formula(algebra, factor.args[0], apart))
            powers[inner] = powers.get(inner, Fraction(0)) + exponent
        done, number = joined(algebra, as_term(powers), coefficient, apart)
        out[done] = out.get(done, Fraction(0)) + number
    return algebra.sum_of({t: c for t, c in out.items() if c != 0})


def apart_from(formula: Formula) -> frozenset[Factor]:
    """The powers of what the formula has the logarithm of: where that is 0, it has no value anyway."""
    found = list(_factors(formula))
    logarithms = {f.args[0] for f in found if f.function == "log"}
    return frozenset(f for f in found if f.function == "power" and f.args[0] in logarithms)


def _factors(formula: Formula) -> Iterator[Factor]:
    for term, _ in formula.terms:
        for factor, _ in term:
            yield factor
            if not factor.name and not factor.function:
                yield from _factors(factor.args[0])
