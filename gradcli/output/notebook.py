"""Results as a notebook shows them: text, and HTML made of the same blocks and columns that a terminal gets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from gradcli.output.characters import visible
from gradcli.output.failures import show_failure
from gradcli.output.folding import fold
from gradcli.output.layout import Column, Role, lay_out, wrap_line
from gradcli.output.style import Line, bare
from gradcli.output.views import MOST_ITEMS_OF_A_FILE, Block, Look, Table, blocks_of, view
from gradcli.session.results import Answer, Assertion, Plain, Result, Shown

# As wide as a terminal is by default; a notebook scrolls what is wider.
WIDTH = 100
_CELL = "text-align:left;vertical-align:top;white-space:pre;font-family:monospace"
_ORDER = "text-align:right;vertical-align:top;font-family:monospace"


def blocks(
    item: Result | Plain, named: bool = False, digits: int | None = None, whole: bool = False
) -> Iterator[Block]:
    """A result, or a value alone, as blocks; an assert that holds has none. `whole` are large tensors too."""
    look = Look(digits, width=WIDTH, clean=visible)
    if whole:
        look.whole_up_to, look.most = None, MOST_ITEMS_OF_A_FILE
    if isinstance(item, Assertion):
        if not item.passed:
            yield from show_failure(item, look)
    elif isinstance(item, (Shown, Answer)):
        yield from blocks_of(item, look, named)
    else:
        yield from view(item).blocks(look, None)


def as_text(found: Iterable[Block]) -> str:
    """Blocks as lines, as a terminal shows them."""
    lines: list[Line] = []
    after_table = False
    for block in found:
        if after_table:
            lines.append([])
        after_table = isinstance(block, Table)
        if isinstance(block, Table):
            lines += lay_out(block.columns, WIDTH, block.footer)
        for prose in block.below if isinstance(block, Table) else [block]:
            width, breaking = WIDTH if prose.wrapped else None, fold if prose.is_formula else None
            lines += [part for line in prose.lines for part in wrap_line(_visible(line), width, breaking)]
    return bare(lines)


def as_html(found: Iterable[Block]) -> str:
    """Blocks as HTML that needs no style sheet; all text in it is escaped."""
    return "\n".join(_table(block) if isinstance(block, Table) else _pre(block.lines) for block in found)


def _pre(lines: Sequence[Line]) -> str:
    return f"<pre>{escape(bare([_visible(line) for line in lines]))}</pre>"


def _table(table: Table) -> str:
    # There is room beside the values, and no line below a row.
    columns = [column for column in table.columns if column.role is not Role.BELOW]
    head = "".join(f'<th style="text-align:{_side(c)}">{escape(c.title)}</th>' for c in columns)
    rows = [[_cell(column, row) for column in columns] for row in range(len(columns[0].cells))]
    if table.footer is not None:
        name, value = (f'<td style="{_CELL}">{escape(visible(text))}</td>' for text in table.footer)
        rows.append([name, *["<td></td>"] * (len(columns) - 2), value])
    body = "\n".join(f"<tr>{''.join(row)}</tr>" for row in rows)
    note = "".join(_pre([line]) for prose in table.below for line in prose.lines)
    return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>{note}"


def _cell(column: Column, row: int) -> str:
    cell = column.cells[row]
    repeated = column.once and row and cell.lines == column.cells[row - 1].lines
    text = "" if repeated else "\n".join(map(visible, cell.lines))
    return f'<td style="{_ORDER if column.once else _CELL}">{escape(text)}</td>'


def _side(column: Column) -> str:
    return "right" if column.role is Role.LABEL and column.once else "left"


def _visible(line: Line) -> Line:
    return [(visible(text, keep="\t"), style) for text, style in line]
