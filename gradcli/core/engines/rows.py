"""Rows of tensors: what adds up each row or takes its largest, what is computed of that, and what adds up over rows.

Softmax, normalization of layers and the gradient of a bias are such: along a row there is all that they need.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from gradcli.core.ir.nodes import Node
from gradcli.core.ir.shapes import Shape, aligned, size_of

# Shorter rows leave vectors empty, longer ones are many tiles.
SHORTEST_ROW, LONGEST_ROW = 8, 2**14


class Rows(NamedTuple):
    """Tensors of one shape, of which the first axes count the rows, so many; the others are those of a row."""

    shape: Shape
    axes: int

    @property
    def height(self) -> int:
        """How many rows there are."""
        return size_of(self.shape[: self.axes])

    @property
    def length(self) -> int:
        """How many elements a row has."""
        return size_of(self.shape[self.axes :])

    @property
    def each(self) -> Shape:
        """The shape of one number for each row."""
        return (*self.shape[: self.axes], *(1,) * (len(self.shape) - self.axes))

    def reduces(self, node: Node) -> bool:
        """Whether a node has the sum, or the largest element, of each row."""
        return _reduces(node) and node.args[0].shape == self.shape and node.shape == self.each

    def adds_up(self, node: Node) -> bool:
        """Whether a node has the sum of all rows."""
        if node.kind != "sum_to" or node.args[0].shape != self.shape or size_of(node.shape) != self.length:
            return False
        return aligned(node.shape, len(self.shape)) == (*(1,) * self.axes, *self.shape[self.axes :])


def rows_of(nodes: Iterable[Node], smallest: int) -> dict[Shape, Rows]:
    """How tensors of each shape lie in rows, where any are added up along them; of so many elements at least."""
    found: dict[Shape, Counter[Rows]] = {}
    for node in nodes:
        if not _reduces(node) or size_of(node.args[0].shape) < smallest:
            continue
        shape = node.args[0].shape
        for axes in range(len(shape)):
            rows = Rows(shape, axes)
            if SHORTEST_ROW <= rows.length <= LONGEST_ROW and (rows.reduces(node) or rows.adds_up(node)):
                found.setdefault(shape, Counter())[rows] += 1
    # A sum of all elements says little of where rows end.
    return {
        shape: max(counted, key=lambda rows: (rows.height > 1, counted[rows], rows.axes))
        for shape, counted in found.items()
    }


def _reduces(node: Node) -> bool:
    return node.kind in ("sum_to", "max_to") and node.dtype.is_float
