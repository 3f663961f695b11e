"""What the templates of the table call, on balls: Python's math, and its names that compare."""

from __future__ import annotations

from collections.abc import Callable
from math import inf, nan
from typing import Any

from flint import arb

from gradcli.core.engines.balls.ball import Ball, UndecidedError, floor, plain, power


def _method(name: str) -> Callable[[object], Ball]:
    """The method of a ball of this name."""

    def apply(x: object) -> Ball:
        return Ball(getattr(plain(x), name)())

    return apply


class Math:
    """Python's math on balls."""

    exp, expm1, log, log1p, sqrt = map(_method, ("exp", "expm1", "log", "log1p", "sqrt"))
    sin, cos, tan, asin, acos, atan = map(_method, ("sin", "cos", "tan", "asin", "acos", "atan"))
    sinh, cosh, tanh, asinh, acosh, atanh = map(_method, ("sinh", "cosh", "tanh", "asinh", "acosh", "atanh"))
    erf, erfc, gamma = map(_method, ("erf", "erfc", "gamma"))

    @staticmethod
    def lgamma(x: object) -> Ball:
        """log(abs(gamma(x)))."""
        value = plain(x)
        return Ball(value.lgamma() if value > 0 else abs(value.gamma()).log())

    @staticmethod
    def exp2(x: object) -> Ball:
        """2^x."""
        return Ball(arb(2) ** plain(x))

    @staticmethod
    def log2(x: object) -> Ball:
        """log(x)/log(2)."""
        return Ball(plain(x).log() / arb(2).log())

    @staticmethod
    def log10(x: object) -> Ball:
        """log(x)/log(10)."""
        return Ball(plain(x).log() / arb(10).log())

    @staticmethod
    def cbrt(x: object) -> Ball:
        """The real cube root, of either sign."""
        value = plain(x)
        return Ball(value.root(3)) if Ball(value) >= 0 else Ball(-(-value).root(3))

    @staticmethod
    def hypot(x: object, y: object) -> Ball:
        """sqrt(x^2 + y^2)."""
        a, b = plain(x), plain(y)
        return Ball((a * a + b * b).sqrt())

    @staticmethod
    def atan2(y: object, x: object) -> Ball:
        """The angle of a point; undecided on the cut, where the sign of a zero tells, which balls don't have."""
        if plain(y) == 0 and not plain(x) > 0:
            raise UndecidedError
        return Ball(arb.atan2(plain(y), plain(x)))

    @staticmethod
    def pow(x: object, exponent: object) -> Ball:
        """x^exponent."""
        return power(Ball(plain(x)), exponent)

    @staticmethod
    def floor(x: object) -> Ball:
        """The largest whole number that is not above."""
        return floor(Ball(plain(x)))

    @staticmethod
    def ceil(x: object) -> Ball:
        """The smallest whole number that is not below."""
        return -floor(-Ball(plain(x)))

    @staticmethod
    def copysign(x: object, sign: object) -> Ball:
        """The size of x with the other's sign; there is one zero only."""
        size = Ball(abs(plain(x)))
        return size if Ball(plain(sign)) >= 0 else -size


def _greatest(*values: object) -> Ball:
    found = plain(values[0])
    for value in values[1:]:
        found = found.max(plain(value))
    return Ball(found)


def _least(*values: object) -> Ball:
    found = plain(values[0])
    for value in values[1:]:
        found = found.min(plain(value))
    return Ball(found)


def _bool(value: object) -> bool:
    return bool(value)


SCOPE: dict[str, Any] = {"math": Math, "inf": inf, "nan": nan, "max": _greatest, "min": _least, "bool": _bool}
