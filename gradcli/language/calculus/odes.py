"""`odeint`: a differential equation from a start, at given times."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from gradcli.core.ir.nodes import Node, fresh_input
from gradcli.core.ir.promotion import cast, real
from gradcli.core.ir.shapes import Shape
from gradcli.core.ir.traversal import substitute
from gradcli.core.loops.plan import Given
from gradcli.language.calls.announce import Call, builtin
from gradcli.language.calls.kinds import Nest, Unlike, as_kind, inputs_of, kinds_in, kinds_of, nested
from gradcli.language.calls.tracing import values_now
from gradcli.language.text.diagnostics import fail
from gradcli.language.values.convert import to_node
from gradcli.language.values.describe import describe
from gradcli.language.values.nesting import leaves, nodes_in
from gradcli.language.values.values import Function, Required, Value

if TYPE_CHECKING:
    from gradcli.core.loops.odes import System


@builtin(
    "the solution of y' = fn(y, t) that starts with y0 at t[0], at all times t; its derivatives are those of its steps",
    example="odeint((y, t) -> -y, 1, [0, 1, 2])\ngrad(k -> odeint((y, t) -> -k*y, 1, [0, 1])[1])(2)",
)
def odeint(
    call: Call,
    fn: Function,
    y0: Value,
    t: Node,
    method: str = "dopri5",
    steps: int | None = None,
    order: int | None = None,
    rtol: float = 1e-9,
    atol: float = 1e-12,
    gradient: str = "steps",
) -> Value:
    """The state at each time, along a new first axis. `steps` are those from one time to the next, all of one length.

    Without it, the steps of dopri5 and taylor are as long as an error of rtol beside the state, and of atol beside 0,
    allows; they are found at the numbers of this call, and stay as they are where the solution is differentiated.
    With gradient="adjoint" reverse mode solves the adjoint equation backwards in time, and keeps no step.
    """
    if gradient not in ("steps", "adjoint"):
        raise fail("value", f'there is no gradient by "{gradient}"', call.span, "it goes by steps, or by adjoint")
    from gradcli.core.loops import odes

    names = (*odes.METHODS, "taylor")
    if method not in names:
        raise fail("value", f'there is no method "{method}"', call.span, f"methods are {', '.join(names)}")
    if len(t.shape) != 1 or t.shape[0] < 2:
        raise fail("shape", f"the times are a vector of two or more, not of shape {t.shape}", call.span, "as in [0, 1]")
    times = real(t)
    if method == "rk4" and steps is None:
        raise fail("value", "rk4 knows no error, and so not how long its steps are", call.span, "write `steps=20`")
    system, start, kinds = _system(call, fn, y0, times)
    if order is not None and (method != "taylor" or order < 2):
        raise fail("value", "an order, from 2 on, is that of Taylor's method", call.span, 'write method="taylor"')
    high = order or odes.order_for(rtol)
    one = odes.taylor(high) if method == "taylor" else odes.METHODS[method]
    if steps is not None and steps < 1:
        raise fail("value", f"{steps} steps lead nowhere", call.span, "give at least one")
    fractions = [] if steps is not None else _mesh(call, system, start, times, (method, high, rtol, atol))
    equal = steps or max(len(of_interval) - 1 for of_interval in fractions)
    if gradient == "adjoint":
        from gradcli.core.loops.adjoint import with_adjoint

        outside = [given.node for given in _outside(system) if given.node.dtype.is_float]
        found = with_adjoint(system, start, times, one, equal, outside)
    elif fractions:
        found = odes.on_mesh(system, start, times, one, fractions)
    else:
        found = odes.of_equal_steps(system, start, times, one, equal)
    return nested(kinds, found)


def _system(call: Call, fn: Function, y0: Value, times: Node) -> tuple[System, list[Node], Nest]:
    from gradcli.core.loops.odes import System

    required = sum(isinstance(i.default, Required) for i in fn.inputs)
    if required > 2 or not fn.inputs:
        raise fail("type", f"`{fn.name}` is called with the state and the time", call.span, "such as (y, t) -> -y")
    takes_time = required == 2 or len(fn.inputs) > 1
    try:
        kinds = kinds_of(y0, call.caller.dtype)
        start = [real(as_kind(k, v)) for k, v in zip(kinds_in(kinds), leaves(y0), strict=True)]
        kinds = kinds_of(nested(kinds, start), call.caller.dtype)
    except Unlike:
        what = f"a state is a number, a tensor or a tuple of them, not {describe(y0)}"
        raise fail("type", what, call.span) from None
    state = inputs_of("y", kinds)
    time = fresh_input("t", (), times.dtype)
    rest = [i.default for i in fn.inputs[2 if takes_time else 1 :]]
    values = (state, time, *rest) if takes_time else (state, *rest)
    rates = fn.call(call.caller, values, call.span)  # type: ignore[arg-type]
    own, found = [*nodes_in(state)], [*leaves(rates)]
    if len(found) != len(own):
        what = f"`{fn.name}` gives {len(found)} rates for a state of {len(own)} parts"
        raise fail("type", what, call.span, "give a rate for each part, in a tuple as the state is")
    nodes = [
        cast(to_node(rate, call.caller.dtype, call.span), part.dtype) for rate, part in zip(found, own, strict=True)
    ]
    for node, part in zip(nodes, own, strict=True):
        _require_shape(call, fn, node.shape, part.shape)
    return System(own, time, nodes), start, kinds


def _require_shape(call: Call, fn: Function, rate: Shape, part: Shape) -> None:
    if rate != part:
        what = f"`{fn.name}` gives a rate of shape {rate} for a state of shape {part}"
        raise fail("shape", what, call.span, "a rate has the shape of what it is the rate of")


def _mesh(
    call: Call, system: System, start: Sequence[Node], times: Node, how: tuple[str, int, float, float]
) -> list[list[float]]:
    import numpy as np

    from gradcli.core.loops import odes

    method, order, rtol, atol = how
    outside = _outside(system)
    values = values_now([*start, times, *(given.node for given in outside)])
    if values is None:
        what = (
            "how long the steps of this solution are isn't known where a function is mapped, or shown without a point"
        )
        raise fail("value", what, call.span, "say how many there are from one time to the next: `steps=20`")
    rates = substitute(system.rates, {given.node: given.input for given in outside})
    inner = odes.System(system.state, system.time, rates)
    given = [values[g.node] for g in outside]
    at = np.asarray(values[times], dtype=float).tolist()
    if not np.isfinite(at).all():
        raise fail("value", "the times must be finite", call.span, "end at a time by which all has happened")
    steps = {a < b if a != b else None for a, b in pairwise(at)}
    if steps not in ({True}, {False}):
        raise fail("value", "the times must grow, or fall, from each to the next", call.span)
    if method == "taylor":
        trial = odes.taylor_trial(inner, order, outside, given)
    else:
        trial = odes.trial_of(inner, odes.METHODS[method], outside, given, (rtol, atol))
    return odes.mesh(trial, [values[y] for y in start], at, 5)


def _outside(system: System) -> list[Given]:
    """What the rates read besides the state and the time, each with an input that stands for it."""
    from gradcli.core.calculus.bodies import unknown_besides

    read = unknown_besides(system.rates, [*system.state, system.time])
    return [Given(fresh_input("p", node.shape, node.dtype), node) for node in read]
