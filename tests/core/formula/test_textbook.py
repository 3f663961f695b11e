"""275 textbook derivatives: each has a formula, which is its derivative on both sides of 0, and is short."""

from __future__ import annotations

import math
import random
from functools import cache

import pytest

from benchmarks.formulas import Derivative, Written, in_full, read_again, rows, size, written
from gradcli.core.engines.program import Program
from gradcli.core.ir.nodes import Node
from gradcli.core.transforms.reverse import gradient

ROWS = rows()


@cache
def formulas(function: str, inputs: tuple[str, ...]) -> Written:
    """The formulas of all derivatives of a function, made once."""
    return written(function, inputs)


def points(count: int) -> list[tuple[float, ...]]:
    """Near 0 and farther out, of either sign, and all positive."""
    rng = random.Random(5)
    wide = [tuple(rng.uniform(-3, 3) for _ in range(count)) for _ in range(8)]
    near = [tuple(rng.uniform(-1, 1) for _ in range(count)) for _ in range(6)]
    return [*wide, *near, *(tuple(rng.uniform(0, 2) for _ in range(count)) for _ in range(4))]


def derivative(found: Written, row: Derivative) -> Node:
    """The derivative itself, in reverse mode."""
    node = found.node
    for i in row.indexes:
        (node,) = gradient([node], [found.inputs[i]])
    return node


def test_the_textbook_is_there() -> None:
    """All of it, each derivative once."""
    assert len({(row.function, row.by) for row in ROWS}) == len(ROWS) == 275


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.function} by {row.by}")
def test_a_formula_is_the_derivative(row: Derivative) -> None:
    """Read again, it has the value to 20 digits at the textbook's point, and reverse mode's wherever that has one."""
    found = formulas(row.function, row.inputs)
    text = found.formulas.texts[row.indexes]
    formula = read_again(text, found.formulas, found.inputs, row.inputs)
    both = Program([formula, derivative(found, row)], found.inputs)
    got, known = both(*row.point)
    assert float(got) == pytest.approx(row.value, rel=1e-10, abs=1e-12), text
    # Where the function has no value it has no slope, whatever the formula gives there.
    (function,) = Program([found.node], found.inputs)(*row.point)
    assert float(known) == pytest.approx(
        row.value if function == function else math.nan, rel=1e-8, abs=1e-10, nan_ok=True
    )
    compared = 0
    for point in points(len(row.inputs)):
        got, known = map(float, both(*point))
        if math.isfinite(known):
            assert got == pytest.approx(known, rel=1e-7, abs=1e-7), (text, point)
            compared += 1
    assert compared >= 4


def test_formulas_are_as_short_as_those_of_sympy() -> None:
    """In 95 of 100 of them, definitions counted."""
    longer = []
    for row in ROWS:
        found = formulas(row.function, row.inputs).formulas
        if in_full(found.texts[row.indexes], found) > size(row.shortest):
            longer.append((row.function, row.by, found.texts[row.indexes], row.shortest))
    assert len(longer) <= 0.05 * len(ROWS), longer
