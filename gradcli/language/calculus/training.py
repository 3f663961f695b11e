"""`fit`: the parameters that a loss reads, trained."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from gradcli.core.ir.arrays import array_of
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Constant, Input, Node, Parameter, array_constant, fresh_input
from gradcli.core.ir.shapes import size_of
from gradcli.core.ir.traversal import reachable, substitute
from gradcli.core.library.functions import reshape
from gradcli.language.calculus.optimizers import RULES, Optimizer
from gradcli.language.calls.announce import Call, builtin, to_number
from gradcli.language.calls.builtin import Builtin
from gradcli.language.derivatives.checks import listed
from gradcli.language.text.diagnostics import fail, near
from gradcli.language.values.convert import to_node
from gradcli.language.values.describe import describe
from gradcli.language.values.findings import Fit
from gradcli.language.values.nesting import leaves
from gradcli.language.values.values import Function, Required, Value

if TYPE_CHECKING:
    from gradcli.core.calculus.fitting import Loss, Outcome, Rule

MOST_STEPS = 100_000_000
# Where no optimizer is named.
USUAL, USUAL_RATE = "adam", 0.01
# So many steps without an improvement are enough where only a tolerance is given.
USUAL_PATIENCE = 10
# So many operations in all steps take longer than loading and running a compiler.
WORTH_COMPILING = 2**31


@builtin(
    "trains the parameters that a loss reads, step by step",
    example="x = linspace(-1, 1, 20)\n"
    "model line(x):\n"
    "    param w = 0\n"
    "    param b = 0\n"
    "    return w*x + b\n"
    "fit(mean((line(x) - 2x - 1)^2), steps=100, optimizer=lbfgs)\n"
    "params(line)",
    details="The loss is an expression, or a function whose inputs stand behind it: `fit(loss, x, y)`. The optimizer "
    "is `adam` at a rate of 0.01 unless another is given, by name, with settings as in `adamw(weight_decay=0.1)`, or "
    "as a function `(w, g, state) -> (w, state)`. With `batch_size` each step is on so many rows of the "
    "data. With `patience` it ends after so many steps that make the lowest loss lower by no more than `tolerance`, "
    "and keeps the weights of the lowest. What the loss draws, as `Dropout` does, is drawn anew for each step. "
    "Ctrl-C keeps what was reached. The result has `.loss`, `.first`, `.steps`, "
    "`.history`, the loss before each step and behind the last, and `.ended`.",
)
def fit(
    call: Call,
    loss: Value,
    steps: int = 1000,
    optimizer: Value = None,
    rate: Value = None,
    tolerance: float | None = None,
    patience: int | None = None,
    batch_size: int | None = None,
    *data: Value,
) -> Fit:
    """What training came to; the parameters have their new values.

    Raises:
        LanguageError: for a loss that is not one number, or reads no parameters, and an optimizer that is none.
    """
    from gradcli.core.calculus import fitting

    if not 1 <= steps <= MOST_STEPS:
        raise fail("value", f"training can't take {steps:,} steps", call.span, f"from 1 to {MOST_STEPS:,}")
    if patience is not None and patience < 1:
        raise fail("value", f"a patience of {patience} ends before the first step", call.span, "1 or more")
    if tolerance is not None and not tolerance >= 0:
        raise fail("value", f"a tolerance can't be {tolerance:g}", call.span, "0 or more")
    rows, batch = ({}, data) if batch_size is None else _in_batches(call, loss, data, batch_size)
    whole_value = _one_number(call, loss, data)
    if any(isinstance(node, Input) for node in reachable([whole_value])):
        hint = "inside a function make the steps with an optimizer, as in `w, state = adam(w, g, state)`"
        raise fail("value", "fit stands where all values are known", call.span, hint)
    value = whole_value
    if batch_size is not None:
        value = _one_number(call, loss, batch)
    order = reachable([value])
    parameters = [node for node in order if isinstance(node, Parameter)]
    if not parameters:
        raise fail(
            "type",
            "this loss reads no parameters",
            call.span,
            "give it as a function or an expression of a model, as in `fit(mean((net(x) - y)^2))`",
        )
    # What the loss draws is an input, which is drawn anew for each step.
    draws = call.caller.random.renewable
    anew: dict[Node, Node] = {n: fresh_input("drawn", n.shape, n.dtype) for n in order if n in draws}
    (value,) = substitute([value], anew)
    whole = fitting.Loss(value, parameters, [*rows, *anew.values()])
    of = _optimizer(call, optimizer, rate)
    patience = USUAL_PATIENCE if patience is None and tolerance is not None else patience
    stop = fitting.Stop(tolerance or 0.0, patience, _rate_of(call, of))
    native = steps * sum(size_of(node.shape) for node in order) > WORTH_COMPILING
    rule = _rule(call, whole, of)
    if batch_size is not None and isinstance(of, Optimizer) and (of.rule.curvature or of.rule.searches):
        hint = "leave out batch_size=, or take adam"
        raise fail("value", f"`{of.name}` goes down one loss, and each batch has another", call.span, hint)
    if anew and isinstance(of, Optimizer) and (of.rule.curvature or of.rule.searches):
        hint = "take adam, or call layers with `training=false`"
        raise fail("value", f"`{of.name}` goes down one loss, and this one draws random numbers", call.span, hint)
    if isinstance(of, Optimizer) and of.rule.curvature:
        found = fitting.newton(whole, steps, stop)
    elif isinstance(of, Optimizer) and of.rule.searches:
        found = fitting.search(whole, rule, steps, stop, native)
    else:
        arrays = [node.value for node in rows.values()]
        batches = None if batch_size is None else fitting.Batches(arrays, batch_size, call.caller.random.order)
        given = fitting.Renewed(batches, [_array_of(draws[node]) for node in anew]) if anew else batches
        found = fitting.train(whole, rule, steps, stop, native, given, whole_value)
    for old, new in zip(parameters, whole.apart(found.weights), strict=True):
        call.caller.train(old, new, old.name, call.span)
    _say(call, found)
    return Fit(
        of.name,
        len(found.history) - 1,
        found.history[0],
        found.loss,
        found.slope,
        found.ended,
        array_constant(array_of(found.history, DType.FLOAT64)),
    )


def _array_of(draw: Callable[[], Constant]) -> Callable[[], Any]:
    return lambda: draw().value


def _one_number(call: Call, loss: Value, data: Sequence[Value]) -> Node:
    """The loss as a graph of the parameters."""
    if isinstance(loss, Function):
        needed = [i.name for i in loss.inputs if isinstance(i.default, Required) and not i.variadic]
        if len(needed) > len(data) or len(data) > len(loss.inputs):
            takes = f"takes {listed(needed)}" if needed else "takes no inputs"
            what = f"the loss `{loss.name}` {takes}, and here {'is' if len(data) == 1 else 'are'} {len(data)}"
            raise fail("type", what, call.span, "they stand behind it: `fit(loss, x, y, steps=100)`")
        rest = [i.default for i in loss.inputs[len(data) :]]
        with call.caller.random.of_call():
            loss = loss.call(call.caller, [*data, *rest], call.span)  # type: ignore[list-item]
    elif data:
        hint = "the loss comes first, then its inputs if it is a function; settings go by name"
        raise fail("type", f"{describe(loss)} takes no inputs", call.span, hint)
    if isinstance(loss, tuple):
        hint = "give the first of its values, as in `fit((x, y) -> forward(x, y)[0], x, y)`"
        raise fail("type", f"a loss is one number, not {describe(loss)}", call.span, hint)
    node = to_node(loss, call.caller.dtype, call.span)
    if size_of(node.shape) != 1 or not node.dtype.is_float:
        what = describe(node) if node.dtype.is_float else node.dtype.value
        raise fail("type", f"a loss is one real number, not {what}", call.span, "such as `mean(...)` of it")
    return reshape(node, ())


def _in_batches(
    call: Call, loss: Value, data: Sequence[Value], size: int
) -> tuple[dict[Node, Constant], Sequence[Value]]:
    """Inputs for the rows of a batch with all rows that there are, and the data with these in the tensors' places."""
    if not isinstance(loss, Function) or not any(isinstance(v, Node) and v.shape for v in data):
        hint = "as in `fit(loss, x, y, batch_size=32)`"
        raise fail("type", "batch_size= takes a loss that is a function, with its data behind it", call.span, hint)
    found: dict[Node, Constant] = {}
    batch: list[Value] = []
    for given in data:
        known = call.caller.settle(given, call.span)
        known = known.value if isinstance(known, Parameter) else known
        if isinstance(known, Constant) and known.shape:
            rows = fresh_input("rows", (size, *known.shape[1:]), known.dtype)
            found[rows] = known
            batch.append(rows)
        else:
            batch.append(given)
    counts = sorted({node.shape[0] for node in found.values()})
    if len(counts) > 1:
        what = f"the data has {' and '.join(f'{n:,}' for n in counts)} rows, and batches take as many of each"
        raise fail("shape", what, call.span, "rows lie along the first axis")
    if not 1 <= size <= counts[0]:
        raise fail(
            "value", f"a batch of {size:,} of {counts[0]:,} rows can't be", call.span, f"from 1 to {counts[0]:,}"
        )
    return found, batch


def _optimizer(call: Call, given: Value, rate: Value) -> Function:
    """The optimizer that is meant, with the rate that is given."""
    if given is None:
        given, rate = USUAL, USUAL_RATE if rate is None else rate
    if isinstance(given, (str, Builtin)):
        name = given if isinstance(given, str) else given.name
        rule = RULES.get(name.lower())
        if rule is None:
            hint = near(name, list(RULES)) or f"there are {', '.join(RULES)}, and functions (w, g, state) -> (w, state)"
            raise fail("name", f"`{name}` is no optimizer", call.span, hint)
        given = Optimizer(rule, rule.settings)
    if isinstance(given, Optimizer):
        return given if rate is None else given.with_settings(rate=rate)
    if not isinstance(given, Function):
        raise fail("type", f"{describe(given)} is no optimizer", call.span, f"such as {', '.join(RULES)}")
    if rate is not None:
        raise fail("type", f"the optimizer `{given.name}` has its rate in itself", call.span, "leave out `rate=`")
    return given


def _rate_of(call: Call, of: Function) -> Callable[[int], float] | None:
    """The rate of an optimizer at a step, where it is known to have one."""
    if not isinstance(of, Optimizer) or of.rule.curvature:
        return None
    rate = of.settings["rate"]

    def at(step: int) -> float:
        now = rate.call(call.caller, (step,), call.span) if isinstance(rate, Function) else rate
        return to_number(now, call.span, "a rate")

    return at


def _rule(call: Call, whole: Loss, of: Function) -> Rule:
    """An optimizer as training takes it: on one vector of all weights, its state as a row of tensors."""
    skeleton: Value = None

    def rule(w: Node, g: Node, tensors: Sequence[Node] | None) -> tuple[Node, Sequence[Node]]:
        nonlocal skeleton
        state = None if tensors is None else _filled(skeleton, iter(tensors).__next__)
        own = isinstance(of, Optimizer)
        ws: Value = w if own else tuple(whole.split(w))
        gs: Value = g if own else tuple(whole.split(g))
        rest = [None if isinstance(i.default, Required) else i.default for i in of.inputs[3:]]
        found = of.call(call.caller, (ws, gs, state, *rest), call.span)
        if not isinstance(found, tuple) or len(found) != 2:
            what = f"an optimizer gives the new weights and the new state, and `{of.name}` gives {describe(found)}"
            raise fail("type", what, call.span, "such as `w, g, state -> (w - 0.1*g, none)`")
        new, skeleton = found
        nodes = [to_node(v, call.caller.dtype, call.span) for v in leaves(new)]
        wanted = [w.shape] if own else [p.shape for p in whole.parameters]
        if [n.shape for n in nodes] != wanted:
            what = f"`{of.name}` gives weights of shapes {[n.shape for n in nodes]}, and they have {wanted}"
            raise fail("shape", what, call.span)
        state_nodes = [to_node(v, call.caller.dtype, call.span) for v in leaves(skeleton) if v is not None]
        return (nodes[0] if own else whole.joined(nodes)), state_nodes

    return rule


def _filled(skeleton: Value, following: Callable[[], Node]) -> Value:
    if isinstance(skeleton, tuple):
        return tuple(_filled(item, following) for item in skeleton)
    return None if skeleton is None else following()


def _say(call: Call, found: Outcome) -> None:
    taken = len(found.history) - 1
    if found.ended == "diverged":
        what = f"the loss became {found.history[-1]:g} at step {taken:,}; the weights are those of the lowest before"
        call.caller.warn(what, call.span, "a smaller rate may help")
    elif found.ended == "interrupted":
        call.caller.note(f"interrupted after {taken:,} steps; the weights are those that were reached", call.span)
