"""What can be told of a statement without running it: words out of place, and names that hide built-ins."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gradcli.language.library.names import builtins
from gradcli.language.text import syntax as s
from gradcli.language.text.diagnostics import Diagnostic, Span, fail
from gradcli.language.text.syntax import names_in, walk
from gradcli.language.values.describe import describe, not_called
from gradcli.language.values.numbers import is_number

# What lists the parameters of a model; a definition of that name is meant to give them values.
_OF_MODELS = ("params", "trainable_params")
_NO_EFFECT = "give it a name, or write `return` in front"


def check(statement: s.Statement) -> tuple[Diagnostic, ...]:
    """The warnings for a statement at the top level.

    Raises:
        LanguageError: for a statement that can't mean anything where it stands.
    """
    _check_calls(statement)
    if isinstance(statement, s.Function) and statement.name.id in _OF_MODELS:
        raise fail(
            "type",
            f"`{statement.name.id}(...)` can't be given a value",
            statement.name.span,
            "parameters are given values one by one, such as `net.w = [1, 2]`",
        )
    if isinstance(statement, s.Return):
        raise fail(
            "syntax", "return stands outside a function", statement.span, "write the expression alone to show it"
        )
    if isinstance(statement, s.Function):
        _check_function(statement)
    elif isinstance(statement, s.For):
        for inner in statement.body:
            _refuse_a_setting(inner, "put it in front of the loop")
            check(inner)
    return tuple(_hides(name, span) for name, span in _definitions(statement) if name in builtins())


def _refuse_a_setting(statement: s.Statement, instead: str) -> None:
    if isinstance(statement, s.Set):
        raise fail("syntax", "set stands at the top level only", statement.span, instead)


def _check_calls(statement: s.Statement) -> None:
    """Refuse calls of what is written out as a number, a tensor or a tuple, which no value of a name makes right."""
    for part in walk(statement):
        if isinstance(part, s.Call) and isinstance(part.function, (s.Literal, s.Array, s.Tuple)):
            sort = {s.Array: "a tensor", s.Tuple: "a tuple"}.get(type(part.function))
            value: Any = getattr(part.function, "value", None)
            number = sort == "a tensor" or (is_number(value))
            raise not_called(part.function.span, sort or describe(value), number)


def _check_function(function: s.Function) -> None:
    if not _returns(function.body):
        raise fail(
            "syntax",
            f"`{function.name.id}` returns nothing",
            function.name.span,
            "end it with `return`, followed by the result",
        )
    for statement in function.body:
        _check_inside(statement, function, nested=False)


def _check_inside(statement: s.Statement, function: s.Function, nested: bool) -> None:
    if isinstance(statement, s.Show):
        raise fail("syntax", "an expression by itself has no effect in a function", statement.span, _NO_EFFECT)
    if isinstance(statement, s.Assert):
        raise fail("syntax", "assert stands at the top level only", statement.span, "assert the result of a call")
    _refuse_a_setting(statement, "put it in front of the function")
    if isinstance(statement, s.Param):
        if not function.is_model:
            raise fail(
                "syntax",
                "param stands in a model or at the top level",
                statement.span,
                "write `model` instead of `def`",
            )
        if nested:
            raise fail("syntax", "param can't stand in a loop", statement.span, "put it at the top of the model")
        for parameter in function.parameters:
            if parameter.name == statement.name.id:
                raise fail(
                    "syntax",
                    f"`{parameter.name}` is an input already",
                    statement.name.span,
                    "give the parameter another name",
                )
            if parameter.name in names_in(statement.value):
                raise fail(
                    "value",
                    f"the first value of `{statement.name.id}` can't depend on the input `{parameter.name}`",
                    statement.value.span,
                    "a parameter is made when the model is defined, before any input is known",
                )
    if isinstance(statement, s.Assign) and isinstance(statement.target, s.Attribute):
        raise fail("syntax", "a parameter can be assigned at the top level only", statement.span)
    if isinstance(statement, s.Function):
        _check_function(statement)
    if isinstance(statement, s.For):
        for inner in statement.body:
            _check_inside(inner, function, nested=True)


def _returns(body: tuple[s.Statement, ...]) -> bool:
    return any(isinstance(b, s.Return) or (isinstance(b, s.For) and _returns(b.body)) for b in body)


def _definitions(statement: s.Statement) -> Iterator[tuple[str, Span]]:
    """Every name that a statement gives a meaning to, at any depth, with where."""
    if isinstance(statement, s.Assign):
        yield from _target_names(statement.target)
    elif isinstance(statement, s.Param):
        yield statement.name.id, statement.name.span
    elif isinstance(statement, s.For):
        for target in statement.targets:
            yield target.id, target.span
        for inner in statement.body:
            yield from _definitions(inner)
    elif isinstance(statement, s.Function):
        yield statement.name.id, statement.name.span
        for parameter in statement.parameters:
            yield parameter.name, parameter.span
        for inner in statement.body:
            yield from _definitions(inner)


def _target_names(target: s.Expression) -> Iterator[tuple[str, Span]]:
    if isinstance(target, s.Name):
        yield target.id, target.span
    elif isinstance(target, s.Tuple):
        for item in target.items:
            yield from _target_names(item)


def _hides(name: str, span: Span) -> Diagnostic:
    return Diagnostic(
        "name",
        f"`{name}` is a built-in, and this definition hides it",
        span,
        "choose another name to keep both",
        severity="warning",
    )
