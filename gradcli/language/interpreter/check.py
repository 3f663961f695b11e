"""What can be told of a statement without running it: words out of place, and names that hide built-ins."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from gradcli.language.library.names import builtins
from gradcli.language.text import syntax as s
from gradcli.language.text.diagnostics import Diagnostic, LanguageError, Span, fail
from gradcli.language.text.notation import INVERSES
from gradcli.language.text.syntax import names_in
from gradcli.language.values.describe import describe, not_called
from gradcli.language.values.numbers import is_number

_FOUND_INVERSE = frozenset(INVERSES.values())
_NO_EFFECT = "give it a name, or write `return` in front"


def check(statement: s.Statement, in_loop: bool = False) -> tuple[Diagnostic, ...]:
    """The warnings for a statement at the top level.

    Raises:
        LanguageError: for a statement that can't mean anything where it stands.
    """
    parts = _parts(statement)
    for within in parts:
        _check_calls(within)
    if isinstance(statement, s.Return):
        raise fail(
            "syntax", "return stands outside a function", statement.span, "write the expression alone to show it"
        )
    if isinstance(statement, s.Function):
        _check_function(statement)
    if isinstance(statement, (s.Break, s.Continue)) and not in_loop:
        raise _outside_a_loop(statement)
    in_loop = in_loop or isinstance(statement, (s.For, s.While))
    for block in s.blocks_of(statement):
        for inner in block:
            where = "loop" if isinstance(statement, (s.For, s.While)) else "choice"
            _refuse_a_setting(inner, f"put it in front of the {where}")
            check(inner, in_loop)
    hides = (_hides(name, span) for name, span in _definitions(statement) if name in builtins())
    return (*hides, *_notes(statement, parts))


def _parts(statement: s.Statement) -> Sequence[s.Within]:
    """All that is within a statement, in the order of the text; the body of a function by itself."""
    if isinstance(statement, s.Function):
        return s.Within((statement.name, statement.parameters)), s.inside(statement.body)
    return (s.Within(statement),)


def _notes(statement: s.Statement, parts: Sequence[s.Within]) -> Iterator[Diagnostic]:
    """What is read as meant, but might be meant otherwise."""
    for part in (part for within in parts for part in within[s.Name]):
        if part.id in _FOUND_INVERSE and part.span.text.endswith(("1", "¹")):
            base = part.span.text.partition("^")[0].rstrip("⁻¹")
            if part.id == INVERSES.get(base) and part.id != part.span.text:
                what = f"`{part.span.text}` is the inverse function, `{part.id}`"
                hint = f"one divided by it is `1/{base}(x)`"
                yield Diagnostic("name", what, part.span, hint, severity="note")
    if isinstance(statement, s.Show) and isinstance(statement.value, s.Tuple):
        yield from _decimal_commas(statement.value)


def _decimal_commas(value: s.Tuple) -> Iterator[Diagnostic]:
    """`1,5 + 2,3`, where a comma may be meant for a point."""
    text = value.span.text
    if re.search(r"\d,\d+ *[-+*/] *\d+,\d", text) and not text.startswith("("):
        yield Diagnostic(
            "syntax",
            f"a comma separates values: these are {len(value.items)}",
            value.span,
            "a decimal is written with a point, such as 1.5",
            severity="note",
        )


def _refuse_a_setting(statement: s.Statement, instead: str) -> None:
    if isinstance(statement, s.Set):
        raise fail("syntax", "set stands at the top level only", statement.span, instead)
    if isinstance(statement, s.Use):
        raise fail("syntax", "use stands at the top level only", statement.span, instead)


def _check_calls(parts: s.Within) -> None:
    """Refuse calls of what is written out as a number, a tensor or a tuple, which no value of a name makes right."""
    for part in parts[s.Call]:
        if isinstance(part.function, (s.Literal, s.Array, s.Tuple)):
            sort = {s.Array: "a tensor", s.Tuple: "a tuple"}.get(type(part.function))
            value: Any = getattr(part.function, "value", None)
            number = sort == "a tensor" or (is_number(value))
            raise not_called(part.function.span, sort or describe(value), number)


def _check_function(function: s.Function) -> None:
    if not returns(function.body):
        raise fail(
            "syntax",
            f"`{function.name.id}` returns nothing",
            function.name.span,
            "end it with `return`, followed by the result",
        )
    _refuse_called_numbers(function)
    for statement in function.body:
        _check_inside(statement, function, nested=False, in_loop=False)


def _refuse_called_numbers(function: s.Function) -> None:
    """Refuse `f(x) = x(x + 1)`: an input that is calculated with is a number, and what stands behind it a factor."""
    inputs = {p.name for p in function.parameters}
    parts = s.inside(function.body)
    numbers = set(_calculated(parts)) & inputs
    for part in parts[s.Call]:
        if not isinstance(part.function, s.Name):
            continue
        name = part.function.id
        if name in inputs and (name in numbers or name in _operands(part.arguments)):
            rest = part.span.text[len(part.function.span.text) :]
            raise fail(
                "type",
                f"`{name}` is a number here, and can't be called",
                part.span,
                f"to multiply, write `{name}*{rest}`",
            )


def _operands(arguments: tuple[s.Expression, ...]) -> Iterator[str]:
    """The names that are arguments by themselves, or calculated with in one."""
    parts: list[object] = [*arguments]
    for part in s.walk(arguments):
        parts += [part.left, part.right] if isinstance(part, s.Binary) else []
        parts += [part.operand] if isinstance(part, s.Unary) else []
    yield from (part.id for part in parts if isinstance(part, s.Name))


def _calculated(parts: s.Within) -> Iterator[str]:
    """The names that can only be numbers: they are raised to a power, compared, or added to a number."""
    sides: list[s.Expression] = [side for part in parts[s.Compare] for side in part.operands]
    for part in parts[s.Binary]:
        left, right, operator = part.left, part.right, part.operator
        is_sum = operator in ("+", "-")
        if operator in ("^", "%", "//") or (is_sum and (isinstance(left, s.Literal) or isinstance(right, s.Literal))):
            sides += [left, right]
    yield from (side.id for side in sides if isinstance(side, s.Name))


def _outside_a_loop(statement: s.Break | s.Continue) -> LanguageError:
    return fail(
        "syntax", f"{statement.span.text} stands outside a loop", statement.span, "it ends a `for` or a `while`"
    )


def _check_inside(statement: s.Statement, function: s.Function, nested: bool, in_loop: bool) -> None:
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
            what = "param stands at the top of a model, or in a `for` there, not in a block that may run or not"
            raise fail("syntax", what, statement.span, "put it in front of the block")
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
    if (
        isinstance(statement, s.Assign)
        and not isinstance(statement.target, s.Name)
        and any(isinstance(part, (s.Attribute, s.Call)) for part in s.walk(statement.target))
    ):
        hint = "inside a function, call the model at other weights: `net(x, params=w)`"
        raise fail("syntax", "a parameter can be assigned at the top level only", statement.span, hint)
    if isinstance(statement, s.Function):
        _check_function(statement)
    if isinstance(statement, (s.Break, s.Continue)) and not in_loop:
        raise _outside_a_loop(statement)
    in_loop = in_loop or isinstance(statement, (s.For, s.While))
    for block in s.blocks_of(statement):
        for inner in block:
            _check_inside(inner, function, nested or not isinstance(statement, s.For), in_loop)


def returns(body: tuple[s.Statement, ...]) -> bool:
    """Whether there is a `return` among statements, in a block of theirs or by itself."""
    return any(isinstance(b, s.Return) or any(map(returns, s.blocks_of(b))) for b in body)


def _definitions(statement: s.Statement) -> Iterator[tuple[str, Span]]:
    """Every name that a statement gives a meaning to, with where; a function's inputs and body are its own affair."""
    if isinstance(statement, s.Assign):
        yield from _target_names(statement.target)
    elif isinstance(statement, s.Param):
        yield statement.name.id, statement.name.span
    elif isinstance(statement, s.For):
        for target in statement.targets:
            yield target.id, target.span
    elif isinstance(statement, s.Function):
        yield statement.name.id, statement.name.span
    for block in s.blocks_of(statement):
        for inner in block:
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
