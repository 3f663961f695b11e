"""`set NAME VALUE`: the settings of a session, each with what it can be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from gradcli.core.ir.nodes import Node
from gradcli.core.library.random import Random
from gradcli.core.limits import LIMITS
from gradcli.language.interpreter.interpreter import Interpreter
from gradcli.language.text import syntax as s
from gradcli.language.text.diagnostics import Span, fail, near
from gradcli.language.values.convert import known_value, to_dtype, to_int
from gradcli.language.values.scope import MOST_DIGITS, Settings
from gradcli.language.values.values import Value

Setter: TypeAlias = Callable[[Interpreter, s.Expression, Settings], Settings]


def set_to(interpreter: Interpreter, statement: s.Set, settings: Settings) -> Settings:
    """The settings after `set name value`; setting the seed begins the interpreter's random numbers again.

    Raises:
        LanguageError: for a name that can't be set, or a value that it can't have.
    """
    name = statement.name.id
    if name in LIMITS:
        return _limited(interpreter, name, statement.value, settings)
    if name in SETTINGS:
        return SETTINGS[name](interpreter, statement.value, settings)
    known = [*SETTINGS, *LIMITS]
    raise fail(
        "name",
        f"there is no setting `{name}`",
        statement.name.span,
        near(name, known) or f"there are {', '.join(known)}",
    )


def _dtype(interpreter: Interpreter, value: s.Expression, settings: Settings) -> Settings:
    """The type of real numbers: float64 or float32; float64 at first.

    Tensors are of that type where nothing else is asked for, ints where real numbers are needed, and plain numbers as
    they are shown.

        set dtype float32
        [1, 2]/3
    """
    text = value.id if isinstance(value, s.Name) else interpreter.evaluate(value)
    dtype = to_dtype(text, value.span)
    if not dtype.is_float:
        raise fail("dtype", f"numbers can't be {dtype.value} throughout", value.span, "write float32 or float64")
    return replace(settings, dtype=dtype)


def _seed(interpreter: Interpreter, value: s.Expression, settings: Settings) -> Settings:
    """Where the random numbers of `normal`, `uniform` and the layers begin: a whole number; 0 at first.

    Setting it begins them again: the same seed and the same draws give the same numbers.

        set seed 7
        normal(2)
    """
    seed = to_int(interpreter.evaluate(value), value.span, "a seed")
    if seed < 0:
        raise fail("value", f"a seed can't be {seed}", value.span, "seeds are whole numbers, 0 or more")
    interpreter.random = Random(seed)
    return settings


def _digits(interpreter: Interpreter, value: s.Expression, settings: Settings) -> Settings:
    """How many digits of a number are shown: 1 to 10,000, or none for all that a float64 has; none at first.

    More than 17 are computed as they are asked for, and are right to the last.

        set digits 6
        pi
        set digits 40
        pi
    """
    given = interpreter.evaluate(value)
    digits = None if given is None else to_int(given, value.span, "the number of digits")
    if digits is not None and not 1 <= digits <= MOST_DIGITS:
        raise fail(
            "value", f"{digits} digits can't be shown", value.span, f"from 1 to {MOST_DIGITS:,}, or none for all"
        )
    return replace(settings, digits=digits)


def _numbers(interpreter: Interpreter, value: s.Expression, settings: Settings) -> Settings:
    """Which numbers are shown: certified or float64; certified at first.

    Certified are the float64 nearest to the true value, float64 is what arithmetic in it gives.

        (1 + 1e-16) - 1
        set numbers float64
        (1 + 1e-16) - 1
    """
    text = value.id if isinstance(value, s.Name) else interpreter.evaluate(value)
    if text not in ("certified", "float64"):
        hint = "certified is the float nearest to the true value, float64 what arithmetic in it gives"
        raise fail("value", "numbers are certified or float64", value.span, hint)
    return replace(settings, certified=text == "certified")


# By name: called with the interpreter, the value as it is written, and the settings so far. The docstring is its help,
# with lines to type behind four blanks.
SETTINGS: dict[str, Setter] = {"dtype": _dtype, "seed": _seed, "digits": _digits, "numbers": _numbers}


def _limited(interpreter: Interpreter, name: str, value: s.Expression, settings: Settings) -> Settings:
    given = interpreter.evaluate(value)
    limits = {key: kept for key, kept in settings.limits.items() if key != name}
    if given is not None:
        limits[name] = _limit(given, value.span)
    return replace(settings, limits=limits)


def _limit(value: Value, span: Span) -> float:
    number = known_value(value) if isinstance(value, Node) else value
    if isinstance(number, bool) or not isinstance(number, (int, float)) or not number > 0:
        raise fail("value", "a limit is a number larger than 0", span, "or none for the default, inf for no limit")
    return number
