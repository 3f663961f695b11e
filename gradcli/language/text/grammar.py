"""The parser of grammar/gradcli.lark, from tables that are kept beside this file.

They are plain data, made from the grammar by a test (GRADCLI_WRITE_TABLES=1). Where they are not this grammar's,
Lark makes them anew, which takes longer.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from gradcli.language.text.lalr import END, REDUCED, SHIFTED, NotRead, Parser, Rule, Tables, Token

# Paths are texts here: importing pathlib takes longer than reading the tables.
TABLES = os.path.join(os.path.dirname(__file__), "tables.txt")
# What stands for nothing in the file of tables.
_NONE = "-"
# A prime, by which a text is a number that tells it from others; a module of checksums would have to be imported.
_PRIME = 2**64 - 59
_TAB = 8
# How deep in brackets what follows is beside what is in front; the end of a line is looked at too.
_CHANGES = {"LPAR": 1, "LSQB": 1, "RPAR": -1, "RSQB": -1, "_NEWLINE": 0}


class UnexpectedDedent(NotRead):
    """A line's indentation is none of those open above it."""


class UnexpectedBracket(NotRead):
    """A bracket that closes nothing."""


def indented(tokens: Iterable[Token]) -> Iterator[Token]:
    """The tokens with those that begin and end blocks, by Python's rule: brackets suspend it.

    Raises:
        UnexpectedDedent: for a line that fits no block.
        UnexpectedBracket: where one closes nothing.
    """
    levels, depth = [0], 0
    token = None
    for token in tokens:
        change = _CHANGES.get(token.type)
        if change is None:
            yield token
        elif change:
            yield token
            depth += change
            if depth < 0:
                raise UnexpectedBracket
        elif depth == 0:
            yield token
            blank = token.rpartition("\n")[2]
            width = blank.count(" ") + blank.count("\t") * _TAB
            if width > levels[-1]:
                levels.append(width)
                yield Token("_INDENT", blank, token.start_pos, token.end_pos)
            while width < levels[-1]:
                levels.pop()
                yield Token("_DEDENT", blank, token.start_pos, token.end_pos)
            if width != levels[-1]:
                raise UnexpectedDedent
    for _ in levels[1:]:
        assert token is not None
        yield Token("_DEDENT", "", token.start_pos, token.end_pos)


def grammar_path() -> str:
    """The grammar: shipped inside an installed package, beside the package in a checkout."""
    package = os.path.dirname(os.path.dirname(os.path.dirname(__file__)))
    shipped = os.path.join(package, "grammar", "gradcli.lark")
    return shipped if os.path.exists(shipped) else os.path.join(package, os.pardir, "grammar", "gradcli.lark")


def grammar_text() -> str:
    """What stands in it."""
    return _text(grammar_path())


def _text(path: str) -> str:
    with open(path, encoding="utf-8") as file:
        return file.read()


@cache
def parser() -> Parser:
    """The one parser."""
    grammar = grammar_text()
    try:
        kept = _text(TABLES)
    except OSError:
        kept = ""
    return Parser(_read(kept if kept.startswith(_made_from(grammar)) else tables_text(grammar)))


def _made_from(grammar: str) -> str:
    """What tables depend on: the grammar, and the form that they have."""
    return f"grammar {int.from_bytes(grammar.encode(), 'big') % _PRIME:016x}, sections apart by empty lines\n"


def _read(text: str) -> Tables:
    """The tables that a file holds."""
    _, terminals, ignored, words, ends, symbols, rules, rows = text.split("\n\n", 7)
    apart: dict[str, dict[str, str]] = {}
    for line in words.splitlines():
        within, name, word = line.split(" ", 2)
        apart.setdefault(within, {})[word] = name
    start, end = ends.split()
    return Tables(
        {
            name: pattern.encode("ascii").decode("unicode_escape")
            for name, _, pattern in (line.partition(" ") for line in terminals.splitlines())
        },
        frozenset(ignored.split()),
        apart,
        symbols.split(),
        [_rule(*line.split(" ")) for line in rules.splitlines()],
        rows.splitlines(),
        int(start),
        int(end),
    )


def _rule(origin: str, method: str, size: str, inlined: str, only: str) -> Rule:
    places = () if inlined == _NONE else tuple(map(int, inlined.split(",")))
    return Rule(origin, "" if method == _NONE else method, int(size), places, only != _NONE)


def tables_text(grammar: str) -> str:
    """What the file of tables holds for a grammar: what they were made from, then the parts of `Tables`, a line each.

    A state's `4s17 5r3` shifts symbol 4 and goes to state 17, and reduces by rule 3 before symbol 5.
    """
    from lark import Lark
    from lark.lexer import PatternStr

    # One expression for all tokens: the contextual lexer has one for each kind of place, and each would be compiled.
    made: Any = Lark(grammar, parser="lalr", lexer="basic", keep_all_tokens=True, maybe_placeholders=False)
    lexer = made.parser.lexer
    terminals = [
        f"{t.name} {t.pattern.to_regexp().encode('unicode_escape').decode('ascii')}" for t in lexer.scanner.terminals
    ]
    words = []
    for within, unless in lexer.callback.items():
        for terminal in unless.scanner.terminals:
            assert isinstance(terminal.pattern, PatternStr)
            assert not terminal.pattern.flags
            words.append(f"{within} {terminal.name} {terminal.pattern.value}")
    numbers = {rule: number for number, rule in enumerate(made.rules)}
    table = made.parser.parser._parse_table
    # Lark's numbers differ from run to run, so states are numbered as they are reached.
    order = [table.start_states["start"]]
    for state in order:
        order += dict.fromkeys(to for to in _shifts(table.states[state]).values() if to not in order)
    places = {state: place for place, state in enumerate(order)}
    symbols = sorted({name for row in table.states.values() for name in row})
    ends = f"{places[table.start_states['start']]} {places[table.end_states['start']]}"
    rows = [
        " ".join(
            f"{symbols.index(name)}{SHIFTED}{places[to]}"
            if action.name == "Shift"
            else f"{symbols.index(name)}{REDUCED}{numbers[to]}"
            for name, (action, to) in sorted(table.states[state].items())
        )
        for state in order
    ]
    assert END in symbols
    ignored = " ".join(sorted(lexer.ignore_types))
    sections = (terminals, [ignored], words, [ends], [" ".join(symbols)], map(_rule_text, made.rules), rows)
    return _made_from(grammar) + "\n" + "\n\n".join("\n".join(section) for section in sections) + "\n"


def _shifts(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: to for name, (action, to) in sorted(row.items()) if action.name == "Shift"}


def _rule_text(rule: Any) -> str:
    """A line for one of Lark's rules, whose names with an underscore in front have no syntax class."""
    inlined = [i for i, part in enumerate(rule.expansion) if not part.is_term and part.name.startswith("_")]
    method = rule.alias or (_NONE if rule.origin.name.startswith("_") else rule.origin.name)
    only = "only" if rule.options.expand1 and not rule.alias else _NONE
    return f"{rule.origin.name} {method} {len(rule.expansion)} {','.join(map(str, inlined)) or _NONE} {only}"
