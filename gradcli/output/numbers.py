"""Numbers as text: every digit that distinguishes a value from its neighbours, and no more."""

from __future__ import annotations

from typing import Any

from gradcli.language.values import count_items
from gradcli.session.results import Plain, Polynomial, SparseMatrix, Tensor, Text

# Tensors with more elements are shown by their edges, and to so many digits: whoever needs them all asks for a part.
WHOLE_UP_TO = 60
# So many items of a nested tuple are shown on a terminal, and to a file.
MOST_ITEMS, MOST_ITEMS_OF_A_FILE = 1_000, 10_000
DIGITS_OF_A_PART = 6


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


def show_tensor(tensor: Tensor, digits: int | None = None, indent: int = 0) -> str:
    """A tensor in brackets that the language reads back, a large one by its edges."""
    if tensor.shape == ():
        return show_number(tensor.data, tensor.dtype, digits)  # type: ignore[arg-type]
    import numpy as np

    array: Any = tensor.data
    if array.size > WHOLE_UP_TO and digits is None:
        digits = DIGITS_OF_A_PART
    each: Any = {"all": lambda x: show_number(x.item(), tensor.dtype, digits)}
    if 0 in tensor.shape:
        return f"[] of shape {tensor.shape}"
    return np.array2string(
        array,
        separator=", ",
        threshold=WHOLE_UP_TO,
        edgeitems=3,
        prefix=" " * indent,
        max_line_width=88,
        formatter=each,
    )


def show_value(value: Plain, digits: int | None = None, most: int = MOST_ITEMS) -> str:
    """A value on as few lines as it needs, for where there is no table; of a nested tuple so many items at most."""
    if isinstance(value, Tensor):
        return show_tensor(value, digits)
    if isinstance(value, Text):
        return f'"{value.text}"' if value.quoted else value.text
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
        text = _show_tuple(value, digits, [most])
        return text if items <= most else f"{text}  {items:,} items, of which {most:,} are shown"
    return str(value)


def _show_tuple(value: tuple[Plain, ...], digits: int | None, left: list[int]) -> str:
    """A tuple as long as items are `left`, which counts down."""
    shown = []
    for item in value:
        if left[0] <= 0:
            shown.append("...")
            break
        if isinstance(item, tuple):
            shown.append(_show_tuple(item, digits, left))
        else:
            left[0] -= 1
            shown.append(show_value(item, digits))
    inner = ", ".join(shown)
    return f"({inner},)" if len(value) == 1 else f"({inner})"
