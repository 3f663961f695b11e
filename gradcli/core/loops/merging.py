"""Loops that make the same steps from the same start, made one: what each adds up or keeps, that one does.

A value and its gradient are such a pair: the loop itself, and the one that keeps its carries to run backwards, which
may carry less.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from itertools import islice, permutations, product

from gradcli.core.ir.nodes import Node, fresh_input
from gradcli.core.ir.primitive import Application, Primitive
from gradcli.core.ir.traversal import substitute
from gradcli.core.loops.layout import Layout, layout_of
from gradcli.core.loops.plan import Carry, Given, Plan, packed, results, unpacked
from gradcli.core.simplify.canonical import merger

# Carries that start from one node are told apart by trying, so often at most.
MOST_TRIED = 6


@merger("loop")
def merged(nodes: Sequence[Node]) -> dict[Node, Node]:
    """What stands in the place of each loop that is made one with another, and of the parts of its value."""
    groups: dict[Hashable, list[Application]] = {}
    for node in nodes:
        assert isinstance(node, Application)
        layout = layout_of(node.attrs)
        # A loop without a carry has nothing that another could make again.
        if layout.carried:
            groups.setdefault((layout.length, layout.backwards), []).append(node)
    found: dict[Node, Node] = {}
    for group in groups.values():
        group.sort(key=lambda node: layout_of(node.attrs).carried, reverse=True)
        while len(group) > 1:
            first, *rest = group
            merging = _Merging(first)
            group = [node for node in rest if not merging.takes(node)]
            found.update(merging.found())
    return found


def in_its_place(node: Application, parts: Sequence[Node]) -> dict[Node, Node]:
    """What stands in the place of a loop, and of the parts of its value, by what these are now."""
    return {**dict(zip(unpacked(node, layout_of(node.attrs).shapes), parts, strict=True)), node: packed(parts)}


class _Merging:
    """A loop, and others that carry no more than it does, and the same."""

    def __init__(self, first: Application) -> None:
        self._first, self._layout = first, layout_of(first.attrs)
        # One input for each carry, and for what is read from outside, whichever loop reads it.
        self._carries = [fresh_input("m", i.shape, i.dtype) for i in self._layout.carries]
        self._given: dict[tuple[bool, Node], Node] = {}
        self._outputs = self._on_inputs(first, range(self._layout.carried))
        # Of each other loop its step's outputs, over these inputs, and which carries its are.
        self._others: list[tuple[Application, Sequence[Node], Sequence[int]]] = []

    def takes(self, other: Application) -> bool:
        """Whether the other is one with it from now on."""
        layout = layout_of(other.attrs)
        starts = self._first.args[: self._layout.carried]
        if not set(other.args[: layout.carried]).issubset(starts):
            return False
        for places in islice(self._assignments(starts, other.args[: layout.carried]), MOST_TRIED):
            outputs = self._on_inputs(other, places)
            if all(self._outputs[place] is new for place, new in zip(places, outputs, strict=False)):
                self._others.append((other, outputs, places))
                return True
        return False

    def _assignments(self, starts: Sequence[Node], wanted: Sequence[Node]) -> Iterator[Sequence[int]]:
        """Which of the carries the other's may be, no two of them the same; first those in the same order."""
        groups = {start: [i for i, one in enumerate(wanted) if one is start] for start in wanted}
        choices = [
            permutations([i for i, one in enumerate(starts) if one is start], len(places))
            for start, places in groups.items()
        ]
        found = [0] * len(wanted)
        for chosen in _each_of(choices):
            for own, places in zip(groups.values(), chosen, strict=True):
                for i, place in zip(own, places, strict=True):
                    found[i] = place
            yield [*found]

    def _on_inputs(self, node: Application, places: Sequence[int]) -> Sequence[Node]:
        """The outputs of a loop's step over the inputs of all."""
        layout = layout_of(node.attrs)
        own: dict[Node, Node] = {i: self._carries[place] for i, place in zip(layout.carries, places, strict=True)}
        _, slices, free = layout.split(layout.inputs)
        _, of_slices, of_free = layout.split(node.args)
        for is_slice, inputs, args in ((True, slices, of_slices), (False, free, of_free)):
            for i, arg in zip(inputs, args, strict=True):
                # Not the body's own input: another node may have that body with other arguments.
                if (is_slice, arg) not in self._given:
                    self._given[is_slice, arg] = fresh_input("m", i.shape, i.dtype)
                own[i] = self._given[is_slice, arg]
        return substitute(layout.body.outputs, own)

    def found(self) -> Mapping[Node, Node]:
        """What stands in the place of all of them."""
        if not self._others:
            return {}
        first, layout, own = self._first, self._layout, self._outputs
        told: list[tuple[Application, Sequence[Node], Sequence[int]]]
        told = [(first, own, range(layout.carried)), *self._others]
        plan = Plan(layout.length, backwards=layout.backwards)
        starts = first.args[: layout.carried]
        plan.carries = [Carry(*each) for each in zip(self._carries, starts, own, strict=False)]
        plan.slices = [Given(i, arg) for (is_slice, arg), i in self._given.items() if is_slice]
        plan.free = [Given(i, arg) for (is_slice, arg), i in self._given.items() if not is_slice]
        kinds = [_kinds(layout_of(node.attrs), outputs) for node, outputs, _ in told]
        plan.sums = list(dict.fromkeys(out for sums, _ in kinds for out in sums))
        plan.stacks = list(dict.fromkeys(out for _, stacks in kinds for out in stacks))
        wanted: list[list[int]] = []
        for node, outputs, places in told:
            lay = layout_of(node.attrs)
            wanted.append([self._place(plan, lay, outputs, places, i) for i in lay.results])
        every = sorted({i for each in wanted for i in each})
        assert isinstance(first.op, Primitive)
        made = dict(zip(every, results(first.op, plan, every), strict=True))
        whole: dict[Node, Node] = {}
        for (node, _, _), each in zip(told, wanted, strict=True):
            whole |= in_its_place(node, [made[i] for i in each])
        return whole

    def _place(self, plan: Plan, layout: Layout, outputs: Sequence[Node], places: Sequence[int], i: int) -> int:
        """Where an output of a loop is among those of all."""
        if i < layout.carried:
            return places[i]
        if layout.is_stack(i):
            return len(plan.carries) + len(plan.sums) + plan.stacks.index(outputs[i])
        return len(plan.carries) + plan.sums.index(outputs[i])


def _each_of(choices: Sequence[Iterator[Sequence[int]]]) -> Iterator[Sequence[Sequence[int]]]:
    """One of each, the first of each first; only so many of each as are tried."""
    return product(*(islice(choice, MOST_TRIED) for choice in choices))


def _kinds(layout: Layout, outputs: Sequence[Node]) -> tuple[Sequence[Node], Sequence[Node]]:
    """The sums and the stacks."""
    middle = layout.carried + layout.summed
    return outputs[layout.carried : middle], outputs[middle:]
