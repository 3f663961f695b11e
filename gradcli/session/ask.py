"""A question that every door asks: this function, at these values, by these variables, up to this order."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from gradcli.core.records import record
from gradcli.language.calls.reach import parameters_of
from gradcli.language.derivatives.base import together
from gradcli.language.derivatives.checks import is_real
from gradcli.language.interpreter.free import NAME, called_names, definition, free_names
from gradcli.language.interpreter.interpreter import Interpreter
from gradcli.language.library.names import builtins
from gradcli.language.text import syntax as s
from gradcli.language.text.build import identifier
from gradcli.language.text.diagnostics import (
    LONGEST_TITLE,
    Diagnostic,
    LanguageError,
    Source,
    Span,
    fail,
    near,
    shortened,
)
from gradcli.language.text.parse import parse_expression, parse_question
from gradcli.language.text.refusals import REFUSALS, refused
from gradcli.language.text.syntax import names_in
from gradcli.language.values.describe import describe
from gradcli.language.values.findings import Uncertain
from gradcli.language.values.values import DerivativeTable, Function, Names, Required, Value
from gradcli.session.plain import plain
from gradcli.session.results import Answer, Derivatives, Place, Shown
from gradcli.session.session import Session
from gradcli.session.showing import explain, note_on_digits, shown


@record
class Question:
    """A function and where it is asked about: the value of each of its inputs, by name.

    `symbolic` says that none was given a value, and formulas are asked for; `given` are the inputs that whoever asked
    gave one, and not the file or a default.
    """

    interpreter: Interpreter
    function: Function
    arguments: Mapping[str, Value]
    title: str
    span: Span
    symbolic: bool = False
    given: frozenset[str] = frozenset()

    def derivatives(self, wrt: str | None = None, order: int = 1) -> Answer:
        """The function's value and its partials up to an order.

        `wrt` lists names, as in `x,y`; without it all real inputs and all parameters are meant.

        Raises:
            LanguageError: for names that there are none of, and for what has no derivative.
        """
        self.interpreter.at_top = True
        at = () if self.symbolic else tuple((name, plain(value)) for name, value in self.arguments.items())
        if self.symbolic:
            found = plain(self._formulas(wrt, order))
        else:
            found = plain(self.interpreter.settle(self.table(wrt, order, [*self.arguments.values()]), self.span))
        assert isinstance(found, Derivatives)
        explain(self.interpreter, found, self.span)
        note = together(found.note, note_on_digits(self.interpreter))
        return Answer(self.title, at, replace(found, note=note))

    def _formulas(self, wrt: str | None, order: int) -> DerivativeTable:
        from gradcli.language.derivatives.formulas import symbols
        from gradcli.language.derivatives.table import AllDerivatives

        self._refuse_order(order)
        values = symbols(self.function)
        if values is None:
            raise no_value([i.name for i in self.function.inputs if isinstance(i.default, Required)], self.span)
        asked = AllDerivatives(self.function, order, None if wrt is None else names_of(wrt))
        try:
            return asked.written(self.interpreter, values, self.span)
        except REFUSALS as error:
            raise refused(error, self.span) from error

    @staticmethod
    def _refuse_order(order: int) -> None:
        if order < 0:
            raise fail("usage", f"the order can't be {order}", hint="orders are 0, 1, 2, ...")

    def table(self, wrt: str | None, order: int, values: Sequence[Value]) -> DerivativeTable:
        """The same at other values, which may be symbols.

        Raises:
            LanguageError: as `derivatives` does.
        """
        from gradcli.language.derivatives.table import AllDerivatives

        self._refuse_order(order)
        asked = AllDerivatives(self.function, order, self.variables() if wrt is None else names_of(wrt))
        try:
            found = asked.call(self.interpreter, values, self.span)
        except REFUSALS as error:
            raise refused(error, self.span) from error
        assert isinstance(found, DerivativeTable)
        return found

    @property
    def measured(self) -> bool:
        """Whether a value has an error, `3 ± 0.1`, so that the result's is asked for."""
        return any(isinstance(value, Uncertain) for value in self.arguments.values())

    def propagated(self) -> Shown:
        """The value with its error.

        Raises:
            LanguageError: where it has none.
        """
        propagate = builtins()["propagate"]
        assert isinstance(propagate, Function)
        found = propagate.call(self.interpreter, (self.function, tuple(self.arguments.values())), self.span)
        return Shown(self.title, Place.of(self.span), plain(found))

    def applied(self, operator: str, *further: Value, called: bool = False, **options: Value) -> Shown:
        """What an operator of the language makes of the function, as if both had been typed.

        Args:
            operator: the name of a built-in.
            further: what it is given behind the function.
            called: whether what it gives is a function that is to be called with the arguments.
            options: what it is given by name.

        Raises:
            LanguageError: where it refuses.
        """
        interpreter, span = self.interpreter, self.span

        def held(number: int, value: Value) -> s.Expression:
            # A name that nobody can have typed.
            interpreter.scope[f" {number}"] = value
            return s.Name(span, f" {number}")

        given = [self.function, *further, *options.values(), *(self.arguments.values() if called else ())]
        words = [held(number, value) for number, value in enumerate(given)]
        places = 1 + len(further)
        keywords = tuple(
            s.Keyword(span, name, words[places + i])
            if not isinstance(value, Names)
            else s.Keyword(span, name, s.Tuple(span, tuple(s.Name(at, word) for word, at in value.items)))
            for i, (name, value) in enumerate(options.items())
        )
        expression = s.Call(span, s.Name(span, operator), tuple(words[:places]), keywords)
        if called:
            expression = s.Call(span, expression, tuple(words[places + len(options) :]), ())
        interpreter.at_top = True
        found = shown(interpreter, expression)
        note = note_on_digits(interpreter)
        return Shown(span.title, Place.of(span), found, note)

    @property
    def warnings(self) -> Sequence[Diagnostic]:
        """What is to be said beside the answers so far."""
        return self.interpreter.warnings

    def variables(self) -> Names:
        """Every real input, and every parameter."""
        span = Span(Source("<function>", self.function.name), 0, len(self.function.name))
        fixed = {i.name for i in self.function.inputs if not i.real}
        real = [name for name, value in self.arguments.items() if is_real(value) and name not in fixed]
        names = [*real, *parameters_of(self.interpreter, self.function).names]
        if not names:
            kinds = [f"`{name}` is {describe(value)}" for name, value in self.arguments.items()]
            hint = f"{', '.join(kinds)}; derivatives are by numbers and tensors" if kinds else "give it an input: x^2"
            raise fail("derivative", "there is no real input to differentiate by", self.span, hint)
        return Names(tuple((name, span) for name in names), single=False)


def values_of(session: Session, words: Sequence[str]) -> dict[str, Value]:
    """The values of NAME=VALUE words, each an expression or behind `@` a file, and of @FILE, which names several.

    Raises:
        LanguageError: for a word that is none, a name that is given twice, a mistake in an expression, and a file that
            gives no value.
    """
    values: dict[str, Value] = {}
    interpreter = session.interpreter()
    for word in words:
        source = Source("<argument>", word)
        whole = Span(source, 0, len(word))
        for name, value in _given_by(word, whole, interpreter).items():
            if name in values:
                raise fail("usage", f"`{name}` is given twice", whole, "give each name one value")
            values[name] = value
    return values


def _given_by(word: str, whole: Span, interpreter: Interpreter) -> dict[str, Value]:
    """The value of one word, or those of the file that it names."""
    if word.startswith("@"):
        from gradcli.language.files.reading import read_names

        return read_names(word[1:], whole, interpreter.dtype)
    name, equal, text = word.partition("=")
    name = identifier(name.strip()) or ""
    if not equal or not name:
        raise fail("usage", f"`{word}` is not NAME=VALUE", whole, "write values as x=3, 'x=[1, 2]' or x=@points.npy")
    if text.startswith("@"):
        from gradcli.language.files.reading import read_value

        at = Span(whole.source, len(word) - len(text), len(word))
        return {name: read_value(text[1:], at, interpreter.dtype)}
    expression = parse_expression(Source(f"<{name}>", text))
    return {name: interpreter.settle(interpreter.evaluate(expression), expression.span)}


def question(session: Session, text: str, given: Mapping[str, Value], missing: Value = None) -> Question:
    """A question about an expression, whose free names are the inputs, or about the function that it is.

    `missing` is the value of inputs that are given none; None refuses them.

    Raises:
        LanguageError: for a mistake in the text, an input without a value, and a value without an input.
    """
    source = Source("<expression>", text)
    expression = parse_question(source)
    whole = Span(source, 0, len(text))
    interpreter = session.interpreter()
    if isinstance(expression, s.Function):
        defined = interpreter.define(expression, None)
        return _question(session, defined, given, {}, expression.span.title, whole, missing)
    if _is_function(expression):
        function = interpreter.evaluate(expression)
        assert isinstance(function, Function)
        return _question(session, function, given, {}, expression.span.title, whole, missing)
    if expression.span.start > 0:
        # Behind `y =`.
        text = expression.span.text
    free = free_names(expression, builtins().__contains__)
    called = called_names(expression)
    symbolic = not given and bool(free)
    lacking = [name for name in free if name not in given and ((missing is None and not symbolic) or name in called)]
    for name in lacking:
        known = [n for n in [*builtins(), *given] if n != name]
        raise fail("name", _no_value(lacking), free[name], near(name, known) or _such_as(lacking))
    values = {**dict.fromkeys(free, missing), **given}
    mentioned = {*free, *names_in(expression)}
    for name in values:
        if name not in mentioned:
            hint = near(name, [*free]) or "leave it out"
            raise fail("usage", f"the expression has no `{name}`", whole, hint)
    title = f"{NAME}({', '.join(values)}) = {shortened(text.strip(), LONGEST_TITLE)}"
    function = _defined(interpreter, expression, [*values])
    if symbolic and missing is None:
        return Question(interpreter, function, values, title, whole, symbolic)
    return _question(session, function, values, {}, title, whole, missing)


def function_of(interpreter: Interpreter, expression: s.Expression) -> Function:
    """The function that an expression is, or else that of its free names, in the order in which they occur.

    Raises:
        LanguageError: for a mistake in the expression.
    """
    free = {
        name: span
        for name, span in free_names(expression, builtins().__contains__).items()
        if interpreter.find(name, None) is None
    }
    if _is_function(expression) or not free:
        value = interpreter.result(expression)
        if isinstance(value, Function):
            return value
    for name in called_names(expression):
        if name in free:
            interpreter.look_up(name, None, free[name])
    return _defined(interpreter, expression, [*free])


def _is_function(expression: s.Expression) -> bool:
    return isinstance(expression, (s.Lambda, s.Prime)) or (
        isinstance(expression, s.Name) and isinstance(builtins().get(expression.id), Function)
    )


def _defined(interpreter: Interpreter, expression: s.Expression, names: Sequence[str]) -> Function:
    """An expression as a function of some names."""
    return interpreter.define(definition(expression, tuple(names)), None)


def question_about(
    session: Session, name: str, where: str, given: Mapping[str, Value], missing: Value = None
) -> Question:
    """A question about a function that a session has, at values that are given or that it has under the inputs' names.

    `where` is what defines it: a file's path.

    Raises:
        LanguageError: where there is no such function, for an input without a value, and a value without an input.
    """
    name = identifier(name) or name
    source = Source("<function>", f"{where}::{name}")
    span = Span(source, len(where) + 2, len(source.text))
    function = session.scope.get(name)
    if not isinstance(function, Function):
        functions = [n for n, v in session.scope.items() if isinstance(v, Function)]
        what = "defines no function" if name not in session.scope else "has a value, not a function,"
        hint = near(name, functions) or (f"it defines {', '.join(functions)}" if functions else None)
        raise fail("name", f"`{where}` {what} `{name}`", span, hint)
    title = f"{name}({', '.join(i.name for i in function.inputs)})"
    return _question(session, function, given, session.scope, title, span, missing)


def _question(
    session: Session,
    function: Function,
    given: Mapping[str, Value],
    elsewhere: Mapping[str, Value],
    title: str,
    span: Span,
    missing: Value,
) -> Question:
    inputs = [i.name for i in function.inputs]
    for name in given:
        if name not in inputs:
            hint = near(name, inputs) or f"it takes {', '.join(inputs)}"
            raise fail("usage", f"`{function.name}` has no input `{name}`", span, hint)
    arguments: dict[str, Value] = {}
    lacking: list[str] = []
    for i in function.inputs:
        if i.name in given:
            arguments[i.name] = given[i.name]
        elif i.name in elsewhere:
            arguments[i.name] = elsewhere[i.name]
        elif not isinstance(i.default, Required):
            arguments[i.name] = i.default
        elif missing is not None:
            arguments[i.name] = missing
        elif not given and not arguments:
            return Question(session.interpreter(), function, arguments, title, span, symbolic=True)
        else:
            lacking.append(i.name)
    if lacking:
        raise no_value(lacking, span)
    return Question(session.interpreter(), function, arguments, title, span, given=frozenset(given))


def no_value(names: Sequence[str], span: Span) -> LanguageError:
    """The refusal of inputs without a value."""
    return fail("usage", _no_value(names), span, _such_as(names))


def _no_value(names: Sequence[str]) -> str:
    listed = ", ".join(f"`{name}`" for name in names[:-1])
    return f"no value for {listed} and `{names[-1]}`" if listed else f"no value for `{names[-1]}`"


def _such_as(names: Sequence[str]) -> str:
    return f"add {'its value' if len(names) == 1 else 'their values'}, such as {' '.join(f'{n}=1' for n in names)}"


def names_of(text: str) -> Names:
    """`x,y` as names, as `--wrt` has them.

    Raises:
        LanguageError: where it names none.
    """
    source = Source("<--wrt>", text)
    items = [(identifier(m[0]) or m[0], Span(source, m.start(), m.end())) for m in re.finditer(r"[^,\s()]+", text)]
    if not items:
        raise fail("usage", "--wrt names no input", Span(source, 0, len(text)), "such as --wrt x,y")
    return Names(tuple(items), single=False)
