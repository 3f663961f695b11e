"""Sums without rounding, against Python's `math.fsum` and fractions."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gradcli.session.rows.exact import ExactSums

FLOATS = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e300, max_value=1e300)


@given(st.lists(FLOATS, max_size=30), st.integers(0, 30))
def test_a_sum_is_rounded_once_however_it_is_grouped(numbers: list[float], cut: int) -> None:
    """All numbers of floats are summed as they are, subnormal ones too."""
    rows = np.array(numbers).reshape(-1, 1)
    whole = ExactSums(1)
    whole.add(rows)
    left, right = ExactSums(1), ExactSums(1)
    right.add(rows[:cut])
    left.add(rows[cut:])
    left.merge(ExactSums.of_arrays(right.to_arrays()))
    assert whole.values()[0] == left.values()[0] == math.fsum(numbers)


@given(st.lists(FLOATS, min_size=1, max_size=10), st.integers(1, 10**12))
def test_a_mean_is_the_nearest_float(numbers: list[float], count: int) -> None:
    """Of the sum as a fraction."""
    sums = ExactSums(1)
    sums.add(np.array(numbers).reshape(-1, 1))
    assert sums.values(count)[0] == float(sum(map(Fraction, numbers), Fraction(0)) / count)


def test_what_is_no_number_and_what_is_beyond_floats() -> None:
    """As the sum of floats has it; a sum that comes back from beyond them is exact."""
    sums = ExactSums(5)
    sums.add(np.array([[np.inf, np.nan, 1.7e308, 1.7e308, 5e-324], [1.0, 1.0, 1.7e308, -1.7e308, 5e-324]]))
    assert np.array_equal(sums.values(), [np.inf, np.nan, np.inf, 0.0, 1e-323], equal_nan=True)
    sums.add(np.array([[-np.inf, 0.0, -1.7e308, 0.0, 0.0]]))
    assert np.array_equal(sums.values(), [np.nan, np.nan, 1.7e308, 0.0, 1e-323], equal_nan=True)
