"""The floats nearest to the true values of a graph, found by balls of more and more bits."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Any

from flint import ctx

from gradcli.core.engines.balls.ball import Ball
from gradcli.core.engines.balls.engine import Unsuitable, balls
from gradcli.core.engines.protocol import Data
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node

# The first is enough for what loses some ten digits; the last decides that sin(pi) is 0 as a float.
BITS = (113, 320, 1280, 4000)


def nearest(outputs: Sequence[Node], computed: Sequence[Data]) -> list[Data]:
    """The float nearest to the true value of each output, or of each element; what was computed where that is open.

    Args:
        outputs: nodes of a graph without inputs.
        computed: what float64 arithmetic gives for each.
    """
    found: list[Data] = list(computed)
    left = [i for i, node in enumerate(outputs) if node.dtype is DType.FLOAT64]
    for bits in BITS:
        if not left:
            break
        try:
            values = balls([outputs[i] for i in left], bits)
        except Unsuitable:
            # One that has no balls keeps none of the others from having theirs.
            if len(left) == 1:
                break
            return [nearest([node], [data])[0] for node, data in zip(outputs, found, strict=True)]
        with ctx.workprec(bits):
            open_ones = [i for i, value in zip(left, values, strict=True) if not _taken(found, i, value)]
        left = open_ones
    return found


def _taken(found: list[Data], place: int, value: Any) -> bool:
    """Put the nearest floats in the place of what was computed; whether all of them are known."""
    if isinstance(value, Ball):
        number = nearest_float(value)
        if number is not None:
            found[place] = number
        return number is not None
    import numpy as np

    numbers = [nearest_float(ball) for ball in np.ravel(value)]
    old = np.ravel(np.asarray(found[place], dtype=np.float64))
    new = [float(was) if number is None else number for was, number in zip(old, numbers, strict=True)]
    found[place] = np.array(new).reshape(np.shape(value)) if np.shape(value) else new[0]
    return None not in numbers


def nearest_float(ball: Ball) -> float | None:
    """The float that every number of the ball is nearest to; None where there are several, or no number."""
    value = ball.value
    if not value.is_finite():
        return None
    low, high = float(value.lower()), float(value.upper())
    # Both zeros are 0, and what is beyond the floats is infinite.
    return low + 0.0 if low == high else None


def digits_kept(computed: float, true: float) -> float:
    """How many decimal digits of a number float64 arithmetic kept."""
    from math import inf, log10

    if computed == true:
        return inf
    if not isfinite(computed) or not isfinite(true) or true == 0:
        return 0.0
    error = abs(computed - true) / abs(true)
    return max(0.0, -log10(error)) if error else inf
