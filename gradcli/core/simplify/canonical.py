"""The canonical form of a graph that will run many times: constants computed, stretching left to NumPy.

A node that is elementwise is computed in the smallest shape that holds its values; it is stretched only where
another kind of node, or an output, needs the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import TypeAlias

from gradcli.core.ir.nodes import Constant, Node, constant
from gradcli.core.ir.primitive import Application, with_args
from gradcli.core.ir.promotion import stretch
from gradcli.core.ir.shapes import broadcast_shapes, size_of
from gradcli.core.ir.traversal import applied_in, dependents, reachable, substitute, uses_of
from gradcli.core.simplify import chains, contracted, views
from gradcli.core.simplify.contracted import with_sums_of_pads
from gradcli.core.simplify.rules import Site, rewritten, with_quotients

# They enter rules of their own.
ENTERING = (contracted, views, chains)

# Given all applications of a primitive in a graph, in topological order, what stands in the place of some nodes.
Merge: TypeAlias = "Callable[[Sequence[Node]], Mapping[Node, Node]]"
MERGERS: list[tuple[str, Merge]] = []


def merger(primitive: str) -> Callable[[Merge], Merge]:
    """Enter what makes applications of a primitive one, or lets one keep what another computes again."""

    def enter(function: Merge) -> Merge:
        MERGERS.append((primitive, function))
        return function

    return enter


# One pass is enough for most graphs; each goes through all of it.
MOST_PASSES = 20

# A value with a rule of its own for its derivative.
RULED = "ruled"

Compute: TypeAlias = "Callable[[Node], Node]"

# A folded tensor is kept in memory, so it is no larger than this unless an operand is; and up to here where others are.
LARGEST_FOLDED, LARGEST_BESIDE = 2**16, 2**20


def canonical(
    outputs: Sequence[Node], order: Sequence[Node], inputs: Sequence[Node], computed: Compute
) -> tuple[Sequence[Node], Sequence[Node]]:
    """Outputs of the same values, each with its shape, and all nodes that they need in topological order.

    `order` are those of the graph as it is. `computed` gives the constant that an application to constants is.
    """
    outputs, order = _merged(outputs, order)
    if "take" in applied_in(order):
        from gradcli.core.simplify.picked import picked_first

        outputs, order = picked_first(outputs, order)
    small: dict[Node, Node] = {node: node for node in inputs}
    uses = uses_of(order, outputs)
    most = LARGEST_FOLDED
    if any(map(attrgetter("shape"), order)):
        beside = max((size_of(node.shape) for node in dependents(order, inputs) if node.shape), default=0)
        most = max(most, min(beside, LARGEST_BESIDE))
    readers, here = _readers(order, outputs), small.__getitem__
    for node in order:
        if node in small:
            continue
        if not isinstance(node, Application):
            small[node] = node
            continue
        args = tuple(map(here, node.args))
        made = _smaller(node, args, uses) if node.shape or node.op.name == RULED else rewritten(node, args, uses)
        if made.shape or not made.args or made.args[0].op is None:
            made = _folded(made, computed, most)
        small[node] = made
        if readers and node in readers and made.shape == node.shape:
            small[node] = views.as_it_is_read(made, readers[node])
    wholes = tuple(stretch(small[node], node.shape) for node in outputs)
    return with_sums_of_pads(*with_quotients(wholes))


def _readers(order: Sequence[Node], outputs: Sequence[Node]) -> Mapping[Node, Sequence[Node]]:
    """The nodes that read what some transpose reads, and that is not given out."""
    if "transpose" not in applied_in(order):
        return {}
    moved = {node.args[0] for node in order if node.kind == "transpose"}.difference(outputs)
    found: dict[Node, list[Node]] = {node: [] for node in moved}
    for node in order if moved else ():
        for arg in node.args:
            if arg in moved:
                found[arg].append(node)
    return found


def _merged(outputs: Sequence[Node], order: Sequence[Node]) -> tuple[Sequence[Node], Sequence[Node]]:
    there = applied_in(order)
    # What takes the place of some applications may be others of the same primitives, but of no others.
    for name, merge in MERGERS:
        for _ in range(MOST_PASSES if name in there else 0):
            nodes = [node for node in order if node.kind == name]
            found = merge(nodes) if nodes else {}
            if not found:
                break
            # What was put in the place of a node may read others that are replaced too, in the next pass.
            outputs = substitute(outputs, found)
            order = reachable(outputs)
    return outputs, order


def _smaller(node: Application, args: Sequence[Node], uses: Mapping[Node, int]) -> Node:
    if node.op.name == RULED:
        # The value: what is beside it is for derivatives, which have been taken.
        return args[0]
    if node.op.pointwise and node.shape:
        args = [_as_scalar(arg, args) for arg in args]
        site = Site(node, args, uses)
        moved = views.as_it_lies(site) or views.before_it_is_taken(site)
        if moved is not None:
            return moved
    return rewritten(node, args, uses)


def _as_scalar(arg: Node, args: Sequence[Node]) -> Node:
    """A constant of one element as a scalar, where its axes are not what gives the result its shape."""
    if not isinstance(arg, Constant) or arg.shape == () or size_of(arg.shape) != 1:
        return arg
    others = [other.shape for other in args if other is not arg]
    if not others or len(broadcast_shapes(others)) < len(arg.shape):
        return arg
    return constant(arg.value.item(), arg.dtype)


def _folded(node: Node, computed: Compute, most: int) -> Node:
    """A constant, where all arguments are, and it has no more elements than these or so many."""
    if not isinstance(node, Application):
        return node
    for arg in node.args:
        if not (isinstance(arg, Constant) or (arg.shape and isinstance(_unstretched(arg), Constant))):
            return node
    if size_of(node.shape) > max([most, *(size_of(_unstretched(arg).shape) for arg in node.args)]):
        return node
    return computed(with_args(node, tuple(arg if isinstance(arg, Constant) else computed(arg) for arg in node.args)))


def _unstretched(node: Node) -> Node:
    return node.args[0] if node.shape and node.kind == "broadcast" else node
