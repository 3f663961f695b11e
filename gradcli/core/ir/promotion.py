"""Operands made to fit each other: of one dtype, and of one shape."""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar

from gradcli.core.ir.dtypes import DType, promote
from gradcli.core.ir.nodes import Constant, Input, Node, Operand, constant, registry
from gradcli.core.ir.shapes import Shape

_float: ContextVar[DType] = ContextVar("default float type", default=DType.FLOAT64)


def use_float(dtype: DType) -> None:
    """Let this be the default float type from now on, in this context: what numbers become, and what is made real."""
    _float.set(dtype)


def real(node: Node) -> Node:
    """What stands where real numbers are needed: floats as they are, ints and bools as the default float type."""
    return node if node.dtype.is_float else cast(node, _float.get())


def coerce(values: Sequence[Operand]) -> tuple[Node, ...]:
    """Operands as nodes of one dtype. A plain number takes the type of the tensors that it meets.

    An int met by bools becomes int64; a float met by ints or bools becomes `default`; numbers alone do too.
    A weak input stands for a plain number and is treated as one.
    """
    first = values[0] if values else None
    if isinstance(first, Node) and all(isinstance(v, Node) and v.dtype is first.dtype for v in values[1:]):
        return tuple(v for v in values if isinstance(v, Node))
    default = _float.get()
    nodes = [v for v in values if isinstance(v, Node)]
    numbers = [v for v in values if not isinstance(v, Node)]
    strong = [v.dtype for v in nodes if not is_weak(v)]
    weak = [v.dtype for v in nodes if is_weak(v)]
    if not strong:
        dtype = promote(*weak) if weak else DType.BOOL if all(isinstance(v, bool) for v in numbers) else default
    else:
        dtype = promote(*strong)
        if not dtype.is_float:
            if weak or any(isinstance(v, float) for v in numbers):
                dtype = promote(default, *weak)
            elif any(not isinstance(v, bool) for v in numbers):
                dtype = promote(dtype, DType.INT64)
    return tuple(cast(v, dtype) if isinstance(v, Node) else constant(v, dtype) for v in values)


def is_weak(node: Node) -> bool:
    """Whether a node stands for a plain number."""
    return isinstance(node, (Constant, Input)) and node.weak


def cast(node: Node, dtype: DType) -> Node:
    """The same values as another element type; the node itself where it has that type."""
    return node if node.dtype is dtype else registry["cast"](node, dtype=dtype.value)


def stretch(node: Node, shape: Shape) -> Node:
    """The node broadcast to a shape, itself where it has it."""
    return node if node.shape == shape else registry["broadcast"](node, shape=shape)
