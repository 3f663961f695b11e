"""The rule by which two values are close: Python's math.isclose for each element, and equal shapes."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.language.running import error, value

NUMBERS = st.one_of(
    st.sampled_from([0.0, -0.0, 1e-13, 2e-13, 1e308, -1e308, 5e-324, 1.0, 1 + 9e-10, 1 + 2e-9, math.inf, -math.inf]),
    st.floats(allow_nan=False),
)


@given(NUMBERS, NUMBERS, st.sampled_from([1e-9, 0.0, 0.5]), st.sampled_from([0.0, 1e-12, 1.0]))
def test_the_rule_is_isclose(a: float, b: float, rtol: float, atol: float) -> None:
    """Of numbers, and of the elements of tensors."""
    expected = math.isclose(a, b, rel_tol=rtol, abs_tol=atol)
    chosen = f"rtol={rtol!r}, atol={atol!r}"
    assert value(f"allclose({a!r}, {b!r}, {chosen})") is expected
    assert value(f"allclose([1, {a!r}], [1, {b!r}], {chosen})") is expected


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("1e-13, 2e-13", False),
        ("0, 1e-17", False),
        ("0, 1e-17, atol=1e-16", True),
        ("1, 1 + 1e-10", True),
        ("[], 1", False),
        ("1, zeros((2, 0))", False),
        ("[], []", True),
        ("[], zeros((2, 0))", False),
        ("[1, 1], 1", True),
        ("[1, 2], 1", False),
        ("[1, 1], [1]", False),
        ("[1, 1], sum([1])", True),
        ("nan, nan", False),
        ("nan, nan, equal_nan=true", True),
        ("[nan, 1], [nan, 2], equal_nan=true", False),
        ("[nan, 1], [1, nan], equal_nan=true", False),
        ("float32([1]), [1 + 2e-6]", True),
        ("float32([1]), [1 + 2e-5]", False),
        ("float32([1e-8]), float32([2e-8])", False),
        ("(1, [2, 3]), (1, [2, 3])", True),
        ("(1, 2), (1, 2, 3)", False),
        ("(1, 2), [1, 2]", False),
    ],
)
def test_shapes_and_special_values(call: str, expected: bool) -> None:
    """Within a function as well as outside."""
    assert value(f"allclose({call})") is expected


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("1, 1, rtol=-1", "rtol must be a number that is 0 or more"),
        ("1, 1, atol=nan", "atol must be a number that is 0 or more"),
        ("1, 1, equal_nan=1", "equal_nan is true or false, not a number"),
        ('1, "a"', "a number or a tensor, not a text"),
    ],
)
def test_what_makes_no_tolerance_is_refused(call: str, message: str) -> None:
    """With a message that says which."""
    assert message in error(f"allclose({call})").message
