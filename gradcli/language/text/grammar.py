"""The LALR parser of grammar/gradcli.lark, from tables that are kept beside this file.

They are plain data, made from the grammar by a test (GRADCLI_WRITE_TABLES=1). Where they are not this grammar's, or
another version of Lark made them, the parser is made from the grammar, which takes longer.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import lark
from lark import Lark, Token
from lark.grammar import Rule
from lark.indenter import Indenter
from lark.lexer import TerminalDef
from lark.parsers.lalr_analysis import Reduce, Shift

from gradcli.language.text.build import Builder
from gradcli.language.text.notation import noted

TABLES = Path(__file__).with_name("tables.json")
# The number of this action in Lark's tables; the other one reduces.
_SHIFT = 0
# The same in the file of tables.
_SHIFTED, _REDUCED = "s", "r"
OPTIONS: dict[str, Any] = {
    "parser": "lalr",
    # One expression for all tokens: the contextual lexer compiles one for each kind of place, which takes longer
    # than reading a short text.
    "lexer": "basic",
    "keep_all_tokens": True,
    "maybe_placeholders": False,
}


class _Blocks(Indenter):
    """Python's rule for indentation: brackets suspend it."""

    NL_type = "_NEWLINE"
    OPEN_PAREN_types = ["LPAR", "LSQB"]  # noqa: RUF012 - Lark reads plain class attributes
    CLOSE_PAREN_types = ["RPAR", "RSQB"]  # noqa: RUF012 - as above
    INDENT_type = "_INDENT"
    DEDENT_type = "_DEDENT"
    tab_len = 8

    def __init__(self, builder: Builder) -> None:
        super().__init__()
        self._builder = builder

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        """The tokens of paper's notation, in blocks."""
        indented: Iterator[Token] = super().process(noted(stream, self._builder.source))  # type: ignore[no-untyped-call]
        return indented


def grammar_path() -> Path:
    """The grammar: shipped inside an installed package, beside the package in a checkout."""
    package = Path(__file__).parents[2]
    shipped = package / "grammar" / "gradcli.lark"
    return shipped if shipped.exists() else package.parent / "grammar" / "gradcli.lark"


@cache
def parser() -> tuple[Lark, Builder]:
    """The parser and the builder that it calls on each reduction; made once."""
    builder = Builder()
    grammar = grammar_path().read_text(encoding="utf-8")
    tables = _tables(grammar)
    if tables is None:
        return Lark(grammar, postlex=_Blocks(builder), transformer=builder, **OPTIONS), builder
    load: Any = Lark._load_from_dict
    rows, data = tables
    made: Any = load(**data, postlex=_Blocks(builder), transformer=builder)
    tokens = data["data"]["parser"]["parser"]["tokens"]
    made.parser.parser._parse_table.states = _States(rows, tokens, made.rules)
    return made, builder


class _States(dict[int, dict[str, Any]]):
    """The parser's states, each read when it is first reached: a short text reaches few of them."""

    def __init__(self, rows: Sequence[str], tokens: Mapping[int, str], rules: Sequence[Rule]) -> None:
        super().__init__()
        self._rows, self._tokens, self._rules = rows, tokens, rules

    def __missing__(self, state: int) -> dict[str, Any]:
        row: dict[str, Any] = {}
        for entry in self._rows[state].split():
            token, action, number = entry.partition(_SHIFTED) if _SHIFTED in entry else entry.partition(_REDUCED)
            name = self._tokens[int(token)]
            row[name] = (Shift, int(number)) if action == _SHIFTED else (Reduce, self._rules[int(number)])
        self[state] = row
        return row


def tables_text(grammar: str) -> str:
    """What the file of tables holds for a grammar: what they were made from, then Lark's data, a state a line."""
    data, memo = Lark(grammar, postlex=_Blocks(Builder()), **OPTIONS).memo_serialize([TerminalDef, Rule])
    for objects in ("postlex", "transformer"):
        del data["options"][objects]
    states = _renumber(data["parser"]["parser"])
    entries = {
        "made_from": _made_from(grammar),
        "data": data,
        "memo": memo,
    }
    lines = [f'"{name}":{json.dumps(entry, separators=(",", ":"))}' for name, entry in entries.items()]
    places = {rule["@"]: place for place, rule in enumerate(data["rules"])}
    rows = [json.dumps(_row_text(states[number], places)) for number in range(len(states))]
    return "{\n" + ",\n".join(lines) + ',\n"states":[\n' + ",\n".join(rows) + "\n]}\n"


def _row_text(row: Mapping[int, Any], places: Mapping[int, int]) -> str:
    """A state as a text: `4s17 5r3` shifts token 4 and goes to state 17, and reduces by rule 3 before token 5."""
    return " ".join(
        f"{token}{_SHIFTED}{to}" if action == _SHIFT else f"{token}{_REDUCED}{places[to['@']]}"
        for token, (action, to) in row.items()
    )


def _renumber(parsing: dict[str, Any]) -> dict[int, dict[int, Any]]:
    """The states, taken out of Lark's data, numbered as they are reached: Lark's numbers differ from run to run."""
    states, names = parsing.pop("states"), parsing["tokens"]
    parsing["tokens"] = dict(enumerate(sorted(names.values())))
    token_numbers = {name: number for number, name in parsing["tokens"].items()}
    order = sorted(parsing["start_states"].values())
    for state in order:
        shifts = [(names[token], to) for token, (action, to) in states[state].items() if action == _SHIFT]
        order += dict.fromkeys(to for _, to in sorted(shifts) if to not in order)
    numbers = {state: number for number, state in enumerate(order)}
    for ends in ("start_states", "end_states"):
        parsing[ends] = {name: numbers[state] for name, state in parsing[ends].items()}
    return {
        numbers[state]: {
            token_numbers[name]: (action, numbers[to] if action == _SHIFT else to)
            for name, (action, to) in sorted((names[token], entry) for token, entry in states[state].items())
        }
        for state in order
    }


def _tables(grammar: str) -> tuple[list[str], dict[str, Any]] | None:
    """The states' rows, and Lark's data without them, if the tables are there and fit."""
    try:
        entries = json.loads(TABLES.read_bytes())
    except OSError:
        return None
    if entries["made_from"] != _made_from(grammar):
        return None
    parsing = entries["data"]["parser"]["parser"]
    # Lark numbers states, tokens and rules; the keys of JSON are texts.
    parsing["states"] = {}
    parsing["tokens"] = _by_number(parsing["tokens"])
    return entries["states"], {"data": entries["data"], "memo": _by_number(entries["memo"])}


def _by_number(entries: dict[str, Any]) -> dict[int, Any]:
    return {int(key): value for key, value in entries.items()}


def _made_from(grammar: str) -> str:
    """What tables depend on: the grammar, and the form in which this Lark keeps its data."""
    return f"grammar {zlib.crc32(grammar.encode()):08x}, lark {lark.__version__}, rows of text"
