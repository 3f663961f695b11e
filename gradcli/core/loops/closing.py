"""From a step that is written over nodes of the graph around it to a loop: what it reads from outside is told apart."""

from __future__ import annotations

from collections.abc import Sequence, Set

from gradcli.core.ir.nodes import Constant, Node, fresh_input, registry
from gradcli.core.ir.primitive import Application
from gradcli.core.ir.traversal import dependents, reachable, read_besides, substitute
from gradcli.core.loops import merging, sharing  # noqa: F401 - what is entered there is used by name
from gradcli.core.loops.node import loop
from gradcli.core.loops.plan import Given, Plan, results
from gradcli.core.transforms.batching import batch

# A whole number up to here is written into the step; others are read from outside, so that one program serves all.
LARGEST_WRITTEN = 16


def looped(plan: Plan, wanted: Sequence[int]) -> list[Node]:
    """Outputs of a plan whose steps may read any nodes from outside, by their places."""
    return results(loop, closed(plan), wanted)


def closed(plan: Plan) -> Plan:
    """The plan with an input for all that its steps read from outside.

    What a step picks of a tensor by a number that no carry changes is picked for all steps at once.
    """
    plan = _with_slices_for_picks(plan)
    outputs = plan.outputs()
    order = reachable(outputs)
    moving = dependents(order, plan.inputs())
    # What only stretches is left out of a step's program, but not what is given to it.
    stretched = {node for node in order if node.op is registry["broadcast"]}
    read = read_besides(order, moving | _chosen(order, moving) | stretched, outputs)
    outer: dict[Node, Node] = {n: fresh_input("p", n.shape, n.dtype) for n in read if not _is_written(n)}
    found = plan.of_steps(substitute(outputs, outer))
    found.free = [*plan.free, *(Given(inner, node) for node, inner in outer.items())]
    return found


def _chosen(order: Sequence[Node], moving: Set[Node]) -> set[Node]:
    """What no step changes but a choice in it takes or not: outside, a zero that is certain would be no more than 0."""
    found: set[Node] = set()
    waiting = [arg for n in order if n.op is registry["select"] and n in moving for arg in n.args[1:]]
    seen: set[Node] = set()
    while waiting:
        node = waiting.pop()
        if node in seen:
            continue
        seen.add(node)
        if node not in moving:
            if not isinstance(node, Application) or not node.op.pointwise:
                continue
            found.add(node)
        waiting += node.args
    return found


def _is_written(node: Node) -> bool:
    """Whether it is a number that stays in the step's graph."""
    if not isinstance(node, Constant) or node.shape != ():
        return False
    value = node.value
    return not node.dtype.is_float or (float(value).is_integer() and abs(value) <= LARGEST_WRITTEN)


def _with_slices_for_picks(plan: Plan) -> Plan:
    outputs = plan.outputs()
    order = reachable(outputs)
    carried = dependents(order, [c.input for c in plan.carries])
    sliced = dependents(order, [s.input for s in plan.slices])
    picks = [
        node
        for node in order
        if node.op is registry["take"] and node in sliced and node not in carried and node.args[0] not in sliced
    ]
    if not picks:
        return plan
    all_at_once = batch(picks, {s.input: s.node for s in plan.slices}, plan.length)
    made = [
        Given(fresh_input("x", node.shape, node.dtype), whole) for node, whole in zip(picks, all_at_once, strict=True)
    ]
    nexts = substitute(outputs, {node: new.input for node, new in zip(picks, made, strict=True)})
    found = plan.of_steps(nexts)
    found.slices = [*plan.slices, *made]
    return found
