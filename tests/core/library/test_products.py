"""How many products a graph takes, and of what: what a compiler can't find again, the library has to say."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcli.core.engines.program import Program
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node, fresh_input
from gradcli.core.ir.primitive import Application, operations
from gradcli.core.ir.traversal import reachable
from gradcli.core.library.convolution import conv2d
from gradcli.core.library.einsum import einsum
from gradcli.core.library.functions import matmul, reshape, sum_
from gradcli.core.library.reductions import softmax
from gradcli.core.primitives.elementwise import tanh
from gradcli.core.primitives.linear_algebra import matrix_product
from gradcli.core.primitives.shaping import part
from gradcli.core.transforms.jacobian import hessian
from gradcli.core.transforms.reverse import gradient


def products(outputs: Sequence[Node]) -> list[Application]:
    """The products of matrices of a graph."""
    return [n for n in reachable(outputs) if n.op is matrix_product and isinstance(n, Application)]


def entry(*shape: int, dtype: DType = DType.FLOAT64) -> Node:
    """An input."""
    return fresh_input("x", shape, dtype)


def test_a_stack_times_one_matrix_is_one_product() -> None:
    """And so is the slope by the matrix, which is no sum of products of a stack."""
    x, w = entry(8, 5, 4), entry(4, 3)
    slopes = gradient([sum_(tanh(matmul(x, w)))], [x, w])
    assert sorted(node.shape for node in products(slopes)) == [(4, 3), (40, 3), (40, 4)]
    a, b = np.random.default_rng(0).normal(size=(8, 5, 4)), np.random.default_rng(1).normal(size=(4, 3))
    found = Program(slopes, [x, w])(a, b)
    g = 1 - np.tanh(a @ b) ** 2
    np.testing.assert_allclose(found[0], g @ b.T, atol=1e-14)
    np.testing.assert_allclose(found[1], np.einsum("sij,sik->jk", a, g), atol=1e-13)


@pytest.mark.parametrize("features", [4, 30])
def test_the_hessian_of_a_linear_model_is_one_product(features: int) -> None:
    """X^T diag(s) X: none with the unit tensors that are swept, and one for the values."""
    x, w = entry(50, features), entry(features)
    (block,) = hessian([sum_(tanh(matmul(x, w)))], [w])[0][0]
    assert len(products([block])) == 2
    work = operations(products([block]))
    assert work <= 2 * 50 * features * (features + 1)
    a, at = np.random.default_rng(0).normal(size=(50, features)), np.random.default_rng(1).normal(size=features)
    t = np.tanh(a @ at)
    (found,) = Program([block], [x, w])(a, at)
    np.testing.assert_allclose(found, (a.T * (-2 * t * (1 - t * t))) @ a, atol=1e-12)


def test_the_hessian_by_weights_with_a_bias_beside_them_is_one_product() -> None:
    """Some columns of the identity are no factor either."""
    x, w = entry(50, 4), entry(5)
    (block,) = hessian([sum_(tanh(matmul(x, part(w, 0, 1, 4)) + part(w, 0, 0, 1)))], [w])[0][0]
    assert len(products([block])) == 2
    a, at = np.random.default_rng(0).normal(size=(50, 4)), np.random.default_rng(1).normal(size=5)
    ones = np.concatenate([np.ones((50, 1)), a], axis=1)
    t = np.tanh(ones @ at)
    (found,) = Program([block], [x, w])(a, at)
    np.testing.assert_allclose(found, (ones.T * (-2 * t * (1 - t * t))) @ ones, atol=1e-12)


@pytest.mark.parametrize("channels", [1, 3, 40])
def test_a_convolution_is_one_product_whichever_way_it_is_laid_out(channels: int) -> None:
    """And one more for each slope; many channels come last, few first."""
    x, w = entry(2, channels, 7, 6), entry(5, channels, 3, 2)
    y = conv2d(x, w)
    assert len(products([y])) == 1
    assert len(products(gradient([sum_(tanh(y))], [x, w]))) == 3
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=x.shape), rng.normal(size=w.shape)
    windows = np.lib.stride_tricks.sliding_window_view(a, (3, 2), axis=(2, 3))
    (found,) = Program([y], [x, w])(a, b)
    np.testing.assert_allclose(found, np.einsum("bcijkl,ockl->boij", windows, b), atol=1e-12)


@pytest.mark.parametrize(
    ("subscripts", "shapes", "most"),
    [
        ("ij,jk,k->i", [(60, 50), (50, 40), (40,)], 60 * 50 + 50 * 40),
        ("i,ij,jk->k", [(60,), (60, 50), (50, 40)], 60 * 50 + 50 * 40),
        ("ij,kl,jk,l->i", [(60, 50), (40, 30), (50, 40), (30,)], 40 * 30 + 50 * 40 + 60 * 50),
    ],
)
def test_einstein_sums_go_in_the_cheapest_order(subscripts: str, shapes: list[tuple[int, ...]], most: int) -> None:
    """Whatever order the operands stand in: a matrix meets a vector before it meets another matrix."""
    inputs = [entry(*shape) for shape in shapes]
    result = einsum(subscripts, *inputs)
    assert operations(products([result])) <= 2 * most
    rng = np.random.default_rng(0)
    values = [rng.normal(size=shape) for shape in shapes]
    (found,) = Program([result], inputs)(*values)
    np.testing.assert_allclose(found, np.einsum(subscripts, *values), rtol=1e-12, atol=1e-12)


def test_a_stack_of_small_products_is_one_large_one() -> None:
    """Skinning: each vertex by its bones' transforms, with the weights put to the vertices first."""
    t, v, w = entry(22, 3, 4), entry(500, 4), entry(500, 22)
    shapes = [node.shape for node in products([einsum("bij,vj,vb->vi", t, v, w)])]
    assert [shape for shape in shapes if shape != (500, 4, 22)] == [(3, 500)], shapes


@given(st.lists(st.text("abcde", max_size=3), min_size=1, max_size=7), st.data())
def test_einstein_sums_are_those_of_numpy(terms: list[str], data: st.DataObject) -> None:
    """In whatever order they are computed, with letters that stand twice, or for one operand alone."""
    letters = sorted(set("".join(terms)))
    output = "".join(data.draw(st.lists(st.sampled_from(letters), unique=True))) if letters else ""
    sizes = {c: data.draw(st.integers(1, 4)) for c in letters}
    rng = np.random.default_rng(0)
    values = [rng.normal(size=[sizes[c] for c in term]) for term in terms]
    subscripts = f"{','.join(terms)}->{output}"
    inputs = [entry(*value.shape) for value in values]
    (found,) = Program([einsum(subscripts, *inputs)], inputs)(*values)
    np.testing.assert_allclose(found, np.einsum(subscripts, *values), rtol=1e-9, atol=1e-9)


def test_softmax_takes_each_exponential_once() -> None:
    """In its slope too."""
    x, g = entry(6, 5), entry(6, 5)
    order = reachable([softmax(x), *gradient([sum_(softmax(x) * g)], [x])])
    assert sum(n.kind == "exp" for n in order) == 1


def test_float32_stays_float32() -> None:
    """Nothing between float32 operands and float32 slopes is float64, constants included."""
    x, w = entry(2, 3, 8, 8, dtype=DType.FLOAT32), entry(4, 3, 3, 3, dtype=DType.FLOAT32)
    loss = sum_(softmax(reshape(tanh(conv2d(x, w, padding=1)), (2, 256))) * 0.5)
    order = reachable(gradient([loss], [x, w]))
    assert not [n for n in order if n.dtype is DType.FLOAT64]
