"""Logarithms to any base and roots of any order: exact where plain numbers have an exact answer."""

from __future__ import annotations

import math
from decimal import Context, Decimal
from fractions import Fraction

from gradcli.core.ir.exact import Exact, as_exact
from gradcli.core.ir.nodes import Node
from gradcli.core.ir.promotion import real
from gradcli.core.primitives import comparisons as cmp
from gradcli.core.primitives import elementwise as ew
from gradcli.core.primitives.roots import log_to_base, nth_root
from gradcli.core.primitives.selection import select
from gradcli.language.calculus.equations import root_near
from gradcli.language.calls.announce import Call, builtin
from gradcli.language.calls.operations import binary
from gradcli.language.text.diagnostics import fail
from gradcli.language.values.convert import known_value, to_node
from gradcli.language.values.numbers import Number, calculate, is_euler, is_number
from gradcli.language.values.values import Function, Value

# Far more digits than a float has, of which a division leaves enough.
_DIGITS = Context(prec=60)
# Powers are compared to tell whether a logarithm or a root is exact, as long as they have no more bits.
MOST_BITS = 20_000


@builtin("natural logarithm, or that to base b", of_tensor=ew.log, example="log(e), log(8, 2), log'(2)")
def log(call: Call, x: Value, b: Value = None) -> Value:
    """A plain number where both are plain, right to the last digit."""
    if b is None or is_euler(b):
        return ew.log(to_node(x, call.caller.dtype, call.span))
    if is_number(x) and is_number(b):
        plain = _logarithm(x, b)
        if plain is not None:
            return plain
    if is_number(b) and b in (2, 10):
        node = to_node(x, call.caller.dtype, call.span)
        return ew.log2(node) if b == 2 else ew.log10(node)
    # A plain number goes in as it is, so that it takes the type of the tensor that it meets.
    nodes = [v if is_number(v) else to_node(v, call.caller.dtype, call.span) for v in (x, b)]
    return log_to_base(*nodes)


def _logarithm(x: Number, b: Number) -> Number | None:
    """log(x)/log(b), rounded once; None where there is none, or an infinite one."""
    if not (0 < x < math.inf and 0 < b < math.inf) or b == 1:
        return None
    quotient = _DIGITS.divide(_decimal(x).ln(_DIGITS), _decimal(b).ln(_DIGITS))
    guess = Fraction(float(quotient)).limit_denominator(64)
    of_x, of_b = _fraction(x), _fraction(b)
    if of_x is None or of_b is None or not _is_power(of_x, of_b, guess):
        return float(quotient)
    return guess.numerator if guess.denominator == 1 else Exact(guess)


def _is_power(x: Fraction, b: Fraction, exponent: Fraction) -> bool:
    above, below = exponent.numerator, exponent.denominator
    return _short(x, below) and _short(b, above) and x**below == b**above


def _decimal(x: Number) -> Decimal:
    exact = _fraction(x)
    if exact is None:
        return Decimal(float(x))
    return _DIGITS.divide(Decimal(exact.numerator), Decimal(exact.denominator))


def _fraction(x: Number) -> Fraction | None:
    """What a plain number is exactly, unless a part of it is a power of π or e."""
    if isinstance(x, int):
        return Fraction(x)
    exact = as_exact(x)
    if exact is not None:
        return exact.fraction if exact.rational else None
    return Fraction(x) if math.isfinite(x) else None


def _short(x: Fraction, power: int) -> bool:
    return max(x.numerator.bit_length(), x.denominator.bit_length()) * abs(power) <= MOST_BITS


@builtin(
    "the real n-th root of x, of a negative x too where n is odd; of a function, where it is 0 near n, as solve",
    example="root(27, 3), root(-8, 3)\nroot(x -> [x[0]^2 - 2, x[0]*x[1] - 1], [1, 1])",
)
def root(call: Call, x: Value, n: Value = 2) -> Value:
    """A plain number where it is exact."""
    if isinstance(x, Function):
        return root_near(call, x, n, "root")
    if isinstance(n, Node) and not call.caller.in_derivative:
        # Of a whole order that is known a root is right to the last digit.
        known = known_value(n, "the order of a root")
        n = known if is_number(known) else n
    if not is_number(n):
        return _root_of_any_order(call, x, to_node(n, call.caller.dtype, call.span))
    if n == 0:
        raise fail("value", "there is no root of order 0", call.span, "the order is 2, 3, ..., or another number")
    if isinstance(n, float) and not n.is_integer():
        return binary(call.caller, "^", x, calculate("/", 1, n), call.span)
    order = int(n)
    if is_number(x):
        exact = _exact_root(x, order)
        if exact is not None:
            return exact
    node = real(to_node(x, call.caller.dtype, call.span))
    found = _root(node, abs(order))
    return found if order > 0 else ew.reciprocal(found)


def _root(x: Node, order: int) -> Node:
    return (x, ew.sqrt(x))[order - 1] if order <= 2 else nth_root(x, order=order)


def _root_of_any_order(call: Call, x: Value, n: Node) -> Node:
    """An order that is computed, and may be differentiated by."""
    node = real(to_node(x, call.caller.dtype, call.span))
    exponent = ew.reciprocal(n)
    odd = cmp.equal(ew.remainder(n, 2), 1)
    return select(odd, ew.sign(node) * ew.power(ew.absolute(node), exponent), ew.power(node, exponent))


def _exact_root(x: Number, order: int) -> Number | None:
    """The root of a fraction whose root is one."""
    fraction = _fraction(x)
    size = abs(order)
    if not fraction or size > MOST_BITS or not _short(fraction, 1) or (fraction < 0 and size % 2 == 0):
        return None
    above, below = (_whole_root(part, size) for part in (abs(fraction.numerator), fraction.denominator))
    if above is None or below is None:
        return None
    found = Fraction(above, below) if order > 0 else Fraction(below, above)
    found = -found if fraction < 0 else found
    if found.denominator == 1 and isinstance(x, int):
        return found.numerator
    return Exact(found)


def _whole_root(x: int, order: int) -> int | None:
    """The whole number whose power is x, by bisection; None where there is none."""
    low, high = 0, 1 << (x.bit_length() // order + 1)
    while low < high:
        middle = (low + high) // 2
        if middle**order < x:
            low = middle + 1
        else:
            high = middle
    return low if low**order == x else None


@builtin("a to the power b, a^b", "pow", example="pow(2, 10)")
def pow_(call: Call, a: Value, b: Value) -> Value:
    """As the operator gives it."""
    return binary(call.caller, "^", a, b, call.span)


@builtin("what is left of a after whole multiples of b, a % b", "mod", example="mod(7, 3), mod(-7, 3)")
def mod(call: Call, a: Value, b: Value) -> Value:
    """As the operator gives it."""
    return binary(call.caller, "%", a, b, call.span)
