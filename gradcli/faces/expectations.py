"""Values that a script expects: `# = 45` behind an expression, and numbers written out in `assert allclose`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from gradcli.core.records import record
from gradcli.language.text import syntax as s
from gradcli.language.text.diagnostics import Source, Span
from gradcli.language.text.parse import parse
from gradcli.language.text.tokens import BLANK, lexemes
from gradcli.output.failures import SHOWN_AS
from gradcli.output.views import Look, show_value
from gradcli.session.results import Assertion, Comparison, Derivatives, NoNumber, Place, Plain, Result, Shown, Tensor
from gradcli.session.session import Step

_EXPECTED = re.compile(r"#[ \t]*=[ \t]*(\S.*?)[ \t]*$", re.MULTILINE)
_OPENING, _CLOSING = ("LPAR", "LSQB"), ("RPAR", "RSQB")


@record
class Edit:
    """What is to stand in the place of an expected value."""

    span: Span
    text: str


@record
class Expectation:
    """What a comment expects of a value: whether that is so, as an assert, and what the comment would be."""

    assertion: Assertion
    edit: Edit


def expectation(step: Step, digits: int | None) -> Expectation | None:
    """What the comment behind the expression expects that was shown; None where there is none."""
    if step.span is None or len(step.results) != 1 or not isinstance(shown := step.results[0], Shown):
        return None
    if _EXPECTED.search(step.span.text) is None or (span := _comment(step.span)) is None:
        return None
    found = _in_a_line(shown.value, digits)
    comparison = Comparison(SHOWN_AS, NoNumber("text", found), NoNumber("text", span.text), None, None)
    passed = found == " ".join(span.text.split())
    assertion = Assertion(shown.source, Place.of(span), passed, None, None if passed else comparison)
    return Expectation(assertion, Edit(span, found))


def _comment(statement: Span) -> Span | None:
    """Where the expected value stands in the comment at the end of a statement's line."""
    depth, first = 0, True
    for token in lexemes(statement.text):
        if token.kind == BLANK and "\n" in token.text and depth == 0 and not first:
            return None
        if token.kind == "COMMENT" and depth == 0:
            expected = _EXPECTED.match(token.text)
            start = statement.start + token.start
            return expected and Span(statement.source, start + expected.start(1), start + expected.end(1))
        if first and token.text == "for":
            return None
        first = first and token.kind == BLANK
        depth += (token.kind in _OPENING) - (token.kind in _CLOSING)
    return None


def _in_a_line(value: Plain, digits: int | None) -> str:
    """A value as it is shown, in one line; derivatives without their names."""
    if isinstance(value, Derivatives) and value.value is not None:
        value = value.value
    return " ".join(show_value(value, Look(digits, None)).split())


def literal_edits(source: Source, results: Iterable[Result]) -> list[Edit]:
    """What would make asserts hold that failed: the numbers written out in `assert allclose(..., numbers)`.

    One in a loop is left alone: it has several values.
    """
    asserts = {
        source.position(statement.span.start): statement.condition
        for statement in parse(source)
        if isinstance(statement, s.Assert)
    }
    edits = []
    for result in results:
        if not isinstance(result, Assertion) or result.passed or result.place.file != source.name:
            continue
        condition = asserts.get((result.place.line, result.place.column))
        compared = result.comparison
        if compared is None or compared.relation == SHOWN_AS or not isinstance(condition, s.Call):
            continue
        if len(condition.arguments) < 2 or not _is_literal(condition.arguments[1]):
            continue
        text = _in_a_line(compared.left, None)
        # No nan is close to anything, and what is cut short is no value.
        if _is_of_numbers(compared.left) and "nan" not in text and "..." not in text:
            edits.append(Edit(condition.arguments[1].span, text))
    return edits


def _is_of_numbers(value: Plain) -> bool:
    return all(map(_is_of_numbers, value)) if isinstance(value, tuple) else isinstance(value, Tensor)


def _is_literal(expression: s.Expression) -> bool:
    if isinstance(expression, s.Unary):
        return expression.operator in ("-", "+") and _is_literal(expression.operand)
    if isinstance(expression, (s.Array, s.Tuple)):
        return all(map(_is_literal, expression.items))
    return isinstance(expression, s.Literal)


def edited(text: str, edits: Sequence[Edit]) -> str:
    """A text with all edits made."""
    for edit in sorted(edits, key=lambda edit: -edit.span.start):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text
