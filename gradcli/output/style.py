"""The styles that text carries until a terminal, or a file without colours, takes it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TypeAlias

Piece: TypeAlias = tuple[str, str]
Line: TypeAlias = list[Piece]

# What each role looks like, in Rich's words: attributes, and a colour by its name, as bright as the terminal makes it,
# or one of the 256 that all terminals agree on. By their names most are hard to read on white.
_DARK = {
    "": "",
    "error": "bold bright_red",
    "warning": "bold bright_yellow",
    "strong": "bold",
    "frame": "bright_blue",
    "place": "",
    "hint": "bright_cyan",
    "dim": "#8a8a8a",
    "good": "bright_green",
    "prompt": "bold",
    # What is typed, and code.
    "keyword": "bright_magenta",
    "builtin": "bright_cyan",
    "function": "bright_blue",
    "number": "",
    "text": "bright_green",
    "comment": "#8a8a8a",
    # The curves of a picture, one after the other.
    "curve 0": "bright_cyan",
    "curve 1": "bright_magenta",
    "curve 2": "bright_yellow",
    "curve 3": "bright_green",
    "curve 4": "bright_blue",
    "curve 5": "bright_red",
}
_LIGHT = {
    "": "",
    "error": "bold #d70000",
    "warning": "bold #af5f00",
    "strong": "bold",
    "frame": "#005faf",
    "place": "",
    "hint": "#008787",
    "dim": "#6c6c6c",
    "good": "#008700",
    "prompt": "bold",
    "keyword": "#af00af",
    "builtin": "#008787",
    "function": "#005faf",
    "number": "",
    "text": "#008700",
    "comment": "#6c6c6c",
    "curve 0": "#008787",
    "curve 1": "#af00af",
    "curve 2": "#af5f00",
    "curve 3": "#008700",
    "curve 4": "#005faf",
    "curve 5": "#d70000",
}
THEMES: dict[str, dict[str, str]] = {"dark": _DARK, "light": _LIGHT, "plain": dict.fromkeys(_DARK, "")}
# The colours of COLORFGBG that a light background has.
_LIGHT_GROUNDS = ("7", "15")


def usual_theme(environment: Mapping[str, str] = os.environ) -> str:
    """The theme that was asked for, else the one that suits the terminal's background where it tells that."""
    asked = environment.get("GRADCLI_THEME", "").strip().lower()
    if asked in THEMES:
        return asked
    ground = environment.get("COLORFGBG", "").rpartition(";")[2]
    return "light" if ground in _LIGHT_GROUNDS else "dark"


# What --color was given last: where it is auto, the environment and the stream decide.
COLORS = ("auto", "always", "never")
_color = "auto"


def use_color(choice: str) -> None:
    """Let streams that are made from now on be sent colours `always`, `never`, or where they can show them, `auto`."""
    global _color
    _color = choice


def takes_colours(is_terminal: bool, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether a stream is sent colours: as --color says, else never against NO_COLOR, to a pipe only by FORCE_COLOR."""
    if _color != "auto":
        return _color == "always"
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR", "").strip().lower() not in ("", "0", "false"):
        return True
    return is_terminal and environment.get("TERM") != "dumb"


def trimmed(line: Line) -> Line:
    """A line without the blanks at its end."""
    end = len(line)
    while end and not line[end - 1][0].strip():
        end -= 1
    return [*line[: end - 1], (line[end - 1][0].rstrip(), line[end - 1][1])] if end else []


def bare(lines: list[Line]) -> str:
    """The lines without styles."""
    return "\n".join("".join(text for text, _ in line).rstrip() for line in lines)
