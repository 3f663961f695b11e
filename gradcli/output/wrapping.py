"""Breaking lines between words, and never inside a number that a line can hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from gradcli.output.characters import columns

# Where a word too long for a line may be broken, the better places first: before an operator, then around a number
# or a name, then anywhere.
_TERMS = re.compile(r"(?<=[\w)\]'])(?<!\de)(?=[-+*/])")
_PIECES = re.compile(r"(?<![\w.)\]'])-?(?:\d[\d_]*\.?\d*|\.\d+)(?:e[+-]?\d+)?(?!\w)|\w[\w.]*(?:\^\w+)?|.", re.DOTALL)


def wrap(text: str, width: int | None, indent: str = "") -> list[str]:
    """The lines of a line: broken behind blanks, inside a word where it alone is too long; `indent` begins all but one.

    Without a width the line is long.
    """
    if width is None or columns(text) <= width:
        return [text]
    width = max(1, width)
    if len(indent) > width // 4:
        indent = ""
    lines: list[str] = []
    line = ""
    for piece in _words(text, width, len(indent)):
        if line.strip() and columns((line + piece).rstrip()) > width:
            lines.append(line.rstrip())
            line = indent
            piece = piece.lstrip()
        # An indent is for reading only: it goes before a piece is cut.
        if not line.strip() and columns((line + piece).rstrip()) > width:
            line = ""
        line += piece
    return [*lines, line.rstrip()]


def flow(parts: Sequence[str], width: int | None) -> list[str]:
    """Short texts side by side, as many on a line as fit."""
    lines: list[str] = []
    for text in parts:
        if lines and (width is None or columns(f"{lines[-1]}   {text}") <= width):
            lines[-1] += f"   {text}"
        else:
            lines.append(text)
    return [part for line in lines for part in wrap(line, width)]


def pieces(text: str) -> list[str]:
    """Its numbers, names and signs."""
    found: list[str] = _PIECES.findall(text)
    return found


def longest_piece(text: str) -> int:
    """The columns of the longest number or name: with fewer, it must be cut."""
    return max(map(columns, pieces(text)), default=0)


_SPLITS: tuple[Callable[[str], list[str]], ...] = (_TERMS.split, pieces, list)


def _words(text: str, width: int, indent: int) -> Iterator[str]:
    """The words with the blanks behind them; those that no line holds in parts."""
    for word in re.findall(r"\s*\S+\s*", text):
        if columns(word.rstrip()) + indent <= width:
            yield word
        else:
            yield from _parts(word, width, _SPLITS)


def _parts(text: str, width: int, splits: Sequence[Callable[[str], list[str]]]) -> Iterator[str]:
    first, *others = splits
    for part in first(text):
        if columns(part) <= width or not others:
            yield part
        else:
            yield from _parts(part, width, others)
