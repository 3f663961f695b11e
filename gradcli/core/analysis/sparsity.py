"""Which elements of an output depend on which elements of an input, found from the graph.

A pattern is propagated from node to node. What a primitive does to it follows from its law: an elementwise one joins
the patterns of its arguments; a linear one that moves elements is found out by moving their numbers; any other, by
the Jacobian of that one primitive at random arguments.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from gradcli.core.engines.numpy.schedule import ArrayProgram
from gradcli.core.errors import CoreError
from gradcli.core.ir.laws import Dependence, Linear
from gradcli.core.ir.nodes import Constant, Node, array_constant, fresh_input
from gradcli.core.ir.primitive import Application, Primitive
from gradcli.core.ir.shapes import size_of
from gradcli.core.ir.traversal import dependents, reachable
from gradcli.core.records import record
from gradcli.core.transforms.jacobian import jacobian

Indices: TypeAlias = "np.ndarray[Any, Any]"

# The Jacobian of one primitive is looked at up to this size; beyond it, everything is taken to depend on everything.
LARGEST_LOCAL = 4_000_000
# Entries that may be handled in all: so many, and so many for each element of the graph's values.
MOST_ENTRIES = 20_000_000
MOST_ENTRIES_EACH = 200
# The same where a dense matrix will do: handling an entry costs some hundred operations of a sweep.
PAYING_ENTRIES = 100_000
SWEEPS_OF_AN_ENTRY = 1 / 128
# Comparing so many pairs of entries for colours takes a second.
MOST_PAIRS = 20_000_000


class DenseError(CoreError):
    """A matrix in which too much depends on too much for a search of its entries."""


class Allowance:
    """How many entries a search may still handle."""

    def __init__(self, entries: float, shape: tuple[int, int]) -> None:
        self._left, self._shape = entries, shape

    def spend(self, entries: float) -> None:
        """Count entries, before they are handled.

        Raises:
            DenseError: when there are too many.
        """
        self._left -= entries
        if self._left < 0:
            height, width = self._shape
            raise DenseError(
                f"this matrix of {height:,} by {width:,} is not sparse: too much in it depends on too much else",
                "leave sparse=true out, or ask for products with it: jvp, vjp, hvp",
            )


@record
class Pattern:
    """Rows and columns of the entries that may differ from 0, sorted by row and then by column, each once."""

    shape: tuple[int, int]
    rows: Indices
    columns: Indices

    @property
    def count(self) -> int:
        """How many entries may differ from 0."""
        return len(self.rows)

    @property
    def full(self) -> bool:
        """Whether every entry may."""
        return self.count == self.shape[0] * self.shape[1]

    def joined(self, other: Pattern, allowance: Allowance) -> Pattern:
        """The entries of both."""
        if self is other or self.full:
            return self
        if other.full:
            return other
        allowance.spend(self.count + other.count)
        return _sorted(
            self.shape, np.concatenate([self.rows, other.rows]), np.concatenate([self.columns, other.columns])
        )

    def before(self, height: int, to: Indices, source: Indices, allowance: Allowance) -> Pattern:
        """The pattern of a product M S with this one as S, where M has entries in the rows `to`, columns `source`."""
        width = self.shape[1]
        if self.full:
            rows = np.unique(to)
            allowance.spend(len(to) + len(rows) * width)
            return Pattern((height, width), np.repeat(rows, width), np.tile(np.arange(width), len(rows)))
        starts = np.searchsorted(self.rows, np.arange(self.shape[0] + 1))
        counts = (starts[1:] - starts[:-1])[source]
        allowance.spend(int(counts.sum()) + len(to))
        rows = np.repeat(to, counts)
        offsets = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
        columns = self.columns[np.repeat(starts[source], counts) + offsets]
        return _sorted((height, width), rows, columns)

    def transposed(self) -> Pattern:
        """Rows and columns exchanged."""
        return _sorted(self.shape[::-1], self.columns, self.rows)


def _sorted(shape: tuple[int, int], rows: Indices, columns: Indices) -> Pattern:
    # Some versions of NumPy find unique numbers with a hash table, which takes ten times as long.
    keys = np.sort(rows.astype(np.int64) * max(shape[1], 1) + columns)
    keys = keys[np.concatenate([keys[:1] == keys[:1], keys[1:] != keys[:-1]])]
    return Pattern(shape, *np.divmod(keys, max(shape[1], 1)))


def pattern(output: Node, variable: Node, paying: bool = False) -> Pattern:
    """The pattern of the Jacobian of an output by a variable, both taken as vectors of their elements.

    `paying` says that the search is to end as soon as the dense matrix would have cost less.

    Raises:
        DenseError: where that is so, or in any case where there are too many entries.
    """
    width = size_of(variable.shape)
    order = reachable([output])
    active = dependents(order, [variable])
    elements = sum(size_of(node.shape) for node in active)
    least = min(size_of(output.shape), width)
    allowance = Allowance(
        PAYING_ENTRIES + elements * least * SWEEPS_OF_AN_ENTRY
        if paying
        else MOST_ENTRIES + MOST_ENTRIES_EACH * elements,
        (size_of(output.shape), width),
    )
    every = np.arange(width)
    found: dict[Node, Pattern] = {variable: Pattern((width, width), every, every)}
    for node in order:
        if node in active and node is not variable:
            parts = [
                part
                for i, arg in enumerate(node.args)
                if arg in found and (part := _through(node, i, found[arg], allowance)) is not None
            ]
            if parts:
                joined = parts[0]
                for part in parts[1:]:
                    joined = joined.joined(part, allowance)
                found[node] = joined
    empty = np.arange(0)
    return found.get(output, Pattern((size_of(output.shape), width), empty, empty))


def _through(node: Node, i: int, before: Pattern, allowance: Allowance) -> Pattern | None:
    """What an argument's pattern becomes; None where nothing of it arrives."""
    assert isinstance(node, Application)
    how = node.op.law.dependence(node, i)
    if how is Dependence.NONE:
        return None
    if how is Dependence.SAME:
        return before
    moved = _moved(node, i, node.op) if how is Dependence.MOVED else None
    to, source = moved or _local(node, i, node.op)
    return before.before(size_of(node.shape), to, source, allowance)


def _local(node: Node, i: int, op: Primitive) -> tuple[Indices, Indices]:
    """Where the Jacobian of one primitive by one argument has entries."""
    height, width = size_of(node.shape), size_of(node.args[i].shape)
    if height * width > LARGEST_LOCAL:
        return np.repeat(np.arange(height), width), np.tile(np.arange(width), height)
    known = [_known(arg) for arg in node.args]
    if any(known[j] is None for j in op.integers):
        return np.repeat(np.arange(height), width), np.tile(np.arange(width), height)
    free = [
        fresh_input("probe", arg.shape, arg.dtype) if value is None or j == i else array_constant(value)
        for j, (arg, value) in enumerate(zip(node.args, known, strict=True))
    ]
    probe = op(*free, **node.attrs)
    inputs = [n for n in free if not isinstance(n, Constant)]
    block = jacobian([probe], [free[i]])[0][0]
    (value,) = ArrayProgram(reachable([block]), [block], inputs)(*(_random(n) for n in inputs))
    to, source = np.nonzero(value.reshape(height, width))
    return to, source


def _known(node: Node) -> Indices | None:
    """The value of a node that depends on no input."""
    order = reachable([node])
    if any(not n.args and not isinstance(n, Constant) for n in order):
        return None
    return np.array(ArrayProgram(order, [node])()[0])


def _random(node: Node) -> Any:
    """Numbers in general position; square matrices regular, so that what inverts them has an answer."""
    values = np.random.default_rng(0).uniform(1.0, 2.0, node.shape)
    if len(node.shape) >= 2 and node.shape[-1] == node.shape[-2]:
        values = values + np.swapaxes(values, -1, -2) + 4.0 * node.shape[-1] * np.eye(node.shape[-1])
    return values.astype(node.dtype.value)


def _moved(node: Node, i: int, op: Primitive) -> tuple[Indices, Indices] | None:
    """The same for a map that only moves elements, or adds up what it moves; None for any other."""
    forward = _moves(lambda x: _applied(node, i, op, x), node.args[i])
    if forward is not None:
        (to,) = np.nonzero(forward)
        return to, forward[to].astype(np.int64) - 1
    backward = _moves(lambda g: _pulled_back(node, i, op, g), node)
    if backward is not None:
        (source,) = np.nonzero(backward)
        return backward[source].astype(np.int64) - 1, source
    return None


def _moves(apply: Callable[[Any], Any], start: Node) -> Any:
    """Which element each element of the result is, counted from 1, or 0; None if the map does more than move them."""
    size = size_of(start.shape)
    numbers = np.arange(1, size + 1, dtype=float)
    result = np.asarray(apply(numbers.reshape(start.shape))).ravel()
    if not ((result == np.round(result)) & (result >= 0) & (result <= size)).all():
        return None
    other = np.random.default_rng(1).uniform(1.0, 2.0, size)
    expected = np.concatenate([[0.0], other])[result.astype(np.int64)]
    again = np.asarray(apply(other.reshape(start.shape))).ravel()
    return result if np.allclose(again, expected, rtol=1e-6, atol=0.0) else None


def _applied(node: Node, i: int, op: Primitive, x: Any) -> Any:
    args = [np.zeros(arg.shape) if j != i else x for j, arg in enumerate(node.args)]
    for j, arg in enumerate(node.args):
        if j in op.integers or op.law.dependence(node, j) is Dependence.NONE:
            value = _known(arg)
            if value is None:
                return np.full(node.shape, np.nan)
            args[j] = value
    free = [fresh_input("x", a.shape, n.dtype) for a, n in zip(args, node.args, strict=True)]
    result = op(*free, **node.attrs)
    return ArrayProgram(reachable([result]), [result], free)(*args)[0]


def _pulled_back(node: Node, i: int, op: Primitive, g: Any) -> Any:
    assert isinstance(op.law, Linear)
    seed = array_constant(np.array(g, dtype=node.dtype.value))
    share = op.law.adjoint(seed, *node.args, **node.attrs)[i]
    value = None if share is None else _known(share)
    return np.full(node.args[i].shape, np.nan) if value is None else value


def fewest_colours(found: Pattern) -> int:
    """What `colours` can't do with less of, by columns or by rows, whichever is fewer."""
    height, width = found.shape
    by_column = np.bincount(found.rows, minlength=height).max(initial=0)
    return int(min(by_column, np.bincount(found.columns, minlength=width).max(initial=0)))


def colours(found: Pattern) -> Indices:
    """A colour for each column, such that no two of one colour have entries in one row (Curtis, Powell, Reid 1974).

    Each column has its own where all meet in one row, or where it takes too long to find fewer.
    """
    height, width = found.shape
    counts = np.bincount(found.rows, minlength=height)
    if counts.max(initial=0) == width or (counts.astype(float) ** 2).sum() > MOST_PAIRS:
        return np.arange(width)
    by_column = found.transposed()
    row_start = np.searchsorted(found.rows, np.arange(height + 1)).tolist()
    column_start = np.searchsorted(by_column.rows, np.arange(width + 1)).tolist()
    columns, rows = found.columns.tolist(), by_column.columns.tolist()
    colour = [-1] * width
    for j in range(width):
        taken = {
            colour[k]
            for row in rows[column_start[j] : column_start[j + 1]]
            for k in columns[row_start[row] : row_start[row + 1]]
        }
        first = 0
        while first in taken:
            first += 1
        colour[j] = first
    return np.array(colour, dtype=np.int64)
