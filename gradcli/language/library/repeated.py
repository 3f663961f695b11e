"""`scan`, `fold` and `cumulative`: a function that is called again and again with what it gave, as one loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gradcli.core.ir.nodes import Node
from gradcli.core.loops.plan import Plan
from gradcli.core.records import record
from gradcli.language.calls.announce import Call, builtin
from gradcli.language.calls.items import items_of
from gradcli.language.calls.kinds import (
    MOST_CHANGES,
    Nest,
    Unlike,
    as_kind,
    carries_of,
    inputs_of,
    joined,
    kinds_in,
    kinds_of,
    nested,
)
from gradcli.language.calls.rows import Rows, rows_of
from gradcli.language.text.diagnostics import fail
from gradcli.language.values.describe import describe
from gradcli.language.values.nesting import leaves
from gradcli.language.values.values import Function, Required, Value


@record
class _Traced:
    """One step: its carry as inputs, their kinds, and what the function makes of it and an item."""

    carry: Value
    kinds: Nest
    result: Value


@builtin(
    "goes through items: fn(carry, item) gives the next carry and an output; gives the last carry and all outputs",
    example="scan((c, x) -> (c + x, c*x), 0, [1, 2, 3])",
)
def scan(call: Call, fn: Function, init: Value, xs: Value) -> Value:
    """Both."""
    rows = _rows(call, xs, "scan")
    step = _traced(call, fn, init, rows, lambda result: _pair(call, fn, result)[0])
    nexts, output = _pair(call, fn, step.result)
    plan = Plan(rows.length, carries_of(step.kinds, step.carry, init, nexts), list(rows.slices))
    carried, kinds = len(plan.carries), _kinds(call, output, fn)
    plan.stacks = [as_kind(kind, value) for kind, value in zip(kinds_in(kinds), leaves(output), strict=True)]
    found = _looped(plan, range(carried + len(plan.stacks)))
    return nested(step.kinds, found[:carried]), nested(kinds, found[carried:])


@builtin(
    "what a function comes to that is called with what it gave before, and with each item in turn",
    example="fold((c, x) -> c*x, 1, [2, 3, 4])\ngrad(x -> fold((c, k) -> sin(c*x), 1, range(1000)))(0.5)",
)
def fold(call: Call, fn: Function, init: Value, xs: Value) -> Value:
    """The last value."""
    kinds, plan = _of_carries(call, fn, init, xs, "fold")
    return nested(kinds, _looped(plan, range(len(plan.carries))))


@builtin(
    "as fold, with the values behind each item, along a new first axis",
    example="cumulative((c, x) -> 0.5c + x, 0, [1, 2, 3])",
)
def cumulative(call: Call, fn: Function, init: Value, xs: Value) -> Value:
    """All of them."""
    kinds, plan = _of_carries(call, fn, init, xs, "cumulative")
    plan.stacks = [carry.next for carry in plan.carries]
    carried = len(plan.carries)
    return nested(kinds, _looped(plan, range(carried, 2 * carried)))


def _of_carries(call: Call, fn: Function, init: Value, xs: Value, what: str) -> tuple[Nest, Plan]:
    """The loop of a function that gives the next carry alone, and the kinds of that."""
    rows = _rows(call, xs, what)
    step = _traced(call, fn, init, rows, lambda result: result)
    return step.kinds, Plan(rows.length, carries_of(step.kinds, step.carry, init, step.result), list(rows.slices))


def _rows(call: Call, xs: Value, what: str) -> Rows:
    rows = rows_of(xs, call.span)
    if rows is not None:
        return rows
    if not items_of(xs, call.span):
        raise fail("value", f"{what} has nothing to go through", call.span, "give it at least one item")
    raise fail(
        "type", f"the items that {what} goes through differ in more than numbers", call.span, "give them one shape"
    )


def _traced(call: Call, fn: Function, init: Value, rows: Rows, next_of: Callable[[Value], Value]) -> _Traced:
    """The function called with a carry of the kinds that it gives again."""
    required = sum(isinstance(i.default, Required) for i in fn.inputs)
    if required > 2 or len(fn.inputs) < 2:
        raise fail("type", f"`{fn.name}` is called with a carry and an item", call.span, "such as (c, x) -> c + x")
    rest = [i.default for i in fn.inputs[2:]]
    kinds = _kinds(call, init, fn)
    for _ in range(MOST_CHANGES):
        carry, drawn = inputs_of("carry", kinds), call.caller.random.drawn
        result = fn.call(call.caller, (carry, rows.item, *rest), call.span)  # type: ignore[arg-type]
        if call.caller.random.drawn != drawn:
            what = f"`{fn.name}` draws random numbers, and all of its steps would have the same"
            raise fail("value", what, call.span, "a loop with `for` draws in each step; or draw all before, as items")
        try:
            made = joined(kinds, _kinds(call, next_of(result), fn))
        except Unlike:
            what = f"`{fn.name}` gives another kind of carry than it takes"
            raise fail("shape", what, call.span, "a carry keeps its shape and its parts from step to step") from None
        if made == kinds:
            return _Traced(carry, kinds, result)
        kinds = made
    raise fail("value", f"the carry of `{fn.name}` is never the same kind twice", call.span)


def _looped(plan: Plan, wanted: Sequence[int]) -> list[Node]:
    from gradcli.core.loops.closing import looped

    return looped(plan, wanted)


def _pair(call: Call, fn: Function, result: Value) -> Sequence[Value]:
    if not isinstance(result, tuple) or len(result) != 2:
        what = f"`{fn.name}` gives {describe(result)}, and scan needs the next carry and an output"
        raise fail("type", what, call.span, "end it with `return carry, output`")
    return result


def _kinds(call: Call, value: Value, fn: Function) -> Nest:
    try:
        return kinds_of(value, call.caller.dtype)
    except Unlike:
        what = f"what `{fn.name}` carries and gives are numbers, tensors and tuples of them"
        raise fail("type", what, call.span) from None
