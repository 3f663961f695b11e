"""Loops of numbers run on math, where that refuses what IEEE 754 answers too; loops of arrays by a program a step."""

from __future__ import annotations

from math import inf, isnan

import numpy as np
import pytest

from gradcli.core.engines.program import Program
from gradcli.core.ir.nodes import Node, constant, fresh_input
from gradcli.core.loops import machine, running
from gradcli.core.loops.node import loop
from gradcli.core.loops.plan import Carry, Given, Plan, results
from gradcli.core.loops.running import Steps
from gradcli.core.primitives import elementwise as ew
from gradcli.core.transforms.reverse import gradient
from tests.core.engines.harness import has_machine_code
from tests.core.loops.steps import F64, STEPS, as_loop, inputs_of


def _squared(start: Node, length: int, make: object = None) -> list[Node]:
    y = fresh_input("y", (), F64)
    plan = Plan(length)
    plan.carries = [Carry(y, start, make(y) if callable(make) else y * y)]
    return results(loop, plan, [0])


@pytest.mark.parametrize(
    ("make", "start", "expected"),
    [
        (lambda y: ew.exp(y), 5.0, inf),
        (lambda y: y / (y - y), 1.0, None),
        (lambda y: ew.log(y - 1.0), 3.0, None),
        (lambda y: ew.constant_power(y, exponent=3.0), 1e200, inf),
    ],
)
def test_what_math_refuses(make: object, start: float, expected: float | None) -> None:
    """Overflow, division by zero and arguments outside a domain are inf and nan, never an exception."""
    x = fresh_input("x", (), F64)
    (found,) = Program(_squared(x, 100, make), [x])(start)
    assert found == expected or (expected is None and (isnan(found) or found in (inf, -inf)))


def test_whole_numbers_and_conditions_are_carried_too() -> None:
    """Each output has its own dtype."""
    x = fresh_input("x", (), F64)
    y, done = fresh_input("y", (), F64), fresh_input("done", (), (constant(True, F64) > 0).dtype)
    plan = Plan(10)
    plan.carries = [Carry(y, x, y * 2.0), Carry(done, x > 1e9, y > 10.0)]
    found = Program(results(loop, plan, [0, 1]), [x])(1.0)
    assert found[0] == 1024.0
    assert found[1] == np.True_
    assert np.asarray(found[1]).dtype == bool


def test_a_loop_is_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However often a program runs, and however often the same loop is made anew."""
    step, shape = STEPS["coupled numbers"]

    kept = []

    def value(seed: float) -> object:
        inputs = inputs_of(shape, 50)
        program = Program(gradient(as_loop(step, inputs, 50), inputs), inputs)
        kept.append(program)
        return program(seed, 0.5, np.ones(50), 0.25)

    value(0.1)
    compiled = []
    monkeypatch.setattr(running, "_compiled", lambda *args: compiled.append(args))
    for seed in (0.2, 0.3, 0.4):
        value(seed)
    assert not compiled


def test_many_steps() -> None:
    """A million steps with their gradient; the numbers are those of the recurrence."""
    x, a = fresh_input("x", (), F64), fresh_input("a", (), F64)
    y, p = fresh_input("y", (), F64), fresh_input("a", (), F64)
    plan = Plan(1_000_000)
    plan.carries, plan.free = [Carry(y, x, y * p)], [Given(p, a)]
    outputs = results(loop, plan, [0])
    value, by_x, by_a = Program([*outputs, *gradient(outputs, [x, a])], [x, a])(2.0, 1 + 1e-6)
    np.testing.assert_allclose(value, 2 * np.exp(1e6 * np.log1p(1e-6)), rtol=1e-9)
    np.testing.assert_allclose(by_x, value / 2, rtol=1e-9)
    np.testing.assert_allclose(by_a, 1e6 * value / (1 + 1e-6), rtol=1e-9)


@has_machine_code
@pytest.mark.parametrize(("size", "after"), [(81, 0), (82, 7), (83, 10_000)])
def test_steps_on_arrays_become_machine_code(size: int, after: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once they have taken long enough, in the middle of a loop too; what comes out is the same to rounding."""
    inputs = inputs_of((size,), 20)
    outputs = as_loop(STEPS["coupled vectors"][0], inputs, 20)
    rng = np.random.default_rng(after)
    arrays = [0.5 * rng.normal(size=node.shape) for node in inputs]
    native: list[bool] = []
    made = Steps._made

    def watched(self: Steps, is_native: bool) -> Program:
        native.append(is_native)
        return made(self, is_native)

    monkeypatch.setattr(machine.Machine, "code", lambda self, length: None)
    monkeypatch.setattr(running, "work_of_calls", lambda order: 1)
    want = Program(outputs, inputs, native=False)(*arrays)
    monkeypatch.setattr(Steps, "_made", watched)
    # The first run has taken 20 steps.
    monkeypatch.setattr(running, "WORTH_COMPILING", 20 + after)
    for got, expected in zip(Program(outputs, inputs, native=False)(*arrays), want, strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-14)
    assert native == ([False, True] if after < 20 else [False])
