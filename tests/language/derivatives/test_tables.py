"""What the rows of a table of derivatives say that they are."""

from __future__ import annotations

import numpy as np
import pytest

from gradcli.language.values.partial import name_in_latex
from gradcli.output.characters import in_encoding
from gradcli.session.results import Derivatives, Shown
from tests.language.running import run, value


def shown(text: str) -> Derivatives:
    """The table that the last expression shows."""
    last = run(text).results[-1]
    assert isinstance(last, Shown)
    assert isinstance(last.value, Derivatives)
    return last.value


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("f(x) = sum(x^3); derivatives(f, order=3)([1, 2])", ["f", "df/dx", "∑ⱼ d²f/dx dxⱼ", "∑ⱼₖ d³f/dx dxⱼ dxₖ"]),
        ("f(x) = sum(x^3); derivatives(f)([4])", ["f", "df/dx", "d²f/dx²"]),
        (
            "f(x, y) = sum(x^2)*y; derivatives(f)([1, 2], 3)",
            ["f", "∂f/∂x", "∂f/∂y", "∑ⱼ ∂²f/∂x ∂xⱼ", "∑ⱼ ∂²f/∂xⱼ ∂y", "∂²f/∂y²"],
        ),
        (
            "f(y, x) = sum(x^2)*y; derivatives(f)(3, [1, 2])",
            ["f", "∂f/∂y", "∂f/∂x", "∂²f/∂y²", "∂²f/∂y∂x", "∑ⱼ ∂²f/∂x ∂xⱼ"],
        ),
        ("f(x) = sum(x^3); derivatives(grad(f), order=1)([1, 2])", ["df/dx", "∑ⱼ d²f/dx dxⱼ"]),
    ],
)
def test_a_row_says_what_it_is_summed_over(text: str, names: list[str]) -> None:
    """All variables of several elements but the last, whose first place is what the row goes along."""
    table = shown(text)
    assert [row.name for row in table.rows] == names


def test_what_is_summed_over_is_so() -> None:
    """A row of a table is the sum over the second axis of the Hessian, and so on."""
    text = "f(x, y) = sum(sin(x)*x[::-1]*y)\n"
    x, y = "[0.1, 0.7, -0.4]", "[2, 3, 4]"
    rows = {row.name: row.data for row in shown(f"{text}derivatives(f, order=3)({x}, {y})").rows}
    both = value(f"{text}h = hessian(f, (0, 1))({x}, {y}); h")
    np.testing.assert_allclose(rows["∑ⱼ ∂²f/∂x ∂xⱼ"], both[0][0].sum(1), rtol=1e-13)
    np.testing.assert_allclose(rows["∑ⱼ ∂²f/∂xⱼ ∂y"], both[0][1].sum(0), rtol=1e-13)
    third = value(f"{text}h = jacobian(hessian(f, wrt=x), wrt=x)({x}, {y}); h")
    np.testing.assert_allclose(rows["∑ⱼₖ ∂³f/∂x ∂xⱼ ∂xₖ"], third.sum((1, 2)), rtol=1e-12)


@pytest.mark.parametrize(
    ("order", "name", "latex"),
    [
        (2, "∑ⱼ d²f/dx dxⱼ", r"\sum_{j} \frac{d^{2} f}{dx dx_{j}}"),
        (10, "∑ d¹⁰f/dx¹⁰", r"\sum \frac{d^{10} f}{dx^{10}}"),
    ],
)
def test_sums_in_latex_and_in_ascii(order: int, name: str, latex: str) -> None:
    """The same in other letters; beyond the ninth order letters run out."""
    row = shown(f"f(x) = sum(x^12); derivatives(f, order={order})([1, 2])").rows[-1]
    assert row.name == name
    assert name_in_latex(row.of, row.by, True, row.summed) == latex
    plainer = in_encoding(name, "ascii")
    assert plainer == {2: "sum_j d^2f/dx dx_j", 10: "sum d^10f/dx^10"}[order]
