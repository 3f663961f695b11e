"""Applications to constants, computed at once."""

from __future__ import annotations

from typing import Any

from gradcli.core.ir.nodes import Constant, Node, array_constant, constant
from gradcli.core.ir.primitive import Primitive
from gradcli.core.ir.templates import evaluated


def computed(node: Node) -> Node:
    """The constant that a node is whose arguments are constants.

    Raises:
        CoreError: for constants that the primitive is not defined for.
    """
    op = node.op
    assert isinstance(op, Primitive)
    number = evaluated(node, op)
    if number is not None:
        return constant(number, node.dtype)
    import numpy as np

    from gradcli.core.engines.numpy.kernels import kernel_of

    arrays: list[Any] = [np.asarray(arg.value, dtype=arg.dtype.value) for arg in node.args if isinstance(arg, Constant)]
    with np.errstate(all="ignore"):
        value = np.array(kernel_of(node, op)(*arrays), dtype=node.dtype.value)
    return array_constant(value)
