"""What surrounds the tracing of a call: inputs of its own before, the caller's values in their place after."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from gradcli.core.engines.evaluation import evaluate
from gradcli.core.engines.protocol import Data
from gradcli.core.ir.dtypes import DType, as_float
from gradcli.core.ir.nodes import Input, Known, Node, constant, fresh_input
from gradcli.core.ir.traversal import reachable, substitute, without_parameters
from gradcli.language.calls.nested import as_tuple
from gradcli.language.values.convert import known_value
from gradcli.language.values.nesting import distinct_nodes, map_items, map_nodes, require_walkable
from gradcli.language.values.numbers import is_number
from gradcli.language.values.values import Formal, Frame, Function, Value
from gradcli.language.values.watching import here


def fresh_inputs(
    values: Sequence[Value], inputs: Sequence[Formal], default: DType
) -> tuple[list[Value], dict[Node, Node]]:
    """One fresh input for each tensor and number among the values, and what each stands for."""
    replacements: dict[Node, Node] = {}
    require_walkable(*values)
    fresh = [_abstract(v, i.name, default, replacements) for v, i in zip(values, inputs, strict=True)]
    return fresh, replacements


def as_tensors(values: Sequence[Value], default: DType) -> list[Value]:
    """The values with each plain number as a scalar that takes the type of what it meets."""
    require_walkable(*values)
    return [map_items(value, lambda item: _tensor(item, default)) for value in values]


def _tensor(item: Value, default: DType) -> Value:
    return constant(as_float(item), default, weak=True) if is_number(item) else item


def meant(inputs: Iterable[Node], known: Mapping[Node, Node] = MappingProxyType({})) -> dict[Node, Node] | None:
    """What each input of the calls under way stands for, a graph without inputs; None where a caller is yet to say.

    Inputs that are `known` stand for what is said there.
    """
    found = dict(known)
    waiting = [node for node in inputs if isinstance(node, Input)]
    while waiting:
        node = waiting[-1]
        if node in found:
            waiting.pop()
            continue
        value = node.stands_for if isinstance(node, Input) else None
        if value is None:
            return None
        inside = [n for n in reachable([value]) if isinstance(n, Input)]
        missing = [n for n in inside if n not in found]
        if missing:
            waiting += missing
            continue
        (found[node],) = substitute([value], {n: found[n] for n in inside}) if inside else (value,)
        waiting.pop()
    return found


def _abstract(value: Value, name: str, default: DType, replacements: dict[Node, Node]) -> Value:
    value = as_tuple(value)
    if isinstance(value, tuple):
        return tuple(_abstract(v, f"{name}[{i}]", default, replacements) for i, v in enumerate(value))
    if is_number(value):
        number = constant(as_float(value), default)
        fresh = fresh_input(name, (), default, weak=True, known=Known(lambda what: value), stands_for=number)
        replacements[fresh] = number
        return fresh
    if isinstance(value, Node):
        weak, known = False, None
        if isinstance(value, Input) and value.known is not None:
            weak, known = value.weak, value.known
        elif value.shape == ():
            known = Known(lambda what: known_value(value, what))
        fresh = fresh_input(name, value.shape, value.dtype, weak, known, stands_for=value)
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
        before = distinct_nodes(value)
        after = dict(zip(before, substitute(before, self._replacements), strict=True))
        return self._functions(map_nodes(value, after.__getitem__))

    def frame(self, frame: Frame | None) -> Frame | None:
        """The frame with everything in it substituted."""
        if frame is None or frame.closed:
            return frame
        if id(frame) not in self._frames:
            new = self._frames[id(frame)] = Frame()
            new.outer = self.frame(frame.outer)
            new.names = {name: self.value(value) for name, value in frame.names.items()}
        return self._frames[id(frame)]

    def _functions(self, value: Value) -> Value:
        new: Value = map_items(value, lambda item: item.substituted(self) if isinstance(item, Function) else item)
        return new


def values_now(nodes: Sequence[Node]) -> dict[Node, Data] | None:
    """What nodes come to in the call that is under way; None where a caller is yet to say."""
    # A parameter may stand for what is computed.
    outputs, order = without_parameters(nodes, reachable(nodes))
    known = meant([node for node in order if isinstance(node, Input)])
    if known is None:
        return None
    found = dict(zip(nodes, evaluate(substitute(outputs, known)), strict=True))
    if here.watch is not None:
        here.watch.decided.update(found)
    return found
