"""A function of the language as a problem for the core: a graph closed over everything but its unknowns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Constant, Input, Node, Parameter, array_constant, constant_like, fresh_input
from gradcli.core.ir.promotion import cast, real
from gradcli.core.ir.shapes import size_of
from gradcli.core.ir.traversal import reachable, substitute
from gradcli.core.library.functions import concatenate
from gradcli.core.library.indexing import index
from gradcli.core.primitives.shaping import reshape
from gradcli.core.records import record
from gradcli.language.calls.announce import Call
from gradcli.language.text.diagnostics import LanguageError, fail
from gradcli.language.values.convert import to_node
from gradcli.language.values.describe import describe
from gradcli.language.values.nesting import leaves
from gradcli.language.values.numbers import is_number
from gradcli.language.values.values import Function, Interval, Required, Value

if TYPE_CHECKING:
    from gradcli.core.calculus.bodies import Body


# A search starts no farther out.
FARTHEST = 1e150


@record
class Problem:
    """A body with one unknown, the arguments that it reads, and where a search starts.

    `parts` are the shapes of what the unknown is made of where the start was a tuple, else None.
    """

    body: Body
    args: tuple[Node, ...]
    start: Node
    parts: tuple[tuple[int, ...], ...] | None

    def answered(self, call: Call, op: Callable[..., Node], kernel: Callable[..., Any]) -> Value:
        """The unknown in the structure of the start: a node of the primitive, or at once where all is known."""
        if not is_known([self.start, *self.args]):
            node = op(self.start, *self.args, body=self.body, size=0)
            return node if self.parts is None else tuple(_pieces(node, self.parts))
        start, args = known_arrays(call, [self.start, *self.args])
        found = kernel(self.body, start, *args)
        if self.parts is None:
            return constant_like(found, self.start)
        sizes = [size_of(shape) for shape in self.parts]
        parts = [found[sum(sizes[:i]) :][: sizes[i]].reshape(shape) for i, shape in enumerate(self.parts)]
        return tuple(array_constant(part.copy()) for part in parts)


def ends_of(call: Call, a: Value, b: Value, over: Value, what: str) -> tuple[Value, Value]:
    """The two ends of an interval, which are given one by one, or as `a..b`, or as `over=a..b`; of a box, two of them.

    Raises:
        LanguageError: where there are not two.
    """
    given = [value for value in (a, b, over) if value is not None]
    if len(given) == 1:
        (single,) = given
        if isinstance(single, Interval):
            return single.low, single.high
        if isinstance(single, tuple) and len(single) == 2:
            a, b = single
            return _as_pair(a), _as_pair(b)
    if len(given) != 2:
        raise fail("type", f"{what} needs an interval", call.span, f"such as {what}(f, 0, 1), or {what}(f, 0..1)")
    first, second = given
    return _as_pair(first), _as_pair(second)


def _as_pair(value: Value) -> Value:
    return (value.low, value.high) if isinstance(value, Interval) else value


def is_known(nodes: Sequence[Node]) -> bool:
    """Whether nodes are numbers already, and nothing that is differentiated by, or trained, is behind them."""
    return not any(isinstance(n, (Input, Parameter)) for n in reachable(nodes))


def known_arrays(call: Call, nodes: Sequence[Node]) -> tuple[Any, list[Any]]:
    """The first of some nodes that are known, and the others, as arrays."""
    import numpy as np

    settled = call.caller.settle(tuple(nodes), call.span)
    assert isinstance(settled, tuple)
    first, *rest = (np.asarray(n.value, n.dtype.value) for n in settled if isinstance(n, Constant))
    return first, rest


def posed(call: Call, fn: Function, x0: Value, what: str, square: bool) -> Problem:
    """A function of what the start is made of; `square` asks for as many outputs as unknowns, else it must be one.

    Raises:
        LanguageError: for a start that doesn't fit the function, or outputs that don't.
    """
    from gradcli.core.calculus.bodies import closed

    given = x0 if isinstance(x0, tuple) else (x0,)
    starts = [_real(call, item, f"the start of {what}") for item in given]
    several = isinstance(x0, tuple)
    output, inputs = _traced(call, fn, starts, what, square)
    _refuse_far_out(call, starts, what)
    if not several:
        output = reshape(output, shape=inputs[0].shape) if square else output
        body, args = closed(cast(output, starts[0].dtype), inputs)
        return Problem(body, tuple(args), starts[0], None)
    shapes = tuple(start.shape for start in starts)
    start = concatenate(tuple(reshape(s, shape=(size_of(s.shape),)) for s in starts), 0)
    unknown = fresh_input("x", start.shape, start.dtype)
    pieces = dict(zip(inputs, _pieces(unknown, shapes), strict=True))
    (output,) = substitute([cast(output, start.dtype)], pieces)
    body, args = closed(output, [unknown])
    return Problem(body, tuple(args), start, shapes)


def _refuse_far_out(call: Call, starts: Sequence[Node], what: str) -> None:
    """Refuse a start so far out that steps from it leave the floats, or take ages."""
    for start in starts:
        known = start.value if isinstance(start, Constant) and start.shape == () else 0.0
        if abs(known) > FARTHEST:
            raise fail("value", f"{what} can't start at {known:g}", call.span, "start nearer to what is looked for")


def single(call: Call, fn: Function, what: str) -> tuple[Node, Input]:
    """A function of one number to one number or tensor, and its input.

    Raises:
        LanguageError: for any other function.
    """
    variable = fresh_input(_names(fn, 1, call, what)[0], (), call.caller.dtype, weak=True)
    found = _called(call, fn, [variable])
    nodes = [to_node(v, call.caller.dtype, call.span) for v in leaves(found)]
    if len(nodes) != 1:
        raise _not_one(call, fn, found, what)
    _refuse_condition(call, nodes[0], what)
    return real(nodes[0]), variable


def scalar_body(call: Call, fn: Function, what: str) -> tuple[Body, list[Any]]:
    """A function of one number to one, all else known: its body and its arguments as arrays.

    Raises:
        LanguageError: for any other function, or where it reads what isn't known yet.
    """
    from gradcli.core.calculus.bodies import closed

    output, variable = single(call, fn, what)
    if output.shape != ():
        raise _not_one(call, fn, output, what)
    body, args = closed(output, [variable])
    return body, require_known(call, args, what)


def require_known(call: Call, args: Sequence[Node], what: str) -> list[Any]:
    """The arguments of a body as arrays; a parameter is what it is now.

    Raises:
        LanguageError: for what a function's caller is yet to say.
    """
    import numpy as np

    from gradcli.core.engines.evaluation import evaluate

    if any(isinstance(n, Input) for n in reachable(args)):
        raise fail(
            "value",
            f"{what} needs a function whose numbers are all known when it is called",
            call.span,
            "solve, minimize and integrate can stand inside a function; ask for this outside",
        )
    return [np.asarray(v, n.dtype.value) for v, n in zip(evaluate(args), args, strict=True)]


def _real(call: Call, value: Value, what: str) -> Node:
    if is_number(value) or (isinstance(value, Node) and value.dtype.value != "bool"):
        return real(to_node(value, call.caller.dtype, call.span))
    raise fail("type", f"{what} is a number or a tensor, not {describe(value)}", call.span, "such as 1, or [1, 2]")


def _names(fn: Function, count: int, call: Call, what: str) -> list[str]:
    required = sum(isinstance(i.default, Required) for i in fn.inputs)
    variadic = bool(fn.inputs) and fn.inputs[-1].variadic
    if not required <= count <= len(fn.inputs) or variadic:
        takes = f"{required} {'input' if required == 1 else 'inputs'}"
        raise _unfit(fn, takes, count, call, what)
    return [i.name for i in fn.inputs[:count]]


def _unfit(fn: Function, takes: str, count: int, call: Call, what: str) -> LanguageError:
    if what in ("solve", "root", "fixed_point", "minimize", "maximize"):
        message = f"`{fn.name}` takes {takes}, and the start has {count}"
        return fail("type", message, call.span, "a start is one value for each input, such as (1, 2)")
    noun = "one variable" if count == 1 else f"{count} variables"
    hint = "fix the others, such as x -> f(x, 2)" if count == 1 else None
    if what == "propagate":
        message = f"`{fn.name}` takes {takes}, and here {'is' if count == 1 else 'are'} {count}"
        return fail("type", message, call.span, "give (value, error) for each input, or a value alone")
    return fail("type", f"{what} needs a function of {noun}, and `{fn.name}` takes {takes}", call.span, hint)


def _called(call: Call, fn: Function, inputs: Sequence[Node]) -> Value:
    """The result for inputs of their own; the others are left at their defaults."""
    rest = [None if isinstance(i.default, Required) else i.default for i in fn.inputs[len(inputs) :]]
    with call.caller.differentiating():
        return fn.call(call.caller, [*inputs, *rest], call.span, fresh=True)


def traced_at(call: Call, fn: Function, count: int, what: str) -> tuple[Node, list[Input]]:
    """A function of several numbers to one, and its inputs.

    Raises:
        LanguageError: for any other function.
    """
    dtype = call.caller.dtype
    inputs = [fresh_input(name, (), dtype, weak=True) for name in _names(fn, count, call, what)]
    return _one(call, fn, _called(call, fn, inputs), what), inputs


def _one(call: Call, fn: Function, found: Value, what: str) -> Node:
    items = list(leaves(found))
    plain = to_node(items[0], call.caller.dtype, call.span) if len(items) == 1 else None
    if plain is not None:
        _refuse_condition(call, plain, what)
    node = None if plain is None else real(plain)
    if node is None or node.shape != ():
        raise _not_one(call, fn, found, what)
    return node


def _refuse_condition(call: Call, node: Node, what: str) -> None:
    """Refuse `x^2 == 2`, which is true or false and nowhere near 0 or least."""
    if node.dtype is DType.BOOL:
        equation = what in ("solve", "roots")
        hint = f"write the difference of the sides, as in `{what}(x^2 - 2, ...)`" if equation else None
        raise fail("type", f"{what} needs a number, and this is a condition, true or false", call.span, hint)


def _not_one(call: Call, fn: Function, found: Value, what: str) -> LanguageError:
    return fail(
        "type",
        f"{what} needs a function that returns one number, and `{fn.name}` returns {describe(found)}",
        call.span,
        "pick one of its numbers, or sum them",
    )


def _traced(call: Call, fn: Function, starts: Sequence[Node], what: str, square: bool) -> tuple[Node, list[Node]]:
    names = _names(fn, len(starts), call, what)
    inputs: list[Node] = [
        fresh_input(name, start.shape, start.dtype, weak=start.shape == ())
        for name, start in zip(names, starts, strict=True)
    ]
    found = _called(call, fn, inputs)
    if not square:
        return _one(call, fn, found, what), inputs
    plain = [to_node(v, call.caller.dtype, call.span) for v in leaves(found)]
    for node in plain:
        _refuse_condition(call, node, what)
    outputs = [real(node) for node in plain]
    unknowns, equations = (sum(size_of(n.shape) for n in nodes) for nodes in (inputs, outputs))
    if unknowns != equations:
        raise fail(
            "shape",
            f"{equations} {'equation' if equations == 1 else 'equations'} for {unknowns} "
            f"{'unknown' if unknowns == 1 else 'unknowns'}",
            call.span,
            "there are as many numbers in the function's result as in the start; to come as near to 0 as it goes, "
            "minimize the sum of the squares",
        )
    if len(outputs) == 1:
        return outputs[0] if len(inputs) == 1 else _flat(outputs[0]), inputs
    return concatenate(tuple(_flat(n) for n in outputs), 0), inputs


def _flat(node: Node) -> Node:
    return reshape(node, shape=(size_of(node.shape),))


def _pieces(node: Node, shapes: Sequence[tuple[int, ...]]) -> list[Node]:
    found, at = [], 0
    for shape in shapes:
        size = size_of(shape)
        part = index(node, (at,)) if shape == () else reshape(index(node, (slice(at, at + size),)), shape=shape)
        found.append(part)
        at += size
    return found
