"""Round numbers within a range: 1, 2 or 5 times a power of ten apart, as the ticks of an axis are."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor, log10

# Of these the steps are, times a power of ten.
_STEPS = (1, 2, 5, 10)


def round_numbers(low: float, high: float, most: int) -> tuple[float, ...]:
    """The multiples of one round step that lie in a range, at most so many: the smallest step for which they do.

    There are at least two where `most` allows and the range has any; each is the float64 nearest to its decimal.
    """
    step = _step(low, high, most)
    if step is None:
        return ()
    first, last = ceil(_decimal(low) / step), floor(_decimal(high) / step)
    return tuple(float(k * step) for k in range(first, last + 1))


def _decimal(number: float) -> Fraction:
    """The number as it is written: 0.3 is 3/10, so that a range up to it has it among its round numbers."""
    return Fraction(repr(float(number)))


def _step(low: float, high: float, most: int) -> Fraction | None:
    """The smallest round step of which at most so many multiples lie in the range; None for a range that is empty."""
    first, last = _decimal(low), _decimal(high)
    width = last - first
    if width <= 0 or most < 1:
        return None
    power = floor(log10(width.numerator) - log10(width.denominator)) - ceil(log10(most)) - 1
    while True:
        for times in _STEPS[:3]:
            step = times * Fraction(10) ** power
            if floor(last / step) - ceil(first / step) < most:
                return step
        power += 1


def rounded_outward(low: float, high: float) -> tuple[float, float]:
    """The narrowest range with round ends that holds another; its ends are multiples of a tenth of it or so."""
    step = _step(low, high, 10)
    if step is None:
        return low, high
    return float(floor(_decimal(low) / step) * step), float(ceil(_decimal(high) / step) * step)


def show_round(number: float, step: float) -> str:
    """A multiple of a step as few digits as tell it from its neighbours: `0.5`, `-20`, `2e6`."""
    if number == 0 or step <= 0:
        return f"{number:g}"
    size, grain = floor(log10(abs(number)) + 1e-9), floor(log10(step) + 1e-9)
    if grain >= -4 and size < 6:
        return _trimmed(f"{number:.{max(0, -grain)}f}")
    mantissa, _, exponent = f"{number:.{max(0, min(17, size - grain))}e}".partition("e")
    return f"{_trimmed(mantissa)}e{int(exponent)}"


def _trimmed(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text
