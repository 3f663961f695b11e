"""Integrals as numbers: Gauss and Kronrod's rule on panels that are halved where it fails, and what ends need.

At an end where the integrand is a power series in a root of the distance, that series is integrated; where it is
none, as of a logarithm, the rule of Takahasi and Mori (1974) comes as near as it likes. An infinite end is brought to 0
by t = 1/x.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from math import inf, isfinite, isnan, pi, sqrt
from typing import Any

import numpy as np

from gradcli.core.calculus.bodies import Body
from gradcli.core.calculus.curves import TOGETHER, Array, Curve
from gradcli.core.errors import CoreError
from gradcli.core.records import record

# Nodes and weights of Kronrod's rule of 21 points, and the weights of Gauss' of 10 among them (Piessens et al. 1983).
_NODES = (
    0.995657163025808080735527280689003, 0.973906528517171720077964012084452, 0.930157491355708226001207180059508,
    0.865063366688984510732096688423493, 0.780817726586416897063717578345042, 0.679409568299024406234327365114874,
    0.562757134668604683339000099272694, 0.433395394129247190799265943165784, 0.294392862701460198131126603103866,
    0.14887433898163121088482600112972, 0.0,
)  # fmt: skip
_KRONROD = (
    0.011694638867371874278064396062192, 0.03255816230796472747881897245938964, 0.05475589657435199603138130024458,
    0.07503967481091995276704314091619, 0.093125454583697605535065465083366, 0.109387158802297641899210590325805,
    0.123491976262065851077958109585166, 0.134709217311473325928054001771707, 0.142775938577060080797094273138717,
    0.147739104901338491374841515972068, 0.149445554002916905664936468389821,
)  # fmt: skip
_GAUSS = (
    0.066671344308688137593568809893332, 0.149451349150580593145863396957698, 0.219086362515982043995534934228163,
    0.269266719309996355091226921569469, 0.295524224714752870173815619188769,
)  # fmt: skip

PANELS = 16
DEEPEST = 40
MOST_PANELS = 6_000
# A panel that still fails after so many halvings is looked at as one with an end of its own.
SINGULAR_AFTER = 6
# One that fails within is searched for a place where the integrand has grown so many times.
PEAK_AFTER, GROWN = 20, 100.0
# How far from an infinite end its panels begin: the powers of 2 up to this one.
FURTHEST = 14
HALVINGS_OF_A_STEP = 8
ENOUGH = 1e-14
# Rounded points are off by a quarter of a rounding or so; the bound is so many standard deviations of what that makes.
OFF, DEVIATIONS = 0.25, 4
GOOD_ENOUGH = 1e-6


@cache
def rule() -> tuple[Array, Array, Array]:
    """The nodes on [-1, 1] in ascending order, Kronrod's weights, and Gauss' with 0 where it has no node."""
    half = np.array(_NODES)
    nodes = np.concatenate([-half, half[-2::-1]])
    weights = np.concatenate([_KRONROD, _KRONROD[-2::-1]])
    inner = np.zeros(21)
    inner[1:10:2] = _GAUSS
    inner[11::2] = _GAUSS[::-1]
    return nodes, weights, inner


@record
class Panel:
    """A stretch of x; with `inverted` t is 1/x there. `depth` is how often it was halved."""

    low: float
    high: float
    inverted: bool = False
    depth: int = 0

    def halves(self) -> tuple[Panel, Panel]:
        """Both of them."""
        middle = self.low + (self.high - self.low) / 2
        deeper = self.depth + 1
        return Panel(self.low, middle, self.inverted, deeper), Panel(middle, self.high, self.inverted, deeper)


@record
class Part:
    """What a panel comes to: the integral, a bound of its error, and the integral of the absolute value.

    `noise` is the standard deviation of what rounding does to its points, which falls on either side.
    """

    value: Any
    error: float
    size: float
    noise: float = 0.0


class Integrand:
    """A body as a function of many points, of x where t is 1/x."""

    def __init__(self, body: Body, args: Any) -> None:
        self.curve = Curve(body, args)

    def __call__(self, x: Array, inverted: bool) -> Array:
        """The values along the first axis."""
        if not inverted:
            return self.curve.many(x)[0]
        with np.errstate(all="ignore"):
            (values,) = self.curve.many(1 / x)
            weight = (1 / x**2).reshape(-1, *(1,) * (values.ndim - 1))
            # What has fallen to 0 stays 0, however far out.
            return np.where(values == 0, 0.0, values * weight)


def integral_of(body: Body, a: Any, b: Any, *args: Any) -> tuple[Any, float]:
    """The integral over t from a to b, of the output's shape, and a bound of its error.

    Raises:
        CoreError: where it diverges, or the integrand has no values, or is too wild to be integrated.
    """
    low, high = float(a), float(b)
    if isnan(low) or isnan(high):
        raise CoreError("an end of the integral is nan", "an end is a number, or inf")
    if low == high:
        return np.zeros(body.output.shape), 0.0
    sign = 1.0
    if low > high:
        low, high, sign = high, low, -1.0
    integrand = Integrand(body, args)
    with np.errstate(all="ignore"):
        value, error = _Integral(integrand, low, high).run()
    return sign * value, error


def _panels(low: float, high: float) -> list[Panel]:
    """A finite stretch in even parts; towards an infinite end in ever longer ones, and the rest as one in 1/t."""
    if isfinite(low) and isfinite(high):
        edges = np.linspace(low, high, PANELS + 1).tolist()
        return [Panel(p, q) for p, q in pairwise(edges)]
    if low == -inf and high == inf:
        return _panels(-inf, 0.0) + _panels(0.0, inf)
    start = low if isfinite(low) else -high
    distance = [0.0, *(2.0**k for k in range(FURTHEST))]
    last = max(1.0, 2 * abs(start))
    edges = [start + d * max(1.0, abs(start)) for d in distance]
    edges = [*edges, max(edges[-1], last)] if edges[-1] < last else edges
    found = [Panel(p, q) for p, q in pairwise(edges)]
    found.append(Panel(0.0, 1 / edges[-1], inverted=True))
    if isfinite(low):
        return found
    return [Panel(-p.high, -p.low, p.inverted) for p in found]


class _Integral:
    """One integral under way."""

    def __init__(self, integrand: Integrand, low: float, high: float) -> None:
        self.integrand, self.low, self.high = integrand, low, high
        self.epsilon = integrand.curve.epsilon
        self.ends = {e for e in (low, high) if isfinite(e)}

    def run(self) -> tuple[Any, float]:
        """The integral and its bound."""
        done: list[Part] = []
        waiting = _panels(self.low, self.high)
        count = 0
        while waiting:
            parts = self._by_rule(waiting)
            count += len(waiting)
            total = sum((p.size for p in [*done, *parts] if isfinite(p.size)), start=0.0)
            failing = []
            for panel, part in zip(waiting, parts, strict=True):
                share = max(ENOUGH * total / PANELS, 4 * self.epsilon * part.size)
                if isfinite(part.size) and part.error <= share:
                    done.append(part)
                else:
                    failing.append(panel)
            waiting = []
            for panel in failing:
                peak = self._peak(panel) if panel.depth == PEAK_AFTER else None
                if panel.depth >= SINGULAR_AFTER and self._has_an_end(panel):
                    done.append(self._at_an_end(panel))
                elif peak is not None:
                    # Both sides of it end there.
                    self.ends.add(peak)
                    sides = (Panel(panel.low, peak), Panel(peak, panel.high))
                    done += [self._at_an_end(side) for side in sides if side.low < side.high]
                elif panel.depth >= DEEPEST or count > MOST_PANELS:
                    done.append(self._stubborn(panel))
                else:
                    waiting += panel.halves()
        value = sum((p.value for p in done[1:]), start=done[0].value)
        size = sum(p.size for p in done)
        noise = sqrt(sum(p.noise**2 for p in done))
        error = sum(p.error for p in done) + 8 * self.epsilon * size + DEVIATIONS * noise
        self._refuse_what_is_nothing(value, error, size)
        return value, float(error)

    def _by_rule(self, panels: list[Panel]) -> list[Part]:
        nodes, weights, inner = rule()
        found: list[Part | None] = [None] * len(panels)
        for inverted in (False, True):
            places = [i for i, p in enumerate(panels) if p.inverted is inverted]
            if not places:
                continue
            low = np.array([panels[i].low for i in places])
            half = np.array([panels[i].high for i in places]) / 2 - low / 2
            points = (low + half)[:, None] + half[:, None] * nodes
            values = self.integrand(points.ravel(), inverted).astype(float)
            values = values.reshape(len(places), 21, *values.shape[1:])
            for i, h, v in zip(places, half.tolist(), values, strict=True):
                _refuse_missing(panels[i], v)
                found[i] = _estimated(v, h, max(abs(panels[i].low), abs(panels[i].high)), weights, inner, self.epsilon)
        return [part for part in found if part is not None]

    def _has_an_end(self, panel: Panel) -> bool:
        """Whether it begins or ends where the integral does, or at infinity."""
        return (panel.inverted and 0.0 in (panel.low, panel.high)) or bool(self.ends & {panel.low, panel.high})

    def _peak(self, panel: Panel) -> float | None:
        """Where, within a panel, the integrand grows without bound as far as floats show; None where it does not."""
        if panel.inverted:
            return None
        low, high = panel.low, panel.high
        beside: float | None = None
        while True:
            x = np.linspace(low, high, TOGETHER)
            sizes = abs(self.integrand(x, inverted=False)).reshape(len(x), -1).max(axis=1)
            sizes = np.where(np.isnan(sizes), inf, sizes)
            beside = max(float(sizes[0]), float(sizes[-1])) if beside is None else beside
            k = int(sizes.argmax())
            around = float(x[max(k - 1, 0)]), float(x[min(k + 1, len(x) - 1)])
            if around == (low, high) or np.isinf(sizes[k]) or around[1] - around[0] <= 4 * np.spacing(abs(x[k])):
                return float(x[k]) if sizes[k] > GROWN * beside else None
            low, high = around

    def _at_an_end(self, panel: Panel) -> Part:
        """A panel whose integrand has no Taylor series at one end, or at both."""
        ends = {0.0} if panel.inverted else self.ends
        if panel.low in ends and panel.high in ends:
            return _together([self._at_an_end(half) for half in panel.halves()])
        at_low = panel.low in ends
        end = panel.low if at_low else panel.high
        self._refuse_divergence(panel, end)
        series = None if panel.inverted or not end else self._by_series(panel, end)
        return series or self._double_exponential(panel)

    def _by_series(self, panel: Panel, end: float) -> Part | None:
        """The integral of the power series at an end; None where there is none. Close to it floats lie far apart."""
        from gradcli.core.calculus.ends import integrated_series

        width = panel.high - panel.low
        found = integrated_series(self.integrand.curve, end, 1.0 if end == panel.low else -1.0, width)
        return None if found is None else Part(*found)

    def _double_exponential(self, panel: Panel) -> Part:
        """With t = tanh(pi/2 sinh u), and steps in u that are halved until the sum stays."""
        width = panel.high - panel.low
        before: Any = None
        error, value, size = inf, None, 0.0
        for k in range(1, HALVINGS_OF_A_STEP + 1):
            step = 2.0**-k
            u = np.arange(-int(6.2 / step), int(6.2 / step) + 1) * step
            # The distance from the nearer end, as a share of the width, without cancellation.
            share = 1 / (1 + np.exp(pi * np.sinh(abs(u))))
            weight = pi * np.cosh(u) * share * (1 - share)
            x = np.where(u < 0, panel.low + width * share, panel.high - width * share)
            # At an end itself there may be no value, and there is no weight.
            inside = (x > panel.low) & (x < panel.high) & (weight > 0)
            values = self.integrand(x[inside], panel.inverted).astype(float)
            bad = ~np.isfinite(values)
            weights = (weight[inside] * step * width).reshape(-1, *(1,) * (values.ndim - 1))
            terms = np.where(bad, 0.0, values) * weights
            value, size = terms.sum(axis=0), float(abs(terms).sum())
            if before is not None:
                error = float(np.max(abs(value - before), initial=0.0))
                if error <= 4 * self.epsilon * size:
                    break
            before = value
        # What lies between an end and the floats beside it is not seen.
        beside = 0.0 if panel.inverted else 4 * self.epsilon * max(abs(panel.low), abs(panel.high))
        unseen = (
            beside * float(np.max(abs(values[np.isfinite(values)]), initial=0.0)) if panel.low and panel.high else 0.0
        )
        return Part(value, max(error, 4 * self.epsilon * size) + unseen, size)

    def _stubborn(self, panel: Panel) -> Part:
        """What is left of a panel that was halved often enough."""
        self._refuse_pole(panel)
        (part,) = self._by_rule([panel])
        if isfinite(part.size):
            return Part(part.value, max(part.error, part.size * 1e-3), part.size)
        return self._double_exponential(panel)

    def _refuse_pole(self, panel: Panel) -> None:
        """Refuse what grows within the interval as fast as 1/t or faster."""
        width = panel.high - panel.low
        for place in (panel.low, panel.low + width / 2, panel.high):
            for way in (1, -1):
                far, near = (self._size_at(place + way * d, panel.inverted) for d in (1e6 * width, 4 * width))
                if inf > near > far > 0 and near / far > (1e6 / 4) ** 0.95:
                    at = 1 / place if panel.inverted and place else place if abs(place) > 8 * width else 0.0
                    raise CoreError(
                        f"the integral diverges: the integrand has a pole near {at:.6g}",
                        "integrate over stretches without it",
                    )

    def _size_at(self, x: float, inverted: bool) -> float:
        size = float(np.max(abs(self.integrand(np.array([x]), inverted)), initial=0.0))
        return size if isfinite(size) else inf

    def _refuse_divergence(self, panel: Panel, end: float) -> None:
        """Refuse an integrand that grows towards an end as fast as one over the distance, or faster."""
        away = panel.high - panel.low if end == panel.low else panel.low - panel.high
        # As near as floats lie close together, which at 0 they do.
        near = 1e-30 if end == 0 else 2.0**14 * self.epsilon * abs(end / away)
        sizes = [self._size_at(end + away * d, panel.inverted) for d in (min(1e-2, near**0.5), near)]
        beside = self.integrand(end + away * near * np.linspace(1, 3, 32), panel.inverted)
        if beside.min() < 0 < beside.max():
            # What changes its sign over and over may have an integral all the same.
            return
        if 0 < sizes[0] < inf and 0 < sizes[1] < inf:
            power = float(np.log(sizes[1] / sizes[0]) / np.log(near / min(1e-2, near**0.5)))
            if power <= -0.995:
                place = (inf if panel.low == 0 else -inf) if panel.inverted else end
                raise CoreError(
                    f"the integral diverges: towards {place:g} the integrand falls no faster than 1/t"
                    if panel.inverted
                    else f"the integral diverges: towards {place:g} the integrand grows like the distance to the power "
                    f"{power:.2g}",
                    None if panel.inverted else "a power above -1 has an integral up to the end",
                )

    def _refuse_what_is_nothing(self, value: Any, error: float, size: float) -> None:
        if not np.isfinite(value).all() or not isfinite(error):
            raise CoreError(
                "the integrand has no finite values on a part of the interval",
                "integrate where it has values",
            )
        if error > GOOD_ENOUGH * max(size, 1e-300):
            found = f"to better than {error:.2g}" if error < max(1.0, size / 2) else "at all"
            raise CoreError(
                f"the integral could not be found {found} after {self.integrand.curve.count:,} values of the "
                "integrand: it may diverge, or oscillate without end",
                "see where the integrand is large, and integrate over parts",
            )


def _refuse_missing(panel: Panel, values: Array) -> None:
    """Refuse a stretch, not a point, on which the integrand has no finite values."""
    missing = int((~np.isfinite(values.reshape(len(values), -1))).any(axis=1).sum())
    if panel.depth < SINGULAR_AFTER or missing < len(values) / 2:
        return
    middle = panel.low + (panel.high - panel.low) / 2
    at = 1 / middle if panel.inverted and middle else middle
    what = "no value" if np.isnan(values).any() else "no finite value"
    raise CoreError(
        f"the integrand has {what} near {at:.6g}", "integrate where it has values, and where they stay finite"
    )


def _estimated(values: Array, half: float, farthest: float, weights: Array, inner: Array, epsilon: float) -> Part:
    """Kronrod's sum, and how far it is from Gauss' as QUADPACK weighs it (Piessens et al. 1983, section 2.2.4)."""
    whole = np.tensordot(weights, values, 1) * half
    rough = np.tensordot(inner, values, 1) * half
    size = np.tensordot(weights, abs(values), 1) * half
    spread = np.tensordot(weights, abs(values - whole / (2 * half)), 1) * half
    error = abs(whole - rough)
    scaled = np.where(
        spread > 0, spread * np.minimum(1.0, (200 * error / np.where(spread > 0, spread, 1.0)) ** 1.5), error
    )
    bound = np.where(error == 0, 0.0, scaled)
    total = float(np.sum(size))
    if not isfinite(total):
        return Part(whole, inf, total)
    steps = np.diff(values.reshape(len(values), -1), axis=0)
    noise = OFF * epsilon * farthest * float(np.sqrt((steps**2).sum(axis=0)).max(initial=0.0))
    return Part(whole, float(np.max(bound, initial=0.0)), total, noise)


def _together(parts: list[Part]) -> Part:
    value = sum((p.value for p in parts[1:]), start=parts[0].value)
    return Part(value, sum(p.error for p in parts), sum(p.size for p in parts))
