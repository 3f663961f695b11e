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
from gradcli.language.diagnostics import LanguageError, Span, fail, near
from gradcli.language.scope import Frame
from gradcli.language.tracing import Substitution, fresh_inputs, replace_nodes
from gradcli.language.values import REQUIRED, Function, Input, Value, describe

if TYPE_CHECKING:
    from gradcli.language.machine import Machine

# Conditions are traced on both sides, so a recursion that ends in plain Python would not end here.
DEEPEST_CALL = 64


@dataclass(eq=False)
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
        names = dict(self.members) | {i.name: value for value, i in zip(values, self.inputs, strict=True)}
        if machine.depth >= DEEPEST_CALL:
            raise fail(
                "value",
                f"`{self.name}` calls itself without end",
                span,
                "both sides of a condition are traced, so recursion does not stop; use `for i in range(n):`",
            )
        machine.depth += 1
        try:
            returned = machine.run_body(self.body, Frame(names, self.frame))
        finally:
            machine.depth -= 1
        if returned is None:
            raise fail("value", f"`{self.name}` ended without reaching a return", span, "put a return at its end")
        return replace_nodes(returned[0], replacements)  # type: ignore[index]

    def substituted(self, substitution: Substitution) -> Function:
        """The same definition in a frame where the names stand for the caller's values."""
        return self if self.frame is None else replace(self, frame=substitution.frame(self.frame))

    def with_parameter(self, name: str, value: Value, default: DType, span: Span) -> UserFunction:
        """The same model with another value for a parameter.

        Raises:
            LanguageError: if it has no such parameter, or the shape differs.
        """
        old = self.members.get(name)
        if not isinstance(old, Node):
            hint = near(name, list(self.members))
            raise fail("name", f"{describe(self)} has no parameter `{name}`", span, hint)
        new = trainable(name, value, default, span)
        if new.shape != old.shape:
            raise fail(
                "shape",
                f"the parameter `{name}` has shape {old.shape}, the new value {new.shape}",
                span,
                "a parameter keeps its shape; define the model again for another",
            )
        return replace(self, members={**self.members, name: new})


@dataclass(eq=False)
class LayerFunction(Function):
    """A layer or loss of the prelude, made with its parameters."""

    layer: Layer
    kind: str = "layer"

    def __post_init__(self) -> None:
        self.name = self.layer.kind
        self.inputs = tuple(Input(name) for name in self.layer.inputs)
        self.members: Mapping[str, Value] = dict(self.layer.parameters)

    def call(self, machine: Machine, values: Sequence[Value], span: Span, fresh: bool = False) -> Value:
        """The layer's result."""
        return self.layer.call(*(to_node(value, machine.dtype, span) for value in values))


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
    if isinstance(value, (LayerFunction, UserFunction)):
        return value
    return trainable(param.name.id, value, machine.dtype, param.value.span)


def _with_note(error: LanguageError) -> LanguageError:
    d = error.diagnostic
    hint = d.hint or "a parameter's first value can't depend on the inputs"
    return LanguageError(replace(d, hint=hint))


def trainable(name: str, value: Value, default: DType, span: Span) -> Node:
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
    return parameter(name, settled_float(node, default))
