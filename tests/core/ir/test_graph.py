"""The graph: equal expressions are one node, depth costs no stack, unused nodes go away."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

from gradcli.core import primitives  # noqa: F401 - fills the table
from gradcli.core.engines.evaluation import evaluate
from gradcli.core.engines.numpy.schedule import run_arrays
from gradcli.core.errors import CoreError, ShapeError
from gradcli.core.ir.declare import linear
from gradcli.core.ir.dtypes import DType, promote
from gradcli.core.ir.nodes import FEWEST_FORGOTTEN, Node, array_constant, constant, fresh_input, kept_nodes, parameter
from gradcli.core.ir.primitive import NOW_AND_THEN, intern
from gradcli.core.ir.promotion import coerce
from gradcli.core.ir.traversal import reachable, substitute
from gradcli.core.primitives.elementwise import add, exp, sin
from gradcli.core.transforms.reverse import gradient
from tests.core.sampling import TABLE

F64 = DType.FLOAT64


def test_equal_expressions_are_one_node() -> None:
    """Interning is what lets tanh's derivative reuse tanh."""
    x = fresh_input("x", (), F64)
    assert sin(x) * 2.0 is sin(x) * 2.0
    assert sin(x) is not exp(x)


def test_inputs_of_one_name_stay_apart() -> None:
    """A fresh input is no other."""
    assert fresh_input("x", (), F64) is not fresh_input("x", (), F64)


def test_signed_zeros_and_dtypes_are_different_constants() -> None:
    """1/0 and 1/-0 must not become one node."""
    assert constant(0.0, F64) is not constant(-0.0, F64)
    assert constant(1.0, F64) is not constant(1.0, DType.FLOAT32)
    assert constant(float("nan"), F64) is constant(float("nan"), F64)


def test_unused_nodes_are_forgotten() -> None:
    """A long session does not grow by what nobody holds any more."""
    for start in range(20):
        node: Node = constant(1.0, F64)
        for i in range(FEWEST_FORGOTTEN // 4):
            node = sin(node) + float(start + i)
        first = weakref.ref(node)
        del node
        assert first() is None
    gc.collect()
    held = sum(kept() is not None for kept in kept_nodes.values())
    assert len(kept_nodes) <= 2 * max(held, FEWEST_FORGOTTEN) + NOW_AND_THEN


def test_what_an_attribute_holds_is_forgotten_with_its_node() -> None:
    """It may be a large graph."""

    class Large:
        """What is in memory as long as it is held."""

    large, x = Large(), fresh_input("x", (), F64)
    gone = weakref.ref(large)
    node = intern(add, (x, x), {"large": large}, (), F64)
    assert intern(add, (x, x), {"large": large}, (), F64) is node
    del large, node
    assert gone() is None


def test_a_very_deep_graph_is_no_recursion() -> None:
    """50,000 levels are differentiated, substituted and evaluated in loops."""
    x = fresh_input("x", (), F64)
    y: Node = x
    for _ in range(50_000):
        y = y + 1.0
    (slope,) = gradient([y], [x])
    two = constant(2.0, F64)
    value, done = evaluate(substitute([y, slope], {x: two}))
    assert float(value) == 50_002.0
    assert float(done) == 1.0


def test_substitution_is_simultaneous() -> None:
    """Swapping two inputs does not chase its own tail."""
    x, y = fresh_input("x", (), F64), fresh_input("y", (), F64)
    (swapped,) = substitute([x - 2.0 * y], {x: y, y: x})
    assert swapped is y - 2.0 * x


def test_promotion_keeps_a_models_float_type() -> None:
    """An index never widens float32, and a plain number takes the type that it meets."""
    assert promote(DType.INT64, DType.FLOAT32) is DType.FLOAT32
    assert promote(DType.BOOL, DType.INT64) is DType.INT64
    x = fresh_input("x", (), DType.FLOAT32)
    assert (x * 2.5).dtype is DType.FLOAT32
    n = fresh_input("n", (), DType.INT64)
    assert coerce((n, 2))[1].dtype is DType.INT64
    assert coerce((n, 2.5))[0].dtype is F64


def test_parameters_stand_for_their_values() -> None:
    """Evaluating a graph puts each parameter's value in its place."""
    w = parameter("w", constant(3.0, F64))
    assert evaluate([w * w]) == (9.0,)


def test_where_math_raises_the_answer_is_ieee() -> None:
    """Overflow and division by zero give inf and nan, as arrays do."""
    huge = exp(constant(1000.0, F64))
    assert float(evaluate([huge])[0]) == float("inf")
    zero = constant(0.0, F64)
    one_over, undefined = evaluate([constant(1.0, F64) / zero, zero / zero])
    assert float(one_over) == float("inf")
    assert np.isnan(float(undefined))


def test_array_constants_cannot_be_written() -> None:
    """What a graph holds must not change under it."""
    array = np.ones(3)
    array_constant(array)
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 5.0


def test_a_free_input_is_not_evaluated() -> None:
    """A graph with a hole in it is refused, not guessed."""
    x = fresh_input("x", (2,), F64)
    with pytest.raises(ValueError, match="free"):
        run_arrays(reachable([x]), [x])


def test_values_are_freed_after_their_last_use() -> None:
    """A chain of large tensors needs two of them at a time."""
    import tracemalloc

    node: Node = array_constant(np.ones(250_000))
    for _ in range(20):
        node = sin(node)
    order = reachable([node])
    tracemalloc.start()
    run_arrays(order, [node])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * 250_000 * 8


def test_a_primitive_is_stated_once() -> None:
    """A second entry of the same name is a mistake at import, not a silent change."""
    with pytest.raises(ValueError, match="stated twice"):
        linear("add", lambda g, x: (g,), help="again", examples=TABLE["add"].examples)


def test_shapes_that_do_not_fit_are_refused() -> None:
    """The message names both."""
    a, b = fresh_input("a", (2,), F64), fresh_input("b", (3,), F64)
    with pytest.raises(ShapeError, match=r"\(2,\) and \(3,\)"):
        add(a, b)


def test_what_memory_cannot_hold_is_refused_before_it_is_tried() -> None:
    """A clear sentence, not a killed process."""
    vast = TABLE["broadcast"](constant(1.0, F64), shape=(10**6, 10**6, 10))
    with pytest.raises(CoreError, match="GiB"):
        evaluate([exp(vast)])
