"""The plain way to read a command line.

Typer explains the commands and refuses what is wrong. Importing it takes longer than a short answer, so a command line
that is spelled as declared is read without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gradcli.faces.command_line import COMMANDS, HELP, PROGRAM, Command
from gradcli.faces.options import Option


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
            value = next(words, None) if option.kind is not bool and word in option.flags else None
            # A value that begins with a minus sign is told from an option by being fastened to its own.
            fastened = value is not None and word.startswith("--")
            found += [f"{word}={value}"] if fastened else [part for part in (word, value) if part is not None]
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
    """Whether a word is spelled as a long option: `--ordr`, `--ordr=2`, `-order`."""
    flag = word.partition("=")[0].lstrip("-")
    if not flag.replace("-", "").isalpha():
        return False
    if word.startswith("--") and len(flag) > 1:
        # Nobody negates a variable twice.
        return True
    names = [f.lstrip("-") for option in (*options, HELP) for f in option.flags if f.startswith("--")]
    return flag in names


def read(arguments: Sequence[str]) -> tuple[Command, dict[str, Any]] | None:
    """The command of a command line and what it gives to the command's parameters; None where that takes Typer.

    It does where a word or an option is not spelled as declared, and where help is asked for.
    """
    command = COMMANDS.get(arguments[0]) if arguments else None
    if command is None:
        command, words = PROGRAM, arguments
    else:
        words = arguments[1:]
    positional, rest = separate(words, command.options)
    if not command.expressions and any(word.startswith("-") and word != "-" for word in positional):
        return None
    options = _options(rest, command.options)
    return None if options is None or not _fill(command, positional, options) else (command, options)


def _options(words: Sequence[str], options: Sequence[Option]) -> dict[str, Any] | None:
    """The options by parameter; None where one is not spelled as declared."""
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
    return found


def _fill(command: Command, positional: Sequence[str], found: dict[str, Any]) -> bool:
    """Give each word to its parameter; whether all that are required are there, and none is left."""
    left = [*positional]
    for words in command.words:
        if words.required and not left:
            return False
        found[words.parameter] = left if words.many else left[0]
        left = [] if words.many else left[1:]
    return not left
