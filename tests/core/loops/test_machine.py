"""Loops of numbers as machine code give to the last bit what Python gives, odd points included."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from math import inf, nan
from typing import Any

import numpy as np
import pytest

from gradcli.core.engines import often
from gradcli.core.engines.llvm.arithmetic import is_installed
from gradcli.core.engines.program import Program
from gradcli.core.interrupt import Abandoned
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node, constant, fresh_input
from gradcli.core.ir.primitive import Application, Primitive
from gradcli.core.ir.traversal import reachable
from gradcli.core.library.functions import matmul as product
from gradcli.core.library.functions import sum_
from gradcli.core.loops import machine, running, scalarized
from gradcli.core.loops.node import loop
from gradcli.core.loops.plan import Carry, Given, Plan, results
from gradcli.core.primitives import elementwise as ew
from gradcli.core.primitives.selection import select
from gradcli.core.primitives.shaping import concatenate, part
from gradcli.core.transforms.reverse import gradient
from tests.core.loops.steps import F64, STEPS, as_loop, inputs_of
from tests.core.sampling import TABLE

pytestmark = pytest.mark.skipif(not is_installed(), reason="machine code needs llvmlite")

NUMBERS = (0.0, -0.0, 1.0, -1.0, 0.5, -0.3, 2.0, -2.5, 3.0, 7.25, 1e-300, 5e-324, 1e17, -1e17, 1e300, -1e300, 710.0)
POINTS = (*NUMBERS, inf, -inf, nan)
ENTRIES = [p for p in TABLE.values() if p.math is not None and p.template(p.attributes) is not None]
# What Python computes by itself, not by the C library.
PYTHONS_OWN = {"gamma", "lgamma", "hypot", "part_of_length"}


def _both(outputs: Sequence[Node], inputs: Sequence[Node], values: Sequence[Any], monkeypatch: Any) -> list[Any]:
    """What Python gives, and what machine code does; the latter runs."""
    found = []
    for cost in (10**18, 0):
        for node in reachable(outputs):
            if isinstance(node, Application) and node.op is loop:
                body = node.attrs["body"]
                kept = {k: v for k, v in body._graphs.items() if not str(k).startswith("('loop ")}
                body._graphs = kept
        monkeypatch.setattr(often, "A_GRAPH", cost)
        monkeypatch.setattr(often, "A_NODE", 0)
        monkeypatch.setattr(often, "LOADING", 0)
        if cost == 0:
            monkeypatch.setattr(running, "_compiled", _refuse)
        found.append([np.asarray(value) for value in Program(outputs, inputs)(*values)])
    return found


def _refuse(*args: object) -> None:
    raise AssertionError("Python has computed it")


def _assert_same(one: Sequence[Any], other: Sequence[Any]) -> None:
    assert len(one) == len(other) > 0
    for a, b in zip(one, other, strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)
        if a.dtype == np.float64:
            known = ~np.isnan(a)
            np.testing.assert_array_equal(np.signbit(a[known]), np.signbit(b[known]))


def _mapped(primitive: Primitive) -> tuple[list[Node], list[Node], list[Any]]:
    """A loop that applies an entry to all tuples of odd points, a stack and a sum of them."""
    if primitive.condition:
        kinds = [DType.BOOL, *[F64] * (primitive.arity - 1)]
    else:
        kinds = [DType.BOOL if primitive.name.startswith("logical") else F64] * primitive.arity
    points = list(itertools.product(*[(True, False) if kind is DType.BOOL else POINTS for kind in kinds]))
    whole: list[Node] = [fresh_input("xs", (len(points),), kind) for kind in kinds]
    inner = [fresh_input("x", (), kind) for kind in kinds]
    made = primitive(*inner, **primitive.attributes)
    plan = Plan(len(points))
    plan.slices = [Given(x, xs) for x, xs in zip(inner, whole, strict=True)]
    plan.stacks = [made, *([made * 2.0] if made.dtype is F64 else [])]
    columns = [np.array(c) for c in zip(*points, strict=True)]
    return results(loop, plan, range(len(plan.stacks))), whole, columns


@pytest.mark.parametrize("primitive", ENTRIES, ids=lambda p: p.name)
def test_each_entry_as_python_has_it(primitive: Primitive, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every template of the table, at every pair of odd points."""
    outputs, inputs, columns = _mapped(primitive)
    if any(isinstance(node, Application) and node.kind in PYTHONS_OWN for node in _within(outputs)):
        with pytest.raises(AssertionError, match="Python has computed it"):
            _both(outputs, inputs, columns, monkeypatch)
        return
    _assert_same(*_both(outputs, inputs, columns, monkeypatch))


def _within(outputs: Sequence[Node]) -> list[Node]:
    loops = [node for node in reachable(outputs) if isinstance(node, Application) and node.op is loop]
    return [inner for node in loops for inner in reachable(node.attrs["body"].outputs)]


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("length", [1, 2, 1000])
@pytest.mark.parametrize("name", ["coupled numbers", "corners of numbers", "mixed"])
def test_carries_sums_and_stacks(name: str, length: int, backwards: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Loops and their gradients, from the first slice on or from the last."""
    step, shape = STEPS[name]
    inputs = inputs_of(shape, length)
    outputs = as_loop(step, inputs, length, backwards)
    rng = np.random.default_rng(length)
    values = [0.3, -0.4, rng.normal(size=length), 0.8]
    _assert_same(*_both([*outputs, *gradient(outputs, inputs)], inputs, values, monkeypatch))


def _of_vectors(n: int) -> tuple[list[Node], list[Node], list[Any]]:
    """A loop of vectors that are moved, picked from, added up, multiplied and compared; its gradient too."""
    rng = np.random.default_rng(n)
    start, rows, matrix = fresh_input("s", (n,), F64), fresh_input("r", (9, n), F64), fresh_input("m", (n, n), F64)
    y, total, row = (fresh_input(name, (n,), F64) for name in ("y", "t", "x"))
    m = fresh_input("w", (n, n), F64)
    turned = concatenate(part(y, 0, 1, n - 1), part(y, 0, 0, 1), axis=0)
    mixed = ew.tanh(product(m, y)) + ew.sigmoid(turned * row) - sum_(y) * 0.25
    chosen = select(mixed > row, mixed, row * 0.5)
    plan = Plan(9)
    plan.carries = [Carry(y, start, chosen), Carry(total, start, total + ew.exp(-(chosen * chosen)))]
    plan.slices, plan.free = [Given(row, rows)], [Given(m, matrix)]
    plan.sums, plan.stacks = [chosen * 2.0], [turned, part(mixed, 0, 1, 2)]
    outputs = results(loop, plan, [0, 1, 2, 3, 4])
    inputs: list[Node] = [start, rows, matrix]
    values = [rng.normal(size=node.shape) for node in inputs]
    return [*outputs, *gradient(outputs, inputs)], inputs, values


@pytest.mark.parametrize("n", [3, 4, 5, 7, 8, 9, 13])
def test_vectors_of_any_length(n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """To the last bit as their elements in Python, whether these are numbers, vectors, or matrices in memory."""
    monkeypatch.setattr(scalarized, "WORTH_REWRITING", 0)
    monkeypatch.setattr(scalarized, "NUMBERS_IN_A_CALL", 10**6)
    monkeypatch.setattr(scalarized, "MOST_ELEMENTS", 10**3)
    monkeypatch.setattr(scalarized, "MOST_NUMBERS", 10**5)
    monkeypatch.setattr(running, "_on_arrays", _refuse)
    _assert_same(*_both(*_of_vectors(n), monkeypatch))


def test_arrays_as_they_lie(monkeypatch: pytest.MonkeyPatch) -> None:
    """Arguments that are strided, may not be written to, or are others each time, are read as they are."""
    monkeypatch.setattr(often, "A_GRAPH", 0)
    monkeypatch.setattr(often, "A_NODE", 0)
    monkeypatch.setattr(often, "LOADING", 0)
    outputs, inputs, values = _of_vectors(6)
    program = Program(outputs, inputs)
    expected = [np.array(array) for array in program(*values)]
    wide = np.zeros((9, 12))
    wide[:, ::2] = values[1]
    closed = values[2].copy()
    closed.flags.writeable = False
    for given in (
        [values[0], wide[:, ::2], closed],
        [values[0].copy(), values[1].copy(), np.asfortranarray(values[2])],
        [values[0], wide[:, ::2], closed],
    ):
        _assert_same(expected, [np.asarray(array) for array in program(*given)])
    other = [value + 1.0 for value in values]
    changed = [np.array(array) for array in program(*other)]
    assert any((a != b).any() for a, b in zip(expected, changed, strict=True))
    values[0][:], values[1][:], values[2][:] = other
    _assert_same(changed, [np.asarray(array) for array in program(*values)])


def test_conditions_are_carried_read_and_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bool is carried, is a slice, is read by each step, and is stacked."""
    n = 50
    on, marks = fresh_input("on", (), DType.BOOL), fresh_input("marks", (n,), DType.BOOL)
    y, was, mark, always = (
        fresh_input("y", (), F64),
        *(fresh_input(name, (), DType.BOOL) for name in ("was", "mark", "always")),
    )
    turned = TABLE["logical_or"](TABLE["logical_and"](was, mark), TABLE["logical_not"](always))
    plan = Plan(n)
    plan.carries = [
        Carry(y, constant(1.0, F64), select(was, y * 0.5, y + 1.0)),
        Carry(was, on, TABLE["logical_not"](turned)),
    ]
    plan.slices, plan.free = [Given(mark, marks)], [Given(always, on)]
    plan.stacks = [turned, y]
    outputs = results(loop, plan, [0, 1, 2, 3])
    for first in (True, False):
        values = [first, np.arange(n) % 3 == 0]
        with monkeypatch.context() as patch:
            _assert_same(*_both(outputs, [on, marks], values, patch))


def test_pieces_of_a_long_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands between two looks at whether anybody waits changes nothing, and work that nobody waits for ends."""
    from gradcli.core.engines.llvm import recurrence

    monkeypatch.setattr(recurrence, "OPERATIONS_AT_ONCE", 50)
    looks = []
    monkeypatch.setattr(recurrence, "check", lambda: looks.append(1))
    step, shape = STEPS["coupled numbers"]
    for backwards in (False, True):
        inputs = inputs_of(shape, 333)
        outputs = as_loop(step, inputs, 333, backwards)
        values = [0.3, -0.4, np.sin(np.arange(333.0)), 0.8]
        with monkeypatch.context() as patch:
            _assert_same(*_both(outputs, inputs, values, patch))
    assert len(looks) > 50

    def abandoned() -> None:
        raise Abandoned

    monkeypatch.setattr(recurrence, "check", abandoned)
    with pytest.raises(Abandoned):
        _both(outputs, inputs, values, monkeypatch)


def test_compiled_when_it_pays(monkeypatch: pytest.MonkeyPatch) -> None:
    """A short loop is compiled only when it has run often, a long one at once."""
    made = []
    monkeypatch.setattr(machine.Machine, "_make", lambda self: made.append(self))
    x, y = (fresh_input(name, (), F64) for name in "xy")

    def program(length: int, factor: float) -> Program:
        plan = Plan(length)
        plan.carries = [Carry(y, x, y * factor + math.pi)]
        return Program(results(loop, plan, [0]), [x])

    short = program(100, 0.25)
    short(1.0)
    assert not made
    for _ in range(20_000):
        short(1.0)
        if made:
            break
    assert made
    made.clear()
    monkeypatch.setattr(running, "_compiled", lambda *args: lambda *given: [0.0])
    program(10_000_000, 0.125)(1.0)
    assert made
