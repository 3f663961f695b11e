"""Small tensors as numbers: programs of elements give what programs of arrays give, for every entry and any numbers."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradcli.core.engines.elements import MOST_ELEMENTS, ElementsEngine, ElementsProgram
from gradcli.core.engines.numpy.schedule import ArrayProgram
from gradcli.core.engines.protocol import Graph
from gradcli.core.errors import ShapeError
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node, array_constant, fresh_input
from gradcli.core.ir.promotion import stretch
from gradcli.core.ir.shapes import broadcast_shapes, size_of
from gradcli.core.ir.traversal import reachable
from gradcli.core.library.functions import concatenate, matmul, stack
from gradcli.core.primitives import elementwise as ew
from gradcli.core.primitives.shaping import part, reshape
from tests.core.engines.harness import F64
from tests.core.sampling import TABLE

SHAPES: list[tuple[int, ...]] = [(), (1,), (3,), (2, 3), (3, 1), (1, 3), (3, 3), (0,), (0, 3), (2, 1, 3)]
# Numbers at which something is out of the ordinary, mixed with ordinary ones.
ODD = [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 1e200, -1e200, 1e-200, 710.0, 0.5]
ONE = [
    *("negate", "sin", "cos", "exp", "log", "tanh", "sqrt", "abs", "sign", "reciprocal", "relu", "floor", "arctan"),
    *("log1p", "expm1", "sigmoid", "stop_gradient"),
]
TWO = ["add", "subtract", "multiply", "divide", "maximum", "minimum", "hypot", "power"]
TESTS = ["greater", "less", "greater_equal", "less_equal", "equal", "not_equal"]


class Maker:
    """Random graphs of small tensors over the table."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.inputs: list[Node] = [fresh_input(f"x{i}", self.random.choice(SHAPES), F64) for i in range(3)]
        self.tensors: list[Node] = list(self.inputs)
        self.conditions: list[Node] = []

    def graph(self, count: int) -> list[Node]:
        """Some outputs of so many operations."""
        moves: list[Callable[[], Node | None]] = [
            *(self.one, self.one, self.two, self.two, self.test, self.chosen, self.reduced, self.largest, self.viewed),
            *(self.joined, self.cut, self.multiplied, self.constant, self.counted),
        ]
        for _ in range(count):
            made = self.random.choice(moves)()
            if made is not None and size_of(made.shape) <= MOST_ELEMENTS:
                (self.conditions if made.dtype is DType.BOOL else self.tensors).append(made)
        return [*self.tensors[-4:], *self.conditions[-1:]]

    def any(self) -> Node:
        """A tensor, a late one rather than an early one."""
        return self.random.choice(self.tensors[-6:])

    def pair(self) -> tuple[Node, Node] | None:
        """Two that fit together, stretched to one shape."""
        a, b = self.any(), self.any()
        try:
            shape = broadcast_shapes([a.shape, b.shape])
        except ShapeError:
            return a, a * 0.5
        return stretch(a, shape), stretch(b, shape)

    def one(self) -> Node:
        """A function of each element."""
        return TABLE[self.random.choice(ONE)](self.any())

    def two(self) -> Node | None:
        """A function of two elements each."""
        pair = self.pair()
        return pair and TABLE[self.random.choice(TWO)](*pair)

    def test(self) -> Node | None:
        """A comparison, or what is made of one."""
        pair = self.pair()
        made = pair and TABLE[self.random.choice(TESTS)](*pair)
        return TABLE["logical_not"](made) if made and self.random.random() < 0.3 else made

    def chosen(self) -> Node | None:
        """One of two, by a condition; or the condition as a number."""
        if not self.conditions:
            return None
        condition = self.random.choice(self.conditions)
        if self.random.random() < 0.3:
            return TABLE["cast"](condition, dtype="float64")
        try:
            return TABLE["select"](condition, self.any(), self.any())
        except ShapeError:
            return TABLE["select"](condition, 1.5, 0.0)

    def _smaller(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(1 if self.random.random() < 0.6 else n for n in shape)

    def reduced(self) -> Node:
        """A sum along axes."""
        x = self.any()
        shape = self._smaller(x.shape)
        return TABLE["sum_to"](x, shape=shape if self.random.random() < 0.5 else ())

    def largest(self) -> Node:
        """The largest along axes."""
        x = self.any()
        return TABLE["max_to"](x, shape=self._smaller(x.shape))

    def viewed(self) -> Node:
        """The elements in another order."""
        x = self.any()
        if self.random.random() < 0.4:
            return reshape(x, shape=(size_of(x.shape),) if len(x.shape) > 1 else (*x.shape, 1))
        axes = tuple(self.random.sample(range(len(x.shape)), len(x.shape)))
        return TABLE[("transpose", "flip")[self.random.random() < 0.4]](x, axes=axes)

    def joined(self) -> Node:
        """Several in one, also with zeros around."""
        x = self.any()
        if self.random.random() < 0.5 and x.shape:
            ranges = tuple((self.random.randrange(3), n, self.random.choice([1, 2])) for n in x.shape)
            shape = tuple(start + n * step + 1 for start, n, step in ranges)
            return TABLE["pad"](x, ranges=ranges, shape=shape)
        return stack((x, x * 2.0, x)) if not x.shape else concatenate((x, ew.sin(x)), axis=len(x.shape) - 1)

    def cut(self) -> Node | None:
        """A part."""
        x = self.any()
        if not x.shape or 0 in x.shape:
            return None
        axis = self.random.randrange(len(x.shape))
        start = self.random.randrange(x.shape[axis])
        return part(x, axis, start, self.random.randint(1, x.shape[axis] - start))

    def multiplied(self) -> Node | None:
        """A product of matrices."""
        a = self.any()
        return matmul(TABLE["transpose"](a, axes=(1, 0)), a) if len(a.shape) == 2 else None

    def constant(self) -> Node:
        """Known numbers, zeros among them."""
        x = self.any()
        values = np.array([self.random.choice([0.0, 1.0, -2.5]) for _ in range(size_of(x.shape))])
        return x * array_constant(values.reshape(x.shape))

    def counted(self) -> Node | None:
        """Running sums, and elements by number."""
        x = self.any()
        if not x.shape or 0 in x.shape:
            return None
        if self.random.random() < 0.5:
            return TABLE["cumsum"](x, axis=len(x.shape) - 1)
        numbers = np.array([self.random.randrange(x.shape[0]) for _ in range(2)])
        return TABLE["take"](x, array_constant(numbers))


def given(maker: Maker, odd: bool) -> list[Any]:
    """A value for each input."""
    rng = np.random.default_rng(maker.random.randrange(2**30))
    values = [np.asarray(rng.normal(size=node.shape)) for node in maker.inputs]
    return [np.where(rng.random(v.shape) < 0.5, rng.choice(ODD, v.shape), v) for v in values] if odd else values


def both(outputs: list[Node], inputs: list[Node]) -> tuple[ElementsProgram, ArrayProgram]:
    """The program of elements, and the one of arrays."""
    order = reachable(outputs)
    return ElementsEngine().compile(Graph(order, outputs, inputs)), ArrayProgram(order, outputs, inputs)


def agree(outputs: list[Node], inputs: list[Node], values: list[Any]) -> None:
    """Both give the same, twice."""
    elements, arrays = both(outputs, inputs)
    wanted = arrays(*values)
    for _ in range(2):
        for node, got, want in zip(outputs, elements.run(*values), wanted, strict=True):
            assert got.shape == node.shape
            assert got.dtype == want.dtype
            with np.errstate(all="ignore"):
                np.testing.assert_allclose(got, want, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("odd", [False, True])
@pytest.mark.parametrize("seed", range(60))
def test_random_graphs(seed: int, odd: bool) -> None:
    """Of everything that moves, adds, multiplies, compares and chooses, at any numbers."""
    maker = Maker(seed)
    outputs = maker.graph(14)
    for _ in range(3):
        agree(outputs, maker.inputs, given(maker, odd))
