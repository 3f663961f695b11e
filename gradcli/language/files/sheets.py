"""Tables of numbers as text: comma-, semicolon- or tab-separated, with or without names above the columns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from gradcli.core.records import record
from gradcli.language.text.diagnostics import Source, Span, fail

if TYPE_CHECKING:
    import numpy

DELIMITERS = (",", ";", "\t")


@record
class Cell:
    """A cell's text without its quotes, and where it stands."""

    text: str
    span: Span


class Sheet:
    """A table of numbers. Its columns are called as their heads say, else 1, 2, ... from the left; see `has_heads`.

    Raises:
        LanguageError: for a table that is none, at the line and column where it is broken.
    """

    def __init__(self, source: Source, delimiter: str | None = None) -> None:
        self._source = source
        self._rows = [*_lines(source)]
        if not self._rows:
            raise fail("file", f"there is nothing in `{source.name}`", None)
        first = source.text[slice(*self._rows[0])]
        # A file without any has one column.
        self._delimiter = delimiter or max(DELIMITERS, key=first.count)
        head = self._cells(0)
        self.names = [str(i + 1) for i in range(len(head))]
        self.has_heads = any(_number(cell.text) is None and cell.text for cell in head)
        if self.has_heads:
            self.names = [cell.text.removeprefix("#").strip() if i == 0 else cell.text for i, cell in enumerate(head)]
            del self._rows[0]
            for cell in head:
                if self.names.count(cell.text) > 1:
                    raise fail("file", f"two columns are called `{cell.text}`", cell.span, "give each its own name")
            if not self._rows:
                raise fail("file", f"`{source.name}` has names of columns, and no numbers below them", head[0].span)
        self._require_columns()

    def column(self, name: str) -> numpy.ndarray[Any, Any]:
        """One column.

        Raises:
            LanguageError: for a cell that is no number.
        """
        found: numpy.ndarray[Any, Any] = self._numbers([self.names.index(name)])[:, 0]
        return found

    def matrix(self) -> numpy.ndarray[Any, Any]:
        """All columns side by side.

        Raises:
            LanguageError: for a cell that is no number.
        """
        return self._numbers(range(len(self.names)))

    def _cells(self, row: int) -> list[Cell]:
        start, end = self._rows[row]
        line, d = self._source.text[start:end], re.escape(self._delimiter)
        found, at = [], 0
        while at <= len(line):
            cell = re.compile(rf'\s*"((?:[^"]|"")*)"\s*(?={d}|$)|([^{d}]*)').match(line, at)
            assert cell is not None
            quoted = cell[1] is not None
            text = cell[1].replace('""', '"') if quoted else cell[2].strip()
            if not quoted and text.startswith('"'):
                place = Span(self._source, start + at, start + cell.end())
                raise fail("file", "a quote is never closed, or stands inside of a cell", place, 'a " in quotes is ""')
            # An empty cell is pointed at by what ends it.
            stop = max(start + cell.end(), start + at + 1)
            found.append(Cell(text, Span(self._source, start + at, stop)))
            at = cell.end() + 1
        return found

    def _require_columns(self) -> None:
        """Every row has as many cells as there are columns."""
        wanted = len(self.names)
        for row, (start, end) in enumerate(self._rows):
            line = self._source.text[start:end]
            if '"' not in line and line.count(self._delimiter) == wanted - 1:
                continue
            cells = self._cells(row)
            if len(cells) != wanted:
                where = cells[-1].span if len(cells) < wanted else cells[wanted].span
                count = f"{len(cells)} cell{'s' if len(cells) > 1 else ''}"
                what = f"this line has {count}, and there are {wanted} columns"
                raise fail("file", what, where, "columns are separated by a comma, a semicolon or a tab")

    def _numbers(self, columns: Sequence[int]) -> numpy.ndarray[Any, Any]:
        import numpy as np

        lines = [self._source.text[start:end] for start, end in self._rows]
        try:
            return np.loadtxt(
                lines, delimiter=self._delimiter, usecols=columns, comments=None, quotechar='"', ndmin=2, dtype=float
            )
        except ValueError:
            pass
        rows = []
        for row in range(len(self._rows)):
            cells = self._cells(row)
            rows.append([self._required(cells[i]) for i in columns])
        return np.array(rows, dtype=float)

    def _required(self, cell: Cell) -> float:
        value = _number(cell.text)
        if value is not None:
            return value
        if not cell.text:
            raise fail("value", "this cell is empty", cell.span, "nan stands for a number that is missing")
        hint = "nan stands for a number that is missing"
        if re.fullmatch(r"[-+]?\d+,\d+", cell.text):
            hint = "decimals are written with a point"
        raise fail("value", f"`{cell.text}` is no number", cell.span, hint)


def _lines(source: Source) -> Iterator[tuple[int, int]]:
    """Where each line begins and ends that has something in it."""
    for found in re.finditer(r"[^\r\n]+", source.text):
        if not found[0].isspace():
            yield found.span()


def _number(text: str) -> float | None:
    try:
        return None if "_" in text else float(text)
    except ValueError:
        return None
