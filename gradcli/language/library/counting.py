"""Factorials, binomial coefficients and divisors: exact ints of ints, smooth functions of all other numbers."""

from __future__ import annotations

import math
from functools import reduce
from typing import TypeGuard

from gradcli.core.ir.nodes import Node
from gradcli.core.ir.promotion import real
from gradcli.core.primitives import special
from gradcli.core.primitives.elementwise import reciprocal
from gradcli.language.calls.announce import Call, builtin
from gradcli.language.calls.operations import binary
from gradcli.language.text.diagnostics import fail
from gradcli.language.text.integers import LARGEST_INT_BITS, _too_long, checked
from gradcli.language.values.convert import to_int, to_node
from gradcli.language.values.describe import describe
from gradcli.language.values.numbers import is_number
from gradcli.language.values.values import Value

# Up to so many items chosen, a coefficient is the polynomial that it is.
LONGEST_PRODUCT = 64


def _is_int(value: Value) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


@builtin("1*2*...*n; of other numbers gamma(n + 1)", example="factorial(5), 5!, factorial(0.5)")
def factorial(call: Call, n: Value) -> Value:
    """An int of an int."""
    if is_number(n) and n < 0 and (isinstance(n, int) or n.is_integer()):
        raise fail(
            "value",
            f"the factorial of {int(n)} is not defined",
            call.span,
            "it is of 0, 1, 2, ..., and of numbers between negative whole ones",
        )
    if _is_int(n):
        if n > LARGEST_INT_BITS:
            raise _too_long()
        return checked(math.factorial(n))
    return _gamma(_plus(call, n, 1))


@builtin("how many ways there are to choose k of n; of other numbers by the gamma function", example="binomial(5, 2)")
def binomial(call: Call, n: Value, k: Value) -> Value:
    """An int of ints, of negative n too: n(n - 1)...(n - k + 1)/k!, and 0 where k is negative (DLMF 1.2.6, 26.3)."""
    if _is_int(n) and _is_int(k):
        if k < 0:
            return 0
        if n < 0:
            return -_chosen(k - n - 1, k) if k % 2 else _chosen(k - n - 1, k)
        return _chosen(n, k)
    if _is_int(k) and k <= LONGEST_PRODUCT:
        return binary(call.caller, "/", _falling(call, n, k), math.factorial(max(k, 0)), call.span)
    if is_number(n) and is_number(k) and (n - k) % 1 == 0 and 0 <= n - k <= LONGEST_PRODUCT:
        # As many ways as there are to leave the others.
        return binomial(call, n, int(n - k))
    above, below = _plus(call, n, 1), _plus(call, k, 1)
    rest = _plus(call, binary(call.caller, "-", n, k, call.span), 1)
    ways: Node = reciprocal(above * special.beta(rest, below))
    return ways


def _chosen(n: int, k: int) -> int | float:
    k = min(k, n - k)
    # The coefficient is at least (n/k)^k.
    if k > 0 and k * ((n // k).bit_length() - 1) > LARGEST_INT_BITS:
        raise _too_long()
    return checked(math.comb(n, k)) if k >= 0 else 0


@builtin("how many ways there are to line up k of n; of other numbers by the gamma function", example="perm(5, 2)")
def perm(call: Call, n: Value, k: Value) -> Value:
    """An int of ints: n(n - 1)...(n - k + 1), and 0 where k is negative."""
    if _is_int(n) and _is_int(k):
        if k < 0 or 0 <= n < k:
            return 0
        least = min(abs(n), abs(n - k + 1))
        if k > LARGEST_INT_BITS or k * (least.bit_length() - 1) > LARGEST_INT_BITS:
            raise _too_long()
        lined_up = math.perm(n if n >= 0 else k - n - 1, k)
        return checked(-lined_up if n < 0 and k % 2 else lined_up)
    if _is_int(k) and k <= LONGEST_PRODUCT:
        return _falling(call, n, k)
    above, rest = _plus(call, n, 1), _plus(call, binary(call.caller, "-", n, k, call.span), 1)
    return _gamma(above) / _gamma(rest)


def _falling(call: Call, n: Value, k: int) -> Value:
    """n(n - 1)...(n - k + 1)."""
    if k <= 0:
        return binary(call.caller, "+", binary(call.caller, "*", n, 0, call.span), 1 if k == 0 else 0, call.span)
    factors = [n if i == 0 else binary(call.caller, "-", n, i, call.span) for i in range(k)]
    return reduce(lambda a, b: binary(call.caller, "*", a, b, call.span), factors)


def _gamma(x: Node) -> Node:
    return special.gamma(x)


def _plus(call: Call, x: Value, n: int) -> Node:
    moved = binary(call.caller, "+", x, n, call.span)
    return real(to_node(moved, call.caller.dtype, call.span))


@builtin("the greatest common divisor of ints", example="gcd(12, 18)")
def gcd(call: Call, *numbers: Value) -> int:
    """An int."""
    return math.gcd(*_ints(call, "gcd", numbers))


@builtin("the least common multiple of ints", example="lcm(4, 6)")
def lcm(call: Call, *numbers: Value) -> int:
    """An int."""
    least = 1
    for number in _ints(call, "lcm", numbers):
        least = math.lcm(least, number)
        checked(least)
    return least


def _ints(call: Call, name: str, numbers: tuple[Value, ...]) -> list[int]:
    if len(numbers) == 1 and isinstance(numbers[0], tuple):
        numbers = numbers[0]
    if len(numbers) < 2:
        shown = describe(numbers[0]) if numbers else "none"
        raise fail("type", f"`{name}` takes two whole numbers or more, and here is {shown}", call.span)
    return [to_int(v, call.span, f"each number of `{name}`") for v in numbers]
