"""What is no finite number: told, and put right."""

from __future__ import annotations

from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node, Operand
from gradcli.core.ir.promotion import real
from gradcli.core.library.declare import composed
from gradcli.core.primitives import comparisons as cmp
from gradcli.core.primitives.selection import select

INF = float("inf")
_LARGEST = {DType.FLOAT32: (2 - 2.0**-23) * 2.0**127, DType.FLOAT64: (2 - 2.0**-52) * 2.0**1023}


# Told by an infinity and not by itself: what is compared with its equal is taken for a corner.


@composed("where elements are nan", example="isnan([1, nan, inf])")
def isnan(x: Node) -> Node:
    return cmp.logical_not(cmp.less_equal(real(x), INF))


@composed("where elements are infinite", example="isinf([1, nan, -inf])")
def isinf(x: Node) -> Node:
    return cmp.logical_or(cmp.equal(real(x), INF), cmp.equal(real(x), -INF))


@composed("where elements are neither infinite nor nan", example="isfinite([1, nan, inf])")
def isfinite(x: Node) -> Node:
    return cmp.logical_and(cmp.less(real(x), INF), cmp.greater(real(x), -INF))


@composed(
    "x with other numbers in place of nan and of infinities: 0 and the largest there are, unless others are given",
    example="nan_to_num([1, nan, 3]), nan_to_num([1, inf], posinf=9)\ngrad(nan_to_num)([1, nan])",
)
def nan_to_num(x: Node, nan: Operand = 0.0, posinf: Operand | None = None, neginf: Operand | None = None) -> Node:
    """What was put in has no slope."""
    if not x.dtype.is_float:
        return x
    largest = _LARGEST[x.dtype]
    found = select(isnan(x), nan, x)
    found = select(cmp.equal(x, INF), largest if posinf is None else posinf, found)
    return select(cmp.equal(x, -INF), -largest if neginf is None else neginf, found)
