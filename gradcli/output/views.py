"""How each kind of value is shown: on a line, and by itself. Each kind is stated once, here.

The classes are plain, since each dataclass takes time whenever the program starts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import singledispatch
from importlib import import_module
from typing import Any, TypeAlias

from gradcli.core.ir.shapes import size_of
from gradcli.language.values.audits import Audit
from gradcli.language.values.nesting import count_items
from gradcli.output.characters import escape
from gradcli.output.layout import Cell, Column, Role
from gradcli.output.numbers import show_tensor, tensor_lines
from gradcli.output.style import Line
from gradcli.output.wrapping import wrap
from gradcli.session.explanations import Check, Steps
from gradcli.session.results import (
    Answer,
    Bounded,
    Contours,
    Derivatives,
    Extrema,
    Listing,
    NoNumber,
    ParameterTable,
    Plain,
    Plot,
    Polynomial,
    Propagation,
    Row,
    Shown,
    SparseMatrix,
    Tangent,
    Tensor,
    Text,
    Uncertain,
)

# On a terminal, tensors with more elements are shown by their edges.
WHOLE_UP_TO = 60
# So many items of a nested tuple are shown on a terminal, and to a file.
MOST_ITEMS, MOST_ITEMS_OF_A_FILE = 1_000, 10_000
# A value that stands in the middle of a line has so many characters at most.
LONGEST_IN_A_LINE = 40


class Look:
    """What is shown where: the digits of a number, how large a tensor is shown whole, how many items of a tuple.

    None is no bound. `width` and `height` are the terminal's, None for a file; `clean` makes a text as the stream will
    show it; `on_paper` says that it can show x², √x and the like.
    """

    def __init__(
        self,
        digits: int | None = None,
        whole_up_to: int | None = WHOLE_UP_TO,
        most: int = MOST_ITEMS,
        width: int | None = None,
        clean: Callable[[str], str] = str,
        height: int | None = None,
        on_paper: bool = True,
    ) -> None:
        self.digits, self.whole_up_to, self.most, self.width, self.clean = digits, whole_up_to, most, width, clean
        self.height, self.on_paper = height, on_paper

    def formula(self, text: str) -> str:
        """A formula in the signs of paper, where they can be shown."""
        if not self.on_paper:
            return text
        from gradcli.language.text.writing import on_paper

        return on_paper(text)


class Prose:
    """Lines; `wrapped` says that those too long for a terminal go on below."""

    def __init__(self, lines: Sequence[Line], wrapped: bool = True) -> None:
        self.lines, self.wrapped = lines, wrapped


class Table:
    """Columns, what stands under them, and what is to be said of them."""

    def __init__(
        self, columns: Sequence[Column], footer: tuple[str, str] | None = None, note: str | None = None
    ) -> None:
        self.columns, self.footer, self.note = columns, footer, note


Block: TypeAlias = "Prose | Table"


class View:
    """How a value is shown."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def inline(self, look: Look) -> str:
        """On as few lines as it needs, for where there is no table."""
        raise NotImplementedError

    def blocks(self, look: Look, source: str | None) -> Iterator[Block]:
        """By itself; `source` is the expression, for where the reader did not just type it."""
        before, head = _named(source)
        yield Prose([*before, [(head, "dim"), (self.inline(look), "strong")]])

    def shape(self) -> str:
        """Its shape, in words where it has none."""
        return "no tensor"


@singledispatch
def view(value: Any) -> View:
    """The view of a value.

    Raises:
        TypeError: for what is no value.
    """
    raise TypeError(f"a {type(value).__name__} can't be shown")


# Of kinds that few results are of, the views are imported where there is one.
ELSEWHERE: Mapping[str, tuple[type, ...]] = {
    "gradcli.output.calculus_views": (Bounded, Extrema, Propagation, Tangent, Uncertain),
    "gradcli.output.steps_views": (Check, Steps),
    "gradcli.output.audit_views": (Audit,),
    "gradcli.output.listing_views": (Listing,),
}


def _stated_in(module: str) -> Callable[[Any], View]:
    def stated(value: Any) -> View:
        import_module(module)
        made: View = view.dispatch(type(value))(value)
        return made

    return stated


for _module, _kinds in ELSEWHERE.items():
    for _kind in _kinds:
        view.register(_kind)(_stated_in(_module))


def show_value(value: Plain, look: Look | None = None) -> str:
    """A value on as few lines as it needs; of a nested tuple so many items at most."""
    return view(value).inline(look or Look())


def blocks_of(result: Shown | Answer, look: Look, named: bool = False) -> Iterator[Block]:
    """A result by itself; `named` puts the expression in front, for where the reader did not just type it."""
    if isinstance(result, Shown):
        yield from view(result.value).blocks(look, result.source if named else None)
        if result.note and look.width is not None:
            yield Prose([[(result.note, "dim")]])
        return
    at = ", ".join(f"{name} = {_short(value)}" for name, value in result.at)
    yield Prose([[(f"{result.title}{f'   at {at}' if at else ''}", "strong")]])
    yield derivative_table(result.derivatives, look)


def _short(value: Plain) -> str:
    """A value for the middle of a line, if it is short enough."""
    text = show_value(value)
    return text if len(text) <= LONGEST_IN_A_LINE and "\n" not in text else "..."


@view.register(Tensor)
class _TensorView(View):
    value: Tensor

    def inline(self, look: Look) -> str:
        return show_tensor(self.value, look.digits, whole_up_to=look.whole_up_to)

    def blocks(self, look: Look, source: str | None) -> Iterator[Block]:
        if self.value.shape == ():
            yield from super().blocks(look, source)
            return
        before, head = _named(source)
        *lines, last = show_tensor(self.value, look.digits, look.width, look.whole_up_to).split("\n")
        # On its own in a file, a tensor is text that the language reads back.
        kind = f"  {self.value.dtype} {self.value.shape}" if head or look.width is not None else ""
        if head and lines:
            before = [*before, [(head.rstrip(), "dim")]]
            head = ""
        rows: list[Line] = [[(line, "strong")] for line in lines]
        yield Prose([*before, *rows, [(head, "dim"), (last, "strong"), (kind, "dim")]])

    def shape(self) -> str:
        return str(self.value.shape)


@view.register(Text)
class _TextView(View):
    value: Text

    def inline(self, look: Look) -> str:
        """In quotes, with escapes that the language reads."""
        text = self.value.text
        return '"' + "".join(f"\\{c}" if c in '"\\' else c if c.isprintable() else escape(c) for c in text) + '"'


@view.register(NoNumber)
class _NoNumberView(View):
    value: NoNumber

    def inline(self, look: Look) -> str:
        return " ".join(self.value.text.split())

    def blocks(self, look: Look, source: str | None) -> Iterator[Block]:
        """On as many lines as it has: a definition is shown as it was typed."""
        if "\n" not in self.value.text:
            yield from super().blocks(look, source)
            return
        yield Prose([[(line, "strong")] for line in self.value.text.split("\n")])


@view.register(tuple)
class _TupleView(View):
    value: tuple[Plain, ...]

    def inline(self, look: Look) -> str:
        items = count_items(self.value)
        text = _show_tuple(self.value, look, [look.most])
        return text if items <= look.most else f"{text}  {items:,} items, of which {look.most:,} are shown"

    def blocks(self, look: Look, source: str | None) -> Iterator[Block]:
        """A table where it holds tensors alone, and more than numbers."""
        if any(_is_equation(item) for item in self.value):
            for item in self.value:
                yield from view(item).blocks(look, None)
            return
        tensors = [item for item in self.value if isinstance(item, Tensor)]
        if len(tensors) < len(self.value) or all(t.shape == () for t in tensors):
            yield from super().blocks(look, source)
            return
        yield from _title(source)
        yield Table(_typed("item", [(f"[{i}]", t) for i, t in enumerate(tensors)], look, "dim"))

    def shape(self) -> str:
        return f"a tuple of {len(self.value)}"


def _is_equation(item: Plain) -> bool:
    """Whether it is a definition or a formula, which takes a line of its own."""
    if isinstance(item, Derivatives):
        return any(row.tensor is None for row in item.rows)
    return isinstance(item, NoNumber) and item.kind == "function" and " = " in item.text


def _show_tuple(value: tuple[Plain, ...], look: Look, left: list[int]) -> str:
    """A tuple as long as items are `left`, which counts down."""
    shown = []
    for item in value:
        if left[0] <= 0:
            shown.append("...")
            break
        if isinstance(item, tuple):
            shown.append(_show_tuple(item, look, left))
        else:
            left[0] -= 1
            shown.append(show_value(item, look))
    inner = ", ".join(shown)
    return f"({inner},)" if len(value) == 1 else f"({inner})"


@view.register(ParameterTable)
class _ParametersView(View):
    value: ParameterTable

    def _rows(self) -> list[tuple[str, Tensor]]:
        return [*zip(self.value.names, self.value.tensors, strict=True)]

    def inline(self, look: Look) -> str:
        return _listed(self._rows(), look)

    def blocks(self, look: Look, source: str | None) -> Iterator[Block]:
        yield from _title(source)
        total = sum(size_of(t.shape) for t in self.value.tensors)
        yield Table(_typed("parameter", self._rows(), look), ("total", f"{total:,}"))


@view.register(Derivatives)
class _DerivativesView(View):
    value: Derivatives

    def inline(self, look: Look) -> str:
        shown = [f"{row.name}: {_cell_text(row, look)}" for row in self.value.rows[: look.most]]
        return f"({', '.join(shown)}{', ...' if len(self.value.rows) > look.most else ''})"

    def blocks(self, look: Look, source: str | None) -> Iterator[Block]:
        """One number as a number, one formula as an equation, all else as a table."""
        first = self.value.rows[0]
        if len(self.value.rows) == 1 and first.tensor is None:
            yield from _equation(self.value, look, source)
            return
        if len(self.value.rows) == 1 and first.tensor is not None and first.tensor.shape == ():
            yield from view(first.tensor).blocks(look, source)
            if look.width is not None:
                # A file gets the number alone, for whoever reads it from there.
                said = [f"{first.name} = {look.formula(first.formula)}"] if first.formula else []
                said += [*_where(self.value, look), *(self.value.note.split("\n") if self.value.note else [])]
                yield Prose([[(line, "dim")] for line in said])
            return
        yield from _title(source)
        yield derivative_table(self.value, look)


@view.register(SparseMatrix)
class _SparseView(View):
    value: SparseMatrix

    def inline(self, look: Look) -> str:
        rows, columns = self.value.shape
        count = len(self.value.rows)
        share = f", {100 * count / (rows * columns):.2g}% of all entries" if count else ""
        sweeps = f"{self.value.sweeps} {'sweep' if self.value.sweeps == 1 else 'sweeps'}"
        return f"sparse {rows:,} by {columns:,}, nnz {count:,}{share}, in {sweeps}"

    def blocks(self, look: Look, source: str | None) -> Iterator[Block]:
        from gradcli.output.picture import WIDEST, picture

        yield from super().blocks(look, source)
        dots = picture(self.value, min(WIDEST, 2 * (look.width or WIDEST)))
        yield Prose([[(line, "")] for line in dots], wrapped=False)


@view.register(Polynomial)
class _PolynomialView(View):
    value: Polynomial

    def inline(self, look: Look) -> str:
        return f"taylor({self.value.of})"

    def blocks(self, look: Look, source: str | None) -> Iterator[Block]:
        """As it is written on paper, which says what it is of."""
        from gradcli.output.polynomials import show_polynomial

        before, _ = _named(source)
        *lines, remainder = show_polynomial(self.value, look.digits, look.width)
        rows: list[Line] = [[(line, "strong")] for line in lines]
        yield Prose([*before, *rows, [(remainder, "dim")]])


@view.register(Plot)
class _PlotView(View):
    value: Plot

    def inline(self, look: Look) -> str:
        low, high = self.value.over
        return f"plot of {', '.join(c.name for c in self.value.curves)} over ({low:g}, {high:g})"

    def blocks(self, look: Look, source: str | None) -> Iterator[Block]:
        from gradcli.output.plots import curves

        yield from _title(source)
        yield from _pictured(curves(self.value, look.width, look.height, look.clean), self.value)


@view.register(Contours)
class _ContoursView(View):
    value: Contours

    def inline(self, look: Look) -> str:
        over = ", ".join(f"({low:g}, {high:g})" for low, high in self.value.over)
        return f"contours of {self.value.of} over ({over})"

    def blocks(self, look: Look, source: str | None) -> Iterator[Block]:
        from gradcli.output.contours import contours

        yield from _title(source)
        yield from _pictured(contours(self.value, look.width, look.height, look.clean), self.value)


def _pictured(parts: tuple[list[Line], list[Line]], value: Plot | Contours) -> Iterator[Block]:
    """The lines of a picture as they are, then its legend and what is to be said of it."""
    picture, legend = parts
    notes: list[Line] = [[(note, "dim")] for note in value.notes]
    saved: list[Line] = [] if value.saved is None else [[(f"written to {value.saved}", "good")]]
    yield Prose(picture, wrapped=False)
    yield Prose([*legend, *notes, *saved])


def derivative_table(derivatives: Derivatives, look: Look) -> Table:
    """Derivatives by order; with shapes and dtypes where not all are float64 scalars."""
    rows = derivatives.rows
    pairs = [(row.name, row.tensor) for row in rows if row.tensor is not None]
    if pairs:
        typed = any(tensor.shape != () or tensor.dtype != "float64" for _, tensor in pairs)
        name, *others = (_typed if typed else _valued)("derivative", pairs, look)
    else:
        name, others = _column("derivative", [row.name for row in rows], Role.LABEL, look), []
    formulas = _formulas(rows, look, Role.FOLD if pairs else Role.VALUE)
    order = _column("order", [str(row.order) for row in rows], Role.LABEL, look, "dim", once=True)
    said = [*_where(derivatives, look), *_missing(rows), *([derivatives.note] if derivatives.note else [])]
    return Table((order, name, *formulas, *others), note="\n".join(said) or None)


def _formulas(rows: Sequence[Row], look: Look, role: Role) -> list[Column]:
    if not any(row.formula for row in rows):
        return []
    return [_column("formula", [_formula_of(row, look) for row in rows], role, look)]


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
    lines = _matrix(text, " " * len(head), None)
    if look.width is not None and len(lines) > 1 and max(map(len, lines)) > look.width:
        # A head that leaves too little room stands above.
        yield Prose([[(head.rstrip(), "dim")], *([(line, style)] for line in _matrix(text, "", look.width))])
    else:
        yield Prose([[(head, "dim"), (lines[0].strip(), style)], *([(line, style)] for line in lines[1:])])
    said = [*_where(derivatives, look), *(derivatives.note.split("\n") if derivatives.note else [])]
    if said:
        yield Prose([[(line, "dim")] for line in said])


def _matrix(text: str, indent: str, width: int | None) -> list[str]:
    """A matrix with a row a line, one below the other; where one is too long, with an entry a line."""
    if not text.startswith("[["):
        return [text]
    rows = [f"[{row}]" for row in text[2:-2].split("], [")]
    lines: list[str] = []
    for number, row in enumerate(rows):
        end = "," if number < len(rows) - 1 else "]"
        line = f"{indent}{'[' if number == 0 else ' '}{row}{end}"
        if width is None or len(line) <= width:
            lines.append(line)
            continue
        entries = [f"{entry}," for entry in _entries(line)]
        inner = f"{indent}  "
        first, *rest = [entry.strip() for entry in entries]
        lines += wrap(f"{indent}{'' if number == 0 else ' '}{first}", width, f"{inner}  ")
        for entry in rest[:-1]:
            lines += wrap(f"{inner}{entry}", width, f"{inner}  ")
        lines += wrap(f"{inner}{rest[-1].removesuffix(',')}", width, f"{inner}  ") if rest else []
    return lines


def _entries(row: str) -> list[str]:
    """The entries of a row, at the commas outside of brackets of theirs."""
    found, depth, start = [], 0, 0
    for place, char in enumerate(row):
        depth += (char == "(") - (char == ")")
        if char == "," and depth == 0 and place < len(row) - 1:
            found.append(row[start:place])
            start = place + 1
    return [*found, row[start:]]


def _typed(title: str, rows: Sequence[tuple[str, Tensor]], look: Look, style: str = "") -> tuple[Column, ...]:
    """Name, shape, dtype and value."""
    name, value = _valued(title, rows, look, style)
    shape = _column("shape", [str(t.shape) for _, t in rows], Role.EXTRA, look, "dim")
    dtype = _column("dtype", [t.dtype for _, t in rows], Role.EXTRA, look, "dim")
    return name, shape, dtype, value


def _valued(title: str, rows: Sequence[tuple[str, Tensor]], look: Look, style: str = "") -> tuple[Column, ...]:
    """Name and value."""
    cells = (Cell(tuple(tensor_lines(t, look.digits, look.whole_up_to)), " " * len(t.shape)) for _, t in rows)
    names = _column(title, [name for name, _ in rows], Role.LABEL, look, style)
    return names, Column("value", tuple(cells), Role.VALUE, "strong")


def _column(title: str, texts: Sequence[str], role: Role, look: Look, style: str = "", once: bool = False) -> Column:
    return Column(title, tuple(Cell((look.clean(text),)) for text in texts), role, style, once)


def _named(source: str | None) -> tuple[list[Line], str]:
    """The lines of an expression but the last, and what stands before its value."""
    if source is None:
        return [], ""
    *before, last = source.split("\n")
    return [[(line, "dim")] for line in before], f"{last} = "


def _title(source: str | None) -> Iterator[Block]:
    if source is not None:
        yield Prose([[(line, "strong")] for line in source.split("\n")])


def _listed(rows: Sequence[tuple[str, Tensor]], look: Look) -> str:
    """Tensors under their names on a line."""
    shown = [f"{name}: {show_value(t, look)}" for name, t in rows[: look.most]]
    return f"({', '.join(shown)}{', ...' if len(rows) > look.most else ''})"
