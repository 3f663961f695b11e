"""What is picked from few elements is computed before it is picked."""

from __future__ import annotations

import numpy as np
import pytest

from gradcli.core.engines.constants import computed
from gradcli.core.ir.nodes import Node, array_constant, fresh_input
from gradcli.core.ir.primitive import Application
from gradcli.core.ir.traversal import reachable
from gradcli.core.primitives.elementwise import exp
from gradcli.core.primitives.indexing import take
from gradcli.core.primitives.shaping import transpose
from gradcli.core.simplify.canonical import canonical
from tests.core.engines.harness import F64, normal
from tests.core.sampling import run

INDICES = array_constant(np.random.default_rng(0).integers(0, 5, 40))


def kinds(output: Node, x: Node) -> list[tuple[str, tuple[int, ...]]]:
    """What is left of a graph, checked to give the same numbers to the last bit."""
    (done,), order = canonical([output], reachable([output]), [x], computed)
    arrays = [normal(x.shape, 1)]
    np.testing.assert_array_equal(run([done], [x], arrays)[0], run([output], [x], arrays)[0])
    assert done.shape == output.shape
    return [(node.kind, node.shape) for node in order if isinstance(node, Application)]


def test_functions_are_computed_of_each_element_once() -> None:
    """One after the other, with numbers beside them."""
    x = fresh_input("x", (5, 3), F64)
    assert kinds(exp(-take(x, INDICES)) * 3.0, x) == [
        ("negate", (5, 3)),
        ("exp", (5, 3)),
        ("multiply", (5, 3)),
        ("take", (40, 3)),
    ]


def test_axes_behind_what_is_picked_are_turned_before() -> None:
    """So that what is picked lies as it is wanted; where the first axes move it is turned after that."""
    x = fresh_input("x", (5, 3, 2), F64)
    picked = take(x, INDICES)
    assert kinds(transpose(picked, axes=(0, 2, 1)), x) == [("transpose", (5, 2, 3)), ("take", (40, 2, 3))]
    assert kinds(transpose(-picked, axes=(0, 2, 1)), x) == [
        ("negate", (5, 3, 2)),
        ("transpose", (5, 2, 3)),
        ("take", (40, 2, 3)),
    ]
    assert kinds(transpose(picked, axes=(1, 0, 2)), x) == [("take", (40, 3, 2)), ("transpose", (3, 40, 2))]


@pytest.mark.parametrize("count", [3, 9])
def test_few_are_picked_first(count: int) -> None:
    """Where fewer elements are picked than there are, or hardly more."""
    x = fresh_input("x", (5, 3), F64)
    some = array_constant(np.arange(count)[::-1] % 5)
    assert kinds(exp(take(x, some)), x) == [("take", (count, 3)), ("exp", (count, 3))]


def test_what_others_need_too_is_picked_once() -> None:
    """And computed of what is picked."""
    x = fresh_input("x", (5, 3), F64)
    picked = take(x, INDICES)
    assert [kind for kind, _ in kinds(exp(picked) + picked, x)] == ["take", "exp", "add"]
