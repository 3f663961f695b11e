"""Identities between functions, as other forms of a polynomial in them. Which is the shortest is decided elsewhere.

sin^2 + cos^2 = 1 and double angles (DLMF 4.21), cosh^2 - sinh^2 = 1 (4.35), and the exponentials that they are made of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import TypeAlias

from gradcli.core.formula.algebra import Algebra, Factor, Formula, Number, Term, number_raised
from gradcli.core.formula.polynomials import Polynomial, Powers, as_term, divided, over, raised, times

# (a, b, c, d): b^2 = c + d a^2, and so a^2 = (b^2 - c) / d.
_SQUARES = (("sin", "cos", 1, -1), ("sinh", "cosh", 1, 1))
# 1 + c f^2 is 1/g^2.
_RECIPROCALS = (("tan", "cos", 1), ("tanh", "cosh", -1))
# a/b is c.
_QUOTIENTS = (("sin", "cos", "tan"), ("sinh", "cosh", "tanh"))
_ONE: Term = ()

# What each function is applied to, in the order in which it is met.
Functions: TypeAlias = "dict[str, dict[tuple[Formula, ...], None]]"


def variants(algebra: Algebra, powers: Powers, inner: Polynomial) -> Iterator[tuple[Powers, Polynomial]]:
    """Other forms of a product of powers with a polynomial."""
    functions = _functions(inner)
    for back in (False, True):
        found = inner
        for name, other, c, d in _SQUARES:
            for args in functions.get(name, {}) | functions.get(other, {}):
                a, b = algebra.opaque(name, args), algebra.opaque(other, args)
                if back:
                    found = _squares_as(algebra, found, a, {_ONE: Fraction(-c, d), ((b, Fraction(2)),): Fraction(1, d)})
                else:
                    found = _squares_as(algebra, found, b, {_ONE: Fraction(c), ((a, Fraction(2)),): Fraction(d)})
        if found != inner:
            yield powers, found
    found = inner
    for args in functions.get("hypot", {}):
        squares = algebra.add(*(algebra.power(arg, Fraction(2)) for arg in args))
        found = _squares_as(algebra, found, algebra.opaque("hypot", args), dict(squares.terms))
    if found != inner:
        yield powers, found
    yield from _double_angles(algebra, powers, inner, functions)
    yield from _reciprocal_squares(algebra, powers, inner, functions)
    yield from _hyperbolic(algebra, powers, inner)


def _functions(inner: Mapping[Term, Number]) -> Functions:
    found: Functions = {}
    for term in inner:
        for factor, _ in term:
            if factor.function:
                found.setdefault(factor.function, {})[factor.args] = None
    return found


def _squares_as(algebra: Algebra, inner: Polynomial, factor: Factor, square: Mapping[Term, Number]) -> Polynomial:
    """With each square of a factor replaced."""
    out: Polynomial = {}
    for term, c in inner.items():
        powers = dict(term)
        exponent = powers.get(factor, Fraction(0))
        pairs = int(exponent // 2) if exponent >= 2 and exponent == int(exponent) else 0
        part: Polynomial = {term: c}
        if pairs:
            powers[factor] = exponent - 2 * pairs
            part = times(algebra, {as_term(powers): c}, raised(algebra, square, pairs))
        for t, n in part.items():
            out[t] = out.get(t, Fraction(0)) + n
    return {t: c for t, c in out.items() if c != 0}


def _double_angles(
    algebra: Algebra, powers: Powers, inner: Polynomial, functions: Functions
) -> Iterator[tuple[Powers, Polynomial]]:
    """Of each other factor, a sin^2 + b sin cos + c cos^2 as (a + c)/2 + (c - a)/2 cos(2 u) + b/2 sin(2 u)."""
    for args in functions.get("sin", {}) | functions.get("cos", {}):
        s, c = algebra.opaque("sin", args), algebra.opaque("cos", args)
        out: Polynomial = {}
        double = (algebra.scale(args[0], Fraction(2)),)
        half = Fraction(1, 2)
        changed = False
        for term, number in inner.items():
            p = dict(term)
            pair = (p.get(s, 0), p.get(c, 0))
            rest = as_term({f: e for f, e in p.items() if f not in (s, c)})
            parts: list[tuple[Term, Number]] = [(term, number)]
            if pair in ((2, 0), (0, 2)):
                turned = _beside(rest, algebra.opaque("cos", double))
                parts = [(rest, number * half), (turned, number * (half if pair == (0, 2) else -half))]
            elif pair == (1, 1):
                parts = [(_beside(rest, algebra.opaque("sin", double)), number * half)]
            changed = changed or parts[0][0] is not term
            for t, n in parts:
                out[t] = out.get(t, Fraction(0)) + n
        out = {t: n for t, n in out.items() if n != 0}
        if changed and len(out) <= len(inner):
            yield powers, out


def _reciprocal_squares(
    algebra: Algebra, powers: Powers, inner: Polynomial, functions: Functions
) -> Iterator[tuple[Powers, Polynomial]]:
    """1 + tan^2 as 1/cos^2, 1 - tanh^2 as 1/cosh^2."""
    for name, other, c in _RECIPROCALS:
        for args in functions.get(name, {}):
            square = {_ONE: Fraction(1), ((algebra.opaque(name, args), Fraction(2)),): Fraction(c)}
            rest, count = inner, 0
            while (quotient := divided(algebra, rest, square)) is not None:
                rest, count = quotient, count + 1
            if count:
                under = algebra.opaque(other, args)
                yield {**powers, under: powers.get(under, Fraction(0)) - 2 * count}, rest


def _hyperbolic(algebra: Algebra, powers: Powers, inner: Polynomial) -> Iterator[tuple[Powers, Polynomial]]:
    """exp(u) + exp(-u) as 2 cosh(u), exp(u) - exp(-u) as 2 sinh(u), where no exponential is left over."""
    for factor in dict.fromkeys(f for t in inner for f, _ in t if f.function == "exp"):
        shift = powers.get(factor, Fraction(0))
        groups: dict[Term, dict[Number, Number]] = {}
        for term, c in inner.items():
            exponent = dict(term).get(factor, Fraction(0))
            group = groups.setdefault(over(term, ((factor, exponent),) if exponent else ()), {})
            group[exponent + shift] = c
        out: Polynomial = {}
        for rest, group in groups.items():
            for exponent, c in group.items():
                if exponent == 0:
                    out[rest] = out.get(rest, Fraction(0)) + c
                elif group.get(-exponent) not in (c, -c):
                    break
                elif exponent > 0:
                    name = "cosh" if group[-exponent] == c else "sinh"
                    made = algebra.opaque(name, (algebra.scale(factor.args[0], exponent),))
                    together = _beside(rest, made)
                    out[together] = out.get(together, Fraction(0)) + 2 * c
            else:
                continue
            break
        else:
            yield {f: e for f, e in powers.items() if f is not factor}, {t: c for t, c in out.items() if c != 0}


def quotients(algebra: Algebra, powers: Powers) -> Powers:
    """With sin/cos as tan, tan cos as sin, and so on."""
    out = dict(powers)
    for above, below, name in _QUOTIENTS:
        for args in [f.args for f in powers if f.function in (above, name)]:
            a, b, q = (algebra.opaque(n, args) for n in (above, below, name))
            for up, down, made in ((a, b, q), (q, None, a)):
                e = out.get(up, Fraction(0))
                low = out.get(b, Fraction(0))
                if e > 0 and e == int(e) and low == int(low):
                    k = min(e, -low) if down is not None else min(e, low)
                    if k > 0:
                        _move(out, up, -k)
                        _move(out, b, k if down is not None else -k)
                        _move(out, made, k)
    return {f: e for f, e in out.items() if e != 0}


def in_other_functions(algebra: Algebra, formula: Formula) -> Iterator[Formula]:
    """With tan as sin/cos; and with sin and cos by tan, where there are only even powers of cos besides."""
    single = _single_angles(algebra, formula)
    if single is not None:
        yield single
        formula = single
    for above, below, name in _QUOTIENTS:
        found = {f.args for t, _ in formula.terms for f, _ in t if f.function == name}
        if not found:
            continue
        apart: Polynomial = {}
        together: Polynomial = {}
        for term, number in formula.terms:
            powers, other = dict(term), dict(term)
            part: Polynomial = {_ONE: number}
            for args in found:
                a, b, q = (algebra.opaque(n, args) for n in (above, below, name))
                e = powers.pop(q, Fraction(0))
                _move(powers, a, e)
                _move(powers, b, -e)
                e = other.pop(a, Fraction(0))
                _move(other, q, e)
                _move(other, b, e)
                low = other.get(b, Fraction(0))
                if low < 0 and low % 2 == 0:
                    del other[b]
                    sign = -1 if name == "tanh" else 1
                    square = {_ONE: Fraction(1), ((q, Fraction(2)),): Fraction(sign)}
                    part = times(algebra, part, raised(algebra, square, int(-low // 2)))
            term = as_term(powers)
            apart[term] = apart.get(term, Fraction(0)) + number
            for t, n in times(algebra, part, {as_term(other): Fraction(1)}).items():
                together[t] = together.get(t, Fraction(0)) + n
        for terms in (apart, together):
            yield algebra.sum_of({t: n for t, n in terms.items() if n != 0})


def _single_angles(algebra: Algebra, formula: Formula) -> Formula | None:
    """With sin(2 u) as 2 sin(u) cos(u), and cos(2 u) as 1 - 2 sin(u)^2, beside other functions of u."""
    known = {f.args[0] for t, _ in formula.terms for f, _ in t if f.function in ("sin", "cos", "tan")}
    halves = {u: half for u in known if (half := algebra.scale(u, Fraction(1, 2))) in known}
    if not halves:
        return None
    total: Polynomial = {}
    for term, number in formula.terms:
        part: Polynomial = {_ONE: number}
        rest: Powers = {}
        for factor, e in term:
            if factor.function not in ("sin", "cos") or factor.args[0] not in halves or e < 0 or e != int(e):
                rest[factor] = e
                continue
            half = halves[factor.args[0]]
            s, c = algebra.opaque("sin", (half,)), algebra.opaque("cos", (half,))
            single: Polynomial = {_ONE: Fraction(1), ((s, Fraction(2)),): Fraction(-2)}
            if factor.function == "sin":
                single = {as_term({s: Fraction(1), c: Fraction(1)}): Fraction(2)}
            part = times(algebra, part, raised(algebra, single, int(e)))
        for t, n in times(algebra, part, {as_term(rest): Fraction(1)}).items():
            total[t] = total.get(t, Fraction(0)) + n
    return algebra.sum_of({t: n for t, n in total.items() if n != 0})


def lengths(algebra: Algebra, powers: Powers) -> Powers:
    """Even powers of hypot(x, y) as powers of x^2 + y^2."""
    out = dict(powers)
    for factor, exponent in powers.items():
        if factor.function == "hypot" and exponent % 2 == 0:
            del out[factor]
            squares = algebra.add(*(algebra.power(arg, Fraction(2)) for arg in factor.args))
            _move(out, algebra.grouped(squares), exponent / 2)
    return {f: e for f, e in out.items() if e != 0}


def doubled(algebra: Algebra, powers: Powers) -> tuple[Powers, Number]:
    """The product sin cos as half of sin(2 u); and the number to multiply by."""
    out = dict(powers)
    number: Number = Fraction(1)
    for args in [f.args for f in powers if f.function == "sin"]:
        s, c = algebra.opaque("sin", args), algebra.opaque("cos", args)
        k = out.get(s, Fraction(0))
        halves = number_raised(Fraction(2), int(-k))
        if k == out.get(c) and k == int(k) and halves is not None:
            del out[s], out[c]
            _move(out, algebra.opaque("sin", (algebra.scale(args[0], Fraction(2)),)), k)
            number = number * halves
    return out, number


def _beside(term: Term, factor: Factor) -> Term:
    """A term times a factor that may be in it."""
    powers = dict(term)
    _move(powers, factor, Fraction(1))
    return as_term(powers)


def _move(powers: Powers, factor: Factor, by: Number) -> None:
    powers[factor] = powers.get(factor, Fraction(0)) + by
