"""Loops are loops in a module, and give what gradcli gives; what has none is refused by name."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from gradcli.core.engines.program import Program
from gradcli.core.errors import CoreError
from gradcli.core.export.targets import module_text
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node, array_constant, fresh_input
from gradcli.core.ir.traversal import substitute
from gradcli.core.loops.node import loop
from gradcli.core.loops.plan import Carry, Given, Plan, results
from gradcli.core.transforms.reverse import gradient
from tests.core.export.harness import compiled, differences, request, written
from tests.core.export.test_targets import available
from tests.core.loops.steps import F64, STEPS, as_loop, inputs_of
from tests.core.sampling import TABLE

TARGETS = ["python", "numpy", "jax", "torch"]


def _loops(name: str, backwards: bool, length: int) -> tuple[list[Node], list[Node]]:
    """A loop with its gradient, and that of its gradient; the slices are known."""
    step, shape = STEPS[name]
    y, z, xs, a = inputs_of(shape, length)
    outputs = as_loop(step, [y, z, xs, a], length, backwards)
    first = gradient(outputs, [y, z, a])
    nodes = [*outputs[:3], *first, *gradient(first, [y, a])]
    known = array_constant(np.random.default_rng(3).normal(size=xs.shape))
    return list(substitute(nodes, {xs: known})), [y, z, a]


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.filterwarnings("error")
def test_a_loop_gives_what_gradcli_gives(target: str, name: str, backwards: bool) -> None:
    """Values, slopes and second slopes, from either end."""
    outputs, inputs = _loops(name, backwards, 6)
    if target == "python" and STEPS[name][1]:
        with pytest.raises(CoreError, match="--to python has no tensors"):
            module_text(target, request(outputs, inputs))
        return
    available(target)
    arrays = [np.asarray(np.random.default_rng(i).normal(size=n.shape) * 0.5) for i, n in enumerate(inputs)]
    want = Program(outputs, inputs)(*(a if a.shape else a.item() for a in arrays))
    for got, true in zip(written(target, outputs, inputs)(*arrays), want, strict=True):
        assert differences(got, true, 1e-11) is None


def _nested() -> tuple[list[Node], list[Node]]:
    """A loop of loops."""
    x, start, y, p = (fresh_input(name, (), F64) for name in "xsyp")
    inner = Plan(4)
    inner.carries, inner.free = [Carry(y, start, y * p + 1.0)], [Given(p, p)]
    (made,) = results(loop, inner, [0])
    outer = Plan(3)
    outer.carries, outer.free = [Carry(start, x, made * 0.5)], [Given(p, x)]
    return results(loop, outer, [0]), [x]


@pytest.mark.parametrize("target", TARGETS)
def test_loops_of_loops(target: str) -> None:
    """Each is a function, and so is each step."""
    available(target)
    outputs, inputs = _nested()
    nodes = [*outputs, *gradient(outputs, inputs)]
    want = Program(nodes, inputs)(0.7)
    for got, true in zip(written(target, nodes, inputs)(np.asarray(0.7)), want, strict=True):
        assert differences(got, true, 1e-12) is None


@pytest.mark.parametrize("target", TARGETS)
def test_text_does_not_grow_with_the_steps(target: str) -> None:
    """A million steps are as many lines as two."""
    sizes = []
    for length in (2, 1_000_000):
        x, y = fresh_input("x", (), F64), fresh_input("y", (), F64)
        plan = Plan(length)
        plan.carries = [Carry(y, x, y * 0.5 + 1.0)]
        outputs = results(loop, plan, [0])
        sizes.append(module_text(target, request([*outputs, *gradient(outputs, [x])], [x])).count("\n"))
    assert sizes[0] == sizes[1]


@pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler here")
def test_loops_in_c(tmp_path: Path) -> None:
    """All of them, by a compiler that takes each warning for an error."""
    cases = [_loops(name, backwards, 6) for name in STEPS for backwards in (False, True)]
    nested, x = _nested()
    cases.append(([*nested, *gradient(nested, x)], x))
    asked = [request(outputs, inputs, f"case_{i}") for i, (outputs, inputs) in enumerate(cases)]
    for (outputs, inputs), function in zip(cases, compiled(asked, tmp_path), strict=True):
        arrays = [np.asarray(np.random.default_rng(i).normal(size=n.shape) * 0.5) for i, n in enumerate(inputs)]
        want = Program(outputs, inputs)(*(a if a.shape else a.item() for a in arrays))
        for got, true in zip(function(*arrays), want, strict=True):
            assert differences(got, true, 1e-11) is None


def test_c_has_no_loops_of_other_numbers() -> None:
    """It says of what, and who has."""
    x, y = fresh_input("x", (2,), DType.BOOL), fresh_input("y", (2,), DType.BOOL)
    plan = Plan(6)
    plan.carries = [Carry(y, x, TABLE["logical_not"](y))]
    with pytest.raises(CoreError, match=re.escape("--to c has no `loop`: a loop of 6 steps of other")) as error:
        module_text("c", request(results(loop, plan, [0]), [x]))
    assert "--to numpy" in (error.value.hint or "")
