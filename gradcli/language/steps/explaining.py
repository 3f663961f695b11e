"""How a derivative is found, rule by rule, and at a point with all numbers and the tape of both sweeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isnan

from gradcli.core.formula.algebra import UnreadableError
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.exact import PI, E
from gradcli.core.ir.nodes import Constant, Input, Node, constant, fresh_input, name_of
from gradcli.core.ir.traversal import reachable
from gradcli.core.steps.tape import Row, choose, derivatives_at, tape
from gradcli.core.steps.tree import Step
from gradcli.core.steps.tree import steps_of as tree_of
from gradcli.language.calls.builtin import Builtin
from gradcli.language.derivatives.base import base_of
from gradcli.language.derivatives.spelling import spellings_of
from gradcli.language.steps.asked import Asked, asked, formula_of, symbols_of, traced
from gradcli.language.text.diagnostics import Source, Span, fail, near
from gradcli.language.text.parse import parse_expression
from gradcli.language.text.syntax import names_in
from gradcli.language.values.convert import to_node
from gradcli.language.values.describe import describe
from gradcli.language.values.explanations import Derivation, Steps
from gradcli.language.values.nesting import leaves
from gradcli.language.values.values import Caller, Frame, Function, Names, Value

# Each order's steps are as many again.
HIGHEST_ORDER = 5
MOST_DERIVATIONS = 12
AT_A_CORNER = "a corner: the numbers follow the convention of each function there, and the derivative has no value"


def steps_of(caller: Caller, fn: Function, point: Sequence[Value], span: Span, by: Names | None = None) -> Steps:
    """The steps of a derivative, or of a function's derivatives by some of its inputs, all where none is named.

    Raises:
        LanguageError: for functions of tensors, and derivatives that nobody finds by such rules.
    """
    meant = asked(fn, span, "steps")
    if by is not None:
        inputs = [i.name for i in meant.function.inputs]
        for name, where in by.items:
            if name not in inputs:
                hint = near(name, inputs) or f"it has {', '.join(inputs)}"
                raise fail("name", f"`{meant.function.name}` has no input `{name}`", where, hint)
        meant = Asked(meant.function, tuple((name,) for name, _ in by.items))
    highest, total = max(map(len, meant.by)), sum(map(len, meant.by))
    if highest > HIGHEST_ORDER or total > MOST_DERIVATIONS:
        what = f"order {highest}" if highest > HIGHEST_ORDER else f"{total} derivatives"
        hint = f"at most order {HIGHEST_ORDER}, and {MOST_DERIVATIONS} derivatives at once"
        raise fail("value", f"the steps of {what} are more than anybody reads", span, hint)
    values = symbols_of(meant.function, span, "steps")
    at = _at(caller, meant.function, values, point, span)
    found = [d for names in meant.by for d in _Explainer(caller, meant, values, at, span).derivations(names)]
    corner = any(d.tape and d.value is not None and isnan(d.value) and not isnan(d.tape[-1].tangent) for d in found)
    shown = tuple((name_of(node), float(value.value)) for node, value in at.items() if isinstance(value, Constant))
    return Steps(fn.name, shown, tuple(found), AT_A_CORNER if corner else None)


def _at(
    caller: Caller, function: Function, values: Sequence[Value], point: Sequence[Value], span: Span
) -> dict[Node, Node]:
    """What each symbol is at the point; nothing without one.

    Raises:
        LanguageError: for a point with another count of numbers than the function has inputs, or with anything else.
    """
    inputs = [value for value in values if isinstance(value, Input)]
    given = [item for value in point for item in (value if isinstance(value, tuple) else (value,))]
    if not given:
        return {}
    if len(given) != len(inputs):
        names = ", ".join(i.name for i in inputs)
        name = function.name if function.name.isidentifier() else "f"
        raise fail(
            "type",
            f"the point has {len(given)} {'number' if len(given) == 1 else 'numbers'}, and `{function.name}` has "
            f"{len(inputs)} {'input' if len(inputs) == 1 else 'inputs'}: {names}",
            span,
            f"such as steps({name}, {', '.join(str(n + 1) for n in range(len(inputs)))})",
        )
    found: dict[Node, Node] = {}
    for node, value in zip(inputs, given, strict=True):
        number = caller.settle(value, span)
        if isinstance(number, bool) or not isinstance(number, (int, float, Node)):
            raise fail("type", f"steps are shown at a point of numbers, not {describe(number)}", span)
        known = to_node(number, caller.dtype, span)
        if not isinstance(known, Constant) or known.shape != ():
            hint = "without a point the steps are those of any number"
            raise fail("type", f"steps are shown at a point of numbers, not {describe(number)}", span, hint)
        found[node] = constant(float(known.value), DType.FLOAT64)
    return found


class _Explainer:
    """Finds the derivations that lead to one derivative."""

    def __init__(
        self, caller: Caller, meant: Asked, values: Sequence[Value], at: Mapping[Node, Node], span: Span
    ) -> None:
        self._caller, self._meant, self._values, self._at, self._span = caller, meant, values, at, span
        # What is differentiated in the next step is a graph of these, each of which has a value at the point.
        self._inputs = {value.name: value for value in values if isinstance(value, Input)}
        self._point = at
        self._spellings = spellings_of(meant.function)

    def derivations(self, by: Sequence[str]) -> list[Derivation]:
        """One for each order: what a derivative is of is the simplified formula of the one before."""
        function, span = self._meant.function, self._span
        node = traced(self._caller, function, self._values, span, "steps")
        if any(n.kind == "ruled" for n in reachable([node])):
            told = f"`{function.name}` has no steps to show: it has a derivative that was given to it"
            raise fail("derivative", told, span, "steps are those of the rules; leave with_derivative and its like out")
        label = base_of(function)
        found: list[Derivation] = []
        for order, name in enumerate(by, 1):
            label = label.then(name)
            derivative = self._meant.derivative(by[:order], span)
            simplified = formula_of(self._caller, derivative, span)
            found.append(self._one(node, name, order, str(label), derivative, simplified.text, simplified.definitions))
            if order < len(by):
                if simplified.text is None:
                    message = f"`{label}` has no formula to differentiate: {simplified.reason}"
                    raise fail("derivative", message, span, f"ask for order {order} alone")
                node = self._read(simplified.text, simplified.definitions)
        return found

    def _read(self, text: str, definitions: Sequence[tuple[str, str]]) -> Node:
        """A formula as a graph of symbols of its own, so that its parts come in the order of the text."""
        fresh = {name: fresh_input(name, (), DType.FLOAT64) for name in self._inputs}
        self._point = {fresh[name]: self._point[old] for name, old in self._inputs.items() if old in self._point}
        self._inputs = fresh
        frame = Frame({"e": E, "pi": PI, **fresh})
        for name, part in definitions:
            frame.names[name] = self._evaluated(part, frame)
        return to_node(self._evaluated(text, frame), DType.FLOAT64, self._span)

    def _evaluated(self, text: str, frame: Frame) -> Value:
        """A formula, whose functions are built-ins.

        Raises:
            LanguageError: where a definition hides one of them, so that the text would be another function.
        """
        expression = parse_expression(Source("<formula>", text))
        for name in names_in(expression):
            found = self._caller.find(name, None)
            if name not in frame.names and not (found and isinstance(found[0], Builtin)):
                message = f"`{name}` is hidden by a definition, and the formula of a derivative needs the built-in"
                raise fail("name", message, self._span, "choose another name for the definition")
        return self._caller.evaluate(expression, frame)

    def _one(
        self,
        node: Node,
        name: str,
        order: int,
        label: str,
        derivative: Function,
        simplified: str | None,
        definitions: tuple[tuple[str, str], ...],
    ) -> Derivation:
        variable = self._inputs[name]
        # No letter means one thing in the tree and another below it.
        names = [*self._inputs, *(name for name, _ in definitions)]
        try:
            tree = tree_of(node, variable, self._spellings, names)
            numbers: dict[Node, float] = {}
            taken: dict[Node, bool] = {}
            rows: tuple[Row, ...] = ()
            value = None
            if self._point:
                chosen, taken = choose(node, self._point)
                pieces = list(dict.fromkeys(_pieces(tree, taken)))
                numbers = dict(zip(pieces, derivatives_at(pieces, variable, self._point), strict=True))
                rows = tape(chosen, variable, self._point, self._spellings, names)
                value = self._value(derivative)
        except (UnreadableError, RecursionError) as error:
            reason = "it is nested too deeply" if isinstance(error, RecursionError) else error
            raise fail(
                "derivative",
                f"`{self._meant.function.name}` has no steps to show: {reason}",
                self._span,
                "steps are those of arithmetic and of functions of numbers",
            ) from None
        sign = "d" if label.startswith("d") else "∂"
        return Derivation(
            *(label, f"{sign}/{sign}{name}", tree.of, name, order, tree, simplified, definitions),
            *(numbers, taken, value, rows),
        )

    def _value(self, derivative: Function) -> float:
        """The derivative's value at the point, as it is shown: true at corners, or nan."""
        values = [self._at.get(v, v) if isinstance(v, Input) else v for v in self._values]
        (found,) = leaves(self._caller.settle(derivative.call(self._caller, values, self._span), self._span))
        node = to_node(found, DType.FLOAT64, self._span)
        assert isinstance(node, Constant)
        return float(node.value)


def _pieces(tree: Step, taken: Mapping[Node, bool]) -> list[Node]:
    """What is differentiated where the branches are taken that are."""
    found, stack = [], [tree]
    while stack:
        step = stack.pop()
        found.append(step.node)
        parts = step.parts
        if step.rule == "by cases":
            parts = parts[:1] if taken.get(step.node) else parts[1:]
        stack += parts
    return found
