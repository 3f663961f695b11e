"""Elements that only move: what moves there and back, and what is better moved after it is computed."""

from __future__ import annotations

from gradcli.core.ir.nodes import Constant, Node
from gradcli.core.ir.primitive import Application, with_args
from gradcli.core.ir.promotion import stretch
from gradcli.core.ir.shapes import aligned, size_of
from gradcli.core.primitives.shaping import keeps_order, part, reshape, transpose, unshaped
from gradcli.core.simplify.rules import Site, elementwise_node, rule


@rule("reshape")
def reshaped_once(site: Site) -> Node | None:
    """A tensor in a shape that it has taken on the way is what it was there."""
    x = stretch(site.args[0], site.node.args[0].shape)
    base = unshaped(x)
    return None if base is x else reshape(base, shape=site.node.shape)


@rule("transpose")
def transposed_once(site: Site) -> Node | None:
    """Axes that move twice move once; where only axes of length 1 move, that is another shape and no more."""
    x, axes = stretch(site.args[0], site.node.args[0].shape), site.node.attrs["axes"]
    if keeps_order(x.shape, axes):
        return reshape(unshaped(x), shape=site.node.shape)
    if x.op is not transpose:
        return None
    before = x.attrs["axes"]
    both = tuple(before[axis] for axis in axes)
    return x.args[0] if both == tuple(range(len(both))) else transpose(x.args[0], axes=both)


@rule("take")
def taken_in_a_row(site: Site) -> Node | None:
    """What is picked by numbers that follow one another is a part, which only looks at what it is picked from."""
    x, indices = stretch(site.args[0], site.node.args[0].shape), site.args[1]
    if not isinstance(indices, Constant) or len(indices.shape) != 1 or not size_of(indices.shape):
        return None
    numbers = indices.value.tolist()
    first, count = numbers[0], len(numbers)
    in_a_row = first >= 0 and first + count <= x.shape[0] and numbers == [*range(first, first + count)]
    return part(x, 0, first, count) if in_a_row else None


@rule("matmul")
def multiplied_before_it_is_transposed(site: Site) -> Node | None:
    """The rows of x.T * s are not written one by one: a product of matrices takes (x * s.T).T as it lies in memory."""
    args = [stretch(arg, before.shape) for arg, before in zip(site.args, site.node.args, strict=True)]
    new = [_as_it_lies(arg) if alone else arg for arg, alone in zip(args, site.alone, strict=True)]
    return None if new == args else with_args(site.node, tuple(new))


def _as_it_lies(x: Node) -> Node:
    """A matrix that is computed from one transposed matrix and smaller tensors, transposed after that."""
    if not isinstance(x, Application) or not x.op.pointwise or len(x.shape) != 2:
        return x
    whole = [arg for arg in x.args if size_of(arg.shape) == size_of(x.shape)]
    if len(whole) != 1 or whole[0].op is not transpose or whole[0].shape != x.shape or min(x.shape) == 1:
        return x
    args = [arg.args[0] if arg is whole[0] else _turned(arg) for arg in x.args]
    return transpose(elementwise_node(x.op, args, x.attrs), axes=(1, 0))


def _turned(x: Node) -> Node:
    """What stretches to a matrix as what stretches to its transpose."""
    return reshape(x, shape=aligned(x.shape, 2)[::-1]) if x.shape else x
