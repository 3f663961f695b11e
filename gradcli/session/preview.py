"""What a text that is being typed would come to: its value and its slopes, with nothing done that lasts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from math import isfinite

from gradcli.core.errors import CoreError
from gradcli.core.formula import UnreadableError
from gradcli.core.ir.nodes import Node
from gradcli.core.records import record
from gradcli.language.derivatives.base import Operator
from gradcli.language.derivatives.checks import is_real
from gradcli.language.derivatives.formulas import symbols
from gradcli.language.derivatives.table import AllDerivatives
from gradcli.language.files.places import not_now
from gradcli.language.interpreter.free import definition, free_names
from gradcli.language.interpreter.interpreter import Interpreter
from gradcli.language.library.names import builtins
from gradcli.language.text import syntax as s
from gradcli.language.text.diagnostics import LanguageError, Source, Span
from gradcli.language.text.parse import parse
from gradcli.language.values.nesting import nodes_in
from gradcli.language.values.numbers import is_number
from gradcli.language.values.values import Function, Required, Value
from gradcli.session.mistakes import Mistakes
from gradcli.session.plain import plain
from gradcli.session.results import Derivatives, Plain, Row
from gradcli.session.session import Session
from gradcli.session.showing import typed

# What is computed while someone types takes no more than this, however much a statement may take.
BOUNDS = {"max_operations": 2e8, "max_memory": 0.25, "max_steps": 5_000, "max_items": 10_000}
# So many slopes are looked at, and formulas take so much work.
MOST_SLOPES, WORK = 8, 3_000
# Statements in front of the last are run, if there are few.
MOST_STATEMENTS = 20


@record
class Slope:
    """Its name, and the number or the formula; one of the two."""

    name: str
    value: Plain | None
    formula: str | None


@record
class Preview:
    """What a text would come to.

    `name` is what would be given the value; `curve` are values at even distances over a range, nan where there are
    none.
    """

    name: str | None = None
    value: Plain | None = None
    slopes: tuple[Slope, ...] = ()
    curve: tuple[float, ...] = ()
    over: tuple[float, float] | None = None


def preview(session: Session, text: str) -> Preview | None:
    """What a whole text would come to; None where that is nothing, a mistake, or too much work to tell while typing."""
    source = Source("<live>", text)
    try:
        with not_now():
            return _preview(_bounded(session), source)
    except Mistakes:
        return None


def _bounded(session: Session) -> Session:
    limits = session.settings.limits
    least = {name: min(bound, limits.get(name, bound)) for name, bound in BOUNDS.items()}
    return replace(session, settings=replace(session.settings, limits={**limits, **least}))


def _preview(session: Session, source: Source) -> Preview | None:
    statements = parse(source)
    if not 0 < len(statements) <= MOST_STATEMENTS:
        return None
    *before, last = statements
    for statement in before:
        session = session.after_statement(statement)
    if isinstance(last, s.Function):
        return _of_function(session, session.interpreter().define(last, None), last.name.span)
    if isinstance(last, s.Assign) and isinstance(last.target, s.Name):
        found = _of_expression(session, last.value)
        return None if found is None or found.value is None else replace(found, name=last.target.id)
    return _of_expression(session, last.value) if isinstance(last, s.Show) else None


def _of_expression(session: Session, expression: s.Expression) -> Preview | None:
    interpreter = _at_top(session)
    value, _ = interpreter.shown(expression)
    if isinstance(value, Function):
        named = isinstance(expression, s.Name) and not isinstance(value, Operator)
        return None if named and expression.span.text in builtins() else _of_function(session, value, expression.span)
    if not all(isinstance(item, Node) or is_number(item) for item in (value if isinstance(value, tuple) else (value,))):
        return None
    shown = plain(typed(value, interpreter.dtype))
    if isinstance(shown, Derivatives):
        rows = [row for row in shown.rows if row.tensor is not None][:MOST_SLOPES]
        return Preview(None, rows[0].tensor) if len(rows) == 1 else Preview(slopes=tuple(map(_of_row, rows)))
    slopes: tuple[Slope, ...] = ()
    if is_number(value) or (isinstance(value, Node) and value.shape == () and is_real(value)):
        with suppress(*_REFUSED):
            slopes = _slopes(session, interpreter, expression)
    return Preview(None, shown, slopes)


def _of_row(row: Row) -> Slope:
    return Slope(row.name, row.tensor, None)


_REFUSED = (LanguageError, CoreError, UnreadableError)


def _at_top(session: Session) -> Interpreter:
    interpreter = session.interpreter()
    interpreter.at_top = True
    return interpreter


def _slopes(session: Session, interpreter: Interpreter, expression: s.Expression) -> tuple[Slope, ...]:
    """The derivatives of a number by the inputs of the function that was called, or else by the names that it has."""
    called = interpreter.trail.called
    if isinstance(expression, s.Call) and isinstance(expression.function, s.Name) and called is not None:
        function, values = called
        arguments = {i.name: v for i, v in zip(function.inputs, values, strict=False) if i.real and not i.variadic}
    else:
        mentioned = free_names(expression, lambda name: name not in session.scope)
        arguments = {name: session.scope[name] for name in mentioned}
        numbers = [name for name, value in arguments.items() if _is_scalar(value)]
        function = interpreter.define(definition(expression, tuple(numbers)), None)
        arguments = {name: arguments[name] for name in numbers}
        values = tuple(arguments.values())
    by = [name for name, value in arguments.items() if _is_scalar(value)][:MOST_SLOPES]
    if not by:
        return ()
    found = _gradient(_at_top(session), function, values, by, expression.span)
    return tuple(Slope(f"∂{name}", plain(node), None) for name, node in zip(by, found, strict=True))


def _is_scalar(value: Value) -> bool:
    return is_number(value) or (isinstance(value, Node) and value.shape == () and is_real(value))


def _gradient(
    interpreter: Interpreter, function: Function, values: Sequence[Value], by: Sequence[str], span: Span
) -> list[Node]:
    places = tuple(number for number, i in enumerate(function.inputs) if i.name in by)
    grad = builtins()["grad"]
    assert isinstance(grad, Function)
    given: Mapping[str, Value] = {"fn": function, "grad_position": places}
    defaults = [None if isinstance(i.default, Required) else i.default for i in grad.inputs]
    made = grad.call(interpreter, [given.get(i.name, d) for i, d in zip(grad.inputs, defaults, strict=True)], span)
    assert isinstance(made, Function)
    return [*nodes_in(interpreter.settle(made.call(interpreter, values, span), span))]


def _of_function(session: Session, function: Function, span: Span) -> Preview | None:
    """The formulas of its slopes, and a curve where it is of one number."""
    slopes: tuple[Slope, ...] = ()
    with suppress(*_REFUSED):
        slopes = _formulas(session, function, span)
    required = [i for i in function.inputs if isinstance(i.default, Required)]
    curve: tuple[float, ...] = ()
    over = None
    if len(required) == 1 and not required[0].variadic:
        with suppress(*_REFUSED):
            from gradcli.language.plots.sampling import outline

            over, curve = outline(session.interpreter(), function, span)
    if not any(map(isfinite, curve)):
        curve, over = (), None
    return Preview(None, None, slopes, curve, over) if slopes or curve else None


def _formulas(session: Session, function: Function, span: Span) -> tuple[Slope, ...]:
    values = symbols(function)
    if values is None:
        return ()
    table = AllDerivatives(function, 1, None).written(session.interpreter(), values, span, WORK)
    names = [p.variables[-1] for p, _ in table.rows[1:]]
    found = zip(names, table.formulas[1:], strict=True)
    return tuple(Slope(f"∂{name}", None, text) for name, text in found if text and not table.definitions)[:MOST_SLOPES]
