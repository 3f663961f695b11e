"""Arrays where tuples go: as shapes, and as several tensors; and lengths one after the other."""

from __future__ import annotations

import numpy as np
import pytest

from tests.language.running import error, value


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("ones([2, 3])", "ones((2, 3))"),
        ("zeros([])", "zeros(())"),
        ("s = [2, 3]; zeros(s)", "zeros((2, 3))"),
        ("full([2], 7)", "full((2,), 7)"),
        ("zeros(shape=[2, 1])", "zeros((2, 1))"),
        ("reshape([1, 2, 3, 4], [2, 2])", "reshape([1, 2, 3, 4], (2, 2))"),
        ("reshape([1, 2, 3, 4], 2, 2)", "reshape([1, 2, 3, 4], (2, 2))"),
        ("reshape([1, 2, 3, 4], 2, -1)", "reshape([1, 2, 3, 4], (2, 2))"),
        ("reshape([1, 2, 3, 4], [-1, 1])", "reshape([1, 2, 3, 4], (4, 1))"),
        ("[1, 2, 3, 4].reshape(4, 1)", "reshape([1, 2, 3, 4], (4, 1))"),
        ("[1, 2, 3, 4].reshape([4, 1])", "reshape([1, 2, 3, 4], (4, 1))"),
        ("transpose([[1, 2, 3]], 1, 0)", "transpose([[1, 2, 3]], (1, 0))"),
        ("transpose([[1, 2, 3]], [1, 0])", "transpose([[1, 2, 3]], (1, 0))"),
        ("tile([1, 2], [2, 1])", "tile([1, 2], (2, 1))"),
        ("broadcast_to([1, 2], [2, 2])", "broadcast_to([1, 2], (2, 2))"),
        ("x = [1, 2]; y = [3]; concatenate([x, y])", "concatenate(([1, 2], [3]))"),
        ("concatenate([[1, 2], [3], [4, 5, 6]])", "concatenate(([1, 2], [3], [4, 5, 6]))"),
        ("concatenate([[[1], [2]], [[3, 4], [5, 6]]], axis=1)", "concatenate(([[1], [2]], [[3, 4], [5, 6]]), axis=1)"),
        ("stack([[1, 2], [3, 4]], axis=1)", "stack(([1, 2], [3, 4]), axis=1)"),
        ("stack([k*[1, 2] for k in 1..3])", "stack(([1, 2], [2, 4], [3, 6]))"),
        ("x = [[1, 2], [3, 4]]; concatenate(x)", "concatenate(([1, 2], [3, 4]))"),
        ("vstack([[1, 2], [3, 4]])", "vstack(([1, 2], [3, 4]))"),
        ("hstack([[1, 2], [3]])", "hstack(([1, 2], [3]))"),
        ("f(n) = zeros([n, n + 1]); f(2)", "zeros((2, 3))"),
        ("f(x) = reshape(x, [x.size, 1]); f([1, 2])", "[[1], [2]]"),
        ("normal([2, 1]).shape", "(2, 1)"),
        ("uniform([3]).shape", "(3,)"),
        ("moveaxis(zeros((1, 2, 3)), [0, 1], [2, 0]).shape", "(2, 3, 1)"),
    ],
)
def test_an_array_is_as_good_as_a_tuple(text: str, other: str) -> None:
    """The same shape and the same elements."""
    got, want = np.asarray(value(text)), np.asarray(value(other))
    assert got.shape == want.shape
    np.testing.assert_array_equal(got, want)


def test_what_stands_in_an_array_is_differentiated() -> None:
    """As in a tuple."""
    np.testing.assert_array_equal(value("r = grad(x -> sum(concatenate([x, x^2, [1]])^2))([1, 2]); r"), [6, 36])
    np.testing.assert_array_equal(
        value("f(x) = sum(stack([x, 2x]).reshape(1, -1)^2); r = grad(f)([1, 2]); r"), [10, 20]
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("zeros([1.5])", "must be a whole number"),
        ("zeros([[1, 2]])", "a shape must be a whole number"),
        ("reshape([1, 2], 2, 2)", "do not fill"),
        ("zeros(2, 3)", "is not a dtype"),
        ("stack([[1, 2], [3]])", "do not stack"),
        ("concatenate(3)", "expected a tuple"),
        ("sum([1, 2], 0, false, 3, 4, 5, 6, 7, 8)", "arguments, and here are"),
    ],
)
def test_refusals(text: str, message: str) -> None:
    """Each says what was wrong."""
    assert message in error(text).message
