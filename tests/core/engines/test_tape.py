"""Long programs of numbers: gone through step by step at first, lines of Python when they run often."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np
import pytest

from gradcli.core.engines import tape
from gradcli.core.engines.program import Program
from gradcli.core.engines.protocol import Graph
from gradcli.core.engines.scalar import LONG, ScalarEngine, compile_scalar, function_on_numbers
from gradcli.core.engines.tape import Tape
from gradcli.core.ir.nodes import Node, fresh_input
from gradcli.core.ir.primitive import Primitive
from gradcli.core.ir.traversal import reachable
from gradcli.core.primitives.elementwise import exp, log, sin
from gradcli.core.primitives.selection import select
from tests.core.engines.harness import F64, with_slopes
from tests.core.primitives.test_table import each, not_here
from tests.core.sampling import TABLE, Call, away_from_kinks, draw, inputs_for


@each("primitive", [p for p in TABLE.values() if p.examples.domain])
def test_steps_give_what_lines_give(primitive: Primitive) -> None:
    """To the last bit, with slopes, at points of the domain and far out."""
    call = Call(primitive, ((),) * primitive.arity, primitive.attributes)
    arrays = away_from_kinks(call, draw(call, np.random.default_rng(5)))
    inputs = inputs_for(arrays)
    outputs = with_slopes(primitive(*inputs, **primitive.attributes), inputs)
    graph = Graph(reachable(outputs), outputs, inputs)
    if not ScalarEngine().suits(graph):
        return
    lines, steps = compile_scalar(graph.order, outputs, inputs, lambda *values: ()), Tape(graph, function_on_numbers)
    for scale in (1.0, 0.0, -1.0, 1e9, float("inf"), float("nan")):
        values = [a.item() * scale if isinstance(a.item(), float) else a.item() for a in arrays]
        # Lines may leave out what has no value.
        with suppress(ArithmeticError, ValueError):
            assert repr(steps(*values)) == repr(lines(*values))


def chain(x: Node, length: int) -> Node:
    """A long one, with a choice of three operands in each link."""
    y = x
    for i in range(length):
        y = select(y < 0.5, sin(y) * 1.5, y - x / (i + 1.0))
    return y


def test_a_long_program_is_compiled_when_it_has_run_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """And gives the same before and after, which is what lines give from the start."""
    x = fresh_input("x", (), F64)
    outputs = with_slopes(chain(x, LONG // 4), [x])
    made: list[Any] = []

    def compiling(*given: Any) -> Any:
        made.append(given)
        return compile_scalar(*given)

    monkeypatch.setattr("gradcli.core.engines.scalar.compile_scalar", compiling)
    program = Program(outputs, [x])
    before = [program(0.01 * i) for i in range(tape.CALLS_ON_TAPE)]
    assert not made
    assert [program(0.01 * i) for i in range(tape.CALLS_ON_TAPE)] == before
    assert len(made) == 1
    order = reachable(outputs)
    lines = compile_scalar(order, outputs, [x], not_here)
    np.testing.assert_allclose([float(v) for v in before[7]], [float(v) for v in lines(0.07)], rtol=1e-14)


def test_where_math_refuses_a_long_program_gives_what_ieee_says() -> None:
    """And goes on."""
    x = fresh_input("x", (), F64)
    program = Program([chain(x, LONG // 4), log(x), exp(x * 1000.0)], [x])
    with np.errstate(all="ignore"):
        assert [float(v) for v in program(0.0)][1:] == [-np.inf, 1.0]
        assert [float(v) for v in program(2.0)][2] == np.inf
    assert program(1.0)[1] == 0.0
