"""Tensors made of nothing but a shape, or numbers in a row."""

from __future__ import annotations

from math import ceil, isfinite

from gradcli.core.errors import CoreError, require
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node, constant
from gradcli.core.ir.promotion import cast, coerce, real, stretch
from gradcli.core.library.declare import composed
from gradcli.core.library.functions import broadcast_to, linspace, stack
from gradcli.core.primitives import elementwise as ew
from gradcli.core.primitives import shaping
from gradcli.core.primitives.constants import counted

# As many as a float64 counts.
MOST = 2**53


@composed(
    "zeros in the shape of x, and of its type unless dtype= says another",
    example="zeros_like([[1, 2]])",
    pointwise=True,
)
def zeros_like(x: Node, dtype: DType | None = None) -> Node:
    return stretch(constant(0, dtype or x.dtype), x.shape)


@composed(
    "ones in the shape of x, and of its type unless dtype= says another", example="ones_like([[1, 2]])", pointwise=True
)
def ones_like(x: Node, dtype: DType | None = None) -> Node:
    return stretch(constant(1, dtype or x.dtype), x.shape)


@composed("a number, or what stretches, in the shape of x and of its type", example="full_like([1, 2], 7)")
def full_like(x: Node, value: Node, dtype: DType | None = None) -> Node:
    return broadcast_to(cast(value, dtype or x.dtype), x.shape)


@composed(
    "0, 1, ..., n - 1 as a tensor; of two numbers from the first to before the second, with a third that far apart",
    example="arange(4), arange(2, 5), arange(0, 1, 0.25), arange(5, 0, -2)",
)
def arange(start: float, stop: float | None = None, step: float = 1, dtype: DType = DType.FLOAT64) -> Node:
    """NumPy's; linspace takes the number of elements instead, and both ends."""
    low, high = (0, start) if stop is None else (start, stop)
    require(step != 0, "arange can't step by 0", "say how far apart the numbers are")
    if not all(map(isfinite, (low, high, step))):
        raise CoreError("arange goes from one finite number to another", "linspace takes the number of elements")
    n = max(ceil((high - low) / step), 0)
    require(n <= MOST, f"there are too many numbers from {low:g} to {high:g}")
    if stop is None and step == 1:
        return counted(n, dtype) if dtype.is_float else cast(counted(n, DType.FLOAT64), dtype)
    row = counted(n, dtype if dtype.is_float else DType.FLOAT64)
    return cast(row * step + low, dtype)


@composed(
    "n numbers from base^start to base^stop, each as many times the one before it",
    example="logspace(0, 3, 4)",
)
def logspace(start: Node, stop: Node, n: int = 50, base: float = 10) -> Node:
    return ew.power(constant(base, real(start).dtype), linspace(start, stop, n))


@composed("n numbers from start to stop, each as many times the one before it", example="geomspace(1, 1000, 4)")
def geomspace(start: Node, stop: Node, n: int = 50) -> Node:
    start, stop = map(real, coerce((start, stop)))
    if n < 3:
        return linspace(start, stop, n)
    ratio = linspace(constant(0, start.dtype), constant(1, start.dtype), n)
    ratio = shaping.reshape(shaping.part(ratio, 0, 1, n - 2), shape=(n - 2, *(1,) * len((stop / start).shape)))
    between = start * ew.power(stop / start, ratio)
    # Both ends are exact.
    ends = [stack((stretch(x, between.shape[1:]),)) for x in (start, stop)]
    return shaping.concatenate(ends[0], between, ends[1], axis=0)


@composed("x with elements of another type", example="astype([2.7, 0], int64), [0, 2].astype(bool)")
def astype(x: Node, dtype: DType) -> Node:
    return cast(x, dtype)
