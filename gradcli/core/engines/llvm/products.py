"""Stacks of small matrices, multiplied: written out for one product, in loops over the stacks.

NumPy calls BLAS for each of them, which takes ten times as long as the product does.
"""

from __future__ import annotations

from collections.abc import Container
from typing import Any

from gradcli.core.engines.llvm import vectors
from gradcli.core.engines.llvm.vectors import Made, Vectors, compiled
from gradcli.core.engines.views import Axis, View, merged, steps_in, view_of
from gradcli.core.ir.nodes import Node
from gradcli.core.ir.primitive import Application
from gradcli.core.ir.shapes import size_of
from gradcli.core.records import record

# A product of more operations is left to BLAS; fewer products take NumPy no longer than a call.
LARGEST_PRODUCT, FEWEST_PRODUCTS = 216, 4


@record
class Stacks:
    """Products of the matrices of two stacks: what they look at, and the axes along which there are several."""

    node: Node
    views: tuple[View, View, View]
    axes: tuple[Axis, ...]

    @property
    def arrays(self) -> tuple[Node, ...]:
        """What is read, each once."""
        return tuple(dict.fromkeys(view.base for view in self.views[:2]))


def stacks_of(node: Node, there: Container[Node]) -> Stacks | None:
    """The node as products of small matrices that are `there`, None where it isn't, or where there are few."""
    if not isinstance(node, Application) or node.kind != "matmul" or not node.dtype.is_float:
        return None
    *lead, rows, columns = node.shape
    inner = node.args[0].shape[-1]
    if not 0 < rows * inner * columns <= LARGEST_PRODUCT or size_of(tuple(lead)) < FEWEST_PRODUCTS:
        return None
    views = (view_of(node.args[0], there), view_of(node.args[1], there), View(node, 0, steps_in(node.shape)))
    return Stacks(node, views, merged(map(Axis, lead, zip(*(view.steps[: len(lead)] for view in views), strict=True))))


def multiplied(node: Node, there: Container[Node]) -> Made | None:
    """The code for a stack of products of small matrices that are `there`; None for others."""
    stacks = stacks_of(node, there)
    if stacks is None or not vectors.is_available():
        return None
    operations = size_of(node.shape) * node.args[0].shape[-1]
    return Made(compiled(_Emitter(stacks).module()), stacks.arrays, stacks.axes[0].length, operations)


class _Emitter(Vectors):
    def __init__(self, stacks: Stacks) -> None:
        super().__init__(stacks.node.dtype)
        self.stacks = stacks

    def module(self) -> str:
        """The text of a module with the one function."""
        arrays = [*self.stacks.arrays, self.stacks.node]
        b, low, high, places = self.opened([self.scalar] * len(arrays))
        starts = [b.gep(places[arrays.index(v.base)], [self.i64(v.start)]) for v in self.stacks.views]
        first, *inner = self.stacks.axes
        with self.loop(b, low, high, 1) as at, self.along(b, inner, self.further(b, starts, at, first.steps)) as there:
            self._product(b, *there)
        return self.closed(b, first.length)

    def _product(self, b: Any, left: Any, right: Any, out: Any) -> None:
        of_left, of_right, of_out = (view.steps[-2:] for view in self.stacks.views)
        rows, columns = self.stacks.node.shape[-2:]
        inner = self.stacks.node.args[0].shape[-1]

        def loaded(array: Any, steps: tuple[int, ...], count: tuple[int, int]) -> list[list[Any]]:
            places = [[i * steps[0] + j * steps[1] for j in range(count[1])] for i in range(count[0])]
            return [[b.load(b.gep(array, [self.i64(place)])) for place in row] for row in places]

        x, y = loaded(left, of_left, (rows, inner)), loaded(right, of_right, (inner, columns))
        for i in range(rows):
            for j in range(columns):
                total = b.fmul(x[i][0], y[0][j])
                for k in range(1, inner):
                    total = b.fadd(total, b.fmul(x[i][k], y[k][j], flags=self.flags), flags=self.flags)
                b.store(total, b.gep(out, [self.i64(i * of_out[0] + j * of_out[1])]))
