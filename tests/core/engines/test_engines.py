"""Every engine that there is, by the protocol: what it says that it suits, it computes as the others do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradcli.core.engines.numpy.kernels import kernel_of, may_look_into_arguments, takes_out
from gradcli.core.engines.program import engines
from gradcli.core.engines.protocol import Engine, Graph
from gradcli.core.engines.scalar import ScalarEngine
from gradcli.core.ir.nodes import Node
from gradcli.core.ir.primitive import Application, Primitive
from gradcli.core.ir.traversal import reachable
from tests.core.engines.harness import with_slopes
from tests.core.primitives.test_table import each
from tests.core.sampling import TABLE, Array, Call, away_from_kinks, calls, draw, inputs_for, run

ENGINES: list[Engine] = [ScalarEngine(), *engines(native=True)]
by_every_engine = pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.name)


def graph_of(call: Call, arrays: list[Array]) -> tuple[Graph, list[Node]]:
    """A primitive and its gradient."""
    inputs = inputs_for(arrays)
    outputs = with_slopes(call.primitive(*inputs, **call.attrs), inputs)
    return Graph(reachable(outputs), outputs, inputs), inputs


@by_every_engine
@each("primitive", list(TABLE.values()))
def test_what_an_engine_suits_it_computes(engine: Engine, primitive: Primitive) -> None:
    """Numbers and arrays, twice the same, in the type that it says it gives."""
    examples = list(calls(primitive))
    if primitive.examples.domain:
        examples.append(Call(primitive, ((),) * primitive.arity, primitive.attributes))
    for call in examples:
        arrays = away_from_kinks(call, draw(call, np.random.default_rng(11)))
        graph, inputs = graph_of(call, arrays)
        if not engine.suits(graph):
            continue
        compiled = engine.compile(graph)
        compiled.require_allowed()
        assert compiled.memory >= 0
        given: list[Any] = arrays if engine.on_arrays else [a.item() for a in arrays]
        for _ in range(2):
            found = compiled.run(*given)
            assert all(isinstance(value, np.ndarray) is engine.on_arrays for value in found)
            for got, want in zip(found, run(graph.outputs, inputs, arrays), strict=True):
                np.testing.assert_allclose(got, want, rtol=1e-13, atol=1e-14)


@each("primitive", list(TABLE.values()))
def test_what_a_kernel_gives_lies_elsewhere(primitive: Primitive) -> None:
    """Than its arguments do, unless it says that it may look into them: their memory is given to others."""
    for call in calls(primitive):
        arrays = away_from_kinks(call, draw(call, np.random.default_rng(11)))
        node = primitive(*inputs_for(arrays), **call.attrs)
        if not isinstance(node, Application) or node.op is not primitive:
            continue
        kernel = kernel_of(node, primitive)
        if not takes_out(kernel) and not may_look_into_arguments(node, kernel):
            found = kernel(*arrays)
            assert not any(np.may_share_memory(found, array) for array in arrays if array.size)


def test_the_last_engine_suits_any_graph() -> None:
    """So that there is one for each."""
    for native in (True, False):
        last = engines(native)[-1]
        for primitive in TABLE.values():
            for call in calls(primitive):
                assert last.suits(graph_of(call, draw(call, np.random.default_rng(0)))[0])
