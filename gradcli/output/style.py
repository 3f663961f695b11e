"""The styles that text carries until a terminal, or a file without colours, takes it."""

from __future__ import annotations

from typing import TypeAlias

Piece: TypeAlias = tuple[str, str]
Line: TypeAlias = list[Piece]

# Rich's names for each role.
THEME = {
    "": "",
    "error": "bold red",
    "warning": "bold yellow",
    "strong": "bold",
    "frame": "blue",
    "place": "",
    "hint": "cyan",
    "dim": "bright_black",
    "good": "green",
    "prompt": "bold",
    # What is typed, and code.
    "keyword": "magenta",
    "builtin": "cyan",
    "function": "blue",
    "number": "",
    "text": "green",
    "comment": "bright_black",
    # The curves of a picture, one after the other.
    "curve 0": "bright_cyan",
    "curve 1": "bright_magenta",
    "curve 2": "bright_yellow",
    "curve 3": "bright_green",
    "curve 4": "bright_blue",
    "curve 5": "bright_red",
}


def bare(lines: list[Line]) -> str:
    """The lines without styles."""
    return "\n".join("".join(text for text, _ in line).rstrip() for line in lines)
