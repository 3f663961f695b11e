"""The derivative operators: functions that take a function and give a function, so that they nest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations_with_replacement
from math import comb
from typing import TYPE_CHECKING

from gradcli.core.graph import INPUT, PARAMETER, Node, reachable
from gradcli.core.shapes import size_of
from gradcli.core.transforms.reverse import gradient
from gradcli.language.convert import to_bool, to_int
from gradcli.language.diagnostics import Span, fail, near
from gradcli.language.reach import parameters_of
from gradcli.language.tracing import Substitution, fresh_inputs, replace_nodes
from gradcli.language.values import (
    DerivativeTable,
    Function,
    Known,
    Names,
    Parameters,
    Partial,
    Required,
    Value,
    describe,
    map_nodes,
    nodes_in,
    require_function,
)

if TYPE_CHECKING:
    from gradcli.language.machine import Machine

# The input of an operator that takes names and doesn't evaluate them.
WRT = "wrt"

# Nested reverse mode doubles the graph with each order; past this it would only exhaust the machine.
LARGEST_GRAPH = 60_000
LARGEST_TABLE = 5_000


@dataclass(frozen=True)
class Targets:
    """What to differentiate with respect to.

    `positions` are inputs, `weights` parameters with the names that they go by; `names` come from `wrt=`.
    Each is None where not asked for; the flags say which were given alone and so give no tuple.
    """

    positions: tuple[int, ...] | None = None
    one_position: bool = False
    weights: tuple[tuple[str, Node], ...] | None = None
    one_weight: bool = False
    names: Names | None = None


@dataclass(eq=False)
class Derived(Function):
    """The gradient of a function, itself a function of the same inputs."""

    of: Function
    targets: Targets
    has_aux: bool = False
    with_value: bool = False
    kind: str = "derivative"

    def __post_init__(self) -> None:
        self.name = f"{'value_and_grad' if self.with_value else 'grad'}({self.of.name})"
        self.inputs = self.of.inputs

    def call(self, machine: Machine, values: Sequence[Value], span: Span, fresh: bool = False) -> Value:
        """The gradient of the sum of the outputs, in the structure that was asked for."""
        replacements: dict[Node, Node] = {}
        if not fresh:
            values, replacements = fresh_inputs(values, self.inputs, machine.dtype)
        outputs = self.of.call(machine, values, span, fresh=True)
        differentiated, aux = self._split(outputs, span)
        wrt = self._wrt(machine, values, span)
        flat = list(nodes_in(wrt))
        roots = _real_outputs(machine, differentiated, self.of, span)
        results = dict(zip(flat, gradient(roots, flat), strict=True))
        _refuse_counts(flat, span)
        result: Value = map_nodes(wrt, results.__getitem__)
        if self.has_aux:
            result = (result, aux)
        if self.with_value:
            result = (outputs, result)
        return replace_nodes(result, replacements)

    def substituted(self, substitution: Substitution) -> Derived:
        """The derivative of the function as the caller's values make it."""
        return replace(self, of=self.of.substituted(substitution))

    def _split(self, outputs: Value, span: Span) -> tuple[Value, tuple[Value, ...]]:
        if not self.has_aux:
            return outputs, ()
        if not isinstance(outputs, tuple) or len(outputs) < 2:
            raise fail(
                "derivative",
                f"has_aux needs more than one output, and `{self.of.name}` returns one",
                span,
                "return the value to differentiate first, then the others",
            )
        return outputs[0], outputs[1:]

    def _wrt(self, machine: Machine, values: Sequence[Value], span: Span) -> Value:
        """The nodes to differentiate with respect to, in the structure of the result."""
        t = self.targets
        if t.names is not None:
            found = tuple(self._named(machine, name, at, values) for name, at in t.names.items)
            return found[0] if t.names.single else found
        parts: list[Value] = []
        if t.positions is not None:
            chosen = tuple(_real_input(values[p], self.inputs[p].name, span) for p in t.positions)
            parts.append(chosen[0] if t.one_position else chosen)
        if t.weights is not None:
            nodes = self._present(machine, t.weights)
            parts.append(nodes[0] if t.one_weight else nodes)
        return parts[0] if len(parts) == 1 else tuple(parts)

    def _present(self, machine: Machine, weights: tuple[tuple[str, Node], ...]) -> tuple[Node, ...]:
        """The parameters as they are now: one may have a new value, or its model have been defined again."""
        there = parameters_of(machine, self.of)
        by_key = {node.attrs["key"]: node for node in there.nodes}
        found: list[Node] = []
        for name, node in weights:
            now = machine.present(node)
            assert isinstance(now, Node)
            again = _by_name(there, name)
            found.append(by_key.get(now.attrs["key"]) or (again[0] if len(again) == 1 else now))
        return tuple(found)

    def _named(self, machine: Machine, name: str, at: Span, values: Sequence[Value]) -> Value:
        for value, i in zip(values, self.inputs, strict=True):
            if i.name == name:
                return _real_input(value, name, at)
        parameters = parameters_of(machine, self.of)
        matches = _by_name(parameters, name.removeprefix(f"{self.of.name}."))
        if len(matches) == 1:
            return matches[0]
        known = [*(i.name for i in self.inputs), *parameters.names]
        if matches:
            raise fail("name", f"`{name}` could be several parameters", at, f"name one of {_listed(known)}")
        raise fail(
            "name",
            f"`{self.of.name}` has no input or parameter `{name}`",
            at,
            near(name, known) or (f"it has {_listed(known)}" if known else None),
        )

    def gradient_labels(self) -> tuple[Partial, ...]:
        """The names of the gradient's tensors, in order."""
        base = _base(self.of)
        t = self.targets
        names: list[str] = []
        if t.names is not None:
            names = [name for name, _ in t.names.items]
        names += [self.inputs[p].name for p in t.positions or ()]
        names += [name for name, _ in t.weights or ()]
        return tuple(base.then(name) for name in names)

    def rows(self, result: Value) -> tuple[tuple[Partial, Node], ...]:
        """A result of a call with each tensor's name, by order."""
        outputs: Value = ()
        aux: Value = ()
        if self.with_value:
            outputs, result = _pair(result)
        if self.has_aux:
            result, aux = _pair(result)
        rows = list(_numbered(Partial(self.of.name), outputs))
        if not self.with_value:
            rows += _numbered(Partial("aux"), aux)
        labels = self.gradient_labels()
        nodes = list(nodes_in(result))
        if len(labels) == len(nodes):
            rows += zip(labels, nodes, strict=True)
        else:
            rows += _numbered(Partial(self.name), result)
        return tuple(rows)


def _by_name(parameters: Parameters, name: str) -> list[Node]:
    """Those of this name, or of this name in one of the models."""
    pairs = zip(parameters.names, parameters.nodes, strict=True)
    return [node for full, node in pairs if full == name or full.endswith(f".{name}")]


def _numbered(label: Partial, value: Value) -> tuple[tuple[Partial, Node], ...]:
    nodes = list(nodes_in(value))
    if len(nodes) == 1:
        return ((label, nodes[0]),)
    return tuple((Partial(f"{label}[{i}]"), node) for i, node in enumerate(nodes))


def _pair(value: Value) -> tuple[Value, Value]:
    assert isinstance(value, tuple)
    first, second = value
    return first, second


def _base(function: Function) -> Partial:
    """What a derivative of a function is a derivative of."""
    if not isinstance(function, Derived):
        return Partial(function.name if function.name.isidentifier() else f"({function.name})")
    labels = function.gradient_labels()
    if len(labels) == 1:
        return labels[0]
    return Partial("(" + " + ".join(str(label) for label in labels) + ")", below=labels[0].order)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _real_input(value: Value, name: str, span: Span) -> Value:
    nodes = list(nodes_in(value))
    if not nodes:
        raise fail("derivative", f"`{name}` is {describe(value)}, and only real numbers have derivatives", span)
    for node in nodes:
        if not node.dtype.is_float:
            raise fail(
                "derivative",
                f"`{name}` is {node.dtype.value}, and only real numbers have derivatives",
                span,
                f"convert it before the call, such as float64({name})",
            )
    return value


def _refuse_counts(wrt: Sequence[Node], span: Span) -> None:
    for node in wrt:
        known = node.attrs.get("known")
        if isinstance(known, Known) and known.used:
            raise fail(
                "derivative",
                f"`{node.attrs['name']}` is used as a count or an index, which has no derivative",
                span,
                "differentiate with respect to the other inputs, with wrt=",
            )


def _real_outputs(machine: Machine, outputs: Value, function: Function, span: Span) -> list[Node]:
    """The tensors that are summed; a plain number is a constant and adds nothing."""
    roots = []
    for item in outputs if isinstance(outputs, tuple) else (outputs,):
        if isinstance(item, tuple):
            roots += _real_outputs(machine, item, function, span)
        elif isinstance(item, Node) and item.dtype.is_float:
            roots.append(item)
        elif isinstance(item, bool) or not isinstance(item, (int, float)):
            what = f"{item.dtype.value}" if isinstance(item, Node) else describe(item)
            raise fail(
                "derivative",
                f"`{function.name}` returns {what}, and only real numbers can be differentiated",
                span,
                "return a real number, or use has_aux=true for outputs beside it",
            )
    return roots


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
                "write 0 for the first input, (0, 1) for two, none for no input",
            )
        if not 0 <= item < len(inputs):
            names = _listed([i.name for i in inputs])
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


def _weights(value: Value, span: Span) -> tuple[tuple[tuple[str, Node], ...] | None, bool]:
    if value is None:
        return None, False
    if isinstance(value, Parameters):
        if not value.nodes:
            raise fail("derivative", f"`{value.of}` has no parameters", span, "give it some with `param w = ...`")
        return tuple(zip(value.names, value.nodes, strict=True)), False
    nodes = []
    for item in value if isinstance(value, tuple) else (value,):
        if not isinstance(item, Node) or item.op is not PARAMETER:
            raise fail(
                "derivative",
                f"weights are parameters, and {describe(item)} is none",
                span,
                "use weights=params(net), or net.w for one of them",
            )
        nodes.append((str(item.attrs["name"]), item))
    if len({id(n) for _, n in nodes}) != len(nodes) or not nodes:
        raise fail("derivative", "weights name each parameter once, and at least one", span)
    return tuple(nodes), not isinstance(value, tuple)


def make_gradient(
    function: Value, position: Value, weights: Value, has_aux: Value, wrt: Value, span: Span, with_value: bool
) -> Derived:
    """What `grad` and `value_and_grad` give.

    Raises:
        LanguageError: for targets that are none, repeated, or not there.
    """
    of = require_function(function, span, "grad")
    if isinstance(wrt, Names):
        if position != 0 or weights is not None:
            raise fail("derivative", "wrt= takes the place of grad_position and weights", span, "give one of the two")
        if len({name for name, _ in wrt.items}) != len(wrt.items) or not wrt.items:
            raise fail("derivative", "wrt= names each input or parameter once, and at least one", span)
        targets = Targets(names=wrt)
    else:
        positions, one = _positions(position, of, span)
        nodes, one_weight = _weights(weights, span)
        if positions is None and nodes is None:
            raise fail(
                "derivative",
                "nothing to differentiate with respect to: grad_position and weights are both none",
                span,
                "give a position, or weights=params(net)",
            )
        targets = Targets(positions, one, nodes, one_weight)
    return Derived(of, targets, to_bool(has_aux, span, "has_aux"), with_value)


def derivative(function: Function, span: Span) -> Derived:
    """What a prime gives: the derivative of a function of one variable.

    Raises:
        LanguageError: if it has another number of inputs.
    """
    required = [i.name for i in function.inputs if isinstance(i.default, Required)]
    if len(required) != 1 or required[0] != function.inputs[0].name:
        names = ", ".join(i.name for i in function.inputs)
        raise fail(
            "derivative",
            f"a prime needs a function of one variable, and `{function.name}` has "
            f"{len(function.inputs) or 'none'}{f': {names}' if names else ''}",
            span,
            f"write grad({function.name}, wrt={function.inputs[0].name})" if function.inputs else None,
        )
    return Derived(function, Targets((0,), one_position=True))


def diff(value: Value, variables: Value, span: Span) -> Value:
    """The derivative of a value with respect to inputs or parameters, one after the other, each time of the sum.

    Raises:
        LanguageError: for a variable that the value isn't a function of in this place.
    """
    if not isinstance(variables, tuple) or not variables:
        raise fail("derivative", "diff needs a variable behind the value", span, "such as diff(u, x)")
    for x in variables:
        if not isinstance(x, Node) or x.op not in (INPUT, PARAMETER):
            raise fail(
                "derivative",
                f"diff needs an input or a parameter to differentiate by, and this is {describe(x)} here",
                span,
                "inside a function, name one of its inputs; elsewhere define f and use grad(f)",
            )
        _real_input(x, str(x.attrs["name"]), span)
    roots = list(nodes_in(value))
    if not roots and not isinstance(value, (int, float)):
        raise fail("derivative", f"diff needs a number or a tensor, not {describe(value)}", span)
    for root in roots:
        _real_input(root, "the value", span)
    for x in variables:
        assert isinstance(x, Node)
        (result,) = gradient(roots, [x])
        roots = [result]
    _refuse_counts([x for x in variables if isinstance(x, Node)], span)
    return roots[0]


@dataclass(eq=False)
class AllDerivatives(Function):
    """What `derivatives` gives: a function whose result is a table of every partial up to an order."""

    of: Function
    order: int
    names: Names | None
    kind: str = "table"

    def __post_init__(self) -> None:
        self.name = f"derivatives({self.of.name}, order={self.order})"
        self.inputs = self.of.inputs

    def call(self, machine: Machine, values: Sequence[Value], span: Span, fresh: bool = False) -> Value:
        """The table, outputs first."""
        values, replacements = fresh_inputs(values, self.inputs, machine.dtype)
        outputs = self.of.call(machine, values, span, fresh=True)
        roots = _real_outputs(machine, outputs, self.of, span)
        variables = self._variables(machine, values, span)
        total = comb(len(variables) + self.order, self.order) if variables else 0
        if total > LARGEST_TABLE:
            raise fail(
                "value",
                f"{total:,} partials of {len(variables)} variables up to order {self.order} are too many",
                span,
                "ask for a lower order, or for fewer variables with wrt=",
            )
        label = _base(self.of)
        rows: list[tuple[Partial, Node]] = list(_numbered(label, tuple(roots)))
        level: dict[tuple[int, ...], Sequence[Node]] = {(): roots}
        nodes = [node for _, node in variables]
        for order in range(1, self.order + 1):
            level = {
                indexes: [gradient(level[indexes[:-1]], [nodes[indexes[-1]]])[0]]
                for indexes in combinations_with_replacement(range(len(nodes)), order)
            }
            if len(reachable([n for ns in level.values() for n in ns])) > LARGEST_GRAPH:
                raise fail(
                    "value", f"the derivatives of order {order} are too long to compute", span, "lower the order"
                )
            for indexes, (node,) in level.items():
                name = label
                for i in indexes:
                    name = name.then(variables[i][0])
                rows.append((name, node))
        _refuse_counts(nodes, span)
        summed = any(size_of(n.shape) != 1 for n in [*nodes, *roots]) or len(roots) > 1
        done = replace_nodes(tuple(node for _, node in rows), replacements)
        assert isinstance(done, tuple)
        settled = machine.settle(done, span) if not _has_free(done) else done
        assert isinstance(settled, tuple)
        shown = tuple((p, n) for (p, _), n in zip(rows, settled, strict=True) if isinstance(n, Node))
        note = "outputs that are not one number are summed before each differentiation" if summed else None
        return DerivativeTable(self.of.name, shown, note)

    def substituted(self, substitution: Substitution) -> AllDerivatives:
        """The table of the function as the caller's values make it."""
        return replace(self, of=self.of.substituted(substitution))

    def _variables(self, machine: Machine, values: Sequence[Value], span: Span) -> list[tuple[str, Node]]:
        if self.names is None:
            pairs = [
                (str(node.attrs["name"]), node) for value in values for node in nodes_in(value) if node.dtype.is_float
            ]
        else:
            chooser = Derived(self.of, Targets(names=self.names))
            pairs = []
            for name, at in self.names.items:
                found = list(nodes_in(chooser._named(machine, name, at, values)))
                pairs += [(name if len(found) == 1 else str(n.attrs["name"]), n) for n in found]
        if not pairs and self.order:
            raise fail("derivative", f"`{self.of.name}` has no real input to differentiate by", span)
        return pairs


def _has_free(value: Value) -> bool:
    return any(n.op is INPUT for n in reachable(nodes_in(value)))


def make_table(function: Value, order: Value, wrt: Value, span: Span) -> AllDerivatives:
    """What `derivatives` gives.

    Raises:
        LanguageError: for an order that is no whole number, or negative.
    """
    of = require_function(function, span, "derivatives")
    highest = to_int(order, span, "the order")
    if highest < 0:
        raise fail("value", f"the order can't be {highest}", span, "orders are 0, 1, 2, ...")
    return AllDerivatives(of, highest, wrt if isinstance(wrt, Names) else None)
