"""Arithmetic on plain numbers: ints are exact, floats follow IEEE 754 and never raise."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable

Number = int | float


class Euler(float):
    """The number e: a float wherever it is one of several numbers, and itself as the base of a power."""

    __slots__ = ()


EULER = Euler(math.e)

# Past this many bits an int is shown by nobody and only slows the machine; it goes on as a float.
LARGEST_INT_BITS = 4096


def calculate(symbol: str, a: Number, b: Number) -> Number | None:
    """`a symbol b`, or None where the symbol isn't arithmetic."""
    function = _OPERATIONS.get(symbol)
    if function is None:
        return None
    try:
        result = function(a, b)
    except OverflowError:
        return _by_ieee(symbol, a, b)
    if isinstance(result, int) and result.bit_length() > LARGEST_INT_BITS:
        return math.inf if result > 0 else -math.inf
    return result


def _power(a: Number, b: Number) -> Number:
    if isinstance(a, Euler):
        return math.exp(b)
    if isinstance(a, int) and isinstance(b, int) and b >= 0:
        if abs(a) > 1 and b * a.bit_length() > 2 * LARGEST_INT_BITS:
            raise OverflowError
        return int(a**b)
    try:
        return math.pow(a, b)
    except ValueError:
        return math.inf if a == 0 else math.nan


def _divide(a: Number, b: Number) -> Number:
    if b != 0:
        return a / b
    return math.nan if a == 0 or a != a else math.copysign(math.inf, a) * math.copysign(1.0, b)


def _floor_divide(a: Number, b: Number) -> Number:
    return a // b if b != 0 else _divide(a, b)


def _remainder(a: Number, b: Number) -> Number:
    return a % b if b != 0 else math.nan


def _by_ieee(symbol: str, a: Number, b: Number) -> float:
    negative = a < 0 and (b % 2 == 1 if symbol == "^" else True)
    if symbol == "^" and (b < 0 or abs(a) < 1):
        return 0.0
    return -math.inf if negative else math.inf


_OPERATIONS: dict[str, Callable[[Number, Number], Number]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divide,
    "//": _floor_divide,
    "%": _remainder,
    "^": _power,
}
