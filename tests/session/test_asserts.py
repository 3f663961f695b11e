"""Asserts: what holds, what fails, and what the report says."""

from __future__ import annotations

import pytest

from gradcli.session.results import Assertion
from tests.language.running import error, passes, run


@pytest.mark.parametrize(
    "text",
    [
        "1 + 1 == 2",
        "[1, 2] == [1, 2]",
        "([30], [9]) == ([30], [9])",
        "[1, 2] < 3",
        "1 < 2 < 3",
        "not (1 == 2)",
        "allclose(0.1 + 0.2, 0.3)",
        "allclose([1, 2], (x -> x)([1, 2]))",
        "allclose(([1], 2), ([1], 2 + 1e-13))",
        "allclose([1, 1], 1)",
        "allclose(1/0, 1/0)",
        "allclose(float32([1]), [1 + 1e-6])",
        "allclose(1, 2, atol=1)",
        "zeros((0,)) == zeros((0,))",
        '"a" != "b"',
        "params(net) == ([3],)",
    ],
)
def test_what_holds(text: str) -> None:
    """Everywhere in a tensor, in each item of a tuple, within a tolerance."""
    assert passes(f"model net(x): param w = [3]; return w * x\nassert {text}")


@pytest.mark.parametrize(
    "text",
    [
        "1 == 2",
        "[1, 2] == [1, 3]",
        "([30], [9]) == ([30],)",
        "allclose([1], [1, 1])",
        "allclose((1, 2), (1,))",
        "allclose((1,), 1)",
        "allclose(nan, nan)",
        "allclose(1, 1 + 1e-8)",
        "allclose(1/0, -1/0)",
        "[1, 2] < [2, 1]",
    ],
)
def test_what_does_not(text: str) -> None:
    """Other numbers, another shape, another structure, nan."""
    assert not passes(f"assert {text}")


def test_each_side_is_evaluated_once() -> None:
    """Random numbers are not drawn again for the report."""
    step = run("assert normal((2,)) == [5, 5]")
    assert step.session.drawn == 1


def test_the_report_has_both_sides() -> None:
    """As data: the relation, the values, the largest difference, the place."""
    (result,) = run('x = 1\n\nassert allclose([1, 2], [1, 2.25]), "why"').results
    assert isinstance(result, Assertion)
    assert result.comparison is not None
    assert (str(result.place), result.message, result.comparison.difference) == ("test:3", "why", 0.25)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("assert 1", "a condition is true or false, not a number"),
        ("assert [1, 2]", "a condition is true or false, not a tensor of shape (2,)"),
        ("assert sin", "a condition is true or false, not the built-in `sin`"),
        ("assert true, 5", "the message of an assert is a text, not a number"),
        ("assert missing", "unknown name `missing`"),
    ],
)
def test_what_is_no_condition(text: str, message: str) -> None:
    """A mistake, not a failure."""
    assert error(text).message == message
