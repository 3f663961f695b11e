"""Seeded random tensors: the same seed and the same order of draws give the same numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from gradcli.core.ir.arrays import array_of
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Constant, Node, array_constant
from gradcli.core.ir.shapes import Shape, size_of
from gradcli.core.limits import require_memory


@dataclass
class Random:
    """A stream of draws: the n-th draw depends on the seed and on n alone.

    `renewable` are the tensors that belong to a call, as a mask does, with what draws another for another call.
    """

    seed: int = 0
    drawn: int = 0
    renewable: WeakKeyDictionary[Node, Callable[[], Constant]] = field(default_factory=WeakKeyDictionary, compare=False)
    in_call: bool = field(default=False, compare=False)

    @contextmanager
    def of_call(self) -> Iterator[None]:
        """What is drawn within belongs to a call."""
        before, self.in_call = self.in_call, True
        try:
            yield
        finally:
            self.in_call = before

    def normal(self, shape: Shape, mean: float, std: float, dtype: DType) -> Constant:
        """Normally distributed numbers."""
        return self._drawn("normal", shape, mean, std, dtype)

    def uniform(self, shape: Shape, low: float, high: float, dtype: DType) -> Constant:
        """Numbers evenly distributed over [low, high)."""
        return self._drawn("uniform", shape, low, high, dtype)

    def _drawn(self, kind: str, shape: Shape, a: float, b: float, dtype: DType) -> Constant:
        found = self._made(kind, shape, a, b, dtype)
        if self.in_call:
            self.renewable[found] = lambda: self._made(kind, shape, a, b, dtype)
        return found

    def _made(self, kind: str, shape: Shape, a: float, b: float, dtype: DType) -> Constant:
        from numpy.random import default_rng

        from gradcli.core.interrupt import long_call

        # They are drawn as float64 first.
        require_memory(size_of(shape) * (8 + dtype.itemsize % 8), f"a tensor of shape {shape} would take")
        draw = getattr(default_rng(self._next()), kind)
        return array_constant(array_of(long_call(lambda: draw(a, b, shape), size_of(shape) * 8), dtype))

    def order(self, n: int) -> Any:
        """The numbers below n in some order, as an array."""
        from numpy.random import default_rng

        return default_rng(self._next()).permutation(n)

    def _next(self) -> list[int]:
        self.drawn += 1
        return [self.seed, self.drawn]
