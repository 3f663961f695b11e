"""A function of one number sampled so finely that a cubic between neighbours says what is between them."""

from __future__ import annotations

from math import inf, nextafter

import numpy as np

from gradcli.core.calculus.curves import Array, Curve
from gradcli.core.calculus.solving import between, crossing, is_root, polished
from gradcli.core.errors import CoreError
from gradcli.core.records import record

FIRST_POINTS = 257
MOST_POINTS = 200_000
ROUNDS = 12
# So far a cubic of values and slopes may be off in the middle, as a share of what is there.
RESOLVED = 0.02
MOST_ROOTS = 10_000
SAME = 1e-9


@record
class Samples:
    """Points in ascending order with value and slope; `unresolved` is a stretch with more in it than was seen."""

    points: Array
    values: Array
    slopes: Array
    unresolved: tuple[float, float] | None


def _told(samples: tuple[Array, Array, Array], where: Array, fm: Array, dm: Array, epsilon: float) -> Array:
    """Whether the cubic through two neighbours has the value and the slope in the middle between them."""
    x, f, d = samples
    h = x[where + 1] - x[where]
    f0, f1, d0, d1 = f[where], f[where + 1], d[where], d[where + 1]
    with np.errstate(all="ignore"):
        size = np.maximum(np.maximum(abs(f0), abs(f1)), abs(fm))
        steep = np.maximum(np.maximum(abs(d0), abs(d1)), abs(dm))
        largest, steepest = (np.nanmax(np.where(np.isfinite(a), abs(a), 0.0), initial=0.0) for a in (f, d))
        noise = 64 * epsilon * largest
        value = abs((f0 + f1) / 2 + h / 8 * (d0 - d1) - fm) <= RESOLVED * size + noise
        slope = (
            abs(1.5 * (f1 - f0) / h - (d0 + d1) / 4 - dm) <= 5 * RESOLVED * steep + 64 * epsilon * steepest + noise / h
        )
        # Where there are no values at all, there is nothing to be seen.
        return np.asarray((value & slope) | (np.isnan(f0) & np.isnan(f1) & np.isnan(fm)))


@record
class Found:
    """Places in ascending order, and the stretch of which not all may be known."""

    places: list[float]
    unresolved: tuple[float, float] | None


def sampled(curve: Curve, low: float, high: float) -> Samples:
    """Halve each stretch where value and slope at its ends do not say what is in its middle."""
    rng = np.random.default_rng(0)
    x = np.linspace(low, high, FIRST_POINTS)
    # Points that are not even are in step with nothing.
    x[1:-1] += (high - low) / FIRST_POINTS * rng.uniform(-0.3, 0.3, FIRST_POINTS - 2)
    f, d = curve.many(x, 1)
    # How often each stretch is still to be looked into: what passes once may do so by chance.
    left = np.full(len(x) - 1, 2)
    counts: list[int] = []
    for _ in range(ROUNDS):
        where = np.flatnonzero(left)
        counts.append(int((left == 2).sum()))
        middle = x[where] + (x[where + 1] - x[where]) / 2
        fresh = (middle > x[where]) & (middle < x[where + 1])
        where, middle = where[fresh], middle[fresh]
        if not len(where) or len(x) + len(where) > MOST_POINTS:
            break
        fm, dm = curve.many(middle, 1)
        told = _told((x, f, d), where, fm, dm, curve.epsilon)
        after = np.where(told, left[where] - 1, 2)
        left[:] = 0
        left[where] = after
        x, f, d = (np.insert(a, where + 1, b) for a, b in ((x, middle), (f, fm), (d, dm)))
        left = np.insert(left, where + 1, after)
    # A corner, a pole or a root of t stays open at every depth; what is wild opens more with each.
    grows = len(counts) > 4 and counts[-1] > 4 and counts[-1] > 1.5 * counts[-4]
    where = np.flatnonzero(left)
    return Samples(x, f, d, (float(x[where[0]]), float(x[where[-1] + 1])) if grows and len(where) else None)


def roots_between(curve: Curve, low: float, high: float, what: str = "0") -> Found:
    """All roots in an interval, ends included; `what` the function is where it is 0 all along, for a message.

    Raises:
        CoreError: where the function is 0 on a whole stretch, or has no values.
    """
    seen = sampled(curve, low, high)
    x, f = seen.points, seen.values
    if not np.isfinite(f).any():
        raise CoreError(f"the function has no finite value between {low:g} and {high:g}", "look where it has some")
    _refuse_flat(x, f, what)
    found = [p for p in (low, high) if is_root(curve, p)]
    found += [float(p) for p in x[1:-1][f[1:-1] == 0]]
    with np.errstate(all="ignore"):
        changes = np.flatnonzero(np.sign(f[:-1]) * np.sign(f[1:]) < 0)
    _refuse_many(len(changes), low, high)
    for i in changes:
        place = between(curve, float(x[i]), float(x[i + 1]))
        if place is not None:
            found.append(place)
    found += _touching(curve, seen)
    found += [p for p in _edges(curve, x, f) if is_root(curve, p)]
    return Found(_distinct(found, high - low), seen.unresolved)


def turning_points(curve: Curve, derivative: Curve, low: float, high: float) -> Found:
    """Where the slope is 0 or changes its sign, ends excluded: critical points, and corners without a jump."""
    found = roots_between(derivative, low, high, what="constant")
    places = [p for p in found.places if low < p < high]
    seen = sampled(derivative, low, high)
    x, d = seen.points, seen.values
    with np.errstate(all="ignore"):
        for i in np.flatnonzero(np.sign(d[:-1]) * np.sign(d[1:]) < 0):
            place = crossing(derivative, float(x[i]), float(x[i + 1]))
            if not any(abs(place - p) <= SAME * (high - low) for p in places) and _is_continuous(curve, place):
                places.append(place)
    return Found(_distinct(places, high - low), found.unresolved)


def _is_continuous(curve: Curve, x: float) -> bool:
    step = 64 * curve.epsilon * max(abs(x), 1e-300)
    far = 1e-5 * max(1.0, abs(x))
    left, here, right = (curve.at(x + s, 0)[0] for s in (-step, 0.0, step))
    around = [curve.at(x + s, 0)[0] for s in (-far, far)]
    jump, change = abs(left - right), max(abs(a - here) for a in around)
    # A pole is higher than all around it.
    high = abs(here) <= 1e3 * max(map(abs, around)) + 1
    return bool(np.isfinite(here) and high and jump <= 1e-3 * change + 64 * curve.epsilon * abs(here))


def _touching(curve: Curve, seen: Samples) -> list[float]:
    """Roots without a change of sign, and pairs between two samples: where |f| has a minimum."""
    x, f, d = seen.points, seen.values, seen.slopes
    with np.errstate(all="ignore"):
        h = x[1:] - x[:-1]
        same = f[:-1] * np.sign(f[1:]) != 0
        same &= np.sign(f[:-1]) == np.sign(f[1:])
        towards = (np.sign(f[:-1]) * np.sign(d[:-1]) < 0) & (np.sign(f[1:]) * np.sign(d[1:]) > 0)
        reached = np.minimum(abs(f[:-1]), abs(f[1:])) <= h * np.maximum(abs(d[:-1]), abs(d[1:]))
    found: list[float] = []
    slope = curve.derivative()
    for i in np.flatnonzero(same & towards & reached):
        low, high = float(x[i]), float(x[i + 1])
        place = crossing(slope, low, high)
        there = curve.at(place, 0)[0]
        if is_root(curve, place):
            found.append(polished(curve, place))
        elif np.sign(there) == -np.sign(f[i]):
            pair = (between(curve, low, place), between(curve, place, high))
            found += [p for p in pair if p is not None]
    return found


def _edges(curve: Curve, x: Array, f: Array) -> list[float]:
    """The last points with a value beside those without one."""
    here = np.isfinite(f)
    found = []
    for i in np.flatnonzero(here[:-1] != here[1:]):
        good, bad = (float(x[i]), float(x[i + 1])) if here[i] else (float(x[i + 1]), float(x[i]))
        while (middle := good + (bad - good) / 2) not in (good, bad):
            if np.isfinite(curve.at(middle, 0)[0]):
                good = middle
            else:
                bad = middle
        found += [good, nextafter(good, inf), nextafter(good, -inf)]
    return [p for p in found if np.isfinite(curve.at(p, 0)[0])]


def _refuse_flat(x: Array, f: Array, what: str) -> None:
    zero = (f[:-2] == 0) & (f[1:-1] == 0) & (f[2:] == 0)
    if zero.any():
        where = np.flatnonzero(zero)
        raise CoreError(
            f"the function is {what} on a whole stretch, such as from {x[where[0]]:.4g} to {x[where[-1] + 2]:.4g}",
            "look at an interval where it is not",
        )


def _refuse_many(count: int, low: float, high: float) -> None:
    if count > MOST_ROOTS:
        raise CoreError(
            f"the function changes its sign {count:,} times between {low:g} and {high:g}", "look at a shorter interval"
        )


def _distinct(places: list[float], width: float) -> list[float]:
    kept: list[float] = []
    for place in sorted(places):
        if not kept or place - kept[-1] > SAME * max(abs(place), width):
            kept.append(place)
    return [place + 0.0 for place in kept]
