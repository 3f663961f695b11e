"""Expressions mean what they mean in Python and NumPy."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.language.running import error, number, value

NUMBERS = st.sampled_from(["0", "1", "2", "3.5", "7", "1e-3", ".5", "1_000"])


@st.composite
def arithmetic(draw: st.DrawFn, depth: int = 0) -> str:
    """A random expression in the part of the syntax that Python has too."""
    kind = draw(st.sampled_from(["number", "binary", "binary", "unary", "group"])) if depth < 4 else "number"
    if kind == "number":
        return draw(NUMBERS)
    if kind == "unary":
        return "-" + draw(arithmetic(depth + 1))
    if kind == "group":
        return f"({draw(arithmetic(depth + 1))})"
    operator = draw(st.sampled_from(["+", "-", "*", "/", "//", "%"]))
    return f"{draw(arithmetic(depth + 1))} {operator} {draw(arithmetic(depth + 1))}"


@given(arithmetic())
def test_arithmetic_is_pythons(text: str) -> None:
    """Python's precedence, on the numbers as they are typed: 1 // 1e-3 is 1000, and 999 between floats."""
    exact = re.sub(r"[\d_.]+(?:e-\d)?", lambda typed: f"Fraction('{typed[0]}')", text)
    try:
        expected = eval(exact, {"Fraction": Fraction})
    except ZeroDivisionError:
        assert isinstance(number(text), (int, float))
        return
    assert number(text) == float(expected)


@given(arithmetic())
def test_tensors_calculate_as_plain_numbers_do(text: str) -> None:
    """What is exact on ints is the same on a tensor up to rounding, or both are beyond all numbers."""
    plain = number(text)
    got = number(f"(x -> {text} + 0 * x)(0)")
    assert got == pytest.approx(float(plain), rel=1e-9, nan_ok=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-2^2", -4),
        ("2^-1", 0.5),
        ("2^3^2", 512),
        ("2**3", 8),
        ("-2^-2", -0.25),
        ("not true or true", True),
        ("1 < 2 < 3", True),
        ("1 < 3 < 2", False),
        ("1 if 2 > 1 else 0", 1),
        ("(1, 2)[1]", 2),
        ("len((1, 2, 3))", 3),
        ("2^64", 18446744073709551616),
        ("7 // 2", 3),
        ("-7 % 3", 2),
        ("1e3", 1000.0),
        ("1_000", 1000),
        ("π", math.pi),
        ("(x -> x + 1)(2)", 3),
        ("((a, b) -> a - b)(5, 2)", 3),
        ("(() -> 4)()", 4),
        ("[1, 2, 3][-1]", 3),
        ("[[1, 2], [3, 4]][1, 0]", 3),
        ("sum([[1, 2], [3, 4]])", 10),
        ("mean([1, 2, 3, 6])", 3),
        ("[1, 2] @ [3, 4]", 11),
        ("[1, 2].shape[0]", 2),
        ("1 == 1.0", True),
        ("none == none", True),
        ("(1, (2, 3)) == (1, (2, 3))", True),
        ("(1, 2) != (1, 3)", True),
        ("(1, 2) == (1, 2, 3)", False),
        ('"a" == "a"', True),
        ('"ab" + "c" == "abc"', True),
        ('"abc"[-1] + "abcd"[1:3] == "cbc"', True),
        ('sum(i*(c == "b") for i, c in enumerate("abbc"))', 3),
        ('len("abc")', 3),
        ("8^(1/3)", 2),
        ("0.1 + 0.2", 0.30000000000000004),
    ],
)
def test_one_expression(text: str, expected: object) -> None:
    """A table of what people type."""
    assert value(text) == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[1, 2, 3, 4, 5][1:4]", [2, 3, 4]),
        ("[1, 2, 3, 4, 5][::2]", [1, 3, 5]),
        ("[1, 2, 3, 4, 5][::-1]", [5, 4, 3, 2, 1]),
        ("[1, 2, 3, 4, 5][3:0:-2]", [4, 2]),
        ("[1, 2, 3][5:]", []),
        ("[[1, 2], [3, 4]][:, 1]", [2, 4]),
        ("[[1, 2], [3, 4]][..., 0]", [1, 3]),
        ("[1, 2][none, :]", [[1, 2]]),
        ("[[1, 2], [3, 4]].T", [[1, 3], [2, 4]]),
        ("[1, 2] + [[10], [20]]", [[11, 12], [21, 22]]),
        ("where([1, -1] > 0, [5, 6], 0)", [5, 0]),
        ("[1, -1] if [1, -1] > 0 else 0", [1, 0]),
        ("reshape([1, 2, 3, 4], (2, -1))", [[1, 2], [3, 4]]),
        ("concatenate(([1, 2], [3]))", [1, 2, 3]),
        ("stack(([1, 2], [3, 4]), axis=1)", [[1, 3], [2, 4]]),
        ("eye(2)", [[1, 0], [0, 1]]),
        ("linspace(0, 1, 3)", [0, 0.5, 1]),
        ("[sin(0), 1 + 1]", [0, 2]),
        ("sum([[1, 2], [3, 4]], axis=0)", [4, 6]),
        ("sum([[1, 2], [3, 4]], axis=-1, keepdims=true)", [[3], [7]]),
        ("[[1, 2], [3, 4]] @ [[1], [1]]", [[3], [7]]),
        ("inv([[2, 0], [0, 4]])", [[0.5, 0], [0, 0.25]]),
        ("[1, 2] ^ 2", [1, 4]),
        ("2 ^ [1, 2]", [2, 4]),
        ("maximum([1, 5], [3, 2])", [3, 5]),
        ("full((2,), 7)", [7, 7]),
    ],
)
def test_one_tensor(text: str, expected: Any) -> None:
    """A table of what people type about arrays."""
    np.testing.assert_allclose(np.asarray(value(text)), expected, rtol=1e-15)


@given(st.data())
def test_indexing_is_numpys(data: st.DataObject) -> None:
    """Any mixture of ints, slices, an ellipsis and none gives what NumPy gives."""
    array = np.arange(24.0).reshape(2, 3, 4)
    item = st.one_of(
        st.sampled_from(["0", "1", "-1", ":", "1:", ":-1", "::-1", "::2", "2:0:-1", "1:1"]), st.just("none")
    )
    items = data.draw(st.lists(item, min_size=1, max_size=4))
    if data.draw(st.booleans()):
        items.insert(data.draw(st.integers(0, len(items))), "...")
    text = ", ".join(items)
    try:
        expected = eval(f"array[{text.replace('none', 'None')}]", {"array": array})
    except IndexError:
        refused = error(f"reshape(linspace(0, 23, 24), (2, 3, 4))[{text}]").message
        assert refused.endswith("a tensor of shape (2, 3, 4)")
        assert "indices for" in refused or "is outside axis" in refused
        return
    got = np.asarray(value(f"reshape(linspace(0, 23, 24), (2, 3, 4))[{text}]"))
    np.testing.assert_allclose(got, expected, atol=1e-12)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("float32([1, 2]) * 2.5", "float32"),
        ("float32([1, 2]) * [2.5]", "float64"),
        ("int([1, 2]) * 2", "int64"),
        ("int([1, 2]) * 2.5", "float64"),
        ("sin(int([1, 2]))", "float64"),
        ("[1, 2]", "float64"),
        ("[true, false]", "bool"),
        ("[1, 2] > 1", "bool"),
        ("sum([1, 2] > 1)", "int64"),
        ("((x, a) -> a * x)(float32([1]), 2)", "float32"),
        ("((x, a) -> a * x)(int([1]), 2.5)", "float64"),
    ],
)
def test_dtypes(text: str, expected: str) -> None:
    """Plain numbers take the type of the tensor that they meet, also through a call."""
    assert value(f"({text}).dtype") == expected


def test_a_session_of_float32() -> None:
    """`set dtype float32` makes plain numbers float32 throughout."""
    assert value("set dtype float32; [1, 2].dtype") == "float32"
    assert value("set dtype float32; f(x) = sin(x); grad(f)(2).dtype") == "float32"
    assert value("set dtype float32; float64([1]).dtype") == "float64"


def test_conditions_on_plain_values_take_one_side() -> None:
    """The other is not even looked at."""
    assert value("1 if true else nothing_of_this_name") == 1
    assert value("true or nothing_of_this_name") is True
    assert value("false and nothing_of_this_name") is False


def test_random_numbers_are_seeded() -> None:
    """The same seed gives the same numbers, the next draw others."""
    first = value("set seed 3; normal((2,))")
    np.testing.assert_array_equal(first, value("set seed 3; normal((2,))"))
    assert not np.array_equal(first, value("set seed 4; normal((2,))"))
    assert value("set seed 3; sum(normal((2,)) == normal((2,)))") == 0
    assert value("uniform((3,), 5, 6).shape") == (3,)
    low = value("uniform((100,), 5, 6)")
    assert np.all((low >= 5) & (low < 6))
