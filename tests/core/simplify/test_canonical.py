"""Few operations for many: what is rewritten gives the same numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from operator import mul
from typing import Any

import numpy as np
import pytest

from gradcli.core.engines.constants import computed
from gradcli.core.engines.program import Program
from gradcli.core.ir.nodes import Node, constant, fresh_input
from gradcli.core.ir.primitive import Application, operations
from gradcli.core.ir.promotion import stretch
from gradcli.core.ir.shapes import size_of
from gradcli.core.ir.traversal import reachable
from gradcli.core.primitives.constants import identity
from gradcli.core.primitives.elementwise import reciprocal
from gradcli.core.primitives.reductions import sum_to
from gradcli.core.primitives.shaping import part, reshape, transpose
from gradcli.core.simplify.canonical import canonical
from gradcli.core.transforms.reverse import gradient
from tests.core.engines.harness import (
    F64,
    normal,
)
from tests.core.sampling import TABLE, run

matmul = TABLE["matmul"]


def test_signs_and_numbers_meet() -> None:
    """What is written with several operations is run with few, and says the same."""
    x, y = fresh_input("x", (3,), F64), fresh_input("y", (3,), F64)
    three = {
        (-x) * (-y): ["multiply"],
        (x * 2.0) * (y * 0.5): ["multiply"],
        x + (-y): ["subtract"],
        x - (-y): ["add"],
        x / 4.0: ["multiply"],
        x / 3.0: ["divide"],
        TABLE["constant_power"](x, exponent=2.0): ["multiply"],
        TABLE["constant_power"](x, exponent=3.0): ["multiply", "multiply"],
        y * reciprocal(x): ["divide"],
        matmul(stretch(x, (1, 3)), transpose(stretch(y, (1, 3)), axes=(1, 0))): ["broadcast", "reshape", "matmul"],
    }
    for node, wanted in three.items():
        (done,), _ = canonical([node], reachable([node]), [x, y], computed)
        found = [n.kind for n in reachable([done]) if isinstance(n, Application)]
        assert sorted(found) == sorted(wanted), node
        arrays = [normal((3,), 3), normal((3,), 4)]
        np.testing.assert_allclose(run([done], [x, y], arrays)[0], run([node], [x, y], arrays)[0], rtol=1e-15)


def test_a_column_times_a_row_is_no_matrix_product() -> None:
    """Each element is one product; a constant column needs none."""
    x, w = fresh_input("x", (5, 1), F64), fresh_input("w", (1, 4), F64)
    (done,), _ = canonical([matmul(x, w)], reachable([matmul(x, w)]), [x, w], computed)
    assert [n.kind for n in reachable([done]) if n.args] == ["multiply"]
    ones = stretch(constant(1.0, F64), (5, 1))
    (plain,), _ = canonical([matmul(ones, w)], reachable([matmul(ones, w)]), [w], computed)
    assert [n.kind for n in reachable([plain]) if n.args] == ["broadcast"]


def test_products_that_are_added_up_are_not_kept() -> None:
    """Along leading and middle axes, in one pass; what else needs the products, or small ones, stays as it is."""
    x, y = fresh_input("x", (60, 5, 70), F64), fresh_input("y", (60, 5, 70), F64)
    arrays = [normal((60, 5, 70), 1), normal((60, 5, 70), 2)]
    for shape in ((60, 1, 70), (1, 1, 70), (5, 70), (70,)):
        total = sum_to(x * y, shape=shape)
        (done,), _ = canonical([total], reachable([total]), [x, y], computed)
        assert done.kind == "sum_of_products"
        np.testing.assert_allclose(Program([total], [x, y])(*arrays)[0], run([total], [x, y], arrays)[0], rtol=1e-13)
    for outputs in (
        [sum_to(x * y, shape=(60, 5, 1))],
        [sum_to(x * y, shape=(5, 70)), x * y],
        [sum_to(x * y, shape=())],
    ):
        assert all(
            node.kind != "sum_of_products" for node in canonical(outputs, reachable(outputs), [x, y], computed)[1]
        )


def test_sums_of_parts_grow_with_the_number_of_parts() -> None:
    """However many are added up, each is written once; a sum that is needed elsewhere too is added as a whole."""

    def nodes_for(count: int) -> int:
        x = fresh_input("x", (count,), F64)
        value = reduce(mul, (reshape(part(x, 0, i, 1), shape=()) for i in range(count)))
        outputs = gradient([value], [x])
        done, order = canonical(outputs, reachable(outputs), [x], computed)
        array = normal((count,), count) + 3.0
        np.testing.assert_allclose(run(done, [x], [array])[0], np.prod(array) / array, rtol=1e-12)
        assert sum(node.kind == "sum_of_pads" for node in order) == 1
        return sum(1 + len(node.args) for node in order)

    small, large = nodes_for(20), nodes_for(80)
    assert large < 4.5 * small

    x = fresh_input("x", (3,), F64)
    first, second, third = (TABLE["pad"](part(x, 0, i, 1) * 2.0, ranges=((i, 1, 1),), shape=(3,)) for i in range(3))
    shared = first + second
    outputs = [shared, shared + third, TABLE["sin"](shared) * (third + first)]
    done, order = canonical(outputs, reachable(outputs), [x], computed)
    assert sum(node.kind == "sum_of_pads" for node in order) == 3
    array = normal((3,), 0)
    for one, other in zip(run(done, [x], [array]), run(outputs, [x], [array]), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-15)


def test_what_is_done_in_one_pass_has_its_adjoint() -> None:
    """Sums of paddings, and of products."""
    x, y = fresh_input("x", (60, 5, 70), F64), fresh_input("y", (60, 5, 70), F64)
    z = fresh_input("z", (4,), F64)
    pads = [TABLE["pad"](part(z, 0, i, 2), ranges=((i, 2, 1),), shape=(4,)) for i in range(3)]
    cases: list[tuple[list[Node], list[Node]]] = [
        ([sum_to(x * y, shape=(1, 70))], [x, y]),
        ([pads[0] + pads[1] + pads[2]], [z]),
    ]
    for outputs, inputs in cases:
        (done,), _ = canonical(outputs, reachable(outputs), inputs, computed)
        assert done.kind in ("sum_of_products", "sum_of_pads")
        arrays = [normal(node.shape, i) for i, node in enumerate(inputs)]
        slopes = [gradient([node * node], inputs) for node in (done, outputs[0])]
        for one, other in zip(*(run(list(found), inputs, arrays) for found in slopes), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-12)


def test_known_tensors_are_computed_once() -> None:
    """The identity is made of numbers that are stretched, counted and compared."""
    x = fresh_input("x", (3, 3), F64)
    (done,), order = canonical([x * identity(3, F64)], reachable([x * identity(3, F64)]), [x], computed)
    assert [node.kind for node in order if node.args] == ["multiply"]
    np.testing.assert_array_equal(run([done], [x], [np.ones((3, 3))])[0], np.eye(3))


@pytest.mark.parametrize(
    ("product", "works"),
    [
        (lambda a, b, v: (a @ b) @ v, 2 * 2 * 30 * 40),
        (lambda a, b, v: ((a @ b) @ a) @ (b @ v), 4 * 2 * 30 * 40),
        (lambda a, b, v: (a @ b) @ (v + (a @ b) @ v), 2 * 30 * 30 * 40 + 2 * 30 * 30 * 2),
    ],
)
def test_chains_of_products_are_multiplied_in_the_cheapest_order(
    product: Callable[[Node, Node, Node], Node], works: int
) -> None:
    """A vector goes through a product of matrices without it, but where that is needed for something else."""
    inputs = [fresh_input("x", shape, F64) for shape in ((30, 40), (40, 30), (30, 1))]
    arrays = [normal(node.shape, i) for i, node in enumerate(inputs)]
    node = product(*inputs)
    (done,), order = canonical([node], reachable([node]), inputs, computed)
    assert operations([n for n in order if n.kind == "matmul"]) <= works
    np.testing.assert_allclose(run([done], inputs, arrays)[0], run([node], inputs, arrays)[0], rtol=1e-12, atol=1e-10)


def test_what_moves_there_and_back_does_not_move() -> None:
    """Shapes on the way are forgotten, and axes move once; what is computed lies as its large operand does."""
    x, s = fresh_input("x", (5, 4), F64), fresh_input("s", (5,), F64)
    reshape, swap = TABLE["reshape"], {"axes": (1, 0)}
    there = reshape(transpose(reshape(x, shape=(5, 1, 4)), axes=(1, 0, 2)), shape=(4, 5))
    turned = transpose(x, axes=(1, 0))
    cases = {
        there: ["reshape"],
        reshape(there, shape=(5, 4)): [],
        transpose(transpose(turned, **swap), **swap): ["transpose"],
        transpose(turned, **swap): [],
        matmul(turned * s, x): ["matmul", "multiply", "reshape", "transpose"],
    }
    arrays = [normal((5, 4), 1), normal((5,), 2)]
    for node, wanted in cases.items():
        (done,), order = canonical([node], reachable([node]), [x, s], computed)
        assert sorted(n.kind for n in order if isinstance(n, Application)) == wanted
        assert not [n for n in order if n.kind == "multiply" and n.shape != (5, 4)]
        np.testing.assert_allclose(run([done], [x, s], arrays)[0], run([node], [x, s], arrays)[0], rtol=1e-13)


def _done(output: Node, inputs: Sequence[Node]) -> tuple[list[Application], Any, Any]:
    """The applications of the canonical form, its value, and that of the graph as it is."""
    (done,), order = canonical([output], reachable([output]), inputs, computed)
    arrays = [normal(node.shape, 5 + i) for i, node in enumerate(inputs)]
    assert done.shape == output.shape
    applications = [node for node in order if isinstance(node, Application)]
    return applications, run([done], inputs, arrays)[0], run([output], inputs, arrays)[0]


@pytest.mark.parametrize("axes", [(1, 2, 0), (2, 0, 1), (0, 2, 1), (1, 0, 2), (2, 1, 0)])
def test_what_is_transposed_is_computed_as_it_lies(axes: tuple[int, ...]) -> None:
    """With whole tensors that are transposed alike, and with smaller ones; sums over axes too; then moved once."""
    x, y = fresh_input("x", (2, 3, 4), F64), fresh_input("y", (2, 3, 4), F64)
    shape = tuple((2, 3, 4)[axis] for axis in axes)
    row, column = fresh_input("row", shape[-1:], F64), fresh_input("column", (*shape[:-1], 1), F64)
    turned = TABLE["transpose"](x, axes=axes) * row + TABLE["exp"](TABLE["transpose"](y, axes=axes)) * column - 2.0
    for output in (
        turned,
        *(TABLE["sum_to"](turned, shape=s) for s in ((1, 1, 1), (), shape[-1:], (*shape[:2], 1), (1, *shape[1:]))),
        *(TABLE["sum_to"](turned, shape=s) for s in ((shape[1], 1), (shape[0], 1, 1))),
    ):
        applications, got, want = _done(output, [x, y, row, column])
        np.testing.assert_allclose(got, want, rtol=1e-13)
        assert all(node.shape == (2, 3, 4) for node in applications if node.op.pointwise and size_of(node.shape) == 24)
    there = tuple(sorted(range(3), key=axes.__getitem__))
    applications, got, want = _done(TABLE["transpose"](turned, axes=there), [x, y, row, column])
    assert not [node for node in applications if node.kind == "transpose" and size_of(node.shape) == 24]
    np.testing.assert_allclose(got, want, rtol=1e-15)


def test_what_is_only_read_transposed_is_computed_so() -> None:
    """Where it is made of smaller tensors and its rows are longer then; not where it is read as it is too."""
    x, m, w = fresh_input("x", (40, 2), F64), fresh_input("m", (3, 2), F64), fresh_input("w", (3, 5, 2), F64)
    apart = reshape(x, shape=(40, 1, 2)) - m
    read = matmul(w, TABLE["transpose"](apart, axes=(1, 2, 0)))
    squares = matmul(read, TABLE["transpose"](apart, axes=(1, 0, 2)))
    applications, got, want = _done(squares, [x, m, w])
    np.testing.assert_allclose(got, want, rtol=1e-13)
    assert [node.shape for node in applications if node.kind == "subtract"] == [(3, 2, 40)]
    both = TABLE["sum_to"](apart, shape=(1, 3, 1)) + TABLE["sum_to"](squares, shape=(1, 1, 1))
    applications, got, want = _done(both, [x, m, w])
    np.testing.assert_allclose(got, want, rtol=1e-13)
    assert [node.shape for node in applications if node.kind == "subtract"] == [(40, 3, 2)]


def test_what_is_transposed_and_what_is_not_stay_where_they_are() -> None:
    """There is nothing to gain: one of them lies otherwise."""
    x, y = fresh_input("x", (3, 4), F64), fresh_input("y", (4, 3), F64)
    applications, got, want = _done(TABLE["transpose"](x, axes=(1, 0)) * y, [x, y])
    assert [node.kind for node in applications] == ["transpose", "multiply"]
    np.testing.assert_array_equal(got, want)


def test_what_is_stretched_and_transposed_is_stretched_after_it() -> None:
    """A mask of rows that is moved stays one of columns, whatever it is compared with."""
    x, m = fresh_input("x", (5, 2, 6), F64), fresh_input("m", (6, 5, 1), F64)
    mask = TABLE["not_equal"](TABLE["transpose"](stretch(m, (6, 5, 2)), axes=(1, 2, 0)), 0.0)
    applications, got, want = _done(TABLE["select"](mask, x, 0.0), [x, m])
    np.testing.assert_array_equal(got, want)
    assert [node.kind for node in applications if size_of(node.shape) == 60] == ["select"]


def test_numbers_go_to_the_smaller_factor_and_signs_out_of_sums() -> None:
    """Fewer elements are multiplied, and rounding is the same for signs and powers of two."""
    x, c = fresh_input("x", (4, 6), F64), fresh_input("c", (4, 1), F64)
    applications, got, want = _done((x * 2.0) * c, [x, c])
    assert [(node.kind, node.shape) for node in applications] == [("multiply", (4, 1)), ("multiply", (4, 6))]
    np.testing.assert_array_equal(got, want)
    applications, got, want = _done(TABLE["sum_to"](-x, shape=(1, 6)), [x, c])
    assert [(node.kind, node.shape) for node in applications] == [("sum_to", (1, 6)), ("negate", (1, 6))]
    np.testing.assert_array_equal(got, want)
