"""Limits on one side or on both."""

from __future__ import annotations

from math import isinf, isnan

from gradcli.core.ir.nodes import Node, constant
from gradcli.language.calculus.posing import scalar_body
from gradcli.language.calls.announce import Call, builtin, to_number
from gradcli.language.text.diagnostics import fail
from gradcli.language.values.values import Function, Value

SIDES = {"left": -1.0, "right": 1.0}
SAME = 1e-9


@builtin(
    'the limit of a function at a point, or at inf; on one side with "left" or "right"',
    example='limit(sin(x)/x, 0)\nlimit(|x|/x, 0, "left")\nlimit((1 + 1/x)^x, inf)',
)
def limit(call: Call, fn: Function, x0: Value, side: Value = None) -> Node:
    """The number that it tends to, infinite ones included; where it has values on one side alone, from there.

    Raises:
        LanguageError: where there is none, or none that could be told.
    """
    from gradcli.core.calculus.limiting import OneSided, one_sided

    point = float(to_number(x0, call.span, "the point of a limit"))
    if isnan(point):
        raise fail("value", "there is no limit at nan", call.span)
    if side is not None and side not in SIDES:
        raise fail("value", 'the side of a limit is "left" or "right"', call.span, "leave it out for both")
    body, args = scalar_body(call, fn, "limit")
    ways = [SIDES[side]] if isinstance(side, str) else [-1.0, 1.0]
    if isinf(point):
        ways = ways[:1]
    found: dict[str, OneSided] = {}
    for way in ways:
        name = f"towards {point:g}" if isinf(point) else "on the left" if way < 0 else "on the right"
        found[name] = one_sided(body, args, point, way)
    defined = {name: there for name, there in found.items() if there.defined}
    at = "" if isinf(point) else f" of {point:g}"
    if not defined:
        sides = " and ".join(found)
        raise fail("value", f"`{fn.name}` has no values {sides}{at}, so no limit", call.span)
    for name, there in defined.items():
        if there.value is None:
            raise fail(
                "value",
                f"no limit found {name}{at}: the function has no power series there, and its values closer and "
                "closer come to no rest",
                call.span,
                "it may have none, as sin(1/x) at 0",
            )
    values = {name: there.value for name, there in defined.items() if there.value is not None}
    (first, low), *others = values.items()
    for name, value in others:
        apart = abs(low - value) > SAME * max(abs(low), abs(value)) or isinf(low) or isinf(value)
        if low != value and apart:
            raise fail(
                "value",
                f"there is no limit at {point:g}: it is {low:.6g} {first} and {value:.6g} {name}",
                call.span,
                'ask for one side, such as limit(f, x0, "left")',
            )
    if not all(there.by_series for there in defined.values()):
        call.caller.warn(
            "this limit was read off values closer and closer: the function has no power series there", call.span
        )
    best = min(values.values(), key=lambda v: len(repr(v)))
    return constant(best, call.caller.dtype)
