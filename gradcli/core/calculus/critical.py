"""Critical points and what they are: by the second derivative, and where that is 0 by the first that is not."""

from __future__ import annotations

from math import factorial, isfinite
from typing import Any

import numpy as np

from gradcli.core.calculus.bodies import Body
from gradcli.core.calculus.curves import Array, Curve, Field
from gradcli.core.calculus.sampling import turning_points
from gradcli.core.calculus.solving import newton_of_system
from gradcli.core.errors import CoreError
from gradcli.core.ir.nodes import filled
from gradcli.core.records import record
from gradcli.core.transforms.reverse import gradient
from gradcli.core.transforms.taylor import partials

MINIMUM, MAXIMUM, SADDLE, INFLECTION, UNDECIDED = "minimum", "maximum", "saddle", "inflection", "undecided"

# Beyond this order a function is taken for flat.
HIGHEST = 12
# A Taylor term is there where it is more than this share of the largest one, over a share of the interval that is so
# short that the terms of high orders have faded.
PRESENT, SHARE, FADED, MOST_HALVINGS = 1e-9, 0.05, 0.1, 200
# Places nearer than this share of the interval, whose values differ by no more than this share, are one.
CLOSE, ROUNDING = 1e-2, 1e-14
# Newton's method starts from so many points along each side of a box.
STARTS = 9
SAME = 1e-6


@record
class Critical:
    """A point, the value there, and what it is."""

    at: tuple[float, ...]
    value: float
    kind: str


@record
class CriticalPoints:
    """Points in ascending order, and the stretch of which not all may be known."""

    points: tuple[Critical, ...]
    unresolved: tuple[float, float] | None = None


def critical_points(body: Body, args: Any, low: float, high: float) -> CriticalPoints:
    """Those of a function of one number in an interval, with its ends.

    Raises:
        CoreError: for a function that is constant somewhere, or has no values.
    """
    curve = Curve(body, args)
    found = turning_points(curve, curve.derivative(), low, high)
    places = _merged(curve, found.places, high - low)
    walls = [low, *places, high]
    inner = [
        Critical((x,), curve.at(x, 0)[0], _kind(curve, x, before, after, high - low))
        for before, x, after in zip(walls, places, walls[2:], strict=False)
    ]
    ends = [_end(curve, x, way, high - low) for x, way in ((low, 1.0), (high, -1.0))]
    points = [*inner, *(p for p in ends if isfinite(p.value))]
    return CriticalPoints(tuple(sorted(points, key=lambda p: p.at)), found.unresolved)


def _end(curve: Curve, x: float, way: float, width: float) -> Critical:
    value, slope = curve.at(x)
    return Critical((x,), value, f"endpoint {_end_kind(curve, x, slope * way, way, width)}")


def _end_kind(curve: Curve, x: float, inwards: float, way: float, width: float) -> str:
    """A minimum where the function rises into the interval, which lies in the direction `way`."""
    coefficients, there = _terms(curve, x, width)
    for k in range(1, len(coefficients)):
        if there[k]:
            rises = coefficients[k] * way**k > 0
            return MINIMUM if rises else MAXIMUM
    if isfinite(inwards) and inwards:
        return MINIMUM if inwards > 0 else MAXIMUM
    step = 1e-6 * width
    here, beside = curve.at(x, 0)[0], curve.at(x + way * step, 0)[0]
    return UNDECIDED if not isfinite(beside) or beside == here else MINIMUM if beside > here else MAXIMUM


def _terms(curve: Curve, x: float, width: float) -> tuple[list[float], list[bool]]:
    """The derivatives up to the highest order, and which of them are there."""
    body = curve.body
    (variable,) = body.variables

    def outputs() -> list[Any]:
        (found,) = partials([body.output], [[variable]], HIGHEST)
        return [found.get((k,), filled(0.0, body.output)) for k in range(HIGHEST + 1)]

    program = body.program("taylor", outputs, [variable, *body.free])
    found = [
        float(v) for v in program.function(np.asarray(x) if program.engine.on_arrays else x, *_plain(curve, program))
    ]
    coefficients = [abs(v) / factorial(k) if isfinite(v) else 0.0 for k, v in enumerate(found)]
    step = SHARE * width
    for _ in range(MOST_HALVINGS):
        sizes = [c * step**k for k, c in enumerate(coefficients)]
        largest = max(sizes[1 : HIGHEST // 2 + 1])
        if max(sizes[HIGHEST // 2 + 1 :]) <= FADED * largest:
            break
        step /= 2
    return found, [size > PRESENT * largest and isfinite(v) for size, v in zip(sizes, found, strict=True)]


def _plain(curve: Curve, program: Any) -> list[Any]:
    return list(curve.args) if program.engine.on_arrays else [float(a) for a in curve.args]


def _merged(curve: Curve, places: list[float], width: float) -> list[float]:
    """Places that lie close and differ in value by rounding alone as one: the flattest of them."""
    kept: list[float] = []
    noise = ROUNDING * max((abs(curve.at(x, 0)[0]) for x in places), default=0.0)
    for x in places:
        near = bool(kept) and x - kept[-1] <= CLOSE * width
        if near and abs(curve.at(x, 0)[0] - curve.at(kept[-1], 0)[0]) <= noise:
            kept[-1] = min(kept[-1], x, key=lambda p: abs(curve.at(p)[1]))
        else:
            kept.append(x)
    return kept


def _kind(curve: Curve, x: float, before: float, after: float, width: float) -> str:
    """What an inner point is; between it and its neighbours, `before` and `after`, the slope has one sign.

    By the first derivative that is there. At a corner, or where rounding hides which that is, the slopes on both sides
    decide.
    """
    reach = min(SHARE * width, 0.25 * (x - before), 0.25 * (after - x))
    left, right = curve.at(x - reach)[1], curve.at(x + reach)[1]
    by_slopes = UNDECIDED
    if isfinite(left) and isfinite(right) and left and right:
        by_slopes = MINIMUM if left < 0 < right else MAXIMUM if right < 0 < left else INFLECTION
    found, there = _terms(curve, x, width)
    k = next((k for k in range(2, HIGHEST + 1) if there[k]), None)
    if k is None or found[1] != found[1]:
        return by_slopes
    by_order = INFLECTION if k % 2 else MINIMUM if found[k] > 0 else MAXIMUM
    return by_order if by_slopes in (UNDECIDED, by_order) else by_slopes


def critical_points_in_box(body: Body, args: Any, low: Array, high: Array) -> CriticalPoints:
    """Those of a function of two numbers, a vector of them, within a box: from a grid of starts.

    Raises:
        CoreError: for a function without values.
    """
    slope: Body = body.derived("box", lambda: body.with_same_inputs(gradient([body.output], body.variables)[0]))
    field, system = Field(body, args), Field(slope, args)
    found: list[Array] = []
    lines = [np.linspace(p, q, STARTS) for p, q in zip(low, high, strict=True)]
    values: list[float] = []
    with np.errstate(all="ignore"):
        for start in np.stack(np.meshgrid(*lines), axis=-1).reshape(-1, len(low)):
            values += [v for v in (field.value(start),) if isfinite(v)]
            x, _, there = newton_of_system(system, start)
            x = _without_dust(system, x, high - low) if there else x
            inside = (x >= low - SAME * (high - low)).all() and (x <= high + SAME * (high - low)).all()
            if there and inside and not any((abs(x - y) <= SAME * (high - low)).all() for y in found):
                found.append(np.clip(x, low, high))
            if len(found) > STARTS**2 / 2:
                raise CoreError(
                    "the critical points of this function are no single points, or too many to list",
                    "take a smaller box",
                )
        if not values:
            raise CoreError("the function has no finite value in this box", "look where it has some")
        scale = (max(values) - min(values)) / float((high - low).max()) ** 2
        points = [Critical(tuple((x + 0.0).tolist()), field.value(x), _kind_of_field(field, x, scale)) for x in found]
    return CriticalPoints(tuple(sorted(points, key=lambda p: p.at)))


def _without_dust(system: Field, x: Array, width: Array) -> Array:
    """With coordinates that are 0 but for rounding as 0, where that is as good a point."""
    clean = np.where(abs(x) <= SAME * width, 0.0, x)
    before, after = (float(abs(system.system(p)[0]).max()) for p in (x, clean))
    return clean if after <= before else x


def _kind_of_field(field: Field, x: Array, scale: float) -> str:
    """By the signs of the Hessian's eigenvalues; undecided where one is 0 and the others agree."""
    curvature = field.curved(x)[2]
    values = np.linalg.eigvalsh((curvature + curvature.T) / 2)
    zero = abs(values) <= PRESENT * max(float(abs(values).max()), scale, 1e-300)
    if (values[~zero] > 0).any() and (values[~zero] < 0).any():
        return SADDLE
    if zero.any():
        return UNDECIDED
    return MINIMUM if values[0] > 0 else MAXIMUM
