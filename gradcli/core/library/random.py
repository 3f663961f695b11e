"""Seeded random tensors: the same seed and the same order of draws give the same numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from gradcli.core.ir.arrays import array_of
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Constant, Input, Node, array_constant, fresh_input
from gradcli.core.ir.shapes import Shape, size_of
from gradcli.core.limits import require_memory


@dataclass
class Random:
    """A stream of draws: the n-th draw depends on the seed and on n alone."""

    seed: int = 0
    drawn: int = 0

    def normal(self, shape: Shape, mean: float, std: float, dtype: DType) -> Node:
        """Normally distributed numbers."""
        return self._drawn("normal", shape, mean, std, dtype)

    def uniform(self, shape: Shape, low: float, high: float, dtype: DType) -> Node:
        """Numbers evenly distributed over [low, high)."""
        return self._drawn("uniform", shape, low, high, dtype)

    def known(self) -> Random:
        """The stream whose draws are numbers at once, as what a parameter begins with has to be."""
        return self

    def back_to(self, drawn: int) -> None:
        """Forget what was drawn since."""
        self.drawn = drawn

    def _drawn(self, kind: str, shape: Shape, a: float, b: float, dtype: DType) -> Node:
        return self.constant(kind, shape, a, b, dtype)

    def constant(self, kind: str, shape: Shape, a: float, b: float, dtype: DType) -> Constant:
        """The next draw."""
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


@dataclass
class Redrawn(Random):
    """Draws as inputs of a graph: `draws` says how each gets other values whenever the graph is run.

    They come from the stream `of`, which goes on meanwhile.
    """

    of: Random = field(default_factory=Random)
    draws: dict[Input, Callable[[], Constant]] = field(default_factory=dict)

    def known(self) -> Random:
        """The stream that is drawn from."""
        return self.of

    def _drawn(self, kind: str, shape: Shape, a: float, b: float, dtype: DType) -> Node:
        require_memory(size_of(shape) * (8 + dtype.itemsize % 8), f"a tensor of shape {shape} would take")
        self.drawn += 1
        stands = fresh_input("draw", shape, dtype)
        self.draws[stands] = lambda: self.of.constant(kind, shape, a, b, dtype)
        return stands
