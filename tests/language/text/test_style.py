"""The one style of scripts: what it changes, and what it never does."""

from __future__ import annotations

import random
import re

import pytest

from gradcli.language.text.diagnostics import LanguageError, Source
from gradcli.language.text.parse import parse
from gradcli.language.text.style import same_syntax, styled
from gradcli.language.text.tokens import BLANK, lexemes
from tests.conftest import ROOT

SAMPLES = {path.name: path.read_text() for path in sorted((ROOT / "samples").glob("*.grad"))}
PAGES = [ROOT / "README.md", *sorted((ROOT / "gradcli" / "session" / "topics").glob("*.md"))]
_BLOCKS = [
    block
    for page in PAGES
    for block in re.findall(r"^```gradcli\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)
]
TYPED = [
    re.sub(r"^(> |\.\.\. ?)", "", typed, flags=re.MULTILINE)
    for block in _BLOCKS
    for typed in re.findall(r"^> .*\n(?:^\.\.\..*\n)*", block, re.MULTILINE)
]


def format_text(text: str) -> str:
    """A text in the style."""
    return styled(Source("test", text))


def kept(text: str) -> str:
    """The text in the style, after holding it to its promises."""
    once = format_text(text)
    assert same_syntax(parse(Source("a", text)), parse(Source("b", once)))
    assert format_text(once) == once
    signs = [t.text.rstrip() for t in lexemes(text) if t.kind != BLANK]
    assert signs == [t.text for t in lexemes(once) if t.kind != BLANK]
    return once


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x=1", "x = 1\n"),
        ("x  :=   1+2", "x := 1 + 2\n"),
        ("x+=1;y -=2 ;", "x += 1; y -= 2;\n"),
        ("f( x,y ,z=2 )=x*y  *z", "f(x, y, z=2) = x*y * z\n"),
        ("a*b, a *b, a/b^2, a ^ b", "a*b, a * b, a/b^2, a ^ b\n"),
        ("x²+2x-√2, f'(x)", "x² + 2x - √2, f'(x)\n"),
        ("- x, 1 - -1, (- 1), [-1,- 2], 2^-1", "-x, 1 - -1, (-1), [-1, -2], 2^-1\n"),
        ("x<1 and not y>=2 or z≈1±0.1", "x < 1 and not y >= 2 or z ≈ 1 ± 0.1\n"),
        ("g = (x,y)->x*y", "g = (x, y) -> x*y\n"),
        ("x[1:2 , ...], x [0], y[i+1]", "x[1:2, ...], x [0], y[i + 1]\n"),
        ("( 1, ), [ ]", "(1,), []\n"),
        ("f( x , wrt = y )", "f(x, wrt=y)\n"),
        ("plot sin(x) over x =-3..3", "plot sin(x) over x = -3..3\n"),
        ("f at x=3", "f at x=3\n"),
        ("solve x^2=2", "solve x^2 = 2\n"),
        ("d/dx(x^2)+1", "d/dx(x^2) + 1\n"),
        ("5!-3, 30°-1, |x|-1", "5! - 3, 30° - 1, |x|-1\n"),
        ("x #  why", "x  #  why\n"),
        ("x      # aligned", "x      # aligned\n"),
        ("x # why   ", "x  # why\n"),
        ("#!/usr/bin/env gradcli\n#no blank", "#!/usr/bin/env gradcli\n#no blank\n"),
        ("\n\n\nx\n\n\n\n\ny\n\n\n", "x\n\n\ny\n"),
        ("x\r\ny", "x\ny\n"),
        ("", ""),
        ("# alone", "# alone\n"),
        ('"a  +b",  "#"', '"a  +b", "#"\n'),
        ('assert  x==1 ,"m"', 'assert x == 1, "m"\n'),
        ("x = [1,\n       2 ,\n  ]", "x = [1,\n       2,\n  ]\n"),
        ("x = 1+ \\\n  2", "x = 1 + \\\n  2\n"),
        ("for i in range( 3 ) : i", "for i in range(3): i\n"),
    ],
)
def test_what_it_does(text: str, expected: str) -> None:
    """Around signs, commas and brackets; paper's notation, texts and comments stay to the letter."""
    assert kept(text.replace("\r\n", "\n") if "\r" not in expected else text) == expected


def test_blocks() -> None:
    """Four blanks a level; comments and lines that go on keep to what they belong to."""
    text = """\
def f(x):
  # first
  for i in range(2):
\t  x = [x,
\t       1]
\t  # inner
  # outer
  return x
 # odd
# top
model net(x): param w = [1]; return w*x
"""
    assert (
        kept(text)
        == """\
def f(x):
    # first
    for i in range(2):
        x = [x,
             1]
        # inner
    # outer
    return x
# odd
# top
model net(x): param w = [1]; return w*x
"""
    )


@pytest.mark.parametrize("name", SAMPLES)
def test_samples_have_the_style(name: str) -> None:
    """To the letter."""
    assert kept(SAMPLES[name]) == SAMPLES[name]


def test_what_the_readme_types() -> None:
    """Means the same in the style."""
    assert len(TYPED) > 50
    for typed in TYPED:
        try:
            parse(Source("test", typed))
        except LanguageError:
            continue
        kept(typed)


@pytest.mark.parametrize("seed", range(60))
def test_any_blanks(seed: int) -> None:
    """Texts of the samples and the README with blanks strewn over them: what still parses keeps its meaning."""
    at = random.Random(seed)
    text = at.choice([*SAMPLES.values(), "\n".join(at.sample(TYPED, 6))])
    parts = []
    for token in lexemes(text):
        blank = token.text
        if token.kind == BLANK and "\n" not in blank and "\\" not in blank:
            blank = at.choice([blank, blank, "  ", "\t", ""])
        elif token.kind == BLANK and "\\" not in blank:
            blank = at.choice([blank, blank, "\n" + blank, "\n\n\n" + blank, "  # said" + blank])
        elif at.random() < 0.05:
            blank = at.choice([" " + blank, blank + " "])
        parts.append(blank)
    strewn = "".join(parts)
    try:
        parse(Source("test", strewn))
    except LanguageError:
        strewn = text
        try:
            parse(Source("test", text))
        except LanguageError:
            return
    kept(strewn)


def test_a_mistake_is_told() -> None:
    """There is no style for what is not understood."""
    with pytest.raises(LanguageError):
        format_text("x = (")
