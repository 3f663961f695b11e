"""A number known to within a radius, which calculates as a float does, and refuses what its radius leaves open."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import isfinite
from typing import Any

from flint import arb, fmpq, fmpz

from gradcli.core.ir.exact import Exact
from gradcli.core.ir.standing import as_typed, exact_parts


class UndecidedError(ArithmeticError):
    """A comparison, or a step, that more precision may decide."""


class Ball:
    """A midpoint and a radius, between which the number lies. Comparisons give what is certain, or raise."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __add__(self, other: object) -> Ball:
        return Ball(self.value + plain(other))

    def __radd__(self, other: object) -> Ball:
        return Ball(plain(other) + self.value)

    def __sub__(self, other: object) -> Ball:
        return Ball(self.value - plain(other))

    def __rsub__(self, other: object) -> Ball:
        return Ball(plain(other) - self.value)

    def __mul__(self, other: object) -> Ball:
        # Nothing is left of a product with 0: a zero that is exact has no radius.
        return Ball(self.value * self.value if other is self else self.value * plain(other))

    def __rmul__(self, other: object) -> Ball:
        return Ball(plain(other) * self.value)

    def __truediv__(self, other: object) -> Ball:
        return Ball(_quotient(self.value, plain(other)))

    def __rtruediv__(self, other: object) -> Ball:
        return Ball(_quotient(plain(other), self.value))

    def __floordiv__(self, other: object) -> Ball:
        if not plain(other).is_finite():
            # What is a little below 0 there is 0 for a ball.
            raise UndecidedError
        return floor(self / other)

    def __mod__(self, other: object) -> Ball:
        return self - (self // other) * other

    def __rmod__(self, other: object) -> Ball:
        return Ball(plain(other)) % self

    def __rfloordiv__(self, other: object) -> Ball:
        return Ball(plain(other)) // self

    def __pow__(self, exponent: object) -> Ball:
        return power(self, exponent)

    def __rpow__(self, base: object) -> Ball:
        return power(Ball(plain(base)), self)

    def __neg__(self) -> Ball:
        return Ball(-self.value)

    def __pos__(self) -> Ball:
        return self

    def __abs__(self) -> Ball:
        return Ball(abs(self.value))

    def __round__(self, digits: int | None = None) -> Ball:
        """To the nearest whole number, of two the even one."""
        half = self + 0.5
        below = floor(half)
        tie = half.value == below.value and half.value.is_exact()
        odd = tie and int(below.value.unique_fmpz()) % 2 == 1
        return below - 1 if odd else below

    def __lt__(self, other: object) -> bool:
        return self._decided(self.value < plain(other), self.value >= plain(other))

    def __le__(self, other: object) -> bool:
        return self._decided(self.value <= plain(other), self.value > plain(other))

    def __gt__(self, other: object) -> bool:
        return self._decided(self.value > plain(other), self.value <= plain(other))

    def __ge__(self, other: object) -> bool:
        return self._decided(self.value >= plain(other), self.value < plain(other))

    def __eq__(self, other: object) -> bool:
        if other is self:
            return not self.value.is_nan()
        to = plain(other)
        same = bool(self.value.is_exact() and to.is_exact() and self.value == to)
        return self._decided(same, not self.value.overlaps(to))

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return id(self)

    def __bool__(self) -> bool:
        return self != 0

    def _decided(self, yes: bool, no: bool) -> bool:
        if yes or no:
            return yes
        raise UndecidedError


def plain(value: object) -> Any:
    """A number as an arb; a float is the number that it is."""
    if isinstance(value, Ball):
        return value.value
    if isinstance(value, Fraction):
        return arb(fmpq(value.numerator, value.denominator))
    if isinstance(value, (bool, int)):
        return arb(fmpz(int(value)))
    assert isinstance(value, float)
    if isfinite(value):
        return arb(value)
    # Made of a float, an infinite midpoint is every number.
    return arb.nan() if value != value else arb.pos_inf() if value > 0 else arb.neg_inf()


def ball_of(value: bool | int | float) -> Any:
    """A constant of a graph: as it was typed, or as a rule of a derivative means it; bools stay bools.

    A float without a short name is the number that it is.
    """
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return Ball(plain(value))
    if not isfinite(value):
        return Ball(plain(float(value)))
    if isinstance(value, Exact):
        found = plain(value.fraction)
        if value.pi:
            found = found * arb.pi() ** value.pi
        if value.e:
            found = found * arb.const_e() ** value.e
        return Ball(found)
    parts = exact_parts(value)
    if parts is None:
        return Ball(arb(value))
    fraction, name, exponent = parts
    found = plain(fraction)
    return Ball(found if name is None else found * _NAMED[name]() ** plain(exponent))


# What the formulas know by name, too.
_NAMED: dict[str, Callable[[], Any]] = {
    "log 2": lambda: arb(2).log(),
    "log 10": lambda: arb(10).log(),
    "number 2": lambda: arb(2),
    "number 3": lambda: arb(3),
    "number pi": arb.pi,
    "exp 1": arb.const_e,
}


def _quotient(a: Any, b: Any) -> Any:
    if b.contains(0) and not (b.is_exact() and b == 0):
        raise UndecidedError
    return a / b


def floor(x: Ball) -> Ball:
    """The largest whole number that is not above."""
    found = x.value.floor()
    if found.unique_fmpz() is None:
        raise UndecidedError
    return Ball(found)


def power(base: Ball, exponent: object) -> Ball:
    """base^exponent; a float exponent is the fraction that it stands for."""
    if isinstance(exponent, float):
        typed, less = as_typed(exponent)
        parts = exact_parts(typed)
        if parts is not None and parts[1] is None:
            exponent = parts[0] - less
        elif less:
            exponent = ball_of(typed) - less
    if isinstance(exponent, Fraction) and exponent.denominator == 1:
        return Ball(base.value ** int(exponent))
    if isinstance(exponent, Fraction) and exponent.denominator == 2:
        return Ball(base.value.sqrt() ** exponent.numerator)
    to = plain(exponent)
    whole = to.unique_fmpz() if to.is_exact() else None
    if whole is not None:
        return Ball(base.value ** int(whole))
    if base.value.is_exact() and base.value == 0:
        if to > 0:
            return Ball(arb(0))
        raise UndecidedError
    return Ball(base.value**to)
