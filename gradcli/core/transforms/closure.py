"""What a Taylor expansion evolves together: a graph, the partials of its nodes, their partials, and so on.

Where partials are written so that they close, this reaches finitely many nodes, the same at every order; interning
finds the classic coupled recurrences, such as sin with cos. A family that never closes adds its next member for
each order. A node that enters at depth d is needed up to order K - d only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import comb

from gradcli.core.ir.nodes import Node
from gradcli.core.ir.primitive import Application
from gradcli.core.ir.series import Facts
from gradcli.core.ir.traversal import dependents, reachable
from gradcli.core.records import record


@record
class Closure:
    """`nodes` in topological order, each needed up to the order `need`; those in `active` depend on a variable.

    `facts` is what their laws say of active nodes. Where that is a rate, `steps` are the nodes of it that depend on a
    tangent, in topological order.
    """

    nodes: tuple[Node, ...]
    need: Mapping[Node, int]
    active: frozenset[Node]
    facts: Mapping[Node, Facts]
    steps: Mapping[Node, tuple[Node, ...]]

    def products(self, variables: int, order: int) -> int:
        """How many products an expansion takes at most: each convolution takes C(2n + K, K) in n variables."""
        applied = (node for node in self.active if isinstance(node, Application))
        convolutions = sum(node.op.law.products(self.facts.get(node, Facts())) for node in applied)
        return convolutions * comb(2 * variables + order, order)


def close(outputs: Iterable[Node], wrt: Iterable[Node], order: int) -> Closure:
    """The closure of the outputs under differentiation, as far as an expansion to some order needs it."""
    variables = set(wrt)
    need: dict[Node, int] = {}
    active: set[Node] = set()
    facts: dict[Node, Facts] = {}
    steps: dict[Node, tuple[Node, ...]] = {}
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
                    found = facts[node] = node.op.law.facts(node, active)
                    frontier += [p for p in found.partials if isinstance(p, Node)]
                    if found.rate is not None:
                        steps[node], fixed = _steps(node, found.rate, found.tangents)
                        frontier += fixed
    nodes = tuple(sorted(need, key=lambda n: n.serial))
    return Closure(nodes, need, frozenset(active), facts, steps)


def _steps(node: Node, rate: Node, tangents: Mapping[Node, Node]) -> tuple[tuple[Node, ...], list[Node]]:
    """The nodes of a rate that depend on a tangent, and the others."""
    order = reachable([rate])
    moving = dependents(order, tangents.values())
    steps = tuple(n for n in order if n in moving and n.args)
    for step in steps:
        assert isinstance(step, Application)
        assert step.op.law.degree is not None, f"the rate of {node!r} is not linear: {step!r}"
    return steps, [n for n in order if n not in moving]


def families(outputs: Sequence[Node], wrt: Sequence[Node], order: int) -> int:
    """How many nodes an expansion to some order evolves: the same for all orders where the partials close."""
    return len(close(outputs, wrt, order).nodes)
