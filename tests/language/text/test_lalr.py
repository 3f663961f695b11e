"""The grammar's tables as we run them, beside Lark, which made them: the same tokens, trees and refusals."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import lark
import pytest
from lark.indenter import PythonIndenter
from lark.lexer import Lexer

from gradcli.core.records import structure
from gradcli.language.text.diagnostics import LanguageError, Source
from gradcli.language.text.grammar import UnexpectedBracket, UnexpectedDedent, grammar_text, indented, parser
from gradcli.language.text.lalr import NotRead, Token, UnexpectedCharacter, UnexpectedToken
from gradcli.language.text.notation import noted
from tests.conftest import ROOT

SAMPLES = [p.read_text(encoding="utf-8") for p in sorted((ROOT / "samples").glob("*.grad"))]
LINES = sorted({line for text in SAMPLES for line in text.splitlines() if line.strip() and not line.startswith("#")})


class Given(Lexer):
    """Gives Lark the tokens that it is given."""

    def __init__(self, conf: Any) -> None:
        pass

    def lex(self, tokens: Any) -> Iterator[lark.Token]:  # type: ignore[override]
        """Ours as its own."""
        for token in tokens:
            yield lark.Token(token.type, str(token), token.start_pos, end_pos=token.end_pos)


@cache
def theirs() -> Any:
    """Lark's parser, whose tokens are given."""
    grammar = grammar_text()
    return lark.Lark(grammar, parser="lalr", lexer=Given, keep_all_tokens=True, maybe_placeholders=False)


@cache
def their_lexer() -> Any:
    """Lark's lexer, without what notation puts in."""

    class Blocks(PythonIndenter):
        OPEN_PAREN_types = ["LPAR", "LSQB"]  # noqa: RUF012 - Lark reads plain class attributes
        CLOSE_PAREN_types = ["RPAR", "RSQB"]  # noqa: RUF012 - as above

    grammar = grammar_text()
    return lark.Lark(grammar, parser="lalr", lexer="basic", keep_all_tokens=True, postlex=Blocks())


@structure
class Trees:
    """Makes of each rule what Lark makes of it where no builder is given."""

    def __getattr__(self, name: str) -> Any:
        return lambda parts: (name, [part if isinstance(part, tuple) else (part.type, str(part)) for part in parts])


def as_pairs(tree: Any) -> Any:
    """Lark's tree as one of ours."""
    if isinstance(tree, lark.Token):
        return tree.type, str(tree)
    return str(tree.data), [as_pairs(child) for child in tree.children]


def our_tokens(text: str, block: Any = indented) -> tuple[list[Token], type | None]:
    """The tokens of a text up to where it has none, and what is wrong there."""
    found: list[Token] = []
    try:
        for token in block(parser().lex(text)):
            found.append(token)
    except NotRead as error:
        return found, type(error)
    return found, None


def their_tokens(text: str) -> tuple[list[lark.Token], type | None]:
    """The same from Lark."""
    found = []
    try:
        for token in their_lexer().lex(text):
            found.append(token)
    except lark.UnexpectedCharacters:
        return found, UnexpectedCharacter
    except lark.indenter.DedentError:
        return found, UnexpectedDedent
    except AssertionError:
        return found, UnexpectedBracket
    return found, None


def their_answer(tokens: list[Token]) -> Any:
    """Lark's tree of tokens, or its refusal."""
    try:
        return as_pairs(theirs().parse(tokens))
    except lark.UnexpectedToken as error:
        return error


def mutations() -> list[str]:
    """Lines of the samples, whole, and with a piece left out, doubled or taken from another."""
    rng = random.Random(17)
    pieces = [re.findall(r"\w+|\s+|[^\w\s]", line) for line in LINES]
    found = [*SAMPLES, *LINES]
    for parts in pieces:
        for _ in range(3):
            at = rng.randrange(len(parts))
            other = rng.choice(rng.choice(pieces))
            found.append(
                "".join([*parts[:at], *rng.choice([[], [parts[at]] * 2, [other], ["\n"], ["$"]]), *parts[at + 1 :]])
            )
    return found


def test_tokens() -> None:
    """Their kinds, texts and places, those that begin and end blocks among them, and where there are no more."""
    for text in mutations():
        ours, our_end = our_tokens(f"{text}\n")
        their, their_end = their_tokens(f"{text}\n")
        assert [(t.type, str(t), t.start_pos, t.end_pos) for t in ours] == [
            (t.type, str(t), t.start_pos, t.end_pos) for t in their
        ]
        assert our_end == their_end


def test_trees_and_refusals() -> None:
    """Every rule in the same place; where a text is refused, the same token, and the same that could stand there."""
    refused = read = 0
    for text in mutations():
        try:
            tokens = list(indented(noted(parser().lex(f"{text}\n"), Source("test", text))))
        except (LanguageError, NotRead):
            continue
        their = their_answer(tokens)
        if isinstance(their, lark.UnexpectedToken):
            with pytest.raises(UnexpectedToken) as caught:
                parser().run(tokens, Trees())
            token = caught.value.token
            assert (token.type, str(token)) == (their.token.type, str(their.token))
            assert caught.value.expected == their.expected
            assert caught.value.accepted == their.accepts
            refused += 1
        else:
            assert parser().run(tokens, Trees()) == their
            read += 1
    assert min(read, refused) > 200
