"""What stands by itself as plain data: a value, or where it is a function, its definition or its formulas."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from gradcli.core.engines.nearest import FLOAT_DIGITS, missing
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.exact import Exact, Finer, Precise, is_lost
from gradcli.core.ir.nodes import constant
from gradcli.core.ir.shapes import size_of
from gradcli.core.library.random import Random
from gradcli.language.calls.combined import Combined, Composed, Lifted
from gradcli.language.calls.functions import UserFunction
from gradcli.language.derivatives.base import Operator
from gradcli.language.interpreter.interpreter import Interpreter
from gradcli.language.interpreter.unknown import is_row
from gradcli.language.text import syntax as s
from gradcli.language.text.diagnostics import LanguageError, Span
from gradcli.language.text.writing import on_paper
from gradcli.language.values.nesting import map_items
from gradcli.language.values.values import REQUIRED, Function, Value
from gradcli.session.plain import plain
from gradcli.session.results import Derivatives, NoNumber, Plain, Tensor

# A function that is shown is called with symbols, and its loops are gone through so many times at most.
MOST_STEPS = 5_000
# Formulas beside numbers take so much work at most, a fraction of what whoever asks for them alone waits for.
BESIDE = 6_000
# Beside a definition stand formulas so short, and so few.
LONGEST_BESIDE, MOST_FORMULAS = 120, 3
# For them loops are gone through no oftener: it would be felt, and what is long is not shown.
MOST_STEPS_BESIDE = 200
# Where float64 arithmetic keeps fewer, that is said.
FEWEST_DIGITS = 12
# Of a large tensor, which is float64's, where fewer are right.
FEWEST_ROUGH = 8
# What is made of functions has a formula rather than a definition.
_MADE = (Operator, Combined, Composed, Lifted)


def shown(interpreter: Interpreter, expression: s.Expression) -> Plain:
    """The value of an expression that stands by itself.

    Of a function that is defined it is the definition as it was typed; of a derivative, and of an expression whose
    names have no value, the formula. From now on it is `ans`.

    Raises:
        LanguageError: where the expression has no value.
    """
    value, is_free = interpreter.shown(expression)
    found = _shown(interpreter, expression, value, is_free)
    if value is not None:
        interpreter.answers = interpreter.answers.with_one_more(value)
    return found


def _shown(interpreter: Interpreter, expression: s.Expression, value: Value, is_free: bool) -> Plain:
    if isinstance(value, Function):
        return _function(interpreter, value, expression, is_free)
    if isinstance(value, tuple) and isinstance(expression, s.Tuple) and any(isinstance(v, Function) for v in value):
        # What derivatives in it are called is told by the items themselves.
        return tuple(_shown(interpreter, item, *interpreter.shown(item)) for item in expression.items)
    found = plain(typed(_with_digits(interpreter, value), interpreter.dtype))
    explain(interpreter, found, expression.span)
    if isinstance(found, Derivatives) and not found.whole and isinstance(expression, (s.Call, s.Beside, s.At)):
        return _with_formulas(interpreter, expression, found)
    return found


def explain(interpreter: Interpreter, found: Plain, span: Span) -> None:
    """Say beside a result why it is nan or infinite, where nothing has been said of it."""
    if not interpreter.at_top or interpreter.warnings or not any(map(_is_lost, _numbers(found))):
        return
    from gradcli.language.steps.why import reason

    why = reason(interpreter)
    if why is not None:
        interpreter.note(why.message, why.span or span, why.hint)


def _is_lost(tensor: Tensor) -> bool:
    return is_lost(Finer(tensor.data, tensor.digits) if tensor.digits else tensor.data)


def _numbers(found: Plain) -> Iterator[Tensor]:
    """The numbers in it; of a part that occurs several times once."""
    waiting, seen = [found], set()
    while waiting:
        item = waiting.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        if isinstance(item, Tensor):
            yield item
        elif isinstance(item, Derivatives):
            yield from (row.tensor for row in item.rows if row.tensor is not None)
        elif isinstance(item, tuple):
            waiting += item


def _with_digits(interpreter: Interpreter, value: Value) -> Value:
    """Plain numbers with more digits than a float has, where they are asked for: those of pi, and of 1/3."""
    if (interpreter.settings.digits or 0) <= FLOAT_DIGITS:
        return value

    def known(item: Value) -> Value:
        if not isinstance(item, Exact):
            return item
        (certain,) = interpreter.certified([constant(item, DType.FLOAT64)], [item])
        return certain if isinstance(certain, Precise) else item

    found: Value = map_items(value, known)
    return found


def _with_formulas(interpreter: Interpreter, expression: s.Call | s.Beside | s.At, found: Derivatives) -> Derivatives:
    """The numbers of a derivative with the formulas that they are of, where those are of the same numbers."""
    function = interpreter.called(expression)
    given = (value for traced in interpreter.trail.traced for value in traced.given.values())
    # Formulas are of numbers; a tensor that an input is given is none.
    if not isinstance(function, Operator) or any(size_of(value.shape) != 1 for value in given):
        return found
    from gradcli.language.derivatives.formulas import try_formulas

    interpreter.steps, interpreter.most_steps = 0, MOST_STEPS
    table = try_formulas(interpreter, function, expression.span, BESIDE)
    shapes = [row.tensor.shape for row in found.rows if row.tensor is not None]
    names = [row.name for row in found.rows]
    if table is None or [*table.shapes] != shapes or [str(name) for name, _ in table.rows] != names:
        return found
    formulas = zip(found.rows, table.formulas, table.reasons, strict=True)
    rows = tuple(replace(row, formula=formula, reason=reason) for row, formula, reason in formulas)
    return replace(found, rows=rows, definitions=table.definitions)


def _function(interpreter: Interpreter, function: Function, expression: s.Expression, is_free: bool) -> Plain:
    # Few results are functions.
    from gradcli.language.derivatives.formulas import formula_table
    from gradcli.language.derivatives.table import AllDerivatives

    named = isinstance(expression, (s.Name, s.Attribute))
    if isinstance(function, (AllDerivatives, *_MADE)) or is_free or (isinstance(function, UserFunction) and not named):
        if is_free:
            # What is wrong with the expression is wrong whatever its names stand for.
            formula_table(interpreter, function, expression.span)
        found = _formulas(interpreter, function, expression.span)
        if found is not None:
            made_here = not named and isinstance(function, UserFunction)
            return _of_names(found, function, is_free) if made_here or is_free else found
    if isinstance(function, UserFunction) and named:
        known = definition_of(function)
        if known is not None:
            return replace(known, formulas=_formulas_beside(interpreter, function, expression.span))
    return plain(function)


def _formulas_beside(interpreter: Interpreter, function: UserFunction, span: Span) -> tuple[tuple[str, str], ...]:
    """The names and formulas of what a function gives, where they are short and say more than its definition.

    They are found with little work, and whatever is wrong with the function is said when it is called.
    """
    if not interpreter.at_top:
        return ()
    from gradcli.language.derivatives.formulas import try_formulas

    drawn, said = interpreter.random.drawn, len(interpreter.warnings)
    interpreter.steps, interpreter.most_steps = 0, MOST_STEPS_BESIDE
    try:
        table = try_formulas(interpreter, function, span, BESIDE)
        if interpreter.random.drawn != drawn:
            return ()
    except LanguageError:
        return ()
    finally:
        # Nothing was drawn, and nothing said, for a look at a definition.
        interpreter.random = Random(interpreter.random.seed, drawn)
        del interpreter.warnings[said:]
    if table is None or table.definitions or len(table.rows) > MOST_FORMULAS:
        return ()
    found = [(str(name), text) for (name, _), text in zip(table.rows, table.formulas, strict=True) if text]
    if len(found) < len(table.rows) or any(len(text) > LONGEST_BESIDE for _, text in found):
        return ()
    return () if _signs(_body(function)) == _signs(", ".join(text for _, text in found)) else tuple(found)


def _body(function: UserFunction) -> str:
    """The expression that a function returns, where that is all that it does."""
    only = function.body[0] if len(function.body) == 1 else None
    return only.value.span.text if isinstance(only, s.Return) else ""


def _signs(text: str) -> list[str]:
    """What a formula consists of, however it is arranged and bracketed."""
    return sorted(re.findall(r"\w+|[^\w\s()·*]", on_paper(text)))


def _formulas(interpreter: Interpreter, function: Function, span: Span) -> Derivatives | None:
    """The formulas of what a function gives; None where it takes anything but numbers."""
    from gradcli.language.derivatives.formulas import try_formulas

    interpreter.steps, interpreter.most_steps = 0, MOST_STEPS
    table = try_formulas(interpreter, function, span)
    found = None if table is None else plain(table)
    return found if isinstance(found, Derivatives) else None


def _of_names(found: Derivatives, function: Function, is_free: bool) -> Derivatives:
    """The formulas of an expression without a name, and that it is a function of names without a value."""
    names = [i.name for i in function.inputs]
    have = "has" if len(names) == 1 else "have"
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    values = f", which {have} no value" if is_free or all(i.default is REQUIRED for i in function.inputs) else ""
    note = f"a function of {listed}{values}; `f({', '.join(names)}) = ...` gives it a name"
    for word in filter(is_row, names):
        note += f"\n`{word}` is one name; a product is written `{'*'.join(word)}`"
    rows = tuple(replace(row, name="" if len(found.rows) == 1 else row.name) for row in found.rows)
    return replace(found, rows=rows, note=note)


def definition_of(function: UserFunction) -> NoNumber | None:
    """A definition as it was typed."""
    if function.definition is None:
        return None
    from textwrap import dedent

    return NoNumber("function", dedent(function.definition.text).rstrip())


def typed(value: Value, dtype: DType) -> Value:
    """A value as it is shown: plain numbers are float64 until then, and of the session's type from then on."""
    if dtype is DType.FLOAT64:
        return value
    changed: Value = map_items(value, lambda item: constant(item, dtype) if isinstance(item, float) else item)
    return changed


def note_on_digits(interpreter: Interpreter) -> str | None:
    """What is said where float64 arithmetic would have shown digits that are wrong, or of a large tensor has."""
    if missing:
        return "not certified: python-flint is not installed"
    if interpreter.undecided:
        return "not certified: a number on the way is 0, or so near that no precision tells"
    if interpreter.steady < FEWEST_DIGITS:
        about = "" if interpreter.steady < 1 else "about "
        return f"float64 arithmetic keeps {about}{_digits(interpreter.steady)} through so many steps"
    if interpreter.rough < FEWEST_ROUGH:
        return f"float64 arithmetic: about {_digits(interpreter.rough)} of the element that is off most"
    kept = interpreter.kept
    return f"float64 arithmetic keeps {_digits(kept)} here" if kept < FEWEST_DIGITS else None


def _digits(kept: float) -> str:
    return "no digit" if kept < 1 else "1 digit" if kept < 2 else f"{int(kept)} digits"
