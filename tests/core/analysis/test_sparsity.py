"""Patterns and colours against dense matrices, and how much work they may be."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcli.core.analysis import sparsity
from gradcli.core.analysis.sparsity import Allowance, DenseError, Pattern, colours, fewest_colours
from tests.language.running import error, passes, value

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


@given(height=SIZES, middle=SIZES, width=SIZES, first=DENSITIES, second=DENSITIES, seed=st.integers(0, 99))
def test_patterns_join_and_multiply_like_matrices(
    height: int, middle: int, width: int, first: float, second: float, seed: int
) -> None:
    """Whether they are full or not."""
    map_, m = drawn(height, middle, first, seed)
    inner, s = drawn(middle, width, second, seed + 1)
    other, t = drawn(middle, width, first, seed + 2)
    allowance = Allowance(1e6, (height, width))
    got = inner.before(height, map_.rows, map_.columns, allowance)
    np.testing.assert_array_equal(np.stack([got.rows, got.columns]), np.nonzero(m.astype(int) @ s.astype(int)))
    both = inner.joined(other, allowance)
    np.testing.assert_array_equal(np.stack([both.rows, both.columns]), np.nonzero(s | t))


@given(height=SIZES, width=SIZES, density=DENSITIES, seed=st.integers(0, 99), most=st.sampled_from([0, 20_000_000]))
def test_columns_of_one_colour_share_no_row(height: int, width: int, density: float, seed: int, most: int) -> None:
    """Also where the search gives up; and there are never fewer than `fewest_colours`."""
    found, dense = drawn(height, width, density, seed)
    before, sparsity.MOST_PAIRS = sparsity.MOST_PAIRS, most
    colour = colours(found)
    sparsity.MOST_PAIRS = before
    assert len(colour) == width
    for c in set(colour.tolist()):
        assert (dense[:, colour == c].sum(axis=1) <= 1).all()
    fullest = [int(dense.sum(axis=axis).max(initial=0)) for axis in (0, 1)]
    assert fewest_colours(found) == min(fullest)
    assert len(set(colour.tolist())) >= fullest[1]


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
    assert 0 < spent < 300_000


def test_a_dense_matrix_may_be_asked_for_as_a_sparse_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """With every entry; a large one is refused."""
    dense = value(network(5) + "r = hessian(loss)(w); r")
    np.testing.assert_allclose(value(network(5) + "hessian(loss, sparse=true)(w)").todense(), dense, atol=1e-12)
    monkeypatch.setattr(sparsity, "MOST_ENTRIES", 1_000)
    monkeypatch.setattr(sparsity, "MOST_ENTRIES_EACH", 1)
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
