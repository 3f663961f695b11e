"""Runs the tables that Lark makes of the grammar: a text to tokens, tokens to whatever a builder makes of each rule.

Lark runs them too; importing it takes longer than most texts take to be read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, takewhile
from typing import Any, NamedTuple

END = "$END"
# In a state's row: a token's number, what is done, and the number of the state or of the rule.
SHIFTED, REDUCED = "s", "r"
# What no terminal matches.
_ODD = "_ODD"


class Token(str):
    """A piece of the text that is one of the grammar's terminals, and where it stands."""

    __slots__ = ("end_pos", "start_pos", "type")

    type: str
    start_pos: int
    end_pos: int

    def __new__(cls, type: str, text: str, start_pos: int, end_pos: int) -> Token:
        """One of `type`."""
        made = super().__new__(cls, text)
        made.type, made.start_pos, made.end_pos = type, start_pos, end_pos
        return made


class NotRead(Exception):  # noqa: N818 - it is what is found, as are those of its kind
    """A text that the grammar does not have."""


class UnexpectedCharacter(NotRead):
    """No terminal begins here."""

    def __init__(self, place: int) -> None:
        super().__init__(place)
        self.place = place


class UnexpectedToken(NotRead):
    """A token that can't stand where it does: `expected` are those with an entry there, `accepted` those that fit."""

    def __init__(self, token: Token, expected: set[str], accepted: set[str]) -> None:
        super().__init__(token)
        self.token, self.expected, self.accepted = token, expected, accepted


class Rule(NamedTuple):
    """How the parts of a rule become one.

    `method` is the builder's, none where the parts are handed on to the rule that this one stands in; `inlined` are
    the places of parts that were handed on to this one, and `only` says that a part by itself stays as it is.
    """

    origin: str
    method: str
    size: int
    inlined: tuple[int, ...]
    only: bool


class Tables(NamedTuple):
    """What is known of a grammar, as plain data.

    `terminals` are patterns by name, in the order in which they are tried; `words` are the texts that are terminals
    of their own, by the terminal that they match; `symbols` are named in `rows` by their numbers.
    """

    terminals: Mapping[str, str]
    ignored: frozenset[str]
    words: Mapping[str, Mapping[str, str]]
    symbols: Sequence[str]
    rules: Sequence[Rule]
    rows: Sequence[str]
    start: int
    end: int


class Parser:
    """The tables, ready to run. A row is read when its state is first reached: a short text reaches few."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        # Where no terminal begins, one character is what is found. What is ignored and tried first, blanks, is found
        # with what is behind it.
        terminals = {**tables.terminals, _ODD: r"[\s\S]"}
        ahead = "|".join(terminals[name] for name in takewhile(tables.ignored.__contains__, terminals))
        pattern = re.compile(f"(?:{ahead})?(?:{as_one(terminals).pattern})")
        self._found_in, self._names = pattern.finditer, {group: name for name, group in pattern.groupindex.items()}
        self._states = _States(tables)
        # The rules whose one part always stays as it is, as they stand in rows; and where several of them lead.
        self._steps = frozenset(~i for i, r in enumerate(tables.rules) if r.only and r.size == 1 and not r.inlined)
        self._leaps: dict[tuple[int, int, str], int] = {}

    def lex(self, text: str) -> Iterator[Token]:
        """The tokens of a text.

        Raises:
            UnexpectedCharacter: when it comes to one that begins no token.
        """
        ignored, words, names, new = self.tables.ignored, self.tables.words, self._names, str.__new__
        for found in self._found_in(text):
            group = found.lastindex or 0
            type = names[group]
            if type in ignored:
                continue
            if type in words:
                type = words[type].get(found[group], type)
            elif type == _ODD:
                raise UnexpectedCharacter(found.start(group))
            # What Token's own constructor does, less a call for each.
            token = new(Token, found[group])
            token.type = type
            token.start_pos, token.end_pos = found.span(group)
            yield token

    def run(self, tokens: Iterable[Token], builder: object) -> Any:
        """What the builder's methods, each called with a rule's parts, make of the tokens.

        Raises:
            UnexpectedToken: where the grammar goes on in another way.
        """
        end_state, states, rules = self.tables.end, self._states, self.tables.rules
        steps, leaps = self._steps, self._leaps
        methods: list[Callable[[list[Any]], Any] | None] = [None] * len(rules)
        stack, values = [self.tables.start], list[Any]()
        # That of the state on top of the stack.
        row = states[stack[-1]]
        last: Token | None = None
        for given in chain(tokens, (None,)):
            token = _end(last) if given is None else given
            last, type = token, token.type
            while True:
                action = row.get(type)
                if action is None:
                    raise self._unexpected(token, stack)
                if action >= 0:
                    stack.append(action)
                    row = states[action]
                    values.append(token)
                    break
                if action in steps:
                    key = (stack[-2], action, type)
                    stack[-1] = state = leaps.get(key) or self._leap(key)
                    row = states[state]
                    continue
                origin, name, size, inlined, only = rules[~action]
                parts: list[Any] = []
                if size:
                    parts = values[-size:]
                    del stack[-size:], values[-size:]
                if inlined:
                    parts = _inlined(parts, inlined)
                if name and not (only and len(parts) == 1):
                    method = methods[~action]
                    if method is None:
                        method = methods[~action] = getattr(builder, name)
                    values.append(method(parts))
                else:
                    values.append(parts[0] if only and len(parts) == 1 else parts)
                state = states[stack[-1]][origin]
                stack.append(state)
                row = states[state]
                if state == end_state and type == END:
                    return values[-1]
        raise AssertionError("the end of a text ends it")

    def _leap(self, key: tuple[int, int, str]) -> int:
        """The state behind all rules that end at a token one after the other and leave their one part as it is.

        `key` is the state below, the first rule and the token. A name by itself goes through fifteen such rules.
        """
        below, action, type = key
        while action in self._steps:
            state = self._states[below][self.tables.rules[~action].origin]
            action = self._states[state].get(type, 0)
        self._leaps[key] = state
        return state

    def _unexpected(self, token: Token, stack: list[int]) -> UnexpectedToken:
        expected = {name for name in self._states[stack[-1]] if name.isupper()}
        return UnexpectedToken(token, expected, {name for name in expected if self._is_accepted(name, [*stack])})

    def _is_accepted(self, name: str, stack: list[int]) -> bool:
        """Whether a token of this type is shifted in the end, and not refused after rules that end before it."""
        while (action := self._states[stack[-1]].get(name)) is not None:
            if action >= 0:
                return True
            rule = self.tables.rules[~action]
            if rule.size:
                del stack[-rule.size :]
            stack.append(self._states[stack[-1]][rule.origin])
            if stack[-1] == self.tables.end and name == END:
                return True
        return False


def as_one(terminals: Mapping[str, str]) -> re.Pattern[str]:
    """An expression whose groups are the terminals; the first that matches is it."""
    return re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in terminals.items()))


class _States(dict[int, dict[str, int]]):
    """By symbol, the state that comes next, or a rule's number inverted."""

    def __init__(self, tables: Tables) -> None:
        super().__init__()
        self._rows, self._symbols = tables.rows, tables.symbols

    def __missing__(self, state: int) -> dict[str, int]:
        row: dict[str, int] = {}
        for entry in self._rows[state].split():
            symbol, shifted, to = entry.partition(SHIFTED)
            if shifted:
                row[self._symbols[int(symbol)]] = int(to)
            else:
                symbol, _, to = entry.partition(REDUCED)
                row[self._symbols[int(symbol)]] = ~int(to)
        self[state] = row
        return row


def _end(last: Token | None) -> Token:
    """What stands behind the last token."""
    return Token(END, "", *((0, 0) if last is None else (last.start_pos, last.end_pos)))


def _inlined(parts: list[Any], places: tuple[int, ...]) -> list[Any]:
    """The parts, with what was handed on to them in its place."""
    found: list[Any] = []
    for place, part in enumerate(parts):
        if place not in places:
            found.append(part)
        elif found:
            found += part
        else:
            # It is nobody else's, so that a long list is not copied for each of its items.
            found = part
    return found
