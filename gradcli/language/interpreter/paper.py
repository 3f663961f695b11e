"""Evaluation of paper's notation: what stands beside what, intervals, derivatives by names, free names."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from gradcli.core.ir.nodes import Input, Node, Parameter
from gradcli.language.calls.announce import Call
from gradcli.language.calls.builtin import Builtin
from gradcli.language.calls.compare import NEARLY, Around
from gradcli.language.calls.operations import binary
from gradcli.language.derivatives.base import LONGEST_LABEL, Operator
from gradcli.language.interpreter.free import NAME, called_names, definition, free_names
from gradcli.language.interpreter.state import State
from gradcli.language.interpreter.unknown import foreign
from gradcli.language.library.units import Unit
from gradcli.language.text import syntax as s
from gradcli.language.text.diagnostics import Ambiguous, Diagnostic, Span, fail, near, shortened
from gradcli.language.text.paper import is_grouped
from gradcli.language.values.answers import is_answer
from gradcli.language.values.convert import known_value
from gradcli.language.values.describe import describe, not_called, raised_by, require_function
from gradcli.language.values.numbers import is_number
from gradcli.language.values.values import Formal, Frame, Function, Interval, Names, Value

# What nobody takes for anything but a variable.
VARIABLES = ("x", "y", "z", "t")
# A misspelt name of so many letters is a slip; a shorter one is a variable.
SHORTEST_SLIP = 3


class Paper(State):
    """What paper's notation means."""

    @abstractmethod
    def evaluate(self, node: s.Expression, frame: Frame | None = None) -> Value:
        """The value of an expression."""

    @abstractmethod
    def apply(self, function: Value, node: s.Call, frame: Frame | None = None) -> Value:
        """The result of a call whose function has been evaluated."""

    @abstractmethod
    def define(self, statement: s.Function, frame: Frame | None) -> Function:
        """The function that a definition makes."""

    @abstractmethod
    def settle(self, value: Value, span: Span) -> Value:
        """The value with every tensor in it computed."""

    @abstractmethod
    def needs_inputs(self, function: Function, values: Sequence[Value]) -> bool:
        """Whether a function called with some values needs inputs of its own."""

    @abstractmethod
    def run(self, function: Function, body: Sequence[s.Statement], frame: Frame, span: Span) -> Value:
        """What the body of a function returns."""

    @abstractmethod
    def items(self, value: Value, span: Span) -> Sequence[Value]:
        """The items to go through."""

    @abstractmethod
    def bind(self, targets: tuple[s.Name, ...], value: Value, frame: Frame) -> None:
        """Give a value to a name, or its items to several."""

    # Free names.

    def free(self, node: s.Expression, frame: Frame | None) -> dict[str, Span]:
        """The names in an expression that have no value, and where each stands first.

        Those of its arguments that are functions by themselves are not among them.
        """

        def inputs_of(name: str) -> Sequence[Formal]:
            found = self.find(name, frame)
            return found[0].inputs if found and isinstance(found[0], Builtin) else ()

        def quotient(part: s.Binary) -> object | None:
            found = self._of_differentials(part, frame)
            return None if found is None else (found[0].of, *(found[1] or ()))

        def is_known(name: str) -> bool:
            return is_answer(name) or self.find(name, frame) is not None

        return free_names(node, is_known, inputs_of, quotient)

    def _of_differentials(
        self, node: s.Binary, frame: Frame | None
    ) -> tuple[s.Partial, tuple[s.Expression, ...] | None] | None:
        """What `df/dx` differentiates, and what `df/dx(2)` is called with; None where it is any other division."""
        left, right = node.left, node.right
        called = isinstance(right, s.Call) and not right.keywords
        below = right.function if isinstance(right, s.Call) else right
        if node.operator != "/" or not isinstance(left, s.Name) or not isinstance(below, s.Name):
            return None
        if not (left.id[:1] == below.id[:1] == "d") or any(self.find(n.id, frame) for n in (left, below)):
            return None
        name, variable = left.id[1:], below.id[1:]
        found = self.find(name, frame)
        if found is None or not isinstance(found[0], Function) or all(i.name != variable for i in found[0].inputs):
            return None
        of, by = s.Name(left.span, name), s.Name(below.span, variable)
        return s.Partial(node.span, of, (by,)), right.arguments if called and isinstance(right, s.Call) else None

    def quotient_of_differentials(self, node: s.Binary, frame: Frame | None) -> s.Expression | None:
        """`df/dx`, or a call of it, as what it means; None where it is any other division."""
        found = self._of_differentials(node, frame)
        if found is None:
            return None
        partial, arguments = found
        return partial if arguments is None else s.Call(node.span, partial, arguments, ())

    def of_free(self, node: s.Expression, frame: Frame | None, name: str = NAME) -> Function | None:
        """An expression as a function of its free names, in the order of the text; None where it has none.

        Raises:
            LanguageError: for a free name that is a slip of a known one, or that is called.
        """
        free = self.free(node, frame)
        if isinstance(node, s.Name) or not free:
            return None
        calls = called_names(node)
        for unknown, span in free.items():
            known = self.known(frame)
            slip = len(unknown) >= SHORTEST_SLIP and near(unknown, known) is not None
            of = self.find(unknown[1:], frame) if unknown[:1] == "d" else None
            if of is not None and isinstance(of[0], Function):
                name = unknown[1:]
                hint = f"a derivative among other signs stands in brackets, as `(d{name}/dx)`"
                raise fail("name", f"unknown name `{unknown}`", span, hint)
            if unknown in calls or slip or foreign(unknown):
                self.look_up(unknown, frame, span, called=unknown in calls)
        if isinstance(node, s.Partial) and all(by.id in free for by in node.by):
            # Of the function, so that it is known where that has a value.
            text = node.of.span.text[1:-1] if is_grouped(node.of) else node.of.span.text
            title = text if name == NAME else shortened(text, LONGEST_LABEL + 1)
            return derivative_by(self.define(definition(node.of, tuple(free), title), frame), node.by)
        return self.define(definition(node, tuple(free), name), frame)

    def function_wanted(self, node: s.Expression, frame: Frame | None) -> Value:
        """What stands where a function may: an expression is that of its free names, or of one that has a number."""
        name = shortened(node.span.text, LONGEST_LABEL + 1)
        if isinstance(node, s.Compare) and node.operators == ("==",):
            # An equation, for whoever looks for a zero.
            node = s.Binary(node.span, "-", *node.operands)
        if isinstance(node, s.Name):
            if node.id in VARIABLES and self.find(node.id, frame) is None:
                return self.define(definition(node, (node.id,), name), frame)
            return self.look_up(node.id, frame, node.span, called=True)
        found = self.of_free(node, frame, name)
        if found is not None:
            return found
        value = self.evaluate(node, frame)
        if isinstance(value, Function) or frame is not None or isinstance(node, (s.Literal, s.Array)):
            return value
        numbers = [*free_names(node, lambda n: not self._is_number(n))]
        return self.define(definition(node, (numbers[0],), name), None) if len(numbers) == 1 else value

    def of_its_variable(self, function: Function, node: s.Call, frame: Frame | None) -> s.Call:
        """`limit(sin(x)/x, x, 0)`: where a variable without a value stands behind an expression, it is of that."""
        if len(node.arguments) < 2 or not function.inputs or not function.inputs[0].function:
            return node
        of, by, *rest = node.arguments
        second = function.inputs[1] if len(function.inputs) > 1 else None
        takes_names = second is None or second.names or second.variadic or second.name == "grad_position"
        if takes_names or not isinstance(by, s.Name) or isinstance(of, s.Name) or by.id not in set(s.names_in(of)):
            return node
        if self.find(by.id, frame) is not None and (frame is not None or not self._is_number(by.id)):
            return node
        lambda_ = s.Lambda(of.span, (s.Formal(by.span, by.id, None),), of)
        return s.Call(node.span, node.function, (lambda_, *rest), node.keywords)

    def _is_number(self, name: str) -> bool:
        """Whether a name stands for a number that was given at the top level."""
        value = self.scope.get(name, None)
        return is_number(value) or (isinstance(value, Node) and value.shape == ())

    # Products and calls.

    def warn_of_called_numbers(self, statement: s.Function) -> None:
        """Say at once that a definition calls what is a number now; it may be a function by the time of a call."""
        parts = s.inside(statement.body)
        own = {p.name for p in statement.parameters} | set(s.bound_in(statement.body))
        own |= {part.name.id for part in parts[s.Param]}
        for part in parts[s.Call]:
            if not isinstance(part.function, s.Name) or part.function.id in own:
                continue
            found = self.find(part.function.id, None)
            if found is not None and isinstance(found[0], (int, float, Node)) and not isinstance(found[0], Unit):
                rest = part.span.text[len(part.function.span.text) :]
                message = f"`{part.function.id}` is a number now, and can't be called"
                hint = f"to multiply, write `{part.function.id}*{rest}`"
                self.warnings.append(Diagnostic("type", message, part.span, hint, severity="warning"))

    def only_variable(self, node: s.Expression, frame: Frame | None) -> s.Name | None:
        """The one variable that an expression is of; None where it is of several."""
        found = {name: self.find(name, frame) for name in s.names_in(node)}
        names = [name for name, value in found.items() if value is not None and isinstance(value[0], Node)]
        return s.Name(node.span, names[0]) if len(names) == 1 else None

    def note_hidden_partials(self, node: s.Call, values: Sequence[Value], frame: Frame | None) -> None:
        """Say of `norm(grad(f)(1, 2))` that it is of one partial, where the length of the gradient is meant."""
        of = node.arguments[0] if node.arguments else None
        if not isinstance(of, (s.Beside, s.Call)) or not isinstance(values[0], Node) or values[0].shape or frame:
            return
        found = self.function_or_value(of.function, frame)
        hidden = found.note(values[0]) if isinstance(found, Operator) else None
        if hidden is not None:
            self.warnings.append(Diagnostic("derivative", f"`{of.span.title}` is {hidden}", of.span, severity="note"))

    def function_or_value(self, node: s.Expression, frame: Frame | None) -> Value:
        """The value of an expression; `d/dx x^2` where x has none is a function of it, wherever it stands."""
        found = self.of_free(node, frame) if isinstance(node, s.Partial) else None
        return self.evaluate(node, frame) if found is None else found

    def _beside(self, node: s.Beside, frame: Frame | None) -> Value:
        called = self.exponent_called(node, frame)
        if called is not None:
            return called
        first = self.function_or_value(node.function, frame)
        if isinstance(first, Function):
            result = self.apply(first, s.Call(node.span, node.function, node.arguments, ()), frame)
            if node.power is None:
                return result
            return binary(self, "^", result, self.evaluate(node.power, frame), node.span)
        if len(node.arguments) != 1:
            raise not_called(node.function.span, describe(first), multiplies=False)
        (argument,) = node.arguments
        behind = node.span.text[len(node.function.span.text) :]
        factors = f"{node.function.span.text}*{behind}"
        if node.divides is not None:
            above = node.span.source.text[node.divides.span.start : node.span.start]
            whole = Span(node.span.source, node.divides.span.start, node.span.end)
            raise Ambiguous(whole, f"({above}{node.function.span.text})*{behind}", f"{above}({factors})")
        second = self.evaluate(argument, frame)
        if node.power is not None:
            second = binary(self, "^", second, self.evaluate(node.power, frame), node.span)
        return binary(self, "*", first, second, node.span)

    def exponent_called(self, node: s.Beside, frame: Frame | None) -> Value | None:
        """`2^(f)(3)`, where f is a function that the exponent calls; None for anything else."""
        power = node.function
        if not isinstance(power, s.Binary) or power.operator != "^" or is_grouped(power) or not is_grouped(power.right):
            return None
        if not isinstance(power.right, (s.Name, s.Lambda, s.Prime, s.Partial, s.Nabla, s.Call, s.Binary)):
            return None
        if not isinstance(exponent := self.evaluate(power.right, frame), Function):
            return None
        called = self.apply(exponent, s.Call(node.span, power.right, node.arguments, ()), frame)
        value = binary(self, "^", self.evaluate(power.left, frame), called, node.span)
        return value if node.power is None else binary(self, "^", value, self.evaluate(node.power, frame), node.span)

    def _at(self, node: s.At, frame: Frame | None) -> Value:
        function = require_function(self.function_wanted(node.function, frame), node.function.span, "`at`")
        return self.apply(function, s.Call(node.span, node.function, node.arguments, node.keywords), frame)

    def side(self, node: s.Expression, operators: Sequence[str], frame: Frame | None = None) -> Value | Around:
        """One side of a comparison; of `a ≈ b ± c` with its error, also where b is a tensor."""
        if not isinstance(node, s.Binary) or node.operator != "±" or set(operators) != {NEARLY}:
            return self.evaluate(node, frame)
        error = self.evaluate(node.right, frame)
        number = known_value(error, "an error") if isinstance(error, Node) else error
        if not is_number(number) or not number >= 0:
            raise fail("type", "behind `±` stands how far apart both sides may be", node.right.span, "such as 1e-9")
        return Around(self.evaluate(node.left, frame), float(number))

    def of_a_call(self, function: Function, node: s.Call, frame: Frame | None) -> s.Call:
        """`check f(3)` as `check(f, 3)`, where f is a function."""
        if not isinstance(function, Builtin) or not function.of_call or not node.arguments:
            return node
        call, *rest = node.arguments
        if not isinstance(call, (s.Call, s.Beside, s.At)) or getattr(call, "power", None) is not None:
            return node
        of = self.function_or_value(call.function, frame)
        if not isinstance(of, Function):
            return node
        given = {} if isinstance(call, s.Beside) else {k.name: k.value for k in call.keywords}
        named = [given.pop(i.name) for i in of.inputs[len(call.arguments) :] if i.name in given]
        keywords = () if isinstance(call, s.Beside) else tuple(k for k in call.keywords if k.name in given)
        arguments = (call.function, *call.arguments, *named, *rest)
        return s.Call(node.span, node.function, arguments, (*node.keywords, *keywords))

    def called(self, node: s.Call | s.Beside | s.At) -> Value:
        """What a call calls."""
        if isinstance(node, s.At):
            return self.function_wanted(node.function, None)
        return self.function_or_value(node.function, None)

    # Intervals and what goes through them.

    def _interval(self, node: s.Interval, frame: Frame | None) -> Interval:
        return Interval(self._bound(node.low, frame), self._bound(node.high, frame))

    def _bound(self, node: s.Expression, frame: Frame | None) -> int | float:
        value = self.evaluate(node, frame)
        number = known_value(value, "a bound of an interval") if isinstance(value, Node) else value
        if not is_number(number):
            raise fail(
                "type", f"a bound of an interval is a number known before the call, not {describe(value)}", node.span
            )
        return number

    def _comprehension(self, node: s.Comprehension, frame: Frame | None) -> tuple[Value, ...]:
        values = self.items(self.evaluate(node.values, frame), node.values.span)
        self.step(node.span, len(values))
        found = []
        for value in values:
            inner = Frame({}, frame)
            self.bind(node.targets, value, inner)
            found.append(self.evaluate(node.body, inner))
        return tuple(found)

    # Derivatives.

    def _partial(self, node: s.Partial, frame: Frame | None) -> Value:
        if isinstance(node.of, s.Name) and not self._is_variable_of(node, frame):
            of = self.look_up(node.of.id, frame, node.of.span)
            if isinstance(of, Function):
                return derivative_by(of, node.by)
        return self.differentiated(node, node.of, node.by, frame)

    def _is_variable_of(self, node: s.Partial, frame: Frame | None) -> bool:
        """Whether it is `d/dx x`, of what nothing is called."""
        of = node.of
        return isinstance(of, s.Name) and of.id in {n.id for n in node.by} and self.find(of.id, frame) is None

    def _prime(self, node: s.Prime, frame: Frame | None) -> Value:
        of = self.function_wanted(node.function, frame)
        if isinstance(of, Node) and (by := self.only_variable(node.function, frame)) is not None:
            return self.differentiated(node, node.function, (by,) * node.order, frame)
        if not isinstance(of, Function):
            text = node.function.span.text
            inner = text[1:-1] if is_grouped(node.function) else text
            what = f"a prime needs a function, not {describe(of)}"
            hint = f"the derivative of an expression is `d/dx ({inner})`"
            if base := raised_by(node.function.span):
                hint = f"brackets say what it is of: `({base}{text})'`"
            raise fail("type", what, node.function.span, hint)
        from gradcli.language.derivatives.gradient import nth_derivative

        function = of
        return nth_derivative(function, node.span, node.order)

    def differentiated(self, node: s.Expression, of: s.Expression, by: Sequence[s.Name], frame: Frame | None) -> Value:
        """The derivative of an expression by names: of a function's inputs in it, else where the names have a value."""
        present = [self.find(name.id, frame) for name in by]
        values = [found[0] for found in present if found is not None]
        inside = frame is not None and any(isinstance(v, Node) for v in values)
        if len(values) == len(by) and (inside or all(isinstance(v, (Input, Parameter)) for v in values)):
            from gradcli.language.derivatives.gradient import diff

            return diff(Call(self, node.span), self.evaluate(of, frame), *values)
        names = dict.fromkeys(name.id for name in by)
        if not any(name.id in set(s.names_in(of)) for name in by):
            value = self.evaluate(of, frame)
            if isinstance(value, Function):
                return derivative_by(value, by)
        self._require_mentioned(of, by)
        for name, found in zip(by, present, strict=True):
            if found is None:
                self.look_up(name.id, frame, name.span)
        function = self.define(definition(s.Partial(node.span, of, tuple(by)), (*names,)), frame)
        at = [self.find(name, frame) for name in names]
        return function.call(self, [found[0] for found in at if found is not None], node.span)

    def _require_mentioned(self, of: s.Expression, by: Sequence[s.Name]) -> None:
        """Refuse to differentiate by a name what doesn't mention it, such as a value that was computed before."""
        mentioned = set(s.names_in(of))
        for name in by:
            if mentioned and name.id not in mentioned:
                text = of.span.title
                raise fail(
                    "derivative",
                    f"`{text}` doesn't mention `{name.id}`",
                    of.span,
                    f"define it as a function, such as `u({name.id}) = ...`, and ask for `∂u/∂{name.id}`",
                )

    def _nabla(self, node: s.Nabla, frame: Frame | None) -> Value:
        name = "nabla" if node.operator.id == "grad" else node.operator.id
        operator = s.Name(node.operator.span, name)
        return self.evaluate(s.Call(node.span, operator, (node.of,), ()), frame)


def derivative_by(function: Function, by: Sequence[s.Name]) -> Function:
    """The derivative of a function by its inputs, one after the other."""
    from gradcli.language.derivatives.gradient import Nth
    from gradcli.language.derivatives.targets import Targets

    found = function
    for name in dict.fromkeys(n.id for n in by):
        at = next(n.span for n in by if n.id == name)
        if all(i.name != name for i in function.inputs):
            inputs = [i.name for i in function.inputs]
            raise fail(
                "name",
                f"`{function.name}` has no input `{name}`",
                at,
                near(name, inputs) or f"it has {', '.join(inputs)}",
            )
        found = Nth(found, Targets(names=Names(((name, at),), single=True)), sum(n.id == name for n in by))
    return found
