"""What is picked by numbers, from wherever it lies."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from gradcli.core.primitives.indexing import take

INDICES = [np.array([1, 0, 3]), np.array(2), np.array([[0, 1], [3, 2]]), np.array([], dtype=int), np.arange(40) % 5]


@pytest.mark.parametrize("rank", [1, 2, 3, 4])
def test_few_are_picked_where_they_lie(rank: int) -> None:
    """From a tensor with its axes in any order, and from every second element of one."""
    array = np.random.default_rng(0).normal(size=(5, 6, 7, 8)[:rank])
    assert callable(take.kernel)
    for axes in itertools.permutations(range(rank)):
        for x in (array.transpose(axes), np.repeat(array, 2, -1)[..., ::2].transpose(axes)):
            for indices in INDICES:
                np.testing.assert_array_equal(take.kernel(np, x, indices), x.take(indices, 0))
