"""The points of curves: poles and jumps stay open, steep places are followed, and no more is computed than it takes."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import log10

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcli.core.analysis.curves import (
    LOOKS,
    MOST_POINTS,
    MOST_ROUNDS,
    POINTS,
    Curve,
    Sampler,
    even_points,
    free_variable,
    refined,
    shown_range,
    usual_range,
)
from gradcli.core.analysis.round_numbers import round_numbers, rounded_outward, show_round
from gradcli.core.analysis.surfaces import surface
from gradcli.core.ir.nodes import Node
from gradcli.core.primitives import elementwise as ew
from gradcli.core.primitives.rounding import floor
from gradcli.core.primitives.selection import select
from gradcli.core.primitives.special import gamma

Make = Callable[[Node], Node]


def sampler(make: Make) -> Sampler:
    """A function of one number, ready to be drawn."""
    x = free_variable("x")
    return Sampler(make(x), x)


def curve(make: Make, low: float, high: float) -> tuple[Curve, tuple[float, float], int]:
    """A curve as `plot` samples it, the heights that are shown, and how often the function was computed."""
    of = sampler(make)
    x = even_points(low, high)
    y = of(x)
    shown = shown_range(x, y, of)
    assert shown is not None
    return refined(x, y, of, *shown), shown, of.runs


def branches(found: Curve) -> list[tuple[float, float]]:
    """From where to where the curve goes without a gap."""
    has_value = np.isfinite(found.y)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], has_value, [False]]).astype(int)))
    return [(float(found.x[a]), float(found.x[b - 1])) for a, b in edges.reshape(-1, 2)]


@pytest.mark.parametrize(
    ("make", "low", "high", "gaps"),
    [
        (lambda x: 1 / x, -3, 3, [0]),
        (lambda x: 1 / x, -3, 3.1, [0]),
        (lambda x: 1 / (x - 0.3), -1, 7, [0.3]),
        (ew.tan, -4, 4.5, [-np.pi / 2, np.pi / 2]),
        (ew.tan, -20, 21, [np.pi / 2 * k for k in range(-11, 14, 2)]),
        (floor, -1.5, 2.5, [-1, 0, 1, 2]),
        (ew.sign, -1, 2, [0]),
        (lambda x: select(x > 1.234567, x + 1, x), 0, 2, [1.234567]),
        (lambda x: ew.atan(1 / x), -1, 2, [0]),
        (gamma, -2.5, 3, [-2, -1, 0]),
        (lambda x: 1 / x + 1 / (x - 0.02), -1, 1.1, [0, 0.02]),
    ],
)
def test_branches_beside_poles_and_jumps_are_apart(make: Make, low: float, high: float, gaps: list[float]) -> None:
    """Each gap is where it belongs, to the last digits, and there are no others."""
    found, _, _ = curve(make, low, high)
    parts = branches(found)
    assert len(parts) == len(gaps) + 1
    for gap, (_, left), (right, _) in zip(gaps, parts, parts[1:], strict=False):
        assert left <= gap + 1e-12 * (high - low)
        assert right >= gap - 1e-12 * (high - low)
        assert right - left < 1e-8 * (high - low)


@given(st.floats(-2.9, 2.9), st.floats(1e-3, 1e3), st.integers(0, 1))
def test_any_simple_pole_is_open(pole: float, strength: float, even: int) -> None:
    """Wherever it lies and however strong it is: no stretch leads across, unless both sides go the same way."""
    found, (low, high), _ = curve(lambda x: strength / (x - pole), -3, 3)
    y0, y1 = found.y[:-1], found.y[1:]
    across = (found.x[:-1] <= pole) & (found.x[1:] >= pole) & np.isfinite(y0) & np.isfinite(y1)
    assert not across.any()
    assert low < high


@pytest.mark.parametrize(
    ("make", "low", "high"),
    [
        (ew.sin, -10, 10),
        (lambda x: x * x * x * x * x - x, -3, 3),
        (lambda x: ew.tanh(1e3 * x), -3, 3.1),
        (lambda x: ew.tanh(1e9 * x), -3, 3.1),
        (lambda x: ew.atan(1e6 * (x - 0.1)), -3, 3.1),
        (lambda x: ew.sign(x) * ew.sqrt(ew.absolute(x)), -1, 1.01),
        (ew.absolute, -1, 1.01),
        (ew.exp, -5, 5),
        (lambda x: ew.exp(-1e4 * x * x), -3, 3.1),
    ],
)
def test_steep_is_not_torn(make: Make, low: float, high: float) -> None:
    """A continuous curve has no gap, however steep, and no stretch of it crosses much of the picture unseen."""
    found, (bottom, top), _ = curve(make, low, high)
    assert len(branches(found)) == 1
    assert np.abs(np.diff(np.clip(found.y, bottom, top))).max() <= (top - bottom) / 20


@pytest.mark.parametrize(
    ("make", "low", "high", "begins"),
    [
        (ew.sqrt, -1.1, 3, 0.0),
        (ew.log, -1, 3.3, 0.0),
        (ew.asin, -3, 1, -1.0),
        (lambda x: ew.sqrt(x - 0.123456), -1, 1, 0.123456),
    ],
)
def test_a_domain_is_drawn_to_its_end(make: Make, low: float, high: float, begins: float) -> None:
    """The first point with a value is where the domain begins; what has none is nan."""
    found, _, _ = curve(make, low, high)
    (first, _) = branches(found)[0]
    assert abs(first - begins) < 1e-6
    assert np.isnan(found.y[found.x < begins - 1e-6]).all()
    assert found.missing == pytest.approx((begins - low) / (high - low), abs=0.01)


@pytest.mark.parametrize(
    ("make", "low", "high", "is_cut"),
    [
        (lambda x: 1 / x, -3, 3, True),
        (lambda x: 1 / (x * x), -3, 3.1, True),
        (ew.tan, -10, 10, True),
        (ew.tan, -100, 100, True),
        (gamma, -3.5, 4, True),
        (ew.exp, -5, 5, False),
        (lambda x: ew.exp(10 * x), -3, 3, False),
        (lambda x: ew.exp(-1000 * x * x), -3, 3.1, False),
        (lambda x: x * x * x * x * x, -3, 3, False),
        (ew.sin, -10, 10, False),
    ],
)
def test_only_poles_are_cut(make: Make, low: float, high: float, is_cut: bool) -> None:
    """A pole must not flatten all else; what is bounded is shown whole, be it a spike."""
    found, (bottom, top), _ = curve(make, low, high)
    inside = found.y[np.isfinite(found.y)]
    assert found.is_cut == is_cut
    if is_cut:
        assert top - bottom < 100
    else:
        assert bottom <= inside.min() + 0.03 * (top - bottom)
        assert top >= inside.max() - 0.03 * (top - bottom)


@pytest.mark.parametrize(
    "make",
    [
        ew.sin,
        ew.tan,
        floor,
        lambda x: ew.sin(1 / x),
        lambda x: floor(1000 * x),
        lambda x: ew.tan(100 * x),
        lambda x: ew.sin(1e9 * x),
        lambda x: ew.sqrt(ew.sin(200 * x)),
        lambda x: x / x,
    ],
)
def test_the_work_is_bounded(make: Make) -> None:
    """All points of a round go at once, and there are few rounds, whatever the function."""
    found, _, runs = curve(make, -3, 3.1)
    assert runs <= 1 + 2 * LOOKS + MOST_ROUNDS
    assert len(found.x) <= 2 * (MOST_POINTS + POINTS)
    assert (np.diff(found.x) >= 0).all()


def test_a_smooth_curve_takes_one_run() -> None:
    """Nothing is computed again."""
    _, _, runs = curve(lambda x: ew.sin(x) + x, -3, 3)
    assert runs == 1


@pytest.mark.parametrize(("make", "true"), [(ew.tan, mpmath.tan), (gamma, mpmath.gamma), (ew.exp, mpmath.exp)])
def test_every_point_is_on_the_curve(make: Make, true: Callable[[object], object]) -> None:
    """As computed by mpmath to 50 digits."""
    found, (low, high), _ = curve(make, -2.9, 3.3)
    shown = np.isfinite(found.y) & (found.y > low) & (found.y < high)
    with mpmath.workdps(50):
        for x, y in [*zip(found.x[shown], found.y[shown], strict=True)][::7]:
            assert y == pytest.approx(float(true(mpmath.mpf(float(x)))), rel=1e-12, abs=1e-12)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("makes", "expected"),
    [
        ([ew.sin], (-10, 10)),
        ([ew.tan], (-10, 10)),
        ([ew.log], (0, 10)),
        ([ew.asin], (-1, 1)),
        ([ew.asin, ew.log], (-2, 10)),
        ([ew.exp], (-3, 3)),
        ([lambda x: ew.log(x - 100)], (100, 1000)),
        ([lambda x: ew.log(-1 - x * x)], (-10, 10)),
        ([lambda x: 0 * x], (-10, 10)),
    ],
)
def test_a_range_where_none_is_given(makes: list[Make], expected: tuple[float, float]) -> None:
    """Where the functions are defined, and where something is to be seen."""
    assert usual_range([sampler(make) for make in makes]) == expected


def test_a_narrow_domain_is_found() -> None:
    """It lies between the points that are looked at first."""
    low, high = usual_range([sampler(lambda x: ew.asin(1000 * x))])
    assert -0.0013 < low <= -0.001
    assert 0.001 <= high < 0.0013


reals = st.floats(-1e9, 1e9)


@given(reals, st.floats(-12, 12), st.integers(1, 20))
def test_ticks_are_round_and_inside(low: float, power: float, most: int) -> None:
    """Multiples of 1, 2 or 5 times a power of ten, no more than wanted, and as many as there is room for."""
    high = low + 10**power
    if low == high:
        return
    ticks = round_numbers(low, high, most)
    assert len(ticks) <= most
    assert all(low <= tick <= high or tick == pytest.approx(low) or tick == pytest.approx(high) for tick in ticks)
    if most >= 5:
        assert len(ticks) >= most // 5
    if len(ticks) > 1:
        step = Fraction(repr(ticks[1])) - Fraction(repr(ticks[0]))
        places = round(log10(step), 9) // 1
        assert step / Fraction(10) ** int(places) in (1, 2, 5)
        # Each is the number that its decimal says.
        assert all(tick == float(Fraction(repr(ticks[0])) + k * step) for k, tick in enumerate(ticks))
        texts = [show_round(tick, float(step)) for tick in ticks]
        assert len(set(texts)) == len(texts)
        assert [float(text) for text in texts] == pytest.approx(ticks, rel=1e-12, abs=float(step) * 1e-6)


@pytest.mark.parametrize(
    ("low", "high", "most", "expected"),
    [
        (-3, 3, 7, (-3, -2, -1, 0, 1, 2, 3)),
        (0, 0.3, 4, (0, 0.1, 0.2, 0.3)),
        (-1, 1, 5, (-1, -0.5, 0, 0.5, 1)),
        (1, 1, 5, ()),
        (2, 1, 5, ()),
        (0.1, 0.9, 1, (0.5,)),
        (-1e300, 1e300, 3, (-1e300, 0, 1e300)),
    ],
)
def test_ticks(low: float, high: float, most: int, expected: tuple[float, ...]) -> None:
    """As on paper."""
    assert round_numbers(low, high, most) == expected


def test_ranges_are_rounded_outward() -> None:
    """To what a reader would have written."""
    assert rounded_outward(0.039, 9.98) == (0, 10)
    assert rounded_outward(-0.977, 0.977) == (-1, 1)


def test_a_surface_has_true_values_and_slopes() -> None:
    """On the whole grid, with nan where there is no value, and levels that the values pass."""
    x, y = free_variable("x"), free_variable("y")
    found = surface(x * x * y + ew.sqrt(y), (x, y), (-2, 2), (-1, 3))
    across, up = np.meshgrid(found.x, found.y)
    with np.errstate(invalid="ignore"):
        np.testing.assert_allclose(found.values, across**2 * up + np.sqrt(up), rtol=1e-12)
        assert found.slopes is not None
        across, up = np.meshgrid(found.arrows_x, found.arrows_y)
        np.testing.assert_allclose(
            found.slopes[0], np.where(up < 0, np.nan, 2 * across * up), rtol=1e-12, equal_nan=True
        )
        np.testing.assert_allclose(found.slopes[1], across**2 + 0.5 / np.sqrt(up), rtol=1e-12)
    assert found.missing == pytest.approx(0.25, abs=0.01)
    assert len(found.levels) >= 4
    assert np.nanmin(found.values) < found.levels[0] < found.levels[-1] < np.nanmax(found.values)


def test_a_level_surface_has_no_contours() -> None:
    """Also where rounding makes its values differ."""
    x, y = free_variable("x"), free_variable("y")
    found = surface(ew.sin(x) * ew.sin(x) + ew.cos(x) * ew.cos(x) + 0 * y, (x, y), (-2, 2), (-1, 3))
    assert found.levels == ()
    assert found.level == pytest.approx(1)
