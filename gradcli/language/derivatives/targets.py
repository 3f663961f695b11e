"""What to differentiate with respect to: inputs by position or name, parameters, or all inputs."""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from functools import cached_property

from gradcli.core.ir.nodes import Node, Parameter
from gradcli.core.records import record
from gradcli.language.calls.reach import parameters_of
from gradcli.language.derivatives.checks import is_real, listed, real_input
from gradcli.language.text.diagnostics import Span, fail, near
from gradcli.language.values.describe import describe
from gradcli.language.values.identity import Selection, identity_of
from gradcli.language.values.nesting import nodes_in
from gradcli.language.values.values import Caller, Function, Names, Parameters, Required, Value

# The default of an operator that takes all inputs where nothing else is said.
ALL = "all"


@record
class Targets(Selection):
    """What to differentiate with respect to.

    `positions` are inputs, `weights` parameters with the names that they go by; `names` come from `wrt=`.
    Each is None where not asked for; the flags say which were given alone and so give no tuple.
    """

    positions: tuple[int, ...] | None = None
    one_position: bool = False
    weights: tuple[tuple[str, Parameter], ...] | None = None
    one_weight: bool = False
    names: Names | None = None

    def nodes(self, caller: Caller, function: Function, values: Sequence[Value], span: Span) -> Value:
        """The nodes among a call's values and the function's parameters, in the structure of the result."""
        if self.names is not None:
            found = tuple(_named(caller, function, name, at, values) for name, at in self.names.items)
            refuse_repeated(
                [(name, n) for (name, _), v in zip(self.names.items, found, strict=True) for n in nodes_in(v)], span
            )
            return found[0] if self.names.single else found
        parts: list[Value] = []
        if self.positions is not None:
            chosen = tuple(real_input(values[p], function.inputs[p].name, span) for p in self.positions)
            parts.append(chosen[0] if self.one_position else chosen)
        if self.weights is not None:
            nodes = _present(caller, function, self.weights)
            parts.append(nodes[0] if self.one_weight else nodes)
        return parts[0] if len(parts) == 1 else tuple(parts)

    @cached_property
    def identity(self) -> Hashable | None:
        """What others have too that are by the same."""
        return identity_of(self.positions, self.one_position, self.weights, self.one_weight, self.names)

    def labels(self, function: Function) -> list[str]:
        """The names of what is differentiated by, in order."""
        names = [] if self.names is None else [name for name, _ in self.names.items]
        names += [function.inputs[p].name for p in self.positions or ()]
        names += [name for name, _ in self.weights or ()]
        return names


def real_positions(function: Function) -> tuple[int, ...]:
    """The inputs to differentiate by where nothing is said: where numbers and tensors go.

    An optional one is among them if what stands in for it is real.
    """
    return tuple(
        p for p, i in enumerate(function.inputs) if i.real and (isinstance(i.default, Required) or is_real(i.default))
    )


def all_inputs(function: Function) -> Targets:
    """Every input that is real; where there is one, it alone."""
    positions = real_positions(function)
    return Targets(positions, one_position=len(positions) == 1)


def refuse_repeated(pairs: Sequence[tuple[str, Node]], span: Span) -> None:
    """Refuse an input or a parameter that is differentiated by twice, under one name or two.

    Raises:
        LanguageError: naming it.
    """
    names: dict[Node, str] = {}
    for name, node in pairs:
        if node in names:
            one = f"`{name}` twice" if names[node] == name else f"`{names[node]}` and `{name}`, which are one parameter"
            raise fail("derivative", f"wrt= names {one}", span, "name each input or parameter once")
        names[node] = name


def _present(caller: Caller, function: Function, weights: tuple[tuple[str, Parameter], ...]) -> tuple[Parameter, ...]:
    """The parameters as they are now: one may have a new value, or its model have been defined again."""
    there = parameters_of(caller, function)
    by_key = {node.key: node for node in there.nodes}
    found: list[Parameter] = []
    for name, node in weights:
        now = caller.present(node)
        assert isinstance(now, Parameter)
        again = _by_name(there, name)
        found.append(by_key.get(now.key) or (again[0] if len(again) == 1 else now))
    return tuple(found)


def _named(caller: Caller, function: Function, name: str, at: Span, values: Sequence[Value]) -> Value:
    for value, i in zip(values, function.inputs, strict=True):
        if i.name == name:
            return real_input(value, name, at)
    # What is in a Sequential goes by its place in other languages too, as `0.weight`.
    name = re.sub(r"(^|\.)(\d+)(?=\.|$)", r"[\2]", name)
    parameters = parameters_of(caller, function)
    matches = _by_name(parameters, name.removeprefix(f"{function.name}.")) or _by_path(caller, parameters, name)
    if len(matches) == 1:
        return matches[0]
    known = [*(i.name for i in function.inputs), *(path for paths in parameters.paths for path in paths)]
    if matches:
        raise fail("name", f"`{name}` could be several parameters", at, f"name one of {listed(known)}")
    raise fail(
        "name",
        f"`{function.name}` has no input or parameter `{name}`",
        at,
        near(name, known) or (f"it has {listed(known)}" if known else None),
    )


def _by_name(parameters: Parameters, name: str) -> list[Parameter]:
    """Those of this name, or of this name in one of the models."""
    pairs = zip(parameters.paths, parameters.nodes, strict=True)
    tail = name if name.startswith("[") else f".{name}"
    return [n for paths, n in pairs if any(full == name or full.endswith(tail) for full in paths)]


def _by_path(caller: Caller, parameters: Parameters, name: str) -> list[Parameter]:
    """The parameter that stands behind a name and points, as in `net.weight`, if it is one of these."""
    first, *members = re.findall(r"[^.\[\]]+", name) or [""]
    found = caller.find(first, None)
    value: Value = found[0] if found and members else None
    for member in members:
        if isinstance(value, tuple):
            value = value[int(member)] if member.isdigit() and int(member) < len(value) else None
        else:
            value = value.members.get(member) if isinstance(value, Function) else None
    value = caller.present(value)
    return [node for node in parameters.nodes if node is value]


def _positions(value: Value, function: Function, span: Span) -> tuple[tuple[int, ...] | None, bool]:
    """`grad_position` as indexes, and whether it was one alone."""
    if value is None:
        return None, False
    items = value if isinstance(value, tuple) else (value,)
    inputs = function.inputs
    for item in items:
        if isinstance(item, bool) or not isinstance(item, int):
            raise fail(
                "derivative",
                f"grad_position is a whole number, not {item if isinstance(item, float) else describe(item)}",
                span,
                "the point goes in brackets of its own, as in grad(f)(x)"
                if isinstance(item, (Node, tuple))
                else "write 0 for the first input, (0, 1) for two, none for no input",
            )
        if not 0 <= item < len(inputs):
            names = listed([i.name for i in inputs])
            raise fail(
                "derivative",
                f"grad_position {item} is out of range: `{function.name}` has "
                f"{len(inputs) or 'no'} {'input' if len(inputs) == 1 else 'inputs'}",
                span,
                f"positions run from 0 to {len(inputs) - 1}: {names}" if inputs else "ask for weights=params(f) alone",
            )
        if items.count(item) > 1:
            raise fail("derivative", f"grad_position {item} is repeated", span, "name each input once")
    if not items:
        raise fail("derivative", "grad_position is empty", span, "write none for no input")
    return tuple(i for i in items if isinstance(i, int)), not isinstance(value, tuple)


def _weights(value: Value, span: Span) -> tuple[tuple[tuple[str, Parameter], ...] | None, bool]:
    if value is None:
        return None, False
    if isinstance(value, Parameters):
        if not value.nodes:
            raise fail("derivative", f"`{value.of}` has no parameters", span, "give it some with `param w = ...`")
        return tuple(zip(value.names, value.nodes, strict=True)), False
    nodes = []
    for item in value if isinstance(value, tuple) else (value,):
        if not isinstance(item, Parameter):
            raise fail(
                "derivative",
                f"weights are parameters, and {describe(item)} is none",
                span,
                "use weights=params(net), or net.w for one of them",
            )
        nodes.append((item.name, item))
    if len({id(n) for _, n in nodes}) != len(nodes) or not nodes:
        raise fail("derivative", "weights name each parameter once, and at least one", span)
    return tuple(nodes), not isinstance(value, tuple)


def make_targets(
    function: Function, position: Value, weights: Value, wrt: Value, span: Span, default: Value = 0
) -> Targets:
    """The targets of an operator's arguments; `default` is what `position` is where nothing was said.

    Raises:
        LanguageError: for targets that are none, repeated, or not there.
    """
    if isinstance(position, Names) and wrt is None:
        position, wrt = default, position
    if isinstance(position, Function) and position.name == ALL:
        position = ALL
    if isinstance(wrt, Names):
        if position != default or weights is not None:
            raise fail("derivative", "wrt= takes the place of grad_position and weights", span, "give one of the two")
        if len({name for name, _ in wrt.items}) != len(wrt.items) or not wrt.items:
            raise fail("derivative", "wrt= names each input or parameter once, and at least one", span)
        return Targets(names=wrt)
    nodes, one_weight = _weights(weights, span)
    if position == ALL:
        if nodes is not None:
            return Targets(None, one_position=False, weights=nodes, one_weight=one_weight)
        if not real_positions(function):
            raise fail("derivative", f"`{function.name}` has no input to differentiate by", span, "name a parameter")
        return all_inputs(function)
    positions, one = _positions(position, function, span)
    if positions is None and nodes is None:
        raise fail(
            "derivative",
            "nothing to differentiate with respect to: grad_position and weights are both none",
            span,
            "give a position, or weights=params(net)",
        )
    return Targets(positions, one, nodes, one_weight)
