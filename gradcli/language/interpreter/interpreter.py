"""Evaluation of syntax: tensors become graph, everything around them happens here and now."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gradcli.core.engines.evaluation import FreeInputError, evaluate
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Constant, Node, Parameter, computed_constant
from gradcli.core.ir.promotion import coerce
from gradcli.core.library.functions import stack
from gradcli.core.library.indexing import index
from gradcli.core.library.random import Random
from gradcli.language.calls.arguments import bind, input_at, is_plain_call
from gradcli.language.calls.builtin import Builtin, same
from gradcli.language.calls.combined import Lifted, any_function
from gradcli.language.calls.compare import compared
from gradcli.language.calls.expressions import CALCULATED, Evaluated
from gradcli.language.calls.functions import Chain, UserFunction, define
from gradcli.language.calls.items import item_of, known_mask, listed
from gradcli.language.calls.operations import binary, of_numbers, part_named, truth, unary
from gradcli.language.calls.programs import Repeated, result_of_call
from gradcli.language.calls.reach import Reach, reach_of
from gradcli.language.calls.tracing import values_now
from gradcli.language.calls.weights import at_weights
from gradcli.language.derivatives.base import Operator
from gradcli.language.derivatives.labels import labelled
from gradcli.language.interpreter.arrays import parts_of, plain_array, ragged
from gradcli.language.interpreter.meant import difference_of, names_meant, product
from gradcli.language.interpreter.printing import said
from gradcli.language.interpreter.statements import Statements
from gradcli.language.library.methods import attribute_of
from gradcli.language.library.names import builtins
from gradcli.language.library.units import Unit
from gradcli.language.text import syntax as s
from gradcli.language.text.build import identifier
from gradcli.language.text.diagnostics import Diagnostic, Label, LanguageError, Span, fail
from gradcli.language.text.refusals import REFUSALS, refused
from gradcli.language.values.convert import known_value, to_int, to_node
from gradcli.language.values.describe import describe, not_called
from gradcli.language.values.findings import Uncertain
from gradcli.language.values.nesting import distinct_nodes, fold, map_nodes, require_shallow, require_walkable
from gradcli.language.values.values import Frame, Function, Named, Names, Parameters, Value, Zipped
from gradcli.language.values.watching import spoil


@dataclass
class Interpreter(Statements):
    """What evaluates expressions and does what statements say."""

    # Expressions.

    def evaluate(self, node: s.Expression, frame: Frame | None = None) -> Value:
        """The value of an expression.

        Raises:
            LanguageError: with the place in the text, for whatever can't be evaluated.
        """
        try:
            value = _EVALUATE[type(node)](self, node, frame)
        except REFUSALS as error:
            raise refused(error, node.span) from error
        return self._placed(value, node.span) if self.at_top else value

    def _name(self, node: s.Name, frame: Frame | None) -> Value:
        return self.look_up(node.id, frame, node.span)

    def _literal(self, node: s.Literal, frame: Frame | None) -> Value:
        value: Any = node.value
        return value  # type: ignore[no-any-return]

    def _tuple(self, node: s.Tuple, frame: Frame | None) -> Value:
        return tuple(self.evaluate(item, frame) for item in node.items)

    def _array(self, node: s.Array, frame: Frame | None) -> Value:
        plain = plain_array(node, self.dtype)
        if plain is not None:
            return plain
        parts = parts_of(node, lambda item: self.evaluate(item, frame))
        items = [to_node(value, self.dtype, item.span) for item, value in parts]
        for (item, _), before, after in zip(parts[1:], items, items[1:], strict=False):
            if before.shape != after.shape:
                raise ragged(item.span, before.shape, after.shape)
        return stack(coerce(items))

    def _unary(self, node: s.Unary, frame: Frame | None) -> Value:
        return unary(self, node.operator, self.evaluate(node.operand, frame), node.span)

    def _binary(self, node: s.Binary, frame: Frame | None) -> Value:
        # A long sum leans to the left: walk down that side in a loop, so that its length costs no stack.
        spine = [node]
        while isinstance(spine[-1].left, s.Binary):
            spine.append(spine[-1].left)
        meant = self.quotient_of_differentials(spine[-1], frame) if spine[-1].operator == "/" else None
        if meant is not None:
            spine.pop()
        value = self.evaluate(spine[-1].left if meant is None else meant, frame)
        for step in reversed(spine):
            if step.operator in ("and", "or") and isinstance(value, bool) and value is (step.operator == "or"):
                continue
            right = self.evaluate(step.right, frame)
            try:
                found = of_numbers(step.operator, value, right)
                if found is not None:
                    value = found
                elif step.operator == "*":
                    value = product(self, step, value, right)
                else:
                    value = binary(self, step.operator, value, right, step.span)
            except REFUSALS as error:
                raise refused(error, step.span) from error
            if self.at_top:
                self._placed(value, step.span)
        return value

    def _compare(self, node: s.Compare, frame: Frame | None) -> Value:
        values = [self.side(operand, node.operators, frame) for operand in node.operands]
        if len(values) == 2 and all(isinstance(value, (int, float)) for value in values):
            return compared(self, node.operators[0], values[0], values[1], node.span)
        result: Value = True
        for operator, left, right in zip(node.operators, values, values[1:], strict=False):
            result = binary(self, "and", result, compared(self, operator, left, right, node.span), node.span)
        return result

    def _conditional(self, node: s.Conditional, frame: Frame | None) -> Value:
        condition = truth(self.evaluate(node.condition, frame), node.condition.span)
        if not isinstance(condition, bool) and self._recursing:
            # Traced on both sides a recursion would never end; what decides it is then no variable any more.
            known = known_value(condition, "what ends a recursion")
            condition = condition if known is None else bool(known)
        if isinstance(condition, bool):
            return self.evaluate(node.yes if condition else node.no, frame)
        yes, no = self.evaluate(node.yes, frame), self.evaluate(node.no, frame)
        require_walkable(yes, no)
        return self._choose(condition, yes, no, node.span, node.yes.span, node.no.span)

    def _choose(self, condition: Node, yes: Value, no: Value, span: Span, of_yes: Span, of_no: Span) -> Value:
        if isinstance(yes, tuple) and isinstance(no, tuple) and len(yes) == len(no):
            pairs = zip(yes, no, strict=True)
            return tuple(self._choose(condition, a, b, span, of_yes, of_no) for a, b in pairs)
        where = builtins()["where"]
        assert isinstance(where, Function)
        both = (to_node(yes, self.dtype, of_yes), to_node(no, self.dtype, of_no))
        return where.call(self, (condition, *both), span)

    def chosen(self, condition: Node, yes: Value, no: Value) -> Value:
        """One value or the other, of a choice between blocks.

        Raises:
            LanguageError: for values that are neither numbers nor tensors, and differ.
        """
        try:
            return self._choose(condition, yes, no, self.choice, self.choice, self.choice)
        except LanguageError as error:
            d = error.diagnostic
            what = "which of the two values is taken depends on what is not known here"
            raise fail(d.kind, f"{what}: {d.message}", d.span, d.hint) from None

    def _attribute(self, node: s.Attribute, frame: Frame | None) -> Value:
        return self.present(attribute_of(self.evaluate(node.value, frame), node.name, node.span))

    def _subscript(self, node: s.Subscript, frame: Frame | None) -> Value:
        value = self.evaluate(node.value, frame)
        if isinstance(value, Named):
            return part_named(value, [isinstance(i, s.Slice) or self.evaluate(i, frame) for i in node.items], node.span)
        items = list(self.index_items(node, frame))
        if isinstance(value, (Parameters, Chain)):
            value = value.nodes if isinstance(value, Parameters) else value.parts
        if isinstance(value, (tuple, str)):
            return item_of(value, items, node.span)
        if not isinstance(value, Node):
            hint = "to call it, use ( )" if isinstance(value, Function) else None
            raise fail("type", f"{describe(value)} can't be indexed", node.span, hint)
        return index(value, tuple(items))

    def index_items(self, node: s.Subscript, frame: Frame | None) -> tuple[Any, ...]:
        """The items of an index, evaluated."""
        return tuple(self._index(item, frame) for item in node.items)

    def _index(self, item: s.Expression | s.Slice, frame: Frame | None) -> Any:
        if isinstance(item, s.Slice):
            bounds = (item.start, item.stop, item.step)
            return slice(*(b and to_int(self.evaluate(b, frame), b.span, "a bound of a slice") for b in bounds))
        value = self.evaluate(item, frame)
        if value is None or value is Ellipsis or (isinstance(value, Node) and _picks(value)):
            return known_mask(self, value, item.span) if isinstance(value, Node) else value
        return to_int(value, item.span, "an index")

    def _lambda(self, node: s.Lambda, frame: Frame | None) -> Value:
        names = [p.name for p in node.parameters]
        head = names[0] if len(names) == 1 else f"({', '.join(names)})"
        # What is written as an expression, and made a function of its variable, is called by its text.
        name = node.body.span.title if node.span == node.body.span else f"{head} -> {node.body.span.title}"
        return define(self, name, node.parameters, (s.Return(node.body.span, node.body),), frame)

    def _call(self, node: s.Call, frame: Frame | None) -> Value:
        return self.apply(self._called(node.function, frame), node, frame)

    def _called(self, node: s.Expression, frame: Frame | None) -> Value:
        if isinstance(node, s.Name):
            return self.look_up(node.id, frame, node.span, called=True)
        return self.function_or_value(node, frame)

    def apply(self, function: Value, node: s.Call, frame: Frame | None = None) -> Value:
        """The result of a call whose function has been evaluated."""
        plain = self._plain_calls.get(node) if frame is None else None
        if plain is not None and plain.function is function and self.settled_calls:
            given = [self.evaluate(argument) for argument in node.arguments]
            if Uncertain not in map(type, given):
                return self._settled(plain, given, node.span)
        if isinstance(function, Unit):
            function = function.conversion
        if not isinstance(function, Function) and (difference := difference_of(node)) is not None:
            # `limit - 2`, where limit is a number.
            return binary(self, difference.operator, function, self.evaluate(difference.operand, frame), node.span)
        if not isinstance(function, Function):
            raise not_called(node.function.span, describe(function), _multiplies(function))
        if isinstance(function, Builtin) and function.by_inputs and len(node.arguments) > 1:
            of, *by = node.arguments
            names = [name for name in by if isinstance(name, s.Name)]
            if len(names) == len(by) and not node.keywords:
                return self.differentiated(node, of, names, frame)
        written, node = node, self.of_its_variable(function, self.of_a_call(function, node, frame), frame)
        positional: list[Value] = []
        for argument in node.arguments:
            positional.append(self._argument(argument, function, positional, frame))
        keywords = {}
        for keyword in node.keywords:
            if keyword.name in keywords:
                raise fail("type", f"`{keyword.name}` is given twice", keyword.span, "give it once")
            unevaluated = any(i.names and i.name == keyword.name for i in function.inputs)
            keywords[keyword.name] = names_meant(keyword.value) if unevaluated else self.evaluate(keyword.value, frame)
        if "params" in keywords and not any(i.name == "params" for i in function.inputs):
            function = at_weights(self, function, keywords.pop("params"), node.span)
        if node.function.span.text == "|" and positional and isinstance(positional[0], Node) and positional[0].shape:
            hint = "write `norm(v)` for the length of a vector, `abs(v)` for each of its elements"
            raise fail("type", f"`{node.span.title}` can be read in two ways: it is no number", node.span, hint)
        if Uncertain in map(type, positional) and not any(isinstance(v, Function) for v in positional):
            propagate = builtins()["propagate"]
            assert isinstance(propagate, Function)
            return propagate.call(self, (function, tuple(positional)), node.span)
        if function.name == "norm":
            self.note_hidden_partials(node, positional, frame)
        values = bind(function, positional, keywords, node)
        if isinstance(function, Builtin) and function.of_tensor is not same and any_function(function, values):
            return Lifted(function, tuple(values))
        if isinstance(function, UserFunction) and self.outermost and self.trail.called is None:
            self.trail.called = function, values
        if frame is None and self.settled_calls:
            call = Repeated(function)
            value = self._settled(call, values, node.span)
            if node is written and is_plain_call(function, node):
                self._plain_calls[node] = call
            return value
        try:
            return function.call(self, values, node.span)
        except LanguageError as error:
            raise _called_here(error, node.span) from None

    def _settled(self, call: Repeated, values: Sequence[Value], span: Span) -> Value:
        """What a call at the top level gives; remembered where a program has computed it."""
        try:
            value, computed = call.result(self, values, span)
        except LanguageError as error:
            raise _called_here(error, span) from None
        self._computed = value if computed else None
        return value

    def _argument(self, node: s.Expression, function: Function, before: Sequence[Value], frame: Frame | None) -> Value:
        """An argument's value; where a function is wanted, an expression with free names is that of them."""
        formal = input_at(function, len(before))
        if formal is not None and formal.function:
            return self.function_wanted(node, frame)
        if formal is not None and formal.sequence and isinstance(node, s.Array):
            return tuple(value for _, value in parts_of(node, lambda item: self.evaluate(item, frame)))
        if formal is not None and formal.name == "grad_position" and before and isinstance(before[0], Function):
            names = _inputs_named(node, before[0])
            if names is not None:
                return names
        return self.evaluate(node, frame)

    # Functions, and what stands at the top level.

    def looks_into_itself(self, function: Function) -> bool:
        """Whether a function's text leads to itself."""
        return self._reach(function).itself

    def needs_inputs(self, function: Function, values: Sequence[Value]) -> bool:
        """Whether a function called with some values may differentiate by its inputs, so that they must be its own."""
        # A function that is handed over may differentiate by what it is called with.
        return any(map(_holds_a_function, values)) or self._reach(function).by_inputs

    def _reach(self, function: Function) -> Reach:
        """What its text leads to; told once, as long as no name changes that it may find."""
        at_top = not isinstance(function, UserFunction) or function.frame is None
        told = self._reaches if at_top else self._inner_reaches
        if id(function) not in told:
            # The function is held with it, so that no other gets its identity.
            told[id(function)] = function, reach_of(self, function, self._reach)
        return told[id(function)][1]

    def result(self, expression: s.Expression) -> Value:
        """The value of an expression at the top level, computed; a derivative's parts keep their names."""
        if isinstance(expression, s.Tuple):
            return self.settle(tuple(map(self.result, expression.items)), expression.span)
        if isinstance(expression, s.At):
            return self._at_top(expression)
        if isinstance(expression, s.Beside) and expression.power is None:
            called = self.exponent_called(expression, None)
            if called is not None:
                return self.settle(called, expression.span)
            # Looked at twice, and the first time costs little: what is beside a number is multiplied.
            function = self.function_or_value(expression.function, None)
            if isinstance(function, Operator):
                expression = s.Call(expression.span, expression.function, expression.arguments, ())
        if isinstance(expression, CALCULATED) and self.settled_calls:
            found, computed = result_of_call(self, Evaluated(expression), (), expression.span)
            return found if computed else self.settle(found, expression.span)
        if not isinstance(expression, s.Call):
            return self.settle(self.evaluate(expression), expression.span)
        function = self._called(expression.function, None)
        found = self.apply(function, expression)
        if found is not None and found is self._computed:
            return found
        value = self.settle(self._placed(found, expression.span), expression.span)
        return labelled(function, value) if isinstance(function, Operator) else value

    def _at_top(self, node: s.At) -> Value:
        value = self.settle(self._at(node, None), node.span)
        function = self.called(node)
        return labelled(function, value) if isinstance(function, Operator) else value

    def shown(self, expression: s.Expression) -> tuple[Value, bool]:
        """The value of an expression that stands by itself, and whether it is a function since names have no value."""
        free = {} if isinstance(expression, s.Name) else self.free(expression, None)
        drawn = self.random.drawn
        try:
            return self.result(expression), False
        except LanguageError as error:
            # A branch that isn't taken may mention what has no value.
            at = error.diagnostic.span
            if error.diagnostic.kind != "name" or at is None or identifier(at.text.strip("() \t\n")) not in free:
                raise
            found = self.of_free(expression, None)
            if found is None:
                raise
            self.random = Random(self.random.seed, drawn)
            return found, True

    def tell(self, statement: s.Print, frame: Frame | None) -> None:
        """Say what a `print` says, with the values of this call."""
        spoil()
        known = True

        def now(expression: s.Expression) -> Value:
            nonlocal known
            value = self.result(expression) if frame is None else self.evaluate(expression, frame)
            pending = [n for n in distinct_nodes(value) if not isinstance(n, Constant)]
            try:
                data = values_now(pending)
            except REFUSALS as error:
                raise refused(error, expression.span) from error
            if data is None:
                known = False
                return describe(value)
            return map_nodes(value, lambda n: computed_constant(data[n], n.dtype) if n in data else n)

        found = said(statement, now)
        if not known:
            found = replace(found, known=False)
        if self._heard is None:
            self.told(found)
        else:
            self._heard.append(found)

    def settle(self, value: Value, span: Span) -> Value:
        """The value with every tensor in it computed; a parameter stays the parameter that it is."""
        if value.__class__ in _WITHOUT_TENSORS:
            return value
        try:
            require_shallow(value)
        except REFUSALS as error:
            raise refused(error, span) from None
        if isinstance(value, (tuple, Zipped)):
            value = listed(value, span)
        pending = [n for n in distinct_nodes(value) if not isinstance(n, Constant) and not isinstance(n, Parameter)]
        if not pending:
            return value
        try:
            data = evaluate(pending)
        except FreeInputError:
            what = "this must be known before the function is called"
            raise fail("value", what, span, "take it out of the function") from None
        except REFUSALS as error:
            raise refused(error, span) from error
        data = tuple(self._final(pending, data))
        done: dict[Node, Node] = {}
        for node, result in zip(pending, data, strict=True):
            done[node] = computed_constant(result, node.dtype)
        return map_nodes(value, lambda n: done.get(n, n))


_WITHOUT_TENSORS = frozenset((bool, int, float, str))
_EVALUATE: Mapping[type, Callable[[Interpreter, Any, Frame | None], Value]] = {
    s.Name: Interpreter._name,
    s.Literal: Interpreter._literal,
    s.Tuple: Interpreter._tuple,
    s.Array: Interpreter._array,
    s.Unary: Interpreter._unary,
    s.Binary: Interpreter._binary,
    s.Compare: Interpreter._compare,
    s.Conditional: Interpreter._conditional,
    s.Attribute: Interpreter._attribute,
    s.Subscript: Interpreter._subscript,
    s.Prime: Interpreter._prime,
    s.Lambda: Interpreter._lambda,
    s.Call: Interpreter._call,
    s.Beside: Interpreter._beside,
    s.At: Interpreter._at,
    s.Interval: Interpreter._interval,
    s.Comprehension: Interpreter._comprehension,
    s.Partial: Interpreter._partial,
    s.Nabla: Interpreter._nabla,
}


def _holds_a_function(value: Value) -> bool:
    found: bool = fold(value, lambda item: isinstance(item, Function), any)
    return found


def _inputs_named(node: s.Expression, function: Function) -> Names | None:
    """The inputs of a function that stand where positions may, by their names; None where it is anything else."""
    names = node.items if isinstance(node, s.Tuple) else (node,)
    inputs = {i.name for i in function.inputs}
    if not names or not all(isinstance(name, s.Name) and name.id in inputs for name in names):
        return None
    return Names(
        tuple((name.id, name.span) for name in names if isinstance(name, s.Name)), not isinstance(node, s.Tuple)
    )


def _picks(value: Node) -> bool:
    """Whether an index is a tensor that picks, not one number that is known: those keep the graph simple."""
    return value.shape != () or (value.dtype is not DType.BOOL and known_value(value) is None)


def _multiplies(value: Value) -> bool:
    return isinstance(value, (int, float, Node)) and not isinstance(value, bool)


def _called_here(error: LanguageError, span: Span) -> LanguageError:
    """The same mistake, with the call that led to it as a second place, if it lies elsewhere."""
    d = error.diagnostic
    inside = (
        d.span is not None and span.source is d.span.source and span.start <= d.span.start and d.span.end <= span.end
    )
    if d.span is None or inside or len(d.labels) >= 2 or any(label.span == span for label in d.labels):
        return error
    labels = (*d.labels, Label(span, "called from here"))
    return LanguageError(Diagnostic(d.kind, d.message, d.span, d.hint, labels, d.severity))
