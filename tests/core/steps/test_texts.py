"""Texts that are put together: read again, they have the value of their parts put together."""

from __future__ import annotations

import itertools

import pytest

from benchmarks.formulas import traced
from gradcli.core.engines.program import Program
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import fresh_input
from gradcli.core.steps.texts import Bound, bound, product_of, replaced, sum_of, unsigned

X = fresh_input("x", (), DType.FLOAT64)
PIECES = [
    "0",
    "1",
    "x",
    "-x",
    "2*x",
    "-2*x/3",
    "x + 1",
    "x - 1",
    "-x - 1",
    "x^2",
    "-x^2",
    "sin(x)",
    "1/x",
    "(x + 1)^2",
    "x % 2",
]


def value(text: str, x: float = 0.7) -> float:
    """What a text is at a point."""
    return float(Program([traced(text, {"x": X})], [X])(x)[0])


@pytest.mark.parametrize(("a", "b"), [*itertools.product(PIECES, repeat=2)])
def test_sums_products_and_quotients(a: str, b: str) -> None:
    """With either sign."""
    first, second = bound(a), bound(b)
    for minus in (False, True):
        sign = -1 if minus else 1
        assert value(sum_of([(False, first), (minus, second)])[0]) == pytest.approx(value(a) + sign * value(b))
        assert value(product_of([first, second], minus)[0]) == pytest.approx(sign * value(a) * value(b))
        if b != "0":
            quotient = product_of([first], minus, [second, second])
            assert value(quotient[0]) == pytest.approx(sign * value(a) / value(b) ** 2)
            assert value(product_of([bound("x"), quotient])[0]) == pytest.approx(0.7 * sign * value(a) / value(b) ** 2)


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize(
    "form", ["u", "cos(u)", "-sin(u)", "2*u", "3*u^2", "1/u", "1/(2*sqrt(u))", "1 - u", "u % 2", "hypot(u, 1)"]
)
def test_letters_are_replaced(form: str, piece: str) -> None:
    """In the middle of a formula what needs brackets gets them."""
    if form.startswith("1/") and value(piece) <= 0:
        return
    u = fresh_input("u", (), DType.FLOAT64)
    known = float(Program([traced(form, {"u": u})], [u])(value(piece))[0])
    assert value(replaced(form, {"u": bound(piece)})[0]) == pytest.approx(known)


def test_what_was_put_in_is_left_alone() -> None:
    """Also where it has a letter that is replaced."""
    parts: dict[str, Bound] = {"u": bound("v + 1"), "v": bound("u*x")}
    assert replaced("u*v + exp(u)", parts)[0] == "(v + 1)*(u*x) + exp(v + 1)"


def test_signs_in_front() -> None:
    """Of a product, not of a sum or of a power's base."""
    assert unsigned(bound("-2*x")) == (True, bound("2*x"))
    assert unsigned(bound("-x - 1"))[0] is False
    assert unsigned(bound("-x^2")) == (True, bound("x^2"))
