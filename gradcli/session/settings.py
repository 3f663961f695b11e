"""`set NAME VALUE`: the settings of a session, each with what it can be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import TypeAlias

from gradcli.core.ir.nodes import Node
from gradcli.core.library.random import Random
from gradcli.core.limits import LIMITS, Limit
from gradcli.core.records import record
from gradcli.language.interpreter.interpreter import Interpreter
from gradcli.language.text import syntax as s
from gradcli.language.text.diagnostics import Span, fail, near
from gradcli.language.values.convert import known_value, to_dtype, to_int
from gradcli.language.values.scope import MOST_DIGITS, Settings
from gradcli.language.values.values import Value

Setter: TypeAlias = Callable[[Interpreter, s.Expression, Settings], Settings]


@record
class Setting:
    """One setting: its name in `set`, what sets it, what it is now, what it can be, and what it is for, in a line.

    `setter` is given the interpreter, the value as it is written and the settings so far; `present` the settings and
    the seed, and gives the value as it is written behind `set NAME`. `choices` are words among what it can be.
    """

    name: str
    setter: Setter
    present: Callable[[Settings, int], str]
    takes: str
    help: str
    choices: tuple[str, ...] = ()


def every_setting() -> dict[str, Setting]:
    """All that `set` knows, by name: the settings, and the limits after them."""
    return SETTINGS | {name: _of_limit(limit) for name, limit in LIMITS.items()}


def differing(settings: Settings, seed: int) -> Iterator[str]:
    """The statements that make the settings of a new session these."""
    for setting in every_setting().values():
        value = setting.present(settings, seed)
        if value != setting.present(Settings(), 0):
            yield f"set {setting.name} {value}"


def set_to(interpreter: Interpreter, statement: s.Set, settings: Settings) -> Settings:
    """The settings after `set name value`; setting the seed begins the interpreter's random numbers again.

    Raises:
        LanguageError: for a name that can't be set, or a value that it can't have.
    """
    name, known = statement.name.id, every_setting()
    if name in known:
        return known[name].setter(interpreter, statement.value, settings)
    hint = near(name, [*known]) or f"there are {', '.join(known)}"
    raise fail("name", f"there is no setting `{name}`", statement.name.span, hint)


def _dtype(interpreter: Interpreter, value: s.Expression, settings: Settings) -> Settings:
    """Set the type of real numbers.

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
    """Begin the random numbers of `normal`, `uniform` and the layers again.

    The same seed and the same draws give the same numbers.

        set seed 7
        normal(2)
    """
    seed = to_int(interpreter.evaluate(value), value.span, "a seed")
    if seed < 0:
        raise fail("value", f"a seed can't be {seed}", value.span, "seeds are whole numbers, 0 or more")
    interpreter.random = Random(seed)
    return settings


def _digits(interpreter: Interpreter, value: s.Expression, settings: Settings) -> Settings:
    """Set how many digits of a number are shown.

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
    """Choose which numbers are shown.

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


SETTINGS: dict[str, Setting] = {
    setting.name: setting
    for setting in (
        Setting(
            "dtype",
            _dtype,
            lambda settings, seed: settings.dtype.value,
            "float64 or float32",
            "the type of tensors, and of plain numbers as they are shown",
            ("float64", "float32"),
        ),
        Setting(
            "seed",
            _seed,
            lambda settings, seed: str(seed),
            "a whole number, 0 or more",
            "where the random numbers begin; setting it begins them again",
        ),
        Setting(
            "digits",
            _digits,
            lambda settings, seed: "none" if settings.digits is None else str(settings.digits),
            f"1 to {MOST_DIGITS:,}, or none for all that count",
            "how many digits of a number are shown",
            ("none",),
        ),
        Setting(
            "numbers",
            _numbers,
            lambda settings, seed: "certified" if settings.certified else "float64",
            "certified or float64",
            "whether what is shown is nearest to the true value, or what float64 arithmetic gives",
            ("certified", "float64"),
        ),
    )
}


def _of_limit(limit: Limit) -> Setting:
    return Setting(
        limit.name,
        partial(_limited, limit.name),
        lambda settings, seed: _as_written(settings.limits.get(limit.name)),
        f"{limit.unit}, inf or none",
        limit.help,
        ("none", "inf"),
    )


def _as_written(number: float | None) -> str:
    return "none" if number is None else repr(number)


def _limited(name: str, interpreter: Interpreter, value: s.Expression, settings: Settings) -> Settings:
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
