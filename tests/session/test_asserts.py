"""Asserts: what holds, what fails, and what the report says."""

from __future__ import annotations

from io import StringIO

import pytest

from gradcli.output.terminal import Terminal
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


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        # Without an absolute tolerance small numbers are compared as strictly as large ones.
        ("0, 0", True),
        ("0, 5e-324", False),
        ("-0.0, 0", True),
        ("1e-13, 2e-13", False),
        ("1e-300, 1e-300*(1 + 1e-10)", True),
        ("0, 1e-13, atol=1e-12", True),
        ("1, 1 + 1e-10", True),
        ("1, 1 + 1e-10, rtol=0", False),
        ("1, 1 + 1e-10, rtol=0, atol=1e-9", True),
        # It is symmetric.
        ("9, 10, rtol=0.1", True),
        ("10, 9, rtol=0.1", True),
        ("inf, inf", True),
        ("inf, -inf", False),
        ("inf, 1e308", False),
        ("inf, 1, rtol=1", False),
        ("inf, 1, atol=inf", False),
        ("nan, nan", False),
        ("nan, nan, equal_nan=true", True),
        ("nan, 1, equal_nan=true", False),
        ("[1, nan, inf], [1, nan, inf], equal_nan=true", True),
        ("[1, nan], nan, equal_nan=true", False),
        ("zeros((0,)), zeros((0,))", True),
        ("zeros((0,)), 1", False),
        ("1, zeros((0,))", False),
        ("zeros((0, 2)), zeros((0, 3))", False),
        ("[1, 1], 1", True),
        ("[[1, 1]], [1, 1]", False),
        ("[1], 1", True),
        ("float32(1), 1 + 5e-6", True),
        ("float32(1), 1 + 5e-5", False),
        ("float32(0), 1e-7", False),
        ("(float32(1), 1), (1, 1 + 5e-6)", True),
        ("3, 3", True),
        ("10^18, 10^18 + 1", True),
        ("10^8, 10^8 + 1", False),
        ("true, 1", True),
        ("((1, [2]), 3), ((1, [2 + 1e-12]), 3)", True),
        ("((1, [2]), 3), ((1, 2, 3),)", False),
        ("((1, nan), 3), ((1, nan), 3), equal_nan=true", True),
        ("(), ()", True),
        ("(), 1", False),
    ],
)
def test_what_is_close(text: str, holds: bool) -> None:
    """Within max(rtol max(|a|, |b|), atol), of one shape or beside one number, nan only where it is asked for."""
    assert passes(f"assert allclose({text})") is holds


def test_a_tolerance_is_no_negative_number() -> None:
    """Nor nan, nor a text."""
    for given in ("rtol=-1", "atol=nan", 'rtol="1"', "atol=true"):
        assert "must be a number that is 0 or more" in error(f"allclose(1, 1, {given})").message


def told(text: str) -> str:
    """What a person is told of an assert that fails."""
    (result,) = run(text).results
    assert isinstance(result, Assertion)
    assert not result.passed
    out = StringIO()
    Terminal(StringIO(), out).result(result)
    return out.getvalue()


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("1 == 3", ["left:  1", "right: 3", "largest difference: 2, relative 0.666667"]),
        (
            "[[1, 2], [3, 4]] == [[1, 2], [3.5, 4.1]]",
            ["largest difference: 0.5", "worst entry: [1, 0], 3 and 3.5", "absolute error 0.5, relative 0.142857"],
        ),
        (
            "allclose([1e10, 1e-5, 3], [1e10 + 100, 2e-5, 3])",
            [
                "largest difference: 100 (allowed: rtol 1e-09, atol 0)",
                "worst entry: [1], 1e-05 and 2e-05",
                "absolute error 1e-05, relative 0.5",
                "2 of 3 entries differ",
            ],
        ),
        ("(1, ([2], 3)) == (1, ([2.5], 3))", ["worst entry: [1][0][0], 2 and 2.5", "1 of 3 entries differ"]),
        ("allclose([1, 1, 2], 1)", ["worst entry: [2], 2 and 1", "1 of 3 entries differ"]),
        ("[1, nan] ≈ [1, nan]", ["worst entry: [1], nan and nan", "absolute error nan", "1 of 2 entries differ"]),
        ("[true, false] == true", ["worst entry: [1], false and true", "1 of 2 entries differ"]),
        ("inf == -inf", ["largest difference: inf, relative nan"]),
        ("10^30 == 10^30 + 1", ["largest difference: 1, relative 1e-30"]),
        ("params(net) == ([4],)", ["worst entry: [0][0], 3 and 4"]),
    ],
)
def test_the_worst_entry(text: str, lines: list[str]) -> None:
    """Where it is, both numbers, both errors, and how many of how many differ; beside what is allowed."""
    out = told(f"model net(x): param w = [3]; return w * x\nassert {text}")
    for line in lines:
        assert f"| {line}" in out


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("x < 2", ["left:  3", "right: 2"]),
        ("1 < x < 2", ["1 < x < 2: false", "  x: 3"]),
        ("x == 3 and x < 2", ["x == 3: true", "  left:  3", "x < 2: false", "  right: 2"]),
        ("x == 2 or [x, 1] ≈ [x, 2]", ["x == 2: false", "  left:  3", "  worst entry: [1], 1 and 2"]),
        ("not x == 3", ["x == 3: true", "  left:  3"]),
        ("true and not (allclose(x, 3) or x == 1)", ["allclose(x, 3): true", "x == 1: false", "  left:  3"]),
    ],
)
def test_the_operands_of_a_condition(text: str, lines: list[str]) -> None:
    """The values of each part that was evaluated, and whether it held."""
    out = told(f"x = 3\nassert {text}")
    for line in lines:
        assert f"   | {line}\n" in f"{out}\n" or f"   | {line}: " in out
    # How far apart the sides of an order are says nothing.
    assert "difference: 1" not in out or "==" in text or "≈" in text


def test_parts_that_do_not_matter_are_not_evaluated() -> None:
    """As outside of asserts; each that is evaluated is so once."""
    assert passes("assert true or missing")
    assert not passes("assert false and missing")
    step = run("assert normal((2,)) == [5, 5] or false and normal((2,)) == 1")
    assert step.session.drawn == 1


def test_long_conditions() -> None:
    """Are gone through in a loop."""
    assert passes(f"assert {' and '.join(['1 < 2'] * 3_000)}")


def test_conditions_on_tensors_meet_entry_by_entry() -> None:
    """What holds everywhere is asked of the whole."""
    assert passes("assert [1, 5] < 3 or [5, 5] == 5")
