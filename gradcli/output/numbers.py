"""Numbers as text: every digit that distinguishes a value from its neighbours, and no more."""

from __future__ import annotations

from math import inf
from typing import Any

from gradcli.core.ir.exact import Precise
from gradcli.output.wrapping import wrap
from gradcli.session.results import Tensor

# A tensor that is shown by its edges is shown to so many digits.
DIGITS_OF_A_PART = 6
EDGE = 3
FLOAT_DIGITS = 17


def show_number(value: bool | int | float, dtype: str, digits: int | None = None) -> str:
    """One number: whole ones without a point, others in the shortest form that reads back as the same value."""
    if isinstance(value, bool) or dtype == "bool":
        return "true" if value else "false"
    if dtype.startswith("int"):
        return str(value)
    number = float(value)
    if isinstance(value, Precise) and value.digits and ((digits or 0) > FLOAT_DIGITS or number in (0, inf, -inf)):
        return _rounded(value.digits, digits or FLOAT_DIGITS) if (digits or 0) <= FLOAT_DIGITS else value.digits
    if digits is not None and digits <= FLOAT_DIGITS:
        return _trim(f"{number:.{digits}g}")
    if dtype == "float32":
        import numpy as np

        return _trim(str(np.float32(number)))
    return _trim(repr(number))


def _rounded(text: str, digits: int) -> str:
    """A number beyond the floats to so many digits; its exponent may be longer than any arithmetic takes."""
    from decimal import Context, Decimal

    mantissa, e, exponent = text.partition("e")
    rounded = Context(prec=digits).plus(Decimal(mantissa))
    if abs(rounded) >= 10 and e:
        rounded, exponent = rounded.scaleb(-1), f"{int(exponent) + 1:+d}"
    shown = f"{rounded:f}" if e else f"{rounded:e}"
    head, more, tail = shown.partition("e")
    bare = head.rstrip("0").removesuffix(".") if "." in head else head
    return f"{bare}{more}{tail}{e}{exponent}"


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
    if tensor.digits and not is_part:
        array = _with_digits(tensor)
    return _bracketed(array, tensor.dtype, digits, EDGE if is_part else None)


def _with_digits(tensor: Tensor) -> Any:
    """The elements as objects that know their digits."""
    import numpy as np

    array: Any = tensor.data
    made = np.empty(array.size, dtype=object)
    pairs = zip(array.ravel().tolist(), tensor.digits or (), strict=True)
    made[:] = [value if text is None else Precise(value, text) for value, text in pairs]
    return made.reshape(tensor.shape)


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
