"""What all derivative operators share: a function of the same inputs, traced once with inputs of its own."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from gradcli.core.ir.nodes import Node
from gradcli.core.records import record, structure
from gradcli.language.calls.tracing import fresh_inputs, replace_nodes
from gradcli.language.text.diagnostics import Span
from gradcli.language.values.identity import identity_of
from gradcli.language.values.labelled import Titles
from gradcli.language.values.nesting import map_nodes, nodes_in
from gradcli.language.values.partial import Partial
from gradcli.language.values.values import Caller, Function, Rewrite, Value

if TYPE_CHECKING:
    from gradcli.language.derivatives.targets import Targets

Rows = tuple[tuple[Partial, Node], ...]


@record
class Traced:
    """A function's outputs, and the nodes to differentiate by in the structure of the result.

    `moving` are those that it and what it is a derivative of differentiate by.
    `extra` are the values of inputs that the operator has beside those of its function; `given` says what each fresh
    input stands for, which may be itself, or is None where the caller will say.
    """

    outputs: Value
    wrt: Value
    moving: tuple[Node, ...]
    extra: tuple[Value, ...]
    given: Mapping[Node, Node] | None


@structure
class Operator(Function):
    """A derivative of `of` with respect to `targets`, itself a function."""

    of: Function
    targets: Targets

    def __post_init__(self) -> None:
        self.kind = "derivative"
        self.name = self.title()
        self.inputs = self.of.inputs

    @abstractmethod
    def title(self) -> str:
        """What it is called in messages."""

    @abstractmethod
    def derive(self, caller: Caller, traced: Traced, span: Span) -> Value:
        """The result, as graph of the inputs that the function was traced with, or as constants."""

    def call(self, caller: Caller, values: Sequence[Value], span: Span, fresh: bool = False) -> Value:
        """The derivative, in the structure that was asked for."""
        if fresh:
            return self._at(caller, values, None, span)
        values, given = fresh_inputs(values, self.inputs, caller.dtype)
        return replace_nodes(self._at(caller, values, given, span), given)

    def at_inputs(self, caller: Caller, inputs: Sequence[Value], span: Span) -> Value:
        """The derivative by these inputs: it needs none of its own, in whose place they would have to be put."""
        return self._at(caller, inputs, {node: node for node in nodes_in(tuple(inputs))}, span)

    def _at(self, caller: Caller, values: Sequence[Value], given: Mapping[Node, Node] | None, span: Span) -> Value:
        # Many who ask whether a function is a derivative never call one.
        from gradcli.language.derivatives.checks import refuse_counts
        from gradcli.language.derivatives.domain import none_of, without_value

        count = len(self.of.inputs)
        own = values[:count]
        with caller.differentiating():
            outputs = self.of.call(caller, own, span, fresh=True)
        if not isinstance(self.of, Operator):
            caller.trail.innermost = tuple(nodes_in(outputs))
        wrt = self.targets.nodes(caller, self.of, own, span)
        moving = tuple(dict.fromkeys([*nodes_in(wrt), *self._moved_before(caller, own, span)]))
        traced = Traced(outputs, wrt, moving, tuple(values[count:]), given)
        if caller.outermost and given is not None:
            caller.trail.trace(moving, given, span)
        result = self.at_corners(caller, traced, self.derive(caller, traced, span), span)
        if caller.outermost and given is not None and without_value(caller.trail.innermost, given):
            result = none_of(result)
        refuse_counts(list(nodes_in(wrt)), span)
        return result

    @cached_property
    def identity(self) -> Hashable | None:
        """That of its function, and what it is differentiated by."""
        return identity_of(type(self), self.of, self.targets, self.options())

    def titles(self, result: Value) -> Titles:
        """The names of the tensors of a result, and what is to be said of it."""
        return Titles(self.names(result), self.note(result), legend(innermost(self)))

    def options(self) -> tuple[Value, ...]:
        """What else it was asked for."""
        return ()

    @property
    def differentiations(self) -> int:
        """How often it differentiates what it is a derivative of."""
        return 1

    def lower(self, traced: Traced) -> list[Node]:
        """What the result is the first derivative of: the outputs, or of two differentiations their gradient."""
        from gradcli.core.transforms.reverse import gradient

        outputs = float_outputs(traced)
        twice = self.differentiations > 1 and outputs
        return list(gradient(outputs, list(nodes_in(traced.wrt)))) if twice else outputs

    def lost(self, jumps: Sequence[Any], place: int, count: int, shape: tuple[int, ...]) -> Any:
        """Which elements of the result's tensor number `place` are no derivatives, since what is below jumps there."""
        return any(jump.any() for jump in jumps)

    def _moved_before(self, caller: Caller, values: Sequence[Value], span: Span) -> Iterator[Node]:
        """What the function that this is a derivative of differentiates by, itself a derivative."""
        inner = self.of
        while isinstance(inner, Operator):
            yield from nodes_in(inner.targets.nodes(caller, inner.of, values[: len(inner.of.inputs)], span))
            inner = inner.of

    def at_corners(self, caller: Caller, traced: Traced, result: Value, span: Span) -> Value:
        """The result where the point has a corner: true, or nan."""
        from gradcli.language.derivatives.corners import at_corners

        outputs = list(nodes_in(traced.outputs))
        nodes = [n for n in nodes_in(result) if n not in outputs and n.dtype.is_float]
        settled = at_corners(
            caller,
            nodes,
            outputs,
            lambda: self.lower(traced),
            traced.moving,
            traced.given,
            times_differentiated(self),
            span,
            self.lost,
        )
        found = dict(zip(nodes, settled, strict=True))
        return map_nodes(result, lambda n: found.get(n, n))

    def substituted(self, substitution: Rewrite) -> Operator:
        """The derivative of the function as the caller's values make it."""
        return replace(self, of=self.of.substituted(substitution))

    def labels(self) -> tuple[Partial, ...]:
        """The names of the result's tensors, in order, where they are partial derivatives."""
        return ()

    def rows(self, result: Value) -> Rows:
        """A result with each tensor's name and order."""
        labels, nodes = self.labels(), list(nodes_in(result))
        if len(labels) == len(nodes):
            return tuple(zip(labels, nodes, strict=True))
        return numbered(Partial(self.name, (), 1), result)

    def names(self, result: Value) -> Sequence[Partial | None]:
        """The name of each tensor of a result, from left to right; None for one that has been named already."""
        return [name for name, _ in self.rows(result)]

    def note(self, result: Value) -> str | None:
        """What is to be said under the rows."""
        return None


def innermost(function: Function) -> Function:
    """What a function is a derivative of, however often."""
    while isinstance(getattr(function, "of", None), Function):
        function = function.of  # type: ignore[attr-defined]
    return function


def times_differentiated(function: Function) -> int:
    """The order of all derivatives that a function is one of, one after the other."""
    total = 0
    while isinstance(function, Operator):
        total += function.differentiations
        function = function.of
    return total


def float_outputs(traced: Traced) -> list[Node]:
    """The outputs that have derivatives."""
    return [node for node in nodes_in(traced.outputs) if node.dtype.is_float]


def together(*notes: str | None) -> str | None:
    """Notes a line each, None where there are none."""
    return "\n".join(note for note in notes if note) or None


def numbered(label: Partial, value: Value) -> Rows:
    """The tensors of a value under one name, with their number where there are several."""
    nodes = list(nodes_in(value))
    if len(nodes) == 1:
        return ((label, nodes[0]),)
    return tuple((Partial(f"{label}[{i}]", (), label.order), node) for i, node in enumerate(nodes))


def is_single(function: Function) -> bool:
    """Whether a function has one variable and nothing else to differentiate by."""
    return function.kind in ("function", "built-in") and len(function.inputs) == 1 and not function.members


# A function without a name is called by its text where that is short enough for a column of a table.
LONGEST_LABEL = 24


def label_of(function: Function) -> str:
    """What a function is called in the name of its derivative."""
    if function.name.isidentifier():
        return function.name
    return f"({function.name})" if len(function.name) <= LONGEST_LABEL else "f"


def legend(function: Function) -> str | None:
    """What the label stands for, where it is no name and not the text."""
    return f"f is {function.name}" if label_of(function) == "f" != function.name else None


def base_of(function: Function) -> Partial:
    """What a derivative of a function is a derivative of."""
    labels = function.labels() if isinstance(function, Operator) else ()
    if not labels:
        return Partial(label_of(function), single=is_single(function))
    if len(labels) == 1:
        return labels[0]
    return Partial("(" + " + ".join(str(label) for label in labels) + ")", below=labels[0].order)
