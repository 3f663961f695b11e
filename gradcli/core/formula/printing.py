"""Formulas as text, in the language's own syntax."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum
from fractions import Fraction
from math import inf
from types import MappingProxyType
from typing import Any, TypeAlias

from gradcli.core.formula.algebra import Factor, Formula, Number, Term, TooLongError, UnreadableError, number_of
from gradcli.core.ir.nodes import registry
from gradcli.core.ir.primitive import Primitive


class Binding(IntEnum):
    """How strongly the outermost operator of a text binds, loosest first, as in the grammar."""

    OR = 1
    AND = 2
    NOT = 3
    COMPARISON = 4
    SUM = 5
    PRODUCT = 6
    SIGN = 7
    POWER = 8
    ATOM = 9


# A text and what binds it together.
Bound: TypeAlias = "tuple[str, Binding]"

_COMPARISONS = {
    "greater": ">",
    "less": "<",
    "greater_equal": ">=",
    "less_equal": "<=",
    "equal": "==",
    "not_equal": "!=",
}

# The operator, how strongly it binds, and how strongly its operands must: what binds less goes into parentheses.
INFIX: Mapping[str, tuple[str, Binding, Binding, Binding]] = {
    **{name: (f" {symbol} ", Binding.COMPARISON, Binding.SUM, Binding.SUM) for name, symbol in _COMPARISONS.items()},
    "logical_or": (" or ", Binding.OR, Binding.OR, Binding.AND),
    "logical_and": (" and ", Binding.AND, Binding.AND, Binding.NOT),
    "remainder": (" % ", Binding.PRODUCT, Binding.PRODUCT, Binding.SIGN),
    "floor_divide": (" // ", Binding.PRODUCT, Binding.PRODUCT, Binding.SIGN),
    "power": ("^", Binding.POWER, Binding.ATOM, Binding.ATOM),
}

# How functions with an attribute are called.
_WITH_ATTRIBUTE: Mapping[str, Callable[[Any, str], str | None]] = {
    "sinc": lambda order, x: f"sinc({x})" if order == 0 else None,
    "root": lambda order, x: f"root({x}, {order})" if order != 3 else f"cbrt({x})",
    "polygamma": lambda order, x: f"polygamma({order}, {x})" if order else f"digamma({x})",
    "besselj": lambda order, x: f"besselj({_signed(order)}, {x})",
    "bessely": lambda order, x: f"bessely({_signed(order)}, {x})",
    "besselk": lambda order, x: f"besselk({_signed(order)}, {x})",
    "besseli": lambda order, x: f"i{order:g}({x})" if order in (0, 1) else f"besseli({_signed(order)}, {x})",
    "besseli_scaled": lambda order, x: f"i{order:g}e({x})" if order in (0, 1) else None,
    "round": lambda decimals, x: f"round({x}, {decimals})" if decimals else f"round({x})",
}


def _signed(value: float) -> str:
    return f"-{number_text(-value)}" if value < 0 else number_text(value)


def number_text(value: float) -> str:
    """A number without a sign, as the language reads it."""
    if value == int(value) and abs(value) < 10**15:
        return str(int(value))
    return repr(float(value))


def call_text(function: str, attrs: Mapping[str, Any], args: str, spellings: Mapping[str, str]) -> str:
    """A primitive applied to arguments that are written already.

    Raises:
        UnreadableError: where the language has no name for it.
    """
    if attrs:
        call = _WITH_ATTRIBUTE.get(function)
        text = call(next(iter(attrs.values())), args) if call is not None and len(attrs) == 1 else None
    else:
        op = registry[function]
        spelled = spellings.get(function) or (op.names[0] if isinstance(op, Primitive) and op.names else None)
        text = f"{spelled}({args})" if spelled else None
    if text is None:
        raise UnreadableError(f"the language has no name for a derivative of {function}")
    return text


# What variables begin with that stand behind others in a product.
_UNKNOWNS = frozenset("tuvwxyz")


class Printer:
    """Writes formulas, each part once.

    `arranged` gives what is written for an argument of a function. `spellings` are other names of primitives, such as
    {"log": "ln"}, and "e^" for exp; `taken` are the names of variables, in the order
    in which they stand in a product. `names` are those of factors that are
    defined beside the text. Methods raise UnreadableError for what can't be written, TooLongError for what is longer
    than `longest`.
    """

    def __init__(
        self,
        arranged: Callable[[Formula], Formula] | None = None,
        spellings: Mapping[str, str] = MappingProxyType({}),
        taken: Sequence[str] = (),
        longest: float = inf,
    ) -> None:
        self.arranged = arranged or (lambda formula: formula)
        self._longest = longest
        self.names: dict[Factor, str] = {}
        # Whether fractions are written with a point, and denominators that were typed without.
        self.decimal, self.denominators = False, frozenset((1,))
        self._spellings, self._has_e = spellings, "e" not in taken
        self._places = {name: place for place, name in enumerate(taken)}
        self._sums: dict[Formula, Bound] = {}
        self._factors: dict[Factor, Bound] = {}

    def text(self, formula: Formula) -> str:
        """The formula in the language's syntax."""
        return self._sum(formula)[0]

    def forget(self) -> None:
        """Write all anew, since names have changed."""
        self._sums.clear()
        self._factors.clear()

    def definition(self, factor: Factor) -> str:
        """What a factor with a name is."""
        return self._of_factor(factor)[0] if factor.function else self.text(factor.args[0])

    def _argument(self, formula: Formula) -> Bound:
        return self._sum(self.arranged(formula))

    def _sum(self, formula: Formula) -> Bound:
        if formula not in self._sums:
            self._sums[formula] = self._kept(self._of_terms(formula))
        return self._sums[formula]

    def _kept(self, bound: Bound) -> Bound:
        """What is longer inside is longer as a whole, and may double with each part that it is in."""
        if len(bound[0]) > self._longest:
            raise TooLongError
        return bound

    def _of_terms(self, formula: Formula) -> Bound:
        ordered = sorted(formula.terms, key=self._rank)
        if not ordered:
            return "0", Binding.ATOM
        first = next((i for i, (_, c) in enumerate(ordered) if c > 0), 0)
        ordered.insert(0, ordered.pop(first))
        if len(ordered) == 1:
            return self._term(*ordered[0])
        text = within(self._term(*ordered[0]), Binding.SUM)
        for term, coefficient in ordered[1:]:
            negative = coefficient < 0
            size = self._term(term, -coefficient if negative else coefficient)
            text += f" {'-' if negative else '+'} {within(size, Binding.PRODUCT)}"
        return text, Binding.SUM

    def _rank(self, pair: tuple[Term, Number]) -> tuple[float, list[tuple[int, int, str]], list[float]]:
        """Higher degrees first, then variables before functions, then as they were met."""
        powers = sorted(pair[0], key=self._factor_rank)
        ranks = [self._factor_rank(power) for power in powers]
        return (-sum(float(e) for _, e in powers), ranks, [-float(e) for _, e in powers])

    def _term(self, term: Term, coefficient: Number) -> Bound:
        powers = sorted(term, key=self._factor_rank)
        above = [self._power(f, e) for f, e in powers if e > 0]
        below = [self._power(f, -e) for f, e in powers if e < 0]
        size = -coefficient if coefficient < 0 else coefficient
        top, bottom = self._fraction(size)
        if top == bottom == 1 and not above and len(below) == 1:
            power = self._reciprocal(*powers[0])
            if power is not None:
                return power if coefficient > 0 else (f"-{power[0]}", Binding.SIGN)
        if top != 1 or not above:
            above.insert(0, (number_text(top), Binding.ATOM))
        if bottom != 1:
            below.insert(0, (number_text(bottom), Binding.ATOM))
        if coefficient > 0 and not below:
            return _product(above)
        # A sign in front of a product is that of its first factor, which comes to the same.
        text = ("-" if coefficient < 0 else "") + "*".join(within(factor, Binding.SIGN) for factor in above)
        if below:
            return f"{text}/{within(_product(below), Binding.SIGN)}", Binding.PRODUCT
        return text, Binding.PRODUCT if len(above) > 1 else Binding.SIGN

    def _fraction(self, size: Number) -> tuple[float, int]:
        """Above and below the line; a number that was typed with a point stays so."""
        if not isinstance(size, Fraction):
            return size, 1
        if self.decimal and not any(n % size.denominator == 0 for n in self.denominators):
            decimal = float(size)
            if Fraction(repr(decimal)) == size:
                return decimal, 1
        return size.numerator, size.denominator

    def _reciprocal(self, factor: Factor, exponent: Number) -> Bound | None:
        """1/u^(3/2) as u^(-3/2)."""
        if not isinstance(exponent, Fraction) or exponent.denominator in (1, -exponent.numerator * 2):
            return None
        base = within(self._factor(factor), Binding.ATOM)
        return f"{base}^({exponent.numerator}/{exponent.denominator})", Binding.POWER

    def _kind(self, factor: Factor) -> int:
        """Numbers first, then variables, powers, polynomials, exponentials, functions, and sums of functions."""
        if factor.name or factor.function == "power":
            return 1 if factor.name else 2
        if factor.function:
            named = factor.function == "pi" or (factor.function == "exp" and number_of(factor.args[0]) is not None)
            return 0 if named else 4 if factor.function == "exp" else 5
        return 0 if len(factor.args[0].terms) == 1 else 3 if factor.depth == 2 else 6

    def _factor_rank(self, pair: tuple[Factor, Number]) -> tuple[int, int, str]:
        factor, _ = pair
        kind = self._kind(factor)
        if not factor.name:
            return kind, factor.serial, ""
        # As on paper: m*g*h as it is typed, and x, y, z behind them in the order of the alphabet.
        place = len(self._places) if factor.name[0] in _UNKNOWNS else self._places.get(factor.name, -1)
        return kind, place, factor.name

    def _power(self, factor: Factor, exponent: Number) -> Bound:
        bound = self._factor(factor)
        if exponent == Fraction(1, 2):
            plain = factor.name or factor.function or factor in self.names
            return f"sqrt({bound[0] if plain else self.text(factor.args[0])})", Binding.ATOM
        if exponent == 1:
            return bound
        base = within(bound, Binding.ATOM)
        if isinstance(exponent, Fraction) and exponent.denominator > 1:
            return f"{base}^({exponent.numerator}/{exponent.denominator})", Binding.POWER
        return f"{base}^{number_text(float(exponent))}", Binding.POWER

    def _factor(self, factor: Factor) -> Bound:
        if factor not in self._factors:
            named = self.names.get(factor)
            self._factors[factor] = self._kept(self._of_factor(factor)) if named is None else (named, Binding.ATOM)
        return self._factors[factor]

    def _of_factor(self, factor: Factor) -> Bound:
        if factor.name:
            return factor.name, Binding.ATOM
        if not factor.function:
            return f"({self.text(factor.args[0])})", Binding.ATOM
        if factor.function == "pi":
            return "pi", Binding.ATOM
        if factor.function == "exp":
            return self._exponential(factor.args[0])
        if factor.function in INFIX:
            symbol, binding, *needed = INFIX[factor.function]
            left, right = (within(self._argument(arg), need) for arg, need in zip(factor.args, needed, strict=True))
            return f"{left}{symbol}{right}", binding
        if factor.function == "logical_not":
            return f"not {within(self._argument(factor.args[0]), Binding.NOT)}", Binding.NOT
        args = ", ".join(self._argument(arg)[0] for arg in factor.args)
        return call_text(factor.function, dict(factor.attrs), args, self._spellings), Binding.ATOM

    def _exponential(self, exponent: Formula) -> Bound:
        """As exp(...), or as a power of e; e itself is a number with a name, where no variable has it."""
        value = number_of(exponent)
        bound = self._argument(exponent)
        if self._has_e and value == 1:
            return "e", Binding.ATOM
        if self._has_e and (self._spellings.get("exp") == "e^" or value == 2):
            return f"e^{within(bound, Binding.ATOM)}", Binding.POWER
        return f"exp({bound[0]})", Binding.ATOM


def within(bound: Bound, needed: Binding) -> str:
    """A text where something that binds so strongly is needed."""
    text, binding = bound
    return text if binding >= needed else f"({text})"


def _product(factors: list[Bound]) -> Bound:
    if len(factors) == 1:
        return factors[0]
    return "*".join(within(factor, Binding.SIGN) for factor in factors), Binding.PRODUCT
