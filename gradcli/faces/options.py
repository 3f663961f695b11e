"""The options of the commands, each declared once, and the plain way to read them.

Typer reads what it is given here, explains it and refuses what is wrong. Importing it takes longer than a short answer,
so a command line that is spelled as declared is read without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

# The exit code of a process that Ctrl-C ended, as shells give it.
INTERRUPTED = 130


class Option(NamedTuple):
    """One option: the parameter that it sets, its spellings, what stands for its value, its type, its help.

    A flag has the type bool, and no value.
    """

    parameter: str
    flags: tuple[str, ...]
    metavar: str
    kind: type
    help: str


WRT = Option("wrt", ("--wrt",), "NAMES", str, "Differentiate by these, such as x,y.")
ORDER = Option("order", ("--order", "-n"), "N", int, "The highest order of derivatives.")
DTYPE = Option("dtype", ("--dtype",), "TYPE", str, "What plain numbers are: float64 or float32.")
QUIET = Option("quiet", ("--quiet", "-q"), "", bool, "Show failures and one line a file only.")

# The options of each command that answers one question.
COMMANDS: dict[str, tuple[Option, ...]] = {"grad": (WRT, ORDER, DTYPE), "eval": (DTYPE,), "run": (QUIET, DTYPE)}


def read(arguments: Sequence[str], options: Sequence[Option]) -> tuple[list[str], dict[str, Any]] | None:
    """Positional arguments, and the options by parameter; None where anything is not spelled as declared."""
    positional: list[str] = []
    found: dict[str, Any] = {}
    words = iter(arguments)
    for word in words:
        if not word.startswith("-") or word == "-":
            positional.append(word)
            continue
        flag, equals, value = word.partition("=")
        option = next((o for o in options if flag in o.flags), None)
        if option is None or option.parameter in found or (equals and option.kind is bool):
            return None
        if option.kind is bool:
            found[option.parameter] = True
            continue
        text = value if equals and flag.startswith("--") else None if equals else next(words, None)
        if text is None or (option.kind is int and not text.isdecimal()):
            return None
        found[option.parameter] = option.kind(text)
    return (positional, found) if positional else None
