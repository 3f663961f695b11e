"""Numbers as text: every digit that distinguishes a value from its neighbours, and no more."""

from __future__ import annotations

from math import inf

from gradcli.core.ir.exact import Precise

FLOAT_DIGITS = 17


def show_number(value: bool | int | float, dtype: str, digits: int | None = None, signed_zero: bool = True) -> str:
    """One number: whole ones without a point, others in the shortest form that reads back as the same value.

    People are shown no sign of a zero; whoever reads it back needs it.
    """
    text = _text(value, dtype, digits)
    return "0" if text == "-0" and not signed_zero else text


def _text(value: bool | int | float, dtype: str, digits: int | None) -> str:
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
