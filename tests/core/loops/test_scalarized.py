"""Loops of small tensors run as loops of their elements, which changes nothing but how long they take."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradcli.core.engines.program import Program
from gradcli.core.ir.nodes import Node, array_constant, constant, fresh_input
from gradcli.core.library.functions import matmul as product
from gradcli.core.library.functions import sum_
from gradcli.core.library.indexing import index
from gradcli.core.loops import running, scalarized
from gradcli.core.loops.closing import looped
from gradcli.core.loops.node import loop
from gradcli.core.loops.odes import System, of_equal_steps, rk4
from gradcli.core.loops.plan import Carry, Plan, results
from gradcli.core.primitives import elementwise as ew
from gradcli.core.primitives.shaping import concatenate, part
from gradcli.core.transforms.reverse import gradient
from tests.core.loops.steps import F64, STEPS
from tests.core.loops.test_law import MODES, _compare
from tests.core.sampling import TABLE

WITH_TENSORS = [name for name, (_, shape) in STEPS.items() if shape]


def _refuse(*args: object) -> None:
    raise AssertionError("arrays have computed it")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", WITH_TENSORS)
def test_every_mode(name: str, mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As what the steps give one by one."""
    monkeypatch.setattr(scalarized, "WORTH_REWRITING", 0)
    for backwards in (False, True):
        _compare(*STEPS[name], 3, mode, backwards)


def _both(outputs: list[Node], inputs: list[Node], values: list[Any], monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    found = []
    for worth in (10**12, 0):
        with monkeypatch.context() as patch:
            patch.setattr(scalarized, "WORTH_REWRITING", worth)
            if not worth:
                patch.setattr(running, "_on_arrays", _refuse)
            found.append(Program(outputs, inputs)(*values))
    return found


def test_runge_and_kutta_of_a_vector(monkeypatch: pytest.MonkeyPatch) -> None:
    """The case that matters: a small system, its solution and the gradient of that."""
    start, rate, times = fresh_input("y", (3,), F64), fresh_input("a", (), F64), fresh_input("t", (50,), F64)
    y, t = fresh_input("y", (3,), F64), fresh_input("t", (), F64)
    weights = array_constant(np.random.default_rng(2).normal(size=(3, 3)))
    turned = concatenate(part(y, 0, 1, 2), part(y, 0, 0, 1), axis=0)
    moved = ew.tanh(product(weights, y)) * rate - turned * sum_(y) + t
    states = of_equal_steps(System([y], t, [moved]), [start], times, rk4, 1)
    outputs = [*states, *gradient(states, [start, rate])]
    values = [np.array([0.3, -0.2, 0.9]), 0.7, np.linspace(0.0, 1.0, 50)]
    inputs: list[Node] = [start, rate, times]
    for one, other in zip(*_both(outputs, inputs, values, monkeypatch), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("value", [1e200, -1e200, np.inf, np.nan, 0.0])
def test_odd_numbers(value: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where numbers overflow or are none."""
    x, y = fresh_input("x", (3,), F64), fresh_input("y", (3,), F64)
    plan = Plan(7)
    plan.carries = [Carry(y, x, ew.exp(y) / (y * y - TABLE["flip"](y, axes=(0,))) + ew.log(index(y, (0,))))]
    outputs = results(loop, plan, [0])
    one, other = _both(outputs, [x], [np.array([value, 1.0, -2.0])], monkeypatch)
    np.testing.assert_array_equal(one[0], other[0])


def test_what_is_not_rewritten() -> None:
    """Large tensors, and what cannot be taken apart, stay arrays; they give what they gave."""
    y, start = fresh_input("y", (100,), F64), fresh_input("x", (100,), F64)
    plan = Plan(300)
    plan.carries = [Carry(y, start, y * 0.5 + constant(1.0, F64))]
    (found,) = Program(looped(plan, [0]), [start])(np.ones(100))
    np.testing.assert_allclose(found, np.full(100, 2.0))
