"""`≈`, with and without `±`, and `certified`."""

from __future__ import annotations

import pytest

from gradcli.session.results import Assertion
from tests.language.running import error, run, value


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("0.1 + 0.2 ≈ 0.3", True),
        ("1 ≈ 1.1", False),
        ("1 ≈ 1.1 ± 0.05", False),
        ("1 ≈ 1.1 ± 0.2", True),
        ("1 ± 0.2 ≈ 1.1", True),
        ("[1, 2] ≈ [1, 2.0001] ± 1e-3", True),
        ("[1, 2] ≈ [1, 2.1] ± 1e-3", False),
        ("[1, 2] ≈ [1, 2, 3]", False),
        ("(1, 2) ≈ (1, 2)", True),
        ("inf ≈ inf", True),
        ("nan ≈ nan", False),
        ("1 ≈ 1 ≈ 1", True),
        ("1 ≈ 1 < 2", True),
        ("0 ≈ 1e-300", False),
        ("0 ≈ 1e-300 ± 1e-9", True),
    ],
)
def test_nearly(text: str, holds: bool) -> None:
    """As allclose has it; with an error, no further apart."""
    assert value(text) is holds


def test_nearly_in_an_assert() -> None:
    """A failure shows both sides and what is allowed."""
    passed, failed = run("f(x) = exp(x)*sin(x)\nassert f'(0) ≈ 1 ± 1e-9\nassert f'(0) ≈ 1.1 ± 0.05").results
    assert isinstance(passed, Assertion)
    assert passed.passed
    assert isinstance(failed, Assertion)
    assert failed.comparison is not None
    assert (failed.comparison.relation, failed.comparison.tolerance) == ("close to", "rtol 0, atol 0.05")
    assert failed.comparison.difference == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("f(x, y) = exp(x)*sin(x*y)\ncertified(grad(f)(3, 5), digits=12)", True),
        ("certified(exp(1), digits=300)", True),
        ("g(x) = (1 - cos(x))/x^2\ncertified(g'(1e-8))", True),
        ("set numbers float64\ng(x) = (1 - cos(x))/x^2\ncertified(g(1e-8), digits=2)", False),
        ("set numbers float64\ncertified(exp(1), digits=15)", True),
        ("certified(inv([[2, 1], [1, 3]]))", True),
        ("certified(det([[1, 2, 3], [4, 5, 6], [7, 8, 9]]), digits=15)", True),
        ("certified(float32(3)/7)", False),
        ("certified((1, 2.5))", True),
        ("certified(sum(exp(zeros(5000))))", False),
    ],
)
def test_certified(text: str, holds: bool) -> None:
    """What exact arithmetic or balls prove of what is computed."""
    assert value(text) is holds


def test_certified_says_how_many_there_are() -> None:
    """Where it is false."""
    (note,) = run("set numbers float64\ng(x) = sin(x)/x\ncertified(g'''(0.001), digits=12)").diagnostics
    assert note.message == "2 digits are certain here"
    assert "from 1 to 10,000" in (error("certified(1, digits=0)").hint or "")
