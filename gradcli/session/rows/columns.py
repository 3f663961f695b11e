"""Tables as columns: what a column holds in each row, and chunks of so many rows of those that are needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from gradcli.core.records import record
from gradcli.language.text.diagnostics import LanguageError, fail, near

if TYPE_CHECKING:
    from typing import TypeAlias

    Array: TypeAlias = np.ndarray[Any, Any]
    # Some rows: each column, and which rows have no numbers there, None where all have.
    Piece: TypeAlias = tuple[dict[str, Array], "Array | None"]

# Programs are made for so many rows. What a row gives may depend on its place in such a block, where a product of
# matrices is cut, but not on how many blocks there are.
BLOCK = 2**14
# Rows that are read and computed at a time: more cost memory, fewer cost a turn of all threads each.
CHUNK = 2**17


@record
class Column:
    """What a column holds in each row: numbers of a shape, or `truth`; or `unfit`, what it holds instead."""

    shape: tuple[int, ...] = ()
    truth: bool = False
    unfit: str | None = None


@record
class Chunk:
    """Rows of a table from number `first`, 0 the first of all; columns are as long as whole blocks.

    What stands behind the rows are copies of the last one. `bad` says which rows lack a number, None that none do.
    """

    first: int
    rows: int
    columns: Mapping[str, Array]
    bad: Array | None


class Table(Protocol):
    """What is read: a file, several, or a stream."""

    name: str

    @property
    def columns(self) -> Mapping[str, Column]:
        """The columns by name."""
        ...

    @property
    def rows(self) -> int | None:
        """How many rows there are, None where that is known at the end alone."""
        ...

    @property
    def identity(self) -> Sequence[object]:
        """What tells it from a table that has changed: JSON's kinds alone."""
        ...

    def pieces(self, names: Sequence[str], start: int) -> Iterator[Piece]:
        """Some columns from a row on, in pieces of any length.

        Raises:
            LanguageError: for what can't be read.
        """
        ...


def chunks(table: Table, names: Sequence[str], start: int, size: int, stop: int | None = None) -> Iterator[Chunk]:
    """Some columns from a row on, so many rows at a time; `size` and `start` are multiples of a block.

    Raises:
        LanguageError: for what can't be read.
    """
    into: dict[str, Array] = {}
    bad: Array | None = None
    first, filled = start, 0
    if table.rows is not None:
        size = min(size, max(1, -(-(table.rows - start) // BLOCK)) * BLOCK)
    for columns, lacking in table.pieces(names, start):
        count, at = len(next(iter(columns.values()))), 0
        if stop is not None:
            count = min(count, stop - first - filled)
        while at < count:
            if not into:
                into = {n: np.empty((size, *c.shape[1:]), c.dtype) for n, c in columns.items()}
            take = min(size - filled, count - at)
            for name, column in columns.items():
                into[name][filled : filled + take] = column[at : at + take]
            if lacking is not None and lacking[at : at + take].any():
                bad = np.zeros(size, bool) if bad is None else bad
                bad[filled : filled + take] = lacking[at : at + take]
            filled, at = filled + take, at + take
            if filled == size:
                yield Chunk(first, size, into, bad)
                into, bad, first, filled = {}, None, first + size, 0
        if stop is not None and first + filled >= stop:
            break
    if filled:
        whole = -(-filled // BLOCK) * BLOCK
        for column in into.values():
            column[filled:whole] = column[filled - 1]
        cut = {name: column[:whole] for name, column in into.items()}
        yield Chunk(first, filled, cut, None if bad is None else bad[:whole])


def missing_column(name: str, table: Table, what: str) -> LanguageError:
    """The refusal of a name that no column has."""
    known = [*table.columns]
    listed = ", ".join(known[:20]) + (", ..." if len(known) > 20 else "")
    hint = near(name, known) or (f"it has {listed}" if known else "it has no columns")
    return fail("name", f"`{table.name}` has no column `{name}`{what}", None, hint)


def fit_column(name: str, table: Table, what: str = "") -> Column:
    """A column of numbers.

    Raises:
        LanguageError: for one that is not there, and one of something else.
    """
    column = table.columns.get(name)
    if column is None:
        raise missing_column(name, table, what)
    if column.unfit is not None:
        hint = "columns are numbers, true and false, or lists of so many numbers in every row"
        raise fail("type", f"the column `{name}` of `{table.name}` holds {column.unfit}", None, hint)
    return column
