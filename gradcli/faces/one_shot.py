"""`gradcli grad` and `gradcli eval`: one question, one answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from gradcli.core.records import record
from gradcli.faces.runner import BAD_INPUT, OK, fresh_session, read_source, run_source
from gradcli.language.calls.reach import parameters_of
from gradcli.language.derivatives.checks import is_real
from gradcli.language.derivatives.table import AllDerivatives
from gradcli.language.interpreter.interpreter import Interpreter
from gradcli.language.library.builtins import builtins
from gradcli.language.text import syntax as s
from gradcli.language.text.build import identifier
from gradcli.language.text.diagnostics import LONGEST_TITLE, Diagnostic, Source, Span, fail, near, shortened
from gradcli.language.text.parse import parse_expression
from gradcli.language.text.refusals import REFUSALS, refused
from gradcli.language.text.syntax import names_in, walk
from gradcli.language.values.values import DerivativeTable, Function, Names, Required, Value
from gradcli.output.numbers import show_value
from gradcli.output.screen import Screen
from gradcli.session.plain import plain
from gradcli.session.results import Derivatives
from gradcli.session.session import Mistakes, Session, diagnose

NAME = "f"


def evaluate(text: str, given: Sequence[str], dtype: str | None, screen: Screen) -> int:
    """Run a text with some names defined before it, and show what it shows."""
    session = fresh_session(dtype, screen)
    if session is None:
        return BAD_INPUT
    try:
        session = _with_values(session, _values(session, given))
    except Mistakes as error:
        screen.diagnostic(diagnose(error, Source("<expression>", text)))
        return BAD_INPUT
    return run_source(Source("<expression>", text), session, screen, named=False).code


@record
class Question:
    """A function and where it is asked about: the value of each of its inputs, by name."""

    interpreter: Interpreter
    function: Function
    arguments: dict[str, Value]
    title: str
    span: Span
    digits: int | None


def gradient(text: str, given: Sequence[str], wrt: str | None, order: int, dtype: str | None, screen: Screen) -> int:
    """Show the value of an expression, or of a function in a file, and its derivatives up to an order."""

    def show(asked: Question) -> None:
        result = asked.interpreter.settle(derivatives(asked, wrt, order, tuple(asked.arguments.values())), asked.span)
        shown = plain(result)
        assert isinstance(shown, Derivatives)
        at = ", ".join(f"{name} = {_short(value)}" for name, value in asked.arguments.items())
        screen.digits = asked.digits
        screen.table(shown, f"{asked.title}{f'   at {at}' if at else ''}")
        for warning in asked.interpreter.warnings:
            screen.diagnostic(warning)

    return answer(text, given, order, dtype, screen, show)


def answer(
    text: str,
    given: Sequence[str],
    order: int,
    dtype: str | None,
    screen: Screen,
    show: Callable[[Question], None],
    missing: Value = None,
) -> int:
    """Find out what is asked about and show something of it; say what is wrong otherwise. The exit code.

    `missing` is the value of inputs that are not given one; None refuses them.
    """
    session = fresh_session(dtype, screen)
    if session is None:
        return BAD_INPUT
    if order < 0:
        screen.diagnostic(Diagnostic("usage", f"the order can't be {order}", hint="orders are 0, 1, 2, ..."))
        return BAD_INPUT
    code = OK
    try:
        in_file = re.fullmatch(r"(.+)::([^\W\d]\w*)", text)
        if in_file:
            source = read_source(in_file[1], screen)
            if source is None:
                return BAD_INPUT
            ran = run_source(source, session, screen, named=True, quiet=True)
            code = ran.code
            if code == BAD_INPUT:
                return BAD_INPUT
            name = identifier(in_file[2]) or in_file[2]
            show(_of_file(ran.session, in_file[1], name, given, missing))
        else:
            show(_of_expression(session, text, given, missing))
    except Mistakes as error:
        screen.diagnostic(diagnose(error, Source("<expression>", text)))
        return BAD_INPUT
    # An assert of the file that failed counts here as when the file is run.
    return code


def derivatives(asked: Question, wrt: str | None, order: int, values: Sequence[Value]) -> DerivativeTable:
    """The function's outputs and partials up to an order at some values of its inputs."""
    table = AllDerivatives(asked.function, order, _wrt(asked.interpreter, asked.function, wrt, asked.arguments))
    try:
        result = table.call(asked.interpreter, values, asked.span)
    except REFUSALS as error:
        raise refused(error, asked.span) from error
    assert isinstance(result, DerivativeTable)
    return result


def _values(session: Session, given: Sequence[str]) -> dict[str, Value]:
    """The values of NAME=VALUE arguments, each an expression."""
    values: dict[str, Value] = {}
    interpreter = session.interpreter()
    for argument in given:
        name, equal, text = argument.partition("=")
        name = identifier(name.strip()) or ""
        source = Source("<argument>", argument)
        whole = Span(source, 0, len(argument))
        if not equal or not name:
            raise fail("usage", f"`{argument}` is not NAME=VALUE", whole, "write values as x=3 or 'x=[1, 2]'")
        if name in values:
            raise fail("usage", f"`{name}` is given twice", whole, "give each name one value")
        expression = parse_expression(Source(f"<{name}>", text))
        values[name] = interpreter.settle(interpreter.evaluate(expression), expression.span)
    return values


def _with_values(session: Session, values: dict[str, Value]) -> Session:
    return replace(session, scope=session.scope.updated(values))


def _of_expression(session: Session, text: str, given: Sequence[str], missing: Value) -> Question:
    values = _values(session, given)
    interpreter = session.interpreter()
    source = Source("<expression>", text)
    expression = parse_expression(source)
    function: Function
    if isinstance(expression, (s.Lambda, s.Prime)) or (
        isinstance(expression, s.Name) and isinstance(builtins().get(expression.id), Function)
    ):
        evaluated = interpreter.evaluate(expression)
        assert isinstance(evaluated, Function)
        function = evaluated
        title = expression.span.title
    else:
        bound = {p.name for part in walk(expression) if isinstance(part, s.Lambda) for p in part.parameters}
        free = [n for n in dict.fromkeys(names_in(expression)) if n not in builtins() and n not in bound]
        called = {p.function.id for p in walk(expression) if isinstance(p, s.Call) and isinstance(p.function, s.Name)}
        _require_values(free if missing is None else [n for n in free if n in called], values, expression)
        values = {**dict.fromkeys(free, missing), **values}
        names = [n for n in values if n in free or n in names_in(expression)]
        unused = [n for n in values if n not in names]
        if unused:
            hint = near(unused[0], free)
            raise fail(
                "usage", f"the expression has no `{unused[0]}`", Span(source, 0, len(text)), hint or "leave it out"
            )
        parameters = tuple(s.Formal(expression.span, n, None) for n in names)
        definition = s.Function(
            expression.span,
            s.Name(expression.span, NAME),
            parameters,
            (s.Return(expression.span, expression),),
            is_model=False,
        )
        function = interpreter.define(definition, None)
        title = f"{NAME}({', '.join(names)}) = {shortened(text.strip(), LONGEST_TITLE)}"
    return _question(session, function, values, {}, title, Span(source, 0, len(text)), missing)


def _require_values(free: Sequence[str], values: dict[str, Value], expression: s.Expression) -> None:
    for name in free:
        if name not in values:
            span = _first(expression, name)
            hint = near(name, [n for n in [*builtins(), *values] if n != name]) or f"add its value, such as {name}=1"
            raise fail("name", f"no value for `{name}`", span, hint)


def _first(expression: s.Expression, name: str) -> Span:
    match = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", expression.span.source.text)
    start = match.start() if match else expression.span.start
    return Span(expression.span.source, start, start + len(name))


def _of_file(session: Session, path: str, name: str, given: Sequence[str], missing: Value) -> Question:
    source = Source("<function>", f"{path}::{name}")
    span = Span(source, len(path) + 2, len(source.text))
    function = session.scope.get(name)
    if not isinstance(function, Function):
        functions = [n for n, v in session.scope.items() if isinstance(v, Function)]
        what = "defines no function" if name not in session.scope else "has a value, not a function,"
        hint = near(name, functions) or (f"it defines {', '.join(functions)}" if functions else None)
        raise fail("name", f"`{path}` {what} `{name}`", span, hint)
    values = _values(session, given)
    title = f"{name}({', '.join(i.name for i in function.inputs)})"
    return _question(session, function, values, session.scope, title, span, missing)


def _question(
    session: Session,
    function: Function,
    values: dict[str, Value],
    elsewhere: Mapping[str, Value],
    title: str,
    span: Span,
    missing: Value,
) -> Question:
    """A function at values given by name, else by what the file defines under that name."""
    inputs = [i.name for i in function.inputs]
    for name in values:
        if name not in inputs:
            raise fail(
                "usage",
                f"`{function.name}` has no input `{name}`",
                span,
                near(name, inputs) or f"it takes {', '.join(inputs)}",
            )
    known = {**elsewhere, **values}
    arguments: dict[str, Value] = {}
    for i in function.inputs:
        if i.name in known:
            arguments[i.name] = known[i.name]
        elif isinstance(i.default, Required) and missing is not None:
            arguments[i.name] = missing
        elif isinstance(i.default, Required):
            raise fail("usage", f"no value for `{i.name}`", span, f"add its value, such as {i.name}=1")
        else:
            arguments[i.name] = i.default
    return Question(session.interpreter(), function, arguments, title, span, session.settings.digits)


def _short(value: Value) -> str:
    text = show_value(plain(value))
    return text if len(text) <= 40 and "\n" not in text else "..."


def _wrt(interpreter: Interpreter, function: Function, wrt: str | None, arguments: Mapping[str, Value]) -> Names:
    """`--wrt x,y` as names; without it, every real input, and every parameter."""
    if wrt is not None:
        source = Source("<--wrt>", wrt)
        items = [(identifier(m[0]) or m[0], Span(source, m.start(), m.end())) for m in re.finditer(r"[^,\s()]+", wrt)]
        if not items:
            raise fail("usage", "--wrt names no input", Span(source, 0, len(wrt)), "such as --wrt x,y")
        return Names(tuple(items), single=False)
    source = Source("<function>", function.name)
    span = Span(source, 0, len(function.name))
    fixed = {i.name for i in function.inputs if not i.real}
    real = [name for name, value in arguments.items() if is_real(value) and name not in fixed]
    names = [*real, *parameters_of(interpreter, function).names]
    if not names:
        raise fail("derivative", f"`{function.name}` has no real input to differentiate by", span)
    return Names(tuple((name, span) for name in names), single=False)
