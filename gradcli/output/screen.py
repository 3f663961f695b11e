"""The one place that prints: results to standard output, diagnostics to standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from functools import cached_property
from typing import IO, TYPE_CHECKING

from gradcli.language.diagnostics import Diagnostic
from gradcli.output.diagnostics import show_diagnostic
from gradcli.output.numbers import MOST_ITEMS, MOST_ITEMS_OF_A_FILE, show_tensor, show_value
from gradcli.output.picture import picture
from gradcli.output.polynomials import show_polynomial
from gradcli.output.style import THEME, Line, bare
from gradcli.session.results import (
    Assertion,
    Derivatives,
    ParameterTable,
    Plain,
    Polynomial,
    Result,
    Row,
    Shown,
    SparseMatrix,
    Tensor,
)

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

# How wide a table may grow where no terminal says.
WIDTH_OF_A_FILE = 100


class Screen:
    """Prints results and diagnostics. Rich is imported when a table or a colour is needed, not before."""

    def __init__(self, out: IO[str] | None = None, err: IO[str] | None = None, digits: int | None = None) -> None:
        self._out, self._err = out or sys.stdout, err or sys.stderr
        self.digits = digits

    @cached_property
    def _console(self) -> Console:
        return _console(self._out)

    @cached_property
    def _err_console(self) -> Console:
        return _console(self._err)

    def result(self, result: Result, named: bool = False) -> None:
        """Show a result; `named` puts the expression in front, for where the reader did not just type it."""
        if isinstance(result, Assertion):
            if not result.passed:
                self._lines(_failure(result, self.digits), self._err)
        else:
            self._shown(result, named)

    def _shown(self, shown: Shown, named: bool) -> None:
        value = shown.value
        if isinstance(value, Derivatives) and len(value.rows) == 1 and value.rows[0].tensor.shape == ():
            value = value.rows[0].tensor
        if isinstance(value, Derivatives):
            if named:
                self._lines([[(shown.source, "strong")]], self._out)
            self.table(value)
        elif isinstance(value, ParameterTable):
            if named:
                self._lines([[(shown.source, "strong")]], self._out)
            self._console.print(_parameters(value, self.digits), "")
        elif isinstance(value, Polynomial):
            *lines, remainder = show_polynomial(value, self.digits)
            self._lines([*([(line, "strong")] for line in lines), [(remainder, "dim")]], self._out)
        elif isinstance(value, SparseMatrix):
            head = f"{shown.source} = " if named else ""
            self._lines([[(head, "dim"), (show_value(value), "strong")]], self._out)
            self._lines([[(line, "")] for line in picture(value)], self._out)
        elif isinstance(value, tuple) and any(isinstance(v, (Tensor, tuple)) and _is_wide(v) for v in value):
            if named:
                self._lines([[(shown.source, "strong")]], self._out)
            rows = [Row(0, f"[{i}]", t) for i, t in enumerate(value) if isinstance(t, Tensor)]
            if len(rows) == len(value):
                self._console.print(_items(rows, self.digits), "")
            else:
                self._lines([[(show_value(value, self.digits, self._most_items), "")]], self._out)
        else:
            head = f"{shown.source} = " if named else ""
            self._value(head, value)

    @property
    def _most_items(self) -> int:
        return MOST_ITEMS if _is_terminal(self._out) else MOST_ITEMS_OF_A_FILE

    def _value(self, head: str, value: Plain) -> None:
        if not isinstance(value, Tensor) or value.shape == ():
            self._lines([[(head, "dim"), (show_value(value, self.digits, self._most_items), "strong")]], self._out)
            return
        text = show_tensor(value, self.digits)
        if head and "\n" in text:
            self._lines([[(head.rstrip(), "dim")]], self._out)
            head = ""
        self._lines([[(head, "dim"), (text, "strong"), (f"  {value.dtype} {value.shape}", "dim")]], self._out)

    def table(self, derivatives: Derivatives, title: str | None = None) -> None:
        """A table of derivatives by order."""
        if title:
            self._lines([[(title, "strong")]], self._out)
        self._console.print(_derivatives(derivatives, self.digits))
        if derivatives.note:
            self._lines([[(derivatives.note, "dim")]], self._out)
        self._lines([[("", "")]], self._out)

    def diagnostic(self, diagnostic: Diagnostic) -> None:
        """Say what is wrong, to standard error."""
        self._lines(show_diagnostic(diagnostic), self._err)

    def say(self, text: str, style: str = "") -> None:
        """A line to standard output."""
        self._lines([[(text, style)]], self._out)

    def _lines(self, lines: Sequence[Line], stream: IO[str]) -> None:
        if not _is_terminal(stream):
            print(bare(list(lines)), file=stream)
            return
        from rich.text import Text

        console = self._out_or_err(stream)
        for line in lines:
            console.print(Text.assemble(*((text, THEME[style]) for text, style in line)), soft_wrap=True)

    def _out_or_err(self, stream: IO[str]) -> Console:
        return self._console if stream is self._out else self._err_console


def _is_terminal(stream: IO[str]) -> bool:
    return stream.isatty() or bool(os.environ.get("FORCE_COLOR"))


def _console(stream: IO[str]) -> Console:
    from rich.console import Console

    width = None if stream.isatty() or "COLUMNS" in os.environ else WIDTH_OF_A_FILE
    return Console(file=stream, width=width, highlight=False, emoji=False)


def _is_wide(value: Plain) -> bool:
    return isinstance(value, Tensor) and value.shape != ()


def _new_table() -> Table:
    from rich import box
    from rich.table import Table

    return Table(box=box.SIMPLE_HEAD, header_style="dim", show_edge=False)


def _derivatives(derivatives: Derivatives, digits: int | None) -> Table:
    """Order, name and value of each; shapes and dtypes where not all are float64 scalars."""
    table = _new_table()
    typed = any(row.tensor.shape != () or row.tensor.dtype != "float64" for row in derivatives.rows)
    table.add_column("order", justify="right", style="dim", no_wrap=True)
    table.add_column("derivative", no_wrap=True)
    told = any(row.formula for row in derivatives.rows)
    if told:
        table.add_column("formula", no_wrap=True)
    if typed:
        table.add_column("shape", style="dim", no_wrap=True)
        table.add_column("dtype", style="dim", no_wrap=True)
    table.add_column("value", style="bold", overflow="fold")
    before: int | None = None
    for row in derivatives.rows:
        t = row.tensor
        kind = (*((_plain(row.formula or ""),) if told else ()), *((_plain(str(t.shape)), t.dtype) if typed else ()))
        order = "" if row.order == before else str(row.order)
        table.add_row(order, _plain(row.name), *kind, _plain(show_tensor(t, digits)))
        before = row.order
    return table


def _items(rows: list[Row], digits: int | None) -> Table:
    table = _new_table()
    table.add_column("item", style="dim", no_wrap=True)
    table.add_column("shape", style="dim", no_wrap=True)
    table.add_column("dtype", style="dim", no_wrap=True)
    table.add_column("value", style="bold", overflow="fold")
    for row in rows:
        t = row.tensor
        table.add_row(_plain(row.name), _plain(str(t.shape)), t.dtype, _plain(show_tensor(t, digits)))
    return table


def _parameters(parameters: ParameterTable, digits: int | None) -> Table:
    """Name, shape, dtype and value of each, and how many numbers they are together."""
    table = _new_table()
    total = sum(_count(t) for t in parameters.tensors)
    table.show_footer = True
    table.add_column("parameter", _plain("total"), no_wrap=True)
    table.add_column("shape", _plain(f"{total:,}"), style="dim", no_wrap=True)
    table.add_column("dtype", style="dim", no_wrap=True)
    table.add_column("value", style="bold", overflow="fold")
    for name, t in zip(parameters.names, parameters.tensors, strict=True):
        table.add_row(_plain(name), _plain(str(t.shape)), t.dtype, _plain(show_tensor(t, digits)))
    return table


def _count(t: Tensor) -> int:
    count = 1
    for n in t.shape:
        count *= n
    return count


def _plain(text: str) -> Text:
    """Text that Rich does not read markup in: brackets are tensors here."""
    from rich.text import Text

    return Text(text)


def _failure(assertion: Assertion, digits: int | None) -> list[Line]:
    lines: list[Line] = [
        [("assert failed: ", "error"), (assertion.source, "strong")],
        [("  --> ", "frame"), (assertion.where, "place")],
    ]
    if assertion.message:
        lines.append([("   = ", "frame"), (assertion.message, "hint")])
    c = assertion.comparison
    if c is not None:
        lines.append([("   | left:  ", "frame"), (_side(c.left, digits), "")])
        lines.append([("   | right: ", "frame"), (_side(c.right, digits), "")])
        if c.difference is not None:
            allowed = f" (allowed: {c.tolerance})" if c.tolerance else ""
            lines.append([("   | largest difference: ", "frame"), (f"{c.difference:g}{allowed}", "")])
        elif _shape(c.left) != _shape(c.right):
            lines.append([("   | ", "frame"), (f"shapes differ: {_shape(c.left)} and {_shape(c.right)}", "")])
    return lines


def _shape(value: Plain) -> str:
    if isinstance(value, Tensor):
        return str(value.shape)
    return f"a tuple of {len(value)}" if isinstance(value, tuple) else "no tensor"


def _side(value: Plain, digits: int | None) -> str:
    return show_value(value, digits).replace("\n", "\n" + " " * 12)
