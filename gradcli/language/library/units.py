"""Units of angles: numbers to multiply by, `30*deg`, which convert to themselves where they are called, `deg(pi)`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

from gradcli.core.ir.exact import Exact
from gradcli.language.calls.announce import ANNOUNCED, Call, builtin
from gradcli.language.calls.builtin import Builtin
from gradcli.language.calls.operations import binary
from gradcli.language.values.values import Value

_DEGREES = Exact(Fraction(180), pi=-1)
_RADIANS = Exact(Fraction(1, 180), pi=1)


@builtin("radians as degrees, x times 180/pi", example="degrees(pi)")
def degrees(call: Call, x: Value) -> Value:
    """The angle; exact where x is."""
    return binary(call.caller, "*", x, _DEGREES, call.span)


@builtin("degrees as radians, x times pi/180", example="radians(180), sin(radians(30))")
def radians(call: Call, x: Value) -> Value:
    """The angle; exact where x is."""
    return binary(call.caller, "*", x, _RADIANS, call.span)


class Unit(Exact):
    """A unit as the number of radians that it is; `conversion` is what a call of it does. In all else the number."""

    __slots__ = ("conversion",)

    conversion: Builtin

    def __reduce__(self) -> Any:
        """The unit of that name."""
        return _unit_named, (self.conversion.name,)


def _unit_named(name: str) -> Unit:
    return UNITS[name]


def _unit(name: str, size: Exact, conversion: str) -> Unit:
    unit = Unit(size.fraction, size.pi)
    unit.conversion = replace(ANNOUNCED[conversion], name=name)
    return unit


UNITS: Mapping[str, Unit] = {
    "deg": _unit("deg", _RADIANS, "degrees"),
    "rad": _unit("rad", Exact(Fraction(1)), "radians"),
}
