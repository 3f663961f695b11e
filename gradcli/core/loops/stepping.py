"""A loop in other arithmetic than its kernel's: step by step, or with what each step rounds moved a little."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Constant, Node, filled, fresh_input, registry
from gradcli.core.ir.primitive import Application, Computing, Moved, with_args
from gradcli.core.ir.shapes import size_of
from gradcli.core.ir.traversal import reachable
from gradcli.core.loops.layout import Layout, layout_of
from gradcli.core.loops.plan import Given, packed, results
from gradcli.core.primitives.selection import select

# Factors of all steps together take so much memory at most.
MOST_FACTORS = 10_000_000


class Steps:
    """What the primitive says of itself to other arithmetic."""

    def count(self, node: Application) -> int:
        """The nodes of a step, so often as it is made."""
        layout = layout_of(node.attrs)
        one: int = layout.body.derived("nodes", lambda: _count(layout))
        return 1 + layout.length * one

    def value(self, node: Application, args: Sequence[Any], compute: Computing) -> Any:
        """One step after the other."""
        layout = layout_of(node.attrs)
        adding: _Adding = layout.body.derived(("adding", layout.carried, layout.summed), lambda: _Adding(layout))
        return adding.joined(layout, adding.run(layout, args, compute))

    def moved(self, node: Application, rounds: Callable[[Node], bool]) -> Moved | None:
        """The loop with factors among its slices, one for each node of a step that rounds.

        Where these are too many, only what is carried is moved.
        """
        layout = layout_of(node.attrs)
        order = reachable(layout.body.outputs)
        rounding = [n for n in order if n.dtype is DType.FLOAT64 and n not in layout.inputs and rounds(n)]
        for chosen in (rounding, [n for n in rounding if n in layout.body.outputs[: layout.carried]]):
            if layout.length * sum(size_of(n.shape) for n in chosen) <= MOST_FACTORS:
                return _with_factors(node, layout, order, chosen)
        return None


def _count(layout: Layout) -> int:
    order = [n for n in reachable(layout.body.outputs) if isinstance(n, Application)]
    return 1 + sum(1 if n.op.stepwise is None else n.op.stepwise.count(n) for n in order)


class _Adding:
    """The body's program with its sums as carries, so that they are added by whoever has the arithmetic."""

    def __init__(self, layout: Layout) -> None:
        outputs, kept = layout.body.outputs, layout.carried
        added = outputs[kept : kept + layout.summed]
        self._totals = [fresh_input("s", node.shape, node.dtype) for node in added]
        self._zeros = [filled(0.0, node) for node in added]
        self._nexts = [*outputs[:kept], *(total + node for total, node in zip(self._totals, added, strict=True))]
        self._kept = outputs[kept + layout.summed :]
        order = reachable([*self._nexts, *self._kept])
        self._constants = [node for node in order if isinstance(node, Constant)]
        self._order = [node for node in order if isinstance(node, Application)]

    def run(self, layout: Layout, args: Sequence[Any], compute: Computing) -> list[Any]:
        """Carries and sums in the end, and a list for each stack."""
        starts, slices, free = layout.split(args)
        known: dict[Node, Any] = dict(zip(layout.body.free, free, strict=True))
        compute([*self._constants, *reachable(self._zeros)], known)
        moving = [*starts, *(known[zero] for zero in self._zeros)]
        inputs = [*layout.carries, *self._totals]
        stacks: list[list[Any]] = [[] for _ in self._kept]
        for t in range(layout.length):
            place = layout.length - 1 - t if layout.backwards else t
            found = {**known, **dict(zip(inputs, moving, strict=True))}
            found.update((node, rows[place]) for node, rows in zip(layout.slices, slices, strict=True))
            compute(self._order, found)
            moving = [found[node] for node in self._nexts]
            for stack, node in zip(stacks, self._kept, strict=True):
                stack.append(found[node])
        if layout.backwards:
            for stack in stacks:
                stack.reverse()
        return [*moving, *stacks]

    def joined(self, layout: Layout, found: Sequence[Any]) -> Any:
        """The node's value: a number of that arithmetic, or an array of them."""
        if len(layout.results) == 1 and not layout.shape:
            return found[layout.results[0]]
        import numpy as np

        flat: list[Any] = []
        for i in layout.results:
            for item in found[i] if layout.is_stack(i) else [found[i]]:
                flat += [item] if getattr(item, "shape", ()) == () else list(np.ravel(item))
        made = np.empty(len(flat), dtype=object)
        made[:] = flat
        return made.reshape(layout.shape)


def _with_factors(node: Application, layout: Layout, order: Sequence[Node], chosen: Sequence[Node]) -> Moved:
    """A loop whose step is multiplied by a slice wherever it rounds."""
    new: dict[Node, Node] = {n: n for n in layout.inputs}
    slices: list[Given] = []
    picked = set(chosen)
    for n in order:
        if n in new:
            continue
        new[n] = with_args(n, tuple(new[arg] for arg in n.args))
        if n in picked:
            factors = fresh_input("f", (layout.length, *n.shape), n.dtype)
            slices.append(Given(fresh_input("f", n.shape, n.dtype), factors))
            # A whole number is as good as always exact.
            new[n] = select(registry["equal"](registry["floor"](new[n]), new[n]), new[n], new[n] * slices[-1].input)
    own = [fresh_input("a", arg.shape, arg.dtype) for arg in node.args]
    plan = layout.plan(own)
    plan = plan.of_steps([new[n] for n in plan.outputs()])
    plan.slices = [*plan.slices, *slices]
    found = results(node.op, plan, layout.results)
    return Moved(packed(found), own, [s.node for s in slices])
