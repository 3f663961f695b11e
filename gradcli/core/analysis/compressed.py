"""Sparse Jacobians: columns, or rows, that share no entry are computed together, one sweep for each colour."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gradcli.core.analysis.sparsity import DenseError, Indices, Pattern, colours, fewest_colours, pattern
from gradcli.core.ir.nodes import Node, array_constant, fresh_input
from gradcli.core.ir.shapes import size_of
from gradcli.core.primitives.indexing import put_add, take
from gradcli.core.primitives.shaping import reshape
from gradcli.core.transforms.batching import batch
from gradcli.core.transforms.forward import jvp
from gradcli.core.transforms.reverse import vjp


@dataclass(frozen=True, eq=False)
class Sparse:
    """A matrix by its entries: `values` are those of the pattern, in its order. `sweeps` is how many it cost."""

    pattern: Pattern
    values: Node
    sweeps: int

    def dense(self) -> Node:
        """The whole matrix."""
        height, width = self.pattern.shape
        places = array_constant(self.pattern.rows * width + self.pattern.columns)
        return reshape(put_add(self.values, places, length=height * width), shape=(height, width))

    def beside(self, other: Sparse) -> tuple[Node, Node]:
        """The values of both, of one shape, at all places where either has one, row by row."""
        width = self.pattern.shape[1]
        own, others = (one.pattern.rows * width + one.pattern.columns for one in (self, other))
        both = np.union1d(own, others)
        a, b = (array_constant(np.searchsorted(both, places)) for places in (own, others))
        return put_add(self.values, a, length=len(both)), put_add(other.values, b, length=len(both))

    def times(self, other: Node) -> Node:
        """The product with a vector or a matrix."""
        picked = take(other, array_constant(self.pattern.columns))
        weights = self.values if len(other.shape) == 1 else reshape(self.values, shape=(self.pattern.count, 1))
        return put_add(weights * picked, array_constant(self.pattern.rows), length=self.pattern.shape[0])


# A matrix that could be dense is compressed if that saves most sweeps.
WORTH_COMPRESSING = 0.25


def sparse_jacobian(output: Node, variable: Node, paying: bool = False) -> Sparse:
    """The Jacobian of an output by a variable, both taken as vectors, by the fewer of columns' and rows' colours.

    `paying` asks for it only where that is much less work than the dense matrix.

    Raises:
        DenseError: where it isn't, or in any case where there are too many entries to list.
    """
    found = pattern(output, variable, paying)
    most = min(found.shape) * WORTH_COMPRESSING
    if paying and fewest_colours(found) >= most:
        raise DenseError("a dense matrix costs as little")
    by_column, turned = colours(found), found.transposed()
    by_row = by_column if _count(by_column) <= 1 else colours(turned)
    sweeps = min(_count(by_column), _count(by_row))
    if paying and sweeps >= most:
        raise DenseError("a dense matrix costs as little")
    if _count(by_column) == sweeps:
        swept = _forward(output, variable, by_column)
        places = by_column[found.columns] * size_of(output.shape) + found.rows
    else:
        swept = _reverse(output, variable, by_row)
        places = by_row[found.rows] * size_of(variable.shape) + found.columns
    values = take(reshape(swept, shape=(size_of(swept.shape),)), array_constant(places))
    return Sparse(found, values, sweeps)


def _count(colour: Indices) -> int:
    return int(colour.max(initial=-1)) + 1


def _seeds(colour: Indices, like: Node) -> Node:
    """For each colour a tensor of ones where an element has it."""
    ones = colour[None, :] == np.arange(_count(colour))[:, None]
    return array_constant(ones.astype(like.dtype.value).reshape((_count(colour), *like.shape)))


def _forward(output: Node, variable: Node, colour: Indices) -> Node:
    seed = fresh_input("seed", variable.shape, variable.dtype)
    return batch(jvp([output], [variable], [seed]), {seed: _seeds(colour, variable)}, _count(colour))[0]


def _reverse(output: Node, variable: Node, colour: Indices) -> Node:
    seed = fresh_input("seed", output.shape, output.dtype)
    return batch(vjp([output], [variable], [seed]), {seed: _seeds(colour, output)}, _count(colour))[0]
