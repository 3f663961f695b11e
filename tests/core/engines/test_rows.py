"""Rows in one stretch: what adds up rows, takes their largest, and what is computed of that, in one fusion group."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from gradcli.core.engines.fusion import Unit
from gradcli.core.engines.numpy import tiles
from gradcli.core.engines.numpy.tiles import Tiles
from gradcli.core.engines.program import Program
from gradcli.core.engines.rows import Rows, rows_of
from gradcli.core.engines.samples import SampleGraph
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Input, Node, fresh_input
from gradcli.core.ir.shapes import Shape
from gradcli.core.primitives.comparisons import less
from gradcli.core.primitives.elementwise import absolute, exp, sin, sqrt
from gradcli.core.primitives.reductions import max_to, sum_to
from gradcli.core.primitives.selection import select
from gradcli.core.transforms.reverse import gradient
from tests.core.engines.harness import F32, F64, has_machine_code, in_machine_code, share_every_step


def softmax(x: Node, axes: int) -> Node:
    """Along all axes but the first."""
    each = (*x.shape[:axes], *(1,) * (len(x.shape) - axes))
    powers = exp(x - max_to(x, shape=each))
    return powers / sum_to(powers, shape=each)


def normed(x: Node, gain: Node, axes: int) -> Node:
    """A layer's normalization."""
    shape = (*x.shape[:axes], *(1,) * (len(x.shape) - axes))
    length = float(np.prod(x.shape[axes:]))
    away = x - sum_to(x, shape=shape) / length
    return away / sqrt(sum_to(away * away, shape=shape) / length + 1e-5) * gain


def ran(outputs: Sequence[Node], inputs: Sequence[Input], arrays: Sequence[Any]) -> tuple[Program, Any, Any]:
    """By machine code, twice, and by NumPy."""
    native, plain = Program(outputs, inputs), Program(outputs, inputs, native=False)
    got, again, want = native(*arrays), native(*arrays), plain(*arrays)
    for one, other in zip(got, again, strict=True):
        np.testing.assert_array_equal(one, other)
    return native, got, want


def in_rows(program: Program) -> list[Tiles]:
    """The groups of a program that are machine code along rows."""
    return [group for group in in_machine_code(program) if group.unit.rows is not None]


def alike(got: Any, want: Any, dtype: DType, terms: int = 1) -> None:
    """To a few units in the last place of what sums of so many terms have."""
    eps = float(np.finfo(dtype.value).eps)
    for one, other in zip(got, want, strict=True):
        assert one.dtype == other.dtype
        assert one.shape == other.shape
        scale = float(np.max(np.abs(other), initial=1.0, where=np.isfinite(other)))
        np.testing.assert_allclose(one, other, rtol=64 * eps, atol=8 * eps * scale * np.sqrt(terms))


SHAPES: list[tuple[Shape, int]] = [
    ((16, 8), 1),
    ((3, 50), 1),
    ((40, 9), 1),
    ((2, 4, 16, 16), 3),
    ((5, 3, 4, 7), 2),
    ((7, 700), 1),
    ((2, 2000), 1),
    ((1, 300), 0),
    ((500,), 0),
    ((260, 300), 1),
]


@has_machine_code
@pytest.mark.parametrize("dtype", [F64, F32], ids=["f64", "f32"])
@pytest.mark.parametrize(("shape", "axes"), SHAPES, ids=str)
def test_layers_of_networks_are_one_call_each(shape: Shape, axes: int, dtype: DType) -> None:
    """Softmax and normalization, with their gradients, for rows of every length that vectors have, in any rank."""
    rng = np.random.default_rng(5)
    x, gain = fresh_input("x", shape, dtype), fresh_input("gain", shape[axes:], dtype)
    weights = rng.normal(size=shape).astype(dtype.value)
    w = fresh_input("w", shape, dtype)
    arrays = [rng.normal(size=shape).astype(dtype.value), rng.normal(size=shape[axes:]).astype(dtype.value), weights]
    for value in (softmax(x, axes), normed(x, gain, axes)):
        total = sum_to(value * w, shape=())
        outputs = [value, total, *gradient([total], [x, gain])]
        program, got, want = ran(outputs, [x, gain, w], arrays)
        assert in_rows(program)
        alike(got, want, dtype, int(np.prod(shape)))


@pytest.fixture
def along_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short rows too, which would be computed sample by sample."""
    monkeypatch.setattr(SampleGraph, "may_pay", lambda self, native: False)


@has_machine_code
@pytest.mark.usefixtures("along_rows")
@pytest.mark.parametrize("length", [8, 13, 40, 257, 2_000])
def test_largest_elements_at_special_points(length: int) -> None:
    """Ties, infinite elements and nan in any lane give what NumPy gives."""
    rng = np.random.default_rng(length)
    rows = max(length, 200) // 4
    values = rng.integers(-2, 3, (rows, length)).astype(float)
    for row, special in zip(values[1:], [np.inf, -np.inf, np.nan, -0.0, 1e308, 5e-324] * (rows // 6), strict=False):
        row[rng.integers(0, length)] = special
    values[0] = -np.inf
    x = fresh_input("x", values.shape, F64)
    largest = max_to(x, shape=(rows, 1))
    outputs = [largest, less(x, largest), absolute(largest), x - largest, sum_to(x, shape=(rows, 1))]
    program, got, want = ran(outputs, [x], [values])
    assert in_rows(program)
    for one, other in zip(got, want, strict=True):
        np.testing.assert_array_equal(one, other)


def _random_graph(rng: np.random.Generator, x: Node, each: Shape, others: Sequence[Node]) -> list[Node]:
    """Some nodes of the shape of x, and of one number for each row, that read one another."""
    whole, numbers = [x, *others], [sum_to(x, shape=each)]
    makers: list[Callable[[], None]] = [
        lambda: whole.append(sin(pick(whole))),
        lambda: whole.append(pick(whole) * pick(numbers)),
        lambda: whole.append(pick(whole) + pick(whole)),
        lambda: numbers.append(sum_to(stretched(), shape=each) / x.shape[-1]),
        lambda: numbers.append(max_to(stretched(), shape=each)),
        lambda: numbers.append(sin(pick(numbers)) - pick(numbers)),
        # What is compared is given: of sums, rounding may decide.
        lambda: whole.append(select(less(pick([x, *others]), others[1]), stretched(), pick(numbers))),
    ]

    def pick(nodes: list[Node]) -> Node:
        return nodes[int(rng.integers(len(nodes)))]

    def stretched() -> Node:
        """Of the shape of x."""
        node = pick(whole)
        return node if node.shape == x.shape else node + x

    for _ in range(14):
        makers[int(rng.integers(len(makers)))]()
    mixed = [node if node.shape == x.shape else node + x for node in (pick(whole), pick(whole), whole[-1])]
    columns = sum_to(mixed[0], shape=x.shape[len(each) - each.count(1) :]) if each[0] != 1 else mixed[0]
    return [*mixed, columns, numbers[-1], pick(numbers), sum_to(mixed[1], shape=())]


@has_machine_code
@pytest.mark.usefixtures("along_rows")
@pytest.mark.parametrize("seed", range(40))
def test_any_graph_along_rows_agrees_with_numpy(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Passes over a row wait for one another as they must, whatever reads what; some rows are on the stack.

    Every second graph is shared by three threads, which add up parts of the sums.
    """
    if seed % 2:
        share_every_step(monkeypatch, tiles, ("NATIVE_TILE",), 500)
    rng = np.random.default_rng(seed)
    shape = (int(rng.integers(2, 30)), int(rng.choice([8, 15, 16, 31, 64, 100, 129, 1_000, 5_000])))
    shape = shape if shape[0] * shape[1] >= 128 else (16, shape[1])
    dtype = F32 if seed % 3 == 0 else F64
    x, column = fresh_input("x", shape, dtype), fresh_input("c", shape[1:], dtype)
    each, number = fresh_input("r", (shape[0], 1), dtype), fresh_input("n", (), dtype)
    outputs = _random_graph(rng, x, (shape[0], 1), [column, each, number])
    arrays = [np.asarray(rng.normal(size=n.shape), dtype.value) for n in (x, column, each, number)]
    program, got, want = ran(outputs, [x, column, each, number], arrays)
    assert in_rows(program)
    alike(got, want, dtype, 100 * shape[1])


@has_machine_code
def test_what_waits_for_something_else_is_another_group() -> None:
    """A product of matrices between two sums of rows."""
    x = fresh_input("x", (32, 32), F64)
    first = softmax(x, 1)
    second = softmax(first @ x, 1)
    values = np.random.default_rng(1).normal(size=(32, 32))
    program, got, want = ran([second], [x], [values])
    assert [group.unit.rows for group in in_rows(program)] == [Rows((32, 32), 1)] * 2
    alike(got, want, F64)


def test_shapes_lie_in_rows_where_something_adds_them_up() -> None:
    """Along the last axes; short rows, rows of other shapes and sums along a middle axis make none."""
    x, y = fresh_input("x", (4, 5, 16), F64), fresh_input("y", (100, 4), F64)
    assert rows_of([sum_to(x, shape=(4, 5, 1))], 128) == {(4, 5, 16): Rows((4, 5, 16), 2)}
    assert rows_of([sum_to(x, shape=(5, 16))], 128) == {(4, 5, 16): Rows((4, 5, 16), 1)}
    assert rows_of([sum_to(x, shape=(4, 1, 16)), sum_to(y, shape=(100, 1))], 128) == {}
    both = [sum_to(x, shape=(4, 5, 1)), sum_to(x, shape=(4, 1, 1)), max_to(x, shape=(4, 1, 1))]
    assert rows_of(both, 128) == {(4, 5, 16): Rows((4, 5, 16), 1)}


def test_sums_that_a_group_ends_with() -> None:
    """A sum of rows is one, and one of all elements, but not that of each row."""
    x = fresh_input("x", (10, 20), F64)
    y = sin(x)
    each, all_rows, total = sum_to(y, shape=(10, 1)), sum_to(y, shape=(20,)), sum_to(y, shape=())
    unit = Unit((y, each, all_rows, total), (each, all_rows, total), True, rows=Rows((10, 20), 1))
    assert unit.sums == (all_rows, total)
    assert unit.shape == (10, 20)
