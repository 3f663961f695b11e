"""The element types of a tensor, and the type that two of them meet in."""

from __future__ import annotations

from enum import Enum
from functools import cached_property
from math import isfinite

from gradcli.core.errors import DTypeError
from gradcli.core.ir.exact import Exact, Precise


class DType(Enum):
    """An element type; the order of the members is the order of promotion."""

    BOOL = "bool"
    INT64 = "int64"
    FLOAT32 = "float32"
    FLOAT64 = "float64"

    # A member is itself alone; Enum's own goes by its name, at the cost of a call for each node.
    __hash__ = object.__hash__

    # No plain property, which would be a call for each operand.
    @cached_property
    def is_float(self) -> bool:
        """True for the types that can be differentiated."""
        return self in (DType.FLOAT32, DType.FLOAT64)

    @property
    def itemsize(self) -> int:
        """Bytes of one element."""
        return _ITEMSIZE[self]


_ITEMSIZE = {DType.BOOL: 1, DType.INT64: 8, DType.FLOAT32: 4, DType.FLOAT64: 8}
_RANK = {dtype: rank for rank, dtype in enumerate(DType)}


def promote(*dtypes: DType) -> DType:
    """The smallest listed type that holds them all, by the order bool, int64, float32, float64.

    Unlike NumPy, int64 with float32 stays float32, so that an index never widens a model's numbers.
    """
    return max(dtypes, key=_RANK.__getitem__)


# A float32 is at most 2^128 (1 - 2^-24); what rounds to 2^128 is inf.
_FLOAT32_OVERFLOW = 2.0**128 * (1 - 2.0**-25)


def as_float(value: int | float, dtype: DType = DType.FLOAT64) -> float:
    """A number as a float; one too large for its type becomes inf, with its sign."""
    if isinstance(value, (Exact, Precise)) and (dtype is DType.FLOAT64 or abs(value) < _FLOAT32_OVERFLOW):
        return value
    try:
        number = float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")
    if dtype is DType.FLOAT32 and abs(number) >= _FLOAT32_OVERFLOW:
        return number * float("inf")
    return number


def as_int64(value: int | float) -> int:
    """A number as a whole one of 64 bits, what is behind the point cut off.

    Raises:
        DTypeError: for one that isn't there: nan, an infinity, or one beyond 64 bits.
    """
    if isinstance(value, float) and not isfinite(value):
        raise DTypeError(f"{value} is no int64", "guard it first, such as where(x == x, x, 0)")
    whole = int(value)
    if not -(2**63) <= whole < 2**63:
        raise DTypeError("this number does not fit an int64", f"they run from {-(2**63)} to {2**63 - 1}; use a float64")
    return whole
