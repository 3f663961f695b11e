"""Parts of tensors that every step reads are found by the loop, where it may be machine code."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradcli.core.engines import often
from gradcli.core.engines.constants import computed
from gradcli.core.engines.program import Program
from gradcli.core.ir.nodes import Node, fresh_input
from gradcli.core.ir.primitive import Application
from gradcli.core.ir.traversal import reachable
from gradcli.core.library.indexing import index
from gradcli.core.loops import parts
from gradcli.core.loops.closing import looped
from gradcli.core.loops.node import loop
from gradcli.core.loops.plan import Carry, Plan
from gradcli.core.primitives import elementwise as ew
from gradcli.core.simplify import canonical
from gradcli.core.transforms.reverse import gradient
from tests.core.loops.steps import F64


def _of_rows(rows: int, read: int) -> tuple[list[Node], list[Node], list[Any]]:
    """A loop that reads some rows of a matrix, with its gradient."""
    whole, start, y = (fresh_input(name, shape, F64) for name, shape in (("w", (rows, 7)), ("s", (7,)), ("y", (7,))))
    plan = Plan(20)
    moved: Node = y
    for i in range(read):
        moved = ew.tanh(moved * index(whole, (i,))) + index(whole, (rows - 1 - i,))
    plan.carries = [Carry(y, start, moved)]
    outputs = looped(plan, [0])
    rng = np.random.default_rng(rows)
    return (
        [*outputs, *gradient(outputs, [start, whole])],
        [start, whole],
        [rng.normal(size=7), rng.normal(size=(rows, 7))],
    )


def _read_by_loops(outputs: list[Node], inputs: list[Node]) -> list[Node]:
    _, order = canonical.canonical(outputs, reachable(outputs), inputs, computed)
    return [arg for node in order if isinstance(node, Application) and node.op is loop for arg in node.args]


@pytest.mark.parametrize("compiles", [True, False])
def test_rows_of_a_matrix(compiles: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The matrix is read, and none of its rows, unless nothing but arrays can run the loop."""
    monkeypatch.setattr(parts, "has_llvmlite", lambda: compiles)
    outputs, inputs, _ = _of_rows(8, 3)
    read = _read_by_loops(outputs, inputs)
    assert (inputs[1] in read) is compiles
    assert ("slice" in {arg.args[0].kind for arg in read if arg.shape == (7,) and arg.args}) is not compiles


def test_few_rows_of_a_large_matrix(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python would read all of it."""
    monkeypatch.setattr(parts, "has_llvmlite", lambda: True)
    outputs, inputs, _ = _of_rows(100, 3)
    assert inputs[1] not in _read_by_loops(outputs, inputs)


@pytest.mark.parametrize(("rows", "read"), [(8, 3), (40, 4), (5, 2), (100, 3)])
def test_the_same_values(rows: int, read: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """By arrays, and by machine code where there is any."""
    found = []
    for compiles, cost in ((False, 10**18), (True, 0)):
        monkeypatch.setattr(parts, "has_llvmlite", lambda is_there=compiles: is_there)
        for name in ("A_GRAPH", "A_NODE", "LOADING"):
            monkeypatch.setattr(often, name, cost)
        outputs, inputs, values = _of_rows(rows, read)
        found.append([np.array(value) for value in Program(outputs, inputs)(*values)])
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-14)
