"""What surrounds the tracing of a call: inputs of its own before, the caller's values in their place after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gradcli.core.dtypes import DType, as_float
from gradcli.core.graph import INPUT, Node, constant, fresh_input, substitute
from gradcli.language.convert import known_value
from gradcli.language.scope import Frame
from gradcli.language.values import Function, Input, Known, Value, map_nodes, nodes_in


def fresh_inputs(
    values: Sequence[Value], inputs: Sequence[Input], default: DType
) -> tuple[list[Value], dict[Node, Node]]:
    """One fresh input for each tensor and number among the values, and what each stands for."""
    replacements: dict[Node, Node] = {}
    fresh = [_abstract(v, i.name, default, replacements) for v, i in zip(values, inputs, strict=True)]
    return fresh, replacements


def _abstract(value: Value, name: str, default: DType, replacements: dict[Node, Node]) -> Value:
    if isinstance(value, tuple):
        return tuple(_abstract(v, f"{name}[{i}]", default, replacements) for i, v in enumerate(value))
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        fresh = fresh_input(name, (), default)
        fresh.attrs = {"name": name, "known": Known(lambda what: value), "weak": True}
        replacements[fresh] = constant(as_float(value), default)
        return fresh
    if isinstance(value, Node):
        fresh = fresh_input(name, value.shape, value.dtype)
        if value.op is INPUT and "known" in value.attrs:
            fresh.attrs = {**value.attrs, "name": name}
        elif value.shape == ():
            fresh.attrs = {"name": name, "known": Known(lambda what: known_value(value, what))}
        replacements[fresh] = value
        return fresh
    return value


def replace_nodes(value: Value, replacements: Mapping[Node, Node]) -> Value:
    """The same nesting with nodes substituted in all of its tensors, and in what its functions close over."""
    return Substitution(replacements).value(value) if replacements else value


class Substitution:
    """Nodes put in the place of others throughout a value; a frame that several functions share stays shared."""

    def __init__(self, replacements: Mapping[Node, Node]) -> None:
        self._replacements = replacements
        self._frames: dict[int, Frame] = {}

    def value(self, value: Value) -> Value:
        """The value with everything in it substituted."""
        before = list(nodes_in(value))
        after = dict(zip(before, substitute(before, self._replacements), strict=True))
        return self._functions(map_nodes(value, after.__getitem__))

    def frame(self, frame: Frame | None) -> Frame | None:
        """The frame with everything in it substituted."""
        if frame is None:
            return None
        if id(frame) not in self._frames:
            new = self._frames[id(frame)] = Frame()
            new.outer = self.frame(frame.outer)
            new.names = {name: self.value(value) for name, value in frame.names.items()}
        return self._frames[id(frame)]

    def _functions(self, value: Value) -> Value:
        if isinstance(value, tuple):
            return tuple(self._functions(item) for item in value)
        return value.substituted(self) if isinstance(value, Function) else value
