"""The order of elements. Which one comes where has no slope: what is sorted is moved, by its numbers in order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gradcli.core.ir.declare import flat
from gradcli.core.ir.edges import Edge, EdgeKind
from gradcli.core.ir.lifting import lifted, one_further
from gradcli.core.ir.primitive import Examples


def _has_equal(args: Sequence[Any], y: Any, *, axis: int) -> Any:
    """Whether any two elements along the axis are equal."""
    import numpy as np

    ordered = np.sort(args[0], axis=axis)
    n = ordered.shape[axis]
    return ordered.take(range(1, n), axis) == ordered.take(range(max(n - 1, 0)), axis)


numbers_in_order = flat(
    "argsort",
    help="the numbers of the elements along an axis in ascending order, equal ones as they stand, nan at the end",
    examples=Examples(calls=((((4,),), {"axis": 0}), (((2, 3),), {"axis": 1}), (((3, 2),), {"axis": 0}))),
    shape=lambda x, *, axis: x,
    kernel=lambda xp, x, *, axis: xp.argsort(x, axis=axis, kind="stable"),
    result="int",
    broadcasts=False,
    lift=lifted(axis=one_further),
    names=(),
    edge=Edge(EdgeKind.CORNER, _has_equal),
)
