"""Where arrays lie in memory."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from gradcli.core.engines.llvm import addresses

ARRAYS = [
    np.arange(5.0),
    np.arange(5.0)[2:],
    np.arange(12.0).reshape(3, 4).T,
    np.broadcast_to(np.float64(1.0), (4,)),
    np.ones((), np.float32),
    np.array([True, False]),
    np.empty((0, 3)),
    np.arange(6).view(np.recarray),
]


@pytest.mark.parametrize("array", ARRAYS, ids=lambda a: f"{a.dtype}{a.shape}")
def test_an_address_is_that_which_numpy_tells(array: np.ndarray) -> None:
    """Of views, of what is read-only, and of subclasses as well."""
    address_of = addresses.way_to_addresses()
    assert address_of(array) == array.ctypes.data


def test_where_objects_lie_elsewhere_numpy_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is found in memory is taken only where it has been seen to be right."""
    with monkeypatch.context() as context:
        context.setattr(addresses, "_in_front", lambda array: 0)
        assert addresses.way_to_addresses() is addresses._as_told
    with monkeypatch.context() as context:
        context.setattr(sys.implementation, "name", "other")
        assert addresses.way_to_addresses() is addresses._as_told
