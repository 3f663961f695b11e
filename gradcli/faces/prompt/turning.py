"""A number in the text that the arrow keys turn."""

from __future__ import annotations

import re
from decimal import Decimal

from gradcli.core.records import record

_NUMBER = re.compile(r"(?<![\w.])(?:\d[\d_]*(?:\.(?!\.)\d*)?|\.\d+)(?:[eE][+-]?\d+)?")
# A minus sign in front of a number is its own where nothing stands before it that it could be taken from.
_OWN_MINUS = re.compile(r"(?:^|[-+*/^(\[,=:;<>\s])\s*-$")
# Behind these a number that becomes negative is put in brackets.
_BINDS = re.compile(r"[-+*/^]\s*$")
MOST_DIGITS = 40


@record
class Turned:
    """The text after a number in it was turned, and where the cursor stands."""

    text: str
    cursor: int


def turned(text: str, cursor: int, steps: int) -> Turned | None:
    """The number at the cursor by so many steps of its last digit more; None where there is none.

    `0.25` goes by 0.01, `1e-3` by 1e-3, `200` by 1.
    """
    for found in _NUMBER.finditer(text):
        if found.start() <= cursor <= found.end():
            break
    else:
        return None
    if len(found[0]) > MOST_DIGITS:
        return None
    start = found.start()
    is_negative = _OWN_MINUS.search(text[:start]) is not None
    if is_negative:
        start = text.rindex("-", 0, start)
    mantissa, e, exponent = found[0].replace("_", "").partition("e" if "e" in found[0] else "E")
    value = Decimal(mantissa) * (-1 if is_negative else 1)
    step = Decimal(1).scaleb(int(value.as_tuple().exponent))
    new = value + steps * step
    shown = f"{abs(new):f}"
    shown = shown.removeprefix("0") if mantissa.startswith(".") and shown.startswith("0.") else shown
    shown += "." if mantissa.endswith(".") else ""
    shown = f"{'-' if new < 0 else ''}{shown}{e}{exponent}"
    before, after = text[:start], text[found.end() :]
    in_brackets = before.endswith("(") and after.startswith(")") and _BINDS.search(before[:-1])
    if new < 0 and not is_negative and _BINDS.search(before):
        shown = f"({shown})"
        end = start + len(shown) - 1
    elif new >= 0 and is_negative and in_brackets:
        before, after, end = before[:-1], after[1:], start - 1 + len(shown)
    else:
        end = start + len(shown)
    return Turned(before + shown + after, end)
