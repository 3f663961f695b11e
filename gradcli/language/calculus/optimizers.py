"""Optimizers: a step from weights, their gradient and a state to the next weights and state, each as a book has it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import prod
from typing import Any

from gradcli.core.errors import ShapeError
from gradcli.core.ir.nodes import Node, constant, filled
from gradcli.core.ir.promotion import cast, coerce
from gradcli.core.library.functions import concatenate, reshape, sum_
from gradcli.core.library.linear_algebra import solve
from gradcli.core.primitives import comparisons as cmp
from gradcli.core.primitives import elementwise as ew
from gradcli.core.primitives import shaping
from gradcli.core.primitives.constants import identity
from gradcli.core.primitives.selection import select
from gradcli.core.records import record, structure
from gradcli.language.calls.announce import Call, builtin
from gradcli.language.calls.nested import as_tuple, is_nested, place_by_place
from gradcli.language.calls.operations import binary
from gradcli.language.text.diagnostics import Span, fail
from gradcli.language.values.convert import to_int, to_node
from gradcli.language.values.describe import describe
from gradcli.language.values.nesting import fold, leaves
from gradcli.language.values.numbers import is_number
from gradcli.language.values.values import Caller, Formal, Function, Rewrite, Value


class Each:
    """Numbers, tensors and nested tuples of them in formulas: arithmetic is done place by place."""

    def __init__(self, call: Call, value: Value) -> None:
        self.call, self.value = call, as_tuple(value)

    def _with(self, symbol: str, left: object, right: object) -> Each:
        a, b = (v.value if isinstance(v, Each) else v for v in (left, right))
        if isinstance(a, (int, float)) and isinstance(b, (int, float)):
            # A rate is no number that anyone asked to be exact.
            a, b = float(a), float(b)
        return Each(self.call, binary(self.call.caller, symbol, a, b, self.call.span))  # type: ignore[arg-type]

    def __add__(self, other: object) -> Each:
        return self._with("+", self, other)

    def __sub__(self, other: object) -> Each:
        return self._with("-", self, other)

    def __rsub__(self, other: object) -> Each:
        return self._with("-", other, self)

    def __mul__(self, other: object) -> Each:
        return self._with("*", self, other)

    def __rmul__(self, other: object) -> Each:
        return self._with("*", other, self)

    def __truediv__(self, other: object) -> Each:
        return self._with("/", self, other)

    def __rpow__(self, other: float) -> Each:
        if is_number(self.value):
            return Each(self.call, float(other) ** float(self.value))
        return Each(self.call, ew.exp(self._node(self.value) * ew.log(float(other))))

    def _node(self, value: Value) -> Node:
        return to_node(value, self.call.caller.dtype, self.call.span)

    def root(self) -> Each:
        """The square root at each place."""
        if not is_nested(self.value):
            return Each(self.call, ew.sqrt(self._node(self.value)))
        found = place_by_place(lambda v: ew.sqrt(self._node(v[0])), [self.value], "the root", self.call.span)
        return Each(self.call, found)


# From weights, gradient, state and settings to the new weights and the new state.
Update = Callable[[Each, Each, "Sequence[Value] | None", Mapping[str, Any]], "tuple[Each, tuple[Value, ...]]"]


@record
class Rule:
    """An optimizer: its step, what its state holds beside the number of steps, and the settings that it has.

    What is `elementwise` does the same with one vector of all weights. A rule that `searches` gives a direction, which
    training goes along as far as the loss falls enough; one of `curvature` wants the Hessian.
    """

    name: str
    update: Update
    state: tuple[str, ...]
    settings: Mapping[str, Value]
    elementwise: bool = True
    searches: bool = False
    curvature: bool = False


RULES: dict[str, Rule] = {}


@structure
class Optimizer(Function):
    """An optimizer with its settings, `adam(rate=0.01)`: a function of weights, gradient and state."""

    rule: Rule
    settings: Mapping[str, Value]
    kind: str = "optimizer"

    def __post_init__(self) -> None:
        self.name = self.rule.name
        self.inputs = (Formal("w"), Formal("g"), Formal("state", None))

    def call(self, caller: Caller, values: Sequence[Value], span: Span, fresh: bool = False) -> Value:
        """The new weights and the new state."""
        w, g, state = values
        return step(Call(caller, span), self.rule, w, g, state, self.settings)

    def with_settings(self, **settings: Value) -> Optimizer:
        """The same with other settings."""
        return replace(self, settings={**self.settings, **settings})

    def substituted(self, substitution: Rewrite) -> Optimizer:
        """The same with settings that stand for the caller's values."""
        return replace(self, settings={name: substitution.value(v) for name, v in self.settings.items()})


def step(
    call: Call, rule: Rule, w: Value, g: Value, state: Value, settings: Mapping[str, Value]
) -> tuple[Value, Value]:
    """The new weights, in the nesting of the old, and the new state.

    Raises:
        LanguageError: for a gradient of another nesting, a state of another optimizer, a rate that is no number.
    """
    parts = ("steps", *rule.state)
    given = as_tuple(state)
    if given is not None and not (isinstance(given, tuple) and len(given) == len(parts)):
        raise fail(
            "type",
            f"the state of `{rule.name}` is ({', '.join(parts)}), and here is {describe(given)}",
            call.span,
            f"begin with none, and give the state of each step to the next: `w, state = {rule.name}(w, g, state)`",
        )
    require_like(call, rule.name, w, g)
    count = given[0] if isinstance(given, tuple) else 0
    steps = binary(call.caller, "+", count, 1, call.span)
    rate = settings["rate"]
    if isinstance(rate, Function):
        rate = rate.call(call.caller, (steps,), call.span)
    if not is_number(rate) and not (isinstance(rate, Node) and rate.shape == ()):
        raise fail("type", f"a rate is a number, or a function of the step, not {describe(rate)}", call.span)
    found = {**settings, "rate": Each(call, rate), "steps": Each(call, steps)}
    new, slots = rule.update(Each(call, w), Each(call, g), None if given is None else given[1:], found)
    return new.value, (steps, *slots)


def require_like(call: Call, name: str, w: Value, g: Value) -> None:
    """Refuse a gradient that is none of these weights.

    Raises:
        LanguageError: naming the place that differs.
    """

    def compared(items: Sequence[Value]) -> Value:
        a, b = (to_node(v, call.caller.dtype, call.span) for v in items)
        if a.shape != b.shape:
            raise ShapeError(f"the weight has shape {a.shape}, its gradient {b.shape}")
        return True

    if is_nested(w) or is_nested(g):
        if not (is_nested(w) and is_nested(g)):
            what = f"`{name}` takes weights and their gradient, and here are {describe(w)} and {describe(g)}"
            raise fail("type", what, call.span, "such as the gradient by all of them, in a tuple as they are")
        place_by_place(compared, [w, g], f"`{name}`", call.span)
    else:
        compared([w, g])


def _decayed(w: Each, g: Each, s: Mapping[str, Any]) -> Each:
    return g if s["weight_decay"] == 0 else g + s["weight_decay"] * w


def _sgd(w: Each, g: Each, state: Sequence[Value] | None, s: Mapping[str, Any]) -> tuple[Each, tuple[Value, ...]]:
    return w - s["rate"] * _decayed(w, g, s), ()


def _momentum(w: Each, g: Each, state: Sequence[Value] | None, s: Mapping[str, Any]) -> tuple[Each, tuple[Value, ...]]:
    g = _decayed(w, g, s)
    v = g if state is None else s["momentum"] * Each(g.call, state[0]) + g
    return w - s["rate"] * (g + s["momentum"] * v if s["nesterov"] else v), (v.value,)


def _adam(w: Each, g: Each, state: Sequence[Value] | None, s: Mapping[str, Any]) -> tuple[Each, tuple[Value, ...]]:
    beta1, beta2, t = float(s["beta1"]), float(s["beta2"]), s["steps"]
    m, v = (1 - beta1) * g, (1 - beta2) * (g * g)
    if state is not None:
        m, v = beta1 * Each(g.call, state[0]) + m, beta2 * Each(g.call, state[1]) + v
    away = (m / (1 - beta1**t)) / ((v / (1 - beta2**t)).root() + s["epsilon"])
    if s["weight_decay"] != 0:
        away = away + s["weight_decay"] * w
    return w - s["rate"] * away, (m.value, v.value)


def _lbfgs(w: Each, g: Each, state: Sequence[Value] | None, s: Mapping[str, Any]) -> tuple[Each, tuple[Value, ...]]:
    """Nocedal's two loops; pairs along which the gradient does not grow are left out."""
    x, slope = flat(w.call, w.value), flat(g.call, g.value)
    memory, size = s["memory"], x.shape[0]
    moves = changes = shaping.broadcast(constant(0.0, x.dtype), shape=(memory, size))
    if state is not None:
        moves, changes, x0, slope0 = (flat_part(w.call, part, x) for part in state)
        move, change = x - x0, slope - slope0
        along = sum_(move * change)
        grows = cmp.greater(along, 1e-10 * sum_(change * change))
        moves, changes = (
            select(grows, concatenate((_rows(old, 1, memory), reshape(new, (1, size)))), old)
            for old, new in ((moves, move), (changes, change))
        )
    rows = [(_row(moves, i), _row(changes, i)) for i in range(memory)]
    weights = [_inverse(sum_(a * b)) for a, b in rows]
    q, shares = slope, []
    for (a, b), weight in zip(reversed(rows), reversed(weights), strict=True):
        shares.append(weight * sum_(a * q))
        q = q - shares[-1] * b
    a, b = rows[-1]
    # Before there is a pair the first step is no longer than 1 in all.
    first = ew.minimum(_inverse(sum_(ew.absolute(slope))), 1.0)
    known = cmp.greater(sum_(b * b), 0.0)
    r = select(known, sum_(a * b) * _inverse(sum_(b * b)), first) * q
    for (a, b), weight, share in zip(rows, weights, reversed(shares), strict=True):
        r = r + (share - weight * sum_(b * r)) * a
    new = x - to_node(s["rate"].value, x.dtype, w.call.span) * r
    return Each(w.call, unflat(new, w.value)), (moves, changes, x, slope)


def _newton(w: Each, g: Each, state: Sequence[Value] | None, s: Mapping[str, Any]) -> tuple[Each, tuple[Value, ...]]:
    x, slope = flat(w.call, w.value), flat(g.call, g.value)
    curvature = square(w.call, s["hessian"], w.value, x.shape[0])
    if s["damping"] != 0:
        curvature = curvature + s["damping"] * identity(x.shape[0], curvature.dtype)
    new = x - to_node(s["rate"].value, x.dtype, w.call.span) * solve(curvature, slope)
    return Each(w.call, unflat(new, w.value)), ()


def _row(table: Node, i: int) -> Node:
    return reshape(_rows(table, i, i + 1), (table.shape[1],))


def _rows(table: Node, start: int, stop: int) -> Node:
    return shaping.take_slice(table, ranges=((start, stop - start, 1), (0, table.shape[1], 1)))


def _inverse(x: Node) -> Node:
    """One divided by a number, 0 where it is not above 0."""
    above = cmp.greater(x, 0.0)
    return select(above, 1.0 / select(above, x, filled(1.0, x)), filled(0.0, x))


def flat(call: Call, value: Value) -> Node:
    """All numbers of a nested tuple as one vector."""
    nodes = coerce([to_node(v, call.caller.dtype, call.span) for v in leaves(as_tuple(value))])
    parts = tuple(reshape(n, (-1,)) for n in nodes)
    if not parts:
        raise fail("type", "there is no weight here to be trained", call.span, "give it params(net), or a tensor")
    return concatenate(parts) if len(parts) > 1 else parts[0]


def flat_part(call: Call, value: Value, like: Node) -> Node:
    """A tensor of a state, in the dtype of the weights."""
    return cast(to_node(value, call.caller.dtype, call.span), like.dtype)


def unflat(vector: Node, like: Value) -> Value:
    """A vector in the nesting, the shapes and the dtypes of a value."""
    place = 0

    def part(item: Value) -> Value:
        nonlocal place
        shape = item.shape if isinstance(item, Node) else ()
        start, place = place, place + prod(shape)
        piece = reshape(shaping.take_slice(vector, ranges=((start, place - start, 1),)), shape)
        return cast(piece, item.dtype) if isinstance(item, Node) else piece

    return _mapped(as_tuple(like), part)


def _mapped(value: Value, change: Callable[[Value], Value]) -> Value:
    # In order, and what occurs twice is gone through twice: each has numbers of its own.
    return tuple(_mapped(item, change) for item in value) if isinstance(value, tuple) else change(value)


def square(call: Call, blocks: Value, like: Value, size: int) -> Node:
    """The Hessian as one matrix: it is that, or blocks by each two weights as `hessian` gives them.

    Raises:
        LanguageError: for what is none of these weights.
    """
    if blocks is None:
        hint = "such as `newton(w, g, state, hessian=hessian(f)(w))`"
        raise fail("type", "`newton` needs the Hessian", call.span, hint)
    items = as_tuple(blocks)
    nested = isinstance(items, tuple)
    depth: int = fold(items, lambda item: 0, lambda below: 1 + max(below, default=0))
    count = sum(1 for _ in leaves(as_tuple(like)))
    if nested and depth == 1 and count == 1:
        items = (items,)
    rows = items if isinstance(items, tuple) else ((items,),)
    sizes = [prod(v.shape) if isinstance(v, Node) else 1 for v in leaves(as_tuple(like))]
    found = []
    fits = nested is False or len(rows) == count
    for row, height in zip(rows, sizes if nested else [size], strict=False):
        across = row if isinstance(row, tuple) else (row,)
        nodes = [to_node(v, call.caller.dtype, call.span) for v in across]
        widths = sizes if nested else [size]
        fits = fits and len(nodes) == len(widths)
        fits = fits and all(prod(n.shape) == height * width for n, width in zip(nodes, widths, strict=False))
        if not fits:
            break
        parts = tuple(reshape(n, (height, width)) for n, width in zip(nodes, widths, strict=True))
        found.append(concatenate(parts, 1) if len(parts) > 1 else parts[0])
    if not fits:
        what = f"this is no Hessian by {size} weights: {describe(items)}"
        raise fail("shape", what, call.span, "give the matrix, or the blocks that `hessian` gives")
    return concatenate(tuple(found)) if len(found) > 1 else found[0]


_STEP = (
    "Given weights and their gradient, numbers, tensors or nested tuples of one nesting, it makes one step: "
    "`w, state = {0}(w, g, state)`. The state is none at first. Given settings alone, `{0}(rate=0.1)` is the "
    "optimizer with these, a function of w, g and state, which `fit` takes too. A rate may be a function of the step, "
    "which counts from 1."
)


def _made(call: Call, rule: Rule, w: Value, g: Value, state: Value, settings: Mapping[str, Value]) -> Value:
    """The step, or where no weights are given, the optimizer."""
    for name, value in settings.items():
        _require_setting(call, rule, name, value)
    if w is None and g is None and state is None:
        return Optimizer(rule, settings)
    if w is None or g is None:
        hint = f"such as `w, state = {rule.name}(w, g, state)`"
        raise fail("type", f"`{rule.name}` needs weights and their gradient", call.span, hint)
    return step(call, rule, w, g, state, settings)


# What each setting must be.
_BOUNDS: Mapping[str, tuple[float, float, str]] = {
    "rate": (0.0, float("inf"), "0 or more"),
    "momentum": (0.0, 1.0, "from 0 to below 1"),
    "beta1": (0.0, 1.0, "from 0 to below 1"),
    "beta2": (0.0, 1.0, "from 0 to below 1"),
    "epsilon": (0.0, float("inf"), "0 or more"),
    "weight_decay": (0.0, float("inf"), "0 or more"),
    "damping": (0.0, float("inf"), "0 or more"),
}


def _require_setting(call: Call, rule: Rule, name: str, value: Value) -> None:
    bounds = _BOUNDS.get(name)
    if bounds is not None and is_number(value) and not bounds[0] <= value < bounds[1]:
        raise fail("value", f"`{name}` of `{rule.name}` can't be {value:g}: it is {bounds[2]}", call.span)


SGD = RULES["sgd"] = Rule("sgd", _sgd, (), {"rate": 0.01, "weight_decay": 0.0})
MOMENTUM = RULES["momentum"] = Rule(
    "momentum", _momentum, ("velocity",), {"rate": 0.01, "momentum": 0.9, "nesterov": False, "weight_decay": 0.0}
)
_ADAM = {"rate": 0.001, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}
ADAM = RULES["adam"] = Rule("adam", _adam, ("mean", "square"), {**_ADAM, "weight_decay": 0.0})
ADAMW = RULES["adamw"] = Rule("adamw", _adam, ("mean", "square"), {**_ADAM, "weight_decay": 0.01})
_PAIRS = ("moves", "changes", "weights", "gradient")
LBFGS = RULES["lbfgs"] = Rule("lbfgs", _lbfgs, _PAIRS, {"rate": 1.0, "memory": 10}, elementwise=False, searches=True)
NEWTON = RULES["newton"] = Rule(
    "newton", _newton, (), {"rate": 1.0, "hessian": None, "damping": 0.0}, elementwise=False, curvature=True
)


@builtin(
    "a step of gradient descent, w - rate g",
    example="sgd(1, 0.5, rate=0.1)\nsgd((1, [2, 3]), (1, [1, 1]), rate=0.1)",
    details=_STEP.format("sgd"),
)
def sgd(
    call: Call, w: Value = None, g: Value = None, state: Value = None, rate: Value = 0.01, weight_decay: float = 0.0
) -> Value:
    """The new weights and the new state; `weight_decay` adds so much of the weights to the gradient."""
    return _made(call, SGD, w, g, state, {"rate": rate, "weight_decay": weight_decay})


@builtin(
    "a step of gradient descent with momentum: v = momentum v + g, w - rate v",
    example="w, state = momentum(1, 0.5, rate=0.1)\nmomentum(w, 0.5, state, rate=0.1)",
    details=_STEP.format("momentum"),
)
def momentum(
    call: Call,
    w: Value = None,
    g: Value = None,
    state: Value = None,
    rate: Value = 0.01,
    momentum: float = 0.9,
    nesterov: bool = False,
    weight_decay: float = 0.0,
) -> Value:
    """The new weights and the new state; Nesterov's looks a step ahead (Sutskever et al., 2013)."""
    settings = {"rate": rate, "momentum": momentum, "nesterov": nesterov, "weight_decay": weight_decay}
    return _made(call, MOMENTUM, w, g, state, settings)


@builtin(
    "a step of Adam, along the mean of the gradient divided by the root of that of its square",
    example="w, state = adam(1, 0.5, rate=0.1)\nadam(w, 0.5, state, rate=0.1)",
    details=_STEP.format("adam"),
)
def adam(
    call: Call,
    w: Value = None,
    g: Value = None,
    state: Value = None,
    rate: Value = 0.001,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
) -> Value:
    """The new weights and the new state (Kingma and Ba, 2015)."""
    settings: dict[str, Value] = {"rate": rate, "beta1": beta1, "beta2": beta2, "epsilon": epsilon}
    return _made(call, ADAM, w, g, state, {**settings, "weight_decay": 0.0})


@builtin(
    "a step of Adam whose weights decay by themselves, apart from the gradient",
    example="w, state = adamw(1, 0.5, rate=0.1)\nadamw(w, 0.5, state, rate=0.1)",
    details=_STEP.format("adamw"),
)
def adamw(
    call: Call,
    w: Value = None,
    g: Value = None,
    state: Value = None,
    rate: Value = 0.001,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
    weight_decay: float = 0.01,
) -> Value:
    """The new weights and the new state (Loshchilov and Hutter, 2019)."""
    settings: dict[str, Value] = {"rate": rate, "beta1": beta1, "beta2": beta2, "epsilon": epsilon}
    return _made(call, ADAMW, w, g, state, {**settings, "weight_decay": weight_decay})


@builtin(
    "a step along the inverse Hessian that the last gradients let guess (L-BFGS)",
    example="g(w) = 2w - 6\nw, state = lbfgs(0, g(0))\nlbfgs(w, g(w), state)[0]",
    details=_STEP.format("lbfgs") + " `fit` goes along its direction as far as the loss falls enough.",
)
def lbfgs(
    call: Call, w: Value = None, g: Value = None, state: Value = None, rate: Value = 1.0, memory: int = 10
) -> Value:
    """The new weights and the new state, with so many pairs of moves and changes (Nocedal, 1980)."""
    if memory < 1:
        raise fail("value", f"a memory of {memory} pairs guesses nothing", call.span, "at least 1; 10 is usual")
    return _made(call, LBFGS, w, g, state, {"rate": rate, "memory": to_int(memory, call.span, "`memory`")})


@builtin(
    "a step of Newton's for a minimum: w - rate (H + damping)⁻¹ g",
    example="f(w) = (w[0] - 1)^4 + w[1]^2\nnewton([3, 1], grad(f)([3, 1]), hessian=hessian(f)([3, 1]))",
    details=_STEP.format("newton") + " Its Hessian is one matrix, or the blocks that `hessian` gives; `fit` makes it.",
)
def newton(
    call: Call,
    w: Value = None,
    g: Value = None,
    state: Value = None,
    hessian: Value = None,
    rate: Value = 1.0,
    damping: float = 0.0,
) -> Value:
    """The new weights and the new state."""
    return _made(call, NEWTON, w, g, state, {"rate": rate, "hessian": hessian, "damping": damping})
