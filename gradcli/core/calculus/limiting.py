"""Limits: by the series that a function is beside a point, and where it has none, by its values closer and closer.

Beside infinity the series is one in t = 1/x.
"""

from __future__ import annotations

from math import copysign, inf, isfinite, isinf
from typing import Any

import numpy as np

from gradcli.core.analysis.germs import germs_of
from gradcli.core.calculus.bodies import Body, body_of
from gradcli.core.calculus.curves import Array, Curve
from gradcli.core.ir.nodes import Node, fresh_input
from gradcli.core.ir.primitive import Application, with_args
from gradcli.core.ir.traversal import reachable, substitute
from gradcli.core.primitives.elementwise import exp, log, reciprocal
from gradcli.core.records import record

# Orders to which a series is developed, one after the other until it tells.
ORDERS = (4, 8, 16, 32)
# Above so many bounds of its rounding a number is no 0.
CERTAIN = 16.0
# The distances of values: each of two sequences is a number between 1 and 2 times powers of 1/2.
SEQUENCES = (1.0, 1.3719812)
CLOSEST_AT_ZERO, CLOSEST, FARTHEST = 1000, 44, 1000
SETTLED, AGREE, VANISHED, FALLEN, CONSISTENT = 1e-12, 1e-9, 1e-12, 1e-8, 1e-3
LARGE = 1e100
PLATEAU, LONG_ENOUGH = 1e-6, 6


@record
class OneSided:
    """What a function tends to on one side: None where that can't be told, or there is nothing.

    `by_series` says that it is proved, `defined` that the function has values there.
    """

    value: float | None
    by_series: bool
    defined: bool = True


def one_sided(body: Body, args: Any, x0: float, way: float) -> OneSided:
    """The limit where x comes to x0 from below (-1) or from above (1); at an infinite x0 there is one way alone."""
    found = _by_series(body, args, x0, way)
    if found is not None:
        return OneSided(found, by_series=True)
    with np.errstate(all="ignore"):
        return _by_values(Curve(body, args), x0, way)


def _inverted(body: Body) -> Body:
    """The function of 1/x."""
    t = fresh_input("t", (), body.variables[0].dtype)
    (output,) = substitute([body.output], {body.variables[0]: reciprocal(t)})
    return body_of(output, [t], body.free)


def _with_exponentials(body: Body) -> Body:
    """With each power whose exponent moves as the exponential that it is, which has a series where that has."""

    def rewritten(node: Node, args: tuple[Node, ...]) -> Node:
        moves = node.kind == "power" and not node.attrs.get("below") and not node.attrs.get("logs")
        return exp(args[1] * log(args[0])) if moves else with_args(node, args)

    new: dict[Node, Node] = {}
    for node in reachable([body.output]):
        if isinstance(node, Application):
            new[node] = rewritten(node, tuple(new.get(arg, arg) for arg in node.args))
    return body_of(new.get(body.output, body.output), body.variables, body.free)


def _by_series(body: Body, args: Any, x0: float, way: float) -> float | None:
    if isinf(x0):
        body, way, x0 = _inverted(body), copysign(1.0, x0), 0.0
    for form in dict.fromkeys((body, _with_exponentials(body))):
        point = dict(zip([*form.variables, *form.free], [np.asarray(x0), *args], strict=True))
        with np.errstate(all="ignore"):
            for order in ORDERS:
                found = germs_of([form.output], point, {form.variables[0]: np.asarray(way)}, order)
                if found is None:
                    break
                germs, (side,) = found
                value, noise = (float(np.asarray(v)) for v in germs.limit(side))
                if value == value:
                    return 0.0 if abs(value) <= CERTAIN * noise else value
    return None


def _by_values(curve: Curve, x0: float, way: float) -> OneSided:
    found = []
    for factor in SEQUENCES:
        if isinf(x0):
            points = copysign(factor, x0) * 2.0 ** np.arange(4, FARTHEST)
        elif x0 == 0:
            points = way * factor * 2.0 ** -np.arange(4.0, CLOSEST_AT_ZERO)
        else:
            points = x0 + way * factor * abs(x0) * 2.0 ** -np.arange(4.0, CLOSEST)
        (values,) = curve.many(points)
        here = ~np.isnan(values)
        if here.any() and not here[-8:].any() and isinf(x0):
            # Further out a quotient may be one of infinities: what came to rest before them counts.
            values = _before_the_end(curve, points, here)
            here = ~np.isnan(values)
        if not here[-8:].any():
            return OneSided(None, by_series=False, defined=bool(here.any()))
        if not here[-8:].all():
            return OneSided(None, by_series=False)
        found.append(_tends_to(values))
    first, second = found
    if first is None or second is None:
        return OneSided(None, by_series=False)
    if first == second or abs(first - second) <= AGREE * max(abs(first), abs(second)):
        return OneSided(first, by_series=False)
    return OneSided(None, by_series=False)


def _before_the_end(curve: Curve, points: Array, here: Array) -> Array:
    """Values closer together, up to the last that is a number."""
    last = points[np.flatnonzero(here)[-1]]
    return curve.many(last * np.geomspace(1 / 64, 1, 128))[0]


def _tends_to(values: Array) -> float | None:
    """What values tend to whose points come closer by halves; None where that can't be told.

    Those of the last points have lost digits, or are of whole numbers alone: those halfway must tell the same.
    """
    end = _last(values)
    if end is None or _settled_elsewhere(values, end):
        return None
    halfway = values[26:46] if len(values) > 2 * 46 else values[16:26]
    if isinf(end):
        grows = (np.diff(abs(halfway)) >= 0) | np.isinf(halfway[1:])
        return end if bool(grows.all()) and bool((np.sign(halfway) == np.sign(end)).all()) else None
    near = abs(halfway - end) <= CONSISTENT * max(abs(end), _early(values))
    return end if bool(near.all()) else None


def _early(values: Array) -> float:
    """How large the first values are."""
    first = values[:12]
    return float(abs(first[np.isfinite(first)]).max(initial=0.0))


def _last(values: Array) -> float | None:
    """What the last values come to."""
    last = values[-8:]
    if np.isinf(last).all() and (last == last[0]).all():
        # What overflows has grown large before; else a part of it has, and the whole need not.
        before = values[np.isfinite(values)]
        return float(last[0]) if before.size and before[-1] * np.sign(last[0]) > LARGE else None
    if not np.isfinite(last).all():
        return None
    size = float(abs(last).max())
    falls = bool((np.diff(abs(values[-16:])) < 0).all())
    if size == 0 or size <= VANISHED * _early(values) or (falls and size <= FALLEN * _early(values)):
        return 0.0
    if float(last.max() - last.min()) <= SETTLED * size:
        return float(last[-1])
    steps = np.diff(values[-32:])
    if (steps > 0).all() or (steps < 0).all():
        ratio = steps[1:] / steps[:-1]
        # A logarithm grows by as much with each halving; what converges grows by less and less.
        if (ratio > 0.999).all() and (np.sign(last) == np.sign(steps[-1])).all():
            return copysign(inf, float(steps[-1]))
    return None


def _settled_elsewhere(values: Array, end: float) -> bool:
    """Whether they came to rest at another number before, as where 1 + 1/x has become 1."""
    for i in range(len(values) - LONG_ENOUGH):
        part = values[i : i + LONG_ENOUGH]
        if not np.isfinite(part).all():
            continue
        middle = float(part[-1])
        calm = float(part.max() - part.min()) <= PLATEAU * abs(middle)
        if calm and isfinite(middle) and abs(middle - end) > 1e3 * PLATEAU * max(abs(middle), abs(end)):
            return True
    return False
