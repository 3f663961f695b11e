"""Long arrays of plain numbers, read at once: a parser takes some fifty microseconds for each number.

In a text that is parsed, such an array is replaced by a short one that is as long: `[0      ]`. So all else has its
place, and whoever builds the syntax puts in the numbers, which it is told by the place of the bracket. What is not
plain, or might mean something else, is left to the parser.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Mapping

# Shorter texts are parsed as they are, and shorter arrays.
SHORTEST_TEXT, SHORTEST_ARRAY = 2_000, 500
# A number of more characters is left to the parser, which says what is too long.
LONGEST_NUMBER = 300
# Texts in quotes, comments, brackets, and whatever no number has.
_PARTS = re.compile(r'"(?:[^"\\\n]|\\.)*"|#[^\n]*|[\[\]]|[^\[\]"#0-9.,eE+\- \t\n\r]+')
_SIGN, _LINE_END = re.compile(r"(?<![eE])\+"), re.compile(r"\r(?!\n)")
_EMPTY = re.compile(r"[\[,][,\]]")
_SIGNED_ZERO = re.compile(r"-(0+\s*[,\]])")
# Words and signs that an array stands behind; behind all others it may pick elements.
_BEFORE = re.compile(r"(?:^|[=(\[,:;+\-*/@<>]|\b(?:return|in|else|if|and|or|not))\s*\Z")
_FAR = 40
_TO_STRUCTURE = {ord(c): None for c in "0123456789.+-eE \t\r\n"}
_WITHOUT_BLANKS = {ord(c): None for c in " \t\r\n"}
_TO_NUMBERS = str.maketrans("[]", "  ")


class Numbers:
    """The numbers of an array, in order, and its shape."""

    __slots__ = ("flat", "shape")

    def __init__(self, flat: array[float], shape: tuple[int, ...]) -> None:
        self.flat, self.shape = flat, shape


def stand_ins(text: str) -> tuple[str, Mapping[int, Numbers]]:
    """A text as long that is soon parsed, and the numbers of arrays that are replaced in it, by where they begin."""
    if len(text) < SHORTEST_TEXT or "[" not in text:
        return text, {}
    found: dict[int, Numbers] = {}
    pieces: list[str] = []
    at = 0
    for start, end in _candidates(text):
        numbers = _numbers(text[start:end]) if _BEFORE.search(text, max(start - _FAR, 0), start) else None
        if numbers is None:
            continue
        found[start] = numbers
        pieces += [text[at:start], "[0".ljust(end - start - 1), "]"]
        at = end
    return "".join([*pieces, text[at:]]) if found else text, found


def _candidates(text: str) -> list[tuple[int, int]]:
    """Where brackets stand around nothing but numbers, the outermost such, of those that are long."""
    found: list[tuple[int, int]] = []
    opened: list[int] = []
    other = -1
    for part in _PARTS.finditer(text):
        if part[0] == "[":
            opened.append(part.start())
        elif part[0] != "]":
            other = part.start()
        elif opened:
            start = opened.pop()
            if start > other and part.end() - start >= SHORTEST_ARRAY:
                while found and found[-1][0] > start:
                    found.pop()
                found.append((start, part.end()))
    return found


def _numbers(text: str) -> Numbers | None:
    """The numbers of an array; None for what is none of plain numbers, or has rows of different lengths."""
    # A sign in front, and an old line end by itself, are for the parser.
    if ("+" in text and _SIGN.search(text)) or ("\r" in text and _LINE_END.search(text)):
        return None
    if "-0" in text:
        # The whole number 0 has no sign.
        text = _SIGNED_ZERO.sub(r" \1", text)
    if ",]" in text.translate(_WITHOUT_BLANKS):
        text = re.sub(r",(\s*\])", r" \1", text)
    shape = _shape(text.translate(_TO_STRUCTURE))
    if shape is None:
        return None
    numbers = text.translate(_TO_NUMBERS).split(",")
    if max(map(len, numbers)) > LONGEST_NUMBER:
        return None
    try:
        return Numbers(array("d", map(float, numbers)), shape)
    except ValueError:
        return None


def _shape(brackets: str) -> tuple[int, ...] | None:
    """The shape that brackets and commas alone tell: `[[,],[,]]` is (2, 2); None where rows differ."""
    shape: list[int] = []
    item = ""
    while brackets != item or not shape:
        end = brackets.find("]")
        start = brackets.rfind("[", 0, end)
        if end < 0 or start < 0:
            return None
        row = brackets[start : end + 1]
        count = row.count(",") + 1
        if row != f"[{','.join([item] * count)}]":
            return None
        shape.append(count)
        # Nothing stands at this depth but such rows.
        if item and brackets.count(row) * count != brackets.count(item):
            return None
        brackets = brackets.replace(row, "x")
        if not item and _EMPTY.search(brackets):
            return None
        item = "x"
    return tuple(reversed(shape))
