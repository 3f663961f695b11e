"""Tensors that machine code puts together from parts of others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from gradcli.core.engines.moves import moves_of
from gradcli.core.engines.numpy.called import Called
from gradcli.core.engines.numpy.schedule import ArrayProgram
from gradcli.core.engines.program import Program
from gradcli.core.ir.nodes import Node, fresh_input
from gradcli.core.ir.shapes import Shape
from gradcli.core.primitives.elementwise import sin
from gradcli.core.primitives.shaping import broadcast, concatenate, pad, reshape, take_slice, transpose
from tests.core.engines.harness import F32, F64, has_machine_code, twice
from tests.core.sampling import TABLE


def moved(program: Program) -> int:
    """How many steps of a program are such."""
    calls = program._compiled._calls if isinstance(program._compiled, ArrayProgram) else []
    return sum(isinstance(step.function, Called) for *_, step in calls)


def agree(outputs: Sequence[Node], inputs: Sequence[Node], seed: int = 0) -> int:
    """By machine code to the last bit what NumPy gives; how many steps were such."""
    rng = np.random.default_rng(seed)
    arrays = [rng.normal(size=node.shape).astype(node.dtype.value) for node in inputs]
    program = Program(outputs, inputs)
    for got, want in zip(twice(program, arrays), Program(outputs, inputs, native=False)(*arrays), strict=True):
        assert np.asarray(want).dtype == got.dtype
        np.testing.assert_array_equal(got, want)
    return moved(program)


def windows(x: Node, size: int, step: int) -> list[Node]:
    """Those of an image, one slice for each place in a window."""
    *lead, height, width = x.shape
    rows, columns = (height - size) // step + 1, (width - size) // step + 1
    whole = [(0, n, 1) for n in lead]
    return [
        take_slice(x, ranges=(*whole, (i, rows, step), (j, columns, step))) for i in range(size) for j in range(size)
    ]


@has_machine_code
@pytest.mark.parametrize("dtype", [F64, F32], ids=["f64", "f32"])
@pytest.mark.parametrize(
    ("shape", "size", "step"), [((4, 6, 14, 14), 5, 1), ((2, 3, 12, 30), 3, 2), ((20, 70), 2, 1), ((5, 9, 41), 4, 3)]
)
def test_windows_of_an_image(shape: Shape, size: int, step: int, dtype: object) -> None:
    """Joined along an axis, and their adjoint, which adds them up where they came from."""
    x = fresh_input("x", shape, F32 if dtype is F32 else F64)
    found = windows(x * 2.0, size, step)
    joined = concatenate(*found, axis=len(shape) - 3 if len(shape) > 2 else 0)
    ranges = [part.attrs["ranges"] for part in windows(x, size, step)]
    inputs = [fresh_input(f"g{i}", found[0].shape, x.dtype) for i in range(len(found))]
    total = pad(inputs[0], ranges=ranges[0], shape=shape)
    for g, place in zip(inputs[1:], ranges[1:], strict=True):
        total = total + pad(g, ranges=place, shape=shape)
    assert agree([joined, total], [x, *inputs]) == 2


@has_machine_code
@pytest.mark.parametrize("seed", range(12))
def test_any_parts(seed: int) -> None:
    """Slices with steps, whole tensors and slices that others read as well, joined along any axis."""
    rng = np.random.default_rng(seed)
    rank = int(rng.integers(1, 4))
    axis = int(rng.integers(rank))
    common = [int(n) for n in rng.integers(5, 12, rank)]
    parts: list[Node] = []
    inputs = []
    for i in range(int(rng.integers(2, 6))):
        shape = [n if j != axis else int(rng.integers(1, 40)) for j, n in enumerate(common)]
        steps = [int(n) for n in rng.integers(1, 4, rank)]
        starts = [int(n) for n in rng.integers(0, 3, rank)]
        whole = tuple(s + (n - 1) * t + 1 + s for n, s, t in zip(shape, starts, steps, strict=True))
        x = fresh_input(f"x{i}", whole if i else tuple(shape), F64)
        inputs.append(x)
        ranges = tuple(zip(starts, shape, steps, strict=True))
        parts.append(take_slice(x, ranges=ranges) if i else x)
    joined = concatenate(*parts, axis=axis)
    outputs = [joined * 2.0, joined, parts[-1] * 2.0]
    worth = moves_of(joined, {*inputs}) is not None
    assert agree(outputs, inputs, seed) == worth


def test_what_is_no_matter_of_parts() -> None:
    """Other nodes, whole numbers, and what is so small that a call of NumPy does it."""
    x = fresh_input("x", (300,), F64)
    assert moves_of(sin(x), {x}) is None
    assert moves_of(x, {x}) is None
    small = fresh_input("y", (5,), F64)
    assert moves_of(concatenate(small, small, axis=0), {small}) is None
    assert moves_of(concatenate(x, x, axis=0), {x}) is not None


@has_machine_code
def test_what_only_a_view_of_is_in_memory() -> None:
    """Numbers that Python computes, of which a step gives a transpose or a slice and not the whole."""
    p, q = fresh_input("p", (3, 3), F64), fresh_input("q", (3, 3), F64)
    stack, line = fresh_input("stack", (50, 3, 3), F64), fresh_input("line", (200,), F64)
    small: Node = p
    for _ in range(6):
        small = sin(small * q + p) * 0.5 - q
    turned = transpose(small, axes=(1, 0))
    part = reshape(take_slice(small, ranges=((0, 2, 1), (1, 2, 1))), shape=(4,))
    for outputs in (
        [TABLE["matmul"](stack, broadcast(turned, shape=stack.shape))],
        [concatenate(line, part, line, axis=0), sin(line) * line + line],
        [TABLE["matmul"](stack, broadcast(turned, shape=stack.shape)), small],
    ):
        rng = np.random.default_rng(0)
        arrays = [rng.normal(size=node.shape) for node in (p, q, stack, line)]
        got = twice(Program(outputs, [p, q, stack, line]), arrays)
        want = Program(outputs, [p, q, stack, line], native=False)(*arrays)
        for one, other in zip(got, want, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-14)


@has_machine_code
def test_what_is_stretched_is_read_again_and_again() -> None:
    """One element for a whole row, and one row for all."""
    x, row, one = fresh_input("x", (30, 20), F64), fresh_input("row", (20,), F64), fresh_input("one", (30, 1), F64)
    parts = [x, broadcast(row, shape=(30, 20)), broadcast(one, shape=(30, 20))]
    assert agree([concatenate(*parts, axis=0), concatenate(*parts, axis=1), x * 2.0 + x * 4.0], [x, row, one]) == 2
