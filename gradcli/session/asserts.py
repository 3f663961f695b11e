"""Checking an assert, and both of its sides for the report."""

from __future__ import annotations

from gradcli.core.ir.nodes import Constant, Node
from gradcli.language.calls.arguments import bind
from gradcli.language.calls.compare import NEARLY, Around, Tolerance, compared, nearly, tolerance
from gradcli.language.calls.operations import every, truth
from gradcli.language.interpreter.interpreter import Interpreter
from gradcli.language.library.names import builtins
from gradcli.language.text import syntax as s
from gradcli.language.text.diagnostics import Span, fail
from gradcli.language.values.describe import describe
from gradcli.language.values.explanations import RIGHT, Check
from gradcli.language.values.values import Parameters, Value
from gradcli.session.plain import plain
from gradcli.session.results import Assertion, Comparison, Place, Tensor, Text


def check_assert(interpreter: Interpreter, statement: s.Assert) -> Assertion:
    """Evaluate an assert. Each side is evaluated once.

    Raises:
        LanguageError: if the condition is neither true nor false.
    """
    condition = statement.condition
    comparison: Comparison | None = None
    if isinstance(condition, s.Compare) and len(condition.operators) == 1:
        sides = [interpreter.side(o, condition.operators) for o in condition.operands]
        one, other = (_settled(interpreter, side, condition.span) for side in sides)
        symbol, told = condition.operators[0], None
        passed = _holds(interpreter, compared(interpreter, symbol, one, other, condition.span), condition)
        left, right, allowed = nearly(one, other, condition.span)
        if symbol == NEARLY:
            symbol, told = "close to", _told(allowed)
        comparison = Comparison(symbol, plain(left), plain(right), _difference(left, right), told)
    elif _is_allclose(interpreter, condition):
        assert isinstance(condition, s.Call)
        function = builtins()["allclose"]
        positional = [interpreter.settle(interpreter.evaluate(a), a.span) for a in condition.arguments]
        keywords = {k.name: interpreter.evaluate(k.value) for k in condition.keywords}
        left, right, *chosen = values = bind(function, positional, keywords, condition)  # type: ignore[arg-type]
        passed = _holds(interpreter, function.call(interpreter, values, condition.span), condition)  # type: ignore[union-attr]
        within = tolerance(left, right, chosen, condition.span)
        comparison = Comparison(
            "close to",
            plain(left),
            plain(right),
            _difference(left, right),
            _told(within),
        )
    else:
        value = interpreter.evaluate(condition)
        passed = _holds(interpreter, value, condition)
        if isinstance(value, Check):
            comparison = Comparison("is", plain(value), Text(RIGHT), None, None)
    message = None if statement.message is None else interpreter.evaluate(statement.message)
    if message is not None and not isinstance(message, str):
        raise fail("type", f"the message of an assert is a text, not {describe(message)}", statement.span)
    return Assertion(condition.span.title, Place.of(statement.span), passed, message, None if passed else comparison)


def _settled(interpreter: Interpreter, side: Value | Around, span: Span) -> Value | Around:
    if isinstance(side, Around):
        return Around(interpreter.settle(side.value, span), side.error)
    return interpreter.settle(side, span)


def _told(within: Tolerance) -> str:
    return f"rtol {within.rtol:g}, atol {within.atol:g}{', equal_nan' if within.equal_nan else ''}"


def _is_allclose(interpreter: Interpreter, condition: s.Expression) -> bool:
    return (
        isinstance(condition, s.Call)
        and isinstance(condition.function, s.Name)
        and interpreter.find(condition.function.id, None) == (builtins()["allclose"],)
    )


def _holds(interpreter: Interpreter, value: Value, condition: s.Expression) -> bool:
    settled = interpreter.settle(every(truth(value, condition.span)), condition.span)
    if isinstance(settled, Node):
        assert isinstance(settled, Constant)
        return bool(settled.value)
    return bool(settled)


def _difference(left: Value, right: Value) -> float | None:
    """The largest absolute difference between numbers that stand at the same place; None where there are none."""
    import numpy as np

    if isinstance(left, Parameters):
        left = left.nodes
    if isinstance(right, Parameters):
        right = right.nodes
    if isinstance(left, tuple) and isinstance(right, tuple):
        found = [_difference(a, b) for a, b in zip(left, right, strict=False)]
        known = [d for d in found if d is not None]
        return max(known) if known else None
    a, b = plain(left), plain(right)
    if not isinstance(a, Tensor) or not isinstance(b, Tensor) or "bool" in (a.dtype, b.dtype):
        return None
    if a.shape != b.shape and () not in (a.shape, b.shape):
        return None
    with np.errstate(all="ignore"):
        gap = np.abs(np.asarray(a.data, dtype=float) - np.asarray(b.data, dtype=float))
    return float(gap.max()) if gap.size else None
