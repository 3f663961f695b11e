"""Critical points and what they are: by the second derivative, and where that is 0 by the first that is not."""

from __future__ import annotations

from math import isfinite
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
# A Taylor term is there where, over a share of the interval, it is more than this share of the largest one.
PRESENT, SHARE = 1e-9, 0.05
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
    inner = [Critical((x,), curve.at(x, 0)[0], _kind(curve, x, high - low)) for x in found.places]
    ends = [(low, "left", curve.at(low), 1.0), (high, "right", curve.at(high), -1.0)]
    points = list(inner)
    for x, _, (value, slope), way in ends:
        if isfinite(value):
            points.append(Critical((x,), value, f"endpoint {_end_kind(curve, x, slope * way, way, high - low)}"))
    points.sort(key=lambda p: p.at)
    return CriticalPoints(tuple(points), found.unresolved)


def _end_kind(curve: Curve, x: float, inwards: float, way: float, width: float) -> str:
    """A minimum where the function rises into the interval."""
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
    """The derivatives up to the highest order, and which of them are there; [] where the point is no smooth one."""
    body = curve.body
    (variable,) = body.variables

    def outputs() -> list[Any]:
        (found,) = partials([body.output], [[variable]], HIGHEST)
        return [found.get((k,), filled(0.0, body.output)) for k in range(HIGHEST + 1)]

    program = body.program("taylor", outputs, [variable, *body.free])
    found = [
        float(v) for v in program.function(np.asarray(x) if program.engine.on_arrays else x, *_plain(curve, program))
    ]
    sizes, weight = [], 1.0
    for k, value in enumerate(found):
        weight = weight * (SHARE * width / k) if k else 1.0
        sizes.append(abs(value) * weight if isfinite(value) else 0.0)
    largest = max(sizes[1:])
    return found, [size > PRESENT * largest and isfinite(v) for size, v in zip(sizes, found, strict=True)]


def _plain(curve: Curve, program: Any) -> list[Any]:
    return list(curve.args) if program.engine.on_arrays else [float(a) for a in curve.args]


def _kind(curve: Curve, x: float, width: float) -> str:
    """What an inner point is, where the slope is 0 or changes its sign."""
    step = 1e-7 * max(width, abs(x))
    before, after = curve.at(x - step)[1], curve.at(x + step)[1]
    second = abs(curve.derivative().at(x, 1)[1])
    smooth = isfinite(second) and abs(after - before) <= 4 * step * second + 1e-6 * (abs(before) + abs(after))
    if not smooth and before * after < 0 and abs(after - before) > 1e3 * step * second:
        return MINIMUM if before < 0 else MAXIMUM
    found, there = _terms(curve, x, width)
    for k in range(2, HIGHEST + 1):
        if there[k]:
            return INFLECTION if k % 2 else MINIMUM if found[k] > 0 else MAXIMUM
    return UNDECIDED


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
