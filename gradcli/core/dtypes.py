"""The element types of a tensor, and the type that two of them meet in."""

from __future__ import annotations

from enum import Enum


class DType(Enum):
    """An element type; the order of the members is the order of promotion."""

    BOOL = "bool"
    INT64 = "int64"
    FLOAT32 = "float32"
    FLOAT64 = "float64"

    @property
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
