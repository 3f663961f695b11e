"""Where arrays lie, as machine code is told."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np

from gradcli.core.engines.llvm.addresses import way_to_addresses
from gradcli.core.engines.numpy.kernels import Array


class Places:
    """A table of addresses of so many arrays, which one thread at a time fills.

    To ask an array where it lies takes as long as a call of NumPy where it is not read from memory, so those that last
    are asked once.
    """

    def __init__(self, count: int) -> None:
        self.table: Any = (ctypes.c_void_p * count)()
        self._loose: Sequence[int] = range(count)

    def bind(self, lasting: Sequence[Array | None]) -> None:
        """Say which arrays will be the same each time; None for others. Whoever says so keeps them."""
        there = {i: a for i, a in enumerate(lasting) if a is not None and a.flags.c_contiguous}
        for i, array in there.items():
            self.table[i] = address_of(array)
        self._loose = [i for i in range(len(lasting)) if i not in there]

    def fill(self, arrays: Sequence[Array]) -> list[Array]:
        """Put down where the others lie; what must live as long as the table is used."""
        kept = []
        for i in self._loose:
            array = np.ascontiguousarray(arrays[i])
            self.table[i] = address_of(array)
            kept.append(array)
        return kept


address_of = way_to_addresses()
