"""--format latex: equations to paste, whole and balanced."""

from __future__ import annotations

import pytest

from tests.faces.harness import shell
from tests.language.text.test_writing import whole


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "gradcli grad 'x^2*y' x=3 y=5 --wrt x --format latex",
            [r"f &= x^{2} y = 45 \\", r"\frac{\partial f}{\partial x} &= 2 x y = 30"],
        ),
        (
            "gradcli grad 'sin(x)/x' --order 2 --format latex",
            [r"f &= \frac{\sin\left(x\right)}{x} \\", r"\begin{align*}", r"\end{align*}"],
        ),
        ("gradcli eval '[[1, 2], [3, 4]]' --format latex", [r"\[ \begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix} \]"]),
        ("gradcli eval 'f(x) = x^2/3; f' --format latex", [r"\[ f\left(x\right) = \frac{x^{2}}{3} \]"]),
        (r"""gradcli eval 'print("a_b  c")' --format latex""", [r"a\_b  c"]),
        ("gradcli eval 'assert 1 == 1' --format latex", ["% passed: 1 == 1"]),
        (r"gradcli eval 'f(x, y) = x*y; latex grad(f, all)' --format latex", [r"\frac{\partial f}{\partial y} = x"]),
    ],
)
def test_results_are_equations(line: str, expected: list[str]) -> None:
    """Names as fractions of differentials, formulas and values on both sides of a sign."""
    ran = shell(line)
    lines = ran.out.splitlines()
    for part in expected:
        assert part in lines, ran.out
    assert ran.err == ""


def test_mistakes_are_text_on_standard_error() -> None:
    """And nothing of them is in what is pasted."""
    ran = shell("gradcli eval '1/2x' --format latex")
    assert ran.out == ""
    assert "two ways" in ran.err


@pytest.mark.parametrize("path", ["tour", "calculus", "seed_tutorial", "higher_orders"])
def test_every_sample_is_whole(path: str) -> None:
    """Whatever a script shows."""
    ran = shell(f"gradcli run samples/{path}.grad --format latex")
    assert ran.code == 0
    text = "\n".join(line for line in ran.out.splitlines() if not line.startswith("%"))
    assert text.count(r"\begin{align*}") == text.count(r"\end{align*}")
    assert text.count("{") == text.count("}")
    for line in text.splitlines():
        if line.startswith(r"\["):
            assert line.endswith(r"\]")
    whole(r"\frac{1}{2}")
