"""Sparse Jacobians: columns, or rows, that share no entry are computed together, one sweep for each colour."""

from __future__ import annotations

import threading
from collections.abc import Hashable
from dataclasses import dataclass
from itertools import count
from weakref import WeakKeyDictionary

import numpy as np

from gradcli.core.analysis.dependence import DenseError, Indices
from gradcli.core.analysis.sparsity import WORTH_COMPRESSING, Pattern, colours, pattern
from gradcli.core.errors import CoreError
from gradcli.core.ir.nodes import Constant, Node, array_constant, fresh_input
from gradcli.core.ir.primitive import Application
from gradcli.core.ir.shapes import size_of
from gradcli.core.ir.traversal import reachable
from gradcli.core.primitives.indexing import put_add, take
from gradcli.core.primitives.shaping import reshape
from gradcli.core.records import record
from gradcli.core.transforms.batching import batch
from gradcli.core.transforms.forward import jvp
from gradcli.core.transforms.reverse import vjp

# So many nodes, and entries of patterns, are remembered.
MOST_KEPT = 2_000_000
# A constant of so many elements is known by them.
LARGEST_BY_VALUE = 256

_serials = count()


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


@record
class Plan:
    """A pattern, and a colour for each of its columns, or of its rows."""

    pattern: Pattern
    colour: Indices
    by_row: bool

    @property
    def sweeps(self) -> int:
        """How many colours there are."""
        return int(self.colour.max(initial=-1)) + 1


class _Here(threading.local):
    """What this thread remembers: the plans for graphs by the numbers of their forms, None where one is dense."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew."""
        self.plans: dict[tuple[int, bool], Plan | None] = {}
        self.numbers: dict[Hashable, int] = {}
        # A number for each large constant, which is known by it as long as it lives.
        self.constants: WeakKeyDictionary[Node, int] = WeakKeyDictionary()

    def number(self, output: Node, variable: Node) -> int:
        """The number of a graph's form: two of one form differ in the inputs that they are of, and in nothing else."""
        order = reachable([output])
        found: dict[Node, int] = {}
        inputs = 0
        for node in order:
            form: Hashable
            if isinstance(node, Constant):
                form = self._form_of_constant(node)
            elif node is variable:
                form = "variable", node.shape, node.dtype
            elif not isinstance(node, Application):
                form = inputs, node.shape, node.dtype
                inputs += 1
            else:
                # Operands that commute stand in the order in which they were made.
                args = sorted(found[a] for a in node.args) if node.op.commutes else [found[a] for a in node.args]
                form = node.kind, tuple(args), tuple(sorted(node.attrs.items()))
            found[node] = self.numbers.setdefault(form, len(self.numbers))
        return found[output]

    def _form_of_constant(self, node: Constant) -> Hashable:
        if node.shape == ():
            return node.dtype, repr(node.value)
        if size_of(node.shape) <= LARGEST_BY_VALUE:
            return node.dtype, node.shape, node.value.tobytes()
        return "constant", self.constants.setdefault(node, next(_serials))

    def is_full(self) -> bool:
        """Whether it remembers enough."""
        entries = sum(plan.pattern.count for plan in self.plans.values() if plan is not None)
        return max(len(self.numbers), entries) > MOST_KEPT


_here = _Here()


def sparse_jacobian(output: Node, variable: Node, paying: bool = False) -> Sparse:
    """The Jacobian of an output by a variable, both taken as vectors, by the fewer of columns' and rows' colours.

    `paying` asks for it only where that is much less work than the dense matrix.

    Raises:
        DenseError: where it isn't, or in any case where there are too many entries to list.
    """
    plan = _remembered(output, variable, paying)
    found, colour = plan.pattern, plan.colour
    if plan.by_row:
        swept, size = _reverse(output, variable, colour, plan.sweeps), size_of(variable.shape)
        places = colour[found.rows] * size + found.columns
    else:
        swept, size = _forward(output, variable, colour, plan.sweeps), size_of(output.shape)
        places = colour[found.columns] * size + found.rows
    values = take(reshape(swept, shape=(size_of(swept.shape),)), array_constant(places))
    return Sparse(found, values, plan.sweeps)


def _remembered(output: Node, variable: Node, paying: bool) -> Plan:
    """The plan that was made for a graph of this form, or else a new one."""
    if _here.is_full():
        _here.forget()
    key = _here.number(output, variable), paying
    if key not in _here.plans:
        try:
            _here.plans[key] = _plan(output, variable, paying)
        except CoreError:
            if not paying:
                raise
            _here.plans[key] = None
    plan = _here.plans[key]
    if plan is None:
        raise DenseError("a dense matrix costs as little")
    return plan


def _plan(output: Node, variable: Node, paying: bool) -> Plan:
    found = pattern(output, variable, paying)
    most = min(found.shape) * WORTH_COMPRESSING if paying else np.inf
    by_column = colours(found, most)
    fewest = int(np.bincount(found.columns, minlength=1).max())
    if by_column is None or by_column.max(initial=-1) >= fewest:
        # Rows could do with fewer colours.
        by_row = colours(found.transposed(), min(most, by_column.max() if by_column is not None else most))
        if by_row is not None:
            return Plan(found, by_row, by_row=True)
    if by_column is None:
        raise DenseError("a dense matrix costs as little")
    return Plan(found, by_column, by_row=False)


def _seeds(colour: Indices, sweeps: int, like: Node) -> Node:
    """For each colour a tensor of ones where an element has it."""
    ones = colour[None, :] == np.arange(sweeps)[:, None]
    return array_constant(ones.astype(like.dtype.value).reshape((sweeps, *like.shape)))


def _forward(output: Node, variable: Node, colour: Indices, sweeps: int) -> Node:
    seed = fresh_input("seed", variable.shape, variable.dtype)
    return batch(jvp([output], [variable], [seed]), {seed: _seeds(colour, sweeps, variable)}, sweeps)[0]


def _reverse(output: Node, variable: Node, colour: Indices, sweeps: int) -> Node:
    seed = fresh_input("seed", output.shape, output.dtype)
    return batch(vjp([output], [variable], [seed]), {seed: _seeds(colour, sweeps, output)}, sweeps)[0]
