"""Batching undone: what was applied to many samples is found to be what it is for one."""

from __future__ import annotations

import numpy as np
import pytest

from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node, fresh_input
from gradcli.core.ir.traversal import reachable
from gradcli.core.library.functions import matmul
from gradcli.core.primitives.elementwise import add
from gradcli.core.primitives.reductions import sum_to
from gradcli.core.primitives.shaping import flip, part, reshape, transpose
from gradcli.core.transforms.batching import batch
from gradcli.core.transforms.one_sample import of_one_sample
from tests.core.primitives.test_table import CALLS, each
from tests.core.sampling import Call, draw, inputs_for, run

SAMPLES = 11
F64 = DType.FLOAT64


def of_one(outputs: list[Node], samples: dict[Node, Node]) -> list[Node | None]:
    """What the outputs are for one sample, None where some node on the way is nothing for one."""
    found = dict(samples)
    for node in reachable(outputs):
        one = None if node in found else of_one_sample(node, SAMPLES, found)
        if one is not None:
            found[node] = one
    return [found.get(node) for node in outputs]


@each("call", [c for c in CALLS if not c.primitive.integers])
def test_what_is_batched_is_found_to_be_what_it_was(call: Call) -> None:
    """For every entry: its batch, taken for one sample, gives each sample's value."""
    rng = np.random.default_rng(0)
    drawn = [draw(call, rng) for _ in range(SAMPLES)]
    inputs = inputs_for(drawn[0])
    if not inputs:
        pytest.skip("nothing to take samples of")
    many = {x: fresh_input("many", (SAMPLES, *x.shape), x.dtype) for x in inputs}
    (whole,) = batch([call.primitive(*inputs, **call.attrs)], many, SAMPLES)
    (one,) = of_one([whole], {node: x for x, node in many.items()})
    if one is None:
        # Stacks of matrices with a matrix that is the same for all are one product; here all have samples.
        pytest.fail(f"{whole} has no sample")
    arrays = [np.stack(rows) for rows in zip(*drawn, strict=True)]
    (want,) = run([whole], [*many.values()], arrays)
    for i, sample in enumerate(drawn):
        np.testing.assert_allclose(run([one], inputs, sample)[0], want[i], rtol=1e-12, atol=1e-14)


def test_what_mixes_samples_has_none() -> None:
    """Moved to another axis, turned round, added up, cut, put in other rows, or read by samples that are no samples."""
    x = fresh_input("x", (SAMPLES, 3), F64)
    samples: dict[Node, Node] = {x: fresh_input("sample", (3,), F64)}
    square = matmul(transpose(x, axes=(1, 0)), x)
    mixed = [
        *(transpose(x, axes=(1, 0)), flip(x, axes=(0,)), sum_to(x, shape=(1, 3)), part(x, 0, 1, 4)),
        *(reshape(x, shape=(3, SAMPLES)), square, add(x, part(flip(x, axes=(0,)), 0, 0, SAMPLES))),
    ]
    assert of_one(mixed, samples) == [None] * len(mixed)


def test_what_is_the_same_for_all_is_read_as_it_is() -> None:
    """A row, a number, and one row with an axis for samples."""
    x = fresh_input("x", (SAMPLES, 3), F64)
    one = fresh_input("sample", (3,), F64)
    for shape in ((3,), (), (1, 3)):
        same = fresh_input("same", shape, F64)
        (found,) = of_one([x * same], {x: one})
        assert found is not None
        arrays = [np.arange(3.0), np.full(shape, 2.0)]
        np.testing.assert_array_equal(run([found], [one, same], arrays)[0], [0.0, 2.0, 4.0])


def test_rows_times_a_matrix_are_each_a_row_times_it() -> None:
    """That is what batching makes of a product of a vector and a matrix that is the same for all."""
    v, w = fresh_input("v", (3,), F64), fresh_input("w", (2, 3), F64)
    many = fresh_input("many", (SAMPLES, 3), F64)
    (whole,) = batch([matmul(w, v)], {v: many}, SAMPLES)
    (one,) = of_one([whole], {many: v})
    assert one is not None
    arrays = [np.arange(3.0), np.arange(6.0).reshape(2, 3)]
    np.testing.assert_array_equal(run([one], [v, w], arrays)[0], arrays[1] @ arrays[0])
