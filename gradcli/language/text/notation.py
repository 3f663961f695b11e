"""Paper's notation, told from what stands beside what: the tokens of a line, with those that the grammar needs put in.

`2x` and `(x + 1)y` are products, `sin x` and `sin^2(x)` calls, `|x|` an absolute value, `plot f over 0..1` a command.
Whatever can be read in two ways is refused with both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field

from lark import Token

from gradcli.core.records import structure
from gradcli.language.text.diagnostics import LanguageError, Source, Span, fail

# Functions of one number that paper writes without brackets, or with a power behind the name; and their inverses.
INVERSES = {
    **{name: f"a{name}" for name in ("sin", "cos", "tan", "sec", "csc", "cot")},
    **{f"{name}h": f"a{name}h" for name in ("sin", "cos", "tan", "sec", "csc", "cot")},
    **{f"a{name}": name for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")},
    **{f"arc{name}": name for name in ("sin", "cos", "tan")},
    "exp": "log",
    "log": "exp",
    "ln": "exp",
}
PAPER = {*INVERSES, "lg", "log2", "log10", "sqrt", "cbrt", "abs", "sgn", "sign"}

# What stands in front of functions without brackets, as in `plot f, f' over x = -3..3`.
VERBS = frozenset(
    (
        *("plot", "steps", "formula", "latex", "tangent", "extrema", "taylor", "check_answer", "derivative"),
        *("derivatives", "solve", "roots", "minimize", "maximize", "integrate", "limit", "grad"),
    )
)
# What English has between a verb and what it is about.
_ENGLISH = frozenset(("of", "line", "to", "the", "for"))
_EXAMPLES = {"tangent": "tangent x^2 at 1", "limit": "limit sin(x)/x at 0", "roots": "roots x^2 - 2 over 0..2"}
_CLAUSES = {"over": "OVER", "at": "AT"}

# What ends a value, and may stand in front of another as its factor; a name in front of a bracket is a call.
_FACTORS = frozenset(
    ("NUMBER", "SIGN", "RAISED", "FACTORIAL", "DEGREE", "BAR_CLOSE", "RPAR", "RSQB", "LEIBNIZ", "DENOMINATOR")
)
_ENDS = _FACTORS | {"NAME", "PRIME", "STRING", "TRUE", "FALSE"}
# What begins a value behind a factor.
_BEGINS = frozenset(("NAME", "LPAR", "ROOT", "BAR_OPEN", "BIG", "NABLA", "SIGN", "LEIBNIZ", "PARTIAL"))
# What a verb may stand in front of.
_COMMANDED = frozenset(
    ("NAME", "NUMBER", "ROOT", "NABLA", "LEIBNIZ", "DIFFERENTIAL", "PARTIAL", "STRING", "BIG", "BAR_OPEN")
)
# What a call or a subscript may stand behind.
_CALLED = frozenset(("RPAR", "RSQB", "LEIBNIZ", "DENOMINATOR"))
_OPENING, _CLOSING = ("LPAR", "LSQB"), ("RPAR", "RSQB")
# What a pair of bars can't reach across.
_APART = frozenset(("COMMA", "EQUAL", "COLON", "SEMICOLON", "_NEWLINE", "ARROW", "BECOMES"))
_POWERS = ("POWER", "RAISED")
_TIGHT = frozenset((*_POWERS, "LPAR", "LSQB", "DOT", "PRIME", "FACTORIAL"))
MOST_BARS = 24
_LOWERED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
# What the lexer takes for one kind.
_SIGNS = {
    **dict.fromkeys("√∛∜", "ROOT"),
    **dict.fromkeys("∑∏", "BIG"),
    "°": "DEGREE",
    "∞": "SIGN",
    "∇": "NABLA",
    "∂": "PARTIAL",
    "|": "BAR_OPEN",
}
_OTHER_BASE = re.compile(r"[xX][0-9a-fA-F]+|[bB][01]+|[oO][0-7]+")


def lowered(raised: str) -> str:
    """`⁻¹` as -1."""
    return raised.translate(_LOWERED)


def noted(tokens: Iterable[Token], source: Source) -> Iterator[Token]:
    """The tokens with those between them that notation leaves out.

    Raises:
        LanguageError: for what can be read in two ways.
    """
    for line in _lines(tokens):
        yield from _Line(_told_apart(line), source).tokens()


def _told_apart(line: list[Token]) -> list[Token]:
    """The tokens with paper's signs by their kinds."""
    if not any(token.type in ("SIGN", "LEIBNIZ") for token in line):
        return line
    found: list[Token] = []
    for place, token in enumerate(line):
        if token.type == "SIGN":
            found.append(_retyped(token, _SIGNS[token[0]]))
        elif token.type == "LEIBNIZ":
            after = line[place + 1].type if place + 1 < len(line) else ""
            found += _derivative(token, after)
        else:
            found.append(token)
    return found


def _derivative(token: Token, after: str) -> list[Token]:
    """`∂f/∂x`, `d/dx` in front of what it differentiates, and what stands below `∂(x^2*y)`.

    d/dx in front of nothing is a quotient of two names.
    """
    if token.startswith("/"):
        return [_retyped(token, "DENOMINATOR")]
    operator = re.fullmatch(r"([∂d](?:[²³⁴-⁹]|\^\d+)?)([ \t]*)/([ \t]*).*", token, re.DOTALL)
    if operator is None:
        return [token]
    if after in _BEGINS or after in ("SIGN", "NUMBER", "LSQB"):
        return [_retyped(token, "DIFFERENTIAL")]
    if operator[1] != "d":
        return [token]
    slash, below = operator.end(2), operator.end(3)
    parts = (("NAME", 0, 1), ("PRODUCT", slash, slash + 1), ("NAME", below, len(token)))
    return [_part(token, *part) for part in parts]


def _part(token: Token, type: str, start: int, end: int) -> Token:
    offset = token.start_pos or 0
    return Token(type, token[start:end], offset + start, end_pos=offset + end)


def _lines(tokens: Iterable[Token]) -> Iterator[list[Token]]:
    """The tokens up to each end of a line outside of brackets."""
    line: list[Token] = []
    depth = 0
    stream = iter(tokens)
    while True:
        try:
            token = next(stream, None)
        except Exception:
            # What stands in front of a character that means nothing is read first.
            yield line
            raise
        if token is None:
            break
        line.append(token)
        if token.type in _OPENING:
            depth += 1
        elif token.type in _CLOSING:
            depth -= 1
        elif token.type == "_NEWLINE" and depth <= 0:
            yield line
            line, depth = [], 0
    yield line


@structure
class _Line:
    """One line's tokens, read from left to right."""

    given: Sequence[Token]
    source: Source
    made: list[Token] = field(default_factory=list)
    at: int = 0
    depth: int = 0
    in_command: bool = False

    def tokens(self) -> list[Token]:
        """The tokens with those put in."""
        sides = self._sides() if any(token.type == "BAR_OPEN" for token in self.given) else {}
        while self.at < len(self.given):
            token = self.given[self.at]
            if token.type == "BAR_OPEN":
                token = _retyped(token, sides[self.at])
            elif token.type == "NAME":
                token = self._word(token)
            self._refuse_odd(token)
            if self._are_factors(self._last(), token):
                # It goes by the position and the text of what follows, which is what is odd where it is odd.
                self.made.append(_retyped(token, "BESIDE"))
            self._append(token)
        return self.made

    def _append(self, token: Token) -> None:
        self.depth += (token.type in _OPENING) - (token.type in _CLOSING)
        self.made.append(token)
        self.at += 1
        if token.type in ("SEMICOLON", "_NEWLINE") and self.depth <= 0:
            self.in_command = False
        if token.type == "NAME" and token in PAPER and not self._is(-2, "DOT", "SET", "PARAM"):
            self._function(token)

    def _last(self) -> Token | None:
        return self.made[-1] if self.made else None

    def _is(self, place: int, *types: str) -> bool:
        return len(self.made) >= -place and self.made[place].type in types

    def _next(self, ahead: int = 0) -> Token | None:
        return self.given[self.at + ahead] if self.at + ahead < len(self.given) else None

    def _type(self, ahead: int = 0) -> str:
        token = self._next(ahead)
        return "" if token is None else token.type

    def _span(self, first: Token, last: Token) -> Span:
        return Span(self.source, first.start_pos or 0, last.end_pos or 0)

    # Words.

    def _word(self, token: Token) -> Token:
        """A verb at the start of a statement, and the words that belong to it."""
        before, after = self._last(), self._type(1)
        if before is None or before.type in ("SEMICOLON", "COLON"):
            if token in VERBS and after == "NAME" and self.given[self.at + 1] in _ENGLISH:
                last = self.given[self.at + 1]
                raise fail(
                    "syntax",
                    f"`{last}` is no word of the notation",
                    self._span(token, last),
                    f"such as `{_EXAMPLES.get(token, f'{token} x^2')}`",
                )
            if token in VERBS and (after in _COMMANDED or self._begins_apart(token)):
                self.in_command = True
                return _retyped(token, "VERB")
        elif self.in_command and self.depth == 0 and token in _CLAUSES and before.type in _ENDS and after:
            return _retyped(token, _CLAUSES[token])
        return token

    def _begins_apart(self, verb: Token) -> bool:
        """Whether a bracket or a minus behind a verb begins what is commanded: `plot (x+1)^2`, `plot -x over 0..1`."""
        after = self._next(1)
        if after is None or after.start_pos == verb.end_pos:
            return False
        if after.type == "SUM":
            operand = self._next(2)
            return operand is not None and operand.start_pos == after.end_pos
        if after.type != "LPAR":
            return False
        # What closes the bracket ends a call; more behind it is commanded, unless it is called in turn.
        depth = 0
        for place in range(self.at + 1, len(self.given)):
            token = self.given[place]
            depth += (token.type in _OPENING) - (token.type in _CLOSING)
            if depth == 0:
                behind = self.given[place + 1].type if place + 1 < len(self.given) else ""
                return behind not in ("", "LPAR", "LSQB", "PRIME", "SEMICOLON", "_NEWLINE", "EQUAL", "COMMA")
        return False

    def _function(self, name: Token) -> None:
        """`sin x`, `sin^2(x)`, `sin⁻¹ x`: what stands behind the name of a function."""
        power, length = self._power()
        operand = self._next(length)
        if operand is None or (
            operand.type not in ("NAME", "NUMBER", "SIGN") and not (power and operand.type == "LPAR")
        ):
            return
        if power is not None:
            first = self.given[self.at]
            last = self.given[self.at + length - 1]
            made = Token("FUNCTION_POWER", power, first.start_pos)
            made.end_pos = last.end_pos
            self.made.append(made)
            self.at += length
        if operand.type != "LPAR":
            self._refuse_longer(name, operand)
            self.made.append(_retyped(operand, "APPLY"))

    def _power(self) -> tuple[str | None, int]:
        """The whole power that stands next, and how many tokens it takes."""
        token = self._next()
        if token is not None and token.type == "RAISED":
            return lowered(token), 1
        if token is not None and token.type == "POWER":
            sign = 1 if self._type(1) == "SUM" and self.given[self.at + 1] != "+" else 0
            number = self._next(1 + sign)
            if number is not None and number.type == "NUMBER" and number.isdecimal():
                return ("-" if sign else "") + number, 2 + sign
        return None, 0

    def _refuse_longer(self, name: Token, operand: Token) -> None:
        """Refuse `sin 2x` and `sin x^2`, which go two ways."""
        after = self._next(1)
        if after is None or after.type == "DEGREE":
            return
        if after.type in _TIGHT or self._are_factors(operand, after):
            end = self._end_of_factor(1)
            inner = self._span(operand, end).text
            outer = self._span(after, end).text
            product = "" if after.type in _TIGHT else "*"
            raise self._two_ways(name, end, f"{name}({inner})", f"{name}({operand}){product}{outer}")

    def _end_of_factor(self, ahead: int) -> Token:
        """The last token of the factor that begins so far ahead."""
        depth = 0
        last = self.given[self.at + ahead]
        while (token := self._next(ahead)) is not None:
            depth += (token.type in _OPENING) - (token.type in _CLOSING)
            if depth < 0 or (depth == 0 and token.type not in (*_TIGHT, *_CLOSING, "NAME", "NUMBER")):
                break
            last, ahead = token, ahead + 1
        return last

    def _two_ways(self, first: Token, last: Token, one: str, other: str) -> LanguageError:
        span = self._span(first, last)
        return fail("syntax", f"`{span.text}` can be read in two ways", span, f"write `{one}` or `{other}`")

    # Products.

    @staticmethod
    def _are_factors(left: Token | None, right: Token) -> bool:
        """Whether two tokens beside each other are multiplied."""
        if left is None or right.type not in _BEGINS:
            return False
        if left.type == "NAME":
            return bool(left == "π")
        return left.type in _FACTORS and not (right.type == "LPAR" and left.type in _CALLED)

    def _refuse_odd(self, token: Token) -> None:
        """What is no product although it looks like one."""
        before = self._last()
        if before is None:
            return
        touching = before.end_pos == token.start_pos
        span = self._span(before, token)
        if before.type == "NUMBER" and token.type == "NUMBER":
            if touching:
                raise fail("syntax", f"`{span.text}` is not a number", span, "a number has one point at most")
            return
        if token.type != "NAME":
            return
        if before == "0" and touching and _OTHER_BASE.fullmatch(token):
            value = int(span.text, 0)
            raise fail("syntax", "numbers are written in decimal", span, f"`{span.text}` is {value}")
        if before.type == "NUMBER" and token in ("x", "X") and self._type(1) == "NUMBER" and not touching:
            right = self.given[self.at + 1]
            span = self._span(before, right)
            raise fail("syntax", f"`{token}` is a name, not a sign", span, f"to multiply, write `{before}*{right}`")
        if before == "%" and token == "of":
            span = self._span(before, token)
            raise fail("syntax", "`%` is the remainder of a division", span, "20% of 50 is written `0.2*50`")

    # Bars.

    def _sides(self) -> dict[int, str]:
        """Which bars open and which close, by their places."""
        found: dict[int, str] = {}
        for group in self._groups():
            if len(group) > MOST_BARS:
                raise fail("syntax", "these are too many bars", self._span(*self._ends(group)), "write `abs(...)`")
            readings = list(self._readings(group))
            if len(readings) != 1:
                raise self._unread(group, len(readings))
            found.update(zip(group, readings[0], strict=True))
        return found

    def _ends(self, group: Sequence[int]) -> tuple[Token, Token]:
        return self.given[group[0]], self.given[group[-1]]

    def _unread(self, group: Sequence[int], readings: int) -> LanguageError:
        span = self._span(*self._ends(group))
        if readings:
            return fail("syntax", "these bars can be read in several ways", span, "write `abs(...)` for each pair")
        hint = "an absolute value is `|x|` or `abs(x)`; `or` is written `or`"
        if len(group) == 1:
            return fail("syntax", "this bar has no other to go with it", span, hint)
        return fail("syntax", "these bars don't pair", span, hint)

    def _groups(self) -> Iterator[list[int]]:
        """The bars that may belong together: those of one bracket, without what bars can't reach across."""
        open_groups: list[list[int]] = [[]]
        for place, token in enumerate(self.given):
            if token.type == "BAR_OPEN":
                open_groups[-1].append(place)
            elif token.type in _OPENING:
                open_groups.append([])
            elif token.type in _CLOSING and len(open_groups) > 1:
                if group := open_groups.pop():
                    yield group
            elif token.type in _APART and open_groups[-1]:
                yield open_groups[-1]
                open_groups[-1] = []
        yield from filter(None, open_groups)

    def _readings(self, group: Sequence[int]) -> Iterator[tuple[str, ...]]:
        """Every way to tell opening bars from closing ones."""
        waiting: list[tuple[tuple[str, ...], int]] = [((), 0)]
        while waiting:
            sides, depth = waiting.pop()
            if len(sides) == len(group):
                if depth == 0:
                    yield sides
                continue
            place = group[len(sides)]
            before = self._type_before(place, group, sides)
            after = self.given[place + 1] if place + 1 < len(self.given) else None
            left = len(group) - len(sides)
            if depth + 1 <= left - 1 and (before not in _ENDS or before in _FACTORS):
                waiting.append(((*sides, "BAR_OPEN"), depth + 1))
            if depth and before in _ENDS and (after is None or after.type != "NUMBER"):
                waiting.append(((*sides, "BAR_CLOSE"), depth - 1))

    def _type_before(self, place: int, group: Sequence[int], sides: Sequence[str]) -> str:
        if place == 0:
            return ""
        before = self.given[place - 1]
        if before.type == "BAR_OPEN" and sides and group[len(sides) - 1] == place - 1:
            return sides[-1]
        return "SIGN" if before == "π" else before.type


def _retyped(token: Token, type: str) -> Token:
    return Token.new_borrow_pos(type, token.value, token)
