"""Derivatives in arbitrary precision at any point, special ones too: from each side, by divided differences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from math import comb, frexp, inf, nan, prod
from typing import Any

import mpmath

# Steps are so many decimal digits below the point: what a divided difference leaves out is far below a last digit.
STEP_DIGITS = 25


@dataclass(frozen=True)
class Truth:
    """What a derivative is at a point.

    `kind` is "value" (from all sides that there are), "corner" (sides differ), "pole" (it grows beyond all bounds), or
    "none" (the function has no real values around the point, or nears it too slowly to tell).
    """

    kind: str
    value: float = nan


def partial(function: Callable[..., Any], point: Sequence[float], by: Sequence[int]) -> Truth:
    """The partial derivative of a function on mpmath's numbers, `by` so many times each of its arguments."""
    scales = [STEP_DIGITS + max(0, -_digits(p)) for p in point]
    moved = sum(n * d for n, d in zip(by, scales, strict=True))
    count = 60 + 5 * max(0, *map(_digits, point)) + moved + 2 * max(scales)
    with mpmath.workdps(count):
        sides = []
        # An argument that is not moved has no sides.
        for ways in product(*((1, -1) if n else (1,) for n in by)):
            steps = [way * mpmath.mpf(10) ** -d for way, d in zip(ways, scales, strict=True)]
            near, nearer = (_difference(function, point, by, [s / k for s in steps]) for k in (1, 16))
            if near is not None and nearer is not None:
                sides.append((near, nearer))
        if not sides:
            return Truth("none")
        values = [b for _, b in sides]
        if any(abs(b - a) > abs(b) / 10**6 and abs(b) > 1e-9 for a, b in sides):
            return Truth("pole" if max(map(abs, values)) > 1 else "none")
        slack = max(abs(v) for v in values) * mpmath.mpf(10) ** -12 + mpmath.mpf(10) ** -12
        if max(values) - min(values) > slack:
            return Truth("corner")
        return Truth("value", _as_float(values[0]))


def _digits(p: float) -> int:
    """The decimal exponent, rounded away from 0."""
    exponent = frexp(p)[1] * 0.302
    return int(exponent) + (1 if exponent > 0 else -1) if p else 0


def _as_float(value: Any) -> float:
    if abs(value) >= mpmath.mpf(2) ** 1024:
        return inf if value > 0 else -inf
    return float(value)


def _difference(function: Callable[..., Any], point: Sequence[float], by: Sequence[int], steps: Sequence[Any]) -> Any:
    """The divided difference from a little off the point, where a function may have a value of its own, or none."""
    total, exact = mpmath.mpf(0), [mpmath.mpf(p) for p in point]
    offs = [mpmath.mpf("1e-20") if n else mpmath.mpf(0) for n in by]
    for places in product(*(range(n + 1) for n in by)):
        weight = prod((-1) ** (n - j) * comb(n, j) for n, j in zip(by, places, strict=True))
        try:
            value = function(*(p + (j + off) * s for p, j, off, s in zip(exact, places, offs, steps, strict=True)))
        except (ValueError, ZeroDivisionError, TypeError):
            return None
        value = mpmath.mpmathify(value)
        if isinstance(value, mpmath.mpc) or not mpmath.isfinite(value):
            return None
        total += weight * value
    for n, s in zip(by, steps, strict=True):
        total /= s**n
    return total
