"""Formulas and their arithmetic, which keeps them simple.

A formula is a sum of terms, a term a number times powers of factors; a factor is a variable, a function of formulas,
or a sum that was not multiplied out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, TypeAlias

Number: TypeAlias = "Fraction | float"

# What is longer is no longer read, and its derivatives neither.
MOST_TERMS = 24
# A product of sums is multiplied out up to so many terms.
MULTIPLIED_OUT = 6


class UnreadableError(Exception):
    """A graph that has no formula, or none short enough."""


@dataclass(frozen=True)
class Factor:
    """A variable (by its name), a function of formulas, or, where both are empty, a sum in parentheses."""

    name: str = ""
    function: str = ""
    attrs: tuple[tuple[str, Any], ...] = ()
    args: tuple[Formula, ...] = ()


Term: TypeAlias = "frozenset[tuple[Factor, Number]]"


@dataclass(frozen=True)
class Formula:
    """Terms with their coefficients, none of which is 0."""

    terms: frozenset[tuple[Term, Number]] = field(default_factory=frozenset)


ONE: Term = frozenset()


def number(value: Number) -> Formula:
    """A constant."""
    return Formula(frozenset({(ONE, value)})) if value != 0 else Formula()


def exact(value: float) -> Number:
    """A float as the small fraction that it is the float of, where there is one."""
    if value != value or value in (float("inf"), float("-inf")):
        return value
    near = Fraction(value).limit_denominator(1000)
    return near if float(near) == value else value


def single(factor: Factor, exponent: Number = Fraction(1)) -> Formula:
    """A power of one factor."""
    return Formula(frozenset({(frozenset({(factor, exponent)}), Fraction(1))}))


def _collect(pairs: Iterable[tuple[Term, Number]]) -> Formula:
    out: dict[Term, Number] = {}
    for term, coefficient in pairs:
        out[term] = out.get(term, Fraction(0)) + coefficient
    kept = {t: c for t, c in out.items() if c != 0}
    if len(kept) > MOST_TERMS:
        raise UnreadableError
    return Formula(frozenset(kept.items()))


def add(a: Formula, b: Formula) -> Formula:
    """The sum; a sum among its terms needs no parentheses."""
    return _sum(_out_of_parentheses(dict(term), c) for term, c in [*a.terms, *b.terms])


def scale(a: Formula, factor: Number) -> Formula:
    """The product with a number."""
    return _collect((t, c * factor) for t, c in a.terms)


def multiply(a: Formula, b: Formula) -> Formula:
    """The product, multiplied out where it stays short."""
    if not a.terms or not b.terms:
        return Formula()
    if len(a.terms) * len(b.terms) <= max(MULTIPLIED_OUT, len(a.terms) if _is_number(b) else 0):
        return _sum(_product(s, t, c * d) for s, c in a.terms for t, d in b.terms)
    factors = [part if len(part.terms) == 1 else single(Factor(args=(part,))) for part in (a, b)]
    return multiply(*factors)


def _is_number(a: Formula) -> bool:
    return all(term == ONE for term, _ in a.terms)


def _sum(parts: Iterable[Formula]) -> Formula:
    return _collect(pair for part in parts for pair in part.terms)


def _product(s: Term, t: Term, coefficient: Number) -> Formula:
    powers: dict[Factor, Number] = dict(s)
    for factor, exponent in t:
        powers[factor] = powers.get(factor, Fraction(0)) + exponent
    return _with_known_pairs({f: e for f, e in powers.items() if e != 0}, coefficient)


def _with_known_pairs(powers: dict[Factor, Number], coefficient: Number) -> Formula:
    """The term, with sigmoid(u) sigmoid(-u) read as s (1 - s)."""
    for factor, exponent in powers.items():
        if factor.function != "sigmoid":
            continue
        (u,) = factor.args
        other = Factor(function="sigmoid", args=(scale(u, Fraction(-1)),))
        if exponent == powers.get(other) and _leads_positive(u):
            rest = {f: e for f, e in powers.items() if f not in (factor, other)}
            rest[factor] = exponent
            rest[Factor(args=(add(number(Fraction(1)), scale(single(factor), Fraction(-1))),))] = exponent
            return Formula(frozenset({(frozenset(rest.items()), coefficient)}))
    return _out_of_parentheses(powers, coefficient)


def _out_of_parentheses(powers: dict[Factor, Number], coefficient: Number) -> Formula:
    """A sum alone, to the first power, needs no parentheses."""
    if len(powers) == 1:
        ((factor, exponent),) = powers.items()
        if exponent == 1 and not factor.name and not factor.function:
            return scale(factor.args[0], coefficient)
    return Formula(frozenset({(frozenset(powers.items()), coefficient)}))


def _leads_positive(a: Formula) -> bool:
    return float(sum(c for _, c in a.terms)) > 0


def power(a: Formula, exponent: Number) -> Formula:
    """A power known in advance; a root of a product is not taken apart, since x^2 has the root |x|."""
    if exponent == 0:
        return number(Fraction(1))
    if len(a.terms) == 1 and (exponent == int(exponent) or _is_plain(a)):
        ((term, coefficient),) = a.terms
        if isinstance(coefficient, Fraction) and exponent == int(exponent):
            raised: Number = coefficient ** int(exponent)
        elif coefficient == 1:
            raised = Fraction(1)
        else:
            raised = float(coefficient) ** float(exponent)
        return Formula(frozenset({(frozenset((f, e * exponent) for f, e in term), raised)}))
    if exponent == 1 or not a.terms:
        return a
    return single(Factor(args=(a,)), exponent)


def _is_plain(a: Formula) -> bool:
    ((term, coefficient),) = a.terms
    return coefficient == 1 and all(e == 1 for _, e in term) and len(term) == 1
