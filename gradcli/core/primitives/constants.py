"""Matrices of zeros and ones that rules need, as graph: no array is stored for them."""

from __future__ import annotations

from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node, constant
from gradcli.core.ir.promotion import stretch
from gradcli.core.primitives.comparisons import greater, greater_equal
from gradcli.core.primitives.scans import cumulative_sum
from gradcli.core.primitives.selection import select
from gradcli.core.primitives.shaping import reshape


def counted(n: int, dtype: DType) -> Node:
    """0, 1, ..., n - 1."""
    return cumulative_sum(stretch(constant(1, dtype), (n,)), axis=0) - 1.0


def _offsets(rows: int, columns: int) -> Node:
    """Row number less column number."""
    row = reshape(counted(rows, DType.FLOAT64), shape=(rows, 1))
    return row - reshape(counted(columns, DType.FLOAT64), shape=(1, columns))


def triangle(rows: int, columns: int, k: int, dtype: DType, diagonal: float = 1.0) -> Node:
    """1 below the k-th diagonal, `diagonal` on it, 0 above."""
    offset = _offsets(rows, columns) + float(k)
    zero, one, on = (constant(v, dtype) for v in (0.0, 1.0, diagonal))
    return select(greater(offset, 0.0), one, select(greater_equal(offset, 0.0), on, zero))


def identity(n: int, dtype: DType) -> Node:
    """The identity matrix."""
    offset = _offsets(n, n)
    return select(offset * offset > 0.0, constant(0, dtype), constant(1, dtype))
