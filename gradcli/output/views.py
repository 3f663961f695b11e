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
from gradcli.output.characters import columns as columns_of
from gradcli.output.characters import escape
from gradcli.output.layout import Cell, Column, RemarkCell, Role
from gradcli.output.numbers import show_number
from gradcli.output.style import Line
from gradcli.output.tensors import TensorCell, is_elided, show_tensor, summary, tensor_cell
from gradcli.output.wrapping import flow
from gradcli.session.explanations import Check, Steps
from gradcli.session.results import (
    Answer,
    Bounded,
    Contours,
    Derivatives,
    Extrema,
    Fit,
    Listing,
    NoNumber,
    ParameterTable,
    Plain,
    Plot,
    Polynomial,
    Propagation,
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
MOST_ITEMS, MOST_ITEMS_OF_A_FILE = 1_000, 1_000_000
# A value that stands in the middle of a line has so many characters at most.
LONGEST_IN_A_LINE = 40


class Look:
    """What is shown where: the digits of a number, how large a tensor is shown whole, how many items of a tuple.

    None is no bound. `width` and `height` are the terminal's, None for a file; `clean` makes a text as the stream will
    show it, `verbatim` one that is read back; `on_paper` says that it can show x², √x and the like.
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
        verbatim: Callable[[str], str] = str,
    ) -> None:
        self.digits, self.whole_up_to, self.most, self.width, self.clean = digits, whole_up_to, most, width, clean
        self.height, self.on_paper, self.verbatim = height, on_paper, verbatim

    @property
    def on_screen(self) -> bool:
        """Whether it is for eyes alone: nobody reads it back from a terminal."""
        return self.width is not None

    def number(self, value: bool | int | float, dtype: str = "float64", digits: int | None = None) -> str:
        """A number to the digits that are asked for, else to those that are usual here; people see no sign of 0."""
        return show_number(value, dtype, self.digits or digits, signed_zero=not self.on_screen)

    def tensor(self, tensor: Tensor, width: int | None = None) -> str:
        """A tensor, on lines no wider than a width."""
        return show_tensor(tensor, self.digits, width, self.whole_up_to, signed_zero=not self.on_screen)

    def cell(self, tensor: Tensor) -> TensorCell:
        """A tensor in a table."""
        return tensor_cell(tensor, self.digits, self.whole_up_to, signed_zero=not self.on_screen)

    def is_elided(self, tensor: Tensor) -> bool:
        """Whether a tensor is shown by its edges."""
        return is_elided(tensor, self.whole_up_to)

    def formula(self, text: str) -> str:
        """A formula in the signs of paper, where they can be shown."""
        if not self.on_paper:
            return text
        from gradcli.language.text.writing import on_paper

        return on_paper(text)


class Prose:
    """Lines; `wrapped` says that those too long for a terminal go on below, `is_formula` that they do at operators."""

    def __init__(self, lines: Sequence[Line], wrapped: bool = True, is_formula: bool = False) -> None:
        self.lines, self.wrapped, self.is_formula = lines, wrapped, is_formula


class Table:
    """Columns, what stands under them, what the names in their formulas stand for, and what is to be said of them."""

    def __init__(
        self,
        columns: Sequence[Column],
        footer: tuple[str, str] | None = None,
        note: str | None = None,
        where: Sequence[str] = (),
    ) -> None:
        self.columns, self.footer = columns, footer
        self.below: list[Prose] = []
        if where:
            self.below.append(Prose([[(line, "dim")] for line in where], is_formula=True))
        if note:
            self.below.append(Prose([[(line, "dim")] for line in note.split("\n")]))


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
        before, head = headed(source)
        first, *more = self.inline(look).split("\n")
        rest: list[Line] = [[(line, "strong")] for line in more]
        yield Prose([*before, [(head, "dim"), (first, "strong")], *rest])

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
    "gradcli.output.calculus_views": (Bounded, Extrema, Fit, Propagation, Tangent, Uncertain),
    "gradcli.output.steps_views": (Check, Steps),
    "gradcli.output.audit_views": (Audit,),
    "gradcli.output.listing_views": (Listing,),
    "gradcli.output.derivative_views": (Answer, Derivatives),
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
        if result.is_text and isinstance(result.value, Text):
            # What `print` says stands as it was put together, with its blanks and lines.
            yield Prose([[(line, "strong")] for line in result.value.text.split("\n")])
            return
        yield from view(result.value).blocks(look, result.source if named else None)
        if result.note and look.width is not None:
            yield Prose([[(result.note, "dim")]])
        return
    yield from view(result).blocks(look, None)


def title(of: str, at: Sequence[str], look: Look) -> Block:
    """What is asked about and where: the point has lines of its own where one holds too little."""
    if not at:
        return Prose([[(of, "strong")]], is_formula=True)
    point = f"at {', '.join(at)}"
    whole = f"{of}   {point}"
    if look.width is None or columns_of(look.clean(whole)) <= look.width:
        return Prose([[(whole, "strong")]])
    return Prose([[(of, "strong")], [(point, "strong")]], is_formula=True)


def short(value: Plain, look: Look) -> str:
    """A value for the middle of a line, if it is short enough; with all its digits, whatever is shown of others."""
    text = show_value(value, Look(width=look.width))
    return text if len(text) <= LONGEST_IN_A_LINE and "\n" not in text else "..."


@view.register(Tensor)
class _TensorView(View):
    value: Tensor

    def inline(self, look: Look) -> str:
        return look.tensor(self.value)

    def blocks(self, look: Look, source: str | None) -> Iterator[Block]:
        """Its rows, then what it is; of one that is shown by its edges also how its elements are spread."""
        if self.value.shape == ():
            yield from super().blocks(look, source)
            return
        before, head = headed(source)
        lines = look.tensor(self.value, look.width).split("\n")
        # On its own in a file, a tensor is text that the language reads back.
        kind = f"{self.value.dtype} {self.value.shape}" if head or look.on_screen else ""
        if head and (len(lines) > 1 or not _fits(look, head + lines[0])):
            before = [*before, [(head.rstrip(), "dim")]]
            head = ""
        rows: list[Line] = [[(line, "strong")] for line in lines]
        if head:
            rows[0] = [(head, "dim"), *rows[0]]
        beside = kind and _fits(look, f"{head}{lines[-1]}  {kind}")
        if beside:
            rows[-1] = [*rows[-1], (f"  {kind}", "dim")]
        yield Prose([*before, *rows])
        said = [kind] if kind and not beside else []
        if look.on_screen and look.is_elided(self.value):
            said += summary(self.value, look.digits)
        if said:
            yield Prose([[(line, "dim")] for line in flow(said, look.width)])

    def shape(self) -> str:
        return str(self.value.shape)


def _fits(look: Look, text: str) -> bool:
    return look.width is None or columns_of(look.clean(text)) <= look.width


@view.register(Text)
class _TextView(View):
    value: Text

    def inline(self, look: Look) -> str:
        """In quotes, with escapes that the language reads."""
        text = self.value.text
        quoted = "".join(f"\\{c}" if c in '"\\' else c if c.isprintable() else escape(c) for c in text)
        return f'"{look.verbatim(quoted)}"'


@view.register(NoNumber)
class _NoNumberView(View):
    value: NoNumber

    def inline(self, look: Look) -> str:
        return " ".join(self.value.text.split())

    def blocks(self, look: Look, source: str | None) -> Iterator[Block]:
        """On as many lines as it has: a definition is shown as it was typed, its formula below it."""
        if self.value.kind != "function":
            yield from super().blocks(look, source)
            return
        before, head = headed(source)
        if "\n" in self.value.text:
            before, head = [], ""
        first, *rest = self._lines(look)
        yield Prose([*before, [(head, "dim"), *first], *rest], is_formula=True)
        if self.value.formulas and look.on_screen:
            formulas = [f"{name} = {look.formula(text)}" for name, text in self.value.formulas]
            yield Prose([[(line, "dim")] for line in formulas], is_formula=True)

    def _lines(self, look: Look) -> list[Line]:
        """Its text; what was typed is in the colours of code where there are any."""
        if look.on_screen and (self.value.formulas or "\n" in self.value.text):
            from gradcli.output.code import definition_lines

            return definition_lines(self.value.text)
        return [[(line, "strong")] for line in self.value.text.split("\n")]


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
        yield from title_of(source)
        yield Table(typed_columns("item", [(f"[{i}]", t) for i, t in enumerate(tensors)], look, "dim"))

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
    return beside(shown, ",)" if len(value) == 1 else ")")


def beside(items: Sequence[str], closing: str = ")") -> str:
    """Items in brackets; the lines of one that has several stand below each other."""
    text = "("
    for number, item in enumerate(items):
        text += below(text.rpartition("\n")[2], item) + (", " if number < len(items) - 1 else "")
    return f"{text}{closing}"


def below(head: str, text: str) -> str:
    """A text that stands behind a head, with its further lines below its first."""
    first, *more = text.split("\n")
    return "\n".join([first, *((" " * columns_of(head) + line) if line else "" for line in more)])


@view.register(ParameterTable)
class _ParametersView(View):
    value: ParameterTable

    def _rows(self) -> list[tuple[str, Tensor]]:
        return [*zip(self.value.names, self.value.tensors, strict=True)]

    def inline(self, look: Look) -> str:
        return _listed(self._rows(), look)

    def blocks(self, look: Look, source: str | None) -> Iterator[Block]:
        yield from title_of(source)
        total = sum(size_of(t.shape) for t in self.value.tensors)
        yield Table(typed_columns("parameter", self._rows(), look), ("total", f"{total:,}"))


@view.register(SparseMatrix)
class _SparseView(View):
    value: SparseMatrix

    def inline(self, look: Look) -> str:
        rows, columns = self.value.shape
        count = len(self.value.rows)
        share = f", {100 * count / (rows * columns):.2g}% of all entries" if count else ""
        sweeps = f", in {self.value.sweeps} {'sweep' if self.value.sweeps == 1 else 'sweeps'}"
        # One that was loaded took none.
        return f"sparse {rows:,} by {columns:,}, nnz {count:,}{share}{sweeps if self.value.sweeps else ''}"

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

        before, _ = headed(source)
        *lines, remainder = show_polynomial(self.value, look.digits, look.width)
        rows: list[Line] = [[(line, "strong")] for line in lines]
        yield Prose([*before, *rows, [(remainder, "dim")]], is_formula=True)


@view.register(Plot)
class _PlotView(View):
    value: Plot

    def inline(self, look: Look) -> str:
        low, high = self.value.over
        return f"plot of {', '.join(c.name for c in self.value.curves)} over ({low:g}, {high:g})"

    def blocks(self, look: Look, source: str | None) -> Iterator[Block]:
        from gradcli.output.plots import curves

        yield from title_of(source)
        yield from _pictured(curves(self.value, look.width, look.height, look.clean), self.value)


@view.register(Contours)
class _ContoursView(View):
    value: Contours

    def inline(self, look: Look) -> str:
        over = ", ".join(f"({low:g}, {high:g})" for low, high in self.value.over)
        return f"contours of {self.value.of} over ({over})"

    def blocks(self, look: Look, source: str | None) -> Iterator[Block]:
        from gradcli.output.contours import contours

        yield from title_of(source)
        yield from _pictured(contours(self.value, look.width, look.height, look.clean), self.value)


def _pictured(parts: tuple[list[Line], list[Line]], value: Plot | Contours) -> Iterator[Block]:
    """The lines of a picture as they are, then its legend and what is to be said of it."""
    picture, legend = parts
    notes: list[Line] = [[(note, "dim")] for note in value.notes]
    saved: list[Line] = [] if value.saved is None else [[(f"written to {value.saved}", "good")]]
    yield Prose(picture, wrapped=False)
    yield Prose([*legend, *notes, *saved])


def typed_columns(title: str, rows: Sequence[tuple[str, Tensor]], look: Look, style: str = "") -> tuple[Column, ...]:
    """Name, shape, dtype and value."""
    name, *values = valued_columns(title, rows, look, style)
    shape = text_column("shape", [str(t.shape) for _, t in rows], Role.EXTRA, look, "dim")
    dtype = text_column("dtype", [t.dtype for _, t in rows], Role.EXTRA, look, "dim")
    return name, shape, dtype, *values


def valued_columns(title: str, rows: Sequence[tuple[str, Tensor]], look: Look, style: str = "") -> tuple[Column, ...]:
    """Name and value; below it how the elements of what is shown by its edges are spread."""
    names = Column(title, tuple(Cell((look.clean(name),)) for name, _ in rows), Role.LABEL, style, is_name=True)
    value = Column("value", tuple(look.cell(t) for _, t in rows), Role.VALUE, "strong")
    if not look.on_screen or not any(look.is_elided(t) for _, t in rows):
        return names, value
    said = [summary(t, look.digits) if look.is_elided(t) else [] for _, t in rows]
    return names, value, Column("", tuple(RemarkCell(tuple(part)) for part in said), Role.BELOW, "dim")


def text_column(
    title: str,
    texts: Sequence[str],
    role: Role,
    look: Look,
    style: str = "",
    once: bool = False,
    is_name: bool = False,
) -> Column:
    """A column of texts."""
    return Column(title, tuple(Cell((look.clean(text),)) for text in texts), role, style, once, is_name)


def headed(source: str | None) -> tuple[list[Line], str]:
    """The lines of an expression but the last, and what stands before its value."""
    if source is None:
        return [], ""
    *before, last = source.split("\n")
    return [[(line, "dim")] for line in before], f"{last} = "


def title_of(source: str | None) -> Iterator[Block]:
    """The expression above a result that has lines of its own."""
    if source is not None:
        yield Prose([[(line, "strong")] for line in source.split("\n")])


def _listed(rows: Sequence[tuple[str, Tensor]], look: Look) -> str:
    """Tensors under their names on a line."""
    shown = [f"{name}: {below(f'{name}: ', show_value(t, look))}" for name, t in rows[: look.most]]
    return beside([*shown, *(["..."] if len(rows) > look.most else [])])
