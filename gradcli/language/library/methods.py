"""What stands behind a point: attributes, and of a tensor each function that takes one first: `x.sum()`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache

from gradcli.core.ir.nodes import Node
from gradcli.core.records import structure
from gradcli.language.calls.builtin import Builtin, same
from gradcli.language.calls.combined import Lifted, any_function
from gradcli.language.calls.operations import attributes_of, part_of
from gradcli.language.library.names import builtins
from gradcli.language.text.diagnostics import Span, fail, near
from gradcli.language.values.describe import describe
from gradcli.language.values.numbers import is_number
from gradcli.language.values.values import Caller, Formal, Function, Named, Rewrite, Value


@structure
class Method(Function):
    """A built-in whose first input is given: `x.sum`."""

    of: Builtin
    tensor: Value
    kind: str = "built-in"

    def __post_init__(self) -> None:
        self.name = self.of.name
        self.inputs = self.of.inputs[1:]

    def call(self, caller: Caller, values: Sequence[Value], span: Span, fresh: bool = False) -> Value:
        """The built-in's result; of functions among the values, the function of what they give."""
        given = (self.tensor, *values)
        if self.of.of_tensor is not same and any_function(self.of, given):
            return Lifted(self.of, given)
        return self.of.call(caller, given, span)

    def substituted(self, substitution: Rewrite) -> Method:
        """The same of what the tensor stands for among the caller's values."""
        return replace(self, tensor=substitution.value(self.tensor))


def attribute_of(value: Value, name: str, span: Span) -> Value:
    """`x.T`, `x.shape`, `x.sum`, `net.weight`.

    Raises:
        LanguageError: where the value has no such attribute.
    """
    if isinstance(value, Named):
        return part_of(value, name, span)
    members = attributes_of(value)
    if name in members:
        return members[name]
    if isinstance(value, Node) or is_number(value):
        if name in methods():
            return Method(methods()[name], value)
        what = "tensor" if isinstance(value, Node) and value.shape else "number"
        if name in builtins():
            hint = f"`{name}` takes no tensor first, and is called by itself"
        else:
            hint = near(name, [*members, *methods()]) or "functions stand behind it, as `x.sum()`"
            hint += "" if near(name, [*members, *methods()]) or not members else f"; it has {_listed(members)}"
        raise fail("name", f"a {what} has no `.{name}`", span, hint)
    listed = near(name, list(members)) or f"it has {_listed(members)}" if members else None
    raise fail("name", f"{describe(value)} has no `.{name}`", span, listed)


def _listed(names: Mapping[str, Value]) -> str:
    return ", ".join(f".{name}" for name in names)


@cache
def methods() -> Mapping[str, Builtin]:
    """The built-ins that take a tensor first, by their names."""
    return {
        name: value
        for name, value in builtins().items()
        if isinstance(value, Builtin) and not value.by_inputs and value.inputs and _takes_a_tensor(value.inputs[0])
    }


def _takes_a_tensor(first: Formal) -> bool:
    return first.real and first.name not in NO_TENSOR and not (first.variadic or first.function or first.sequence)


# Inputs where something goes that is no tensor to do something with.
NO_TENSOR = ("condition", "loss", "matrix", "n", "over", "shape", "start", "value", "values", "w", "weights")
