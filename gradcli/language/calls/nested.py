"""Functions of numbers and tensors, place by place over nested tuples: parameters, gradients, an optimizer's state."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gradcli.core.errors import CoreError
from gradcli.core.ir.nodes import Node
from gradcli.language.text.diagnostics import Span, fail
from gradcli.language.values.describe import describe
from gradcli.language.values.nesting import require_walkable
from gradcli.language.values.values import Parameters, Value

Apply = Callable[[Sequence[Value]], Value]


def is_nested(value: Value) -> bool:
    """Whether a value is a tuple, or parameters, which are one."""
    return isinstance(value, (tuple, Parameters))


def as_tuple(value: Value) -> Value:
    """Parameters as the tuple that they are; any other value as it is."""
    return value.nodes if isinstance(value, Parameters) else value


def place_by_place(apply: Apply, values: Sequence[Value], what: str, span: Span) -> Value:
    """What a function gives for the items at each place of nested tuples, in that nesting; a number goes to each.

    Raises:
        CoreError: for a tuple with more items than are allowed.
        LanguageError: for tuples of different nesting, naming the place, and for a tensor beside a tuple.
    """
    names = next((v.names for v in values if isinstance(v, Parameters)), ())
    values = [as_tuple(v) for v in values]
    require_walkable(*values)
    for other in values:
        if isinstance(other, Node) and other.shape != ():
            raise fail(
                "shape",
                f"{what} takes a tuple and a number, or two tuples of one nesting, and here is {describe(other)}",
                span,
                "take one item by its index, as in `t[0]`, where a tensor goes with one of them",
            )
    return _Walk(apply, [isinstance(v, tuple) for v in values], what, span, names).at(values, "")


class _Walk:
    """A walk through several values at once: those that are `walked`, while the others go to every place."""

    def __init__(self, apply: Apply, walked: Sequence[bool], what: str, span: Span, names: Sequence[str]) -> None:
        self._apply, self._walked, self._what, self._span, self._names = apply, walked, what, span, names

    def at(self, values: Sequence[Value], path: str) -> Value:
        """The results at a place and below it."""
        walked = [v for v, is_walked in zip(values, self._walked, strict=True) if is_walked]
        counts = {len(v) if isinstance(v, tuple) else None for v in walked}
        if len(counts) > 1:
            raise fail(
                "shape",
                f"{self._what} needs tuples of one nesting, and {self._place(path)}, "
                f"one has {_size(walked[0])} where the other has {_size(walked[-1])}",
                self._span,
                "each item is taken together with the one at its place",
            )
        if not isinstance(walked[0], tuple):
            try:
                return self._apply(values)
            except CoreError as error:
                # An item has no place in the text, so the message says which it is.
                raise fail(error.kind, f"{error.message}, {self._place(path)}", self._span, error.hint) from error
        items = range(len(walked[0]))
        return tuple(
            self.at(
                [v[i] if w and isinstance(v, tuple) else v for v, w in zip(values, self._walked, strict=True)],
                f"{path}[{i}]",
            )
            for i in items
        )

    def _place(self, path: str) -> str:
        if not path:
            return "here"
        first = path[1 : path.index("]")]
        name = self._names[int(first)] if self._names else None
        return f"at item {path}" + (f", `{name}`" if name is not None else "")


def _size(value: Value) -> str:
    if not isinstance(value, tuple):
        return describe(value)
    return f"{len(value) or 'no'} {'item' if len(value) == 1 else 'items'}"
