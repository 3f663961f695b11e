"""The sine and the cosine at once."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest

from gradcli.core.engines.numpy import sincos
from tests.core.engines.harness import (
    ulps,
)


@pytest.mark.parametrize(
    "points",
    [
        np.random.default_rng(0).uniform(-7, 7, 1500),
        np.random.default_rng(1).normal(size=500) * 10.0 ** np.random.default_rng(2).uniform(-300, 0, 500),
        np.random.default_rng(3).uniform(-1, 1, 700) * 10.0 ** np.random.default_rng(4).uniform(0, 12, 700),
        np.arange(-500, 500) * (np.pi / 2),
        np.arange(-501, 500, 2) * (np.pi / 4),
        (np.arange(-250, 250) * (np.pi / 2)) + np.random.default_rng(5).normal(size=500) * 1e-9,
        np.array([6381956970095103.0 * 2.0**-10, 2.0**40, -(2.0**40), 1e-310, 5e-324]),
        np.array([1e16, 2.0**60, -1e300, 1.7e308, 0.5]),
    ],
    ids=["turns", "small", "large", "quarters", "eighths", "near zeros", "edges", "huge"],
)
def test_sine_and_cosine_at_once_are_right_to_two_ulp(points: Any) -> None:
    """Against 400 digits, zeros and huge arguments included."""
    sine, cosine = np.empty_like(points), np.empty_like(points)
    with np.errstate(all="ignore"):
        sincos.sin_and_cos(points, sine, cosine)
    with mpmath.workdps(400):
        exact = [mpmath.mpf(p) for p in points.tolist()]
        assert ulps(sine, [mpmath.sin(p) for p in exact]) <= 2.0
        assert ulps(cosine, [mpmath.cos(p) for p in exact]) <= 2.0


def test_sine_and_cosine_of_what_is_no_number() -> None:
    """Signed zeros, infinities and nan, and nothing at all."""
    points = np.array([0.0, -0.0])
    sine, cosine = np.empty(2), np.empty(2)
    with np.errstate(all="ignore"):
        sincos.sin_and_cos(points, sine, cosine)
    assert sine.tolist() == [0.0, 0.0]
    assert np.signbit(sine).tolist() == [False, True]
    assert cosine.tolist() == [1.0, 1.0]
    points = np.array([np.inf, np.nan, 1.0])
    sine, cosine = np.empty(3), np.empty(3)
    with np.errstate(all="ignore"):
        sincos.sin_and_cos(points, sine, cosine)
        sincos.sin_and_cos(points[:0], sine[:0], cosine[:0])
    assert np.isnan(sine).tolist() == [True, True, False]
    assert sine[2] == np.sin(1.0)
