"""Which entries of a Jacobian may differ from 0, and which of its columns are computed together."""

from __future__ import annotations

import numpy as np

from gradcli.core.analysis.dependence import Allowance, DenseError, Indices, Sets, dependence
from gradcli.core.ir.nodes import Node
from gradcli.core.ir.shapes import size_of
from gradcli.core.ir.traversal import dependents, reachable
from gradcli.core.records import record

# Entries that may be handled in all: so many, and so many for each element of the graph's values.
MOST_ENTRIES = 20_000_000
MOST_ENTRIES_EACH = 200
# The same where a dense matrix will do: handling an entry costs some hundred operations of a sweep.
PAYING_ENTRIES = 100_000
SWEEPS_OF_AN_ENTRY = 1 / 128
# A matrix that could be dense is compressed if that saves most sweeps.
WORTH_COMPRESSING = 0.25


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

    def transposed(self) -> Pattern:
        """Rows and columns exchanged."""
        order = np.argsort(self.columns, kind="stable")
        return Pattern(self.shape[::-1], self.columns[order], self.rows[order])


def pattern(output: Node, variable: Node, paying: bool = False) -> Pattern:
    """The pattern of the Jacobian of an output by a variable, both taken as vectors of their elements.

    `paying` says that the search is to end as soon as the dense matrix would have cost less.

    Raises:
        DenseError: where that is so, or in any case where there are too many entries.
    """
    shape = size_of(output.shape), size_of(variable.shape)
    elements = sum(size_of(node.shape) for node in dependents(reachable([output]), [variable]))
    most = PAYING_ENTRIES + elements * min(shape) * SWEEPS_OF_AN_ENTRY
    allowance = Allowance(most if paying else MOST_ENTRIES + MOST_ENTRIES_EACH * elements, shape)
    sets, labels = dependence(output, variable, allowance)
    labels = labels.ravel()
    if paying and min(_fullest(sets, labels)) >= min(shape) * WORTH_COMPRESSING:
        raise DenseError("a dense matrix costs as little")
    counts = sets.lengths(labels)
    allowance.spend(int(counts.sum()))
    return Pattern(shape, np.repeat(np.arange(shape[0]), counts), sets.listed(labels))


def _fullest(sets: Sets, labels: Indices) -> tuple[int, int]:
    """How many entries the fullest row has, and the fullest column: no fewer colours do."""
    distinct, counts = np.unique(labels, return_counts=True)
    lengths = sets.lengths(distinct)
    by_column = np.bincount(sets.listed(distinct), np.repeat(counts, lengths), minlength=1)
    return int(lengths.max(initial=0)), int(by_column.max())


def colours(found: Pattern, most: float = np.inf) -> Indices | None:
    """A colour for each column, such that no two of one colour have entries in one row (Curtis, Powell, Reid 1974).

    None where it takes `most` of them. The work is linear in the entries.
    """
    height, width = found.shape
    by_column = found.transposed()
    start = np.searchsorted(by_column.rows, np.arange(width + 1)).tolist()
    rows = by_column.columns.tolist()
    # A bit for each colour that a row has.
    taken = [0] * height
    colour = [0] * width
    for j in range(width):
        column = rows[start[j] : start[j + 1]]
        bits = 0
        for row in column:
            bits |= taken[row]
        free = ~bits & (bits + 1)
        number = free.bit_length()
        if number > most:
            return None
        colour[j] = number - 1
        for row in column:
            taken[row] |= free
    return np.array(colour, dtype=np.int64)
