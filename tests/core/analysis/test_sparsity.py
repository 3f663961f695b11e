"""Patterns and colours against dense matrices, and how much work they may be."""

from __future__ import annotations

import gc
import weakref
from typing import TypeAlias

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcli.core.analysis import compressed, sparsity
from gradcli.core.analysis.compressed import sparse_jacobian
from gradcli.core.analysis.dependence import Allowance, DenseError, Indices, Sets
from gradcli.core.analysis.sparsity import Pattern, colours, pattern
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node, array_constant, fresh_input
from gradcli.core.library.functions import matmul, sum_
from gradcli.core.primitives.elementwise import tanh
from gradcli.core.primitives.shaping import part
from gradcli.session.results import Shown, SparseMatrix
from tests.language.running import error, passes, run, value


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    """Each test searches anew."""
    compressed._here.forget()


NETWORK = """X = uniform((20, 2))
def loss(w):
    a = tanh(X @ reshape(w[:{two}], (2, {h})) + w[{two}:{three}])
    return mean((tanh(a @ reshape(w[{three}:{all}], ({h}, {h}))) @ w[:{h}] - sum(X, 1))^2)
w = 0.1 * normal(({all},))
"""


def network(h: int) -> str:
    """A loss of all the weights of a small network."""
    return NETWORK.format(h=h, two=2 * h, three=3 * h, all=3 * h + h * h)


Matrix: TypeAlias = "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]"


def drawn(height: int, width: int, density: float, seed: int) -> tuple[Pattern, Matrix]:
    """A pattern, and the same as a matrix."""
    dense = np.random.default_rng(seed).random((height, width)) < density
    return Pattern((height, width), *np.nonzero(dense)), dense


SIZES = st.integers(0, 12)
DENSITIES = st.sampled_from([0.0, 0.1, 0.4, 0.9, 1.0])


def numbered(sets: Sets, dense: Matrix) -> Indices:
    """The rows of a matrix as numbers of sets."""
    rows, columns = np.nonzero(dense)
    return sets.united(rows, sets.singles()[columns], len(dense))


def written_out(sets: Sets, labels: Indices) -> Matrix:
    """Numbers of sets as the rows of a matrix."""
    found = np.zeros((len(labels), sets.width), bool)
    found[np.repeat(np.arange(len(labels)), sets.lengths(labels)), sets.listed(labels)] = True
    return found


@given(height=SIZES, middle=SIZES, width=SIZES, first=DENSITIES, second=DENSITIES, seed=st.integers(0, 99))
def test_sets_unite_like_matrices_multiply(
    height: int, middle: int, width: int, first: float, second: float, seed: int
) -> None:
    """Whether they are full or not; and they join as matrices add up."""
    map_, m = drawn(height, middle, first, seed)
    s, t = drawn(middle, width, second, seed + 1)[1], drawn(middle, width, first, seed + 2)[1]
    sets = Sets(width, Allowance(1e6, (height, width)))
    inner, other = numbered(sets, s), numbered(sets, t)
    np.testing.assert_array_equal(written_out(sets, inner), s)
    got = sets.united(map_.rows, inner[map_.columns], height)
    np.testing.assert_array_equal(written_out(sets, got), (m.astype(int) @ s.astype(int)) > 0)
    np.testing.assert_array_equal(written_out(sets, sets.joined(inner, other)), s | t)


@given(height=SIZES, width=SIZES, density=DENSITIES, seed=st.integers(0, 99))
def test_columns_of_one_colour_share_no_row(height: int, width: int, density: float, seed: int) -> None:
    """And no more colours are looked for than are wanted."""
    found, dense = drawn(height, width, density, seed)
    colour = colours(found)
    assert colour is not None
    assert len(colour) == width
    count = len(set(colour.tolist()))
    for c in range(count):
        assert (dense[:, colour == c].sum(axis=1) <= 1).all()
    assert count >= dense.sum(axis=1).max(initial=0)
    assert colours(found, count) is not None
    assert count == 0 or colours(found, count - 1) is None


def test_a_dense_hessian_is_not_searched_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """It costs little more than jacfwd(grad(f)), and gives the same."""
    spent = 0.0
    before = Allowance.spend

    def spend(allowance: Allowance, entries: float) -> None:
        nonlocal spent
        before(allowance, entries)
        spent += entries

    monkeypatch.setattr(Allowance, "spend", spend)
    monkeypatch.setattr("gradcli.core.analysis.compressed.colours", None)
    assert passes(network(12) + "assert allclose(hessian(loss)(w), jacfwd(grad(loss))(w), atol=1e-12)")
    assert 0 < spent < 3_000


def test_a_dense_matrix_may_be_asked_for_as_a_sparse_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """With every entry; a large one is refused."""
    dense = value(network(5) + "r = hessian(loss)(w); r")
    np.testing.assert_allclose(value(network(5) + "hessian(loss, sparse=true)(w)").todense(), dense, atol=1e-12)
    monkeypatch.setattr(sparsity, "MOST_ENTRIES", 10)
    monkeypatch.setattr(sparsity, "MOST_ENTRIES_EACH", 1)
    compressed._here.forget()
    refused = error(network(5) + "hessian(loss, sparse=true)(w)")
    assert "40 by 40 is not sparse" in refused.message
    assert "sparse=true" in (refused.hint or "")
    with pytest.raises(DenseError):
        Allowance(1, (2, 2)).spend(2)


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("hessian(x -> sum(x^2), sparse=true)(zeros((0,)))", (0, 0)),
        ("jacobian(x -> x^2, sparse=true)(zeros((0, 3)))", (0, 0)),
        ("jacobian(x -> x[:0], sparse=true)(ones((3,)))", (0, 3)),
        ("jacobian(x -> concatenate((x, [1, 2])), sparse=true)(zeros((0,)))", (2, 0)),
    ],
)
def test_a_matrix_without_elements_is_sparse(text: str, shape: tuple[int, int]) -> None:
    """It has no entries."""
    found = value(text)
    assert (found.shape, found.nnz) == (shape, 0)


def test_a_matrix_is_searched_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was found for a graph serves the next of the same form, whatever its numbers, and no other."""
    searched: list[bool] = []
    before = pattern

    def counted(output: Node, variable: Node, paying: bool = False) -> Pattern:
        searched.append(paying)
        return before(output, variable, paying)

    monkeypatch.setattr(compressed, "pattern", counted)
    start = network(12) + "f(x) = sum((x[1:] - x[:-1]^2)^2)\nx = normal((100,))\n"
    each = ["hessian(loss)(w + normal((180,)))", "hessian(f)(2x)", "hessian(f, sparse=true)(3x)"]
    run(start + "\n".join(each * 3))
    assert searched == [True, True, False]
    run(start + "hessian(f)(x)\nf(x) = sum((x[2:] - x[:-2]^2)^2)\nhessian(f)(x)")
    assert searched == [True, True, False, True]


def test_data_does_not_live_for_the_search_of_it() -> None:
    """What is remembered of a graph has no large constant in it; other data is another graph, small data by value."""
    x = fresh_input("x", (70,), DType.FLOAT64)
    large = array_constant(np.ones((70, 70)))
    gone = weakref.ref(large)
    sparse_jacobian(tanh(x) * sum_(large), x)
    del large
    gc.collect()
    assert gone() is None
    for scale in (1.0, 1.0, 0.0):
        rows = array_constant(scale * np.eye(3, 70)[:, :12].copy())
        found = sparse_jacobian(matmul(rows, tanh(part(x, 0, 0, 12))), x)
        assert found.pattern.count == 3 * scale


def test_sets_are_put_together_once_for_all_that_need_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many samples as there may be, the search of a network handles as many entries; a product is no search."""
    spent: list[float] = []
    before = Allowance.spend

    def spend(allowance: Allowance, entries: float) -> None:
        spent.append(entries)
        before(allowance, entries)

    monkeypatch.setattr(Allowance, "spend", spend)
    counts = []
    for samples in (20, 200):
        spent.clear()
        run(network(12).replace("(20, 2)", f"({samples}, 2)") + "r = hessian(loss)(w)")
        counts.append(sum(spent))
    assert counts[1] < counts[0] * 1.5 + 300


def test_zeros_of_a_known_factor_are_seen() -> None:
    """A product with a matrix that is mostly zeros has few entries; one with a full one has all."""
    start = "B = [[1, 0, 0, 0], [0, 0, 2, 0], [0, 0, 0, 0]]\n"
    assert value(start + "jacobian(x -> (B @ x)^2, sparse=true)([1, 2, 3, 4])").nnz == 2
    assert value(start + "jacobian(x -> ((B + 1) @ x)^2, sparse=true)([1, 2, 3, 4])").nnz == 12


def test_bundle_adjustment_needs_as_many_sweeps_as_a_row_has_entries() -> None:
    """Each residual of 2 depends on a camera, a point and a weight; and the entries are right."""
    text = """cams = 1 + 0.1 * normal((4, 11))
points = normal((9, 3))
w = 1 + 0.1 * normal((30,))
def residuals(cams, points, w):
    c = cams[[{cameras}]]
    p = points[[{points}]] - c[:, :3]
    near = p[:, :2] / (c[:, 3:5] + p[:, 2:]^2)
    far = 1 + c[:, 5] * sum(near^2, 1) + c[:, 6] * sum(near^2, 1)^2
    return reshape(w, (30, 1)) * (reshape(far * c[:, 7], (30, 1)) * near * c[:, 8:10] + reshape(c[:, 10], (30, 1)))
sparse = jacobian(residuals, sparse=true)(cams, points, w)
whole = jacobian(residuals)(cams, points, w)
assert allclose(dense(sparse[0]), reshape(whole[0], (60, 44)), atol=1e-12)
assert allclose(dense(sparse[1]), reshape(whole[1], (60, 27)), atol=1e-12)
assert allclose(dense(sparse[2]), reshape(whole[2], (60, 30)), atol=1e-12)
sparse
"""
    rng = np.random.default_rng(0)
    text = text.format(
        cameras=", ".join(map(str, rng.integers(0, 4, 30))), points=", ".join(map(str, rng.integers(0, 9, 30)))
    )
    found = run(text).results[-1]
    assert isinstance(found, Shown)
    assert isinstance(found.value, tuple)
    sizes = [(len(m.rows), m.sweeps) for m in found.value if isinstance(m, SparseMatrix)]
    assert sizes == [(60 * 10, 10), (60 * 3, 3), (60, 1)]


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("jacobian(x -> [4, 5, 6][argsort(x)], sparse=true)([3, 1, 2])", 0),
        ("jacobian(x -> x[argsort(x)], sparse=true)([3, 1, 2])", 9),
        ("jacobian(x -> x[[2, 0]]^2, sparse=true)([3, 1, 2])", 2),
        ("jacobian(x -> max(reshape(x, (2, 2)), 1), sparse=true)([3, 1, 2, 4])", 4),
        ("jacobian(x -> cumsum(x), sparse=true)([3, 1, 2])", 6),
        ("jacobian(x -> concatenate((x[1:], flip(x)))*x[0], sparse=true)([3, 1, 2])", 9),
    ],
)
def test_entries_of_what_moves_elements(text: str, entries: int) -> None:
    """By numbers that are known, or by some that are not."""
    assert value(text).nnz == entries
