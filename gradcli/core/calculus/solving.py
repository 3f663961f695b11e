"""Roots near a start: Newton's method kept on a leash, a search for a change of sign, and full precision at the end."""

from __future__ import annotations

from math import copysign, inf, isfinite, isnan
from typing import Any

import numpy as np

from gradcli.core.analysis.at_edges import edges
from gradcli.core.calculus.bodies import Body
from gradcli.core.calculus.curves import Array, Curve, Field
from gradcli.core.errors import CoreError
from gradcli.core.ir.arrays import plain
from gradcli.core.ir.edges import EdgeKind

# Where a slope may be a convention; a quotient of zeros is nan by itself.
CORNERS = frozenset(EdgeKind) - {EdgeKind.QUOTIENT}

MOST_STEPS = 120
# A scan for a change of sign goes so far: steps from a start on both sides, each larger than the last.
FIRST_STEP, GROWTH, SCANNED = 1e-3, 1.25, 140
# So many candidates of a scan are followed, the nearest first.
MOST_CANDIDATES = 16
# What is smaller than this beside where it becomes 0 has left the floats, not reached a root.
UNDERFLOW = 1e-280
# A start that leads nowhere is moved so often, by more and more.
RESTARTS = 24
SMALL_RESIDUAL = 1e-9


def root_of(body: Body, start: Any, *args: Any) -> Any:
    """The root near a start, of its shape.

    Raises:
        CoreError: where none is found, saying what was tried.
    """
    if np.shape(start) == ():
        return np.asarray(find_root(Curve(body, args), float(start)))
    return find_system(Field(body, args), np.asarray(start, float).ravel()).reshape(np.shape(start))


def fixed_point_of(body: Body, start: Any, *args: Any) -> Any:
    """Where what a body adds at each step is 0: by the steps while they become smaller, then by Newton's method.

    Raises:
        CoreError: where none is found, saying what was tried.
    """
    inputs = [*body.variables, *body.free]
    program = body.program("step", lambda: [body.output], inputs)
    x, before = np.asarray(start, float), inf
    for _ in range(MOST_ITERATIONS):
        with np.errstate(all="ignore"):
            step = np.asarray(program(*map(plain, (x, *args)))[0], float)
        size = float(np.max(abs(step), initial=0.0))
        if not size < MOST_GROWTH * before:
            return root_of(body, start, *args)
        x, before = x + step, min(size, before)
        if size <= CLOSE * float(np.max(abs(x), initial=1e-300)):
            return root_of(body, x, *args)
    return root_of(body, start, *args)


# How often a fixed point is stepped towards, how near is enough for Newton's method, and what is no way to one.
MOST_ITERATIONS, CLOSE, MOST_GROWTH = 1000, 1e-6, 10.0


def doubt_at(body: Body, y: Any, *args: Any) -> Any:
    """0 where the function has no corner at the point, nan where it has one."""
    point = dict(zip([*body.variables, *body.free], [np.asarray(y), *args], strict=True))
    moving = [node for node in point if node.dtype.is_float]
    return np.asarray(np.nan if edges([body.output], point, moving, CORNERS) else 0.0)


class _Search:
    """One search for a root, and the point where the function was smallest."""

    def __init__(self, curve: Curve) -> None:
        self.curve = curve
        self.best = (inf, 0.0)
        self.other: float | None = None

    def at(self, x: float, highest: int = 2) -> tuple[float, ...]:
        """Value and derivatives, remembered where it is the smallest."""
        found = self.curve.at(x, highest)
        self.seen(x, found[0])
        return found

    def seen(self, x: float, f: float) -> None:
        """Remember a value."""
        size = abs(f)
        if size < self.best[0]:
            self.best = (size, x)
        if 0 < size < inf and self.other is None:
            self.other = x

    def newton(self, x: float, leash: float = 2.0) -> float | None:
        """Newton's method where |f| falls at each step; None where it gets stuck.

        A step is no longer than `leash` times what the point is away from 0, or than the leash itself.
        Beside Newton's step, that for a root of any multiplicity is tried (Schröder 1870), which is Newton's for f/f'.
        """
        f, d, d2 = self.at(x)
        for _ in range(MOST_STEPS):
            if f == 0:
                return x
            longest = leash * max(1.0, abs(x))
            steps = [f / d if d else inf, f * d / bottom if (bottom := d * d - f * d2) else inf]
            steps = [max(-longest, min(longest, s)) for s in steps if isfinite(s)] or [copysign(longest, f)]
            if min(map(abs, steps)) <= self.curve.epsilon * abs(x):
                return x
            tried = [(x - s, *self.at(x - s)) for s in dict.fromkeys(steps)]
            while not any(abs(t[1]) < abs(f) for t in tried):
                steps = [s / 2 for s in steps[:1]]
                if abs(steps[0]) <= self.curve.epsilon * max(abs(x), 1e-300):
                    return x if self.is_root(x) else None
                tried = [(x - steps[0], *self.at(x - steps[0]))]
            x, f, d, d2 = min(tried, key=lambda t: inf if isnan(t[1]) else abs(t[1]))
        return x

    def bracketed(self, low: float, high: float) -> float:
        """The place between two points of different signs where the sign changes, by Newton's steps and bisection."""
        f_low = self.at(low, 1)[0]
        x = _middle(low, high)
        for _ in range(4 * MOST_STEPS):
            f, d = self.at(x, 1)
            if f == 0:
                return x
            if (f > 0) == (f_low > 0) and not isnan(f):
                low, f_low = x, f
            else:
                high = x
            x = x - f / d if d and isfinite(f / d) else inf
            width = abs(high - low)
            # A step that does not stay well inside, or a bracket that hardly shrinks, is a bisection.
            if not min(low, high) < x < max(low, high) or self.curve.count % 3 == 0:
                x = _middle(low, high)
            if width <= self.curve.epsilon * max(abs(low), abs(high)) or x in (low, high):
                break
        return min((low, high), key=lambda x: _size(self.at(x, 1)[0]))

    def is_root(self, x: float) -> bool:
        """Whether the value is no more than rounding makes of 0, and neither a pole, a jump nor an underflow."""
        f = self.at(x, 1)[0]
        unit = self.curve.epsilon * max(abs(x), 1e-300)
        wide = max(1.0, abs(x))
        around = [_size(self.curve.at(x + way * wide, 0)[0]) for way in (1e-4, -1e-4, 1e-2, -1e-2)]
        around = [size for size in around if isfinite(size)]
        if f == 0:
            return not (all(size == 0 for size in around) and self._underflows(x))
        beside = [self.curve.at(x + k * unit, 0)[0] for k in (-16, -4, -1, 1, 4, 16)]
        change = max((abs(g - f) for g in beside if isfinite(g)), default=0.0)
        if abs(f) > 1e-3 * max(around, default=inf):
            return False
        return abs(f) <= 8 * change or abs(f) <= 8 * self._noise(x, 64 * unit)

    def _noise(self, x: float, step: float) -> float:
        """How much values beside one another are off a straight line: so close together, by rounding alone."""
        values = np.array([self.curve.at(x + k * step, 0)[0] for k in range(-8, 9)])
        bent = abs(np.diff(values, 2))
        return float(bent[np.isfinite(bent)].max(initial=0.0)) / 2

    def _underflows(self, x: float) -> bool:
        """Whether the value is 0 there only since it is too small for a float: so it is where the zeros begin."""
        low, high = x, self.other
        if high is None:
            return False
        while (middle := _middle(low, high)) not in (low, high):
            if self.curve.at(middle, 0)[0] == 0:
                low = middle
            else:
                high = middle
        further = high + copysign(1e-4 * max(1.0, abs(high)), high - low)
        return _size(self.curve.at(further, 0)[0]) < UNDERFLOW

    def polished(self, x: float) -> float:
        """The neighbouring number where |f| is smallest."""
        unit = self.curve.epsilon * max(abs(x), 1e-300)
        for _ in range(4):
            points = [x, x - unit, x + unit, x - unit / 2, x + unit / 2]
            best = min(points, key=lambda p: _size(self.curve.at(p, 0)[0]))
            if best == x:
                break
            x = best
        return x

    def scanned(self, x0: float) -> float | None:
        """A root found by a change of sign, or by a dip of |f|, around the start."""
        steps = FIRST_STEP * max(1.0, abs(x0)) * GROWTH ** np.arange(SCANNED)
        for candidates in (self._crossings(x0, steps), self._dips(x0, steps)):
            for low, high in candidates:
                x = self.newton(low) if low == high else self.bracketed(low, high)
                if x is not None and self.is_root(x):
                    return x
        return None

    def _sides(self, x0: float, steps: Array) -> list[tuple[Array, Array]]:
        sides = []
        for way in (1.0, -1.0):
            points = np.concatenate([[x0], x0 + way * steps])
            (values,) = self.curve.many(points)
            for x, f in zip(points.tolist(), values.tolist(), strict=True):
                self.seen(x, f)
            sides.append((points, values))
        return sides

    def _crossings(self, x0: float, steps: Array) -> list[tuple[float, float]]:
        found = []
        for points, values in self._sides(x0, steps):
            for i in np.flatnonzero(values[:-1] * np.sign(values[1:]) < 0):
                found.append((abs(points[i + 1] - x0), float(points[i]), float(points[i + 1])))
        return [(low, high) for _, low, high in sorted(found)[:MOST_CANDIDATES]]

    def _dips(self, x0: float, steps: Array) -> list[tuple[float, float]]:
        found = []
        for points, values in self._sides(x0, steps):
            size = np.where(np.isfinite(values), abs(values), inf)
            for i in np.flatnonzero((size[1:-1] <= size[:-2]) & (size[1:-1] <= size[2:])) + 1:
                found.append((abs(points[i] - x0), float(points[i])))
        return [(x, x) for _, x in sorted(found)[:MOST_CANDIDATES]]


def _middle(low: float, high: float) -> float:
    """Halfway, in size where the ends lie orders apart; of different signs 0, where many roots are."""
    if min(low, high) < 0 < max(low, high):
        return 0.0
    if low * high > 0 and not 0.01 < abs(low / high) < 100:
        return copysign(float(np.sqrt(abs(low)) * np.sqrt(abs(high))), low)
    return low + (high - low) / 2


def _size(f: float) -> float:
    return inf if isnan(f) else abs(f)


def find_root(curve: Curve, x0: float) -> float:
    """A root of a function of one number, near x0.

    Raises:
        CoreError: where none is found.
    """
    if not isfinite(x0):
        raise CoreError(f"the start of a search must be finite, and this is {x0}", "start near the root")
    search = _Search(curve)
    f = search.at(x0)[0]
    if isnan(f):
        raise CoreError(f"the function has no value at the start, {x0:g}", "start where it has one")
    x = search.newton(x0)
    if x is None or not search.is_root(x):
        x = search.scanned(x0)
    if x is None:
        x = search.newton(x0, leash=1e300)
    if x is None or not search.is_root(x):
        far = FIRST_STEP * max(1.0, abs(x0)) * GROWTH ** (SCANNED - 1)
        size, where = search.best
        least = f"|f| is smallest, {size:.3g}, at {where:.6g}"
        if size == 0:
            least = f"|f| only falls towards 0, such as at {where:.6g}, where it is too small for a float"
        raise CoreError(
            f"no root found near {x0:g}: Newton's method comes to none, and from {x0 - far:.2g} to {x0 + far:.2g} "
            f"no change of sign leads to one; {least}",
            "start nearer to a root, or search an interval with roots(f, a, b)",
        )
    return search.polished(x) + 0.0


def between(curve: Curve, low: float, high: float) -> float | None:
    """The root between two points where the function has different signs; None where it jumps over 0."""
    search = _Search(curve)
    x = search.bracketed(low, high)
    return search.polished(x) + 0.0 if search.is_root(x) else None


def crossing(curve: Curve, low: float, high: float) -> float:
    """Where the sign changes between two points, whether by a root or by a jump."""
    return _Search(curve).bracketed(low, high)


def polished(curve: Curve, x: float) -> float:
    """The neighbour of a root where the value is smallest."""
    return _Search(curve).polished(x)


def is_root(curve: Curve, x: float) -> bool:
    """Whether the value at a point is rounding alone."""
    return _Search(curve).is_root(x)


# Systems.


def find_system(field: Field, start: Array) -> Array:
    """A root of as many equations as unknowns.

    Raises:
        CoreError: where none is found.
    """
    rng = np.random.default_rng(0)
    best: tuple[float, Array] = (inf, start)
    with np.errstate(all="ignore"):
        for attempt in range(RESTARTS + 1):
            spread = 10.0 ** (-1 + 2 * attempt / RESTARTS)
            x = start if not attempt else start + spread * np.maximum(1.0, abs(start)) * rng.normal(size=start.shape)
            x, size, there = newton_of_system(field, x)
            if there:
                return x
            if size < best[0]:
                best = size, x
    if best[0] == inf:
        raise CoreError("the functions have no values at the start, nor beside it", "start where they have some")
    at = ", ".join(f"{round(v, 6):.6g}" for v in best[1][:6].tolist()) + (", ..." if best[1].size > 6 else "")
    raise CoreError(
        f"no root found from this start, nor from {RESTARTS} points around it: the largest |f| is at least "
        f"{best[0]:.3g}, which it is at ({at})",
        "start nearer to a root",
    )


def newton_of_system(field: Field, x: Array) -> tuple[Array, float, bool]:
    """Newton's method with shorter steps where the residual grows, and steps of Levenberg and Marquardt where stuck."""
    f, slopes = field.system(x)
    first = abs(f).max(initial=0.0)
    if not np.isfinite(first):
        return x, inf, False
    for _ in range(MOST_STEPS):
        if not f.any():
            return x, 0.0, True
        found = _better(field, x, f, slopes)
        if found is None:
            break
        new, f_new, slopes_new = found
        small = (abs(new - x) <= field.epsilon * abs(new)).all()
        x, f, slopes = new, f_new, slopes_new
        if small:
            break
    size = float(abs(f).max(initial=0.0))
    scale = max(first, float((abs(slopes) @ abs(x)).max(initial=0.0)))
    return x, size, bool(size <= SMALL_RESIDUAL * scale) or size == 0


def _better(field: Field, x: Array, f: Array, slopes: Array) -> tuple[Array, Array, Array] | None:
    """A point with a smaller residual; None where there is none in sight."""
    before = float(np.linalg.norm(f))
    directions = []
    try:
        directions.append(np.linalg.solve(slopes, -f))
    except np.linalg.LinAlgError:
        directions.append(np.linalg.lstsq(slopes, -f, rcond=None)[0] if np.isfinite(slopes).all() else -f)
    for direction in directions:
        if not np.isfinite(direction).all():
            continue
        for k in range(30):
            new = x + direction * 0.5**k
            f_new, slopes_new = field.system(new)
            if np.linalg.norm(f_new) < before:
                return new, f_new, slopes_new
            if k == 0 and (abs(direction) <= 4 * field.epsilon * abs(x)).all():
                return None
    if not np.isfinite(slopes).all():
        return None
    normal, pull = slopes.T @ slopes, slopes.T @ f
    weight = np.diag(normal).max(initial=0.0) or 1.0
    for damping in 10.0 ** np.arange(-10, 9, 2):
        step = np.linalg.solve(normal + damping * weight * np.eye(x.size), -pull)
        f_new, slopes_new = field.system(x + step)
        if np.linalg.norm(f_new) < before * (1 - 1e-8):
            return x + step, f_new, slopes_new
    return None
