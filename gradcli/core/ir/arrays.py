"""Making arrays of numbers without a word about what overflows: inf is the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradcli.core.ir.dtypes import DType

if TYPE_CHECKING:
    import numpy


def array_of(values: object, dtype: DType) -> numpy.ndarray[Any, Any]:
    """The values as an array of this type."""
    import numpy as np

    with np.errstate(all="ignore"):
        return np.asarray(values, dtype=dtype.value)


def plain(value: Any) -> Any:
    """A single number as Python's, which is several times as fast as NumPy's; an array as it is."""
    return value.item() if getattr(value, "shape", None) == () else value
