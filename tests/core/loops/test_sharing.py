"""What a loop keeps for the one that runs backwards, and which loops are made one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from gradcli.core.engines.constants import computed
from gradcli.core.engines.program import Program
from gradcli.core.ir.nodes import Node, constant, fresh_input
from gradcli.core.ir.primitive import Application
from gradcli.core.ir.traversal import reachable
from gradcli.core.loops.closing import looped
from gradcli.core.loops.layout import layout_of
from gradcli.core.loops.node import loop
from gradcli.core.loops.plan import Carry, Plan, unpacked
from gradcli.core.primitives import elementwise as ew
from gradcli.core.primitives.shaping import concatenate, unshaped
from gradcli.core.simplify import canonical
from gradcli.core.transforms.reverse import gradient
from tests.core.loops.steps import F64


def _loops(outputs: Sequence[Node], inputs: Sequence[Node]) -> list[Application]:
    """Those of the graph that will be run."""
    _, order = canonical.canonical(outputs, reachable(outputs), inputs, computed)
    return [node for node in order if isinstance(node, Application) and node.op is loop]


def _kinds(node: Application) -> list[str]:
    return [inner.kind for inner in reachable(layout_of(node.attrs).body.outputs) if isinstance(inner, Application)]


def _accumulated(length: int) -> tuple[list[Node], list[Node]]:
    """A value that is added up beside a recurrence, which does not read it; both start at the same number."""
    x, a = fresh_input("x", (), F64), fresh_input("a", (), F64)
    y, count, total = (fresh_input(name, (), F64) for name in ("y", "n", "t"))
    zero = constant(0.0, F64)
    plan = Plan(length)
    moved = ew.sin(y) * a + ew.exp(-count)
    plan.carries = [Carry(total, zero, total + moved * y), Carry(count, zero, count + 1.0), Carry(y, x, moved)]
    outputs = looped(plan, [0])
    return [*outputs, *gradient(outputs, [x, a])], [x, a]


def test_one_loop_forwards_and_one_backwards_which_computes_no_function() -> None:
    """The sum beside the recurrence does not make it run twice; its sines and exponentials are read backwards."""
    forwards, backwards = _loops(*_accumulated(30))
    assert _kinds(forwards).count("sin") == 1
    assert "cos" in _kinds(forwards)
    assert not {"sin", "cos", "exp"}.intersection(_kinds(backwards))


def test_as_much_is_kept_as_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where functions of all steps are too much, they are computed again; the values are the same."""
    outputs, inputs = _accumulated(1000)
    values = [np.asarray(value) for value in Program(outputs, inputs)(0.4, 0.9)]
    # The three carries fit, and nothing beside them.
    monkeypatch.setenv("GRADCLI_MAX_KEPT", str(1000 * 8 * 3.5 / 2**20))
    outputs, inputs = _accumulated(1000)
    assert any("sin" in _kinds(node) for node in _loops(outputs, inputs)[1:])
    np.testing.assert_allclose([np.asarray(v) for v in Program(outputs, inputs)(0.4, 0.9)], values, rtol=1e-14)


def test_carries_of_one_start_are_told_apart() -> None:
    """Two that start at 0 and go apart are not taken for each other."""
    x = fresh_input("x", (), F64)
    zero, twice, thrice = (constant(value, F64) for value in (0.0, 2.0, 3.0))

    def of(slow: Node, swapped: bool) -> list[Node]:
        a, b = fresh_input("a", (), F64), fresh_input("b", (), F64)
        carries = [Carry(a, zero, a + x), Carry(b, zero, ew.sin(b) + a * slow)]
        plan = Plan(20, carries=carries[::-1] if swapped else carries)
        return looped(plan, [0, 1])

    same = [*of(twice, False), *of(twice, True)]
    assert len(_loops(same, [x])) == 1
    one, two, back, forth = (float(np.asarray(value)) for value in Program(same, [x])(0.7))
    assert (one, two) == (forth, back)
    assert len(_loops([*of(twice, False), *of(thrice, False)], [x])) == 2


def test_parts_of_a_sum_of_parts_are_these() -> None:
    """What adjoints put together for a node of several results is not taken apart by slices."""
    a, b = fresh_input("a", (3,), F64), fresh_input("b", (2, 2), F64)
    whole = concatenate(a, fresh_input("c", (4,), F64), axis=0)
    seeds = gradient([*(x * y for x, y in zip(unpacked(whole, [(3,), (2, 2)]), (a, b), strict=True))], [whole])
    parts = unpacked(seeds[0], [(3,), (2, 2)])
    assert [unshaped(part) is x for part, x in zip(parts, (a, b), strict=True)] == [True, True]
