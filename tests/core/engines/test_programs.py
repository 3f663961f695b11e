"""Programs: of scalars, kept for graphs of their form, and what they refuse."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

import numpy as np
import pytest

from gradcli.core.engines import evaluation
from gradcli.core.engines.evaluation import evaluate
from gradcli.core.engines.numpy.schedule import ArrayProgram
from gradcli.core.engines.program import Program
from gradcli.core.engines.protocol import Graph
from gradcli.core.engines.scalar import OFTEN_REFUSED, compile_scalar
from gradcli.core.engines.straight import source
from gradcli.core.errors import DTypeError, ShapeError
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.laws import Flat
from gradcli.core.ir.nodes import Node, array_constant, constant, fresh_input, parameter
from gradcli.core.ir.promotion import stretch
from gradcli.core.ir.traversal import reachable
from gradcli.core.primitives.elementwise import exp, log, reciprocal, sin, tanh
from tests.core.engines.harness import (
    F64,
    by_both,
    in_machine_code,
    normal,
)
from tests.core.primitives.test_table import not_here
from tests.core.sampling import TABLE


def test_programs_of_scalars_keep_the_inputs_names() -> None:
    """As far as Python and its math module leave them free."""
    names = ["x", "lambda", "sin", "x", "v0", "α", "x1"]
    inputs = [fresh_input(name, (), F64) for name in names]
    output = sum((n * n for n in inputs[1:]), start=inputs[0] * inputs[0])
    order = reachable([output])
    head = source(order, [output], inputs).splitlines()[0]
    assert head == "def program(x, x1, x2, x3, x4, x5, x6):"
    program = compile_scalar(order, [output], inputs, not_here)
    assert program(*map(float, range(7))) == (91.0,)


def test_where_math_raises_a_program_gives_what_ieee_says() -> None:
    """And goes on with math at the next call."""
    x = fresh_input("x", (), F64)
    program = Program([log(x), reciprocal(x), exp(x * 1000.0)], [x])
    with np.errstate(all="ignore"):
        assert [float(v) for v in program(0.0)] == [-np.inf, np.inf, 1.0]
        assert [float(v) for v in program(2.0)][2] == np.inf
    assert program(1.0)[0] == 0.0


def test_what_math_refuses_often_gets_helpers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then NumPy is asked no more, and the answers stay what IEEE 754 says."""
    from gradcli.core.engines.numpy import one_by_one

    asked = []
    by_arrays = one_by_one.OneByOne.__call__

    def counted(self: one_by_one.OneByOne, *given: Any) -> Any:
        asked.append(given)
        return by_arrays(self, *given)

    monkeypatch.setattr(one_by_one.OneByOne, "__call__", counted)
    x = fresh_input("x", (), F64)
    outputs = [log(x), reciprocal(x), exp(x * 1000.0), tanh(x) * exp(-x), sin(1.0 / x)]
    program = Program(outputs, [x], native=False)
    points = [0.0, -0.0, -1.0, 2.0, 1e300, -1e300, np.inf, -np.inf, np.nan, 5e-324]
    expected = [[float(v) for v in by_arrays(one_by_one.OneByOne(_graph(outputs, x)), p)] for p in points]
    for _ in range(2 * OFTEN_REFUSED):
        found = [[float(v) for v in program(p)] for p in points]
    assert len(asked) < OFTEN_REFUSED
    np.testing.assert_allclose(found, expected, rtol=1e-15)


def _graph(outputs: list[Node], x: Node) -> Graph:
    return Graph(reachable([*outputs, x]), outputs, [x])


@pytest.fixture
def nothing_kept() -> Iterator[None]:
    """Programs that other tests left behind are forgotten."""
    evaluation._here.programs.clear()
    yield
    evaluation._here.programs.clear()


def made(number: float, array: Any) -> list[Node]:
    """A graph with these leaves."""
    x = array_constant(np.array(array))
    return [tanh(x * 2.0) + sin(x), exp(constant(number, F64))]


def test_one_program_serves_all_graphs_of_a_form(nothing_kept: None) -> None:
    """Other numbers, the same program; another shape, dtype or number that stands in the text is another form."""
    # Operands that commute stand in the order in which they came to be, so the number must be there before.
    two = constant(2.0, F64)
    for i in range(5):
        values = normal((4,), i)
        first, second = evaluate(made(1.0, values))
        np.testing.assert_allclose(first, np.tanh(values * 2) + np.sin(values), rtol=1e-14)
        assert float(second) == np.exp(1.0)
    assert len(evaluation._here.programs) == 1
    evaluate(made(1.0, normal((5,), 0)))
    evaluate(made(1.0, normal((4,), 0, "float32")))
    assert len(evaluation._here.programs) == 3
    w = parameter("w", array_constant(np.ones(4)))
    for value in (2.0, 3.0):
        w = parameter("w", array_constant(np.full(4, value)), w)
        assert evaluate([w * w])[0].tolist() == [value * value] * 4  # type: ignore[union-attr]
    assert len(evaluation._here.programs) == 4
    assert two.value == 2.0


def test_scalars_are_compiled_when_they_come_again(nothing_kept: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first time they are computed one by one, with the same result."""
    monkeypatch.setattr(evaluation, "FEW_NODES", 0)
    x = 0.7
    results = [evaluate([sin(constant(x + i, F64)) * constant(x + i, F64)])[0] for i in range(3)]
    assert results == [np.sin(x + i) * (x + i) for i in range(3)]
    assert [p is not None for p in evaluation._here.programs.values()] == [True]


def test_programs_that_are_kept_are_few_and_small(nothing_kept: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest go, and none stays whose buffers are large."""
    monkeypatch.setattr(evaluation, "MOST_PROGRAMS", 3)
    for n in range(1, 8):
        evaluate([tanh(array_constant(np.ones(n)))])
    assert len(evaluation._here.programs) == 3
    monkeypatch.setattr(evaluation, "MOST_MEMORY", 100)
    evaluate([tanh(tanh(array_constant(np.ones(50))))])
    assert sum(p.memory for p in evaluation._here.programs.values() if p) <= 100


def test_a_program_that_was_left_is_not_used_again(nothing_kept: None) -> None:
    """What was interrupted may still be writing into its buffers."""

    def left(*values: object) -> Any:
        raise KeyboardInterrupt

    values, graph = normal((4,), 0), made(1.0, normal((4,), 0))
    for _ in range(2):
        evaluate(graph)
    (program,) = evaluation._here.programs.values()
    assert program is not None
    program.function = left
    with pytest.raises(KeyboardInterrupt):
        evaluate(graph)
    assert not evaluation._here.programs
    np.testing.assert_allclose(evaluate(graph)[0], np.tanh(values * 2) + np.sin(values), rtol=1e-14)


def test_a_flat_or_constant_graph_is_no_special_case() -> None:
    """No inputs that matter, outputs that are inputs or constants."""
    x = fresh_input("x", (3,), F64)
    program = Program([x, constant(2.0, F64), stretch(constant(1.0, F64), (3,))], [x])
    a, b, c = program(np.arange(3.0))
    assert np.asarray(a).tolist() == [0, 1, 2]
    assert float(b) == 2.0
    assert np.asarray(c).tolist() == [1, 1, 1]
    assert ArrayProgram([], [], [])() == ()
    assert isinstance(TABLE["sign"].law, Flat)


@by_both
def test_a_program_refuses_what_does_not_fit(use_llvm: bool) -> None:
    """Another count, shape or kind of element than its inputs have."""
    x, y = fresh_input("x", (20_000,), F64), fresh_input("y", (), F64)
    program = Program([sin(x) * x + y], [x, y], use_llvm)
    assert bool(in_machine_code(program)) is use_llvm
    a = np.ones(20_000)
    for wrong in (np.ones(10), np.ones(30_000), np.ones((20_000, 1)), 1.0, [1.0] * 20_000):
        with pytest.raises(ShapeError, match="`x`"):
            program(wrong, 1.0)  # type: ignore[arg-type]
    for kind in (complex, "U1", object):
        with pytest.raises(DTypeError, match="`x`"):
            program(np.ones(20_000).astype(kind), 1.0)
    for count in ((), (a,), (a, 1.0, 1.0)):
        with pytest.raises(ShapeError, match="takes 2 values"):
            program(*count)
    for fits in (a, a.astype(np.float32), a.astype(int), np.ones(40_000)[::2]):
        np.testing.assert_allclose(program(fits, 1.0)[0], np.sin(1.0) + 1.0, rtol=1e-15)


def test_a_program_of_numbers_refuses_arrays() -> None:
    """It would take the elements of an array for numbers."""
    x = fresh_input("x", (), F64)
    program = Program([sin(x) * x], [x])
    for wrong in (np.ones(3), np.ones(1), [1.0]):
        with pytest.raises(ShapeError, match="`x`"):
            program(wrong)  # type: ignore[arg-type]
    with pytest.raises(DTypeError, match="`x`"):
        program("1")  # type: ignore[arg-type]
    for fits in (1.0, 1, np.float64(1.0), np.array(1.0), True):
        assert program(fits) == (np.sin(1.0),)


def test_views_of_memory_that_stays_are_made_once() -> None:
    """Of buffers and constants; not of inputs, nor of what is given out, and each run has results of its own."""
    x = fresh_input("x", (4, 6), F64)
    inner = TABLE["flip"](TABLE["reshape"](TABLE["tanh"](x), shape=(6, 4)), axes=(0,))
    outputs = [TABLE["exp"](inner), inner, TABLE["transpose"](x, axes=(1, 0))]
    program = Program(outputs, [x], native=False)
    called: list[str] = []

    def profile(frame: FrameType, event: str, arg: object) -> None:
        if event == "call" and frame.f_code.co_filename.endswith("shaping.py"):
            called.append(frame.f_code.co_name)

    first, second = normal((4, 6), 1), normal((4, 6), 2)
    whole = Program([outputs[0]], [x], native=False)
    before = whole(first)[0]
    sys.setprofile(profile)
    try:
        after = whole(second)[0]
    finally:
        sys.setprofile(None)
    assert called == []
    np.testing.assert_allclose(before, np.exp(np.tanh(first).reshape(6, 4)[::-1]))
    np.testing.assert_allclose(after, np.exp(np.tanh(second).reshape(6, 4)[::-1]))
    one, other = program(first), program(second)
    for found, at in ((one, first), (other, second)):
        np.testing.assert_allclose(found[1], np.tanh(at).reshape(6, 4)[::-1])
        np.testing.assert_array_equal(found[2], at.T)


def test_a_view_of_a_sum_of_tiles_is_that_of_this_run() -> None:
    """Such a sum is a new array each time."""
    x = fresh_input("x", (200, 200), F64)
    total = TABLE["reshape"](TABLE["sum_to"](TABLE["tanh"](x) * 2.0, shape=(1, 1)), shape=())
    program = Program([total + 1.0], [x], native=False)
    for seed in (1, 2):
        values = normal((200, 200), seed)
        np.testing.assert_allclose(program(values)[0], 2 * np.tanh(values).sum() + 1, rtol=1e-12)


@pytest.mark.parametrize("kept", [[True, True, True], [True, False, True], [False, False, False]])
def test_masks_that_hold_everywhere_or_not(kept: list[bool]) -> None:
    """The choice between two values, whatever the shape of the mask."""
    mask = fresh_input("m", (3, 1), DType.BOOL)
    x, y = fresh_input("x", (3, 4), F64), fresh_input("y", (), F64)
    chosen = TABLE["select"](mask, x + 1.0, y) * 1.5
    given = np.array(kept).reshape(3, 1), normal((3, 4), 0), np.array(7.0)
    (found,) = Program([chosen], [mask, x, y], native=False)(*given)
    np.testing.assert_array_equal(found, np.where(given[0], given[1] + 1.0, 7.0) * 1.5)
