"""Stacks of small matrices, multiplied by machine code."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from gradcli.core.engines.llvm.products import stacks_of
from gradcli.core.engines.program import Program
from gradcli.core.engines.views import view_of
from gradcli.core.ir.nodes import Node, fresh_input
from gradcli.core.ir.shapes import Shape
from gradcli.core.ir.traversal import reachable
from gradcli.core.primitives.shaping import broadcast, take_slice, transpose
from tests.core.engines.harness import F32, F64, has_machine_code, twice
from tests.core.engines.test_moves import moved
from tests.core.sampling import TABLE

matmul = TABLE["matmul"]


def agree(outputs: Sequence[Node], inputs: Sequence[Node]) -> int:
    """By machine code what NumPy gives, to rounding; how many steps were such."""
    rng = np.random.default_rng(3)
    arrays = [rng.normal(size=node.shape).astype(np.dtype(node.dtype.value)) for node in inputs]
    program = Program(outputs, inputs)
    tolerance = 1e-5 if inputs[0].dtype is F32 else 1e-13
    for got, want in zip(twice(program, arrays), Program(outputs, inputs, native=False)(*arrays), strict=True):
        np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance)
    return moved(program)


@has_machine_code
@pytest.mark.parametrize("dtype", [F64, F32], ids=["f64", "f32"])
@pytest.mark.parametrize(
    ("lead", "rows", "inner", "columns", "count"),
    [((26, 5), 4, 4, 4, 4), ((100,), 3, 3, 1, 4), ((7, 2, 3), 1, 6, 5, 3), ((400,), 2, 1, 3, 1), ((4,), 6, 6, 6, 4)],
)
def test_products_of_small_matrices(
    lead: Shape, rows: int, inner: int, columns: int, count: int, dtype: object
) -> None:
    """As they lie, transposed, and of one matrix for all; some are products of elements."""
    kind = F32 if dtype is F32 else F64
    x, y = fresh_input("x", (*lead, rows, inner), kind), fresh_input("y", (*lead, inner, columns), kind)
    turned = fresh_input("t", (*lead, columns, inner), kind)
    one = fresh_input("o", (rows, inner), kind)
    last = (*range(len(lead)), len(lead) + 1, len(lead))
    outputs = [
        matmul(x, y),
        matmul(x, transpose(turned, axes=last)),
        matmul(broadcast(one, shape=x.shape), y),
        matmul(transpose(matmul(x, y), axes=last), x),
    ]
    assert agree(outputs, [x, y, turned, one]) >= count


@has_machine_code
def test_axes_that_do_not_lie_one_behind_the_other() -> None:
    """Of slices, and of stacks whose axes have changed places."""
    x, y = fresh_input("x", (6, 5, 3, 4), F64), fresh_input("y", (5, 6, 4, 2), F64)
    turned = transpose(y, axes=(1, 0, 2, 3))
    part = take_slice(x, ranges=((1, 4, 1), (0, 3, 2), (0, 3, 1), (0, 4, 1)))
    other = take_slice(turned, ranges=((0, 4, 1), (1, 3, 1), (0, 4, 1), (0, 2, 1)))
    assert agree([matmul(x, turned), matmul(part, other)], [x, y]) == 2


def test_what_is_left_to_numpy() -> None:
    """Large matrices, few of them, no stacks, and whole numbers."""
    assert stacks_of(matmul(fresh_input("x", (9, 20, 20), F64), fresh_input("y", (9, 20, 20), F64)), ()) is None
    assert stacks_of(matmul(fresh_input("x", (2, 3, 3), F64), fresh_input("y", (2, 3, 3), F64)), ()) is None
    assert stacks_of(matmul(fresh_input("x", (3, 3), F64), fresh_input("y", (3, 3), F64)), ()) is None
    assert stacks_of(fresh_input("x", (9, 3, 3), F64), ()) is None
    assert stacks_of(matmul(fresh_input("x", (9, 3, 3), F64), fresh_input("y", (9, 3, 3), F64)), ()) is not None


@pytest.mark.parametrize("seed", range(10))
def test_what_a_view_looks_at(seed: int) -> None:
    """The elements that NumPy finds there, through several views of one another."""
    rng = np.random.default_rng(seed)
    shape = tuple(int(n) for n in rng.integers(3, 7, 3))
    x = fresh_input("x", shape, F64)
    array = rng.normal(size=shape)
    node: Node = x
    seen = array
    for _ in range(4):
        match int(rng.integers(3)):
            case 0:
                axes = tuple(int(n) for n in rng.permutation(node.shape.__len__()))
                node, seen = transpose(node, axes=axes), seen.transpose(axes)
            case 1:
                ranges = tuple((int(rng.integers(0, n - 1)), 1 + (n > 4), 1) for n in node.shape)
                ranges = tuple(
                    (min(start, n - count), count, 1) for (start, count, _), n in zip(ranges, node.shape, strict=True)
                )
                node, seen = take_slice(node, ranges=ranges), seen[tuple(slice(a, a + n) for a, n, _ in ranges)]
                break
            case _:
                wanted = (2, *node.shape)
                node, seen = broadcast(node, shape=wanted), np.broadcast_to(seen, wanted)
    view = view_of(node, {*reachable([node])})
    assert view.base is x
    flat = array.reshape(-1)
    there = np.lib.stride_tricks.as_strided(flat[view.start :], node.shape, [8 * step for step in view.steps])
    np.testing.assert_array_equal(there, seen)
