"""From functions of the language to the points that are drawn, and what is to be said of these."""

from __future__ import annotations

from collections.abc import Sequence

from gradcli.core.analysis.curves import (
    Curve,
    Sampler,
    even_points,
    free_variable,
    refined,
    shown_range,
    usual_range,
)
from gradcli.core.analysis.round_numbers import round_numbers
from gradcli.core.analysis.surfaces import surface
from gradcli.core.ir.nodes import Input, Node
from gradcli.core.ir.traversal import reachable
from gradcli.language.derivatives.polynomial import TaylorPolynomial
from gradcli.language.plots.ranges import Range, called
from gradcli.language.text.diagnostics import LONGEST_TITLE, Span, fail, shortened
from gradcli.language.values.convert import to_node
from gradcli.language.values.describe import describe
from gradcli.language.values.values import Caller, Contours, Function, Plot, Required, Value

# A curve that has no value in more than this part of the range is said to.
WORTH_SAYING = 0.02
# A picture reaches as far as a tick beyond the values that is no farther than this part of its height.
ROOM, USUAL_TICKS = 0.05, 7


def curves_of(caller: Caller, functions: Sequence[Function], over: Range | None, span: Span) -> Plot:
    """Functions of one number over a range, or over one that suits them.

    Raises:
        LanguageError: for a function that gives no numbers, or none that are finite in the range.
    """
    names = _names(functions)
    samplers = [_sampler(caller, function, span) for function in functions]
    notes: list[str] = []
    low, high = over or usual_range(samplers)
    if over is None:
        notes.append(f"no range was given, so this is from {low:g} to {high:g}")
    x = even_points(low, high)
    every = [sampler(x) for sampler in samplers]
    found = [shown_range(x, y, of) for y, of in zip(every, samplers, strict=True)]
    ranges = [r for r in found if r is not None]
    if not ranges:
        what = f"`{names[0]}` has" if len(names) == 1 else "the functions have"
        where = f"from {low:g} to {high:g}"
        raise fail("value", f"{what} no finite value {where}", span, "give another range, as over=(1, 10)")
    bottom, top = _with_room(min(r[0] for r in ranges), max(r[1] for r in ranges))
    curves = [refined(x, y, of, bottom, top) for y, of in zip(every, samplers, strict=True)]
    notes += _said_of(names, curves, bottom, top)
    variable = functions[0].inputs[0].name
    return Plot(tuple(zip(names, curves, strict=True)), variable, (low, high), (bottom, top), tuple(notes))


def outline(caller: Caller, function: Function, span: Span, count: int = 48) -> tuple[Range, tuple[float, ...]]:
    """A range that suits a function of one number, and its values at so many places there; nan where it has none.

    Raises:
        LanguageError: for a function that gives no number.
    """
    sampler = _sampler(caller, function, span)
    low, high = usual_range([sampler])
    return (low, high), tuple(sampler(even_points(low, high, count)).tolist())


def contours_of(caller: Caller, function: Function, over: tuple[Range, Range], span: Span) -> Contours:
    """A function of two numbers over a rectangle.

    Raises:
        LanguageError: for a function that gives no number, or none that is finite there.
    """
    names = [i.name for i in function.inputs if isinstance(i.default, Required) and not i.variadic]
    free = free_variable(names[0]), free_variable(names[1])
    found = surface(_traced(caller, function, free, span), free, *over)
    (name,) = _names([function])
    if found.level is None:
        where = " and ".join(f"{n} from {a:g} to {b:g}" for n, (a, b) in zip(names, over, strict=True))
        hint = "give other ranges, as over=((0, 1), (0, 1))"
        raise fail("value", f"`{name}` has no finite value for {where}", span, hint)
    notes = []
    if not found.levels:
        notes.append(f"{name} is {found.level:g} everywhere, so there are no contours")
    if found.missing > WORTH_SAYING:
        notes.append(_without_values(name, found.missing))
    return Contours(name, (names[0], names[1]), over, found, tuple(notes))


def _sampler(caller: Caller, function: Function, span: Span) -> Sampler:
    variable = free_variable(function.inputs[0].name if function.inputs else "x")
    return Sampler(_traced(caller, function, (variable,), span), variable)


def _traced(caller: Caller, function: Function, free: tuple[Input, ...], span: Span) -> Node:
    """A function's one number as a graph of free variables."""
    waiting = list(free)
    values: list[Value] = []
    required = any(isinstance(i.default, Required) and not i.variadic for i in function.inputs)
    for number, i in enumerate(function.inputs):
        is_free = isinstance(i.default, Required) if required else number == 0
        values.append(() if i.variadic else waiting.pop(0) if is_free else _default(i.default))
    result = function.call(caller, values, span, fresh=True)
    if isinstance(result, tuple) or (isinstance(result, Node) and result.shape != ()):
        name, inputs = function.name, ", ".join(v.name for v in free)
        item = f"[{', '.join(['0'] * len(result.shape))}]" if isinstance(result, Node) else "[0]"
        head = inputs if len(free) == 1 else f"({inputs})"
        hint = f"pick one of its numbers: plot({head} -> {called(function)}({inputs}){item})"
        raise fail("type", f"plot draws one number for each point, and `{name}` gives {describe(result)}", span, hint)
    node = to_node(result, caller.dtype, span)
    if any(isinstance(n, Input) and n not in free for n in reachable([node])):
        raise fail("value", "what is drawn must be known here", span, "call plot outside of the function")
    return node


def _default(value: Value | Required) -> Value:
    return None if isinstance(value, Required) else value


def _names(functions: Sequence[Function]) -> list[str]:
    """What each curve is called, no two alike."""
    found: list[str] = []
    for function in functions:
        name = shortened(" ".join(function.name.split()), LONGEST_TITLE // 4)
        if isinstance(function, TaylorPolynomial):
            name = f"{name}, order {function.order}"
        same = sum(other == name or other.startswith(f"{name} (") for other in found)
        found.append(f"{name} ({same + 1})" if name in found else name)
    return found


def _with_room(low: float, high: float) -> Range:
    """A range of values with some width, up to round numbers that are near; a constant lies in its middle."""
    if high - low <= 1e-12 * max(abs(low), abs(high)):
        room = abs(low) / 2 or 1.0
        return low - room, high + room
    near = ROOM * (high - low)
    ticks = round_numbers(low - near, high + near, USUAL_TICKS)
    return min(low, *ticks), max(high, *ticks)


def _said_of(names: Sequence[str], curves: Sequence[Curve], low: float, high: float) -> list[str]:
    """What the picture doesn't show."""
    cut = [name for name, curve in zip(names, curves, strict=True) if curve.is_cut]
    notes = [f"cut off below {low:.3g} and above {high:.3g}: {', '.join(cut)}"] if cut else []
    for name, curve in zip(names, curves, strict=True):
        if curve.missing > WORTH_SAYING:
            notes.append(_without_values(name, curve.missing))
    return notes


def _without_values(name: str, missing: float) -> str:
    return f"{name} has no value in {100 * missing:.0f}% of the range" if missing < 1 else f"{name} has no value here"
