"""The tokens of a text, whole or half typed, by the grammar's own terminals: for colours and completion."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from gradcli.core.records import record
from gradcli.language.text.build import KEYWORDS
from gradcli.language.text.grammar import parser
from gradcli.language.text.lalr import as_one

# What stands between tokens, and what no terminal matches.
BLANK, OPEN_TEXT, ODD = "BLANK", "OPEN_TEXT", "ODD"
# A word of the language, where the grammar tells it from a name.
WORD = "WORD"

_BLANKS = re.compile(r"\s+|\\[\t ]*\r?\n")
_OPEN_TEXT = re.compile(r'"(?:[^"\\\n]|\\.)*')


@record
class Lexeme:
    """A token: where it starts, its terminal's name or one of those above, and its text."""

    start: int
    kind: str
    text: str

    @property
    def end(self) -> int:
        """One past its last character."""
        return self.start + len(self.text)


def lexemes(text: str) -> Iterator[Lexeme]:
    """All of a text, in order, each character in one."""
    place = 0
    while place < len(text):
        found = _at(text, place)
        yield found
        place = found.end


def _at(text: str, place: int) -> Lexeme:
    blank = _BLANKS.match(text, place)
    if blank:
        return Lexeme(place, BLANK, blank[0])
    found = _terminals().match(text, place)
    if found is None or not found[0]:
        unclosed = _OPEN_TEXT.match(text, place)
        return Lexeme(place, OPEN_TEXT, unclosed[0]) if unclosed else Lexeme(place, ODD, text[place])
    kind = str(found.lastgroup)
    return Lexeme(place, WORD if kind == "NAME" and found[0] in KEYWORDS else kind, found[0])


@cache
def _terminals() -> re.Pattern[str]:
    """All terminals but the words, as one expression."""
    found = {n: p for n, p in parser().tables.terminals.items() if n != "_NEWLINE" and not n.startswith("__IGNORE")}
    return as_one(found)
