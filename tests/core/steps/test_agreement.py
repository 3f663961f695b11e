"""Where two graphs agree: by points that are the same each time, and conditions that tell a part."""

from __future__ import annotations

from fractions import Fraction

import pytest

from benchmarks.formulas import traced
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node, fresh_input
from gradcli.core.steps.agreement import MOST_POINTS, Sample, constant_ratio, part, points, samples


def compared(expected: str, given: str, names: str = "x", base: str = "0*x") -> list[Sample]:
    """Both texts at all points at which the base has a value."""
    inputs: dict[str, Node] = {name: fresh_input(name, (), DType.FLOAT64) for name in names}
    graphs = [traced(text, inputs) for text in (base, expected, given)]
    return samples(graphs[0], graphs[1], graphs[2], list(inputs.values()))


@pytest.mark.parametrize("count", [1, 2, 3])
def test_points_are_many_and_the_same_each_time(count: int) -> None:
    """Of either sign, 0 and halves among them, near and far."""
    found = points(count)
    assert found == points(count)
    assert 100 < len(found) <= MOST_POINTS
    firsts = {at[0] for at, chosen in found if chosen}
    assert {0.0, 1.0, -1.0, 0.5} <= firsts
    assert max(abs(at[0]) for at, _ in found) > 40


@pytest.mark.parametrize(
    ("expected", "given"),
    [
        ("sin(2x)", "2*sin(x)*cos(x)"),
        ("(x + 1)^2", "x^2 + 2x + 1"),
        ("sinh(x)", "(exp(x) - exp(-x))/2"),
        ("x^3 - 3x^2 + 3x - 1", "(x - 1)^3"),
        ("exp(x)*exp(-x)", "1"),
        ("(1 - cos(x))/x^2", "2*sin(x/2)^2/x^2"),
    ],
)
def test_rounding_is_no_difference(expected: str, given: str) -> None:
    """Two ways to compute one function agree, also where one of them cancels."""
    assert all(sample.agrees for sample in compared(expected, given))


@pytest.mark.parametrize(
    ("expected", "given"),
    [("x", "x + 1e-7"), ("x", "x*(1 + 1e-7)"), ("sin(x)", "x - x^3/6"), ("exp(x)", "1 + x"), ("0*x", "1e-100 + 0*x")],
)
def test_small_differences_count(expected: str, given: str) -> None:
    """At most points, whatever they are beside the values."""
    found = compared(expected, given)
    assert sum(not sample.agrees for sample in found) > len(found) / 2


@pytest.mark.parametrize(
    ("expected", "given", "condition"),
    [
        ("abs(x)", "x", "x >= 0"),
        ("abs(x)", "-x", "x <= 0"),
        ("sign(x)", "1", "x > 0"),
        ("x", "x^2/x", "x != 0"),
        ("x", "min(x, 2)", "x <= 2"),
        ("x", "clip(x, -1, 1)", None),
        ("1", "x if x > 0 else 1", "x <= 0"),
        ("x", "x^3", None),
        ("x", "2x", None),
    ],
)
def test_a_part_is_told_by_a_condition(expected: str, given: str, condition: str | None) -> None:
    """The simplest that fits all points; agreeing at some points by chance is no part."""
    found = part(compared(expected, given), ["x"])
    if condition is None:
        assert found is None or found.startswith("abs(x)")
    else:
        # At the one point that both share with 1 nothing is to be told.
        assert found == condition or (given.startswith("x if") and found is None)


def test_of_two_variables() -> None:
    """By the one that matters."""
    assert part(compared("x*abs(y)", "x*y", "xy", "0*x*y"), ["x", "y"]) is None
    assert part(compared("sqrt(x^2) + y", "x + y", "xy", "0*x*y"), ["x", "y"]) == "x >= 0"


def test_only_where_the_base_has_a_value() -> None:
    """What is outside of it is no matter."""
    assert all(sample.agrees for sample in compared("1/x", "1/abs(x)", base="log(x)"))
    assert {sample.at[0] > 0 for sample in compared("1/x", "1/abs(x)", base="log(x)")} == {True}


def test_ratios() -> None:
    """Small fractions of it, not 0, and not 1."""
    assert constant_ratio(compared("x^2", "-x^2")) == -1
    assert constant_ratio(compared("x^2", "2*x^2/3")) == Fraction(2, 3)
    assert constant_ratio(compared("x^2", "x^3")) is None
    assert constant_ratio(compared("x^2", "0*x")) is None
    assert constant_ratio(compared("x^2", "x^2 + 0.001")) is None
