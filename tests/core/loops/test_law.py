"""A loop as a node gives what its steps give one by one, in every mode, at every order, and batched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from gradcli.core.engines.program import Program
from gradcli.core.ir.nodes import Node, filled, fresh_input
from gradcli.core.ir.promotion import stretch
from gradcli.core.ir.shapes import Shape
from gradcli.core.ir.traversal import reachable, substitute
from gradcli.core.loops import merging
from gradcli.core.transforms.batching import batch
from gradcli.core.transforms.forward import jvp
from gradcli.core.transforms.jacobian import hessian, jacobian
from gradcli.core.transforms.laplacian import laplacian
from gradcli.core.transforms.reverse import gradient
from gradcli.core.transforms.taylor import along, partials
from tests.core.loops.steps import F64, STEPS, Step, as_loop, inputs_of, written_out

Nodes = Sequence[Node]


def _higher(outputs: Nodes, inputs: Nodes) -> Nodes:
    first = gradient(outputs, inputs)
    return (*gradient(first, inputs), *jvp(first, inputs, [i * 0.5 for i in inputs]))


def _third(outputs: Nodes, inputs: Nodes) -> Nodes:
    return gradient(gradient(gradient(outputs, inputs), inputs), inputs)


def _taylor(outputs: Nodes, inputs: Nodes) -> Nodes:
    lines = along(outputs, {i: i * 0.3 + 0.1 for i in inputs}, 5)
    return [node for line in lines for node in line]


def _partials(outputs: Nodes, inputs: Nodes) -> Nodes:
    found = partials(outputs, [[inputs[0]], [inputs[3]]], 3)
    powers = [(i, j) for i in range(4) for j in range(4 - i)]
    # What is 0 everywhere may be left out.
    return [of.get(power, filled(0.0, node)) for of, node in zip(found, outputs, strict=True) for power in powers]


def _hessian(outputs: Nodes, inputs: Nodes) -> Nodes:
    return [b for rows in hessian(outputs, [inputs[0], inputs[3]]) for row in rows for b in row]


def _jacobians(outputs: Nodes, inputs: Nodes) -> Nodes:
    both = [jacobian(outputs, inputs, mode) for mode in ("forward", "reverse")]
    return [b for blocks in both for row in blocks for b in row]


def _batched(outputs: Nodes, inputs: Nodes) -> Nodes:
    found: list[Node] = []
    for which in ([0], [2], [3], [0, 1, 2, 3]):
        samples: dict[Node, Node] = {inputs[i]: fresh_input("b", (2, *inputs[i].shape), F64) for i in which}
        many = batch([*outputs, *gradient(outputs, inputs)], samples, 2)
        whole = {sample: stretch(node, sample.shape) * 1.25 for node, sample in samples.items()}
        found += substitute(many, whole)
    return found


MODES: dict[str, Callable[[Nodes, Nodes], Nodes]] = {
    "value": lambda outputs, inputs: outputs,
    "reverse": gradient,
    "forward": lambda outputs, inputs: jvp(outputs, inputs, [i * 1.5 for i in inputs]),
    "reverse, then both": _higher,
    "reverse three times": _third,
    "Taylor": _taylor,
    "partials of two variables": _partials,
    "Hessian": _hessian,
    "Jacobians": _jacobians,
    "Laplacian": lambda outputs, inputs: laplacian(outputs, [inputs[0], inputs[3]]),
    "batched": _batched,
}


def _values(shape: Shape, length: int) -> list[Any]:
    rng = np.random.default_rng(length)
    arrays = [rng.normal(size=shape) * 0.7, rng.normal(size=shape), rng.normal(size=(length, *shape)), np.array(0.8)]
    return [a.item() if a.shape == () else a for a in arrays]


def _compare(step: Step, shape: Shape, length: int, mode: str, backwards: bool = False) -> None:
    found = []
    values = _values(shape, length)
    for build in (as_loop, written_out):
        inputs = inputs_of(shape, length)
        outputs = MODES[mode](build(step, inputs, length, backwards), inputs)
        found.append(Program(outputs, inputs)(*values))
    assert len(found[0]) == len(found[1]) > 0
    for one, other in zip(*found, strict=True):
        assert np.shape(one) == np.shape(other)
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", STEPS)
def test_every_mode(name: str, mode: str) -> None:
    """What the law says of a loop is what follows from its steps."""
    _compare(*STEPS[name], 4, mode)


@pytest.mark.parametrize("length", [1, 2, 3])
@pytest.mark.parametrize("name", ["coupled numbers", "mixed"])
def test_few_steps_and_backwards(name: str, length: int) -> None:
    """From one step on, and with the last slice first."""
    for mode in ("value", "reverse", "reverse, then both", "batched"):
        _compare(*STEPS[name], length, mode)
        _compare(*STEPS[name], length, mode, backwards=True)


@pytest.mark.parametrize("length", [5, 7, 9, 12])
@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("name", ["coupled numbers", "corners", "mixed"])
def test_kept_carries_in_pieces(name: str, backwards: bool, length: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where carries take more memory than may be kept, a loop is one of loops, which changes no derivative."""
    monkeypatch.setenv("GRADCLI_MAX_KEPT", str(8 / 2**20))
    # Where pieces end is the same in all modes, so that two lengths are enough for those that take long.
    for mode in ("value", "reverse", *(("reverse, then both", "batched") if length in (7, 12) else ())):
        _compare(*STEPS[name], length, mode, backwards)


def test_what_is_kept_grows_as_the_root_of_the_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """No tensor of a gradient has the carries of all steps, where they would be too much."""
    step, shape = STEPS["coupled vectors"]
    sizes = {}
    for most in (2**28, 2**10):
        monkeypatch.setenv("GRADCLI_MAX_KEPT", str(most / 2**20))
        inputs = inputs_of(shape, 400)
        outputs = as_loop(step, inputs, 400)[:1]
        order = reachable(gradient(outputs, inputs[:1]))
        own = {node.shape for node in order if node.kind == "loop"}
        sizes[most] = max(int(np.prod(shape)) for shape in own)
    assert sizes[2**28] >= 400 * 3
    assert sizes[2**10] < 400 * 3 / 5


def test_a_graph_does_not_grow_with_the_steps() -> None:
    """A loop of any length is as many nodes, and so are its derivatives."""
    step, shape = STEPS["coupled numbers"]
    counts = []
    for length in (10, 100_000):
        inputs = inputs_of(shape, length)
        outputs = as_loop(step, inputs, length)
        counts.append(len(reachable(_higher(outputs, inputs))))
    assert counts[0] == counts[1]


def test_a_value_and_its_gradient_share_their_steps() -> None:
    """The loop itself and the one that keeps its carries are run as one; so are loops of one recurrence."""
    step, shape = STEPS["coupled numbers"]
    inputs = inputs_of(shape, 5)
    outputs = as_loop(step, inputs, 5)[:1]
    nodes = reachable([*outputs, *gradient(outputs, inputs)])
    loops = [node for node in nodes if node.kind == "loop"]
    assert len(loops) == 3
    found = merging.merged(loops)
    assert sum(node in found for node in loops) == 2
    assert len({node for whole in found.values() for node in reachable([whole]) if node.kind == "loop"}) == 1


def test_no_step_at_all() -> None:
    """Carries stay, sums are 0, stacks are empty."""
    step, shape = STEPS["coupled vectors"]
    inputs = inputs_of(shape, 0)
    outputs = as_loop(step, inputs, 0)
    y, z, total, kept = Program(outputs, inputs)(*_values(shape, 0))
    np.testing.assert_array_equal(y, _values(shape, 0)[0])
    np.testing.assert_array_equal(z, _values(shape, 0)[1])
    assert np.shape(kept) == (0, 3)
    np.testing.assert_array_equal(total, np.zeros(3))
