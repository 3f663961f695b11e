"""Colours: every character of any text is in one token, and what the tokens are is what the grammar says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pygments.lexers import get_lexer_by_name, get_lexer_for_filename
from pygments.token import Comment, Error, Generic, Keyword, Name, Number, Operator, String

from gradcli.language.text.build import KEYWORDS
from gradcli.language.text.diagnostics import Source
from gradcli.language.text.grammar import indented, parser
from gradcli.language.text.notation import noted
from gradcli.language.text.tokens import BLANK, ODD, OPEN_TEXT, WORD, lexemes
from gradcli.output.lexer import STYLES, GradLexer, GradSessionLexer, style_of
from gradcli.output.style import THEMES
from tests.conftest import ROOT
from tests.texts import any_text

SAMPLES = sorted((ROOT / "samples").glob("*.grad"))


@given(st.one_of(any_text(max_size=60), st.text("abx_12. ^*+-=()[],;:\"'\\√²∂/#\n →!|", max_size=40)))
def test_no_character_is_lost(text: str) -> None:
    """Whole or half typed, in both lexers."""
    for lexer in (GradLexer(), GradSessionLexer()):
        pieces = [*lexer.get_tokens_unprocessed(text)]
        assert "".join(piece for _, _, piece in pieces) == text
        assert [start for start, _, _ in pieces] == [sum(len(p) for _, _, p in pieces[:n]) for n in range(len(pieces))]


@pytest.mark.parametrize("path", SAMPLES, ids=lambda p: p.stem)
def test_samples_have_no_odd_characters(path: Path) -> None:
    """And their tokens are those that the parser gets, but for what stands around decides."""
    text = path.read_text(encoding="utf-8")
    assert not {kind for _, kind, _ in GradLexer().get_tokens_unprocessed(text)} & {Error}
    ours = [t.text for t in lexemes(text) if t.kind not in (BLANK, "COMMENT", ODD, OPEN_TEXT)]
    # BESIDE, the product that has no sign, is what stands behind it once more.
    unseen = ("_NEWLINE", "_INDENT", "_DEDENT", "BESIDE")
    parsed = indented(noted(parser().lex(text), Source("test", text)))
    theirs = [str(t) for t in parsed if t.type not in unseen and str(t).strip()]
    assert "".join(ours) == "".join(theirs)


def test_every_word_of_the_language_is_one() -> None:
    """Those that the grammar has are told from names."""
    for word in KEYWORDS:
        (found,) = lexemes(word)
        assert found.kind == WORD


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("sin(x)", [Name.Builtin, Name]),
        ("model net(x)", [Keyword, Name.Function, Name]),
        ("net.w", [Name, Name.Attribute]),
        ("pi + tau", [Name.Constant, Name.Constant]),
        ("f(2)", [Name.Function, Number]),
        ("plot f over 0..1", [Name.Builtin, Name, Operator.Word, Number, Number]),
        ("at = 3", [Name, Number]),
        ("true", [Keyword.Constant]),
        ('"half', [String]),
        ("1 # one", [Number, Comment.Single]),
    ],
)
def test_kinds(text: str, kinds: list[object]) -> None:
    """What a name is, by what stands around it."""
    of = [kind for _, kind, _ in GradLexer().get_tokens_unprocessed(text)]
    marks = [kind for kind in of if kind in Name or kind in Keyword or kind in Number or kind in String]
    others = [kind for kind in of if kind in Comment or kind is Operator.Word]
    assert sorted(map(str, marks + others)) == sorted(map(str, kinds))


def test_sessions_have_prompts_and_answers() -> None:
    """As the README shows them."""
    kinds = [kind for _, kind, _ in GradSessionLexer().get_tokens_unprocessed("> f(x) = x\n... \n45\n")]
    assert kinds[0] == Generic.Prompt
    assert kinds[-1] == Generic.Output


def test_styles_are_the_programs() -> None:
    """Each is in the theme."""
    assert {style_of(kind) for kind in STYLES} <= {*THEMES["dark"]}


def test_pygments_knows_them() -> None:
    """By their names and by the suffix of scripts, also from its command line."""
    assert isinstance(get_lexer_by_name("gradcli"), GradLexer)
    assert isinstance(get_lexer_by_name("gradcli-session"), GradSessionLexer)
    assert isinstance(get_lexer_for_filename("lesson.grad"), GradLexer)
    command = [sys.executable, "-m", "pygments", "-f", "html", str(SAMPLES[0])]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert '<span class="' in done.stdout
