"""Checking an assert, and what the report says of it: both sides, the worst entry, the parts of a condition."""

from __future__ import annotations

from collections.abc import Callable

from gradcli.core.ir.nodes import Constant, Node
from gradcli.core.records import structure
from gradcli.language.calls.arguments import bind
from gradcli.language.calls.compare import NEARLY, Around, Tolerance, compared, nearly, tolerance
from gradcli.language.calls.operations import binary, every, truth, unary
from gradcli.language.interpreter.interpreter import Interpreter
from gradcli.language.library.names import builtins
from gradcli.language.text import syntax as s
from gradcli.language.text.diagnostics import Span, fail
from gradcli.language.values.describe import describe
from gradcli.language.values.explanations import RIGHT, Check
from gradcli.language.values.values import Value
from gradcli.session.differences import EXACT, differences
from gradcli.session.plain import plain
from gradcli.session.results import Assertion, Comparison, Part, Place, Text

EQUAL, CLOSE = "==", "close to"


def check_assert(interpreter: Interpreter, statement: s.Assert) -> Assertion:
    """Evaluate an assert. Each side is evaluated once.

    Raises:
        LanguageError: if the condition is neither true nor false.
    """
    condition = statement.condition
    checked = _Checked(interpreter)
    passed = checked.holds(checked.value(condition), condition.span)
    message = None if statement.message is None else interpreter.evaluate(statement.message)
    if message is not None and not isinstance(message, str):
        raise fail("type", f"the message of an assert is a text, not {describe(message)}", statement.span)
    source, place = condition.span.title, Place.of(statement.span)
    if passed:
        return Assertion(source, place, passed, message)
    parts = checked.parts()
    # A comparison that is all of the condition stands by itself.
    alone = parts[0].comparison if len(parts) == 1 and not _is_made_of_others(condition) else None
    shown = () if alone is not None or not any(p.comparison or p.operands for p in parts) else parts
    return Assertion(source, place, passed, message, alone, shown)


def _is_made_of_others(condition: s.Expression) -> bool:
    return (isinstance(condition, s.Binary) and condition.operator in ("and", "or")) or (
        isinstance(condition, s.Unary) and condition.operator == "not"
    )


@structure
class _Leaf:
    """A condition that is not made of others: whether it held, and what is to be said of it if all did not."""

    condition: s.Expression
    holds: bool
    explain: Callable[[], Comparison | None]
    operands: tuple[tuple[s.Expression, Value | Around], ...] = ()


class _Checked:
    """Evaluates a condition as the interpreter does, and remembers its parts."""

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter
        self._leaves: list[_Leaf] = []

    def parts(self) -> tuple[Part, ...]:
        """The parts that were evaluated, in order, as plain data."""
        return tuple(
            Part(
                leaf.condition.span.title,
                leaf.holds,
                leaf.explain(),
                tuple(
                    (operand.span.title, plain(value.value if isinstance(value, Around) else value))
                    for operand, value in leaf.operands
                    if not isinstance(operand, s.Literal)
                ),
            )
            for leaf in self._leaves
        )

    def holds(self, value: Value, span: Span) -> bool:
        """Whether a condition holds everywhere."""
        settled = self._interpreter.settle(every(truth(value, span)), span)
        if isinstance(settled, Node):
            assert isinstance(settled, Constant)
            return bool(settled.value)
        return bool(settled)

    def value(self, condition: s.Expression) -> Value:
        """What a condition comes to, settled; `and` and `or` stop where they are decided."""
        if isinstance(condition, s.Unary) and condition.operator == "not":
            return unary(self._interpreter, "not", self.value(condition.operand), condition.span)
        if not isinstance(condition, s.Binary) or condition.operator not in ("and", "or"):
            return self._leaf(condition)
        # A long condition leans to the left, as a long sum does.
        spine = [condition]
        while isinstance(left := spine[-1].left, s.Binary) and left.operator in ("and", "or"):
            spine.append(left)
        value = self.value(spine[-1].left)
        for step in reversed(spine):
            if isinstance(value, bool) and value is (step.operator == "or"):
                continue
            value = binary(self._interpreter, step.operator, value, self.value(step.right), step.span)
        return value

    def _leaf(self, condition: s.Expression) -> Value:
        interpreter, span = self._interpreter, condition.span
        operands: tuple[tuple[s.Expression, Value | Around], ...] = ()
        explain: Callable[[], Comparison | None]
        if isinstance(condition, s.Compare):
            sides = [self._settled(interpreter.side(o, condition.operators), span) for o in condition.operands]
            value: Value = True
            for symbol, one, other in zip(condition.operators, sides, sides[1:], strict=False):
                value = binary(interpreter, "and", value, compared(interpreter, symbol, one, other, span), span)
            if len(sides) == 2:
                symbol, (one, other) = condition.operators[0], sides
                explain = lambda: _of_sides(symbol, one, other, span)  # noqa: E731
            else:
                operands, explain = tuple(zip(condition.operands, sides, strict=True)), _nothing
        elif _is_allclose(interpreter, condition):
            assert isinstance(condition, s.Call)
            function = builtins()["allclose"]
            positional = [interpreter.settle(interpreter.evaluate(a), a.span) for a in condition.arguments]
            keywords = {k.name: interpreter.evaluate(k.value) for k in condition.keywords}
            a, b, *chosen = values = bind(function, positional, keywords, condition)  # type: ignore[arg-type]
            value = function.call(interpreter, values, span)  # type: ignore[union-attr]
            explain = lambda: _compared(CLOSE, a, b, tolerance(a, b, chosen, span))  # noqa: E731
        else:
            value = found = interpreter.evaluate(condition)
            explain = _nothing
            if isinstance(found, Check):
                explain = lambda: Comparison("is", plain(found), Text(RIGHT), None, None)  # noqa: E731
        settled = interpreter.settle(truth(value, span), span)
        if not isinstance(condition, s.Literal):
            self._leaves.append(_Leaf(condition, self.holds(settled, span), explain, operands))
        return settled

    def _settled(self, side: Value | Around, span: Span) -> Value | Around:
        if isinstance(side, Around):
            return Around(self._interpreter.settle(side.value, span), side.error)
        return self._interpreter.settle(side, span)


def _nothing() -> None:
    """What is said of a condition that compares nothing."""


def _of_sides(symbol: str, one: Value | Around, other: Value | Around, span: Span) -> Comparison:
    left, right, allowed = nearly(one, other, span)
    return _compared(CLOSE, left, right, allowed) if symbol == NEARLY else _compared(symbol, left, right)


def _compared(relation: str, left: Value, right: Value, within: Tolerance | None = None) -> Comparison:
    found = differences(left, right, within or EXACT)
    told = None if within is None else _told(within)
    worst, differing, count = (
        (found.worst, found.differing, found.count)
        if relation in (EQUAL, CLOSE) and found.count
        else (None, None, None)
    )
    return Comparison(relation, plain(left), plain(right), found.largest, told, worst, differing, count)


def _told(within: Tolerance) -> str:
    return f"rtol {within.rtol:g}, atol {within.atol:g}{', equal_nan' if within.equal_nan else ''}"


def _is_allclose(interpreter: Interpreter, condition: s.Expression) -> bool:
    return (
        isinstance(condition, s.Call)
        and isinstance(condition.function, s.Name)
        and interpreter.find(condition.function.id, None) == (builtins()["allclose"],)
    )
