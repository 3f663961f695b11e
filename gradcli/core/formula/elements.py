"""The elements of a small tensor as graphs of scalars, so that each has a formula."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from gradcli.core.formula.algebra import UnreadableError
from gradcli.core.formula.numbers import of_numbers
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Constant, Input, Node, Parameter, constant, fresh_input
from gradcli.core.ir.primitive import Application
from gradcli.core.ir.shapes import size_of
from gradcli.core.ir.traversal import reachable

if TYPE_CHECKING:
    import numpy

# What is larger is read by nobody.
MOST_ELEMENTS, MOST_NODES = 64, 2_000


def elements(node: Node) -> list[Node]:
    """The elements of a tensor in order, as graphs of the elements of its inputs: of x, they are called x[0], x[1, 2].

    Raises:
        UnreadableError: for one that is too large, or that takes more than arithmetic on elements and moving them.
    """
    node = of_numbers(node)
    order = reachable([node])
    if all(n.shape == () for n in order):
        return [node]
    if len(order) > MOST_NODES:
        raise UnreadableError("too long")
    found: dict[Node, numpy.ndarray[Any, Any]] = {}
    for n in order:
        if size_of(n.shape) > MOST_ELEMENTS:
            raise UnreadableError(f"a tensor of {size_of(n.shape):,} elements is on the way")
        found[n] = _elements(n, [found[arg] for arg in n.args])
    return list(found[node].ravel())


def _elements(node: Node, args: Sequence[numpy.ndarray[Any, Any]]) -> numpy.ndarray[Any, Any]:
    import numpy as np

    if isinstance(node, (Input, Parameter)):
        return _filled(node, lambda place: node if not node.shape else _element_of(node, place))
    if isinstance(node, Constant):
        values = np.asarray(node.value, dtype=object)
        return _filled(node, lambda place: constant(values[place] if place else node.value, node.dtype))
    assert isinstance(node, Application)
    if node.op.broadcasts or node.op.pointwise:
        return _filled(node, lambda place: node.op(*(arg[place] for arg in args), **node.attrs))
    if node.kind == "matmul":
        return _nodes(np.matmul(*args), node.dtype)
    if node.op.law.degree == 1 and callable(node.op.kernel) and not node.op.integers:
        return _nodes(node.op.kernel(np, *args, **node.attrs), node.dtype)
    raise UnreadableError(f"{node.op.summary} has no formula of single elements")


def _filled(node: Node, make: Callable[[tuple[int, ...]], Node]) -> numpy.ndarray[Any, Any]:
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


def _element_of(node: Input | Parameter, place: tuple[int, ...]) -> Node:
    return fresh_input(f"{node.name}[{', '.join(map(str, place))}]", (), node.dtype)
