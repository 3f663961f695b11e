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
}


def bare(lines: list[Line]) -> str:
    """The lines without styles."""
    return "\n".join("".join(text for text, _ in line).rstrip() for line in lines)
