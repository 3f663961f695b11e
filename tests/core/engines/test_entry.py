"""Machine code that Python calls with arrays straight."""

from __future__ import annotations

import ctypes
import gc
import sys
import weakref
from typing import Any

import numpy as np
import pytest

from gradcli.core.engines.llvm import addresses
from gradcli.core.engines.numpy.tiles import Tiles
from gradcli.core.engines.program import Program
from gradcli.core.ir.nodes import fresh_input
from gradcli.core.primitives.elementwise import exp, sin
from tests.core.engines.harness import F64, has_machine_code, in_machine_code

X = np.linspace(-1.0, 1.0, 300)


def group() -> Tiles:
    """One of a program that computes e^x sin x."""
    x = fresh_input("x", X.shape, F64)
    (found,) = in_machine_code(Program([exp(x) * sin(x) + x * x], [x]))
    return found


@has_machine_code
def test_it_writes_into_the_arrays_that_it_is_given() -> None:
    """And says so."""
    direct, out = group().direct, np.empty(300)
    assert direct is not None
    assert direct(X, out) is True
    np.testing.assert_allclose(out, np.exp(X) * np.sin(X) + X * X, rtol=1e-14, atol=1e-15)


@has_machine_code
@pytest.mark.parametrize(
    "args",
    [(), (X,), (X, X, X), (X[::-1], X.copy()), (X.copy(), X[::2]), (1.0, X.copy()), (None, X.copy()), ([], X.copy())],
    ids=["none", "too few", "too many", "reversed", "strided", "number", "None", "list"],
)
def test_what_it_can_not_read_is_left_as_it_was(args: tuple[Any, ...]) -> None:
    """Anything but as many arrays whose elements lie one after the other is refused before a pointer is followed."""
    direct = group().direct
    assert direct is not None
    kept = [np.array(a, copy=True) for a in args if isinstance(a, np.ndarray)]
    assert direct(*args) is False
    for array, before in zip([a for a in args if isinstance(a, np.ndarray)], kept, strict=True):
        np.testing.assert_array_equal(array, before)


@has_machine_code
def test_subclasses_and_strided_arrays_are_computed_as_well() -> None:
    """By the way that asks NumPy."""
    found, doubled = group(), np.repeat(X, 2)
    want = np.exp(X) * np.sin(X) + X * X
    for array in (doubled[::2], X.view(np.recarray), X):
        (got,) = found(array, None)
        np.testing.assert_allclose(got, want, rtol=1e-14, atol=1e-15)


@has_machine_code
def test_the_code_lives_as_long_as_the_function() -> None:
    """Whoever holds the function alone."""
    direct, out = group().direct, np.empty(300)
    gc.collect()
    assert direct is not None
    assert direct(X, out)
    assert out[0] == pytest.approx(np.exp(-1) * np.sin(-1) + 1)


@has_machine_code
def test_what_the_collector_finds_is_described_to_the_last() -> None:
    """Python reads what a function is from memory that stays until the function is gone, in a cycle too."""
    direct = group().direct
    found: list[bytes] = []
    gc.collect()
    place = ctypes.c_void_p.from_address(id(direct) + object.__basicsize__).value
    assert place is not None
    before = ctypes.string_at(place, 32)
    # Arrays are freed one by one, as the lists are emptied in which they are.
    arrays = [np.empty(1) for _ in range(8)]
    watched = [weakref.ref(array, lambda _: found.append(ctypes.string_at(place, 32))) for array in arrays]
    cycles: list[list[Any]] = [[array] for array in arrays] + [[direct]]
    for cycle in cycles:
        cycle.append(cycle)
    del direct, arrays, cycles, cycle
    gc.collect()
    assert [ref() for ref in watched] == [None] * 8
    assert found == [before] * 8


@has_machine_code
def test_references_are_counted() -> None:
    """A thousand calls leave as many references to True, False and the arrays as there were."""
    direct, out = group().direct, np.empty(300)
    assert direct is not None
    before = [sys.getrefcount(o) for o in (X, out)]
    for _ in range(1_000):
        direct(X, out)
        direct(X)
    assert [sys.getrefcount(o) for o in (X, out)] == before


@has_machine_code
def test_where_arrays_lie_otherwise_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """The program is right all the same."""
    monkeypatch.setattr("gradcli.core.engines.llvm.entry.are_arrays_as_told", lambda: False)
    x = fresh_input("x", (301,), F64)
    program = Program([exp(x) * sin(x) + x * x], [x])
    (found,) = in_machine_code(program)
    assert found.direct is None
    values = np.linspace(-1.0, 1.0, 301)
    np.testing.assert_allclose(program(values)[0], np.exp(values) * np.sin(values) + values**2, rtol=1e-14, atol=1e-15)


@pytest.mark.skipif(
    sys.implementation.name != "cpython" or not getattr(sys, "_is_gil_enabled", lambda: True)(),
    reason="objects lie otherwise there",
)
def test_arrays_are_made_as_numpy_tells() -> None:
    """Their address, their type and their flags stand where its ABI has them."""
    array = np.arange(6.0).reshape(2, 3)
    assert addresses.are_arrays_as_told()
    assert ctypes.c_void_p.from_address(id(array) + addresses.DATA).value == array.ctypes.data
    assert ctypes.c_void_p.from_address(id(array) + addresses.TYPE).value == id(np.ndarray)
