"""What `print` says, as a result: one value as it is shown by itself, several and texts as one line."""

from __future__ import annotations

from typing import Any

from gradcli.core.ir.nodes import Constant, Node, Parameter
from gradcli.language.interpreter.interpreter import Interpreter
from gradcli.language.text.diagnostics import fail
from gradcli.language.values.describe import describe
from gradcli.language.values.said import Part, Said
from gradcli.language.values.values import Value
from gradcli.session.plain import plain
from gradcli.session.results import Place, Shown, Text
from gradcli.session.showing import typed


def printed(interpreter: Interpreter, said: Said) -> Shown:
    """The result.

    Raises:
        LanguageError: for a value that a text can't hold as it asks.
    """
    span, digits = said.span, interpreter.settings.digits
    if len(said.items) == 1 and not said.texts[0]:
        (value,) = said.items
        return Shown(said.title, Place.of(span), plain(typed(value, interpreter.dtype)))  # type: ignore[arg-type]
    parts = []
    for item, is_text in zip(said.items, said.texts, strict=True):
        pieces = item if is_text and isinstance(item, tuple) else (Part(item),)  # type: ignore[arg-type]
        try:
            parts.append("".join(p if isinstance(p, str) else _text(p, digits) for p in pieces))  # type: ignore[arg-type]
        except (ValueError, TypeError) as error:
            raise fail("value", f"a text can't have this in it: {error}", span, "as in `{loss:.3f}`") from None
    return Shown(span.title, Place.of(span), Text(" ".join(parts)), is_text=True)


def _text(part: Part, digits: int | None) -> str:
    return _written(part.value, part.form, digits)


def _written(value: Value, form: str, digits: int | None) -> str:
    if isinstance(value, Parameter):
        value = value.value
    if isinstance(value, Constant):
        return _rows(value.value if value.shape == () else value.value.tolist(), form, digits)
    if isinstance(value, tuple):
        return f"({', '.join(_written(item, form, digits) for item in value)})"
    if isinstance(value, (bool, int, float)):
        return _rows(value, form, digits)
    if isinstance(value, Node) or not isinstance(value, str):
        return describe(value)
    return format(value, form)


def _rows(value: Any, form: str, digits: int | None) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_rows(item, form, digits) for item in value)}]"
    if isinstance(value, bool):
        return str(value).lower()
    if form:
        return format(int(value) if form.endswith("d") else value, form)
    number = float(value)
    if isinstance(value, int) or (number.is_integer() and abs(number) < 1e16):
        return str(int(value))
    return f"{number:.{digits}g}" if digits else repr(number)
