"""Seeded random tensors: the same seed and the same order of draws give the same numbers."""

from __future__ import annotations

from dataclasses import dataclass

from gradcli.core.arrays import array_of
from gradcli.core.dtypes import DType
from gradcli.core.graph import Node, array_constant
from gradcli.core.shapes import Shape


@dataclass
class Random:
    """A stream of draws: the n-th draw depends on the seed and on n alone."""

    seed: int = 0
    drawn: int = 0

    def normal(self, shape: Shape, mean: float, std: float, dtype: DType) -> Node:
        """Normally distributed numbers."""
        from numpy.random import default_rng

        values = default_rng(self._next()).normal(mean, std, shape)
        return _tensor(values, dtype)

    def uniform(self, shape: Shape, low: float, high: float, dtype: DType) -> Node:
        """Numbers evenly distributed over [low, high)."""
        from numpy.random import default_rng

        values = default_rng(self._next()).uniform(low, high, shape)
        return _tensor(values, dtype)

    def _next(self) -> list[int]:
        self.drawn += 1
        return [self.seed, self.drawn]


def _tensor(values: object, dtype: DType) -> Node:
    return array_constant(array_of(values, dtype))
