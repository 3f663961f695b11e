"""Factorials, binomial coefficients and divisors: ints exactly, and smooth functions between them."""

from __future__ import annotations

import math
import random

import mpmath
import numpy as np
import pytest

from tests.language.running import error, number, value


def test_factorials_of_ints_are_exact() -> None:
    """Beyond what a float holds."""
    for n in (0, 1, 5, 20, 100, 1000):
        got = number(f"factorial({n})")
        assert isinstance(got, int)
        assert got == math.factorial(n)


def test_coefficients_of_ints_are_exact() -> None:
    """Of each small n and k, of negative ones as the formula says, and of large ones."""
    for n in range(-6, 8):
        for k in range(-2, 9):
            falling = math.prod(n - i for i in range(k)) if k >= 0 else 0
            got, lined_up = value(f"binomial({n}, {k}), perm({n}, {k})")
            assert (got, lined_up) == (falling // math.factorial(max(k, 0)), falling), (n, k)
    assert number("binomial(200, 100)") == math.comb(200, 100)
    assert number("comb(10^20, 3)") == math.comb(10**20, 3)
    assert number("perm(10^9, 7)") == math.perm(10**9, 7)
    assert isinstance(number("nCr(52, 5)"), int)


@pytest.mark.parametrize("x", [-2.5, -0.5, 0.5, 1.0, 3.7, 20.0, 150.25])
def test_a_factorial_between_ints(x: float) -> None:
    """Gamma of x + 1, and its slopes of two orders."""
    with mpmath.workdps(50):
        wants = [float(mpmath.diff(mpmath.factorial, x, n)) for n in range(3)]
    got = value(f"factorial({x}), factorial'({x}), factorial''({x})")
    assert got == pytest.approx(wants, rel=2e-13)


@pytest.mark.parametrize("k", [0, 1, 2, 5])
def test_a_coefficient_with_a_known_k_is_a_polynomial(k: int) -> None:
    """Whose slopes are right everywhere, at the whole numbers below k too."""
    for x in (-1.5, 0.0, 1.0, 2.5, 7.0):
        with mpmath.workdps(50):
            for order in (0, 1, 2):
                primes = "'" * order
                want = mpmath.diff(lambda u: mpmath.rf(u - k + 1, k) / mpmath.factorial(k), x, order)
                got = number(f"f(x) = binomial(x, {k}); f{primes}({x})")
                assert got == pytest.approx(float(want), rel=1e-13, abs=1e-13), (x, order)
                want = mpmath.diff(lambda u: mpmath.rf(u - k + 1, k), x, order)
                assert number(f"f(x) = perm(x, {k}); f{primes}({x})") == pytest.approx(
                    float(want), rel=1e-13, abs=1e-13
                )


def test_coefficients_of_two_real_numbers() -> None:
    """The value and the slope by each, against 50 digits, at random."""
    rng = random.Random(2)
    f = "f(n, k) = binomial(n, k)"
    for _ in range(8):
        n, k = rng.uniform(0.5, 12), rng.uniform(0.2, 5)
        with mpmath.workdps(50):
            want = float(mpmath.binomial(n, k))
            by_n = float(mpmath.diff(mpmath.binomial, (n, k), (1, 0)))
            by_k = float(mpmath.diff(mpmath.binomial, (n, k), (0, 1)))
        assert number(f"binomial({n!r}, {k!r})") == pytest.approx(want, rel=2e-13)
        got = value(f"{f}; r = grad(f, (0, 1))({n!r}, {k!r}); r")
        assert got == pytest.approx((by_n, by_k), rel=1e-11, abs=1e-12)
    assert number("binomial(5.5, 2.5)") == 14.4375
    assert number(f"{f}; f(5, 2)") == pytest.approx(10, rel=1e-14)


def test_of_tensors() -> None:
    """Element by element."""
    np.testing.assert_allclose(value("factorial([0, 1, 2, 3, 4.5])"), [1, 1, 2, 6, 52.34277778455352], rtol=1e-15)
    np.testing.assert_allclose(value("binomial([4, 5, 6], 2)"), [6, 10, 15], rtol=1e-15)
    np.testing.assert_allclose(value("binomial([4, 5, 6], [1, 2, 3])"), [4, 10, 20], rtol=1e-14)
    assert value("r = factorial(float32([3, 4])); r").dtype == "float32"


def test_divisors_and_multiples() -> None:
    """Of two ints or more, of a tuple, of long ones; 0 and signs as mathematics has them."""
    assert value("gcd(12, 18), gcd(12, 18, 8), gcd((4, 6)), gcd(0, 5), gcd(-4, 6)") == (6, 2, 2, 5, 2)
    assert value("lcm(4, 6), lcm(4, 6, 10), lcm((2, 3)), lcm(0, 5), lcm(-4, 6)") == (12, 60, 6, 0, 12)
    assert number("gcd(2^200, 6^100)") == 2**100
    assert number("lcm(2^100, 3^50)") == 2**100 * 3**50
    assert value("gcd(int64(12), 8.0)") == 4
    assert isinstance(number("gcd(12, 18)"), int)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("factorial(-2)", "factorial of -2 is not defined"),
        ("factorial(-3.0)", "factorial of -3 is not defined"),
        ("factorial(5000)", "more than 14,000 bits"),
        ("factorial(10^30)", "more than 14,000 bits"),
        ("binomial(10^6, 5*10^5)", "more than 14,000 bits"),
        ("binomial(-10^6, 10^6)", "more than 14,000 bits"),
        ("perm(10^9, 10^6)", "more than 14,000 bits"),
        ("perm(10^6, 10^6)", "more than 14,000 bits"),
        ("lcm(2^13000, 3^8000)", "more than 14,000 bits"),
        ("gcd(2.5, 3)", "must be a whole number, not 2.5"),
        ("gcd([2, 4], 2)", "must be a whole number, not a tensor of shape (2,)"),
        ('gcd("a", 3)', "must be a whole number, not a text"),
        ("gcd(3)", "two whole numbers or more"),
        ("lcm()", "two whole numbers or more"),
        ('factorial("a")', "not a text"),
        ('binomial((1, "a"), 3)', "a text"),
    ],
)
def test_refusals(text: str, message: str) -> None:
    """A sentence each, also before anything long is computed."""
    assert message in error(text).message
