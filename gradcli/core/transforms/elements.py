"""The elements of a tensor as graphs of numbers, from those of the tensors that it is made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Constant, Node, constant
from gradcli.core.ir.primitive import Application

if TYPE_CHECKING:
    import numpy


class NoElementsError(Exception):
    """What takes more than arithmetic on elements, and moving them."""


def elements_of(node: Application, args: Sequence[numpy.ndarray[Any, Any]]) -> numpy.ndarray[Any, Any]:
    """An application's elements.

    Elementwise entries are applied to elements; what is linear moves and adds them by its own kernel.

    Args:
        node: the application.
        args: of each operand an array of nodes, of its shape.

    Raises:
        NoElementsError: for what can't be taken apart so.
    """
    import numpy as np

    op = node.op
    if op.broadcasts or op.pointwise:
        return filled_with(node, lambda place: op(*(arg[place] for arg in args), **node.attrs))
    if node.kind == "matmul":
        return _nodes(np.matmul(*args), node.dtype)
    if node.kind == "take" and all(isinstance(i, Constant) for i in args[1].ravel()):
        places = np.array([i.value for i in args[1].ravel()], dtype=int).reshape(args[1].shape)
        return np.asarray(np.take(args[0], places, axis=0))
    if op.law.degree == 1 and callable(op.kernel) and not op.integers:
        return _nodes(op.kernel(np, *args, **node.attrs), node.dtype)
    raise NoElementsError


def filled_with(node: Node, make: Callable[[tuple[int, ...]], Node]) -> numpy.ndarray[Any, Any]:
    """An array of a node's shape, of what is made for each place."""
    import numpy as np

    out = np.empty(node.shape, dtype=object)
    for place in np.ndindex(*node.shape):
        out[place] = make(place)
    return out


def _nodes(array: Any, dtype: DType) -> numpy.ndarray[Any, Any]:
    """Zeros that a kernel has put in, as nodes."""
    import numpy as np

    found = np.empty(np.shape(array), dtype=object)
    for place in np.ndindex(*found.shape):
        item = array[place] if found.shape else (array.item() if isinstance(array, np.ndarray) else array)
        found[place] = item if isinstance(item, Node) else constant(float(item), dtype)
    return found
