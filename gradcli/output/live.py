"""The line below what is typed: `= 45   ∂x 30   ∂y 9`, formulas, a curve in a few characters."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Any

from gradcli.core.ir.shapes import size_of
from gradcli.core.ir.stretched import in_memory
from gradcli.output.characters import columns
from gradcli.output.numbers import show_number
from gradcli.output.style import Line
from gradcli.output.views import Look, show_value
from gradcli.session.preview import Preview, Slope
from gradcli.session.results import Plain, Tensor

# A number that is about to change is shown to so many digits.
DIGITS = 10
GAP = "   "
LEVELS = "▁▂▃▄▅▆▇█"
WIDEST_CURVE, NARROWEST_CURVE = 32, 8


def live_line(found: Preview, width: int, look: Look) -> Line:
    """What fits in a line of a width: the value first, then as many slopes as there is room for."""
    pieces: list[tuple[str, str]] = []
    if found.value is not None:
        head = f"{found.name} = " if found.name else "= "
        pieces.append((head + _value(found.value, width - columns(head), look), "strong"))
    for slope in found.slopes:
        pieces.append((f"{look.clean(slope.name)} {_slope(slope, look)}", "dim"))
    line: Line = []
    used = 0
    if found.curve:
        curve = _curve(found, width, look)
        if curve:
            line.append((curve, "curve 0"))
            used = columns(curve)
    for text, style in pieces:
        more = columns(text) + (len(GAP) if line else 0)
        if used + more > width:
            if used + columns(GAP) + 1 <= width and line:
                line.append((f"{GAP}{look.clean('…')}", "dim"))
            break
        line += [(GAP, "")] if line else []
        line.append((text, style))
        used += more
    return line


def _value(value: Plain, room: int, look: Look) -> str:
    """A number, a short tensor, or what it is."""
    if isinstance(value, Tensor) and value.shape == ():
        return _number(value, look)
    if isinstance(value, Tensor) and size_of(value.shape) > WHOLE:
        return f"{value.dtype} {value.shape}{_range_of(value, look)}"
    text = " ".join(show_value(value, Look(_digits(look), WHOLE, clean=look.clean)).split())
    if columns(text) <= room:
        return text
    return f"{value.dtype} {value.shape}" if isinstance(value, Tensor) else f"{text[: max(room - 3, 0)]}..."


# Of larger tensors the shape is told.
WHOLE = 12


def _range_of(value: Tensor, look: Look) -> str:
    data: Any = value.data
    if value.dtype == "bool" or not data.size:
        return ""
    data = in_memory(data)
    low, high = (show_number(float(x), "float64", 4) for x in (data.min(), data.max()))
    return f"   {low} .. {high}"


def _slope(slope: Slope, look: Look) -> str:
    if slope.formula is not None:
        return look.formula(slope.formula)
    return _number(slope.value, look) if isinstance(slope.value, Tensor) else "?"


def _number(value: Tensor, look: Look) -> str:
    return show_number(value.data, value.dtype, _digits(look), signed_zero=False)  # type: ignore[arg-type]


def _digits(look: Look) -> int:
    return min(look.digits or DIGITS, DIGITS)


def _curve(found: Preview, width: int, look: Look) -> str:
    """The curve in blocks between the ends of its range; nothing where there are no blocks to write it with."""
    if look.clean(LEVELS) != LEVELS or found.over is None:
        return ""
    low, high = (f"{end:g}" for end in found.over)
    room = min(WIDEST_CURVE, width // 2 - len(low) - len(high) - 2)
    return f"{low} {blocks(found.curve, room)} {high}" if room >= NARROWEST_CURVE else ""


def blocks(values: Sequence[float], width: int) -> str:
    """Values as blocks of eight heights, so many wide; a blank where there is no value."""
    finite = sorted(v for v in values if isfinite(v))
    if not finite:
        return " " * width
    # A pole would leave all else flat.
    low, high = finite[len(finite) // 20], finite[-1 - len(finite) // 20]
    shown = []
    for place in range(width):
        value = values[place * (len(values) - 1) // max(width - 1, 1)]
        share = (value - low) / (high - low) if high > low else 0.5
        shown.append(LEVELS[min(max(int(share * len(LEVELS)), 0), len(LEVELS) - 1)] if isfinite(value) else " ")
    return "".join(shown)
