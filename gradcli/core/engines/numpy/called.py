"""Machine code that is called once for all there is to compute."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradcli.core.engines.llvm.vectors import Code
from gradcli.core.engines.numpy.kernels import Array
from gradcli.core.engines.numpy.places import Places
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.shapes import Shape


class Called:
    """A function of so many arrays followed by one to write into for each output, None for a new one.

    `direct` does the same where all of them are there and lie in one piece, and says whether it could; nothing else of
    Python runs meanwhile, so there is none where that `is_long`.
    """

    def __init__(
        self, code: Code, count: int, outputs: Sequence[tuple[Shape, DType]], length: int, is_long: bool = False
    ) -> None:
        self._code, self._count, self._length = code, count, length
        self._made = [(shape, np.dtype(dtype.value)) for shape, dtype in outputs]
        self._places = Places(count + len(outputs))
        self.direct = None if is_long else code.entry

    def bind(self, lasting: Sequence[Array | None]) -> None:
        """Say which arrays, of the arguments and of those to write into, are the same at each call; None for others."""
        self._places.bind(lasting)

    def __call__(self, *given: Any) -> tuple[Array, ...]:
        """The outputs."""
        outs = [
            np.empty(*made) if out is None else out for out, made in zip(given[self._count :], self._made, strict=True)
        ]
        arrays = [*given[: self._count], *outs]
        if self.direct is None or not self.direct(*arrays):
            kept = self._places.fill(arrays)
            self._code(0, self._length, self._places.table)
            del kept
        return tuple(outs)
