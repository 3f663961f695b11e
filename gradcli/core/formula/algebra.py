"""Formulas and their arithmetic, which keeps them simple.

A formula is a sum of terms, a term a number times powers of factors; a factor is a variable, a function of formulas
(`pi` is one of none), or a sum that was not multiplied out. An algebra makes each of them once, so that equal ones are
one object and what is shared is worked on once, and counts its work, so that no reader waits for a formula.

So that factors cancel, exponentials of sums are products, exp(2 x) = exp(x)^2, and so are powers, x^(y + 1) = x^y x.
Both are written together again, see `gradcli.core.formula.joining`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from fractions import Fraction
from math import inf, isfinite
from sys import float_info
from typing import Any, TypeAlias

from gradcli.core.ir.nodes import registry
from gradcli.core.ir.primitive import Primitive
from gradcli.core.ir.templates import applied
from gradcli.core.records import record

Number: TypeAlias = "Fraction | float"

# A product of sums is multiplied out up to so many terms.
MULTIPLIED_OUT = 6
# What nests deeper would take more of Python's stack than there is.
DEEPEST = 60
# So many steps of arithmetic take a fraction of a second; counted, not timed, so that every machine shows the same.
MOST_WORK = 20_000
# An exponential of more terms stays one.
MOST_EXPONENTS = 8
# A fraction of more bits goes on as a float.
MOST_BITS = 256


class UnreadableError(Exception):
    """A graph that has no formula."""


class TooLongError(UnreadableError):
    """A graph whose formula is too long, or takes too much work."""


@record
class Factor:
    """A variable (by its name), a function of formulas, or, where both are empty, a sum in parentheses.

    `depth` counts the formulas inside each other, `serial` the factors of one algebra.
    """

    name: str
    function: str
    attrs: tuple[tuple[str, Any], ...]
    args: tuple[Formula, ...]
    depth: int
    serial: int


# f(-x) = -f(x), and f(-x) = f(x).
ODD = frozenset(
    ("sin", "tan", "sinh", "tanh", "arcsin", "arctan", "arcsinh", "arctanh", "sign", "erf", "erfinv", "cbrt")
)
EVEN = frozenset(("cos", "cosh", "abs"))
_SIMPLE = (-1, 0, 1)

# Factors by their serials, each with its exponent.
Term: TypeAlias = "tuple[tuple[Factor, Number], ...]"


@record
class Formula:
    """Terms with their coefficients, none of which is 0."""

    terms: tuple[tuple[Term, Number], ...] = field(default=())


ONE: Term = ()


def exact(value: float) -> Number:
    """A float as the small fraction that it is the float of, where there is one.

    Raises:
        UnreadableError: for a value that is no number.
    """
    if not isfinite(value):
        raise UnreadableError
    near = Fraction(value).limit_denominator(1000)
    return near if float(near) == value else value


def settled(value: Number, zero: bool = False) -> Number:
    """A result of arithmetic, unless floats can't hold it; `zero` says that it may be 0.

    Raises:
        UnreadableError: where it overflows or underflows, so that a formula would state another function.
    """
    if isinstance(value, Fraction) and value.numerator.bit_length() + value.denominator.bit_length() <= MOST_BITS:
        return value
    try:
        size = float(value)
    except OverflowError:
        size = inf
    if not isfinite(size) or (abs(size) < float_info.min and not (zero and value == 0)):
        raise UnreadableError
    return size


def alone(formula: Formula) -> Factor | None:
    """The factor that a formula is, if it is one and nothing else."""
    if len(formula.terms) != 1:
        return None
    ((term, coefficient),) = formula.terms
    return term[0][0] if coefficient == 1 and len(term) == 1 and term[0][1] == 1 else None


def number_of(formula: Formula) -> Number | None:
    """The number that a formula is, if it is one."""
    if not formula.terms:
        return Fraction(0)
    return formula.terms[0][1] if formula.terms[0][0] == ONE and len(formula.terms) == 1 else None


class Algebra:
    """Makes formulas. Every operation raises UnreadableError where it has no answer, or none short enough."""

    def __init__(self, work: int = MOST_WORK) -> None:
        self.work = work
        # Whether a number was typed with a point, and what was divided by: for printing alone.
        self.decimal = False
        self.denominators = {1}
        self._factors: dict[tuple[Any, ...], Factor] = {}
        self._arguments: set[tuple[str, Formula]] = set()
        self._formulas: dict[frozenset[tuple[Term, Number]], Formula] = {}
        self._zero = self._formula({})

    def charge(self, steps: int) -> None:
        """Count work.

        Raises:
            TooLongError: when it has been enough.
        """
        self.work -= steps
        if self.work < 0:
            raise TooLongError

    def _factor(
        self, name: str = "", function: str = "", attrs: tuple[tuple[str, Any], ...] = (), args: Iterable[Formula] = ()
    ) -> Factor:
        key = (name, function, attrs, *args)
        if function in ODD or function in EVEN:
            self._arguments.update((function, arg) for arg in args)
        found = self._factors.get(key)
        if found is None:
            depth = 1 + max((f.depth for arg in args for term, _ in arg.terms for f, _ in term), default=0)
            if depth > DEEPEST:
                raise TooLongError
            found = Factor(name, function, attrs, tuple(args), depth, len(self._factors))
            self._factors[key] = found
        return found

    def _formula(self, terms: Mapping[Term, Number]) -> Formula:
        self.charge(1 + len(terms))
        key = frozenset(terms.items())
        found = self._formulas.get(key)
        if found is None:
            found = self._formulas[key] = Formula(tuple(terms.items()))
        return found

    def _single(self, factor: Factor, exponent: Number = Fraction(1)) -> Formula:
        return self._formula({((factor, exponent),): Fraction(1)})

    def number(self, value: Number) -> Formula:
        """A constant."""
        return self._formula({ONE: settled(value)}) if value != 0 else self._zero

    def variable(self, name: str) -> Formula:
        """A variable, or `true` or `false`."""
        return self._single(self._factor(name=name))

    def function(self, name: str, args: tuple[Formula, ...], attrs: tuple[tuple[str, Any], ...] = ()) -> Formula:
        """A primitive of formulas."""
        known = [number_of(arg) for arg in args]
        if args and None not in known:
            plain = self._plain(name, [float(value) for value in known if value is not None], dict(attrs))
            if plain is not None:
                return self.number(plain)
        if name == "exp":
            return self._exponential(args[0])
        if name == "power" and not attrs:
            return self._general_power(*args)
        if name == "log" and len(args[0].terms) == 1:
            ((inside, number),) = args[0].terms
            if number == 1 and all(f.function == "exp" for f, _ in inside):
                return self._sum(self.scale(f.args[0], e) for f, e in inside)
        if len(args) == 1 and (name in ODD or name in EVEN) and self._is_turned(name, args[0]):
            turned = self._single(self._factor(function=name, args=(self.scale(args[0], Fraction(-1)),)))
            return turned if name in EVEN else self.scale(turned, Fraction(-1))
        if name == "hypot" and len(known) - known.count(None) == 1:
            # Of a number it is written out, as in the slope of asinh.
            return self.power(self._sum(self.power(arg, Fraction(2)) for arg in args), Fraction(1, 2))
        if len(args) == 2 and registry[name].commutes:
            args = _in_order(*args)
        return self._single(self._factor(function=name, attrs=attrs, args=args))

    def _is_turned(self, name: str, a: Formula) -> bool:
        """Whether an argument is the opposite of one that the function is known of, or all minus."""
        if not any(c < 0 for _, c in a.terms):
            return False
        if all(c < 0 for _, c in a.terms):
            return True
        return (name, a) not in self._arguments and (name, self.scale(a, Fraction(-1))) in self._arguments

    def opaque(self, name: str, args: tuple[Formula, ...], attrs: tuple[tuple[str, Any], ...] = ()) -> Factor:
        """A primitive of formulas as one factor, whatever it is a product of."""
        return self._factor(function=name, attrs=attrs, args=args)

    def grouped(self, a: Formula) -> Factor:
        """A sum as one factor."""
        return self._factor(args=(a,))

    def sum_of(self, terms: Mapping[Term, Number]) -> Formula:
        """The sum of terms as they are, none of whose coefficients is 0."""
        return self._formula({t: settled(c) for t, c in terms.items()})

    def constant(self, name: str) -> Formula:
        """A number with a name of its own: `pi`."""
        return self._single(self._factor(function=name))

    def _exponential(self, a: Formula) -> Formula:
        """Each term of the exponent without its number, which is that exponential's own exponent."""
        if len(a.terms) > MOST_EXPONENTS:
            return self._single(self._factor(function="exp", args=(a,)))
        logs = {t: c for t, c in a.terms if _is_log_of_positive(t)}
        found = self._term(
            [
                (self._factor(function="exp", args=(self._formula({t: Fraction(1)}),)), c)
                for t, c in a.terms
                if t not in logs
            ],
            Fraction(1),
        )
        for ((log, _),), c in logs.items():
            found = self.multiply(found, self.power(log.args[0], c))
        return found

    def _general_power(self, a: Formula, b: Formula) -> Formula:
        """a^(b + n) = a^b a^n for whole n, which a derivative may take away again."""
        value = number_of(b)
        if value is not None:
            return self.power(a, value)
        if len(a.terms) == 1 and a.terms[0][1] == 1 and all(f.function == "exp" for f, _ in a.terms[0][0]):
            # The number e, and what else is always positive: (e^a)^b = e^(a b).
            exponents = (self.scale(f.args[0], e) for f, e in a.terms[0][0])
            return self.function("exp", (self.multiply(self._sum(exponents), b),))
        offset = next((c for t, c in b.terms if t == ONE), Fraction(0))
        if offset == 0 or offset != int(offset) or not -MOST_BITS < offset < MOST_BITS or not a.terms:
            return self._single(self._factor(function="power", args=(a, b)))
        rest = self.subtract(b, self.number(offset))
        whole = self._single(self._factor(function="power", args=(a, rest)))
        return self.multiply(whole, self.power(a, offset))

    def _plain(self, name: str, args: list[float], attrs: dict[str, Any]) -> Number | None:
        """-1, 0 or 1, where a function of such is one; what is nan or inf by itself is none in a product with 0."""
        op = registry[name]
        if not isinstance(op, Primitive) or op.template(attrs) is None:
            return None
        try:
            value = applied(op, args, attrs)
        except (ArithmeticError, ValueError):
            raise UnreadableError from None
        if not isfinite(value):
            raise UnreadableError
        simple = op.result != "bool" and value in _SIMPLE and all(arg in _SIMPLE for arg in args)
        return Fraction(value) if simple else None

    def parentheses(self, a: Formula) -> Formula:
        """A sum that stays together in a product."""
        return self._single(self.grouped(a))

    def _collect(self, pairs: Iterable[tuple[Term, Number]]) -> Formula:
        out: dict[Term, Number] = {}
        for term, coefficient in pairs:
            self.charge(1)
            out[term] = settled(out[term] + coefficient, zero=True) if term in out else coefficient
        return self._formula({t: c for t, c in out.items() if c != 0})

    def add(self, a: Formula, b: Formula) -> Formula:
        """The sum; a sum among its terms needs no parentheses."""
        return self._sum(self._out_of_parentheses(term, c) for term, c in [*a.terms, *b.terms])

    def subtract(self, a: Formula, b: Formula) -> Formula:
        """The difference."""
        return self.add(a, self.scale(b, Fraction(-1)))

    def scale(self, a: Formula, factor: Number) -> Formula:
        """The product with a number that is not 0."""
        return self._collect((t, settled(c * factor)) for t, c in a.terms)

    def multiply(self, a: Formula, b: Formula) -> Formula:
        """The product, multiplied out where it stays short."""
        if not a.terms or not b.terms:
            return self._zero
        most = MULTIPLIED_OUT if number_of(a) is None and number_of(b) is None else len(a.terms) + len(b.terms)
        if min(len(a.terms), len(b.terms)) == 1 and max(len(a.terms), len(b.terms)) <= most:
            return self._sum(self._product(s, t, settled(c * d)) for s, c in a.terms for t, d in b.terms)
        left, right = (part if len(part.terms) == 1 else self.parentheses(part) for part in (a, b))
        return self.multiply(left, right)

    def product(self, powers: Iterable[tuple[Factor, Number]], coefficient: Number) -> Formula:
        """The term of such powers, each factor at most once; a sum stays in its parentheses."""
        return self._formula({self._sorted({f: settled(e) for f, e in powers}): settled(coefficient)})

    def divide(self, a: Formula, b: Formula) -> Formula:
        """The quotient; a sum above a sum stays one."""
        if len(a.terms) > 1 and len(b.terms) > 1:
            a = self.parentheses(a)
        return self.multiply(a, self.power(b, Fraction(-1)))

    def power(self, a: Formula, exponent: Number) -> Formula:
        """A power known in advance; a root of a product is not taken apart, since x^2 has the root |x|."""
        if exponent == 0:
            return self.number(Fraction(1))
        if exponent == 1:
            return a
        whole = exponent == int(exponent)
        value = number_of(a)
        if value is not None and ((value < 0 and not whole) or (value == 0 and exponent < 0)):
            raise UnreadableError
        if isinstance(value, Fraction) and isinstance(exponent, Fraction) and not whole:
            root = _root(value, exponent.denominator)
            if root is not None:
                return self.power(self.number(root), Fraction(exponent.numerator))
        if value is None and len(a.terms) == 1 and isinstance(exponent, Fraction) and not whole:
            # A positive number may leave a root, whatever the rest is.
            ((term, size),) = a.terms
            root = _root(size, exponent.denominator) if isinstance(size, Fraction) and size != 1 else None
            if root is not None:
                rest = self.power(self._formula({term: Fraction(1)}), exponent)
                return self.multiply(self.power(self.number(root), Fraction(exponent.numerator)), rest)
        if not a.terms:
            return a
        if len(a.terms) == 1 and (whole or _positive(a)):
            ((term, coefficient),) = a.terms
            if not whole:
                return self._term([(f, settled(e * exponent)) for f, e in term], Fraction(1))
            raised = number_raised(coefficient, int(exponent))
            if raised is not None:
                return self._term([(f, settled(e * exponent)) for f, e in term], raised)
        factor = alone(a)
        return self._single(factor or self._factor(args=(a,)), exponent)

    def _term(self, powers: Iterable[tuple[Factor, Number]], coefficient: Number) -> Formula:
        term = tuple(sorted(powers, key=lambda pair: pair[0].serial))
        self.charge(len(term))
        return self._formula({term: coefficient})

    def _sum(self, parts: Iterable[Formula]) -> Formula:
        return self._collect(pair for part in parts for pair in part.terms)

    def _product(self, s: Term, t: Term, coefficient: Number) -> Formula:
        powers: dict[Factor, Number] = dict(s)
        for factor, exponent in t:
            powers[factor] = settled(powers[factor] + exponent, zero=True) if factor in powers else exponent
        return self._with_known_pairs({f: e for f, e in powers.items() if e != 0}, coefficient)

    def _with_known_pairs(self, powers: dict[Factor, Number], coefficient: Number) -> Formula:
        """The term, with sigmoid(u) sigmoid(-u) read as s (1 - s), u sign(u) as abs(u), abs(u)^2 as u^2."""
        for factor, exponent in powers.items():
            if factor.function in ("sign", "abs"):
                known = self._without_size(powers, factor, exponent)
                if known is not None:
                    return self.scale(known, coefficient)
            if factor.function == "sign" and exponent == 1:
                inner = alone(factor.args[0])
                if inner is not None and powers.get(inner, Fraction(0)) >= 1:
                    rest = {f: e for f, e in powers.items() if f is not factor}
                    rest[inner] = rest[inner] - 1
                    size = self._factor(function="abs", args=factor.args)
                    rest[size] = rest.get(size, Fraction(0)) + 1
                    return self._formula({self._sorted({f: e for f, e in rest.items() if e != 0}): coefficient})
            if factor.function != "sigmoid":
                continue
            (u,) = factor.args
            other = self._factor(function="sigmoid", args=(self.scale(u, Fraction(-1)),))
            if exponent == powers.get(other) and _leads_positive(u):
                rest = {f: e for f, e in powers.items() if f not in (factor, other)}
                opposite = self.subtract(self.number(Fraction(1)), self._single(factor))
                return self._term(
                    [*rest.items(), (factor, exponent), (self._factor(args=(opposite,)), exponent)], coefficient
                )
        return self._out_of_parentheses(self._sorted(powers), coefficient)

    def _without_size(self, powers: dict[Factor, Number], factor: Factor, exponent: Number) -> Formula | None:
        """abs(u)^2 as u^2, and sign(u)/abs(u) as 1/u; None where there is neither."""
        size = self._factor(function="abs", args=factor.args)
        sign = self._factor(function="sign", args=factor.args)
        power = powers.get(size, Fraction(0))
        odd = power % 2 == 1 and factor is sign and exponent == 1
        if not odd and not (factor is size and power % 2 == 0):
            return None
        rest = {f: e for f, e in powers.items() if f is not size and not (odd and f is sign)}
        return self.multiply(self._formula({self._sorted(rest): Fraction(1)}), self.power(factor.args[0], power))

    def _sorted(self, powers: dict[Factor, Number]) -> Term:
        self.charge(len(powers))
        return tuple(sorted(powers.items(), key=lambda pair: pair[0].serial))

    def _out_of_parentheses(self, term: Term, coefficient: Number) -> Formula:
        """A sum alone, to the first power, needs no parentheses."""
        if len(term) == 1:
            ((factor, exponent),) = term
            if exponent == 1 and not factor.name and not factor.function:
                return self.scale(factor.args[0], coefficient)
        return self._formula({term: coefficient})


def _in_order(a: Formula, b: Formula) -> tuple[Formula, Formula]:
    """Two arguments whose order is no matter, as they were met first."""
    first, second = (min((f.serial for term, _ in x.terms for f, _ in term), default=-1) for x in (a, b))
    return (a, b) if first <= second else (b, a)


def _positive(a: Formula) -> bool:
    """Whether a product is positive wherever it has a value: even roots, which only positive numbers have, and exp."""
    ((term, coefficient),) = a.terms
    return bool(term) and coefficient == 1 and all(_is_positive(f, e) for f, e in term)


def _is_log_of_positive(term: Term) -> bool:
    """Whether a term is the logarithm of a sum of positive terms, so that exp takes it back for all numbers."""
    if len(term) != 1 or term[0][0].function != "log" or term[0][1] != 1:
        return False
    inside = term[0][0].args[0].terms
    return bool(inside) and all(c > 0 and all(_is_positive(f, e) for f, e in t) for t, c in inside)


def _is_positive(factor: Factor, exponent: Number) -> bool:
    if not isinstance(exponent, Fraction):
        return False
    return factor.function in ("exp", "pi") or exponent.denominator % 2 == 0


def _root(value: Fraction, degree: int) -> Fraction | None:
    """The root of a positive fraction, where that is one."""
    if value <= 0:
        return None
    parts = [round(part ** (1 / degree)) if part.bit_length() < 50 else 0 for part in value.as_integer_ratio()]
    if any(r**degree != part for r, part in zip(parts, value.as_integer_ratio(), strict=True)):
        return None
    return Fraction(*parts)


def _leads_positive(a: Formula) -> bool:
    return sum(float(c) for _, c in a.terms) > 0


def number_raised(coefficient: Number, exponent: int) -> Number | None:
    """A power of a coefficient; None where it takes more digits than anybody reads, and might leave the floats."""
    if coefficient == 1 or abs(exponent) == 1:
        return coefficient**exponent
    if coefficient == -1:
        return coefficient if exponent % 2 else -coefficient
    if isinstance(coefficient, Fraction):
        bits = max(coefficient.numerator.bit_length(), coefficient.denominator.bit_length())
        return coefficient**exponent if bits * abs(exponent) <= MOST_BITS // 4 else None
    try:
        raised = coefficient**exponent
    except OverflowError:
        return None
    return raised if 1e-15 < abs(raised) < 1e15 else None
