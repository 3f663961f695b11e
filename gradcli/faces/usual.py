"""What options are where the command line doesn't say: what the environment says, else the config file, else the table.

Nothing is read but a file that is there.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gradcli.faces.options import Option
    from gradcli.language.text.diagnostics import Diagnostic, Span

CONFIG, INIT = "config.toml", "init.grad"


class Usual:
    """Values of options by parameter, and what is to be said of where they come from; an error is a wrong value."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.diagnostics: list[Diagnostic] = []

    def say(
        self, message: str, hint: str, kind: str = "usage", span: Span | None = None, severity: str = "error"
    ) -> None:
        """Keep what is to be said."""
        from gradcli.language.text.diagnostics import Diagnostic

        self.diagnostics.append(Diagnostic(kind, message, span, hint, severity=severity))


def config_path(name: str) -> str:
    """Where the platform has files that a user writes for a program; XDG_CONFIG_HOME says otherwise."""
    given = os.environ.get("XDG_CONFIG_HOME")
    if given:
        return os.path.join(given, "gradcli", name)
    # As platformdirs has it, which takes longer to import than a short answer takes.
    if sys.platform == "win32":
        folder = os.environ.get("LOCALAPPDATA") or os.path.expanduser("~\\AppData\\Local")
    elif sys.platform == "darwin":
        folder = os.path.expanduser("~/Library/Application Support")
    else:
        folder = os.path.expanduser("~/.config")
    return os.path.join(folder, "gradcli", name)


def usual(options: Sequence[Option], every: Sequence[Option]) -> Usual:
    """The values of lasting options, where the environment or the config file has one; the file may have `every` one.

    What else the file has, such as limits, is put into the environment, which has the last word on it.
    """
    found = Usual()
    if not any(option.lasting for option in options):
        return found
    path = config_path(CONFIG)
    config = _read(path, every, found) if os.path.exists(path) else {}
    for option in options:
        if option.lasting:
            variable = variable_of(option.parameter)
            if os.environ.get(variable):
                _keep(found, option, os.environ[variable], variable)
            elif option.parameter in config:
                _keep(found, option, config[option.parameter], path)
    return found


def variable_of(key: str) -> str:
    """The environment variable for a key of the config file."""
    return f"GRADCLI_{key.upper()}"


def _keep(found: Usual, option: Option, given: Any, where: str) -> None:
    from gradcli.language.text.diagnostics import near

    text = str(given)
    if option.kind is int and text.isdecimal():
        found.values[option.parameter] = int(text)
    elif option.kind is int:
        found.say(f"{where}: {option.parameter} is `{text}`", "it is a whole number")
    elif option.choices and text not in option.choices:
        hint = near(text, option.choices) or f"it is {' or '.join(option.choices)}"
        found.say(f"{where}: {option.parameter} is `{text}`", hint)
    else:
        found.values[option.parameter] = text


def _read(path: str, every: Sequence[Option], into: Usual) -> Mapping[str, Any]:
    """What the config file says."""
    import tomllib

    from gradcli.core.limits import LIMITS
    from gradcli.language.text.diagnostics import Source, Span, near

    try:
        with open(path, encoding="utf-8-sig") as file:
            text = file.read()
        config = tomllib.loads(text)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        into.say(f"can't read `{path}`: {why}", "it is TOML, such as: digits = 6", "file")
        return {}
    others = ["theme", *LIMITS]
    known = [*(option.parameter for option in every), *others]
    for key, value in config.items():
        if key in others:
            os.environ.setdefault(variable_of(key), str(value))
        elif key not in known:
            at = max(text.find(key), 0)
            hint = near(key, known) or f"there are {', '.join(known)}"
            into.say(f"`{key}` is no setting", hint, "usage", Span(Source(path, text), at, at + len(key)), "warning")
    return config
