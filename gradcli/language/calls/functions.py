"""Functions that the user defines, models among them, and how a call of one is traced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field, replace

from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Constant, Node, Parameter, parameter
from gradcli.core.library import Layer
from gradcli.core.library.declare import Studio
from gradcli.core.records import structure
from gradcli.language.calls.announce import Call, converted, read_signature
from gradcli.language.calls.tracing import as_tensors, fresh_inputs, replace_nodes
from gradcli.language.text import syntax as s
from gradcli.language.text.diagnostics import LanguageError, Span, fail
from gradcli.language.values.convert import to_node
from gradcli.language.values.describe import describe, require_function
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
        names = {name: caller.present(member) for name, member in self.members.items()}
        names |= {i.name: value for value, i in zip(values, self.inputs, strict=True)}
        return replace_nodes(caller.run(self, self.body, Frame(names, self.frame), span), replacements)

    def substituted(self, substitution: Rewrite) -> Function:
        """The same definition in a frame where the names stand for the caller's values."""
        return self if self.frame is None or self.frame.closed else replace(self, frame=substitution.frame(self.frame))


@structure
class LayerFunction(Function):
    """A layer or loss of the core's library, made with its parameters."""

    layer: Layer
    kind: str = "layer"

    def __post_init__(self) -> None:
        layer = self.layer
        self.name = layer.kind
        if layer.inputs:
            self.inputs = tuple(Formal(name) for name in layer.inputs)
            self.kinds = ["Node"] * len(layer.inputs)
        else:
            self.inputs, self.kinds = read_signature(layer.call, leading=int(layer.draws))
        self.members: Mapping[str, Value] = {**layer.parameters, **layer.beside}

    def call(self, caller: Caller, values: Sequence[Value], span: Span, fresh: bool = False) -> Value:
        """The layer's result, with the values that its parameters have now."""
        layer = self.layer
        given = converted(Call(caller, span), self.name, values, self.inputs, self.kinds)
        if layer.draws:
            given.insert(0, Studio(caller.random, caller.dtype))
        result = layer.call(*given)
        doubt = layer.doubt(*given) if layer.doubt else None
        if doubt is not None:
            caller.warn(f"`{self.name}`: {doubt[0]}", span, doubt[1])
        now = {node: caller.present(node) for node in layer.parameters.values()}
        return replace_nodes(result, {old: new for old, new in now.items() if isinstance(new, Node) and new is not old})


# The input by which layers are told whether they are trained, in a chain all of them at once.
TRAINING = "training"


@structure
class Chain(Function):
    """Functions one after the other; their parameters go by their place: `0.weight`."""

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
    inner = Frame(members, frame)
    for param in (b for b in body if isinstance(b, s.Param)):
        members[param.name.id] = declare(caller, param, inner)
    kind = "model" if statement is not None and statement.is_model else "function"
    rest = tuple(b for b in body if not isinstance(b, s.Param))
    where = None if statement is None else statement.span.to(_last(statement.body).span)
    return UserFunction(name, inputs, rest, frame or caller.home, kind, members, where)


def _last(body: Sequence[s.Statement]) -> s.Statement:
    """The statement that a body ends with, within its loops and functions."""
    last = body[-1]
    blocks = (last.body,) if isinstance(last, s.Function) else s.blocks_of(last)
    return next((_last(block) for block in reversed(blocks) if block), last)


def declare(caller: Caller, param: s.Param, frame: Frame | None) -> Value:
    """The parameter that `param name = value` makes; a layer stays a layer, with its own parameters.

    Raises:
        LanguageError: for a value that can't be trained.
    """
    try:
        value = caller.settle(caller.evaluate(param.value, frame), param.value.span)
    except LanguageError as error:
        if error.diagnostic.kind == "name" and frame is not None:
            raise _with_note(error) from None
        raise
    if isinstance(value, (LayerFunction, UserFunction, Chain)):
        return value
    return trainable(param.name.id, value, caller.dtype, param.value.span)


def _with_note(error: LanguageError) -> LanguageError:
    d = error.diagnostic
    hint = d.hint or "a parameter's first value can't depend on the inputs"
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
