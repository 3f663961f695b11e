"""Logarithms to any base and roots of any order: exact where there is an exact answer, and differentiable."""

from __future__ import annotations

import json
import math
import random
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest

from tests.language.running import error, number, value


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("log(8, 2)", 3),
        ("log(1000, 10)", 3),
        ("log(243, 3)", 5),
        ("log(5^15, 5)", 15),
        ("log(10^400, 10)", 400),
        ("log(0.001, 10)", -3),
        ("log(2, 8)", 1 / 3),
        ("log(8, 4)", 1.5),
        ("log(1/27, 9)", -1.5),
        ("log(1, 7)", 0),
        ("log(0.25, 0.5)", 2),
        ("log(e^3)", 3),
        ("log(7, e)", math.log(7)),
        ("lg(1000)", 3),
        ("log2(8)", 3),
        ("ln(e)", 1),
    ],
)
def test_logarithms_that_are_known(text: str, want: float) -> None:
    """To the last digit, where a quotient of two rounded logarithms is not."""
    assert number(text) == want


def test_plain_logarithms_are_rounded_once() -> None:
    """Within half a unit in the last place of 50 digits, beside 1 and far out too."""
    rng = random.Random(1)
    points = [(rng.uniform(0, 10), rng.uniform(0, 10)) for _ in range(40)]
    points += [(1 + 2**-52, 3.0), (1 - 2**-53, 3.0), (3.0, 1 + 2**-52), (1e300, 1.5), (1e-300, 7.0)]
    for x, b in points:
        got = number(f"log({x!r}, {b!r})")
        # A decimal that is typed is exact.
        exact_x, exact_b = (Fraction(repr(v)) for v in (x, b))
        with mpmath.workdps(60):
            logs = [mpmath.log(mpmath.mpf(v.numerator) / v.denominator) for v in (exact_x, exact_b)]
            assert got == float(logs[0] / logs[1]), (x, b)


@pytest.mark.parametrize(("x", "b"), [(8.0, 2.0), (0.3, 7.0), (5.0, 0.4), (1.0, 3.0)])
def test_a_logarithm_is_differentiated_by_its_base(x: float, b: float) -> None:
    """By both, once and twice, against 50 digits."""
    f = "f(x, b) = log(x, b)"
    with mpmath.workdps(50):
        for by, want in (
            ("0", mpmath.diff(lambda u, v: mpmath.log(u, v), (x, b), (1, 0))),
            ("1", mpmath.diff(lambda u, v: mpmath.log(u, v), (x, b), (0, 1))),
        ):
            assert number(f"{f}; r = grad(f, {by})({x}, {b}); r") == pytest.approx(float(want), rel=1e-14, abs=1e-14)
        want = mpmath.diff(lambda u, v: mpmath.log(u, v), (x, b), (0, 2))
        assert value(f"{f}; h = hessian(f)({x}, {b}); h[1, 1]") == pytest.approx(float(want), rel=1e-13, abs=1e-13)


def test_whole_powers_of_variables_and_tensors_have_whole_logarithms() -> None:
    """By both engines, to bases that are variables too; beside base 1 nothing is rounded to a whole number."""
    np.testing.assert_array_equal(
        value("log([3, 9, 27, 81, 243, 1/9], 3)"), [1, 2, 3, 4, 5, math.log(1 / 9) / math.log(3)]
    )
    assert value("f(x) = log(x, 3); f(243), f(1), f(3^30)") == (5, 0, 30)
    assert value("f(x, b) = log(x, b); f(1000, 10), f(243, 3), f(4, 0.25)") == (3, 5, -1)
    base = 1 + 2**-40
    with mpmath.workdps(50):
        want = float(mpmath.log(base**5) / mpmath.log(base))
    assert number(f"f(x, b) = log(x, b); f({base**5!r}, {base!r})") == pytest.approx(want, rel=1e-12)


def test_a_logarithm_of_tensors() -> None:
    """Of either argument, in the type that it has; the base may be known, and has formulas that say so."""
    np.testing.assert_allclose(value("log([1, 3, 10], 3)"), np.log([1, 3, 10]) / np.log(3), rtol=1e-15)
    np.testing.assert_allclose(value("log(8, [2, 4, 8])"), [3, 1.5, 1], rtol=1e-15)
    np.testing.assert_array_equal(value("log([8, 0, -1], 2)"), [3, -np.inf, np.nan])
    assert value("r = log(float32([2, 5]), 3); r").dtype == "float32"
    assert value("x = float32([2, 5]); y = log(8, x); y").dtype == "float32"


def test_logarithms_without_an_answer_follow_ieee() -> None:
    """Infinite at 0 and to base 1, nan below."""
    got = value("log(0, 2), log(-1, 2), log(2, 1), log(2, -1), log(1, 1), log(nan, 2), log(inf, 2)")
    np.testing.assert_array_equal(got, [-np.inf, np.nan, np.inf, np.nan, np.nan, np.nan, np.inf])


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("root(-8, 3)", -2),
        ("root(8, 3)", 2),
        ("root(10^60, 3)", 10**20),
        ("root(10^30 + 1, 3)", float(10**10)),
        ("root(-32, 5)", -2),
        ("root(16, 4)", 2),
        ("root(0.25)", 0.5),
        ("root(0.001, 3)", 0.1),
        ("root(2)", math.sqrt(2)),
        ("root(8, -3)", 0.5),
        ("root(7, 1)", 7),
        ("root(0, 3)", 0),
        ("root(inf, 3)", math.inf),
        ("root(16, 0.5)", 256),
        ("root(4, 2.5)", 4**0.4),
        ("cbrt(-8)", -2),
    ],
)
def test_roots_that_are_known(text: str, want: float) -> None:
    """Ints stay ints where the root is one."""
    assert number(text) == want
    assert not isinstance(want, int) or abs(want) < 10**10 or isinstance(number(text), int)


@pytest.mark.parametrize("text", ["root(-16, 4)", "root(-2)", "root(-8, 2.5)", "root(nan, 3)", "root(-1, -2)"])
def test_what_has_no_real_root_is_nan(text: str) -> None:
    """Even orders and broken ones of negative numbers."""
    assert math.isnan(number(text))


@pytest.mark.parametrize("n", [1, 2, 3, 5, 7, 20, 21, -3, -4])
@pytest.mark.parametrize("x", [0.3, 2.0, 1000.0, -0.3, -8.0])
def test_roots_and_their_slopes(n: int, x: float) -> None:
    """Of a variable, also negative, to third order, against 50 digits."""
    if x < 0 and n % 2 == 0:
        assert math.isnan(number(f"f(x) = root(x, {n}); f({x})"))
        return
    with mpmath.workdps(50):
        for order in range(4):
            primes = "'" * order
            want = mpmath.diff(lambda u: mpmath.sign(u) * abs(u) ** (mpmath.mpf(1) / n), x, order)
            assert number(f"f(x) = root(x, {n}); f{primes}({x})") == pytest.approx(float(want), rel=1e-13), order


def test_a_root_whose_order_is_a_variable() -> None:
    """Its value is that of the known order; it can be differentiated by the order."""
    f = "f(x, n) = root(x, n)"
    assert value(f"{f}; f(125, 3), f(-27, 3), f(32, 5), f(-16, 4)")[:3] == (5, -3, 2)
    assert math.isnan(number(f"{f}; f(-16, 4)"))
    got = number(f"{f}; r = grad(f, 1)(8, 3); r")
    assert got == pytest.approx(-2 * math.log(8) / 9, rel=1e-14)
    assert number(f"{f}; r = grad(f)(-8, 3); r") == pytest.approx(1 / 12, rel=1e-14)
    np.testing.assert_allclose(value("root([8, -8, 16], [3, 3, 4])"), [2, -2, 2], rtol=1e-15)


def test_a_root_of_tensors() -> None:
    """Of ints and of float32."""
    np.testing.assert_array_equal(value("root([-8, 0, 27], 3)"), [-2, 0, 3])
    assert value("r = root(float32([-8, 27]), 3); r").dtype == "float32"
    assert "order 0" in error("root(8, 0)").message
    assert number("f(x) = root(x, 3); f'(0)") == math.inf


@pytest.mark.parametrize(
    ("call", "operator"),
    [("pow(2, 100)", "2^100"), ("pow(4, 0.5)", "4^0.5"), ("mod(-7, 3)", "-7 % 3"), ("mod(7.5, -2)", "7.5 % -2")],
)
def test_names_of_operators(call: str, operator: str) -> None:
    """The same value of the same kind."""
    got: Any = number(call)
    want: Any = number(operator.replace("-7 % 3", "(-7) % 3"))
    assert got == want
    assert type(got) is type(want)


@pytest.mark.parametrize(
    ("alias", "name"),
    [
        ("lg(3)", "log10(3)"),
        ("tg(1)", "tan(1)"),
        ("ctg(1)", "cot(1)"),
        ("cosec(1)", "csc(1)"),
        ("arctg(2)", "atan(2)"),
        ("arcctg(2)", "acot(2)"),
        ("sgn(-3)", "sign(-3)"),
        ("signum(-3)", "sign(-3)"),
        ("ceiling(1.5)", "ceil(1.5)"),
        ("fact(5)", "factorial(5)"),
        ("nCr(5, 2)", "binomial(5, 2)"),
        ("comb(5, 2)", "binomial(5, 2)"),
        ("nPr(5, 2)", "perm(5, 2)"),
        ("remainder(7, 3)", "mod(7, 3)"),
        *((f"arc{n}(0.4)", f"a{n}(0.4)") for n in ("sin", "cos", "tan", "sinh", "tanh", "cot", "csch", "sech")),
        *((f"arc{n}(1.4)", f"a{n}(1.4)") for n in ("cosh", "sec", "csc", "coth")),
    ],
)
def test_other_names(alias: str, name: str) -> None:
    """What is called otherwise elsewhere."""
    assert number(alias) == number(name)


@pytest.mark.parametrize(
    ("text", "hint"),
    [("sen(1)", "sin(x)"), ("Log(1)", "lg(x)"), ("th(1)", "tanh(x)"), ("power(2, 3)", "x^y"), ("sqr(2)", "x^2")],
)
def test_names_that_are_told_how_they_are_written(text: str, hint: str) -> None:
    """What would be ambiguous or hide a short name of the user's own."""
    assert hint in (error(text).hint or "")


@pytest.mark.parametrize(
    ("text", "formula", "slope"),
    [
        ("sec(x)", "sec(x)", "sec(x)*tan(x)"),
        ("cot(x)", "cot(x)", "-csc(x)^2"),
        ("asec(x + 2)", "asec(x + 2)", "1/(abs(x + 2)*sqrt((x + 2)^2 - 1))"),
        ("acoth(x + 2)", "acoth(x + 2)", "1/(1 - (x + 2)^2)"),
        ("root(x, 5)", "root(x, 5)", "1/(5*root(x, 5)^4)"),
        ("log(x, 3)", "log(x, 3)", "1/(x*log(3))"),
    ],
)
def test_formulas(text: str, formula: str, slope: str) -> None:
    """As they stand in a table of derivatives."""
    from tests.faces.harness import shell

    document = json.loads(shell(f"gradcli grad '{text}' x=0.5 --format json").out)
    assert [row["formula"] for row in document["results"][0]["value"]["rows"]] == [formula, slope]
