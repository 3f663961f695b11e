"""Why a result is nan or infinite: the first operation that made it, where it stands, and what to write instead."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gradcli.core import formula
from gradcli.core.analysis.origins import Origin, slope_origin, value_origin
from gradcli.core.ir.exact import is_lost
from gradcli.core.ir.nodes import Constant, Input, Node, name_of
from gradcli.core.ir.primitive import Application, Primitive
from gradcli.core.ir.traversal import reachable
from gradcli.core.records import record
from gradcli.core.transforms.reverse import gradient
from gradcli.language.calls.tracing import fresh_inputs
from gradcli.language.derivatives.corners import point_of
from gradcli.language.derivatives.domain import OF_REALS, is_of_reals
from gradcli.language.text.diagnostics import LanguageError, Source, Span, shortened
from gradcli.language.values.nesting import distinct_nodes, leaves, nodes_in
from gradcli.language.values.numbers import is_number, spelled
from gradcli.language.values.trail import Sum, Traced
from gradcli.language.values.values import Caller, DerivativeTable, Function, Value

NOWHERE = Span(Source("", ""), 0, 0)
# A derivative of a higher order is looked at through so many gradients.
MOST_ORDERS = 3
# Whose only holes are where they divide by 0.
BY_ZERO = frozenset({"divide", "reciprocal", "remainder", "floor_divide"})
# Limits on both sides that differ by less are one.
SAME = 1e-9
_NUMBER = re.compile(r"[-+]?[\d.]+(e[-+]?\d+)?")
# What is longer is not written into a guard.
LONGEST_GUARDED = 40


@record
class Reason:
    """What is said, at which place, and what to do about it."""

    message: str
    span: Span | None
    hint: str | None


def reason(caller: Caller) -> Reason | None:
    """Why what was computed is nan or infinite; None where no operation is to blame, as for what was typed so."""
    trail = caller.trail
    traces = list(trail.traced)
    if not traces and trail.called is not None and all(map(is_number, trail.called[1])):
        traces += _retraced(caller, *trail.called)
    for trace in traces:
        found = _of_trace(caller, trace)
        if found is not None:
            return found
    for node in trail.lost:
        origin = value_origin([node], {})
        if origin is not None:
            return _of_value(caller, origin, [node], None)
    return _of_sum(trail.sums[0]) if trail.sums else None


def _retraced(caller: Caller, function: Function, values: Sequence[Value]) -> list[Traced]:
    """A function that was called with numbers, with inputs in their place: beside the point there may be a limit."""
    span = NOWHERE
    fresh, given = fresh_inputs(values, function.inputs, caller.dtype)
    try:
        with caller.differentiating():
            outputs = function.call(caller, fresh, span, fresh=True)
    except LanguageError:
        return []
    nodes = tuple(n for n in nodes_in(outputs) if n.dtype.is_float)
    return [Traced(nodes, tuple(given), given, span)] if nodes else []


def _of_trace(caller: Caller, trace: Traced) -> Reason | None:
    point = point_of(reachable(trace.outputs), trace.given)
    if point is None:
        return None
    variables = [v for v in trace.variables if v in point]
    origin = value_origin(trace.outputs, point)
    if origin is not None:
        return _of_value(caller, origin, trace.outputs, (variables, point))
    outputs: list[Node] = list(trace.outputs)
    for order in range(MOST_ORDERS):
        origin = slope_origin(outputs, variables, point)
        if origin is not None:
            return _of_slope(caller, origin, outputs if order else trace.outputs, order)
        outputs = [n for n in gradient(outputs, variables) if not isinstance(n, Constant)] if outputs else []
        missing = [n for n in reachable(outputs) if isinstance(n, Input) and n not in point]
        if missing or not outputs:
            break
    return None


Around = tuple[Sequence[Node], Mapping[Node, Any]]


def _of_value(caller: Caller, origin: Origin, outputs: Sequence[Node], around: Around | None) -> Reason:
    node, title, span = _placed(caller, origin.node, outputs)
    word = _name_of(origin.value)
    here = _applied(node, origin.operands)
    defined = _condition(node)
    inside = defined is not None and _holds(defined, origin.operands)
    operands = _operands(caller, node, title)
    if node.kind in BY_ZERO and origin.operands[-1] == 0:
        told = ", a division by 0"
    elif defined is not None and not inside:
        told = f": there are values where {defined.format(*map(_or, operands, 'xyz'))}"
        told += f"; {OF_REALS}" if word == "nan" and is_of_reals(defined) else ""
    elif abs(origin.value) == math.inf and all(map(math.isfinite, origin.operands)):
        told = f", beyond the largest {node.dtype.value}"
    else:
        told = ""
    shown = _quoted(title, node)
    message = f"the {word} comes from {shown}{'' if shown == f'`{here}`' else f', here {here}'}{told}"
    hint = _limit(outputs, around) if list(outputs) == [origin.node] else None
    if (
        hint is None
        and defined is not None
        and not inside
        and title
        and len(title) <= LONGEST_GUARDED
        and all(operands)
    ):
        hint = f"guard it: `where({defined.format(*operands)}, {title}, 0)`, with what it is to be elsewhere for 0"
    return Reason(message, span, hint)


def _of_slope(caller: Caller, origin: Origin, outputs: Sequence[Node], order: int) -> Reason:
    node, title, span = _placed(caller, origin.node, outputs)
    word = _name_of(origin.value)
    operands = list(map(_or, _operands(caller, node, title), "xyz"))
    texts = formula.texts([origin.slope]).texts if origin.slope is not None else {}
    rule = texts.get((0,))
    at = []
    for symbol, text, value in zip(origin.symbols, operands, origin.operands, strict=True):
        name = name_of(symbol)
        if rule and re.search(rf"\b{name}\b", rule):
            if text.isidentifier():
                rule, name = re.sub(rf"\b{name}\b", text, rule), text
            told = f"{name} = {value:g}" if name == text else f"{name} = {text} = {value:g}"
            at += [told] if told not in at else []
    if isinstance(node.op, Primitive) and node.op.sloped:
        where = f"there is one where {node.op.sloped}"
        of = "" if not order else f" in the derivative of order {order}"
        return Reason(f"the {word} comes from the slope of {_quoted(title, node)}{of}: {where}", span, None)
    what = f", {rule} at {', '.join(at)}" if rule and at else f", here {_applied(node, origin.operands)}"
    of = "" if not order else f", in the derivative of order {order}"
    message = f"the {word} comes from the slope of {_quoted(title, node)}{of}{what}"
    hint = None
    if title and len(title) <= LONGEST_GUARDED and len(operands) == 1 and not order:
        hole = f"{operands[0]} != {origin.operands[0]:g}"
        hint = f"guard it: `where({hole}, {title}, 0)`, with what it is to be there for 0"
    return Reason(message, span, hint)


def _of_sum(found: Sum) -> Reason:
    word = _name_of(found.result)
    left = f"({_short(found.left)})" if found.left < 0 and found.symbol == "^" else _short(found.left)
    here = f"{left}{found.symbol}{_short(found.right)}"
    by_zero = found.right == 0 if found.symbol in ("/", "//", "%") else found.symbol == "^" and found.left == 0
    known = not any(isinstance(v, float) and math.isinf(v) for v in (found.left, found.right))
    told = ", a division by 0" if by_zero else ", beyond the largest float64" if word != "nan" and known else ""
    title = found.span.title
    same = title.replace(" ", "") == here
    return Reason(f"the {word} comes from `{title}`{'' if same else f', here {here}'}{told}", found.span, None)


def _short(number: float) -> str:
    return shortened(str(number), 12) if isinstance(number, int) else f"{number:g}"


def _placed(caller: Caller, node: Node, outputs: Sequence[Node]) -> tuple[Application, str | None, Span | None]:
    """An operation with its text and place, the place of what it is a part of where it has none."""
    assert isinstance(node, Application)
    own = caller.trail.places.get(node)
    return node, None if own is None else own.title, caller.trail.place_of(node, outputs)


def _name_of(value: float) -> str:
    return "nan" if value != value else "-inf" if value < 0 else "inf"


def _quoted(title: str | None, node: Application) -> str:
    return f"`{title}`" if title else f"`{_word(node)}`"


def _or(text: str, letter: str) -> str:
    return text or letter


def _word(node: Application) -> str:
    op = node.op
    if node.kind == "constant_power":
        return f"x^{_bracketed(format(node.attrs['exponent'], 'g'))}"
    return op.names[0] if isinstance(op, Primitive) and op.names else node.kind


def _applied(node: Application, operands: Sequence[float]) -> str:
    """An operation on numbers as it would be written."""
    texts = [f"{v:g}" for v in operands]
    symbol = node.op.symbol if isinstance(node.op, Primitive) else None
    if node.kind == "constant_power":
        return f"{_bracketed(texts[0])}^{_bracketed(format(node.attrs['exponent'], 'g'))}"
    if node.kind == "reciprocal":
        return f"1/{_bracketed(texts[0])}"
    if symbol and len(texts) == 2 and not symbol.isalpha():
        between = f" {symbol} " if symbol in "+-" else symbol
        return f"{texts[0]}{between}{_bracketed(texts[1])}"
    if not isinstance(node.op, Primitive) or not node.op.broadcasts:
        return f"{_word(node)} of these numbers"
    shown = [t for t in texts if t != "nan"] if any(v == v for v in operands) else []
    return f"{_word(node)}({', '.join(shown)})" if shown else f"{_word(node)} of these numbers"


def _bracketed(text: str) -> str:
    return f"({text})" if text.startswith("-") or "/" in text else text


def _operands(caller: Caller, node: Application, title: str | None) -> list[str]:
    """What the operands are called: by the name of the input, or as they stand in the text; "" for a number."""
    found = []
    for arg in node.args:
        place = caller.trail.places.get(arg)
        inside = re.fullmatch(r"\w+\(([^(),]*)\)", title or "") if len(node.args) == 1 else None
        text = inside[1] if inside else arg.name if isinstance(arg, Input) else place.title if place else ""
        # What a caller calls it is no name where the operation stands.
        text = text if title is None or text in title else ""
        found.append(text if len(text) <= LONGEST_GUARDED and not _NUMBER.fullmatch(text) else "")
    return found


def _condition(node: Application) -> str | None:
    defined = node.op.defined if isinstance(node.op, Primitive) else None
    return defined(**node.attrs) if callable(defined) else defined


def _holds(condition: str, operands: Sequence[float]) -> bool:
    """Whether a condition of an entry holds for numbers."""
    names = {f"x{i}": value for i, value in enumerate(operands)}
    scope = {"abs": abs, "floor": math.floor, "sin": math.sin, "cos": math.cos, "exp": math.exp, **names}
    try:
        return bool(eval(condition.format(*names), {"__builtins__": {}}, scope))
    except (ArithmeticError, ValueError):
        return True


def _limit(outputs: Sequence[Node], around: Around | None) -> str | None:
    """What a function of one number tends to there, from both sides on which it has values."""
    if around is None or len(around[0]) != 1 or len(outputs) != 1 or around[0][0].shape or outputs[0].shape:
        return None
    from gradcli.core.calculus.bodies import body_of
    from gradcli.core.calculus.limiting import one_sided

    if any(
        isinstance(n.op, Primitive) and n.op.family and n.op.math is None
        for n in reachable(outputs)
        if isinstance(n, Application)
    ):
        # Series of the beta function and its like take seconds.
        return None
    (variable,), point = around
    rest = [n for n in reachable(outputs) if n in point and n is not variable]
    x0 = float(point[variable])
    if not math.isfinite(x0):
        return None
    body = body_of(outputs[0], [variable], rest)
    sides = [one_sided(body, [point[n] for n in rest], x0, way) for way in (-1.0, 1.0)]
    defined = [side for side in sides if side.defined]
    if not defined or any(side.value is None for side in defined):
        return None
    values = [side.value for side in defined if side.value is not None]
    name, low, high = name_of(variable), values[0], values[-1]
    if math.isfinite(low) and math.isfinite(high) and abs(low - high) <= SAME * max(abs(low), abs(high)):
        value = min(values, key=lambda v: len(repr(v)))
        how = "the limit there is" if all(side.by_series for side in defined) else "values closer and closer tend to"
        return f"{how} {spelled(value)}: `where({name} == {spelled(x0)}, {spelled(value)}, ...)` has it"
    if len(values) > 1 and low != high:
        return f"there is no limit: on the left it is {low:.6g}, on the right {high:.6g}"
    return None


def why_of(caller: Caller, value: Value, span: Span) -> Value:
    """The value, with a note why it is nan or infinite, or that it isn't."""
    settled = caller.settle(value, span)
    if not any(map(is_lost, _numbers(settled))):
        if not caller.warnings:
            caller.note("every number here is finite: there is nothing to explain", span)
        return settled
    found = reason(caller)
    if found is None:
        caller.note("no operation made it of finite numbers: it was so when it came in", span)
    else:
        caller.note(found.message, found.span or span, found.hint)
    return settled


def _numbers(value: Value) -> Iterator[Any]:
    if isinstance(value, float):
        yield value
    elif isinstance(value, DerivativeTable):
        yield from (n.value for _, n in value.rows if isinstance(n, Constant))
    elif isinstance(value, (tuple, Node)):
        yield from (n.value for n in distinct_nodes(value) if isinstance(n, Constant))
        yield from (v for v in leaves(value) if isinstance(v, float))
