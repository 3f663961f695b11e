"""How derivatives are shown: one number as a number, one formula as an equation, all else as a table by order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gradcli.output.characters import columns
from gradcli.output.layout import Column, FormulaCell, Role
from gradcli.output.style import Line
from gradcli.output.views import (
    Block,
    Look,
    Prose,
    Table,
    View,
    below,
    beside,
    short,
    show_value,
    text_column,
    title,
    title_of,
    typed_columns,
    valued_columns,
    view,
)
from gradcli.session.results import Answer, Derivatives, Row


@view.register(Answer)
class _AnswerView(View):
    value: Answer

    def inline(self, look: Look) -> str:
        return self.value.title

    def blocks(self, look: Look, source: str | None) -> Iterator[Block]:
        """What was asked, and a table also of one number."""
        yield title(self.value.title, [f"{name} = {short(value, look)}" for name, value in self.value.at], look)
        yield derivative_table(self.value.derivatives, look)


@view.register(Derivatives)
class _DerivativesView(View):
    value: Derivatives

    def inline(self, look: Look) -> str:
        rows = self.value.rows[: look.most]
        shown = [f"{row.name}: {below(f'{row.name}: ', _cell_text(row, look))}" for row in rows]
        return beside([*shown, *(["..."] if len(self.value.rows) > look.most else [])])

    def blocks(self, look: Look, source: str | None) -> Iterator[Block]:
        """One number as a number, one formula as an equation, all else as a table."""
        first = self.value.rows[0]
        if len(self.value.rows) == 1 and first.tensor is None:
            yield from _equation(self.value, look, source)
            return
        if len(self.value.rows) == 1 and first.tensor is not None and first.tensor.shape == ():
            yield from view(first.tensor).blocks(look, source)
            if look.on_screen:
                # A file gets the number alone, for whoever reads it from there.
                said = [f"{first.name} = {look.formula(first.formula)}"] if first.formula else []
                yield from _said([*said, *_where(self.value, look)], self.value.note)
            return
        yield from title_of(source)
        yield derivative_table(self.value, look)


def derivative_table(derivatives: Derivatives, look: Look) -> Table:
    """Derivatives by order; with shapes and dtypes where not all are float64 scalars."""
    rows = derivatives.rows
    pairs = [(row.name, row.tensor) for row in rows if row.tensor is not None]
    if pairs:
        typed = any(tensor.shape != () or tensor.dtype != "float64" for _, tensor in pairs)
        name, *others = (typed_columns if typed else valued_columns)("derivative", pairs, look)
    else:
        name, others = text_column("derivative", [row.name for row in rows], Role.LABEL, look, is_name=True), []
    formulas = _formulas(rows, look, Role.FOLD if pairs else Role.VALUE)
    order = text_column("order", [str(row.order) for row in rows], Role.LABEL, look, "dim", once=True)
    said = [*_missing(rows), *([derivatives.note] if derivatives.note else [])]
    return Table((order, name, *formulas, *others), note="\n".join(said) or None, where=_where(derivatives, look))


def _said(formulas: Sequence[str], note: str | None) -> Iterator[Block]:
    """What stands dim below a result."""
    if formulas:
        yield Prose([[(line, "dim")] for line in formulas], is_formula=True)
    if note:
        yield Prose([[(line, "dim")] for line in note.split("\n")])


def _formulas(rows: Sequence[Row], look: Look, role: Role) -> list[Column]:
    if not any(row.formula for row in rows):
        return []
    texts = [_matrix(look.clean(_formula_of(row, look)), look.width) for row in rows]
    return [Column("formula", tuple(FormulaCell(tuple(lines)) for lines in texts), role)]


def _formula_of(row: Row, look: Look) -> str:
    return look.formula(row.formula) if row.formula else ""


def _missing(rows: Sequence[Row]) -> list[str]:
    """Why some rows have no formula, where others have one."""
    reasons = dict.fromkeys(row.reason for row in rows if row.reason and not row.formula)
    return [reason if ":" in reason else f"no formula: {reason}" for reason in reasons if reason]


def _where(derivatives: Derivatives, look: Look) -> list[str]:
    """What the names in the formulas stand for."""
    found = [f"{name} = {look.formula(text)}" for name, text in derivatives.definitions]
    return [f"{'where' if i == 0 else '     '} {line}" for i, line in enumerate(found)]


def _cell_text(row: Row, look: Look) -> str:
    return _formula_of(row, look) or row.reason or "" if row.tensor is None else show_value(row.tensor, look)


def _equation(derivatives: Derivatives, look: Look, source: str | None) -> Iterator[Block]:
    """One formula under its name, and what the names in it stand for."""
    (row,) = derivatives.rows
    name = row.name if source is None else source
    text = look.formula(row.formula) if row.formula else f"no formula: {row.reason or 'elements move or meet'}"
    head = f"{name} = " if name and (row.formula or source) else ""
    style = "strong" if row.formula else "dim"
    *before, head = head.split("\n")
    above: list[Line] = [[(line, "dim")] for line in before]
    size = columns(look.clean(head))
    lines = _matrix(text, None)
    if len(lines) == 1:
        yield Prose([*above, [(head, "dim"), (text, style)]], is_formula=bool(row.formula))
    elif look.width is None or size + max(map(columns, map(look.clean, lines))) <= look.width:
        more: list[Line] = [[(" " * size + line, style)] for line in lines[1:]]
        yield Prose([*above, [(head, "dim"), (lines[0], style)], *more])
    else:
        # A head that leaves too little room stands above.
        rows: list[Line] = [[(line, style)] for line in _matrix(text, look.width)]
        yield Prose([*above, [(head.rstrip(), "dim")], *rows], is_formula=True)
    yield from _said(_where(derivatives, look), derivatives.note)


def _matrix(text: str, width: int | None) -> list[str]:
    """The rows of a matrix one below the other, with their entries below each other where there is room for that."""
    if not text.startswith("[[") or text.startswith("[[["):
        return [text]
    rows = [_entries(row) for row in _entries(text)]
    aligned = width is None or len({len(row) for row in rows}) == 1
    sizes = [max(map(columns, column)) for column in zip(*rows, strict=False)]
    if width is not None and sum(sizes) + 2 * len(sizes) + 2 > width:
        aligned = False
    lines = []
    for number, row in enumerate(rows):
        last = len(row) - 1
        parts = [
            f"{entry}," + " " * (sizes[i] - columns(entry) if aligned else 0) if i < last else entry
            for i, entry in enumerate(row)
        ]
        ends = "[" if number == 0 else " ", "," if number < len(rows) - 1 else "]"
        lines.append(f"{ends[0]}[{' '.join(parts)}]{ends[1]}")
    return lines


def _entries(row: str) -> list[str]:
    """What stands between commas in square brackets, outside of brackets of its own."""
    found, depth, start = [], 0, 1
    for place, char in enumerate(row):
        depth += (char in "([") - (char in ")]")
        if char == "," and depth == 1:
            found.append(row[start:place].strip())
            start = place + 1
    return [*found, row[start:-1].strip()]
