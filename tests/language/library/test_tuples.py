"""Numbers in a row and tuples where a function of the core takes one tensor."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.language.running import error, number, value


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("max(1, 2)", 2),
        ("min(3, 1, 2)", 1),
        ("max(1, 2, 3, 4)", 4),
        ("amax(1, 5, 2, 3, 4)", 5),
        ("amin(2, 5)", 2),
        ("max((1, 2, 3))", 3),
        ("min((1, 2, 3))", 1),
        ("max(2^100, 2^100 + 1)", 2**100 + 1),
        ("sum((1, 4, 9))", 14),
        ("prod((2, 3))", 6),
        ("sum((2^100, 1))", 2**100 + 1),
        ("mean((1, 2))", 1.5),
        ("mean((2, 4))", 3),
        ("sum(())", 0),
        ("prod(())", 1),
        ("sum((0.1, 0.2))", 0.3),
        ("sum((true, 2 > 1, false))", 2),
        ("max(0.5, 1/3)", 0.5),
        ("sum(range(1000001))", 500000500000),
        ("max(range(10))", 9),
        ("min((3, 0.5, 7))", 0.5),
        ("max((7,))", 7),
    ],
)
def test_plain_numbers_stay_plain(text: str, want: float) -> None:
    """Ints of any length exactly; decimals as they are written."""
    got = number(text)
    assert got == want
    assert isinstance(got, int) == isinstance(want, int) or got == int(got)


def test_nan_is_passed_on() -> None:
    """Wherever it stands, as NumPy's maximum does."""
    assert all(map(math.isnan, value("max(nan, 1), max(1, nan), min(nan, 1), min(1, 2, nan), max((nan, 1))")))


def test_variables_are_differentiated() -> None:
    """The larger has the slope, equal ones share it; beside plain numbers too."""
    f = "f(x, y) = max(x, y)"
    assert value(f"{f}; r = grad(f, (0, 1))(3, 2); r") == (1, 0)
    assert value(f"{f}; r = grad(f, (0, 1))(2, 2); r") == (0.5, 0.5)
    assert value("f(x, y) = min(x, y, 5); r = grad(f, (0, 1))(3, 2); r") == (0, 1)
    assert value("f(x) = max(x, 0)^2; f(3), f'(3), f''(3), f(-1), f'(-1)") == (9, 6, 2, 0, 0)
    assert value("r = grad(max)(1, 2); r") == (0, 1)
    f = "f(x, y) = sum((x^2, y, 3)) + prod((x, y)) + mean((x, y))"
    assert value(f"{f}; r = grad(f, (0, 1))(3, 2); f(3, 2), r") == (22.5, (8.5, 4.5))


def test_tensors_in_a_tuple_are_taken_together() -> None:
    """Item by item, where they have one shape."""
    np.testing.assert_array_equal(value("sum(([1, 2], [3, 4]))"), [4, 6])
    np.testing.assert_array_equal(value("prod(([1, 2], [3, 4], 2))"), [6, 16])
    np.testing.assert_array_equal(value("mean(([1, 2], [3, 4]))"), [2, 3])
    np.testing.assert_array_equal(value("max(([1, 5], [3, 4], [2, 2]))"), [3, 5])
    np.testing.assert_array_equal(value("min(([1, 5], 3))"), [1, 3])
    assert value("r = sum((float32([1, 2]), 0.5)); r").dtype == "float32"
    np.testing.assert_array_equal(value("f(x) = sum((x, x^2)); r = grad(f)([1, 2]); r"), [3, 5])


def test_of_one_tensor_nothing_changes() -> None:
    """Axes by position and by name, keepdims, a single number."""
    x = "[[1, 5], [3, 4]]"
    np.testing.assert_array_equal(value(f"max({x}, 0)"), [3, 5])
    np.testing.assert_array_equal(value(f"max({x}, axis=1, keepdims=true)"), [[5], [4]])
    np.testing.assert_array_equal(value(f"sum({x}, (0, 1))"), 13)
    assert value(f"max({x}), max(3), sum(3), norm(-3)") == (5, 3, 3, 3)


def test_a_tuple_of_numbers_is_a_vector() -> None:
    """For norms and products, with slopes."""
    assert value("norm((3, 4)), norm((3, -4), 1), norm((3, -4), inf), dot((1, 2), (3, 4))") == (5, 7, 4, 11)
    assert value("dot((1, 2), [3, 4]), cross((1, 2), (3, 4))") == (11, -2)
    np.testing.assert_array_equal(value("cross((1, 0, 0), (0, 1, 0))"), [0, 0, 1])
    np.testing.assert_array_equal(value("cross([[1, 0, 0], [0, 1, 0]], [0, 0, 1])"), [[0, -1, 0], [1, 0, 0]])
    assert value("f(x, y) = norm((x, y)); r = grad(f, (0, 1))(3, 4); r") == pytest.approx((0.6, 0.8), rel=1e-15)
    slopes = value("f(x) = cross((x, 2, 3), (1, 1, x)); r = jacobian(f)(5.0); r")
    np.testing.assert_array_equal(np.ravel(slopes), [2, -10, 1])


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("norm(3, 4)", "`hypot(x, y)` of two numbers, or `norm([x, y])`"),
        ("norm(1, 2, 3, 4, 5)", "`norm([x, y])`"),
        ("norm([1, 2], [3, 4])", "hypot(x, y)"),
        ("sum(1, 2)", "`x + y` of two numbers, or `sum([x, y])`"),
        ("sum(1, 2, 3, 4, 5)", "`sum([x, y])`"),
        ("prod(2, 3)", "`x * y`"),
        ("mean(1, 2)", "`(x + y)/2`"),
        ("max([1, 2], [3, 0])", "`maximum(x, y)`"),
        ("min([1, 2], [3, 0])", "`minimum(x, y)`"),
        ("sum([1, 2], [3, 0])", "`x + y`"),
        ("max(3, axis=0)", "maximum(x, y)"),
        ("max((1, 2), axis=0)", "write the items in [ ]"),
        ("norm(([1, 2], none))", "written in [ ]"),
        ("f(x) = sum(x, 1)\nf(3)", "`x + y`"),
    ],
)
def test_the_call_that_was_meant_is_told(text: str, hint: str) -> None:
    """Where what stands second is no axis and no order."""
    assert hint in (error(text).hint or "")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("max(())", "max of no items"),
        ("mean(())", "mean of no items"),
        ("sum(([1, 2], [1, 2, 3]))", "shapes (2,) and (3,)"),
        ('sum(("a", 1))', "not a text"),
        ("sum(((1, 2), 3))", "not a tuple of 2"),
        ("norm(())", "and here are none"),
        ('dot(("a", 1), (1, 2))', "a text"),
        ("cross([1, 2], [1, 2, 3])", "shapes (2,) and (3,) have no vector product"),
        ("cross(1, 2)", "shapes () and () have no vector product"),
    ],
)
def test_refusals(text: str, message: str) -> None:
    """A sentence each."""
    assert message in error(text).message
