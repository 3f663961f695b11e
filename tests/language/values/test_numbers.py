"""Plain numbers: ints are exact as far as they are kept, and what goes beyond float64 is what IEEE 754 says."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcli.language.values.numbers import calculate
from tests.language.running import error, number, run, value

mpmath = pytest.importorskip("mpmath")

HUGE = st.one_of(st.integers(-(2**3000), 2**3000), st.integers(-9, 9), st.floats(allow_nan=False), st.just(0.5))


def rounded(exact: Fraction) -> float:
    """The nearest float64, an infinity beyond."""
    try:
        return float(exact)
    except OverflowError:
        return math.inf if exact > 0 else -math.inf


def finite(x: float) -> bool:
    """Any int is."""
    return isinstance(x, int) or math.isfinite(x)


@given(HUGE, HUGE, st.sampled_from("+-*/"))
def test_arithmetic_is_exact_and_rounded_once(a: float, b: float, symbol: str) -> None:
    """Ints stay ints; beside a finite float of any size the result is the nearest to the exact one."""
    if not (math.isfinite(b) if isinstance(b, float) else True) or not (
        math.isfinite(a) if isinstance(a, float) else True
    ):
        return
    if symbol == "/" and b == 0:
        return
    x, y = Fraction(a), Fraction(b)
    exact = {"+": x + y, "-": x - y, "*": x * y}.get(symbol) if symbol != "/" else x / y
    assert exact is not None
    got = calculate(symbol, a, b)
    assert got is not None
    if isinstance(got, int):
        assert got == exact
    elif (isinstance(a, float) and isinstance(b, float)) or abs(x) > 2**1023 or abs(y) > 2**1023:
        assert got == rounded(exact)
    else:
        assert got == pytest.approx(rounded(exact), rel=1e-15)


@given(HUGE, st.one_of(st.integers(-50, 50), st.sampled_from([0.5, -0.5, 0.25, 1.5, -2.25])))
def test_powers_agree_with_50_digits(a: float, b: float) -> None:
    """Of bases that no float64 holds too."""
    if not a > 0 or not finite(a) or (isinstance(b, int) and isinstance(a, int) and b > 4):
        return
    got = calculate("^", a, b)
    with mpmath.workdps(50):
        exact = mpmath.mpf(a) ** b
        expected = float(exact) if mpmath.mpf("1e-300") < exact < mpmath.mpf("1.7e308") else None
    if isinstance(got, int):
        assert got == a**b
    elif expected is not None:
        assert got == pytest.approx(expected, rel=4e-15)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2^4096 / 2^4095", 2),
        ("10^1200 % 0.5", 0),
        ("10^400 * 1e-300", 1e100),
        ("(10^400)^0.5", 1e200),
        ("(-0.0)^-1", -math.inf),
        ("(-0.0)^-2", math.inf),
        ("0^-1", math.inf),
        ("10^400 - inf", -math.inf),
        ("0 - 10^400 / 0.5", -math.inf),
        ("0.5^(10^400)", 0),
        ("(-1)^-(10^400 + 1)", -1),
        ("x = 1\nfor i in range(1, 1001):\n    x = x * i\nx % 10^250", math.factorial(1000) % 10**250),
        ("int64(9007199254740993)", 2**53 + 1),
        ("int(-2^63)", -(2**63)),
        ("round(1.5, 2^64)", 1.5),
    ],
)
def test_values(text: str, expected: float) -> None:
    """Those that were once another number."""
    assert number(text) == expected


def test_tensors_and_numbers_have_one_arithmetic_at_signed_zeros() -> None:
    """For every whole exponent, as C's pow."""
    for exponent in (-3, -2, -1, 0, 1, 2, 3):
        expected = (
            np.power(-0.0, exponent, dtype=float)
            if exponent >= 0
            else np.float64(math.inf if exponent % 2 == 0 else -math.inf)
        )
        plain, tensor = value(f"(-0.0)^({exponent})"), value(f"[-0.0]^({exponent})")[0]
        assert plain == tensor == expected
        assert math.copysign(1, plain) == math.copysign(1, tensor) == math.copysign(1, expected)


@pytest.mark.parametrize("x", ["nan", "inf", "-inf", "2^63", "-2^64", "1e19", "[nan]", "[1, inf]", "[1e300]"])
def test_what_is_no_int64_is_refused(x: str) -> None:
    """Whether it is a number or in a tensor, known or an input."""
    assert error(f"int64({x})").kind == "dtype"
    assert error(f"f(x) = int(x)\nf(1.0 * ({x}))").kind == "dtype"


def test_a_float32_session_shows_its_digits() -> None:
    """Of plain numbers too, which are float64 until they are shown."""
    assert value("set dtype float32; 1/3") == pytest.approx(1 / 3)
    step = run("set dtype float32; 1/3, (0.1, 2)")
    shown: Any = step.results[-1]
    one, (two, three) = shown.value
    assert (one.dtype, two.dtype, three.dtype) == ("float32", "float32", "int")
    assert value("set dtype float32; linspace(0, 1e39, 3)").tolist() == [0, math.inf, math.inf]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "text", ["[1e39]", "1e39 * [1]", "linspace(0, 1e39, 3)", "normal((2,), 1e39)", "float32(1e39)"]
)
def test_overflow_of_float32_is_inf_without_a_warning(text: str) -> None:
    """Nothing of Python's own reaches the user."""
    assert np.isinf(np.ravel(value(f"set dtype float32; {text}"))[-1])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("fact(n) = 1 if n <= 1 else n * fact(n - 1)\nfact(5), fact(0)", (120, 1)),
        ("fib(n) = n if n < 2 else fib(n - 1) + fib(n - 2)\nfib(10)", 55),
        ("even(n) = 1 if n == 0 else odd(n - 1)\nodd(n) = 0 if n == 0 else even(n - 1)\neven(0), even(7)", (1, 0)),
        ("p(x, n) = 1 if n == 0 else x * p(x, n - 1)\ngrad(p)(3, 4), p(2, 0)", (108, 1)),
        ("p(x, n) = 1 if n == 0 else x * p(x, n - 1)\nh(x) = p(x, 3)\nh'(2), h''(2)", (12, 12)),
        ("f(x) = x^2 if x > 0 else -x\nf'(3), f'(-1)", (6, -1)),
    ],
)
def test_a_recursion_that_known_numbers_end(text: str, expected: object) -> None:
    """Its value, and its slopes by what it isn't ended by."""
    assert value(text) == expected


def test_many_functions_in_one_another_are_no_recursion() -> None:
    """A hundred that differ."""
    lines = ["f0 = x -> x", *(f"f{i + 1} = x -> f{i}(x) + 1" for i in range(60)), "f60(1), f60'(1)"]
    assert value("\n".join(lines)) == (61, 1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.1 + 0.2", 0.3),
        ("0.1 + 0.2 == 0.3", True),
        ("1/3 * 3 == 1", True),
        ("1.1 * 1.1", 1.21),
        ("4.35 * 100", 435.0),
        ("1.15 + 2.30", 3.45),
        ("e^100", 2.6881171418161356e43),
        ("2 * pi - pi == pi", True),
        ("(2*pi)^2 / pi^2", 4.0),
        ("0 * 0.1 / -1", -0.0),
    ],
)
def test_what_is_typed_is_exact_until_it_meets_a_tensor(text: str, expected: object) -> None:
    """Decimals, fractions, π and e are rounded once, at the end."""
    found = value(text)
    assert found == expected
    assert str(found) == str(expected)


@pytest.mark.parametrize("seed", range(20))
def test_exact_arithmetic_is_that_of_fractions(seed: int) -> None:
    """A chain of operations on decimals and ints is the fraction that it comes to, rounded once."""
    random = np.random.default_rng(seed)
    text, exact = "1", Fraction(1)
    for _ in range(6):
        symbol = str(random.choice(["+", "-", "*", "/"]))
        number = f"{random.integers(1, 99)}.{random.integers(0, 99):02}"
        text = f"({text}) {symbol} {number}"
        exact = {"+": exact + Fraction(number), "-": exact - Fraction(number), "*": exact * Fraction(number)}.get(
            symbol, exact / Fraction(number)
        )
    assert value(text) == float(exact)
