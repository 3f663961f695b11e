"""Loops in balls, and with their roundings moved: what is said of their digits is so."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest
from flint import ctx

from gradcli.core.engines.balls.ball import Ball
from gradcli.core.engines.balls.engine import Unsuitable, balls
from gradcli.core.engines.evaluation import evaluate
from gradcli.core.engines.numpy.spread import digits_of_elements
from gradcli.core.ir.nodes import Node, array_constant, constant, fresh_input
from gradcli.core.ir.traversal import substitute
from gradcli.core.loops.node import loop
from gradcli.core.loops.plan import Carry, Plan, results
from gradcli.core.primitives import elementwise as ew
from gradcli.core.transforms.reverse import gradient
from gradcli.session.results import Shown, Tensor
from tests.core.loops.steps import F64, STEPS, as_loop, inputs_of, written_out
from tests.language.running import run

LOGISTIC = "def f(x):\n    for i in range({}):\n        x = 4*x*(1-x)\n    return x\n\n"


def _numbers(value: Any) -> list[tuple[float, float]]:
    """The middle and the radius of each ball."""
    return [(float(b.value.mid()), float(b.value.rad())) for b in np.ravel(np.array(value, dtype=object))]


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("name", STEPS)
def test_balls_of_a_loop_are_those_of_its_steps(name: str, backwards: bool) -> None:
    """Values and gradients: each ball has the number that the other has."""
    step, shape = STEPS[name]
    found = []
    for build in (as_loop, written_out):
        inputs = inputs_of(shape, 5)
        outputs = build(step, inputs, 5, backwards)
        nodes = [*outputs, *gradient(outputs, inputs)]
        values: dict[Node, Node] = {
            node: array_constant(np.asarray(np.random.default_rng(i).normal(size=node.shape) * 0.6))
            for i, node in enumerate(inputs)
        }
        found.append(balls(substitute(nodes, values), 200))
    with ctx.workprec(200):
        for one, other in zip(*found, strict=True):
            assert np.shape(one) == np.shape(other)
            for (middle, radius), (middle_2, _) in zip(_numbers(one), _numbers(other), strict=True):
                assert radius < 1e-40
                assert middle == middle_2


def test_too_many_steps_have_no_balls() -> None:
    """They are counted before they are made."""
    y = fresh_input("y", (), F64)
    plan = Plan(1_000_000)
    plan.carries = [Carry(y, constant(0.5, F64), ew.sin(y))]
    with pytest.raises(Unsuitable):
        balls(results(loop, plan, [0]), 100)


def _true(steps: int, start: str) -> Any:
    with mpmath.workdps(int(steps * 0.7) + 50):
        x = mpmath.mpf(start)
        for _ in range(steps):
            x = 4 * x * (1 - x)
        return +x


def test_a_chaotic_loop_is_right_or_marked() -> None:
    """The logistic map loses a bit in each step: 1000 have balls that know, of 10,000 no digit is claimed."""
    (known,) = run(LOGISTIC.format(1000) + "f(0.3)").results
    assert isinstance(known, Shown)
    assert isinstance(known.value, Tensor)
    assert known.value.data == float(_true(1000, "0.3"))
    (lost,) = run(LOGISTIC.format(10_000) + "f(0.3)").results
    assert isinstance(lost, Shown)
    assert lost.note == "float64 arithmetic keeps no digit through so many steps"
    assert isinstance(lost.value, Tensor)
    assert len(repr(lost.value.data)) <= 4
    assert lost.value.raw != lost.value.data


@pytest.mark.parametrize(
    ("step", "exact"),
    [
        (lambda y: y + 0.001 * ew.sin(y), lambda y: y + mpmath.sin(y) / 1000),
        (lambda y: y * 1.0001, lambda y: y * mpmath.mpf(1.0001)),
        (lambda y: ew.sqrt(y * y + 1.0), lambda y: mpmath.sqrt(y * y + 1)),
        (lambda y: ew.cos(y), lambda y: mpmath.cos(y)),
        (
            lambda y: y - (ew.exp(y * 1e-3) - 1.0) * 0.1,
            lambda y: y - (mpmath.exp(y * mpmath.mpf(1e-3)) - 1) * mpmath.mpf(0.1),
        ),
    ],
)
def test_digits_that_are_shown_are_right(step: Any, exact: Any) -> None:
    """Of loops that no balls are taken of: no more digits are claimed than there are, and not many fewer."""
    steps = 20_000
    y = fresh_input("y", (), F64)
    plan = Plan(steps)
    plan.carries = [Carry(y, constant(0.7, F64), step(y))]
    outputs = results(loop, plan, [0])
    (digits,) = digits_of_elements(outputs)
    (value,) = evaluate(outputs)
    with mpmath.workdps(40):
        true = mpmath.mpf(0.7)
        for _ in range(steps):
            true = exact(true)
        kept = -mpmath.log10(abs(mpmath.mpf(float(value)) / true - 1) + mpmath.mpf(10) ** -17)
    assert float(digits) <= float(kept) + 0.3
    assert float(digits) >= min(float(kept), 15.0) - 3


def test_whole_numbers_are_not_moved() -> None:
    """A count, and what it is multiplied with, is exact."""
    y = fresh_input("y", (), F64)
    plan = Plan(100_000)
    plan.carries = [Carry(y, constant(0.0, F64), y + 3.0)]
    (digits,) = digits_of_elements(results(loop, plan, [0]))
    assert digits == np.inf


def test_elements_each_have_their_digits() -> None:
    """Of a small tensor the one that loses is rounded, and not the one beside."""
    step = "y = [4*y[0]*(1 - y[0]), y[1]]"
    (found,) = run(
        f"def g(x):\n    y = [x, 1.]\n    for i in range(20000):\n        {step}\n    return y\n\ng(0.3)"
    ).results
    assert isinstance(found, Shown)
    assert isinstance(found.value, Tensor)
    first, second = np.asarray(found.value.data)
    assert len(repr(float(first))) <= 4
    assert second == 1.0


def test_balls_are_the_type_of_numbers() -> None:
    """A loop of one number is a ball as any number is, not an array of one."""
    y = fresh_input("y", (), F64)
    plan = Plan(10)
    plan.carries = [Carry(y, constant(0.5, F64), ew.sin(y))]
    (found,) = balls(results(loop, plan, [0]), 100)
    assert isinstance(found, Ball)
