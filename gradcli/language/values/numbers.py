"""Arithmetic on plain numbers: ints are exact, floats follow IEEE 754 and never raise."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from fractions import Fraction
from typing import TypeGuard

from gradcli.core.ir.dtypes import as_float
from gradcli.core.ir.exact import Exact, calculated
from gradcli.language.text.integers import LARGEST_INT_BITS, _too_long, checked

Number = int | float


def is_number(value: object) -> TypeGuard[Number]:
    """Whether a value is a plain number; true and false are none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_euler(value: object) -> bool:
    """Whether a value is the number e, whose powers are those of exp."""
    return isinstance(value, Exact) and value.fraction == 1 and not value.pi and value.e == 1


def spelled(number: float) -> str:
    """A float with every digit, a whole one without a point."""
    return repr(float(number)).removesuffix(".0")


def calculate(symbol: str, a: Number, b: Number, keep: bool = True) -> Number | None:
    """`a symbol b`, or None where the symbol isn't arithmetic; fractions stay exact if they are to be kept.

    Raises:
        CoreError: for an int of more digits than are kept.
    """
    function = _OPERATIONS.get(symbol)
    if function is None:
        return None
    if symbol in "+-*" and isinstance(a, int) and isinstance(b, int):
        return checked(int(function(a, b)))
    whole = isinstance(a, int) and isinstance(b, int) and symbol in ("//", "%")
    exact = None if whole or not keep else calculated(symbol, a, b)
    if exact is not None and not (isinstance(a, int) and isinstance(b, int) and symbol == "^" and b >= 0):
        return exact
    try:
        result = function(a, b)
    except OverflowError:
        result = _power_beyond(a, b) if symbol == "^" else _beyond(function, a, b)
    return checked(result)


def _power(a: Number, b: Number) -> Number:
    if is_euler(a):
        return _exp(b)
    if isinstance(a, int) and isinstance(b, int) and b >= 0:
        if abs(a) > 1 and b * (a.bit_length() - 1) > LARGEST_INT_BITS:
            raise _too_long()
        return int(a**b)
    try:
        return math.pow(a, b)
    except ValueError:
        if a != 0:
            return math.nan
        return math.copysign(math.inf, a) if _is_odd(b) else math.inf


def _exp(b: Number) -> float:
    try:
        return math.exp(b)
    except OverflowError:
        return math.inf


def _is_odd(b: Number) -> bool:
    return b % 2 == 1


def _divide(a: Number, b: Number) -> Number:
    if b != 0:
        return a / b
    return math.nan if a == 0 or a != a else math.copysign(math.inf, a) * math.copysign(1.0, b)


def _floor_divide(a: Number, b: Number) -> Number:
    return a // b if b != 0 else _divide(a, b)


def _remainder(a: Number, b: Number) -> Number:
    return a % b if b != 0 else math.nan


def _beyond(function: Callable[[Number, Number], Number], a: Number, b: Number) -> float:
    """What a float can't hold on the way, it may hold at the end: computed exactly, then rounded once."""
    if not (isinstance(a, int) or math.isfinite(a)) or not (isinstance(b, int) or math.isfinite(b)):
        # Beside an infinity or nan, any other number is as good as the largest.
        result = float(function(_held(a), _held(b)))
        return math.copysign(math.inf, result) if abs(result) == _LARGEST else result
    exact = function(Fraction(a), Fraction(b))  # type: ignore[arg-type]
    return as_float(exact)


_LARGEST = 1.7976931348623157e308


def _held(a: Number) -> float:
    held = as_float(a)
    return math.copysign(_LARGEST, held) if isinstance(a, int) and math.isinf(held) else held


def _power_beyond(a: Number, b: Number) -> float:
    """A power whose base or exponent is an int beyond float64, or whose result is."""
    sign = -1.0 if a < 0 and _is_odd(b) else 1.0
    if a < 0 and b % 1 != 0:
        return math.nan
    exponent = as_float(b)
    if math.isinf(as_float(a)) and isinstance(a, int) and math.isfinite(exponent):
        # a = m 2^e, so a^b = m^b 2^(e b), with an e for which e b is whole where b is a simple fraction.
        e = a.bit_length()
        e += -e % Fraction(exponent).denominator if Fraction(exponent).denominator <= 16 else 0
        whole, part = divmod(Fraction(e) * Fraction(exponent), 1)
        mantissa = float(Fraction(abs(a), 2**e)) ** exponent * 2.0 ** float(part)
        try:
            return sign * math.ldexp(mantissa, int(whole))
        except OverflowError:
            return sign * math.inf
    size = abs(a)
    if size == 1:
        return sign
    return sign * (math.inf if (size > 1) == (b > 0) else 0.0)


_OPERATIONS: dict[str, Callable[[Number, Number], Number]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divide,
    "//": _floor_divide,
    "%": _remainder,
    "^": _power,
}
