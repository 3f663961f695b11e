"""Numbers as text: every digit that distinguishes a value from its neighbours, and no more."""

from __future__ import annotations

from typing import Any

from gradcli.language.values.nesting import count_items
from gradcli.output.characters import escape
from gradcli.output.wrapping import wrap
from gradcli.session.results import NoNumber, Plain, Polynomial, SparseMatrix, Tensor, Text

# On a terminal, tensors with more elements are shown by their edges, and to so many digits.
WHOLE_UP_TO = 60
# So many items of a nested tuple are shown on a terminal, and to a file.
MOST_ITEMS, MOST_ITEMS_OF_A_FILE = 1_000, 10_000
DIGITS_OF_A_PART = 6
EDGE = 3


def show_number(value: bool | int | float, dtype: str, digits: int | None = None) -> str:
    """One number: whole ones without a point, others in the shortest form that reads back as the same value."""
    if isinstance(value, bool) or dtype == "bool":
        return "true" if value else "false"
    if dtype.startswith("int"):
        return str(value)
    number = float(value)
    if digits is not None:
        return _trim(f"{number:.{digits}g}")
    if dtype == "float32":
        import numpy as np

        return _trim(str(np.float32(number)))
    return _trim(repr(number))


def _trim(text: str) -> str:
    return text[:-2] if text.endswith(".0") else text


def show_tensor(
    tensor: Tensor, digits: int | None = None, width: int | None = None, whole_up_to: int | None = None
) -> str:
    """A tensor in brackets that the language reads back, a row a line; its lines are no wider than `width`.

    One with more elements than `whole_up_to` is shown by its edges.
    """
    lines = tensor_lines(tensor, digits, whole_up_to)
    return "\n".join(part for line in lines for part in wrap(line, width, " " * len(tensor.shape)))


def tensor_lines(tensor: Tensor, digits: int | None = None, whole_up_to: int | None = None) -> list[str]:
    """A line for each row of a tensor, as long as it needs to be."""
    if tensor.shape == ():
        return [show_number(tensor.data, tensor.dtype, digits)]  # type: ignore[arg-type]
    array: Any = tensor.data
    if 0 in tensor.shape:
        return [f"zeros({tensor.shape})" if whole_up_to is None else f"[] of shape {tensor.shape}"]
    is_part = whole_up_to is not None and array.size > whole_up_to
    if is_part and digits is None:
        digits = DIGITS_OF_A_PART
    return _bracketed(array, tensor.dtype, digits, EDGE if is_part else None)


def _bracketed(array: Any, dtype: str, digits: int | None, edge: int | None) -> list[str]:
    """Rows of numbers in brackets; matrices of a stack are an empty line apart."""
    elide = edge is not None and len(array) > 2 * edge
    ends = [array[:edge], array[-edge:]] if elide and edge is not None else [array]
    if array.ndim == 1:
        parts = [", ".join(show_number(x, dtype, digits) for x in end.tolist()) for end in ends]
        return [f"[{', ..., '.join(parts)}]"]
    groups = [[_bracketed(part, dtype, digits, edge) for part in end] for end in ends]
    blocks = [*groups[0], ["..."], *groups[1]] if elide else groups[0]
    lines: list[str] = []
    for number, block in enumerate(blocks):
        last = number == len(blocks) - 1
        *upper, lowest = (f"{'[' if number == row == 0 else ' '}{line}".rstrip() for row, line in enumerate(block))
        lines += [*upper, lowest + ("]" if last else ",")]
        lines += [""] * (0 if last else array.ndim - 2)
    return lines


def show_text(text: Text) -> str:
    """A text on one line: in quotes, with escapes that the language reads."""
    return '"' + "".join(f"\\{c}" if c in '"\\' else c if c.isprintable() else escape(c) for c in text.text) + '"'


def show_value(
    value: Plain, digits: int | None = None, whole_up_to: int | None = WHOLE_UP_TO, most: int = MOST_ITEMS
) -> str:
    """A value on as few lines as it needs, for where there is no table; of a nested tuple so many items at most."""
    if isinstance(value, Tensor):
        return show_tensor(value, digits, whole_up_to=whole_up_to)
    if isinstance(value, Text):
        return show_text(value)
    if isinstance(value, NoNumber):
        return value.text
    if isinstance(value, SparseMatrix):
        rows, columns = value.shape
        count = len(value.rows)
        share = f", {100 * count / (rows * columns):.2g}% of all entries" if count else ""
        sweeps = f"{value.sweeps} {'sweep' if value.sweeps == 1 else 'sweeps'}"
        return f"sparse {rows:,} by {columns:,}, nnz {count:,}{share}, in {sweeps}"
    if isinstance(value, Polynomial):
        return f"taylor({value.of})"
    if isinstance(value, tuple):
        items = count_items(value)
        text = _show_tuple(value, digits, whole_up_to, [most])
        return text if items <= most else f"{text}  {items:,} items, of which {most:,} are shown"
    return str(value)


def _show_tuple(value: tuple[Plain, ...], digits: int | None, whole_up_to: int | None, left: list[int]) -> str:
    """A tuple as long as items are `left`, which counts down."""
    shown = []
    for item in value:
        if left[0] <= 0:
            shown.append("...")
            break
        if isinstance(item, tuple):
            shown.append(_show_tuple(item, digits, whole_up_to, left))
        else:
            left[0] -= 1
            shown.append(show_value(item, digits, whole_up_to))
    inner = ", ".join(shown)
    return f"({inner},)" if len(value) == 1 else f"({inner})"
