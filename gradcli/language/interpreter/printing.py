"""`print` and `show` in blocks: values as they are in this call, and texts with values in them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from gradcli.language.text import syntax as s
from gradcli.language.text.diagnostics import LanguageError, Source, Span, fail
from gradcli.language.text.parse import parse_expression
from gradcli.language.values.said import Part, Said
from gradcli.language.values.values import Value

_BRACES = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
# What Python's format takes for a number or a text, behind a colon.
_FORM = re.compile(r":([<>^]?[-+ ]?0?\d*,?(?:\.\d+)?[eEfFgG%ds]?)$")

Evaluate = Callable[[s.Expression], Value]


def said(statement: s.Print, evaluate: Evaluate) -> Said:
    """What a statement says.

    Raises:
        LanguageError: for a text whose braces don't pair, and for a mistake in what stands between them.
    """
    items: list[Value | tuple[str | Part, ...]] = []
    texts = []
    for value in statement.values:
        is_text = isinstance(value, s.Literal) and isinstance(value.value, str)
        texts.append(is_text)
        if is_text and isinstance(value, s.Literal):
            items.append(tuple(_pieces(str(value.value), value.span, evaluate)))
        else:
            items.append(evaluate(value))
    title = statement.values[0].span.title if statement.values else statement.span.title
    return Said(statement.span, title, tuple(items), tuple(texts))


def _pieces(text: str, span: Span, evaluate: Evaluate) -> Iterator[str | Part]:
    at = 0
    for match in _BRACES.finditer(text):
        yield text[at : match.start()]
        at = match.end()
        if match[0] in ("{{", "}}"):
            yield match[0][0]
        elif match[1] is None:
            raise fail(
                "syntax", f"`{match[0]}` has no partner in this text", span, f"`{match[0] * 2}` is the sign itself"
            )
        else:
            yield _part(match[1], span, evaluate)
    yield text[at:]


def _part(text: str, span: Span, evaluate: Evaluate) -> Part:
    form = _FORM.search(text)
    expression = text[: form.start()] if form else text
    if not expression.strip():
        raise fail("syntax", "there is nothing between these braces", span, "write a name, as in `step {i}`")
    # Its place in the text, where what is typed is what is meant.
    start = span.text.find(expression)
    try:
        value = evaluate(parse_expression(Source(span.source.name, expression)))
    except LanguageError as error:
        d = error.diagnostic
        where = Span(span.source, span.start + start, span.start + start + len(expression)) if start >= 0 else span
        raise fail(d.kind, d.message, where, d.hint) from None
    return Part(value, form[1] if form else "")
