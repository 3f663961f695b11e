"""How long an int may be, in a text and as a result."""

from __future__ import annotations

from gradcli.core.errors import CoreError

# About 4,200 digits, a few screens; past this an int is read by nobody and only slows the machine.
LARGEST_INT_BITS = 14_000


def checked(result: int | float) -> int | float:
    """The number itself.

    Raises:
        CoreError: for an int of more digits than are kept.
    """
    if isinstance(result, int) and result.bit_length() > LARGEST_INT_BITS:
        raise _too_long()
    return result


def _too_long() -> CoreError:
    return CoreError(
        f"this int has more than {LARGEST_INT_BITS:,} bits, about 4,200 digits",
        "floats, such as 2.0, go on to 1.8e308, and then to inf",
    )
