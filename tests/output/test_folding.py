"""Where formulas break."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcli.output.characters import columns
from gradcli.output.folding import fold


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("x·y + sin(x·y)", 20, ["x·y + sin(x·y)"]),
        ("x·y·z + sin(x·y)·cos(z)", 20, ["x·y·z", "+ sin(x·y)·cos(z)"]),
        ("z·exp(x)·(y·cos(x·y) + sin(x·y))", 30, ["z·exp(x)", "·(y·cos(x·y) + sin(x·y))"]),
        ("x·z·exp(x)·cos(x·y)", 17, ["x·z·exp(x)", "·cos(x·y)"]),
        ("[2x·y + 1, x² + y²]", 14, ["[2x·y + 1,", "x² + y²]"]),
        ("[[2y + 1, 2x], [2x, 0]]", 18, ["[[2y + 1, 2x],", "[2x, 0]]"]),
        ("∂²f/∂x² = x·exp(-x)·sin(x)", 20, ["∂²f/∂x² =", "x·exp(-x)·sin(x)"]),
        ("f(x) = sin(x) if x > 0 else cos(x)", 24, ["f(x) = sin(x) if x > 0", "else cos(x)"]),
        ("at x = 3, y = 5, z = 0.1", 16, ["at x = 3, y = 5,", "z = 0.1"]),
        ("|x - 1|·|y + 2| + |z|", 16, ["|x - 1|·|y + 2|", "+ |z|"]),
        ("-1.5e-300·x + 2e+30·y", 13, ["-1.5e-300·x", "+ 2e+30·y"]),
        ("x**2*y**3", 6, ["x**2", "*y**3"]),
    ],
)
def test_a_formula_breaks_where_it_binds_least(text: str, width: int, lines: list[str]) -> None:
    """Behind a comma or an equals sign, in front of a sum's operator, then of a product's, outside brackets first."""
    found = fold(text, width)
    assert [line.strip() for line in found] == lines
    assert not found[0].startswith(" ")
    assert all(line.startswith(" ") for line in found[1:]) or width < 8


def test_what_goes_on_is_indented_and_deeper_within_brackets() -> None:
    """So that a line that goes on is told from one that begins."""
    text = "a·(b·cos(x·y·z) + c·sin(x·y·z) + dddddddddddd) + e·(f + g)"
    indents = [len(line) - len(line.lstrip()) for line in fold(text, 30)]
    assert indents == [0, 4, 2] or indents == [0, 4, 4, 2]


terms = st.recursive(
    st.sampled_from(["x", "y1", "sin(x)", "2.5e-07", "-3", "x²", "alpha", "(x + 1)^2", "|x|", "f'(x)", "1_000.25"]),
    lambda inner: (
        st.builds("".join, st.tuples(inner, st.sampled_from([" + ", " - ", "·", "/", ", "]), inner))
        | inner.map(lambda text: f"({text})")
        | inner.map(lambda text: f"exp({text})")
    ),
    max_leaves=25,
)


@given(terms, st.integers(2, 60))
def test_nothing_is_lost_and_nothing_is_too_wide(text: str, width: int) -> None:
    """At any width; what a line can hold is not broken."""
    lines = fold(text, width)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(columns(line) <= width for line in lines)
    whole = re.findall(r"[^\W\d][\w']*|(?<![\w.])\d[\d_]*(?:\.\d+)?(?:e[+-]\d+)?", text)
    found = [word for line in lines for word in re.findall(r"[\w.'+-]+", line)]
    for word in whole:
        assert len(word) > width - 1 or any(word in piece for piece in found), (word, lines)


@given(st.text("ab1. -+*/()[]|,=^'\"·²漢", max_size=60), st.integers(2, 40))
def test_any_text_can_be_folded(text: str, width: int) -> None:
    """It need be no formula."""
    lines = fold(text, width)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(columns(line) <= width for line in lines)
    assert all(line == line.rstrip() for line in lines) or len(lines) == 1


def test_a_long_formula_takes_no_long_time() -> None:
    """In proportion to its length."""
    lines = fold(" + ".join(f"x{i}·sin(y{i})" for i in range(5_000)), 80)
    assert len(lines) > 500
