"""Elements that only move: what moves there and back, and what is better moved after it is computed.

What is picked from few elements is computed of those, once of each, before it is picked.
"""

from __future__ import annotations

from collections.abc import Sequence

from gradcli.core.ir.nodes import Constant, Node
from gradcli.core.ir.primitive import Application
from gradcli.core.ir.promotion import stretch
from gradcli.core.ir.shapes import aligned, broadcast_shapes, size_of
from gradcli.core.primitives.indexing import take
from gradcli.core.primitives.reductions import sum_to
from gradcli.core.primitives.shaping import keeps_order, part, reshape, transpose, unshaped
from gradcli.core.simplify.rules import Site, elementwise_node, rewritten, rule


@rule("reshape")
def reshaped_once(site: Site) -> Node | None:
    """A tensor in a shape that it has taken on the way is what it was there."""
    x = stretch(site.args[0], site.node.args[0].shape)
    base = unshaped(x)
    return None if base is x else reshape(base, shape=site.node.shape)


@rule("transpose")
def transposed_once(site: Site) -> Node | None:
    """Axes that move twice move once; where only axes of length 1 move, that is another shape and no more."""
    x, axes = site.args[0], site.node.attrs["axes"]
    # What is stretched along some of the axes is so after it.
    x = reshape(x, shape=aligned(x.shape, len(axes)))
    if keeps_order(x.shape, axes):
        return reshape(unshaped(x), shape=tuple(x.shape[axis] for axis in axes))
    if x.op is transpose:
        before = x.attrs["axes"]
        x, axes = x.args[0], tuple(before[axis] for axis in axes)
    if axes == tuple(range(len(axes))):
        return x
    return (turned_before_it_is_taken(x, axes) if site.alone[0] else None) or transpose(x, axes=axes)


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


@rule("sum_to")
def added_up_as_it_lies(site: Site) -> Node | None:
    """A sum over axes of x.T is one over those of x."""
    x, total = stretch(site.args[0], site.node.args[0].shape), site.node
    if x.op is not transpose:
        return None
    base, axes = x.args[0], x.attrs["axes"]
    shape = _moved(aligned(total.shape, len(axes)), axes)
    found = sum_to(base, shape=shape)
    if isinstance(found, Application) and found.op is sum_to:
        found = rewritten(found, [base], {base: site.uses[total.args[0]]})
    return reshape(transpose(found, axes=axes), shape=total.shape)


def as_it_lies(site: Site) -> Node | None:
    """What is computed of tensors that are transposed alike, computed as they lie in memory, and transposed after that.

    Smaller operands are transposed, which may be left to the library. None where a whole operand lies otherwise.
    """
    node, args = site.node, site.args
    shape = broadcast_shapes(arg.shape for arg in args)
    whole = [arg for arg in args if arg.shape == shape]
    if not whole or any(arg.op is not transpose or arg.attrs != whole[0].attrs for arg in whole):
        return None
    axes = whole[0].attrs["axes"]
    turned = [arg.args[0] if arg.shape == shape else _turned(arg, axes) for arg in args]
    lying = elementwise_node(node.op, turned, node.attrs)
    assert isinstance(lying, Application)
    uses = {new: site.uses[before] for new, before in zip(turned, node.args, strict=True)}
    found = before_it_is_taken(Site(lying, turned, uses)) or rewritten(lying, turned, uses)
    return transpose(found, axes=axes)


def as_it_is_read(node: Node, readers: Sequence[Node]) -> Node:
    """What is stretched from smaller tensors and only read transposed, computed so where that has the longer rows."""
    if (
        not isinstance(node, Application)
        or not node.op.pointwise
        or any(reader.op is not transpose for reader in readers)
    ):
        return node
    reader = max(readers, key=lambda reader: reader.shape[-1])
    if reader.shape[-1] <= node.shape[-1] or any(2 * size_of(arg.shape) > size_of(node.shape) for arg in node.args):
        return node
    axes = reader.attrs["axes"]
    back = _moved(tuple(range(len(axes))), axes)
    turned = [_turned(arg, back) for arg in node.args]
    return transpose(elementwise_node(node.op, turned, node.attrs), axes=back)


def _turned(x: Node, axes: Sequence[int]) -> Node:
    """What stretches to a tensor of these axes of another as what stretches to the other."""
    if size_of(x.shape) == 1 and not x.shape:
        return x
    x = reshape(x, shape=aligned(x.shape, len(axes)))
    back = _moved(tuple(range(len(axes))), axes)
    return reshape(unshaped(x), shape=_moved(x.shape, axes)) if keeps_order(x.shape, back) else transpose(x, axes=back)


def _moved(of: Sequence[int], axes: Sequence[int]) -> tuple[int, ...]:
    """What is said of each axis of a transposed tensor, as said of those of what is transposed."""
    found = [0] * len(axes)
    for i, axis in enumerate(axes):
        found[axis] = of[i]
    return tuple(found)


def is_from_fewer(node: Node) -> bool:
    """Whether a node is picked from half as many elements, or fewer."""
    return node.op is take and 2 * size_of(node.args[0].shape) <= size_of(node.shape)


def before_it_is_taken(site: Site) -> Node | None:
    """An elementwise function of what is picked from fewer elements, and of numbers, as picked from its values."""
    node, args = site.node, site.args
    places = [i for i, arg in enumerate(args) if arg.shape == node.shape]
    if len(places) != 1 or not is_from_fewer(args[places[0]]) or not site.alone[places[0]]:
        return None
    if node.op.check is not None or any(arg.shape for i, arg in enumerate(args) if i not in places):
        return None
    picked = args[places[0]]
    whole = [picked.args[0] if i in places else arg for i, arg in enumerate(args)]
    return take(elementwise_node(node.op, whole, node.attrs), picked.args[1])


def turned_before_it_is_taken(picked: Node, axes: Sequence[int]) -> Node | None:
    """The transpose of what is picked from fewer elements as picked from a transpose; None where that moves."""
    if not isinstance(picked, Application) or not is_from_fewer(picked):
        return None
    source, indices = picked.args
    rank = len(indices.shape)
    if tuple(axes[:rank]) != tuple(range(rank)):
        return None
    return take(transpose(source, axes=(0, *(axis - rank + 1 for axis in axes[rank:]))), indices)
