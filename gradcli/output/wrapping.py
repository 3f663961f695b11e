"""Breaking lines between words, and never inside a number that a line can hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from gradcli.output.characters import columns

# Where a word too long for a line may be broken, the better places first: before an operator, then around a number
# or a name, then anywhere.
_TERMS = re.compile(r"(?<=[\w)\]'])(?<!\de)(?=[-+*/])")
_PIECES = re.compile(r"(?<![\w.)\]'])-?(?:\d[\d_]*\.?\d*|\.\d+)(?:e[+-]?\d+)?(?!\w)|\w[\w.]*(?:\^\w+)?|.", re.DOTALL)
_SPLITS: tuple[Callable[[str], list[str]], ...] = (_TERMS.split, _PIECES.findall, list)


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


def longest_piece(text: str) -> int:
    """The columns of the longest number or name: with fewer, it must be cut."""
    return max((columns(piece) for piece in _PIECES.findall(text)), default=0)


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
