"""What a Taylor expansion evolves together: a graph, the partials of its nodes, their partials, and so on.

Where partials are written so that they close, this reaches finitely many nodes, the same at every order; interning
finds the classic coupled recurrences, such as sin with cos. A family that never closes adds its next member for
each order. A node that enters at depth d is needed up to order K - d only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import comb

from gradcli.core.ir.laws import Bilinear, Elementwise, Flat, Implicit, Linear
from gradcli.core.ir.nodes import Node, filled, fresh_input
from gradcli.core.ir.primitive import Application, Primitive
from gradcli.core.ir.traversal import dependents, reachable
from gradcli.core.records import record


@record
class Rate:
    """The derivative of an implicit node as a graph that is linear in `tangents`, one fresh input for each argument.

    `steps` are the nodes that depend on a tangent, in topological order; `root` is the last of them.
    """

    root: Node
    tangents: Mapping[Node, Node]
    steps: tuple[Node, ...]


@record
class Closure:
    """`nodes` in topological order, each needed up to the order `need`; those in `active` depend on a variable."""

    nodes: tuple[Node, ...]
    need: Mapping[Node, int]
    active: frozenset[Node]
    partials: Mapping[Node, tuple[Node | float | None, ...]]
    rates: Mapping[Node, Rate]

    def products(self, variables: int, order: int) -> int:
        """How many products an expansion takes at most: each convolution takes C(2n + K, K) in n variables."""
        convolutions = sum(
            sum(isinstance(p, Node) for p in self.partials.get(node, ()))
            if isinstance(node, Application) and isinstance(node.op.law, Elementwise)
            else 1
            for node in self.active
            if isinstance(node, Application) and isinstance(node.op.law, (Elementwise, Bilinear, Implicit))
        )
        return convolutions * comb(2 * variables + order, order)


def close(outputs: Iterable[Node], wrt: Iterable[Node], order: int) -> Closure:
    """The closure of the outputs under differentiation, as far as an expansion to some order needs it."""
    variables = set(wrt)
    need: dict[Node, int] = {}
    active: set[Node] = set()
    partials: dict[Node, tuple[Node | float | None, ...]] = {}
    rates: dict[Node, Rate] = {}
    frontier = list(outputs)
    for depth in range(order + 1):
        new = [node for node in reachable(frontier) if node not in need]
        if not new:
            break
        frontier = []
        for node in new:
            need[node] = order - depth
            if node in variables or any(arg in active for arg in node.args):
                active.add(node)
                if depth < order and isinstance(node, Application) and node not in variables:
                    frontier += _facts(node, node.op, active, partials, rates)
    nodes = tuple(sorted(need, key=lambda n: n.serial))
    return Closure(nodes, need, frozenset(active), partials, rates)


def _facts(
    node: Node,
    op: Primitive,
    active: set[Node],
    partials: dict[Node, tuple[Node | float | None, ...]],
    rates: dict[Node, Rate],
) -> list[Node]:
    """Enter what the law says of a node, and return the nodes that this brings in."""
    law = op.law
    if isinstance(law, Elementwise):
        found = tuple(
            partial(node, *node.args, **node.attrs) if arg in active else None
            for partial, arg in zip(law.partials, node.args, strict=True)
        )
        partials[node] = found
        return [p for p in found if isinstance(p, Node)]
    if isinstance(law, Implicit):
        tangents = {arg: fresh_input("tangent", arg.shape, arg.dtype) for arg in node.args if arg in active}
        along = [tangents[arg] if arg in tangents else filled(0.0, arg) for arg in node.args]
        root = law.rate(node, *node.args, *along, **node.attrs)
        order = reachable([root])
        moving = dependents(order, tangents.values())
        steps = tuple(n for n in order if n in moving and n.args)
        for step in steps:
            assert isinstance(step, Application)
            assert isinstance(step.op.law, (Linear, Bilinear, Flat)), f"the rate of {op.name} is not linear: {step!r}"
        rates[node] = Rate(root, tangents, steps)
        return [n for n in order if n not in moving]
    return []


def families(outputs: Sequence[Node], wrt: Sequence[Node], order: int) -> int:
    """How many nodes an expansion to some order evolves: the same for all orders where the partials close."""
    return len(close(outputs, wrt, order).nodes)
