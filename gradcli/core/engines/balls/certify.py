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
from gradcli.core.ir.exact import Finer, Precise, bare
from gradcli.core.ir.nodes import Node

# The first is enough for what loses some ten digits; the last decides that sin(pi) is 0 as a float.
BITS = (113, 320, 1280, 4000)
FLOAT_DIGITS = 17
ZEROS_OF_AN_END = 10
# What is larger is as good as infinite.
LONGEST_EXPONENT = 20
BITS_OF_A_DIGIT = 3.3219280948873626


def nearest(
    outputs: Sequence[Node], computed: Sequence[Data], digits: int = FLOAT_DIGITS
) -> tuple[list[Data], list[bool | None]]:
    """The float nearest to the true value of each output, or of each element; what was computed where that is open.

    With it, whether all of each are known; None where no precision tells, as whether a number that is divided by is 0.

    A number that no float is near to, or of which more digits are wanted than a float has, is a `Precise` with them.

    Args:
        outputs: nodes of a graph without inputs.
        computed: what float64 arithmetic gives for each.
        digits: how many decimal digits of each number are wanted.
    """
    found: list[Data] = list(computed)
    left = [i for i, node in enumerate(outputs) if node.dtype is DType.FLOAT64]
    more = int(max(0, digits - FLOAT_DIGITS) * BITS_OF_A_DIGIT)
    for bits in BITS:
        bits += more
        if not left:
            break
        try:
            values = balls([outputs[i] for i in left], bits)
        except Unsuitable:
            # One that has no balls keeps none of the others from having theirs.
            if len(outputs) == 1:
                return found, [False]
            alone = [nearest([node], [data], digits) for node, data in zip(outputs, found, strict=True)]
            return [data for (data,), _ in alone], [known for _, (known,) in alone]
        with ctx.workprec(bits):
            open_ones = [i for i, value in zip(left, values, strict=True) if not _taken(found, i, value, digits)]
        left = open_ones
    return found, [None if i in left else outputs[i].dtype is DType.FLOAT64 for i in range(len(outputs))]


def _taken(found: list[Data], place: int, value: Any, digits: int) -> bool:
    """Put the nearest floats in the place of what was computed; whether all of them are known."""
    if getattr(value, "shape", None) == ():
        value = value.item()
    if isinstance(value, Ball):
        number = nearest_float(value)
        if number is not None:
            found[place] = number
            text = decimal(value, digits) if digits > FLOAT_DIGITS or _is_beyond(number, value) else None
            if text is not None:
                found[place] = Precise(number, text)
        return number is not None and (digits <= FLOAT_DIGITS or isinstance(found[place], Precise))
    import numpy as np

    numbers = [nearest_float(ball) for ball in np.ravel(value)]
    old = np.ravel(np.asarray(bare(found[place]), dtype=np.float64))
    new = [float(was) if number is None else number for was, number in zip(old, numbers, strict=True)]
    array = np.array(new).reshape(np.shape(value))
    texts = tuple(
        None if number is None or not (digits > FLOAT_DIGITS or _is_beyond(number, ball)) else decimal(ball, digits)
        for number, ball in zip(numbers, np.ravel(value), strict=True)
    )
    found[place] = Finer(array, texts) if any(texts) else array  # type: ignore[assignment]
    return None not in numbers and (digits <= FLOAT_DIGITS or None not in texts)


def _is_beyond(number: float, ball: Ball) -> bool:
    """Whether a number is larger than every float, or smaller than each but 0."""
    return not isfinite(number) or (number == 0 and not ball.value.contains(0))


def decimal(ball: Ball, digits: int) -> str | None:
    """A number with so many decimal digits; None where they aren't known."""
    value = ball.value
    if value.is_exact() and value == 0:
        return "0"
    if value.rel_accuracy_bits() < digits * BITS_OF_A_DIGIT + 1:
        return None
    text: str = value.str(digits, radius=False)
    mantissa, e, exponent = text.partition("e")
    if len(exponent) > LONGEST_EXPONENT:
        return None
    bare = mantissa.rstrip("0").removesuffix(".") if "." in mantissa else mantissa
    # A fraction that ends has no other digits than zeros behind it.
    ends = value.is_exact() or len(mantissa) - len(bare) > ZEROS_OF_AN_END
    return f"{bare if ends else mantissa}{e}{exponent}"


def nearest_float(ball: Ball) -> float | None:
    """The float that every number of the ball is nearest to; None where there are several, or no number."""
    value = ball.value
    if not value.is_finite():
        return None
    low, high = float(value.lower()), float(value.upper())
    # Both zeros are 0, and what is beyond the floats is infinite.
    return low + 0.0 if low == high else None
