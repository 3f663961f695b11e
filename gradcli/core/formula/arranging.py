"""The shortest of several ways to write a formula: as it is, over one denominator, multiplied out, by identities.

Each way is an identity wherever the formula has a value: factors that are taken out are powers that it has anyway, and
no root is taken apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TypeAlias

from gradcli.core.formula.algebra import Algebra, Factor, Formula, Number, Term, TooLongError, number_raised
from gradcli.core.formula.identities import doubled, in_other_functions, lengths, quotients, variants
from gradcli.core.formula.polynomials import (
    Polynomial,
    Powers,
    as_term,
    common,
    content,
    digits,
    divided,
    formula_of,
    over,
    raised,
    times,
)

# Products of powers with a sum that were looked at.
Seen: TypeAlias = "set[tuple[Term, frozenset[tuple[Term, Number]]]]"

# How far sums in parentheses are multiplied out: not at all, those to the first power, all.
LEVELS = (0, 1, 2)
# Sums of so many factors are looked at for a factor that some of their terms share.
MOST_SHARED = 4


class Arranger:
    """Gives the ways of writing a formula of one algebra."""

    def __init__(self, algebra: Algebra) -> None:
        self._algebra = algebra
        self._expanded: dict[Formula, Polynomial] = {}

    def ways(self, formula: Formula) -> Iterator[Formula]:
        """Formulas of the same value, first as it is."""
        yield formula
        seen: Seen = set()
        for form in (formula, *in_other_functions(self._algebra, formula)):
            for level in LEVELS:
                yield from self._as_far_as_short(self._of_level(form, level, seen))

    def _as_far_as_short(self, forms: Iterator[Formula]) -> Iterator[Formula]:
        """Those before one that has too many terms; where the work is spent, nothing else follows either."""
        try:
            yield from forms
        except TooLongError:
            self._algebra.charge(0)

    def _of_level(self, formula: Formula, level: int, seen: Seen) -> Iterator[Formula]:
        powers, inner = self._over_one_denominator(formula, level)
        yield from self._forms(powers, inner, seen, deep=True)
        if level == LEVELS[-1]:
            for factor in dict.fromkeys(f for t, _ in formula.terms for f, e in t if _is_sum(f) and e > 0):
                if all(f.name for t, _ in factor.args[0].terms for f, _ in t):
                    # A polynomial is not read in powers of another.
                    continue
                yield from self._as_far_as_short(self._in_powers_of(factor, powers, inner, seen))

    def _in_powers_of(self, factor: Factor, powers: Powers, inner: Polynomial, seen: Seen) -> Iterator[Formula]:
        """x^2 log(x)^2 + 2 x^2 log(x) + x^2 + 1 as x^2 (log(x) + 1)^2 + 1."""
        powers, inner = self._settled(powers, inner)
        found = digits(self._algebra, inner, self._polynomial(factor.args[0]))
        if len(found) > 1 and sum(map(len, found)) < len(inner):
            out: Polynomial = {}
            for k, digit in enumerate(found):
                power: Term = ((factor, Fraction(k)),) if k else ()
                out.update({as_term(_times(dict(t), power)): c for t, c in digit.items()})
            yield from self._forms(powers, out, seen, deep=False)

    def _forms(
        self,
        powers: Powers,
        inner: Polynomial,
        seen: Seen,
        deep: bool,
    ) -> Iterator[Formula]:
        """A product of powers with a sum in several forms; `deep` says that identities are tried too."""
        powers, inner = self._settled(powers, inner)
        key = as_term(powers), frozenset(inner.items())
        if key in seen:
            return
        seen.add(key)
        yield from self._products(powers, inner)
        if not deep:
            return
        whole = self._with_sums(powers, inner)
        forms = [(powers, inner)]
        if whole is not None:
            forms.append(whole)
            yield from self._forms(*whole, seen, deep=False)
        for p, n in forms:
            for other in variants(self._algebra, p, n):
                yield from self._as_far_as_short(self._forms(*other, seen, deep=False))

    def _with_sums(self, powers: Powers, inner: Polynomial) -> tuple[Powers, Polynomial] | None:
        """With the sums above the line multiplied into the polynomial, where there are any."""
        rest, found = dict(powers), inner
        for factor, exponent in powers.items():
            if _is_sum(factor) and exponent >= 1 and exponent == int(exponent):
                del rest[factor]
                try:
                    found = times(
                        self._algebra, found, raised(self._algebra, self._polynomial(factor.args[0]), int(exponent))
                    )
                except TooLongError:
                    self._algebra.charge(0)
                    return None
        return None if found is inner else (rest, found)

    def _products(self, powers: Powers, inner: Polynomial) -> Iterator[Formula]:
        """A product of powers with a sum, as products and as a sum."""
        if not inner:
            yield self._algebra.number(Fraction(0))
            return
        number = content(inner.values())
        primitive = {t: c / number for t, c in inner.items()}
        yield self._product(powers, primitive, number)
        if len(inner) == 1:
            for form, scale in self._of_functions(powers, primitive):
                yield self._product(form, {(): Fraction(1)}, number * scale)
            return
        for turned in (quotients(self._algebra, powers), lengths(self._algebra, powers)):
            if turned != powers:
                yield self._product(turned, primitive, number)
        sign = Fraction(1 if number > 0 else -1)
        below = number.denominator if isinstance(number, Fraction) and abs(number.numerator) != 1 else 1
        if below != 1:
            yield self._product(powers, {t: c * below * sign for t, c in inner.items()}, sign / below)
        elif number != 1 and (not powers or not isinstance(number, Fraction) or number.denominator == 1):
            yield self._product(powers, {t: c * sign for t, c in inner.items()}, sign)
        if powers:
            yield formula_of(self._algebra, times(self._algebra, {as_term(powers): Fraction(1)}, inner))
        for shared in self._shared(primitive):
            yield self._product_with(powers, shared, number)
        if number != 1:
            for shared in self._shared(inner):
                yield self._product_with(powers, shared, Fraction(1))
        for merged in self._merged(powers):
            yield self._product(merged, primitive, number)

    def _of_functions(self, powers: Powers, primitive: Polynomial) -> Iterator[tuple[Powers, Number]]:
        """A product with its functions by their identities, and with its sums multiplied."""
        (term,) = primitive
        whole = _times(powers, term)
        turned = quotients(self._algebra, whole)
        yield turned, Fraction(1)
        yield doubled(self._algebra, turned)
        yield lengths(self._algebra, whole), Fraction(1)
        for merged in self._merged(whole):
            yield merged, Fraction(1)

    def _merged(self, powers: Powers) -> Iterator[Powers]:
        """(x - 1)^2 (x + 1)^2 as (x^2 - 1)^2, 1/(x (x + 1)) as 1/(x^2 + x)."""
        for a, e in powers.items():
            if not _is_sum(a) or e != int(e):
                continue
            for b, d in powers.items():
                if b is a or d != e or (_is_sum(b) and b.serial < a.serial):
                    continue
                other: Polynomial = dict(b.args[0].terms) if _is_sum(b) else {((b, Fraction(1)),): Fraction(1)}
                product = times(self._algebra, dict(a.args[0].terms), other)
                if 1 < len(product) <= len(a.args[0].terms):
                    rest = {f: n for f, n in powers.items() if f not in (a, b)}
                    together = self._algebra.grouped(formula_of(self._algebra, product))
                    rest[together] = rest.get(together, Fraction(0)) + e
                    yield rest

    def _shared(self, inner: Polynomial) -> Iterator[Formula]:
        """With a factor taken out of those terms that share it."""
        if len(inner) < 3 or all(f.name for t in inner for f, _ in t):
            # A polynomial is not read by Horner's rule.
            return
        counts: dict[Factor, int] = {}
        for term in inner:
            for factor, _ in term:
                counts[factor] = counts.get(factor, 0) + 1
        found = sorted((f for f, n in counts.items() if n > 1), key=lambda f: -counts[f])
        for factor in found[:MOST_SHARED]:
            yield self._with_shared(inner, factor)

    def _with_shared(self, inner: Polynomial, factor: Factor) -> Formula:
        group = {t: c for t, c in inner.items() if any(f is factor for f, _ in t)}
        rest = {t: c for t, c in inner.items() if t not in group}
        taken = common(group)
        number = content(group.values())
        left = _flat({over(t, as_term(taken)): c / number for t, c in group.items()})
        nested = next(self._shared(left), formula_of(self._algebra, left))
        product = self._product_with(taken, nested, number)
        others = next(self._shared(rest), formula_of(self._algebra, rest))
        out = dict(product.terms)
        for t, c in others.terms:
            out[t] = out.get(t, Fraction(0)) + c
        return formula_of(self._algebra, {t: c for t, c in out.items() if c != 0})

    def _product(self, powers: Powers, inner: Polynomial, number: Number) -> Formula:
        """Powers times a sum that stays together."""
        if len(inner) == 1:
            ((term, c),) = inner.items()
            return formula_of(self._algebra, dict([self._signed(_times(powers, term), number * c)]))
        return self._product_with(powers, formula_of(self._algebra, inner), number)

    def _product_with(self, powers: Powers, inner: Formula, number: Number) -> Formula:
        if not inner.terms or (not powers and number == 1):
            return inner
        if len(inner.terms) == 1:
            return self._product(powers, dict(inner.terms), number)
        whole = _times(powers, ((self._algebra.grouped(inner), Fraction(1)),))
        return formula_of(self._algebra, dict([self._signed(whole, number)]))

    def _signed(self, powers: Powers, number: Number) -> tuple[Term, Number]:
        """A minus goes into a difference, -2/(x - 1) is 2/(1 - x)."""
        if number < 0:
            for factor, exponent in powers.items():
                if _is_sum(factor) and exponent == int(exponent) and int(exponent) % 2:
                    terms = factor.args[0].terms
                    if any(c < 0 for _, c in terms) and any(c > 0 for _, c in terms):
                        turned = self._algebra.grouped(self._algebra.scale(factor.args[0], Fraction(-1)))
                        out = {f: e for f, e in powers.items() if f is not factor}
                        out[turned] = out.get(turned, Fraction(0)) + exponent
                        return as_term(out), -number
        return as_term(powers), number

    def _settled(self, powers: Powers, inner: Polynomial) -> tuple[Powers, Polynomial]:
        """With every common factor out of the sum, and sums that divide it."""
        if not inner:
            return {}, {}
        powers = dict(powers)
        while True:
            taken = common(inner)
            if taken:
                powers = _times(powers, as_term(taken))
                inner = {over(t, as_term(taken)): c for t, c in inner.items()}
            for factor, exponent in powers.items():
                if _is_sum(factor) and exponent != 0:
                    quotient = divided(self._algebra, inner, self._polynomial(factor.args[0]))
                    if quotient is not None:
                        powers = _times(powers, ((factor, Fraction(1)),))
                        inner = quotient
                        break
            else:
                return powers, inner

    def _over_one_denominator(self, formula: Formula, level: int) -> tuple[Powers, Polynomial]:
        """Common powers, and the sum that is left."""
        roots = {f for t, _ in formula.terms for f, e in t if _is_sum(f) and e != int(e)}
        terms = [self._of_primitive_sums(t, c, roots) for t, c in formula.terms]
        if level:
            terms = [_of_proper_roots(p, c) for p, c in terms]
        taken = common(as_term(p) for p, _ in terms)
        out: Polynomial = {}
        for powers, number in terms:
            part: Polynomial = {(): number}
            for factor, exponent in _times(powers, as_term(taken), -1).items():
                whole = int(exponent) if _is_sum(factor) and exponent > 0 else 0
                if level < 2 and whole != level:
                    whole = 0
                if whole:
                    part = times(self._algebra, part, raised(self._algebra, self._inside(factor, level), whole))
                if exponent != whole:
                    part = times(self._algebra, part, {((factor, exponent - whole),): Fraction(1)})
            for t, c in part.items():
                out[t] = out.get(t, Fraction(0)) + c
        return taken, _flat({t: c for t, c in out.items() if c != 0})

    def _inside(self, factor: Factor, level: int) -> Polynomial:
        return self._polynomial(factor.args[0]) if level == 2 else dict(factor.args[0].terms)

    def _of_primitive_sums(self, term: Term, number: Number, roots: set[Factor]) -> tuple[Powers, Number]:
        """A term whose sums are without common factors and begin alike, so that equal ones meet."""
        powers: Powers = {}
        for factor, exponent in term:
            if not _is_sum(factor) or exponent != int(exponent) or factor in roots:
                powers = _times(powers, ((factor, exponent),))
                continue
            opposite = self._algebra.grouped(self._algebra.scale(factor.args[0], Fraction(-1)))
            if opposite in roots:
                powers = _times(powers, ((opposite, exponent),))
                number = number * (-1) ** (int(exponent) % 2)
                continue
            taken, scale, rest = self._primitive(factor.args[0])
            size = number_raised(scale, int(exponent))
            if size is None:
                powers = _times(powers, ((factor, exponent),))
                continue
            number = number * size
            powers = _times(powers, as_term({f: e * exponent for f, e in taken.items()}))
            if rest is not None:
                powers = _times(powers, ((rest, exponent),))
        return {f: e for f, e in powers.items() if e != 0}, number

    def _primitive(self, formula: Formula) -> tuple[Powers, Number, Factor | None]:
        """The common factors, the number, and the sum that is left."""
        inner = dict(formula.terms)
        taken = common(inner)
        number = content(inner.values())
        lead = max(inner, key=_height)
        if (inner[lead] < 0) != (number < 0):
            number = -number
        if len(inner) == 1:
            return taken, inner[lead], None
        rest = {over(t, as_term(taken)): c / number for t, c in inner.items()}
        return taken, number, self._algebra.grouped(formula_of(self._algebra, rest))

    def _polynomial(self, formula: Formula) -> Polynomial:
        """A sum with every sum inside it multiplied out."""
        found = self._expanded.get(formula)
        if found is None:
            found = {}
            for term, number in formula.terms:
                part: Polynomial = {(): number}
                for factor, exponent in term:
                    whole = int(exponent) if _is_sum(factor) and exponent > 0 else 0
                    if whole:
                        part = times(
                            self._algebra, part, raised(self._algebra, self._polynomial(factor.args[0]), whole)
                        )
                    if exponent != whole:
                        part = times(self._algebra, part, {((factor, exponent - whole),): Fraction(1)})
                for t, c in part.items():
                    found[t] = found.get(t, Fraction(0)) + c
            found = self._expanded[formula] = {t: c for t, c in found.items() if c != 0}
        return found


def _is_sum(factor: Factor) -> bool:
    return not factor.name and not factor.function


def _of_proper_roots(powers: Powers, number: Number) -> tuple[Powers, Number]:
    """With roots of products of a power between 0 and 1: 1/sqrt(x y) is sqrt(x y)/(x y)."""
    out: Powers = {}
    before = number
    for factor, exponent in powers.items():
        term, c = factor.args[0].terms[0] if _is_sum(factor) else ((), 1)
        if not term or len(factor.args[0].terms) > 1 or not isinstance(c, Fraction) or exponent == int(exponent):
            out = _times(out, ((factor, exponent),))
            continue
        whole = int(exponent // 1)
        size = number_raised(c, whole)
        if size is None:
            return powers, before
        number = number * size
        out = _times(out, tuple((f, e * whole) for f, e in term))
        out = _times(out, ((factor, exponent - whole),))
    return out, number


def _flat(inner: Polynomial) -> Polynomial:
    """With the sums that are terms by themselves out of their parentheses."""
    while found := [t for t in inner if len(t) == 1 and _is_sum(t[0][0]) and t[0][1] == 1]:
        out = {t: c for t, c in inner.items() if t not in found}
        for term in found:
            for t, c in term[0][0].args[0].terms:
                out[t] = out.get(t, Fraction(0)) + c * inner[term]
        inner = {t: c for t, c in out.items() if c != 0}
    return inner


def _height(term: Term) -> tuple[float, tuple[int, ...]]:
    """Which term of a sum comes first, so that a sum and its opposite can be told apart."""
    return sum(float(e) for _, e in term), tuple(-f.serial for f, _ in term)


def _times(powers: Powers, term: Term, sign: int = 1) -> Powers:
    out = dict(powers)
    for factor, exponent in term:
        out[factor] = out.get(factor, Fraction(0)) + sign * exponent
    return {f: e for f, e in out.items() if e != 0}
