"""How lists of things are shown: what is defined, what is set, what was measured."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gradcli.core.ir.shapes import size_of
from gradcli.language.text.diagnostics import shortened
from gradcli.output.characters import columns
from gradcli.output.layout import GAP, Cell, Column, Role
from gradcli.output.numbers import show_number
from gradcli.output.style import Line
from gradcli.output.views import Block, Look, Prose, Table, View, show_value, view
from gradcli.output.wrapping import wrap
from gradcli.session.results import Listing, NoNumber, Plain, Tensor

# Tensors with more elements are listed by their edges.
WHOLE_IN_A_LIST = 6
# What is said of a name stands beside it, unless that leaves fewer columns than this.
NARROWEST = 24
# Texts and definitions are shortened in a list, numbers only as the elements of a large tensor.
LONGEST_IN_SHORT, DIGITS_IN_SHORT = 160, 6
_ROLES = {"stays": Role.LABEL, "folds": Role.FOLD, "extra": Role.EXTRA, "for": Role.VALUE}
_STYLES = {"stays": "", "folds": "", "extra": "dim", "for": "strong"}


@view.register(Listing)
class _ListingView(View):
    value: Listing

    def inline(self, look: Look) -> str:
        """Each row's name."""
        return ", ".join(_text(row[0], look) for row in self.value.rows)

    def blocks(self, look: Look, source: str | None) -> Iterator[Block]:
        """A table; where it has no titles, names with what is said of each."""
        if not any(title for title, _ in self.value.columns):
            yield Prose([*_said(self.value, look)], wrapped=False)
            return
        made = []
        for number, (title, role) in enumerate(self.value.columns):
            cells = tuple(self._cell(row[number], look) for row in self.value.rows)
            if any(cell.lines[0] for cell in cells):
                made.append(Column(title, cells, _ROLES[role], _STYLES[role]))
        yield Table(made, note=self.value.note)

    def _cell(self, item: Plain | str, look: Look) -> Cell:
        if self.value.whole and look.whole_up_to is None and isinstance(item, Tensor):
            return look.cell(item)
        return Cell((_text(item, look),))


def _said(listing: Listing, look: Look) -> Iterator[Line]:
    rows = [(_text(name, look), _lines(item, look)) for name, item in listing.rows]
    label = max((columns(name) for name, _ in rows), default=0) + len(GAP)
    room = None if look.width is None else look.width - label - 1
    beside = room is None or room >= NARROWEST
    for name, lines in rows:
        parts = [part for line in lines for part in wrap(line, room if beside else look.width, "  ")]
        if not beside:
            yield [(name, "dim")]
        for number, part in enumerate(parts):
            title = f" {'' if number else name:<{label}}" if beside else ""
            yield [(title, "dim"), (part, "strong")]


def _lines(item: Plain | str, look: Look) -> list[str]:
    """An item as lines; a definition has as many as it was typed in."""
    if isinstance(item, str):
        return [look.clean(line) for line in item.split("\n")]
    if isinstance(item, NoNumber):
        return [look.clean(_formula(line, look) if item.kind == "formula" else line) for line in item.text.split("\n")]
    return [_text(item, look)]


def _text(item: Plain | str, look: Look) -> str:
    """An item on one line, in short."""
    if isinstance(item, str):
        return look.clean(item)
    if isinstance(item, Tensor) and len(item.shape) > 1 and size_of(item.shape) > WHOLE_IN_A_LIST:
        return look.clean(_ends(item, look.digits or DIGITS_IN_SHORT))
    short = Look(look.digits, WHOLE_IN_A_LIST, WHOLE_IN_A_LIST, clean=look.clean, on_paper=look.on_paper)
    text = look.clean(" ".join(show_value(item, short).split()))
    return text if isinstance(item, Tensor) else shortened(text, LONGEST_IN_SHORT)


def _ends(tensor: Tensor, digits: int) -> str:
    """The first and the last number of a tensor."""
    numbers: Any = tensor.data
    first, last = (show_number(x, tensor.dtype, digits) for x in numbers.flat[[0, -1]].tolist())
    return f"{'[' * len(tensor.shape)}{first}, ..., {last}{']' * len(tensor.shape)}"


def _formula(equation: str, look: Look) -> str:
    left, equals, right = equation.partition(" = ")
    return f"{left}{equals}{look.formula(right)}"
