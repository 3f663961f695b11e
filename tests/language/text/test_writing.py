"""Formulas in the signs of paper read back as the same; LaTeX is whole."""

from __future__ import annotations

import re

import pytest
from hypothesis import given

from gradcli.language.text.diagnostics import Source
from gradcli.language.text.parse import parse_expression
from gradcli.language.text.writing import as_choice, in_latex, on_paper
from tests.core.formula.test_formula import LIST, expressions

TEXTS = [
    ("2*x*y", "2x·y"),
    ("x^2*y", "x²·y"),
    ("x^-1", "x⁻¹"),
    ("x^(5/3)", "x^(5/3)"),
    ("-2/(9*x^(5/3))", "-2/(9x^(5/3))"),
    ("x/(2*sqrt(x))", "x/(2√x)"),
    ("sqrt(x + 1)*y", "√(x + 1)·y"),
    ("sqrt(x)^3", "(√x)³"),
    ("sin(x)^2 + cos(x)^2", "sin²(x) + cos²(x)"),
    ("exp(-x^2)", "exp(-x²)"),
    ("e^x", "e^x"),
    ("2*pi*r", "2π·r"),
    ("abs(x - 1)", "|x - 1|"),
    ("abs(abs(x) - 1)", "abs(|x| - 1)"),
    ("2*e^x", "2e^x"),
    ("3*e3", "3·e3"),
    ("x if x <= 0 else -x", "x if x ≤ 0 else -x"),
    ("(x^2)^3", "(x²)³"),
    ("-(-x)", "--x"),
    ("x - (y - z)", "x - (y - z)"),
    ("x/(y/z)", "x/(y/z)"),
    ("x*(y/z)", "x·(y/z)"),
    ("(x*y)/z", "x·y/z"),
    ("2*3*x", "2·3·x"),
    ("9.8*t", "9.8t"),
    ("v[0]*v[1]", "v[0]·v[1]"),
    ("f''(x)", "f''(x)"),
    ("cbrt(x)^2", "(∛x)²"),
    ("x^(y + 1)", "x^(y + 1)"),
    ("x^(-y)", "x^(-y)"),
    ("(x^y)^z", "(x^y)^z"),
    ("[x, y^2]", "[x, y²]"),
    ("where(x < 0, 2*x, where(x < 1, 3, y))", "2x if x < 0 else 3 if x < 1 else y"),
]


def told(text: str) -> str:
    """The syntax without its places; a choice by itself is one however it is spelled."""
    return repr(as_choice(parse_expression(Source("text", text))))


@pytest.mark.parametrize(("plain", "paper"), TEXTS)
def test_signs_of_paper(plain: str, paper: str) -> None:
    """As a person writes it, and it reads back as the same expression."""
    assert on_paper(plain) == paper
    assert told(paper) == told(plain)


@given(expressions())
def test_paper_reads_back(text: str) -> None:
    """Whatever is written."""
    assert told(on_paper(text)) == told(text)


@pytest.mark.parametrize("text", LIST)
def test_a_list_reads_back(text: str) -> None:
    """And so does what formulas are tried on."""
    assert told(on_paper(text)) == told(text)


COMMANDS = re.findall(
    r"\\(?:[A-Za-z]+|.)",
    r"\frac\sqrt\left\right\sin\cos\tan\tanh\exp\ln\log\cdot\le\ge\ne\lor\land\neg\begin\end\text"
    r"\pi\infty\bmod\operatorname\lfloor\rfloor\mathrm\arctan\\\,\alpha\pm\circ\max\min",
)


def whole(latex: str) -> None:
    """Braces, sized brackets and environments pair, and every command is one that LaTeX has."""
    depth = 0
    for char in re.sub(r"\\[{}]", "", latex):
        depth += (char == "{") - (char == "}")
        assert depth >= 0, latex
    assert depth == 0, latex
    assert latex.count(r"\left") - latex.count(r"\leftarrow") == latex.count(r"\right"), latex
    assert re.findall(r"\\begin\{(\w+)\}", latex).sort() == re.findall(r"\\end\{(\w+)\}", latex).sort()
    for command in re.findall(r"\\(?:[A-Za-z]+|.)", latex):
        assert command in COMMANDS, command
    assert "*" not in latex
    assert "^(" not in latex


@given(expressions())
def test_latex_is_whole(text: str) -> None:
    """Whatever is written."""
    whole(in_latex(text))


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("x^2/2", r"\frac{x^{2}}{2}"),
        ("-3/x^4", r"-\frac{3}{x^{4}}"),
        ("2*x*sin(x)", r"2 x \sin\left(x\right)"),
        ("sin(x)^2", r"\sin^{2}\left(x\right)"),
        ("sqrt(x + 1)", r"\sqrt{x + 1}"),
        ("exp(-x)", "e^{-x}"),
        ("exp(x)^2", r"\left(e^{x}\right)^{2}"),
        ("(x/y)^2", r"\left(\frac{x}{y}\right)^{2}"),
        ("2*3", r"2 \cdot 3"),
        ("alpha*x1", r"\alpha x_{1}"),
        ("abs(x)", r"\left|x\right|"),
        ("x if x < 0 else 1", r"\begin{cases} x & \text{if } x < 0 \\ 1 & \text{otherwise} \end{cases}"),
        ("[[x, 1], [2, y]]", r"\begin{pmatrix} x & 1 \\ 2 & y \end{pmatrix}"),
        ("1e5*x", r"1 \cdot 10^{5} x"),
    ],
)
def test_latex(text: str, latex: str) -> None:
    """As one would set it."""
    assert in_latex(text) == latex
    whole(latex)
