"""What is shown is the float nearest to the true value, with a word where float64 arithmetic falls short."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from math import isinf, ulp
from typing import Any

import mpmath
import pytest

from gradcli.core.engines import nearest
from gradcli.core.ir.exact import Precise
from gradcli.session import showing
from gradcli.session.data import to_data
from gradcli.session.results import Derivatives, Polynomial, Result, Shown, Tensor
from tests.language.running import run

# Each with what mpmath makes of it, and whether float64 arithmetic loses digits that are worth a word.
SHOWN = [
    ("f(x) = (1 - cos(x))/x^2\nf(1e-8)", lambda m: (1 - m.cos(m.mpf("1e-8"))) / m.mpf("1e-16"), True),
    ("f(x) = sin(x)/x\nf'''(0.001)", lambda m: m.diff(lambda x: m.sin(x) / x, m.mpf("0.001"), 3), True),
    ("f(x) = 1/(1 + exp(-x))\nf'(-700)", lambda m: m.exp(-700) / (1 + m.exp(-700)) ** 2, True),
    ("f(x) = exp(x) - 1\nf(1e-12)", lambda m: m.expm1(m.mpf("1e-12")), True),
    ("1e16 + 1 - 1e16", lambda m: 1, False),
    ("0.1 + 0.2", lambda m: m.mpf("0.3"), False),
    ("sin(pi)", lambda m: 0, False),
    ("sqrt(2)^2", lambda m: 2, False),
    ("(1/3 + 1/5)*15", lambda m: 8, False),
    ("sin(1e22)", lambda m: m.sin(m.mpf("1e22")), False),
    ("cos(1/2) + 1", lambda m: m.cos(0.5) + 1, False),
    ("2^0.5 * 3", lambda m: m.sqrt(2) * 3, False),
    ("gamma(0.1)", lambda m: m.gamma(m.mpf("0.1")), False),
    ("norm([0.1, 0.2, 0.3])", lambda m: m.sqrt(m.mpf("0.14")), False),
    ("det([[1, 2], [3, 4.000000001]])", lambda m: m.mpf("-1.999999999"), False),
    ("integrate(x -> exp(x), 0, 1)", lambda m: m.e - 1, False),
]


def _numbers(results: Iterable[Result]) -> list[Any]:
    """The number of each, of a derivative its first."""
    values = [r.value for r in results if isinstance(r, Shown)]
    tensors = [v.rows[0].tensor if isinstance(v, Derivatives) else v for v in values]
    return [t.data if isinstance(t, Tensor) else t for t in tensors]


@pytest.mark.parametrize(("text", "true", "loses"), SHOWN, ids=[text.splitlines()[-1] for text, _, _ in SHOWN])
def test_what_is_shown_is_nearest(text: str, true: object, loses: bool) -> None:
    """To within an ulp of the value with 60 digits; what float64 keeps of it is told where that is little."""
    (shown,) = run(text).results
    assert isinstance(shown, Shown)
    (number,) = _numbers([shown])
    with mpmath.workdps(60):
        expected = float(true(mpmath))  # type: ignore[operator]
    assert abs(number - expected) <= ulp(expected)
    assert bool(shown.note) == loses


def test_raw_numbers() -> None:
    """As float64 arithmetic gives them, without a word."""
    results = run("set numbers float64\n0.1 + 0.2\nsin(pi)\nset numbers certified\n0.1 + 0.2").results
    assert _numbers(results) == [0.1 + 0.2, 1.2246467991473532e-16, 0.3]


def test_more_digits_than_a_float_has() -> None:
    """Of plain numbers, of results, of derivatives, and beyond the largest float."""
    text = "set digits 50\npi\n1/3\nexp(1)\nexp'(1)\nexp(1000)/7"
    values = _numbers(run(text).results)
    assert all(isinstance(v, Precise) for v in values)
    with mpmath.workdps(50):
        pi, third, e, slope, large = (mpmath.mpf(v.digits) for v in values)
        for found, true in ((pi, +mpmath.pi), (third, mpmath.mpf(1) / 3), (e, +mpmath.e), (slope, +mpmath.e)):
            assert abs(found - true) < mpmath.mpf(10) ** -48
        assert abs(large * 7 / mpmath.exp(1000) - 1) < mpmath.mpf(10) ** -48
    assert isinf(values[-1])


def test_digits_of_tensors_and_of_taylor_coefficients() -> None:
    """Jacobians, Hessians, inverses, and the terms of polynomials."""
    text = (
        "set digits 40\nf(x, y) = [x*sin(y), exp(x*y)]\njacobian(f)(1, 2)\ninv([[2, 1], [1, 3.5]])\ntaylor(exp, 0.5, 2)"
    )
    jacobian, inverse, polynomial = (r.value for r in run(text).results if isinstance(r, Shown))
    assert isinstance(jacobian, Derivatives)
    first = jacobian.rows[0].tensor
    assert first is not None
    assert first.digits is not None
    assert isinstance(inverse, Tensor)
    assert inverse.digits is not None
    assert isinstance(polynomial, Polynomial)
    with mpmath.workdps(60):
        true = [mpmath.sin(2), mpmath.cos(2), 2 * mpmath.exp(2), mpmath.exp(2)]
        for digits, number in zip(first.digits, true, strict=True):
            assert abs(mpmath.mpf(digits) / number - 1) < mpmath.mpf(10) ** -39
        for digits, number in zip(inverse.digits, mpmath.matrix([[2, 1], [1, 3.5]]) ** -1, strict=True):
            assert abs(mpmath.mpf(digits) / number - 1) < mpmath.mpf(10) ** -39
        for (exponent,), coefficient in polynomial.terms:
            assert isinstance(coefficient, Precise)
            number = mpmath.exp(mpmath.mpf("0.5")) / mpmath.factorial(exponent)
            assert abs(mpmath.mpf(coefficient.digits) / number - 1) < mpmath.mpf(10) ** -39


def test_both_numbers_in_json() -> None:
    """The certified one, and what float64 arithmetic gives where that is another."""
    certified, same, tensor = (
        to_data(r.value) for r in run("sin(pi)\nexp(1)\nsin([0, pi])").results if isinstance(r, Shown)
    )
    assert (certified["value"], certified["float64"]) == (0.0, 1.2246467991473532e-16)
    assert "float64" not in same
    assert (tensor["value"], tensor["float64"]) == ([0.0, 0.0], [0.0, 1.2246467991473532e-16])
    (digits,) = (to_data(r.value) for r in run("set digits 20\n2*exp(1)").results if isinstance(r, Shown))
    assert digits["digits"] == "5.4365636569180904707"


def test_where_balls_are_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is shown is float64's, and marked; what exact arithmetic knows is not."""
    for name in [n for n in sys.modules if n.startswith("gradcli.core.engines.balls")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "flint", None)
    monkeypatch.setattr(nearest, "missing", [])
    monkeypatch.setattr(showing, "missing", nearest.missing)
    exact, rounded = (r for r in run("0.1 + 0.2\nsin(pi)").results if isinstance(r, Shown))
    assert exact.note is None
    assert _numbers([rounded]) == [1.2246467991473532e-16]
    assert rounded.note == "not certified: python-flint is not installed"


SINGULAR = "[[0.1, 0.2, 0.3], [0.4, 0.5, 0.6], [0.7, 0.8, 0.9]]"


@pytest.mark.parametrize("text", ["tan(pi/2)", "1/sin(pi)", f"inv({SINGULAR})", "acos(2*cos(pi/3))"])
def test_what_no_precision_tells_is_marked(text: str) -> None:
    """A zero on the way that is one of irrational numbers."""
    (shown,) = (r for r in run(text).results if isinstance(r, Shown))
    assert shown.note is not None
    assert "not certified" in shown.note


@pytest.mark.parametrize(
    ("text", "true"),
    [
        ("pi - 3", lambda m: m.pi - 3),
        ("f(x) = x^x\nderivative(f, 5)(0.3)", lambda m: m.diff(lambda x: x**x, m.mpf("0.3"), 5)),
        ("f(x) = lgamma(x)\nf''(-2.5)", lambda m: m.polygamma(1, m.mpf("-2.5"))),
        ("f(x) = gamma(x)\nderivative(f, 5)(-0.4)", lambda m: m.diff(m.gamma, m.mpf("-0.4"), 5)),
        ("e*0.1 + pi*0.3", lambda m: m.e / 10 + m.pi * 3 / 10),
        ("sin(e + pi)", lambda m: m.sin(m.e + m.pi)),
        ("2^0.5*2^0.5", lambda m: 2),
        ("3^0.1*7", lambda m: m.mpf(3) ** (m.mpf(1) / 10) * 7),
        ("f(x) = x^1.1\nf'(7)", lambda m: m.mpf("1.1") * m.mpf(7) ** m.mpf("0.1")),
        ("f(x) = x^(5/3)\nf'(3)", lambda m: m.mpf(5) / 3 * m.mpf(3) ** (m.mpf(2) / 3)),
        ("f(x) = x^pi\nf'(7)", lambda m: m.pi * m.mpf(7) ** (m.pi - 1)),
        ("f(x) = x^(10^0.5)\nf(50000007)", lambda m: m.mpf(50000007) ** m.sqrt(10)),
        ("f(x) = x^(3^0.5 - 1)\nf''(7)", lambda m: m.diff(lambda x: x ** (m.sqrt(3) - 1), 7, 2)),
        ("f(x) = (0.5/x + 7)^((7 + 3)^0.5)\nf'(2)", lambda m: m.diff(lambda x: (0.5 / x + 7) ** m.sqrt(10), 2)),
        ("f(v) = logsumexp(v)\ngrad(f)([0.1, 100])[0]", lambda m: 1 / (1 + m.exp(m.mpf(100) - m.mpf("0.1")))),
    ],
)
def test_thirty_digits_through_plain_numbers(text: str, true: Any) -> None:
    """What is computed with pi, e and roots is known by what they stand for, not by their floats."""
    (shown,) = (r for r in run(f"set digits 30\n{text}").results if isinstance(r, Shown))
    tensor = shown.value.rows[0].tensor if isinstance(shown.value, Derivatives) else shown.value
    assert isinstance(tensor, Tensor)
    text = getattr(tensor.data, "digits", None) or repr(tensor.data)
    with mpmath.workdps(50):
        assert abs(mpmath.mpf(text) / true(mpmath) - 1) < (1e-28 if "." in text and len(text) > 25 else 1e-15)
