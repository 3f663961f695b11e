"""What is found by looking through an interval, or a box: all roots, and all that is highest and lowest."""

from __future__ import annotations

from math import isfinite

from gradcli.core.ir.nodes import Node, array_constant
from gradcli.language.calculus.posing import ends_of, require_known, scalar_body, traced_at
from gradcli.language.calls.announce import Call, builtin, to_number
from gradcli.language.text.diagnostics import Diagnostic, fail
from gradcli.language.values.findings import Extrema, Extremum
from gradcli.language.values.values import Function, Value


@builtin("all roots of a function in an interval, as a vector in ascending order", example="roots(x^2 - 2, -2..2)")
def roots(call: Call, fn: Function, a: Value = None, b: Value = None, over: Value = None) -> Node:
    """Found by samples, closer together where a cubic between two of them says too little.

    Raises:
        LanguageError: for an interval without length, or a function of several variables.
        CoreError: where the function is 0 on a whole stretch, or has no values.
    """
    import numpy as np

    from gradcli.core.calculus.curves import Curve
    from gradcli.core.calculus.sampling import roots_between

    low, high = _interval(call, *ends_of(call, a, b, over, "roots"), "roots")
    body, args = scalar_body(call, fn, "roots")
    found = roots_between(Curve(body, args), low, high)
    _warn(call, found.unresolved, "roots")
    if not found.places and not found.unresolved:
        what = f"`{fn.name}` has no root between {low:g} and {high:g}"
        call.caller.warnings.append(Diagnostic("value", what, call.span, severity="note"))
    return array_constant(np.array(found.places, body.output.dtype.value))


@builtin(
    "the critical points of a function of one variable in an interval, or of two in a box, with what each is",
    example="extrema(x^3 - 3x, -3..3)",
)
def extrema(call: Call, fn: Function, a: Value = None, b: Value = None, over: Value = None) -> Extrema:
    """A table of them, of one variable with the ends of the interval.

    Raises:
        LanguageError: for an interval without length, or a function of other variables than it has.
        CoreError: where the function is constant on a whole stretch, or has no values.
    """
    a, b = ends_of(call, a, b, over, "extrema")
    if isinstance(a, tuple) or isinstance(b, tuple):
        return _in_box(call, fn, a, b)
    from gradcli.core.calculus.critical import critical_points

    low, high = _interval(call, a, b, "extrema")
    body, args = scalar_body(call, fn, "extrema")
    found = critical_points(body, args, low, high)
    _warn(call, found.unresolved, "critical points")
    points = tuple(Extremum(p.at, p.value, p.kind) for p in found.points)
    return Extrema(fn.name, (fn.inputs[0].name,), points)


def _in_box(call: Call, fn: Function, a: Value, b: Value) -> Extrema:
    import numpy as np

    from gradcli.core.calculus.bodies import closed
    from gradcli.core.calculus.critical import critical_points_in_box
    from gradcli.core.ir.nodes import fresh_input
    from gradcli.core.ir.traversal import substitute
    from gradcli.core.library.indexing import index

    if not (isinstance(a, tuple) and isinstance(b, tuple) and len(a) == len(b) == 2):
        raise fail(
            "type",
            "a box is written by the bounds of both variables",
            call.span,
            "such as extrema(f, (-1, 1), (-2, 2)) for x from -1 to 1 and y from -2 to 2",
        )
    bounds = [_interval(call, low, high, "extrema") for low, high in (a, b)]
    output, inputs = traced_at(call, fn, 2, "extrema in a box")
    point = fresh_input("x", (2,), output.dtype)
    (output,) = substitute([output], {node: index(point, (i,)) for i, node in enumerate(inputs)})
    body, outer = closed(output, [point])
    args = require_known(call, outer, "extrema")
    low, high = (np.array([bound[i] for bound in bounds]) for i in (0, 1))
    found = critical_points_in_box(body, args, low, high)
    points = tuple(Extremum(p.at, p.value, p.kind) for p in found.points)
    names = tuple(i.name for i in fn.inputs[:2])
    return Extrema(fn.name, names, points, "points inside the box alone; its edges are not looked at")


def _interval(call: Call, a: Value, b: Value, what: str) -> tuple[float, float]:
    low, high = (float(to_number(v, call.span, f"an end of the interval of {what}")) for v in (a, b))
    if not (isfinite(low) and isfinite(high)):
        raise fail("value", f"{what} looks through a finite interval, not from {low:g} to {high:g}", call.span)
    if low >= high:
        raise fail(
            "value",
            f"the interval from {low:g} to {high:g} is empty",
            call.span,
            f"write the smaller end first: {high:g}, {low:g}" if low > high else "give it a length",
        )
    return low, high


def _warn(call: Call, unresolved: tuple[float, float] | None, what: str) -> None:
    if unresolved is not None:
        low, high = unresolved
        call.caller.warn(
            f"between {low:.6g} and {high:.6g} the function moves faster than its samples: {what} may be missing there",
            call.span,
            "look through that part by itself",
        )
