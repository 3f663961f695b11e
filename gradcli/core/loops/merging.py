"""Loops that make the same steps from the same start, made one: what each adds up or keeps, that one does.

A value and its gradient are such a pair: the loop itself, and the one that keeps its carries to run backwards.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from gradcli.core.ir.nodes import Node, fresh_input
from gradcli.core.ir.primitive import Application, Primitive
from gradcli.core.ir.traversal import substitute
from gradcli.core.loops.layout import Layout, layout_of
from gradcli.core.loops.plan import Carry, Given, Plan, packed, results
from gradcli.core.simplify.canonical import merger


@merger("loop")
def merged(nodes: Sequence[Node]) -> dict[Node, Node]:
    """What stands in the place of each loop that is made one with another."""
    groups: dict[Hashable, list[Application]] = {}
    for node in nodes:
        assert isinstance(node, Application)
        layout = layout_of(node.attrs)
        # A loop without a carry has nothing that another could make again.
        if layout.carried:
            starts = node.args[: layout.carried]
            groups.setdefault((layout.length, layout.backwards, frozenset(starts)), []).append(node)
    found: dict[Node, Node] = {}
    for group in groups.values():
        while len(group) > 1:
            first, *rest = group
            same = [node for node in rest if _fits(first, node)]
            if same:
                found.update(_as_one([first, *same]))
            group = [node for node in rest if node not in same]
    return found


def _on_inputs(node: Application, inputs: dict[tuple[str, Node], Node]) -> tuple[Layout, list[Node]]:
    """The outputs of a loop's step, over one input for each argument, whichever loop has it."""
    layout = layout_of(node.attrs)
    kinds = ["carry"] * layout.carried + ["slice"] * layout.sliced
    kinds += ["free"] * (len(node.args) - len(kinds))
    own: dict[Node, Node] = {}
    for i, kind, arg in zip(layout.inputs, kinds, node.args, strict=True):
        # Not the body's own input: another node may have that body with other arguments.
        if (kind, arg) not in inputs:
            inputs[kind, arg] = fresh_input("m", i.shape, i.dtype)
        own[i] = inputs[kind, arg]
    return layout, list(substitute(layout.body.outputs, own))


def _fits(one: Application, other: Application) -> bool:
    """Whether both carry the same from step to step; carries from one start that go apart are not told apart."""
    inputs: dict[tuple[str, Node], Node] = {}
    a, of_a = _on_inputs(one, inputs)
    b, of_b = _on_inputs(other, inputs)
    starts_a, starts_b = one.args[: a.carried], other.args[: b.carried]
    if len(set(starts_a)) < a.carried or len(set(starts_b)) < b.carried or a.carried != b.carried:
        return False
    nexts = dict(zip(starts_b, of_b, strict=False))
    return all(nexts[start] is new for start, new in zip(starts_a, of_a, strict=False))


def _as_one(nodes: Sequence[Application]) -> dict[Node, Node]:
    inputs: dict[tuple[str, Node], Node] = {}
    told = [_on_inputs(node, inputs) for node in nodes]
    layout, outputs = told[0]
    op = nodes[0].op
    assert isinstance(op, Primitive)
    plan = Plan(layout.length, backwards=layout.backwards)
    starts = nodes[0].args[: layout.carried]
    plan.carries = [Carry(inputs["carry", s], s, new) for s, new in zip(starts, outputs, strict=False)]
    plan.slices = [Given(i, arg) for (kind, arg), i in inputs.items() if kind == "slice"]
    plan.free = [Given(i, arg) for (kind, arg), i in inputs.items() if kind == "free"]
    sums = {out: None for lay, outs in told for out in outs[lay.carried : lay.carried + lay.summed]}
    stacks = {out: None for lay, outs in told for out in outs[lay.carried + lay.summed :]}
    plan.sums, plan.stacks = list(sums), list(stacks)
    place_of_start = {start: i for i, start in enumerate(starts)}
    wanted: list[list[int]] = []
    for node, (lay, outs) in zip(nodes, told, strict=True):
        places = []
        for i in lay.results:
            if i < lay.carried:
                places.append(place_of_start[node.args[i]])
            elif lay.is_stack(i):
                places.append(len(plan.carries) + len(plan.sums) + plan.stacks.index(outs[i]))
            else:
                places.append(len(plan.carries) + plan.sums.index(outs[i]))
        wanted.append(places)
    every = sorted({i for places in wanted for i in places})
    found = dict(zip(every, results(op, plan, every), strict=True))
    return {node: packed([found[i] for i in places]) for node, places in zip(nodes, wanted, strict=True)}
