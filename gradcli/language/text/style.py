"""One style for scripts: blanks, indentation and empty lines, and nothing else.

What is written stays as it is typed: `x²` is no `x^2`. Texts and comments are untouched. Since a blank may mean
something (`x (y)`), none is taken or put between two values; what comes out reads the same as what went in, or a line
stays as it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import field, fields, is_dataclass

from gradcli.core.records import record, structure
from gradcli.language.text.diagnostics import LanguageError, Source, Span
from gradcli.language.text.parse import parse
from gradcli.language.text.tokens import BLANK, Lexeme, lexemes

INDENTATION = 4
MOST_EMPTY = 2
# A tab is so many blanks, as it is where blocks are told.
TAB = 8

_OPENING, _CLOSING = ("LPAR", "LSQB"), ("RPAR", "RSQB")
_SPACED = ("COMPARE", "ARROW", "BECOMES", "AUGMENT")
# Those that bind more are spaced as they are typed, on both sides or on none.
_EVEN = ("PRODUCT", "POWER", "DOTS")
_VALUES = frozenset(("true", "false", "none", "True", "False", "None"))
_ENDS = frozenset(("NAME", "NUMBER", "STRING", "PRIME", "RAISED", "FACTORIAL", *_CLOSING))
_CLAUSES = ("over", "at")


def styled(source: Source) -> str:
    """A text in the one style, which is that of what comes out too.

    Raises:
        LanguageError: for a text with a mistake.
    """
    statements = parse(source)
    lines = [*_lines(source.text)]
    for choice in _choices(lines):
        text = _written(lines, choice)
        try:
            if same_syntax(statements, parse(Source(source.name, text))):
                return text
        except LanguageError:
            continue
    return source.text


def _choices(lines: Sequence[_Line]) -> Iterator[frozenset[int]]:
    """Which lines keep their blanks: none, then those that mean something else without them, then all."""
    yield frozenset()
    yield frozenset(number for number, line in enumerate(lines) if not _is_same(line))
    yield frozenset(range(len(lines)))


def _is_same(line: _Line) -> bool:
    try:
        one, other = (parse(Source("<line>", _text(line, as_typed, 0) + "\n    0")) for as_typed in (True, False))
    except LanguageError:
        pass
    else:
        return same_syntax(one, other)
    try:
        one, other = (parse(Source("<line>", _text(line, as_typed, 0))) for as_typed in (True, False))
    except LanguageError:
        return False
    return same_syntax(one, other)


@structure
class _Line:
    """A statement's line with those that it goes on in, or a comment: its tokens, and what stands before each."""

    width: int = 0
    empty: int = 0
    tokens: list[Lexeme] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)

    @property
    def is_comment(self) -> bool:
        return self.tokens[0].kind == "COMMENT"


def _lines(text: str) -> Iterator[_Line]:
    line = _Line()
    gap, depth = "", 0
    for token in lexemes(text):
        if token.kind == BLANK:
            gap += token.text
            continue
        ends = _ends_in(gap)
        if not line.tokens or (ends and depth <= 0):
            if line.tokens:
                yield line
                line = _Line(_width(gap), ends - 1)
            gap = ""
        line.tokens.append(token)
        line.gaps.append(gap)
        depth += (token.kind in _OPENING) - (token.kind in _CLOSING)
        gap = ""
    if line.tokens:
        yield line


def _ends_in(gap: str) -> int:
    """How many lines end in it; one that goes on behind a backslash does not."""
    return gap.count("\n") - sum(part.rstrip(" \t\r").endswith("\\") for part in gap.split("\n")[:-1])


def _width(gap: str) -> int:
    last = gap.rpartition("\n")[2]
    return last.count(" ") + last.count("\t") * TAB


def _written(lines: Sequence[_Line], as_typed: frozenset[int]) -> str:
    """All lines in their blocks; some `as_typed` but for what stands in front of them and behind."""
    levels = [*_levels(lines)]
    parts: list[str] = []
    for number, (line, level) in enumerate(zip(lines, levels, strict=True)):
        parts.append("\n" * min(line.empty, MOST_EMPTY) if parts else "")
        parts.append(_text(line, number in as_typed, level * INDENTATION) + "\n")
    return "".join(parts)


def _levels(lines: Sequence[_Line]) -> Iterator[int]:
    """How deep in blocks each line is. A comment is where it is typed, if that is a block; else with what follows."""
    blocks, waiting = [0], 0
    for line in lines:
        if line.is_comment and line.width not in blocks:
            waiting += 1
            continue
        if line.is_comment:
            if not waiting:
                yield blocks.index(line.width)
            else:
                waiting += 1
            continue
        if line.width > blocks[-1]:
            blocks.append(line.width)
        while line.width < blocks[-1]:
            blocks.pop()
        yield from [len(blocks) - 1] * (waiting + 1)
        waiting = 0
    yield from [0] * waiting


def _text(line: _Line, as_typed: bool, indentation: int) -> str:
    parts = [" " * indentation]
    roles = _roles(line)
    for number, (token, gap) in enumerate(zip(line.tokens, line.gaps, strict=True)):
        if "\n" in gap:
            # Lines that go on move as the first does; a blank line between them may stay.
            ends = _ends_in(gap)
            parts.append("\n" * min(ends, MOST_EMPTY + 1) if ends else " \\\n" * gap.count("\n"))
            parts.append(" " * max(0, _width(gap) + indentation - line.width))
        elif number and token.kind == "COMMENT":
            parts.append(gap if len(gap) > 1 and not gap.strip(" ") else "  ")
        elif number:
            parts.append(gap if as_typed else _between(line, roles, number))
        parts.append(token.text.rstrip() if token.kind == "COMMENT" else token.text)
    return "".join(parts)


@record
class _Role:
    """What stands in front of a token and behind it, where it decides that; how deep in brackets it is."""

    before: str | None = None
    behind: str | None = None
    depth: int = 0


def _between(line: _Line, roles: Sequence[_Role], number: int) -> str:
    before, token = line.tokens[number - 1], line.tokens[number]
    if token.kind in ("COMMA", "SEMICOLON"):
        return ""
    if before.kind in ("COMMA", "SEMICOLON"):
        return "" if token.kind in _CLOSING else " "
    if before.kind in _OPENING or token.kind in _CLOSING:
        return ""
    for decided in (roles[number].before, roles[number - 1].behind):
        if decided is not None:
            return decided
    return " " if line.gaps[number] else ""


def _roles(line: _Line) -> list[_Role]:
    roles: list[_Role] = []
    depth, in_clause = 0, False
    for number, token in enumerate(line.tokens):
        kind = token.kind
        depth += kind in _OPENING
        in_clause = kind != "SEMICOLON" and (in_clause or (kind == "NAME" and token.text in _CLAUSES))
        before, behind = _blanks(line, number, depth, in_clause)
        roles.append(_Role(before, behind, depth))
        depth -= kind in _CLOSING
    return roles


def _blanks(line: _Line, number: int, depth: int, in_clause: bool) -> tuple[str | None, str | None]:
    """What an operator has around it; None where that is as it is typed, or a matter of its neighbour."""
    kind = line.tokens[number].kind
    typed = [bool(gap) and "\n" not in gap for gap in (*line.gaps[number : number + 2], "")[:2]]
    even = (" ", " ") if any(typed) else ("", "")
    if kind in _SPACED:
        return " ", " "
    if kind in _EVEN:
        return even
    if kind == "EQUAL":
        # A name of an input has its value beside it.
        return ("", "") if depth else even if in_clause else (" ", " ")
    if kind == "COLON" and not depth:
        return "", " "
    if kind != "SUM":
        return None, None
    before = line.tokens[number - 1] if number else None
    if before is None or not (before.kind in _ENDS or before.text in _VALUES or before.text in ("|", "°", "∞")):
        # A sign, not a sum; behind a derivative in Leibniz's notation it may be either.
        return None, None if before is not None and before.kind == "LEIBNIZ" else ""
    if before.text == "|" or (before.kind == "NAME" and typed == [True, False]):
        # `sin -x`, or what begins a pair of bars.
        return None, None
    return " ", " "


def same_syntax(one: object, other: object) -> bool:
    """Whether two pieces of syntax are alike, wherever they stand."""
    pairs = [(one, other)]
    while pairs:
        a, b = pairs.pop()
        if type(a) is not type(b):
            return False
        if isinstance(a, Span):
            continue
        if isinstance(a, tuple) and isinstance(b, tuple):
            if len(a) != len(b):
                return False
            pairs += zip(a, b, strict=True)
        elif is_dataclass(a):
            pairs += [(getattr(a, f.name), getattr(b, f.name)) for f in fields(a)]
        elif a != b:
            return False
    return True
