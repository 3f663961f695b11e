"""Tensors as text in brackets that the language reads back: a row a line, columns below each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import chain
from math import frexp, fsum, inf, ldexp
from operator import sub
from typing import Any

from gradcli.core.ir.exact import Precise
from gradcli.core.ir.stretched import in_memory
from gradcli.core.records import record
from gradcli.output.layout import MOST_SQUEEZED, Cell
from gradcli.output.numbers import show_number
from gradcli.output.wrapping import wrap
from gradcli.session.results import Tensor

# A tensor that is shown by its edges is shown to so many digits.
DIGITS_OF_A_PART = 6
EDGE = 3
ELIDED = "..."
# A mean of so many numbers is exact, so that what cancels is 0.
SUMMED_EXACTLY = 100_000
# So many elements of a large tensor are looked at at once.
AT_ONCE = 2**20


class _Row:
    """One row: what opens and closes it, its elements, how many empty lines follow."""

    def __init__(self, opening: str, items: Sequence[str], closing: str, apart: int) -> None:
        self.opening, self.items, self.closing, self.apart = opening, items, closing, apart

    def line(self, items: Sequence[str]) -> str:
        """It with its elements as they are to stand."""
        return f"{self.opening}{' '.join(items)}{self.closing}"


class Grid:
    """The rows of a tensor, laid out once: numbers have their points below each other, in all matrices of a stack."""

    def __init__(self, rows: Sequence[_Row], depth: int) -> None:
        self._rows, self._depth = rows, depth

    @cached_property
    def lines(self) -> list[str]:
        """A line for each row, as long as it needs to be."""
        if len(self._rows) == 1:
            return [self._rows[0].line(_with_commas(self._rows[0].items))]
        return self._joined(self._aligned)

    @cached_property
    def _aligned(self) -> list[list[str]]:
        """The elements with blanks around them, each row's last but one with its comma."""
        full = [row.items for row in self._rows if row.items != [ELIDED]]
        sizes = [_sizes(column) for column in zip(*full, strict=True)]
        return [[ELIDED] if row.items == [ELIDED] else _padded(row.items, sizes) for row in self._rows]

    def _joined(self, aligned: Sequence[Sequence[str]]) -> list[str]:
        lines = list[str]()
        for row, items in zip(self._rows, aligned, strict=True):
            lines += [row.line(items), *([""] * row.apart)]
        return lines

    def fitting(self, width: int | None) -> list[str]:
        """Lines no wider than a width: a row that is too long goes on below, where its columns stay columns."""
        if width is None or max(map(len, self.lines)) <= width:
            return self.lines
        # Fewer of what is left out anyway, and rows stay whole.
        for edge in range(EDGE - 1, 0, -1):
            narrower = self._by_edges(edge)
            if narrower is not None and max(map(len, narrower.lines)) <= width:
                return narrower.lines
        items = self._uniform(width) if len(self._rows) == 1 else self._aligned
        lines = list[str]()
        for row, parts in zip(self._rows, items, strict=True):
            lines += [*_broken(row, parts, width, self._depth), *([""] * row.apart)]
        if max(map(len, lines)) <= width:
            return lines
        return [
            part
            for line in self._joined([_with_commas(row.items) for row in self._rows])
            for part in wrap(line, width, " " * self._depth)
        ]

    def _by_edges(self, edge: int) -> Grid | None:
        """It with so many elements at each end of a row; None where no row lacks any."""
        if len(self._rows[0].items) != 2 * EDGE + 1 or self._rows[0].items[EDGE] != ELIDED:
            return None
        rows = [
            row if row.items == [ELIDED] else _Row(row.opening, _ends(row.items, edge), row.closing, row.apart)
            for row in self._rows
        ]
        return Grid(rows, self._depth)

    def least(self, squeezed: int) -> int | None:
        """The columns of its rows with fewer elements at their ends; None for what is shown whole."""
        narrower = self._by_edges(EDGE - squeezed)
        return None if narrower is None else max(map(len, narrower.lines))

    def _uniform(self, width: int) -> list[list[str]]:
        """The elements of a vector, all as wide as the widest, so that they make columns on several lines."""
        (row,) = self._rows
        padded = _padded(row.items, [_sizes(row.items)] * len(row.items))
        fits = max(map(len, padded)) + self._depth + len(row.closing) <= width
        return [padded if fits else _with_commas(row.items)]


def _ends(items: Sequence[str], edge: int) -> list[str]:
    return [*items[:edge], ELIDED, *items[-edge:]]


def _whole(text: str) -> int:
    """How much of a number stands to the left of its point, or of where that would be."""
    point = text.find(".")
    if point < 0:
        point = -1 if text[0] in "tf" else text.find("e")
    return len(text) if point < 0 or text == ELIDED else point


def _sizes(items: Sequence[str]) -> tuple[int, int]:
    """The columns to the left of the points of some numbers, and from these on."""
    heads = [*map(_whole, items)]
    return max(heads), max(map(sub, map(len, items), heads))


def _padded(items: Sequence[str], sizes: Sequence[tuple[int, int]]) -> list[str]:
    """Elements with their points where those of their columns are; no blanks in front of a comma or a bracket."""
    end = len(items) - 1
    found = [
        f"{' ' * (left - _whole(text))}{text},".ljust(left + right + 1)
        for text, (left, right) in zip(items, sizes, strict=True)
    ]
    found[end] = f"{' ' * (sizes[end][0] - _whole(items[end]))}{items[end]}"
    return found


def _with_commas(items: Sequence[str]) -> list[str]:
    return [*(f"{text}," for text in items[:-1]), *items[-1:]]


def _broken(row: _Row, items: Sequence[str], width: int, depth: int) -> Iterator[str]:
    """A row as lines with as many elements each as the first has room for, so that those of all rows break alike."""
    line, before = row.opening, " " * depth
    for number, text in enumerate(items):
        more = text if line in (row.opening, before) else f" {text}"
        needed = len((line + more).rstrip()) + (len(row.closing) if number == len(items) - 1 else 0)
        if needed > width and line not in (row.opening, before):
            yield line.rstrip()
            line, more = before, text
        line += more
    yield f"{line.rstrip()}{row.closing}"


@record
class TensorCell(Cell):
    """A tensor in a table, which breaks between its elements."""

    grid: Grid | None = None

    def wrapped(self, width: int | None) -> list[str]:
        """Its lines, none wider than a width unless one number is."""
        return super().wrapped(width) if self.grid is None else self.grid.fitting(width)

    def least(self, width: int, squeezed: int = MOST_SQUEEZED) -> int:
        """The rows of a matrix stay whole where a line can hold them; a vector breaks."""
        by_edges = None if self.grid is None else self.grid.least(squeezed)
        if by_edges is not None and by_edges <= width:
            return by_edges
        if len(self.lines) > 1 and self.width() <= width:
            return self.width()
        return super().least(width)


def tensor_cell(
    tensor: Tensor, digits: int | None = None, whole_up_to: int | None = None, signed_zero: bool = True
) -> TensorCell:
    """A tensor, or a number, for a table."""
    found = _laid_out(tensor, digits, whole_up_to, signed_zero)
    if isinstance(found, str):
        return TensorCell((found,))
    return TensorCell(tuple(found.lines), " " * len(tensor.shape), found)


def show_tensor(
    tensor: Tensor,
    digits: int | None = None,
    width: int | None = None,
    whole_up_to: int | None = None,
    signed_zero: bool = True,
) -> str:
    """A tensor in brackets that the language reads back, a row a line; its lines are no wider than `width`.

    One with more elements than `whole_up_to` is shown by its edges.
    """
    found = _laid_out(tensor, digits, whole_up_to, signed_zero)
    return "\n".join(wrap(found, width) if isinstance(found, str) else found.fitting(width))


def is_elided(tensor: Tensor, whole_up_to: int | None) -> bool:
    """Whether it is shown by its edges."""
    return whole_up_to is not None and tensor.shape != () and tensor.data.size > whole_up_to  # type: ignore[union-attr]


def _laid_out(tensor: Tensor, digits: int | None, whole_up_to: int | None, signed_zero: bool) -> Grid | str:
    """Its rows, or what stands for it: a number, or how it has no elements."""
    if tensor.shape == ():
        return show_number(tensor.data, tensor.dtype, digits, signed_zero)  # type: ignore[arg-type]
    array: Any = tensor.data
    if 0 in tensor.shape:
        return f"zeros({tensor.shape})" if whole_up_to is None else f"[] of shape {tensor.shape}"
    is_part = is_elided(tensor, whole_up_to)
    if is_part and digits is None:
        digits = DIGITS_OF_A_PART
    if tensor.digits and not is_part:
        array = _with_digits(tensor)
    depth = len(tensor.shape)
    edge = EDGE if is_part else None

    def text(value: Any) -> str:
        return show_number(value, tensor.dtype, digits, signed_zero)

    def rows(part: Any, opening: str, closing: str, apart: int) -> Iterator[_Row]:
        elide = edge is not None and len(part) > 2 * edge
        ends = [part[:edge], part[-edge:]] if elide and edge is not None else [part]
        if part.ndim == 1:
            items = [[*map(text, end.tolist())] for end in ends]
            joined = [*chain(items[0], [ELIDED], items[1])] if elide else items[0]
            yield _Row(f"{opening}[".rjust(depth), joined, f"]{closing}", apart)
            return
        blocks: list[Any] = [*ends[0], None, *ends[1]] if elide else [*ends[0]]
        for number, block in enumerate(blocks):
            is_last = number == len(blocks) - 1
            head = f"{opening}[" if number == 0 else ""
            after = part.ndim - 2
            if block is None:
                yield _Row(" " * (depth - part.ndim + 1), [ELIDED], ",", after)
            else:
                yield from rows(block, head, f"]{closing}" if is_last else ",", apart if is_last else after)

    return Grid([*rows(array, "", "", 0)], depth)


def _with_digits(tensor: Tensor) -> Any:
    """The elements as objects that know their digits."""
    import numpy as np

    array: Any = tensor.data
    made = np.empty(array.size, dtype=object)
    pairs = zip(array.ravel().tolist(), tensor.digits or (), strict=True)
    made[:] = [value if text is None else Precise(value, text) for value, text in pairs]
    return made.reshape(tensor.shape)


def summary(tensor: Tensor, digits: int | None = None) -> list[str]:
    """What is said of a tensor that is shown by its edges: of its finite elements, with how many there are others."""
    import numpy as np

    array: Any = tensor.data
    # What was stretched counts as often as it is seen.
    flat = in_memory(array).reshape(-1)
    times = array.size // flat.size
    if tensor.dtype == "bool":
        return [f"{int(flat.sum()) * times:,} of {array.size:,} true"]

    def parts() -> Iterator[Any]:
        for start in range(0, flat.size, AT_ONCE):
            yield flat[start : start + AT_ONCE].astype(np.float64)

    nans = infs = 0
    low, high = inf, -inf
    for part in parts():
        finite = part[np.isfinite(part)]
        missing = int(np.isnan(part).sum())
        nans, infs = nans + missing * times, infs + (part.size - finite.size - missing) * times
        low, high = float(finite.min(initial=low)), float(finite.max(initial=high))
    said = [f"{count:,} {name}" for count, name in ((nans, "nan"), (infs, "inf")) if count]
    if nans + infs == array.size:
        return said
    # Squares of the largest floats, and their sums, are beyond them; by a power of 2 nothing is rounded.
    scale = ldexp(1.0, frexp(max(abs(low), abs(high)))[1] - 1)
    sums, squares = [], []
    for part in parts():
        scaled = part[np.isfinite(part)] / scale
        sums.append(fsum(scaled.tolist()) if flat.size <= SUMMED_EXACTLY else float(scaled.sum()))
        squares.append(float((scaled * scaled).sum()))
    found = {
        "min": low,
        "mean": fsum(sums) * times / (array.size - nans - infs) * scale,
        "max": high,
        "norm": float(np.sqrt(fsum(squares) * times)) * scale,
    }
    few = digits or DIGITS_OF_A_PART
    return [*(f"{name} {show_number(value, 'float64', few, False)}" for name, value in found.items()), *said]
