"""Functions that the user defines, models among them, and how a call of one is traced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from gradcli.core.dtypes import DType
from gradcli.core.graph import Node, parameter
from gradcli.core.prelude import Layer
from gradcli.language import syntax as s
from gradcli.language.convert import settled_float, to_node
from gradcli.language.diagnostics import LanguageError, Span, fail
from gradcli.language.scope import Frame
from gradcli.language.tracing import Substitution, fresh_inputs, replace_nodes
from gradcli.language.values import REQUIRED, Function, Input, Required, Value, describe, require_function

if TYPE_CHECKING:
    from gradcli.language.machine import Machine

# A recursion is unrolled into the graph, and takes some ten of Python's frames a call.
DEEPEST_CALL = 64


@dataclass(eq=False, repr=False)
class UserFunction(Function):
    """A definition in the user's text. `members` are a model's parameters and layers by name."""

    name: str
    inputs: tuple[Input, ...]
    body: tuple[s.Statement, ...]
    frame: Frame | None
    kind: str = "function"
    members: Mapping[str, Value] = field(default_factory=dict)

    def call(self, machine: Machine, values: Sequence[Value], span: Span, fresh: bool = False) -> Value:
        """Trace the body with inputs of its own, then put the values in their place."""
        replacements: dict[Node, Node] = {}
        if not fresh:
            values, replacements = fresh_inputs(values, self.inputs, machine.dtype)
        names = {name: machine.present(member) for name, member in self.members.items()}
        names |= {i.name: value for value, i in zip(values, self.inputs, strict=True)}
        machine.step(span)
        within = machine.calls.count(id(self.body))
        if within >= DEEPEST_CALL:
            raise fail(
                "value",
                f"`{self.name}` calls itself more than {DEEPEST_CALL} times, one call in another",
                span,
                "only a condition on numbers that are known at the call ends a recursion; use `for i in range(n):`",
            )
        machine.calls.append(id(self.body))
        before, machine.recursing = machine.recursing, within > 0 or machine.may_recur(self)
        try:
            returned = machine.run_body(self.body, Frame(names, self.frame))
        finally:
            machine.calls.pop()
            machine.recursing = before
        if returned is None:
            raise fail("value", f"`{self.name}` ended without reaching a return", span, "put a return at its end")
        return replace_nodes(returned[0], replacements)  # type: ignore[index]

    def substituted(self, substitution: Substitution) -> Function:
        """The same definition in a frame where the names stand for the caller's values."""
        return self if self.frame is None else replace(self, frame=substitution.frame(self.frame))


@dataclass(eq=False, repr=False)
class LayerFunction(Function):
    """A layer or loss of the prelude, made with its parameters."""

    layer: Layer
    kind: str = "layer"

    def __post_init__(self) -> None:
        self.name = self.layer.kind
        self.inputs = tuple(Input(name) for name in self.layer.inputs)
        self.members: Mapping[str, Value] = dict(self.layer.parameters)

    def call(self, machine: Machine, values: Sequence[Value], span: Span, fresh: bool = False) -> Value:
        """The layer's result, with the values that its parameters have now."""
        result = self.layer.call(*(to_node(value, machine.dtype, span) for value in values))
        now = {
            node: machine.trained[node.attrs["key"]]
            for node in self.layer.parameters.values()
            if node.attrs["key"] in machine.trained
        }
        return replace_nodes(result, now)


@dataclass(eq=False, repr=False)
class Chain(Function):
    """Functions one after the other; their parameters go by their place: `0.weight`."""

    parts: tuple[Function, ...]
    kind: str = "model"

    def __post_init__(self) -> None:
        self.name = "Sequential"
        self.inputs = self.parts[0].inputs
        self.members: Mapping[str, Value] = {str(i): part for i, part in enumerate(self.parts)}

    def call(self, machine: Machine, values: Sequence[Value], span: Span, fresh: bool = False) -> Value:
        """The last one's result."""
        value = self.parts[0].call(machine, values, span)
        for part in self.parts[1:]:
            value = part.call(machine, (value,), span)
        return value

    def substituted(self, substitution: Substitution) -> Chain:
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


@dataclass(eq=False, repr=False)
class Single(Function):
    """A function of one input, the others left at their defaults."""

    of: Function

    def __post_init__(self) -> None:
        self.name, self.kind = self.of.name, self.of.kind
        self.inputs = self.of.inputs[:1]
        self.members: Mapping[str, Value] = getattr(self.of, "members", {})

    def call(self, machine: Machine, values: Sequence[Value], span: Span, fresh: bool = False) -> Value:
        """The function's result."""
        rest = [None if isinstance(i.default, Required) else i.default for i in self.of.inputs[1:]]
        return self.of.call(machine, (*values, *rest), span)

    def substituted(self, substitution: Substitution) -> Single:
        """The same of what stands for the caller's values."""
        return Single(self.of.substituted(substitution))


def with_defaults(function: Function) -> Function:
    """A function as one of its first input alone."""
    return function if len(function.inputs) < 2 else Single(function)


def define(
    machine: Machine,
    name: str,
    parameters: tuple[s.Parameter, ...],
    body: tuple[s.Statement, ...],
    frame: Frame | None,
    statement: s.Function | None = None,
) -> UserFunction:
    """Make the function of a definition; defaults and a model's parameters are evaluated once, now."""
    inputs = tuple(
        Input(p.name, REQUIRED if p.default is None else machine.evaluate(p.default, frame)) for p in parameters
    )
    members: dict[str, Value] = {}
    inner = Frame(members, frame)
    for param in (b for b in body if isinstance(b, s.Param)):
        members[param.name.id] = declare(machine, param, inner)
    kind = "model" if statement is not None and statement.is_model else "function"
    return UserFunction(name, inputs, tuple(b for b in body if not isinstance(b, s.Param)), frame, kind, members)


def declare(machine: Machine, param: s.Param, frame: Frame | None) -> Value:
    """The parameter that `param name = value` makes; a layer stays a layer, with its own parameters.

    Raises:
        LanguageError: for a value that can't be trained.
    """
    try:
        value = machine.settle(machine.evaluate(param.value, frame), param.value.span)
    except LanguageError as error:
        if error.diagnostic.kind == "name" and frame is not None:
            raise _with_note(error) from None
        raise
    if isinstance(value, (LayerFunction, UserFunction, Chain)):
        return value
    return trainable(param.name.id, value, machine.dtype, param.value.span)


def _with_note(error: LanguageError) -> LanguageError:
    d = error.diagnostic
    hint = d.hint or "a parameter's first value can't depend on the inputs"
    return LanguageError(replace(d, hint=hint))


def trainable(name: str, value: Value, default: DType, span: Span, instead_of: Node | None = None) -> Node:
    """A parameter with this value.

    Raises:
        LanguageError: for a value that is no number or tensor.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, Node)):
        raise fail("type", f"a parameter is a number or a tensor, not {describe(value)}", span)
    node = to_node(value, default, span)
    if not node.dtype.is_float:
        raise fail("dtype", f"a parameter must be real, not {node.dtype.value}", span, "write float64(...)")
    if node.op.name == "parameter":
        node = node.attrs["value"]
    return parameter(name, settled_float(node, default), instead_of)
