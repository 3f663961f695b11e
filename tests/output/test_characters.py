"""What reaches a terminal: printable characters, and those alone that its encoding has."""

from __future__ import annotations

import io
import re
import sys
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcli.language.text.diagnostics import Diagnostic, Source, Span
from gradcli.output.characters import columns, in_encoding, visible
from gradcli.output.terminal import Terminal
from gradcli.session.results import Assertion, Place
from tests.language.running import run, value
from tests.texts import any_text


@pytest.mark.parametrize(
    ("text", "ascii"),
    [
        ("∂²f/∂x∂y", "d^2f/dxdy"),
        ("∂¹²f/∂x¹²", "d^12f/dx^12"),
        ("f⁽⁶⁾(ξ)/6!·x^6", "f^(6)(xi)/6!*x^6"),
        ("Δf, ∇·F, ∇×F[0]", "laplacian f, divergence F, curl F[0]"),
        ("✓ a ✗ b", "ok a failed b"),
        ("⠀⠻⣦", ".##"),
        ("──", "--"),
        ("θ漢", r"theta\u6f22"),
        ("√(x₁ + 1)·√x·x⁻¹ ≤ 30°", "sqrt(x1 + 1)*sqrt x*x^-1 <= 30 deg"),
    ],
)
def test_signs_in_ascii(text: str, ascii: str) -> None:
    """By what they mean; others by their numbers."""
    assert in_encoding(text, "ascii") == ascii
    assert in_encoding(text, "utf-8") == text


def test_what_an_encoding_has_stays() -> None:
    """Latin-1 has a raised two, and no raised four."""
    assert in_encoding("∂²f/∂x⁴·π", "latin-1") == "d²f/dx^4·pi"


@given(any_text(), st.sampled_from(["ascii", "latin-1", "cp1252", "cp437", "utf-8", "koi8-r"]))
def test_any_text_can_be_written_in_any_encoding(text: str, encoding: str) -> None:
    """And stays as it is the second time."""
    once = in_encoding(visible(text), encoding)
    once.encode(encoding)
    assert in_encoding(visible(once), encoding) == once
    assert once.isprintable()


ODD = [chr(c) for c in range(sys.maxunicode + 1) if unicodedata.category(chr(c)) in ("Cc", "Cf", "Cs", "Zl", "Zp")]


def printed(show: str) -> str:
    """What a screen prints for texts with an odd character in every place."""
    out = io.StringIO()
    terminal = Terminal(out, out)
    source = Source(f"na{show}me", f"ab{show}cd = 1")
    terminal.diagnostic(Diagnostic("file", f"can't read `{show}`", Span(source, 3, 5), f"a hint {show}"))
    terminal.result(Assertion("1 == 2", Place(f"fi{show}le", 1, 1), False, f"mes{show}sage"))
    terminal.say(f"✓ {show}: 1 assert passed")
    return out.getvalue()


@pytest.mark.parametrize("char", [*[c for c in ODD if c != "\t"][::7], "\x1b", "\n", "\r", "\u202e", "\x9b", "\u2066"])
def test_nothing_steers_the_terminal(char: str) -> None:
    """Neither colours, nor the cursor, nor the order of what follows, nor a line of its own."""
    text = printed(char)
    assert all(c.isprintable() for c in text.replace("\n", ""))
    assert len(text.splitlines()) == len(printed("x").splitlines())


@pytest.mark.parametrize("text", ["a\nb", "\x1b[31m", 'say "x"', "back\\slash", "\u202e", "é漢", "\t"])
def test_a_text_is_shown_as_the_language_writes_it(text: str) -> None:
    """On one line, and it reads back."""
    out = io.StringIO()
    written = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    for result in run(f'"{written}"').results:
        Terminal(out, out).result(result)
    line = out.getvalue().removesuffix("\n")
    assert line.isprintable()
    assert value(line) == text


@pytest.mark.parametrize("before", ["\x1b", "\u202e", "漢", "é", "\t", "\ud800", "a\x00b"])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_the_caret_stands_under_its_place(before: str, encoding: str) -> None:
    """Also behind what takes more columns than it has characters."""
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding, write_through=True)
    source = Source("t", f'"{before}" + oops')
    start = source.text.index("oops")
    Terminal(file, file).diagnostic(Diagnostic("name", "m", Span(source, start, start + 4)))
    lines = raw.getvalue().decode(encoding).splitlines()
    code, caret = next((a, b) for a, b in pairwise(lines) if "^" in b)
    assert columns(code[: code.index("oops")].expandtabs(8)) == len(caret[: caret.index("^")].expandtabs(8))
    assert re.search(r"\^{4}$", caret)
