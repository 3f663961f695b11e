"""Paper's notation, told from what stands beside what: the tokens of a line, with those that the grammar needs put in.

`2x` and `(x + 1)y` are products, `sin x` and `sin^2(x)` calls, `|x|` an absolute value, `plot f over 0..1` a command.
Whatever can be read in two ways is refused with both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field
from functools import cache

from gradcli.core.records import structure
from gradcli.language.text.diagnostics import Ambiguous, LanguageError, Source, Span, fail
from gradcli.language.text.lalr import Token
from gradcli.language.text.signs import BEGINS, is_minus, retyped, told_apart

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
        *(
            "plot",
            "steps",
            "why",
            "check",
            "formula",
            "latex",
            "tangent",
            "extrema",
            "taylor",
            "check_answer",
            "derivative",
        ),
        *("derivatives", "solve", "roots", "minimize", "maximize", "integrate", "limit", "grad", "hessian"),
        *("jacobian", "laplacian", "divergence", "curl", "show"),
    )
)
# Those that make a function, which is called: `grad (f)(3)`.
_OPERATORS = frozenset(("grad", "derivative", "derivatives", "hessian", "jacobian", "laplacian"))
_CALLS = ("LPAR", "LSQB", "PRIME")
# What English has between a verb and what it is about.
_ENGLISH = frozenset(("of", "line", "to", "the", "for"))
_EXAMPLES = {"tangent": "tangent x^2 at 1", "limit": "limit sin(x)/x at 0", "roots": "roots x^2 - 2 over 0..2"}
# What stands behind `with`, and in front of how a function is differentiated: the built-ins with_derivative, ...
RULES = ("derivative", "vjp", "jvp")
_CLAUSES = {"over": "OVER", "order": "OVER", "at": "AT"}

# What ends a value, and may stand in front of another as its factor; a name in front of a bracket is a call.
_FACTORS = frozenset(
    ("NUMBER", "SIGN", "RAISED", "FACTORIAL", "DEGREE", "BAR_CLOSE", "RPAR", "RSQB", "LEIBNIZ", "DENOMINATOR")
)
_ENDS = _FACTORS | {"NAME", "PRIME", "STRING", "TRUE", "FALSE"}
# What may stand behind `at` and `over`.
_ARGUMENTS = BEGINS | {"NUMBER", "SUM", "LSQB", "STRING"}
# What a verb may stand in front of.
_COMMANDED = frozenset(
    ("NAME", "NUMBER", "ROOT", "NABLA", "LEIBNIZ", "DIFFERENTIAL", "PARTIAL", "STRING", "BIG", "BAR_OPEN")
)
# What a call or a subscript may stand behind.
_CALLED = frozenset(("RPAR", "RSQB", "LEIBNIZ", "DENOMINATOR"))
_OPENING, _CLOSING = ("LPAR", "LSQB"), ("RPAR", "RSQB")
_OPENS, _CLOSES = (*_OPENING, "BAR_OPEN"), (*_CLOSING, "BAR_CLOSE")
# What tells where a line ends.
_OF_LINES = frozenset((*_OPENING, *_CLOSING, "_NEWLINE"))
# What a pair of bars can't reach across.
_APART = frozenset(("COMMA", "EQUAL", "COLON", "SEMICOLON", "_NEWLINE", "ARROW", "BECOMES"))
_POWERS = ("POWER", "RAISED")
# What is followed by a name that is given, not used.
_NAMING = ("SET", "PARAM", "MODEL", "DEF", "FOR")
_TIGHT = frozenset((*_POWERS, "LPAR", "LSQB", "DOT", "PRIME", "FACTORIAL"))
MOST_BARS = 24
# What may be odd behind something.
_ODD = frozenset(("NUMBER", "NAME", "SUM"))
_LOWERED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
# A variable: a letter, with a number or an index behind it, or a Greek letter's name.
_GREEK = (
    *("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "mu", "nu"),
    *("xi", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega"),
)
_OTHER_BASE = re.compile(r"[xX][0-9a-fA-F]+|[bB][01]+|[oO][0-7]+")


def lowered(raised: str) -> str:
    """`⁻¹` as -1."""
    return raised.translate(_LOWERED)


def is_variable(name: str) -> bool:
    """Whether a name is as short as those of paper: what stands behind it, apart, is multiplied."""
    return (len(name) == 1 and name.isalpha()) or _variable().fullmatch(name) is not None


@cache
def _variable() -> re.Pattern[str]:
    return re.compile(rf"(?:[^\W\d_]|{'|'.join(_GREEK)})(?:[0-9₀-₉]+|_\w)?", re.IGNORECASE)


def noted(tokens: Iterable[Token], source: Source) -> Iterator[Token]:
    """The tokens with those between them that notation leaves out.

    Raises:
        LanguageError: for what can be read in two ways.
    """
    for line in _lines(tokens):
        yield from line if _is_plain(line) else _Line(told_apart(line), source).tokens()


# Terminals that stand beside each other as in other languages, where nothing is left out and nothing is odd.
_PLAIN = re.compile(
    r"(?:NAME (?!NAME|NUMBER)|NUMBER (?!NAME|NUMBER|LPAR)|(?:RPAR|RSQB) (?!NAME|NUMBER)|SUM (?!SUM)"
    r"|LPAR |LSQB |PRODUCT |POWER |COMMA |EQUAL |RETURN |_NEWLINE )*_NEWLINE "
)
# Names that may be more than names; those of functions are none of them in front of a bracket.
_MEANING = frozenset((*PAPER, *VERBS, *_CLAUSES, "with", "as", "use", "of", "π"))


def _is_plain(line: Sequence[Token]) -> bool:
    """Whether a line is what its tokens are: most are, and are not read again."""
    if _PLAIN.fullmatch(" ".join([token.type for token in line]) + " ") is None:
        return False
    if _MEANING.isdisjoint(line):
        return True
    places = [i for i, token in enumerate(line) if token in _MEANING]
    return all(line[i] in PAPER and line[i] not in VERBS and line[i + 1].type == "LPAR" for i in places)


def _lines(tokens: Iterable[Token]) -> Iterator[list[Token]]:
    """The tokens up to each end of a line outside of brackets."""
    line: list[Token] = []
    depth = 0
    try:
        for token in tokens:
            line.append(token)
            type = token.type
            if type not in _OF_LINES:
                continue
            if type == "_NEWLINE":
                if depth <= 0:
                    yield line
                    line, depth = [], 0
            elif type in _OPENING:
                depth += 1
            else:
                depth -= 1
    except Exception:
        # What stands in front of a character that means nothing is read first.
        yield line
        raise
    yield line


@structure
class _Line:
    """One line's tokens, read from left to right."""

    given: Sequence[Token]
    source: Source
    made: list[Token] = field(default_factory=list)
    at: int = 0
    brackets: list[str] = field(default_factory=list)
    in_command: bool = False
    sides: dict[int, str] = field(default_factory=dict)

    def tokens(self) -> list[Token]:
        """The tokens with those put in."""
        if "BAR_OPEN" in [token.type for token in self.given]:
            self.sides = self._sides()
        given, made, sides = self.given, self.made, self.sides
        while self.at < len(given):
            token = given[self.at]
            if token.type == "BAR_OPEN":
                token = retyped(token, sides[self.at])
            elif token.type == "NAME":
                token = self._word(token)
            if made:
                before = made[-1]
                if token.type in _ODD:
                    self._refuse_odd(before, token)
                if token.type in BEGINS and (self._are_factors(before, token) or self._is_behind_variable(token)):
                    # It goes by the position and the text of what follows, which is what is odd where it is odd.
                    made.append(retyped(token, "BESIDE"))
            self._append(token)
        return made

    def _append(self, token: Token) -> None:
        type = token.type
        if type in _OPENING:
            self.brackets.append(type)
        elif type in _CLOSING and self.brackets:
            self.brackets.pop()
        self.made.append(token)
        self.at += 1
        if type in ("SEMICOLON", "_NEWLINE") and not self.brackets:
            self.in_command = False
        if type == "NAME" and token in PAPER and not self._is(-2, "DOT", *_NAMING):
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
        return Span(self.source, first.start_pos, last.end_pos)

    # Words.

    def _word(self, token: Token) -> Token:
        """A verb at the start of a statement, and the words that belong to it."""
        before, after = self._last(), self._type(1)
        if token == "as" and before is not None and before.type == "STRING" and self._is(-2, "USE"):
            return retyped(token, "AS")
        if before is not None and before.type == "WITH":
            return retyped(token, "RULE")
        if self._is_rule(0) and before is not None and before.type in _ENDS:
            return retyped(token, "WITH")
        if before is None or before.type in ("SEMICOLON", "COLON"):
            if token in VERBS and after == "NAME" and self.given[self.at + 1] in _ENGLISH:
                last = self.given[self.at + 1]
                raise fail(
                    "syntax",
                    f"`{last}` is no word of the notation",
                    self._span(token, last),
                    f"such as `{_EXAMPLES.get(token, f'{token} x^2')}`",
                )
            if token == "use" and after == "STRING":
                return retyped(token, "USE")
            if token in VERBS and (after in _COMMANDED or self._begins_apart(token)):
                self.in_command = True
                return retyped(token, "VERB")
        elif not self.brackets and token in _CLAUSES and before.type in _ENDS and after in _ARGUMENTS:
            called = after == "LPAR" and before.type in _FACTORS and self.given[self.at + 1].start_pos == token.end_pos
            if self.in_command or (token == "at" and not called):
                return retyped(token, _CLAUSES[token])
        return token

    def _is_rule(self, ahead: int) -> bool:
        """Whether `with derivative`, or its like, comes next, and what it is behind that."""
        words = [self._next(ahead), self._next(ahead + 1)]
        is_told = words[0] == "with" and words[1] in RULES
        return is_told and self._type(ahead + 2) not in ("", "EQUAL", "_NEWLINE")

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
                return behind not in ("", "SEMICOLON", "_NEWLINE", "EQUAL", "COMMA") and not (
                    behind in _CALLS and verb in _OPERATORS
                )
        return False

    def _function(self, name: Token) -> None:
        """`sin x`, `sin^2(x)`, `sin⁻¹ x`: what stands behind the name of a function."""
        power, length = self._power()
        operand = self._next(length)
        if self._is_rule(length):
            return
        if power is None and self.sides.get(self.at) == "BAR_OPEN":
            self.made.append(retyped(self.given[self.at], "APPLY"))
            return
        if power is None and is_minus([name, *self.given[self.at : self.at + 2]], 1):
            end = self._end_of_factor(1)
            inside = self._span(self.given[self.at], end).text
            raise self._two_ways(name, end, f"{name}({inside})", f"{name} {inside[0]} {inside[1:]}")
        if operand is None or (
            operand.type not in ("NAME", "NUMBER", "SIGN") and not (power and operand.type == "LPAR")
        ):
            return
        if power is not None:
            first = self.given[self.at]
            last = self.given[self.at + length - 1]
            self.made.append(Token("FUNCTION_POWER", power, first.start_pos, last.end_pos))
            self.at += length
        if operand.type != "LPAR":
            self._refuse_longer(name, operand)
            self.made.append(retyped(operand, "APPLY"))

    def _power(self) -> tuple[str | None, int]:
        """The whole power that stands next, and how many tokens it takes."""
        token = self._next()
        if token is not None and token.type == "RAISED":
            return lowered(token), 1
        if token is not None and token.type == "POWER":
            bracket = self._type(1) == "LPAR"
            sign = 1 if self._type(1 + bracket) == "SUM" and self.given[self.at + 1 + bracket] != "+" else 0
            number = self._next(1 + bracket + sign)
            closed = not bracket or (sign and self._type(3 + sign) == "RPAR")
            if number is not None and number.type == "NUMBER" and number.isdecimal() and closed:
                return ("-" if sign else "") + number, 2 + sign + 2 * bracket
        return None, 0

    def _refuse_longer(self, name: Token, operand: Token) -> None:
        """Refuse `sin 2x` and `sin x^2`, which go two ways."""
        after = self._next(1)
        if after is None or after.type == "DEGREE":
            return
        divisor = self._next(2)
        if after == "/" and divisor is not None and divisor.type == "NUMBER" and after.end_pos == divisor.start_pos:
            raise self._two_ways(name, divisor, f"{name}({operand}/{divisor})", f"{name}({operand})/{divisor}")
        bars = self.sides.get(self.at + 1) == "BAR_OPEN"
        if after.type in _TIGHT or bars or self._are_factors(operand, after) or self._is_longer(operand, after):
            end = self._end_of_factor(1)
            inner = self._span(operand, end).text
            outer = self._span(after, end).text
            product = "" if after.type in _TIGHT and after.type != "LPAR" else "*"
            if after.type == "LPAR" and is_variable(operand):
                inner = f"{operand}*{outer}"
            power = self.made[-1] if self.made[-1].type == "FUNCTION_POWER" else None
            head = name if power is None else f"{name}^{power}"
            raise self._two_ways(name, end, f"{head}({inner})", f"{head}({operand}){product}{outer}")

    @staticmethod
    def _is_longer(operand: Token, after: Token) -> bool:
        """Whether what is behind may be a factor of the argument: y in `sin x y`, but not cos in `sin x cos x`."""
        if operand.type != "NAME" or not is_variable(operand):
            return False
        return after.type == "ROOT" or (after.type == "NAME" and after not in PAPER and after not in _CLAUSES)

    def _end_of_factor(self, ahead: int) -> Token:
        """The last token of the factor that begins so far ahead."""
        depth = 0
        last = first = self.given[self.at + ahead]
        while (token := self._next(ahead)) is not None:
            type = self.sides.get(self.at + ahead, token.type)
            depth += (type in _OPENS) - (type in _CLOSES)
            begins = token is first or last.type == "POWER"
            goes_on = type in (*_TIGHT, *_CLOSES, "BAR_OPEN", "ROOT", "NUMBER") or (begins and type == "SUM")
            if depth < 0 or (depth == 0 and not goes_on and (type != "NAME" or (token in PAPER and not begins))):
                break
            last, ahead = token, ahead + 1
        return last

    def _two_ways(self, first: Token, last: Token, one: str, other: str) -> Ambiguous:
        return Ambiguous(self._span(first, last), one, other)

    # Products.

    @staticmethod
    def _are_factors(left: Token, right: Token) -> bool:
        """Whether two tokens beside each other are multiplied."""
        if right.type not in BEGINS:
            return False
        if left.type == "NAME":
            return bool(left == "π")
        return left.type in _FACTORS and not (right.type == "LPAR" and left.type in _CALLED)

    def _is_behind_variable(self, token: Token) -> bool:
        """Whether it stands behind a variable that it is a factor of, as in `x sin(x)` and `a x^2`."""
        if not self._is(-1, "NAME") or self._is(-2, "DOT", *_NAMING) or not is_variable(self.made[-1]):
            return False
        if token.type == "NAME":
            is_factor = is_variable(token) or token in PAPER or self._type(1) == "LPAR"
        else:
            is_factor = token.type in ("ROOT", "BAR_OPEN")
        if is_factor and self.brackets[-1:] == ["LSQB"] and token.type == "NAME":
            left, right = self.made[-1], self._span(token, token).text
            raise self._two_ways(left, token, f"{left}, {right}", f"{left}*{right}")
        return is_factor

    def _refuse_odd(self, before: Token, token: Token) -> None:
        """What is no product although it looks like one."""
        touching = before.end_pos == token.start_pos
        if before.type == "NUMBER" and token.type == "NUMBER":
            if touching:
                span = self._span(before, token)
                raise fail("syntax", f"`{span.text}` is not a number", span, "a number has one point at most")
            return
        signs = touching and before == "+" and token == "-" and len(self.made) > 1
        if signs and self.made[-2].end_pos != before.start_pos and self._begins_after_gap(token):
            left, right = self.made[-2], self.given[self.at + 1]
            raise self._two_ways(left, right, f"{left} ± {right}", f"{left} + -{right}")
        if token.type != "NAME":
            return
        if before == "0" and touching and _OTHER_BASE.fullmatch(token):
            span = self._span(before, token)
            value = int(span.text, 0)
            raise fail("syntax", "numbers are written in decimal", span, f"`{span.text}` is {value}")
        if before.type == "NUMBER" and token in ("x", "X") and self._type(1) == "NUMBER" and not touching:
            right = self.given[self.at + 1]
            span = self._span(before, right)
            raise fail("syntax", f"`{token}` is a name, not a sign", span, f"to multiply, write `{before}*{right}`")
        if before == "%" and token == "of":
            span = self._span(before, token)
            raise fail("syntax", "`%` is the remainder of a division", span, "20% of 50 is written `0.2*50`")

    def _begins_after_gap(self, token: Token) -> bool:
        after = self._next(1)
        return after is not None and after.start_pos != token.end_pos

    # Bars.

    def _sides(self) -> dict[int, str]:
        """Which bars open and which close, by their places."""
        found: dict[int, str] = {}
        for group in self._groups():
            if len(group) > MOST_BARS:
                raise fail("syntax", "these are too many bars", self._span(*self._ends(group)), "write `abs(...)`")
            # A variable that touches a bar is inside of it, unless nothing can be read so: `x|y|`.
            readings = list(self._readings(group)) or list(self._readings(group, multiplied=True))
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

    def _readings(self, group: Sequence[int], multiplied: bool = False) -> Iterator[tuple[str, ...]]:
        """Every way to tell opening bars from closing ones."""
        waiting: list[tuple[tuple[str, ...], int]] = [((), 0)]
        while waiting:
            sides, depth = waiting.pop()
            if len(sides) == len(group):
                if depth == 0:
                    yield sides
                continue
            place = group[len(sides)]
            before = self._type_before(place, group, sides, multiplied)
            after = self.given[place + 1] if place + 1 < len(self.given) else None
            left = len(group) - len(sides)
            if depth + 1 <= left - 1 and (before not in _ENDS or before in _FACTORS):
                waiting.append(((*sides, "BAR_OPEN"), depth + 1))
            if depth and before in _ENDS and (after is None or after.type != "NUMBER"):
                waiting.append(((*sides, "BAR_CLOSE"), depth - 1))

    def _type_before(self, place: int, group: Sequence[int], sides: Sequence[str], multiplied: bool) -> str:
        if place == 0:
            return ""
        before = self.given[place - 1]
        if before.type == "BAR_OPEN" and sides and group[len(sides) - 1] == place - 1:
            return sides[-1]
        if before.type == "NAME" and (before in PAPER or before in VERBS):
            # `ln|x|` and `plot |x|`: no value ends there.
            return ""
        bar, after = self.given[place], self.given[min(place + 1, len(self.given) - 1)]
        apart = before.end_pos != bar.start_pos and bar.end_pos == after.start_pos
        if before == "π" or (before.type == "NAME" and (apart or multiplied) and is_variable(before)):
            return "SIGN"
        return before.type
