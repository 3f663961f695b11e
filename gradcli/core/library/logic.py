"""True and false, element by element, as functions: what `and`, `or` and `not` are of tensors, and what is close."""

from __future__ import annotations

from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node
from gradcli.core.ir.promotion import cast, coerce, real
from gradcli.core.library.declare import composed
from gradcli.core.library.finite import isfinite, isnan
from gradcli.core.library.reductions import all_
from gradcli.core.primitives import comparisons as cmp
from gradcli.core.primitives import elementwise as ew
from gradcli.core.primitives.selection import select


def _truth(x: Node) -> Node:
    return x if x.dtype is DType.BOOL else cmp.not_equal(x, 0)


@composed("whether both are true, or not 0", example="logical_and([1, 0], [true, true])")
def logical_and(x: Node, y: Node) -> Node:
    return cmp.logical_and(_truth(x), _truth(y))


@composed("whether at least one is true, or not 0", example="logical_or([1, 0], [false, false])")
def logical_or(x: Node, y: Node) -> Node:
    return cmp.logical_or(_truth(x), _truth(y))


@composed("whether one is true, or not 0, and the other is not", example="logical_xor([1, 0], [true, true])")
def logical_xor(x: Node, y: Node) -> Node:
    return cmp.not_equal(_truth(x), _truth(y))


@composed("true where x is false, or 0", example="logical_not([1, 0])")
def logical_not(x: Node) -> Node:
    return cmp.logical_not(_truth(x))


@composed(
    "where |a - b| <= atol + rtol |b|; equal infinities are close, and nan is to none unless equal_nan=true",
    example="isclose([1, 2], [1 + 1e-9, 2.1])",
)
def isclose(a: Node, b: Node, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Node:
    """NumPy's, element by element; `allclose` has a measure of its own, in which both sides count alike."""
    a, b = map(real, coerce((a, b)))
    near = cmp.less_equal(ew.absolute(a - b), atol + rtol * ew.absolute(b))
    found = select(isfinite(b), near, cmp.equal(a, b))
    return cmp.logical_or(found, cmp.logical_and(isnan(a), isnan(b))) if equal_nan else found


@composed("whether two tensors have one shape and equal elements", example="array_equal([1, 2], [1, 2])")
def array_equal(a: Node, b: Node) -> Node:
    if a.shape != b.shape:
        return cast(cmp.not_equal(0.0, 0.0), DType.BOOL)
    return all_(cmp.equal(a, b))
