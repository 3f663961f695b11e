"""What Python computes until it has taken as long as compiling machine code does, where `gradcli[jit]` is installed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from gradcli.core.engines.straight import WORTH_COUNTING

# So many operations take Python as long as it takes to compile a small graph, each node of it, and to load LLVM.
A_GRAPH, A_NODE, LOADING = 200_000, 3_000, 2_000_000
# With more nodes LLVM takes seconds.
MOST_NODES = 5_000
# Whether compiling pays is asked once in so many calls.
CALLS_AT_ONCE = 256


# What all graphs have computed that ask whether compiling pays: LLVM is loaded for all of them.
_all = [0]


def pays(computed: int, size: int, more: int = 0) -> bool:
    """Whether a graph of so many nodes is worth compiling, so many of which have been computed by now.

    `more` are those that it has computed since it was asked last.
    """
    _all[0] += more
    is_loaded = "llvmlite.binding" in sys.modules
    return computed >= A_GRAPH + A_NODE * size and (is_loaded or max(computed, _all[0]) >= LOADING)


class Often:
    """A function of Python's that another takes the place of once it has been called so often that this pays."""

    def __init__(self, function: Callable[..., Any], size: int, make: Callable[[], Callable[..., Any] | None]) -> None:
        self._function, self._size, self._make = function, size, make
        self._calls = 0
        self._is_open = True

    def __call__(self, *values: Any) -> Any:
        """What the function gives."""
        if self._is_open:
            self._calls += 1
            if self._calls % CALLS_AT_ONCE == 0 and pays(
                self._calls * self._size, self._size, CALLS_AT_ONCE * self._size
            ):
                self._is_open = False
                self._function = self._make() or self._function
        return self._function(*values)


def often(function: Callable[..., Any], size: int, make: Callable[[], Callable[..., Any] | None]) -> Callable[..., Any]:
    """A function that takes so many nodes to compute; `make` gives its machine code, or None where there is none."""
    return Often(function, size, make) if WORTH_COUNTING <= size <= MOST_NODES else function
