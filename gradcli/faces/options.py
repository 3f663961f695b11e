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

# Typer adds it to each command.
HELP = Option("help", ("--help", "-h"), "", bool, "Show this message and exit.")

# The options of each command that answers one question.
COMMANDS: dict[str, tuple[Option, ...]] = {
    "grad": (WRT, ORDER, DTYPE),
    "eval": (DTYPE,),
    "run": (QUIET, DTYPE),
    "code": (WRT, ORDER, DTYPE),
}
# Those whose words are expressions, which may begin with a minus sign.
OF_EXPRESSIONS = ("grad", "eval", "code")


def separate(arguments: Sequence[str], options: Sequence[Option]) -> tuple[list[str], list[str]]:
    """The positional words, and the options with their values.

    A word that begins with a minus sign and is no option is an expression, unless it is nearly an option.
    """
    positional: list[str] = []
    found: list[str] = []
    words = iter(arguments)
    for word in words:
        if word == "--":
            positional += words
        elif not word.startswith("-") or word == "-":
            positional.append(word)
        elif (option := _declared(word, options)) is not None:
            found.append(word)
            if option.kind is not bool and word in option.flags:
                found += [value for value in (next(words, None),) if value is not None]
        elif _is_near(word, options):
            found.append(word)
        else:
            positional.append(word)
    return positional, found


def _declared(word: str, options: Sequence[Option]) -> Option | None:
    """The option that a word spells: `--order`, `--order=2`, `-n`, `-n2`."""
    flag = word.partition("=")[0]
    for option in (*options, HELP):
        attached = (word.removeprefix(f) for f in option.flags if not f.startswith("--") and word.startswith(f))
        if word in option.flags or (flag.startswith("--") and flag in option.flags):
            return option
        if option.kind is int and any(text.isdecimal() for text in attached):
            return option
    return None


def _is_near(word: str, options: Sequence[Option]) -> bool:
    """Whether a word is a slip of a long option: `--ordr`, `--ordr=2`, `-order`."""
    flag = word.partition("=")[0].lstrip("-")
    if not flag.replace("-", "").isalpha():
        return False
    from difflib import get_close_matches

    names = [f.lstrip("-") for option in (*options, HELP) for f in option.flags if f.startswith("--")]
    return flag in names or (word.startswith("--") and bool(get_close_matches(flag, names, n=1, cutoff=0.67)))


def read(name: str, arguments: Sequence[str]) -> tuple[list[str], dict[str, Any]] | None:
    """Positional words of a command, and its options by parameter; None where one is not spelled as declared."""
    options = COMMANDS.get(name)
    if options is None:
        return None
    positional, words = separate(arguments, options)
    if name not in OF_EXPRESSIONS and any(word.startswith("-") and word != "-" for word in positional):
        return None
    found: dict[str, Any] = {}
    rest = iter(words)
    for word in rest:
        flag, equals, value = word.partition("=")
        option = next((o for o in options if flag in o.flags), None)
        if option is None or option.parameter in found or (equals and option.kind is bool):
            return None
        if option.kind is bool:
            found[option.parameter] = True
            continue
        text = value if equals else next(rest, None)
        if text is None or (option.kind is int and not text.isdecimal()):
            return None
        found[option.parameter] = option.kind(text)
    return (positional, found) if positional else None
