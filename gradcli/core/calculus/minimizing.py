"""Minima near a start: Newton's method with the exact Hessian, bent downhill; quasi-Newton where that is too large."""

from __future__ import annotations

from math import inf, isfinite
from typing import Any

import numpy as np

from gradcli.core.analysis.at_edges import edges
from gradcli.core.calculus.bodies import Body
from gradcli.core.calculus.curves import Array, Field
from gradcli.core.calculus.solving import CORNERS
from gradcli.core.errors import CoreError
from gradcli.core.transforms.reverse import gradient

MOST_STEPS = 1_000
# Beyond so many unknowns a Hessian costs more than the steps that it saves.
LARGEST_HESSIAN = 200
# What is larger is on its way to infinity.
FAR, DEEP = 1e100, 1e200
ENOUGH = 1e-4
SHORTEST = 60
# How far a flat point is looked around, beside its size: nearby, and further away.
PROBES = (1e-6, 1e-4, 1e-2, 0.1)
UNDERFLOW = 1e-280
# At a minimum Newton's step is no longer than this, as a share.
NEAR = 1e-5
DUST = 1e-12


def minimum_of(body: Body, start: Any, *args: Any) -> Any:
    """Where a function is least, near a start and of its shape.

    Raises:
        CoreError: where it falls without end, or no minimum is found.
    """
    x = find_minimum(Field(body, args), np.asarray(start, float).ravel())
    return x.reshape(np.shape(start))


def maximum_of(body: Body, start: Any, *args: Any) -> Any:
    """Where a function is largest: where it is least with the other sign.

    Raises:
        CoreError: where it rises without end, or no maximum is found.
    """
    x = find_minimum(Field(body, args, sign=-1.0), np.asarray(start, float).ravel())
    return x.reshape(np.shape(start))


def doubt_of(body: Body, y: Any, *args: Any) -> Any:
    """0 where the slope is 0 and the function has no corner at the point, nan elsewhere."""
    field, x = Field(body, args), np.asarray(y, float).ravel()
    point = dict(zip([*body.variables, *body.free], [np.asarray(y), *args], strict=True))
    (slope,) = gradient([body.output], body.variables)
    with np.errstate(all="ignore"):
        corner = edges([body.output, slope], point, body.variables, CORNERS)
        _, first, second = field.curved(x)
        finite = np.isfinite(first).all() and np.isfinite(second).all()
        step = np.linalg.lstsq(second, first, rcond=None)[0] if finite else np.full(x.shape, np.inf)
        left = first - second @ step if finite else first
        there = abs(step).max() <= NEAR * max(1.0, abs(x).max()) and abs(left).max() <= NEAR
    return np.asarray(0.0 if there and not corner else np.nan)


def find_minimum(field: Field, start: Array) -> Array:
    """A local minimum, from a flat start as a flat array.

    Raises:
        CoreError: where the function falls without end, or no minimum is found.
    """
    if not np.isfinite(start).all():
        raise CoreError("the start of a search must be finite", "start near where it leads")
    with np.errstate(all="ignore"):
        if not isfinite(field.value(start)):
            value = field.sign * field.value(start)
            raise CoreError(f"the function has no finite value at the start: it is {value}", "start where it has one")
        return _Descent(field, start).run()


class _Descent:
    """A way downhill."""

    def __init__(self, field: Field, start: Array) -> None:
        self.field, self.x, self.start = field, start, start
        self.small = inf
        self.what, self.moves = ("minimum", "falls") if field.sign > 0 else ("maximum", "rises")
        self._curvature = np.eye(start.size)
        self._before: tuple[Array, Array] | None = None

    def run(self) -> Array:
        """Steps until none leads further down."""
        for _ in range(MOST_STEPS):
            value, slope, direction = self._direction()
            self._refuse_what_has_no_end(value, slope)
            moved = self._step(value, slope, direction)
            if moved is None:
                moved = self._off_a_flat_place(value, slope)
            if moved is None:
                return self._ended(value, slope)
            self.x = moved
        at = _shown(self.x)
        raise CoreError(
            f"no {self.what} found in {MOST_STEPS} steps: the function still {self.moves} at {at}, where it is "
            f"{self.field.sign * value:.6g} and its slope is {abs(slope).max():.3g}",
            f"start nearer to a {self.what}, or see whether there is one",
        )

    def _direction(self) -> tuple[float, Array, Array]:
        """Value, gradient and Newton's step with the curvature of each axis made positive, which leads downhill."""
        if self.x.size > LARGEST_HESSIAN:
            value, slope = self.field.sloped(self.x)
            return value, slope, -self._quasi_newton(slope) @ slope
        value, slope, curvature = self.field.curved(self.x)
        if not np.isfinite(curvature).all() or not np.isfinite(slope).all():
            return value, slope, -np.where(np.isfinite(slope), slope, 0.0)
        values, axes = np.linalg.eigh((curvature + curvature.T) / 2)
        along = axes.T @ slope
        size = abs(values)
        # Along an axis without curvature the step is as long as the slope says.
        bent = size > 1e-14 * size.max(initial=0.0)
        step = np.where(bent, -along / np.where(bent, size, 1.0), -along)
        return value, slope, axes @ step

    def _quasi_newton(self, slope: Array) -> Array:
        """The inverse Hessian as the last steps show it (Broyden, Fletcher, Goldfarb, Shanno 1970)."""
        if self._before is not None:
            s, y = self.x - self._before[0], slope - self._before[1]
            product = float(s @ y)
            if product > 1e-12 * float(np.linalg.norm(s) * np.linalg.norm(y)):
                moved = self._curvature @ y
                weight = (1 + float(y @ moved) / product) / product
                crossed = np.outer(s, moved) / product
                self._curvature += weight * np.outer(s, s) - crossed - crossed.T
        self._before = self.x, slope
        return self._curvature

    def _step(self, value: float, slope: Array, direction: Array) -> Array | None:
        """A point that is lower by enough, along a direction or against the slope; None where there is none."""
        tolerance = 4 * self.field.epsilon * abs(value)
        for way in (direction, -slope):
            fall = float(way @ slope)
            if not fall < 0:
                continue
            if -fall <= tolerance:
                # Values differ by rounding alone, so the slope says whether it goes down.
                new = self.x + way
                _, after = self.field.sloped(new)
                return new if np.linalg.norm(after) < 0.5 * np.linalg.norm(slope) else None
            for k in range(SHORTEST):
                new = self.x + way * 0.5**k
                if (new == self.x).all():
                    break
                there = self.field.value(new)
                if there <= value + ENOUGH * fall * 0.5**k and there < value:
                    return self._longer(way, there) if k == 0 else new
        return None

    def _longer(self, way: Array, there: float) -> Array:
        """A multiple of the step where that leads much further down: to a flat minimum Newton's step is too short."""
        new, before = self.x + way, there
        for factor in range(2, 9):
            further = self.x + way * float(factor)
            lower = self.field.value(further)
            if not lower < before - abs(before) * 0.1:
                break
            new, before = further, lower
        return new

    def _off_a_flat_place(self, value: float, slope: Array) -> Array | None:
        """A lower point beside one without slope, such as a maximum or a saddle; None where all are higher."""
        axes = np.eye(self.x.size)
        if self.x.size <= LARGEST_HESSIAN:
            curvature = self.field.curved(self.x)[2]
            if np.isfinite(curvature).all():
                axes = np.concatenate([np.linalg.eigh((curvature + curvature.T) / 2)[1].T, axes])
        noise = 16 * self.field.epsilon * abs(value)
        for size in PROBES:
            for axis in axes:
                for way in (1.0, -1.0):
                    new = self.x + way * size * np.maximum(1.0, abs(self.x)) * axis
                    if self.field.value(new) < value - noise - 1e-3 * UNDERFLOW:
                        return np.asarray(new)
            if value > 0 and value < UNDERFLOW:
                break
        return None

    def _refuse_what_has_no_end(self, value: float, slope: Array) -> None:
        size = float(abs(slope).max(initial=0.0))
        if size > 0:
            self.small = min(self.small, size)
        if value < -DEEP or abs(self.x).max(initial=0.0) > FAR or value == -inf:
            raise CoreError(
                f"the function {self.moves} without end from {_shown(self.start)}: it is "
                f"{self.field.sign * value:.3g} at {_shown(self.x)}",
                f"see whether it has a {self.what}, or start elsewhere",
            )

    def _ended(self, value: float, slope: Array) -> Array:
        if self.small < UNDERFLOW and not slope.any() and self.small > 0 and abs(self.x - self.start).max() > 1:
            raise CoreError(
                f"the function {self.moves} towards {self.field.sign * value + 0.0:.3g} without reaching it: at "
                f"{_shown(self.x)} its slope is too small for a float",
                f"it has no {self.what} there; start elsewhere",
            )
        # What is 0 but for rounding is 0 where that is no higher.
        clean = np.where(abs(self.x) < DUST, 0.0, self.x)
        return clean if self.field.value(clean) <= value else self.x + 0.0


def _shown(x: Array) -> str:
    listed = ", ".join(f"{v:.6g}" for v in x[:6]) + (", ..." if x.size > 6 else "")
    return listed if x.size == 1 else f"({listed})"
