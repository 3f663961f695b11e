"""Steps on a screen: a tree that fits, in any encoding, and the verdict on an answer."""

from __future__ import annotations

import io

import pytest

from gradcli.language.text.diagnostics import Source
from gradcli.output.characters import columns
from gradcli.output.terminal import Terminal
from gradcli.session.session import Session
from tests.output.tty import TTY


def shown(text: str, width: int | None = None, monkeypatch: pytest.MonkeyPatch | None = None) -> str:
    """What a text shows on a terminal of some width, or in a file."""
    out: io.StringIO = io.StringIO()
    if width is not None:
        assert monkeypatch is not None
        for name, value in (("COLUMNS", str(width)), ("NO_COLOR", "1"), ("TERM", "dumb")):
            monkeypatch.setenv(name, value)
        out = TTY()
    terminal = Terminal(out, io.StringIO())
    step = Session().run(Source("test", text))
    assert not [d for d in step.diagnostics if d.severity == "error"], step.diagnostics
    for result in step.results:
        terminal.result(result)
    return out.getvalue()


F = "f(x) = x^2*sin(3x)\n"


def test_a_tree_in_a_file() -> None:
    """In full, as wide as it needs to be."""
    assert shown(F + "steps(f')") == (
        "d/dx x²·sin(3x)\n"
        "├ product rule   (u·v)' = u'·v + u·v'   with u = x², v = sin(3x)\n"
        "│ ├ u'   power rule   d/dx x² = 2x\n"
        "│ ├ v'   chain rule   (sin(w))' = cos(w)·w'   with w = 3x\n"
        "│ │ ├ w'   constant factor   d/dx 3x = 3\n"
        "│ │ └ v' = cos(3x)·3\n"
        "└ together   2x·sin(3x) + x²·cos(3x)·3\n"
        "simplified   3x²·cos(3x) + 2x·sin(3x)\n"
    )


def test_a_point_adds_numbers_and_the_tape() -> None:
    """Those that are rounded say so."""
    text = shown(F + "steps(f', 2)")
    assert "│ ├ u'   power rule   d/dx x² = 2x = 4\n" in text
    assert "│ │ └ v' = cos(3x)·3 ≈ 2.88051\n" in text
    assert "at x = 2   10.404381447008689\n" in text
    table = text.split("\n\n")[1].splitlines()
    assert table[0].split() == ["tape", "is", "value", "slope", "by", "tangent", "dv/dx", "adjoint", "dv5/dv"]
    assert table[3].split() == ["v2", "v1²", "4", "v1:", "4", "4", "-0.279415"]


def test_one_step_is_a_line() -> None:
    """With no summary, which it is itself."""
    assert shown("steps(sin')") == "d/dx sin(x)\n└ standard derivative   d/dx sin(x) = cos(x)\nsimplified   cos(x)\n"


def test_branches() -> None:
    """Each under its condition; at a point the one that is taken."""
    made = "h(x) = x^2 if x > 1 else 2x\n"
    text = shown(made + "steps(h')")
    assert "│ ├ if x > 1   power rule   d/dx x² = 2x\n│ ├ if x ≤ 1   constant factor   d/dx 2x = 2\n" in text
    assert "x > 1 holds   power rule" in shown(made + "steps(h', 3)")
    assert "x ≤ 1 holds   constant factor" in shown(made + "steps(h', 1)")
    assert "constant factor" not in shown(made + "steps(h', 3)")


LONG = "f(x) = x^2*sin(3x) + sqrt(x^2 + 1)/(2x + 1)*exp(-x^2/2) + ln(1 + x^2 + x^4)^3\n"


@pytest.mark.parametrize("width", [30, 40, 60, 80, 120])
@pytest.mark.parametrize("command", ["steps(f')", "steps(f'', 2)", "steps(f', -0.123456789)"])
def test_it_fits(width: int, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No line is wider than the terminal, and nothing is left out where it folds."""
    text = shown(LONG + command, width, monkeypatch)
    assert max(map(columns, text.splitlines())) <= width
    squeezed = "".join(c for c in text if c.isalnum())
    full = shown(LONG + command)
    for word in ("simplified", "together", "quotient", "chain"):
        assert text.count(word) == full.count(word)
    if width >= 60:
        for line in full.split("\n\n")[0].splitlines():
            if line.startswith("simplified"):
                assert "".join(c for c in line if c.isalnum()) in squeezed


def test_at_forty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces that don't fit go on below, on the level of their step."""
    assert shown("g(x) = exp(sin(x^2))\nsteps(g')", 40, monkeypatch) == (
        "d/dx exp(sin(x²))\n"
        "├ chain rule   (exp(u))' = exp(u)·u'\n"
        "│ with u = sin(x²)\n"
        "│ ├ u'   chain rule\n"
        "│ │ (sin(v))' = cos(v)·v'   with v = x²\n"
        "│ │ ├ v'   power rule   d/dx x² = 2x\n"
        "│ │ └ u' = cos(x²)·2·x\n"
        "└ together   exp(sin(x²))·cos(x²)·2·x\n"
        "simplified   2x·exp(sin(x²))·cos(x²)\n"
    )


def test_in_ascii() -> None:
    """What an encoding lacks is drawn with what it has."""
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="ascii")
    terminal = Terminal(out, io.StringIO())
    for result in Session().run(Source("test", F + "steps(f', 2)")).results:
        terminal.result(result)
    out.flush()
    text = raw.getvalue().decode("ascii")
    assert "| + u'   power rule   d/dx x^2 = 2*x = 4\n" in text
    assert "v' = cos(3*x)*3 ~ 2.88051" in text
    assert "\\u" not in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('f(x) = x^2\ncheck_answer(f\', "2x")', "right\n"),
        (
            'f(x) = sqrt(x^2)\ncheck_answer(f\', "1")',
            "right only where x > 0: at x = -1 the answer is 1, and f' is -1\n",
        ),
        (
            'f(x) = x^2\ncheck_answer(f\', "2x^2/x")',
            "right only where x ≠ 0: at x = 0 the answer has no value, and f' is 0\n",
        ),
        (
            'f(x) = sin(3x)\ncheck_answer(f\', "cos(3x)")',
            "wrong: at x = 1 the answer is -0.989992, and f' is -2.96998\n"
            "the chain rule's inner factor is missing: d/dx of 3*x, which is 3\n",
        ),
        (
            'g(x, y) = x^2*y\ncheck_answer(∂g/∂x, "x*y")',
            "wrong: at x = 1, y = 1 the answer is 1, and ∂g/∂x is 2\n"
            "all but a constant factor is right: the answer is 1/2 of it\n",
        ),
    ],
)
def test_verdicts(text: str, expected: str) -> None:
    """In a sentence, and below it what slip it may be."""
    assert shown(text) == expected


def test_among_other_values() -> None:
    """On a line they are short."""
    assert shown("f(x) = x\n(steps(f'), check_answer(f', \"1\"), 3)") == "(steps of df/dx, right, 3)\n"
