"""Functions that the user defines, models among them, and how a call of one is traced."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from functools import cached_property

from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Constant, Node, Parameter, parameter
from gradcli.core.ir.traversal import reachable
from gradcli.core.library.declare import Layer, Studio
from gradcli.core.records import structure
from gradcli.language.calls.announce import Call, converted, read_signature
from gradcli.language.calls.tracing import as_tensors, fresh_inputs, replace_nodes
from gradcli.language.text import syntax as s
from gradcli.language.text.diagnostics import LanguageError, Span, fail
from gradcli.language.values.convert import to_node
from gradcli.language.values.describe import describe, require_function
from gradcli.language.values.identity import identity_of
from gradcli.language.values.nesting import distinct_nodes, map_items
from gradcli.language.values.values import REQUIRED, Caller, Formal, Frame, Function, Required, Rewrite, Value


@structure
class UserFunction(Function):
    """A definition in the user's text, which stands at `definition`, unless it is one without a name.

    `members` are a model's parameters and layers by name.
    """

    name: str
    inputs: tuple[Formal, ...]
    body: tuple[s.Statement, ...]
    frame: Frame | None
    kind: str = "function"
    members: Mapping[str, Value] = field(default_factory=dict)
    definition: Span | None = None

    def call(self, caller: Caller, values: Sequence[Value], span: Span, fresh: bool = False) -> Value:
        """Trace the body with the values, or with inputs of its own where it may differentiate by them."""
        replacements: dict[Node, Node] = {}
        if not fresh:
            if caller.needs_inputs(self, values):
                values, replacements = fresh_inputs(values, self.inputs, caller.dtype)
            else:
                values = as_tensors(values, caller.dtype)
        names = {name: _present(caller, member) for name, member in self.members.items()}
        names |= {of_all(name): member for name, member in names.items() if isinstance(member, tuple)}
        names |= {i.name: value for value, i in zip(values, self.inputs, strict=True)}
        return replace_nodes(caller.run(self, self.body, Frame(names, self.frame), span), replacements)

    def at_inputs(self, caller: Caller, inputs: Sequence[Value], span: Span) -> Value:
        """What the body makes of these inputs."""
        return self.call(caller, inputs, span, fresh=True)

    @property
    def identity(self) -> Hashable | None:
        """Itself."""
        return self

    def substituted(self, substitution: Rewrite) -> Function:
        """The same definition in a frame where the names stand for the caller's values."""
        return self if self.frame is None or self.frame.closed else replace(self, frame=substitution.frame(self.frame))


@structure
class LayerFunction(Function):
    """A layer or loss of the core's library, made with its parameters; a copy has others of its `own`, in order."""

    layer: Layer
    own: tuple[Value, ...] | None = None
    kind: str = "layer"

    def __post_init__(self) -> None:
        layer = self.layer
        self.name = layer.kind
        if layer.inputs:
            self.inputs = tuple(Formal(name) for name in layer.inputs)
            self.kinds = ["Node"] * len(layer.inputs)
        else:
            self.inputs, self.kinds = read_signature(layer.call, leading=int(layer.draws))
        own = tuple(layer.parameters.values()) if self.own is None else self.own
        self.members: Mapping[str, Value] = {**dict(zip(layer.parameters, own, strict=True)), **layer.beside}

    def call(self, caller: Caller, values: Sequence[Value], span: Span, fresh: bool = False) -> Value:
        """The layer's result, with the values that its parameters have now."""
        layer = self.layer
        now = {old: caller.present(self.members[name]) for name, old in layer.parameters.items()}
        moved: dict[Node, Node] = {o: n for o, n in now.items() if isinstance(n, Node) and n is not o}
        given: dict[Node, Node] = {}
        if moved and not moved.keys().isdisjoint(reachable(distinct_nodes(tuple(values)))):
            # What the layer is called with was computed with the values from before, and keeps them.
            values, given = fresh_inputs(values, self.inputs, caller.dtype)
        arguments = converted(Call(caller, span), self.name, values, self.inputs, self.kinds)
        if layer.draws:
            arguments.insert(0, Studio(caller.random, caller.dtype))
        with caller.random.of_call():
            result = layer.call(*arguments)
        doubt = layer.doubt(*arguments) if layer.doubt else None
        if doubt is not None:
            caller.warn(f"`{self.name}`: {doubt[0]}", span, doubt[1])
        return replace_nodes(result, moved | given)

    @property
    def identity(self) -> Hashable | None:
        """Itself."""
        return self


# The input by which layers are told whether they are trained, in a chain all of them at once.
TRAINING = "training"


@structure
class Chain(Function):
    """Functions one after the other; their parameters go by their place: `[0].weight`."""

    parts: tuple[Function, ...]
    kind: str = "model"

    def __post_init__(self) -> None:
        self.name = "Sequential"
        self.inputs = self.parts[0].inputs
        modes = [i for part in self.parts for i in part.inputs if i.name == TRAINING]
        if modes and TRAINING not in (i.name for i in self.inputs):
            self.inputs = (*self.inputs, modes[0])
        self.members: Mapping[str, Value] = {str(i): part for i, part in enumerate(self.parts)}

    def call(self, caller: Caller, values: Sequence[Value], span: Span, fresh: bool = False) -> Value:
        """The last one's result; whether this is training, each is told that can be."""
        modes = [value for value, i in zip(values, self.inputs, strict=True) if i.name == TRAINING]
        value = self.parts[0].call(caller, values[: len(self.parts[0].inputs)], span)
        for part in self.parts[1:]:
            value = part.call(caller, (value, *modes[: len(part.inputs) - 1]), span)
        return value

    @property
    def identity(self) -> Hashable | None:
        """Itself."""
        return self

    def substituted(self, substitution: Rewrite) -> Chain:
        """The same chain of functions that stand for the caller's values."""
        return Chain(tuple(part.substituted(substitution) for part in self.parts))


def in_sequence(parts: Value, span: Span) -> Chain:
    """What `Sequential` makes.

    Raises:
        LanguageError: for what is no function, or takes more than the one result before it.
    """
    assert isinstance(parts, tuple)
    given = parts[0] if len(parts) == 1 and isinstance(parts[0], tuple) else parts
    functions = tuple(require_function(part, span, "Sequential") for part in given)
    if not functions:
        raise fail("type", "Sequential needs at least one layer", span)
    for function in functions[1:]:
        if sum(1 for i in function.inputs if i.default is REQUIRED) != 1:
            raise fail("type", f"`{function.name}` does not take one input, and one is what it would get", span)
    return Chain(tuple(with_defaults(function) for function in functions))


@structure
class Single(Function):
    """A function of one input, and of whether this is training; the others are left at their defaults."""

    of: Function

    def __post_init__(self) -> None:
        self.name, self.kind = self.of.name, self.of.kind
        self.inputs = (*self.of.inputs[:1], *(i for i in self.of.inputs[1:] if i.name == TRAINING))
        self.members: Mapping[str, Value] = self.of.members

    def call(self, caller: Caller, values: Sequence[Value], span: Span, fresh: bool = False) -> Value:
        """The function's result."""
        given = dict(zip((i.name for i in self.inputs), values, strict=True))
        rest = [None if isinstance(i.default, Required) else i.default for i in self.of.inputs[1:]]
        names = [i.name for i in self.of.inputs[1:]]
        rest = [given.get(name, value) for name, value in zip(names, rest, strict=True)]
        return self.of.call(caller, (values[0], *rest), span)

    @cached_property
    def identity(self) -> Hashable | None:
        """That of its function."""
        return identity_of(Single, self.of)

    def substituted(self, substitution: Rewrite) -> Single:
        """The same of what stands for the caller's values."""
        return Single(self.of.substituted(substitution))


def with_defaults(function: Function) -> Function:
    """A function as one of its first input alone."""
    return function if len(function.inputs) < 2 else Single(function)


def define(
    caller: Caller,
    name: str,
    parameters: tuple[s.Formal, ...],
    body: tuple[s.Statement, ...],
    frame: Frame | None,
    statement: s.Function | None = None,
) -> UserFunction:
    """Make the function of a definition; defaults and a model's parameters are evaluated once, now."""
    inputs = tuple(
        Formal(p.name, REQUIRED if p.default is None else caller.evaluate(p.default, frame)) for p in parameters
    )
    members: dict[str, Value] = {}
    kind = "model" if statement is not None and statement.is_model else "function"
    rest = _declared(caller, body, Frame(members, frame), members)
    where = None if statement is None else statement.span.to(_last(statement.body).span)
    return UserFunction(name, inputs, rest, frame or caller.home, kind, members, where)


def of_all(name: str) -> str:
    """What a body calls all parameters of a name, of which a pass of a loop takes one."""
    return f"{name}[]"


def _present(caller: Caller, member: Value) -> Value:
    """A member of a model as it is now."""
    new: Value = map_items(member, caller.present)
    return new


def _declared(
    caller: Caller, body: Sequence[s.Statement], inner: Frame, members: dict[str, Value]
) -> tuple[s.Statement, ...]:
    """The body without its parameters, which are made now; a loop that makes some is written out pass by pass."""
    rest: list[s.Statement] = []
    for statement in body:
        if isinstance(statement, s.Param):
            members[statement.name.id] = declare(caller, statement, inner)
        elif isinstance(statement, s.For) and any(isinstance(part, s.Param) for part in s.walk(statement.body)):
            rest += _passes(caller, statement, inner, members)
        else:
            rest.append(statement)
    return tuple(rest)


def _passes(caller: Caller, loop: s.For, inner: Frame, members: dict[str, Value]) -> Iterator[s.Statement]:
    """The passes of a loop that makes parameters, one set for each, under their names as tuples."""
    try:
        values = caller.items(caller.evaluate(loop.values, inner), loop.values.span)
    except LanguageError as error:
        raise _with_note(error, "what a loop with `param` goes through is known when the model is defined") from None
    for ending in (part for part in s.walk(loop.body) if isinstance(part, (s.Break, s.Continue))):
        what = f"a loop with `param` makes all of its passes, without {ending.span.text}"
        raise fail("syntax", what, ending.span, "make the parameters in a loop of their own, as a tuple")
    caller.step(loop.values.span, len(values))
    target = loop.targets[0] if len(loop.targets) == 1 else s.Tuple(loop.span, loop.targets)
    for value in values:
        here = Frame({}, inner)
        caller.bind(loop.targets, value, here)
        yield s.Assign(loop.span, target, s.Literal(loop.span, value))
        for statement in loop.body:
            if not isinstance(statement, s.Param):
                yield from _declared(caller, (statement,), here, members)
                continue
            name = statement.name
            before = members.get(name.id, ())
            made = before if isinstance(before, tuple) else ()
            members[name.id] = (*made, _numbered(declare(caller, statement, here), len(made)))
            place = s.Literal(name.span, len(made))
            item = s.Subscript(name.span, s.Name(name.span, of_all(name.id)), (place,))
            yield s.Assign(name.span, name, item)


def _numbered(value: Value, place: int) -> Value:
    """A parameter under the name that it goes by among several."""
    if not isinstance(value, Parameter):
        return value
    return Parameter(f"{value.name}[{place}]", value.value, value.key)


def _last(body: Sequence[s.Statement]) -> s.Statement:
    """The statement that a body ends with, within its loops and functions."""
    last = body[-1]
    blocks = (last.body,) if isinstance(last, s.Function) else s.blocks_of(last)
    return next((_last(block) for block in reversed(blocks) if block), last)


def declare(caller: Caller, param: s.Param, frame: Frame | None) -> Value:
    """The parameter that `param name = value` makes, or the model with parameters of its own; of a tuple, each item.

    Raises:
        LanguageError: for a value that can't be trained.
    """
    try:
        value = caller.settle(caller.evaluate(param.value, frame), param.value.span)
    except LanguageError as error:
        if error.diagnostic.kind == "name" and frame is not None:
            raise _with_note(error) from None
        raise
    return _own(caller, param.name.id, value, param.value.span, {})


def _own(caller: Caller, name: str, value: Value, span: Span, copies: dict[int, Function]) -> Value:
    """What a model has for its own: a parameter, or a copy of a model, which begins as that one is now."""
    if isinstance(value, tuple) and value:
        return tuple(_own(caller, f"{name}[{i}]", item, span, copies) for i, item in enumerate(value))
    if isinstance(value, Function):
        return copied(caller, value, span, copies)
    return trainable(name, value, caller.dtype, span)


def copied(caller: Caller, function: Function, span: Span, copies: dict[int, Function]) -> Function:
    """A model with parameters of its own; what two of its parts share, their copies share. A function stays itself."""
    if id(function) in copies:
        return copies[id(function)]
    new = function

    def again(value: Value) -> Value:
        now = caller.present(value)
        if isinstance(now, Parameter):
            return parameter(now.name, now.value)
        return copied(caller, value, span, copies) if isinstance(value, Function) else value

    if isinstance(function, LayerFunction):
        own = tuple(again(function.members[name]) for name in function.layer.parameters)
        new = LayerFunction(function.layer, own=own)
    elif isinstance(function, UserFunction) and function.members:
        new = replace(function, members={n: map_items(member, again) for n, member in function.members.items()})
    elif isinstance(function, Chain):
        new = Chain(tuple(copied(caller, part, span, copies) for part in function.parts))
    elif isinstance(function, Single):
        new = Single(copied(caller, function.of, span, copies))
    copies[id(function)] = new
    return new


def _with_note(
    error: LanguageError, note: str = "a parameter's first value can't depend on the inputs"
) -> LanguageError:
    d = error.diagnostic
    hint = d.hint or note
    return LanguageError(replace(d, hint=hint))


def trainable(name: str, value: Value, default: DType, span: Span, instead_of: Parameter | None = None) -> Parameter:
    """A parameter with this value.

    Raises:
        LanguageError: for a value that is no number or tensor.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, Node)):
        raise fail("type", f"a parameter is a number or a tensor, not {describe(value)}", span)
    node = to_node(value, default, span)
    if not node.dtype.is_float:
        raise fail("dtype", f"a parameter must be real, not {node.dtype.value}", span, "write float64(...)")
    known = node.value if isinstance(node, Parameter) else node
    assert isinstance(known, Constant), f"{node!r} is not settled"
    return parameter(name, known, instead_of)
