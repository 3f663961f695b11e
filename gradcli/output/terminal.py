"""The reporter for people: results to standard output, diagnostics to standard error."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import IO

from gradcli.language.text.diagnostics import Diagnostic
from gradcli.output.diagnostics import show_diagnostic
from gradcli.output.layout import Cell, Column, Role, lay_out, wrap_line
from gradcli.output.numbers import (
    MOST_ITEMS,
    MOST_ITEMS_OF_A_FILE,
    WHOLE_UP_TO,
    show_tensor,
    show_value,
    tensor_lines,
)
from gradcli.output.picture import WIDEST, picture
from gradcli.output.polynomials import show_polynomial
from gradcli.output.stream import OutputError, Stream
from gradcli.output.style import Line
from gradcli.session.results import (
    Answer,
    Assertion,
    Derivatives,
    FileSummary,
    ParameterTable,
    Plain,
    Polynomial,
    Result,
    Row,
    Shown,
    SparseMatrix,
    Tensor,
    Verdict,
)

LONGEST_IN_A_LINE = 40


class Terminal:
    """Shows results and diagnostics.

    A terminal gets lines that fit it and large tensors by their edges; a pipe or a file gets everything.
    """

    def __init__(self, out: IO[str] | None = None, err: IO[str] | None = None, digits: int | None = None) -> None:
        self._out, self._err = Stream(out or sys.stdout), Stream(err or sys.stderr)
        self.digits = digits

    def result(self, result: Result, named: bool = False) -> None:
        """Show a result; `named` puts the expression in front, for where the reader did not just type it."""
        if isinstance(result, Assertion):
            if not result.passed:
                self._to_err(self._failure(result))
        elif isinstance(result, Answer):
            at = ", ".join(f"{name} = {_short(value)}" for name, value in result.at)
            self.table(result.derivatives, f"{result.title}{f'   at {at}' if at else ''}")
        else:
            self._shown(result, named)

    def _shown(self, shown: Shown, named: bool) -> None:
        value = shown.value
        if isinstance(value, Derivatives) and len(value.rows) == 1 and value.rows[0].tensor.shape == ():
            value = value.rows[0].tensor
        items = _items(value)
        if isinstance(value, (Derivatives, ParameterTable)) or items:
            if named:
                self._prose(*([(line, "strong")] for line in shown.source.split("\n")))
            if isinstance(value, Derivatives):
                self.table(value)
            elif isinstance(value, ParameterTable):
                total = sum(_count(t) for t in value.tensors)
                rows = [Row(0, name, t) for name, t in zip(value.names, value.tensors, strict=True)]
                self._table(self._typed("parameter", rows), ("total", f"{total:,}"))
            else:
                self._table(self._typed("item", items, "dim"))
            return
        *before, last = shown.source.split("\n")
        if named:
            self._prose(*([(line, "dim")] for line in before))
        head = f"{last} = " if named else ""
        if isinstance(value, Polynomial):
            *lines, remainder = show_polynomial(value, self.digits, self._out.width)
            self._prose(*([(line, "strong")] for line in lines), [(remainder, "dim")])
        elif isinstance(value, SparseMatrix):
            self._prose([(head, "dim"), (show_value(value), "strong")])
            self._out.lines([[(line, "")] for line in picture(value, min(WIDEST, 2 * (self._out.width or WIDEST)))])
        else:
            self._value(head, value)

    @property
    def _most_items(self) -> int:
        return MOST_ITEMS if self._out.is_terminal else MOST_ITEMS_OF_A_FILE

    def _value(self, head: str, value: Plain) -> None:
        if not isinstance(value, Tensor) or value.shape == ():
            self._prose(
                [(head, "dim"), (show_value(value, self.digits, self._whole_up_to, self._most_items), "strong")]
            )
            return
        *lines, last = show_tensor(value, self.digits, self._out.width, self._whole_up_to).split("\n")
        # On its own in a file, a tensor is text that the language reads back.
        kind = f"  {value.dtype} {value.shape}" if head or self._out.is_terminal else ""
        if head and lines:
            self._prose([(head.rstrip(), "dim")])
            head = ""
        self._prose(*([(line, "strong")] for line in lines), [(head, "dim"), (last, "strong"), (kind, "dim")])

    @property
    def _whole_up_to(self) -> int | None:
        return WHOLE_UP_TO if self._out.is_terminal else None

    def table(self, derivatives: Derivatives, title: str | None = None) -> None:
        """A table of derivatives by order; shapes and dtypes where not all are float64 scalars."""
        if title:
            self._prose([(title, "strong")])
        rows = derivatives.rows
        typed = any(row.tensor.shape != () or row.tensor.dtype != "float64" for row in rows)
        table = self._typed("derivative", rows) if typed else self._named("derivative", rows)
        if any(row.formula for row in rows):
            table.insert(1, self._column("formula", [row.formula or "" for row in rows], Role.FOLD))
        table.insert(0, self._column("order", [str(row.order) for row in rows], Role.LABEL, "dim", once=True))
        self._table(table, note=derivatives.note)

    def _typed(self, title: str, rows: Sequence[Row], style: str = "") -> list[Column]:
        """Name, shape, dtype and value."""
        name, value = self._named(title, rows, style)
        shape = self._column("shape", [str(row.tensor.shape) for row in rows], Role.EXTRA, "dim")
        dtype = self._column("dtype", [row.tensor.dtype for row in rows], Role.EXTRA, "dim")
        return [name, shape, dtype, value]

    def _named(self, title: str, rows: Sequence[Row], style: str = "") -> list[Column]:
        """Name and value."""
        cells = tuple(
            Cell(tuple(tensor_lines(row.tensor, self.digits, self._whole_up_to)), " " * len(row.tensor.shape))
            for row in rows
        )
        names = self._column(title, [row.name for row in rows], Role.LABEL, style)
        return [names, Column("value", cells, Role.VALUE, "strong")]

    def _column(self, title: str, texts: Sequence[str], role: Role, style: str = "", once: bool = False) -> Column:
        return Column(title, tuple(Cell((self._out.clean(text),)) for text in texts), role, style, once)

    def _table(self, table: list[Column], footer: tuple[str, str] | None = None, note: str | None = None) -> None:
        self._out.lines(lay_out(table, self._out.width, footer))
        if note:
            self._prose([(note, "dim")])
        self._out.lines([[]])

    def diagnostic(self, diagnostic: Diagnostic) -> None:
        """Say what is wrong, to standard error."""
        self._to_err(show_diagnostic(diagnostic, self._err.verbatim, self._err.width))

    def begin_file(self, path: str) -> None:
        """Say nothing: what is shown stands in order."""

    def end_file(self, summary: FileSummary) -> None:
        """One line about a file that was run."""
        if not summary.is_read:
            return
        counts = f"{summary.passed} {'assert' if summary.passed == 1 else 'asserts'} passed" + (
            f", {summary.failed} failed" if summary.failed else ""
        )
        if summary.verdict == Verdict.BAD_INPUT:
            counts += ", stopped at an error"
        mark, style = ("✓", "good") if summary.verdict == Verdict.OK else ("✗", "error")
        self.say(f"{mark} {summary.path}: {counts}", style)

    def close(self, code: int, error: BaseException | None = None) -> None:
        """Say nothing: all has been shown."""

    def say(self, text: str, style: str = "") -> None:
        """A line to standard output."""
        self._prose([(text, style)])

    def program(self, text: str) -> None:
        """The text of a program to standard output, as it is."""
        self._out.lines([[(line, "")] for line in text.split("\n")])

    def explain(self, text: str) -> None:
        """Lines to standard error."""
        self._to_err([[(line, "")] for line in text.rstrip("\n").split("\n")])

    def _prose(self, *lines: Line) -> None:
        self._out.lines(self._wrapped(self._out, lines))

    def _to_err(self, lines: Sequence[Line]) -> None:
        # What came before it on standard output stands before it.
        self._out.flush()
        # Where standard error can't be written to, the exit code is what is left to say.
        with suppress(OutputError):
            self._err.lines(self._wrapped(self._err, lines))

    def _wrapped(self, stream: Stream, lines: Sequence[Line]) -> list[Line]:
        cleaned: list[Line] = [[(stream.clean(text, keep="\t"), style) for text, style in line] for line in lines]
        return [part for line in cleaned for part in wrap_line(line, stream.width)]

    def _failure(self, assertion: Assertion) -> list[Line]:
        first, *more = assertion.source.split("\n")
        lines: list[Line] = [
            [("assert failed: ", "error"), (first, "strong")],
            *([(line, "strong")] for line in more),
            [("  --> ", "frame"), (str(assertion.place), "place")],
        ]
        if assertion.message:
            lines.append([("   = ", "frame"), (assertion.message, "hint")])
        c = assertion.comparison
        if c is not None:
            lines += [*self._side("   | left:  ", c.left), *self._side("   | right: ", c.right)]
            if c.difference is not None:
                allowed = f" (allowed: {c.tolerance})" if c.tolerance else ""
                lines.append([("   | largest difference: ", "frame"), (f"{c.difference:g}{allowed}", "")])
            elif _shape(c.left) != _shape(c.right):
                lines.append([("   | ", "frame"), (f"shapes differ: {_shape(c.left)} and {_shape(c.right)}", "")])
        return lines

    def _side(self, head: str, value: Plain) -> list[Line]:
        """One side of a failed assert, its further lines below the first, where the terminal has room for that."""
        width = self._err.width
        whole_up_to = WHOLE_UP_TO if self._err.is_terminal else None
        text = show_value(value, self.digits, whole_up_to)
        room = None if width is None else width - len(head)
        cell = Cell(tuple(text.split("\n")), " " * len(value.shape) if isinstance(value, Tensor) else " ")
        if width is not None and room is not None and cell.least(width) > room:
            return [[(head.rstrip(), "frame")], *([(line, "")] for line in cell.wrapped(width))]
        first, *more = cell.wrapped(room)
        return [[(head, "frame"), (first, "")], *([(" " * len(head) + line, "")] for line in more)]


def _short(value: Plain) -> str:
    """A value for the middle of a line, if it is short enough."""
    text = show_value(value)
    return text if len(text) <= LONGEST_IN_A_LINE and "\n" not in text else "..."


def _items(value: Plain) -> list[Row]:
    """The tensors of a tuple that is shown as a table: one that holds more than numbers."""
    if not isinstance(value, tuple) or not all(isinstance(item, Tensor) for item in value):
        return []
    rows = [Row(0, f"[{i}]", t) for i, t in enumerate(value) if isinstance(t, Tensor)]
    return rows if any(row.tensor.shape != () for row in rows) else []


def _count(t: Tensor) -> int:
    count = 1
    for n in t.shape:
        count *= n
    return count


def _shape(value: Plain) -> str:
    if isinstance(value, Tensor):
        return str(value.shape)
    return f"a tuple of {len(value)}" if isinstance(value, tuple) else "no tensor"
