"""`set NAME VALUE`: the settings of a session, each with what it can be."""

from __future__ import annotations

from dataclasses import replace

from gradcli.core.ir.nodes import Node
from gradcli.core.library.random import Random
from gradcli.core.limits import LIMITS
from gradcli.language.interpreter.interpreter import Interpreter
from gradcli.language.text import syntax as s
from gradcli.language.text.diagnostics import Span, fail, near
from gradcli.language.values.convert import known_value, to_dtype, to_int
from gradcli.language.values.scope import Settings
from gradcli.language.values.values import Value


def set_to(interpreter: Interpreter, statement: s.Set, settings: Settings) -> tuple[Settings, Random]:
    """The settings and the random numbers after `set name value`.

    Raises:
        LanguageError: for a name that can't be set, or a value that it can't have.
    """
    name, value = statement.name.id, statement.value
    if name == "dtype":
        text = value.id if isinstance(value, s.Name) else interpreter.evaluate(value)
        dtype = to_dtype(text, value.span)
        if not dtype.is_float:
            raise fail("dtype", f"numbers can't be {dtype.value} throughout", value.span, "write float32 or float64")
        return replace(settings, dtype=dtype), interpreter.random
    if name == "seed":
        seed = to_int(interpreter.evaluate(value), value.span, "a seed")
        if seed < 0:
            raise fail("value", f"a seed can't be {seed}", value.span, "seeds are whole numbers, 0 or more")
        return settings, Random(seed)
    if name == "digits":
        given = interpreter.evaluate(value)
        digits = None if given is None else to_int(given, value.span, "the number of digits")
        if digits is not None and not 1 <= digits <= 17:
            raise fail("value", f"{digits} digits can't be shown", value.span, "from 1 to 17, or none for all")
        return replace(settings, digits=digits), interpreter.random
    if name in LIMITS:
        given = interpreter.evaluate(value)
        limits = {key: kept for key, kept in settings.limits.items() if key != name}
        if given is not None:
            limits[name] = _limit(given, value.span)
        return replace(settings, limits=limits), interpreter.random
    known = ["dtype", "seed", "digits", *LIMITS]
    raise fail(
        "name",
        f"there is no setting `{name}`",
        statement.name.span,
        near(name, known) or f"there are {', '.join(known)}",
    )


def _limit(value: Value, span: Span) -> float:
    number = known_value(value) if isinstance(value, Node) else value
    if isinstance(number, bool) or not isinstance(number, (int, float)) or not number > 0:
        raise fail("value", "a limit is a number larger than 0", span, "or none for the default, inf for no limit")
    return number
