"""The primitive: how a loop is applied, how to many samples at once, what it costs."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from gradcli.core.ir.nodes import Node, Operand, fresh_input
from gradcli.core.ir.primitive import Application, Examples, Primitive, intern, operations
from gradcli.core.ir.promotion import stretch
from gradcli.core.ir.shapes import size_of
from gradcli.core.ir.traversal import dependents, reachable
from gradcli.core.loops.law import Looping
from gradcli.core.loops.layout import layout_of
from gradcli.core.loops.plan import Carry, Given, Plan, results
from gradcli.core.loops.running import Runner, run
from gradcli.core.loops.stepping import Steps
from gradcli.core.primitives.shaping import concatenate, reshape, transpose
from gradcli.core.transforms.batching import batch


class Loop(Primitive):
    """A step's graph, run so often; its attributes are the fields of `Layout`."""

    def __call__(self, *args: Operand, **attrs: Hashable) -> Application:
        """The node for arguments that fit the body."""
        nodes = tuple(arg for arg in args if isinstance(arg, Node))
        layout = layout_of(attrs)
        assert len(nodes) == len(args) == len(layout.inputs)
        return intern(self, nodes, attrs, layout.shape, layout.body.outputs[layout.results[0]].dtype)

    def work_of(self, node: Node) -> int:
        """That of a step, as often as it is made."""
        layout = layout_of(node.attrs)
        one: int = layout.body.derived("work", lambda: operations(reachable(layout.body.outputs)))
        return one * layout.length

    def told(self, node: Node) -> str:
        """With the number of its steps."""
        length = layout_of(node.attrs).length
        return f"a loop of {length:,} step{'s' if length != 1 else ''}"


def _lift(op: Primitive, size: int, batched: Sequence[bool], args: Sequence[Node], attrs: Mapping[str, Any]) -> Node:
    """A loop whose steps are batches: what moves with the samples has a leading axis more in each of them."""
    layout = layout_of(attrs)
    inputs, outputs = layout.inputs, layout.body.outputs
    order = reachable(outputs)
    has = {node for node, is_batched in zip(inputs, batched, strict=True) if is_batched}
    while True:
        moving = dependents(order, has)
        more = {i for i, out in zip(layout.carries, outputs, strict=False) if out in moving} - has
        if not more:
            break
        has |= more

    def input_of(node: Node) -> Node:
        return fresh_input("b", (size, *node.shape), node.dtype)

    key = ("batched", layout.carried, size, tuple(node in has for node in inputs))
    samples, whole = layout.body.derived(
        key, lambda: (made := {node: input_of(node) for node in inputs if node in has}, batch(outputs, made, size))
    )
    kept = layout.carried

    def start(i: int) -> Node:
        return args[i] if batched[i] else stretch(args[i], (size, *args[i].shape))

    def sliced(i: int) -> Node:
        # The axis of the steps comes first.
        return transpose(args[i], axes=(1, 0, *range(2, len(args[i].shape)))) if batched[i] else args[i]

    plan = Plan(layout.length, backwards=layout.backwards)
    plan.carries = [
        Carry(samples[node], start(i), whole[i]) if node in has else Carry(node, args[i], outputs[i])
        for i, node in enumerate(layout.carries)
    ]
    middle = kept + layout.sliced
    plan.slices = [Given(samples.get(inputs[i], inputs[i]), sliced(i)) for i in range(kept, middle)]
    plan.free = [Given(samples.get(inputs[i], inputs[i]), args[i]) for i in range(middle, len(inputs))]
    plan.sums = list(whole[kept : kept + layout.summed])
    plan.stacks = list(whole[kept + layout.summed :])
    found = results(op, plan, layout.results)
    for n, i in enumerate(layout.results):
        if i < kept and layout.carries[i] not in has:
            found[n] = stretch(found[n], (size, *found[n].shape))
        elif layout.is_stack(i):
            found[n] = transpose(found[n], axes=(1, 0, *range(2, len(found[n].shape))))
    if len(found) == 1:
        return found[0]
    return concatenate(*(reshape(x, shape=(size, size_of(x.shape[1:]))) for x in found), axis=1)


loop = Loop(
    name="loop",
    law=Looping(),
    arity=-1,
    summary="a step's graph, run so often",
    examples=Examples(),
    kernel=run,
    prepared=Runner,
    shape=lambda *shapes, **attrs: layout_of(attrs).shape,
    lift=_lift,
    broadcasts=False,
    stepwise=Steps(),
)
