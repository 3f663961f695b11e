"""The elements of a small tensor as graphs of scalars, so that each has a formula."""

from __future__ import annotations

from collections.abc import Sequence

from gradcli.core.formula.algebra import UnreadableError
from gradcli.core.formula.numbers import of_numbers
from gradcli.core.ir.nodes import Constant, Input, Node, Parameter, constant, fresh_input
from gradcli.core.ir.primitive import Application
from gradcli.core.ir.shapes import size_of
from gradcli.core.ir.traversal import reachable
from gradcli.core.transforms.elements import GRAPHS, NoElementsError, elements_of, places_of

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
    found: dict[Node, Sequence[Node]] = {}
    for n in order:
        if isinstance(n, Application) and n.op.stepwise is not None:
            raise UnreadableError(f"{n.op.told(n)} is on the way")
        if size_of(n.shape) > MOST_ELEMENTS:
            raise UnreadableError(f"a tensor of {size_of(n.shape):,} elements is on the way")
        found[n] = _elements(n, [found[arg] for arg in n.args])
    return list(found[node])


def _elements(node: Node, args: Sequence[Sequence[Node]]) -> Sequence[Node]:
    if node.shape == () and not isinstance(node, Application):
        return [node]
    if isinstance(node, (Input, Parameter)):
        return [_element_of(node, place) for place in places_of(node.shape)]
    if isinstance(node, Constant):
        return [constant(value, node.dtype) for value in node.value.astype(object).ravel()]
    assert isinstance(node, Application)
    try:
        return elements_of(node, args, GRAPHS)
    except NoElementsError:
        raise UnreadableError(f"{node.op.summary} has no formula of single elements") from None


def _element_of(node: Input | Parameter, place: tuple[int, ...]) -> Node:
    return fresh_input(f"{node.name}[{', '.join(map(str, place))}]", (), node.dtype)
