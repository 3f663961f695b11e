"""`vmap`: a function of one sample as a function of many, so that derivatives can be taken for each of them."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from functools import cached_property

from gradcli.core.ir.nodes import Node, fresh_input, name_of
from gradcli.core.ir.shapes import normalize_axes
from gradcli.core.primitives.shaping import transpose
from gradcli.core.records import structure
from gradcli.core.transforms.batching import batch
from gradcli.language.calls.announce import Call, builtin
from gradcli.language.calls.nested import as_tuple
from gradcli.language.text.diagnostics import Span, fail
from gradcli.language.values.convert import to_int, to_node
from gradcli.language.values.describe import describe
from gradcli.language.values.identity import identity_of
from gradcli.language.values.nesting import map_items
from gradcli.language.values.values import Caller, Function, Rewrite, Value

Axes = tuple["int | None", ...]


@structure
class Mapped(Function):
    """What `vmap` gives: tensors are taken apart along an axis, and the results are stacked along the first."""

    of: Function
    axes: int | Axes | None
    kind: str = "function"

    def __post_init__(self) -> None:
        self.name = f"vmap({self.of.name})"
        self.inputs = self.of.inputs

    @cached_property
    def identity(self) -> Hashable | None:
        """That of its function, and the axes."""
        return identity_of(Mapped, self.of, self.axes)

    def substituted(self, substitution: Rewrite) -> Mapped:
        """The same of the function as the caller's values make it."""
        return replace(self, of=self.of.substituted(substitution))

    def call(self, caller: Caller, values: Sequence[Value], span: Span, fresh: bool = False) -> Value:
        """The results for all samples, computed at once."""
        axes = self.axes if isinstance(self.axes, tuple) else (self.axes,) * len(values)
        if len(axes) != len(values):
            raise fail(
                "type",
                f"in_axes has {len(axes)} {'axis' if len(axes) == 1 else 'axes'} for {len(values)} inputs",
                span,
                "give one for each input, or one number for all",
            )
        samples: dict[Node, Node] = {}
        one = [
            self._sample(v, axis, i.name, samples, span) for v, axis, i in zip(values, axes, self.inputs, strict=True)
        ]
        if not samples:
            raise fail(
                "type",
                f"`{self.name}` needs at least one tensor to take apart",
                span,
                "a sample is one item along the first axis of a tensor",
            )
        size = self._size(samples, span)
        return self._stacked(caller, self.of.call(caller, one, span), samples, size, span)

    def _sample(self, value: Value, axis: int | None, name: str, samples: dict[Node, Node], span: Span) -> Value:
        """One item of a tensor as an input; plain numbers, and what has no axis to go along, stay as they are."""
        value = as_tuple(value)
        if isinstance(value, tuple):
            return tuple(self._sample(v, axis, f"{name}[{i}]", samples, span) for i, v in enumerate(value))
        if axis is None or not isinstance(value, Node) or (value.shape == () and self.axes == 0):
            return value
        (first,) = normalize_axes(axis, len(value.shape))
        if first:
            value = transpose(value, axes=(first, *(i for i in range(len(value.shape)) if i != first)))
        sample = fresh_input(name, value.shape[1:], value.dtype)
        samples[sample] = value
        return sample

    def _size(self, samples: dict[Node, Node], span: Span) -> int:
        sizes = {name_of(sample): value.shape[0] for sample, value in samples.items()}
        if len(set(sizes.values())) > 1:
            raise fail(
                "shape",
                f"`{self.name}` needs as many samples in each input, and there are "
                + ", ".join(f"{n} in {name}" for name, n in sizes.items()),
                span,
                "in_axes=(0, none) passes the second input whole to every sample",
            )
        return next(iter(sizes.values()))

    def _stacked(self, caller: Caller, result: Value, samples: dict[Node, Node], size: int, span: Span) -> Value:
        def stacked(item: Value) -> Value:
            if not isinstance(item, (Node, bool, int, float)):
                raise fail("type", f"`{self.of.name}` returns {describe(item)}, which can't be stacked", span)
            return batch([to_node(item, caller.dtype, span)], samples, size)[0]

        found: Value = map_items(result, stacked)
        return found


@builtin(
    "a function of one sample as a function of many, along the first axis of each tensor",
    example="vmap(x -> sum(x)^2)([[1, 2], [3, 4]])",
)
def vmap(call: Call, fn: Function, in_axes: Value = 0) -> Mapped:
    """The function of many.

    Raises:
        LanguageError: for axes that are no whole numbers.
    """
    axes = in_axes
    return Mapped(fn, tuple(_axis(a, call.span) for a in axes) if isinstance(axes, tuple) else _axis(axes, call.span))


def _axis(value: Value, span: Span) -> int | None:
    return None if value is None else to_int(value, span, "an axis in in_axes")
