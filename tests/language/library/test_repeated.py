"""`scan`, `fold` and `cumulative` are what a loop of the language is."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.language.running import error, value


def test_against_python() -> None:
    """The last carry, every carry, and what each step gives."""
    xs = [0.5, -1.0, 2.0, 3.0]
    carry, kept, outputs = 1.0, [], []
    for x in xs:
        outputs.append(carry * x)
        carry = math.sin(carry + x)
        kept.append(carry)
    assert value(f"fold((c, x) -> sin(c + x), 1, {xs})") == pytest.approx(carry, rel=1e-14)
    np.testing.assert_allclose(value(f"cumulative((c, x) -> sin(c + x), 1, {xs})"), kept, rtol=1e-14)
    last, given = value(f"scan((c, x) -> (sin(c + x), c*x), 1, {xs})")
    assert last == pytest.approx(carry, rel=1e-14)
    np.testing.assert_allclose(given, outputs, rtol=1e-14)


def test_nested_carries_items_and_derivatives() -> None:
    """Tuples are carried, several things gone through, and all of it differentiated."""
    text = (
        "def f(a):\n"
        "    step = (c, i) -> ((c[0] + a*i[0], c[1]*i[1]), c[0]*c[1])\n"
        "    c, ys = scan(step, (0, 1), zip(range(1, 6), [0.5, 2, 1, 3, 0.1]))\n"
        "    return sum(ys) + c[0] + c[1]\n"
    )
    b = np.cumprod([1, 0.5, 2, 1, 3])
    slope = sum(np.cumsum([0, 1, 2, 3, 4]) * b) + 15
    assert value(f"{text}f'(2)") == pytest.approx(slope, rel=1e-13)
    assert value(f"{text}f''(2)") == 0


def test_rows_of_a_matrix() -> None:
    """A tensor is gone through by its first axis."""
    found = value("cumulative((h, x) -> tanh(h + x), [0, 0], [[1, 2], [3, 4], [5, 6]])")
    h = np.zeros(2)
    rows = []
    for x in ([1, 2], [3, 4], [5, 6]):
        h = np.tanh(h + x)
        rows.append(h)
    np.testing.assert_allclose(found, rows, rtol=1e-14)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("fold((c, x) -> [c, c], 1, [1, 2])", "another kind of carry"),
        ("scan((c, x) -> c, 1, [1, 2])", "the next carry and an output"),
        ("fold(x -> x, 1, [1, 2])", "a carry and an item"),
        ("fold((c, x) -> c, 1, ())", "nothing to go through"),
        ('fold((c, x) -> c, "a", [1, 2])', "numbers, tensors and tuples"),
    ],
)
def test_mistakes(text: str, said: str) -> None:
    """A carry keeps its kind."""
    assert said in error(text).message
