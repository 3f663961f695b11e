"""The gradient, and the derivatives that primes and `diff` write: each of the sum of what is differentiated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gradcli.core.ir.nodes import Input, Node, Parameter, filled
from gradcli.core.ir.shapes import size_of
from gradcli.core.ir.traversal import reachable
from gradcli.core.records import structure
from gradcli.core.transforms.nested import summed_partial, total
from gradcli.core.transforms.reverse import gradient
from gradcli.core.transforms.taylor import partials
from gradcli.language.calls.announce import Call, builtin
from gradcli.language.derivatives.base import Operator, Rows, Traced, base_of, float_outputs, numbered, together
from gradcli.language.derivatives.checks import real_input, real_outputs, refuse_counts
from gradcli.language.derivatives.corners import point_of
from gradcli.language.derivatives.expansion import expanded, has_free
from gradcli.language.derivatives.targets import Targets, make_targets, real_positions
from gradcli.language.text.diagnostics import Span, fail
from gradcli.language.values.convert import to_int
from gradcli.language.values.describe import describe
from gradcli.language.values.nesting import map_items, map_nodes, nodes_in
from gradcli.language.values.partial import Partial
from gradcli.language.values.values import Caller, Function, Names, Required, Value
from gradcli.language.values.watching import Elsewhere, here, is_finite

SUMMED = "several numbers were summed before they were differentiated; jacobian has every partial"

# Past this, not even the numbers of a smooth function fit a float64.
HIGHEST_ORDER = 1_000


@structure
class Derived(Operator):
    """What `grad` and `value_and_grad` give."""

    has_aux: bool = False
    with_value: bool = False
    summed: bool = False

    def title(self) -> str:
        """Such as grad(f)."""
        return f"{'value_and_grad' if self.with_value else 'grad'}({self.of.name})"

    def options(self) -> tuple[Value, ...]:
        """What else it was asked for."""
        return (self.has_aux, self.with_value)

    def derive(self, caller: Caller, traced: Traced, span: Span) -> Value:
        """The gradient of the sum of the outputs, in the structure that was asked for."""
        outputs = traced.outputs
        differentiated, aux = self._split(outputs, span)
        flat = list(nodes_in(traced.wrt))
        roots = real_outputs(differentiated, self.of, span)
        self.summed = len(roots) > 1 or any(size_of(root.shape) != 1 for root in roots)
        results = dict(zip(flat, gradient(roots, flat), strict=True))
        result: Value = map_nodes(traced.wrt, results.__getitem__)
        if self.has_aux:
            result = (result, aux)
        return (outputs, result) if self.with_value else result

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

    def note(self, result: Value) -> str | None:
        """What the seed's rules leave out: the other inputs, and that outputs were summed."""
        return together(self._hidden(), SUMMED if self.summed else None)

    def _hidden(self) -> str | None:
        """That there are inputs besides the first, where it alone was differentiated by."""
        positions = real_positions(self.of)
        if self.targets.positions != (0,) or not self.targets.one_position or len(positions) < 2:
            return None
        every = (
            f"`∇{self.of.name}` or `grad({self.of.name}, all)` has" if self.of.name.isidentifier() else "`all` asks for"
        )
        return f"by {self.of.inputs[0].name} alone; {every} every partial"

    def labels(self) -> tuple[Partial, ...]:
        """One for each input or parameter."""
        base = base_of(self.of)
        return tuple(base.then(name) for name in self.targets.labels(self.of))

    def names(self, result: Value) -> Sequence[Partial | None]:
        """The outputs, the gradient, and what came beside it, which is among the outputs where they are there."""
        outputs: Value = ()
        aux: Value = ()
        if self.with_value:
            outputs, result = _pair(result)
        if self.has_aux:
            result, aux = _pair(result)
        beside = [None if self.with_value else name for name, _ in numbered(Partial("aux"), aux)]
        values = [name for name, _ in numbered(Partial(self.of.name), outputs)]
        return [*values, *(name for name, _ in super().rows(result)), *beside]

    def rows(self, result: Value) -> Rows:
        """Each under its name, values first."""
        pairs = zip(self.names(result), nodes_in(result), strict=True)
        return tuple(sorted(((name, node) for name, node in pairs if name), key=lambda row: row[0].order))


def _pair(value: Value) -> tuple[Value, Value]:
    assert isinstance(value, tuple)
    first, second = value
    return first, second


# What both of them are asked by.
_WHAT_BY = (
    "By the first input, unless `grad_position` is another place, a tuple of places, or `all`. `wrt=` takes names of "
    "inputs and parameters, `weights=params(f)` all parameters. Outputs that are not one number are summed first. With "
    "`has_aux=true` the first output alone is differentiated, and the others come beside the gradient."
)


def _announce(name: str, with_value: bool, help: str, example: str) -> None:
    @builtin(help, name, example=example, details=_WHAT_BY)
    def gradient_of(
        call: Call,
        fn: Function,
        grad_position: Value = 0,
        weights: Value = None,
        has_aux: bool = False,
        wrt: Names | None = None,
    ) -> Derived:
        return Derived(fn, make_targets(fn, grad_position, weights, wrt, call.span), has_aux, with_value)


_announce(
    "grad",
    False,
    "the gradient of a function, as a function of the same inputs",
    "f(x, y) = x^2 y\ngrad(f)\ngrad(f, wrt=y)(3, 5)\ngrad(f, all)(3, 5)",
)
_announce(
    "value_and_grad",
    True,
    "a function's outputs and its gradient, computed together",
    "f(x, y) = x^2 y\nvalue_and_grad(f, wrt=(x, y))(3, 5)",
)


@structure
class Nth(Operator):
    """What primes and `derivative` give: one variable, differentiated so many times."""

    order: int = 1
    summed: bool = False

    @property
    def differentiations(self) -> int:
        """The order."""
        return self.order

    def title(self) -> str:
        """Such as f'', derivative(f, 5) or derivative(f, 2, wrt=x)."""
        if self.targets.names is not None:
            (name,) = self.targets.labels(self.of)
            return f"derivative({self.of.name}, {self.order}, wrt={name})"
        if self.order <= 3 and self.of.name.isidentifier():
            return self.of.name + "'" * self.order
        return f"derivative({self.of.name}, {self.order})"

    def options(self) -> tuple[Value, ...]:
        """What else it was asked for."""
        return (self.order,)

    def derive(self, caller: Caller, traced: Traced, span: Span) -> Value:
        """The derivative: by a number of the outputs' structure, by a tensor, of the outputs' sum, of the tensor's."""
        flat = list(nodes_in(traced.wrt))
        roots = real_outputs(traced.outputs, self.of, span)
        if not roots:
            return map_nodes(traced.wrt, lambda node: filled(0.0, node))
        base = base_of(self.of).order
        if self._by_number(traced):
            found = expanded(caller, roots, [flat], self.order, traced.given, span, base)
            self._watch(roots, flat, [node for parts in found for node in parts.values()], traced)
            each = {root: parts.get((self.order,), filled(0.0, root)) for root, parts in zip(roots, found, strict=True)}
            result: Value = map_items(traced.outputs, lambda item: each[item] if isinstance(item, Node) else 0.0)
            return result
        scalar = len(flat) == 1 and flat[0].shape == ()
        many = len(roots) > 1 or any(size_of(root.shape) != 1 for root in roots)
        self.summed = many or (self.order > 1 and any(size_of(node.shape) != 1 for node in flat))
        lower = 0 if scalar and self.order > 1 else 1
        nodes = gradient(roots, flat) if lower else (total(roots),)
        if self.order > lower:
            found = expanded(caller, nodes, [flat], self.order - lower, traced.given, span, base + lower)
            self._watch([*roots, *nodes], flat, [node for parts in found for node in parts.values()], traced)
            nodes = tuple(
                parts.get((self.order - lower,), filled(0.0, node)) for parts, node in zip(found, nodes, strict=True)
            )
        return map_nodes(traced.wrt, dict(zip(flat, nodes, strict=True)).__getitem__)

    def _watch(self, outputs: Sequence[Node], by: Sequence[Node], found: Sequence[Node], traced: Traced) -> None:
        """Have what is watched take an expansion's graph for its numbers only off all edges, and while it is finite.

        Raises:
            Elsewhere: where it is not so at this point.
        """
        watch = here.watch
        if watch is None or watch.of is not self:
            return
        from gradcli.core.analysis.at_edges import numbers, those_at, with_edges

        edged = with_edges(outputs, by)
        needed = list(dict.fromkeys([*found, *(n for edge in edged for n in (*edge.args, edge))]))
        point = point_of(reachable(needed), traced.given or {}, within=True)
        if point is None:
            raise Elsewhere
        values = dict(zip(needed, numbers(needed, point), strict=True))
        if not all(is_finite(values[node]) for node in found) or those_at(edged, values):
            raise Elsewhere
        watch.off_edges += edged
        watch.finite += found

    def note(self, result: Value) -> str | None:
        """That numbers were summed on the way, where they were."""
        return SUMMED if self.summed else None

    def _by_number(self, traced: Traced) -> bool:
        """Whether several numbers are differentiated by one, each by itself."""
        flat, outputs = list(nodes_in(traced.wrt)), list(nodes_in(traced.outputs))
        one = not isinstance(traced.outputs, tuple) and len(outputs) == 1 and outputs[0].shape == ()
        return not one and len(flat) == 1 and flat[0].shape == () and bool(outputs)

    def at_corners(self, caller: Caller, traced: Traced, result: Value, span: Span) -> Value:
        """An expansion as numbers has seen to it already."""
        expanded_here = traced.given is not None and not has_free(traced.given.values())
        expanded_here |= here.watch is not None and here.watch.of is self
        if expanded_here and (self.order > 1 or self._by_number(traced)):
            return result
        return super().at_corners(caller, traced, result, span)

    def lower(self, traced: Traced) -> list[Node]:
        """The derivative of one order less."""
        outputs, flat = float_outputs(traced), list(nodes_in(traced.wrt))
        if self.order == 1 or not outputs:
            return outputs
        (found,) = partials([total(outputs)], [flat], self.order - 1)
        return [found[e] for e in ((self.order - 1,),) if e in found]

    def rows(self, result: Value) -> Rows:
        """Each output's derivative, by its number where there are several."""
        (label,) = self.labels()
        nodes = list(nodes_in(result))
        if len(nodes) == 1:
            return ((label, nodes[0]),)
        return tuple((replace(label, of=f"{label.of}[{i}]"), node) for i, node in enumerate(nodes))

    def labels(self) -> tuple[Partial, ...]:
        """The one derivative."""
        label = base_of(self.of)
        (name,) = self.targets.labels(self.of)
        for _ in range(self.order):
            label = label.then(name)
        return (label,)


def nth_derivative(function: Function, span: Span, order: int = 1, what: str = "a prime") -> Nth:
    """The derivative of some order of a function of one variable.

    Raises:
        LanguageError: if it has another number of inputs.
    """
    order = to_order(order, span)
    required = [i.name for i in function.inputs if isinstance(i.default, Required)]
    if len(required) != 1 or required[0] != function.inputs[0].name:
        names = ", ".join(i.name for i in function.inputs)
        written = f"derivative({function.name}, {order}, wrt=" if order > 1 else f"grad({function.name}, wrt="
        raise fail(
            "derivative",
            f"{what} needs a function of one variable, and `{function.name}` has "
            f"{len(function.inputs) or 'none'}{f': {names}' if names else ''}",
            span,
            f"write {written}{function.inputs[0].name})" if function.inputs else None,
        )
    return Nth(function, Targets((0,), one_position=True), order)


@builtin(
    "the derivative of any order by one variable, which wrt= names where there are several; f'' is derivative(f, 2)",
    example="derivative(x^3)\nderivative(sin, 4)(1), sin(1)\nderivative((x, y) -> x^3 y, 2, wrt=x)(3, 5)",
)
def derivative(call: Call, fn: Function, order: Value = 1, wrt: Names | None = None) -> Function:
    """That derivative; of order 0 it is the function itself.

    Raises:
        LanguageError: for an order that is none, for a function of several variables without `wrt`, for several names.
    """
    n = to_order(order, call.span)
    made: Function
    if wrt is None:
        made = nth_derivative(fn, call.span, max(n, 1), "derivative")
    else:
        if len(wrt.items) != 1:
            raise fail(
                "derivative",
                f"derivative is by one variable, and wrt= names {len(wrt.items) or 'none'}",
                call.span,
                "derivatives(f, order=2, wrt=(x, y)) has every partial",
            )
        made = Nth(fn, make_targets(fn, 0, None, wrt, call.span), max(n, 1))
    return fn if n == 0 else made


def to_order(value: Value, span: Span) -> int:
    """An order of differentiation.

    Raises:
        LanguageError: for one that is no whole number, negative, or beyond what float64 holds.
    """
    order = to_int(value, span, "the order")
    if order < 0:
        raise fail("value", f"the order can't be {order}", span, "orders are 0, 1, 2, ...")
    if order > HIGHEST_ORDER:
        raise fail(
            "value",
            f"order {order:,} is too high: derivatives of that order don't fit a float64",
            span,
            f"at most {HIGHEST_ORDER:,}",
        )
    return order


@builtin(
    "inside a function: the derivative of a value with respect to inputs, one after the other",
    by_inputs=True,
    example="f(x, t) = diff(sin(x t), t)\nf(2, 0)",
)
def diff(call: Call, u: Value, *x: Value) -> Value:
    """The derivative of a value with respect to inputs or parameters, one after the other.

    By numbers it is that of each element; where a tensor is among them, each time of the sum.

    Raises:
        LanguageError: for a variable that the value isn't a function of in this place.
    """
    span = call.span
    if not x:
        raise fail("derivative", "diff needs a variable behind the value", span, "such as diff(u, x)")
    for variable in x:
        if not isinstance(variable, (Input, Parameter)):
            raise fail(
                "derivative",
                f"diff needs an input or a parameter to differentiate by, and this is {describe(variable)} here",
                span,
                "inside a function, name one of its inputs; elsewhere define f and use grad(f)",
            )
        real_input(variable, variable.name, span)
    roots = list(nodes_in(u))
    if not roots and not isinstance(u, (int, float)):
        raise fail("derivative", f"diff needs a number or a tensor, not {describe(u)}", span)
    for root in roots:
        real_input(root, "the value", span)
    by = [variable for variable in x if isinstance(variable, Node)]
    if all(variable.shape == () for variable in by) and any(root.shape != () for root in roots):
        result: Value = map_items(u, lambda item: _each(item, by) if isinstance(item, Node) else 0.0)
    else:
        result = summed_partial(roots, by)
    refuse_counts(by, span)
    return result


def _each(root: Node, by: Sequence[Node]) -> Node:
    """The derivative of each element by numbers, one after the other."""
    distinct = list(dict.fromkeys(by))
    (found,) = partials([root], [[x] for x in distinct], len(by))
    return found.get(tuple(by.count(x) for x in distinct), filled(0.0, root))
