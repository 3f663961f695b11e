"""A loop before it is a node: what is carried from step to step, what each step reads, and what it gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field, replace
from typing import NamedTuple

from gradcli.core.ir.nodes import Node, constant, is_number, registry
from gradcli.core.ir.primitive import Application, Primitive
from gradcli.core.ir.promotion import stretch
from gradcli.core.ir.shapes import Shape, size_of
from gradcli.core.ir.traversal import reachable
from gradcli.core.primitives.shaping import concatenate, pad, reshape, take_slice
from gradcli.core.records import structure


class Carry(NamedTuple):
    """A value that goes from step to step: its input in the step's graph, where it starts, what a step makes of it."""

    input: Node
    start: Node
    next: Node


class Given(NamedTuple):
    """What a step reads: its input in the step's graph, and the node outside; of a slice with a leading axis more."""

    input: Node
    node: Node


@structure
class Plan:
    """A loop of `length` steps, the last slice first where it runs `backwards`.

    `sums` are added up over all steps, `stacks` are kept of each, in the order of the slices.
    """

    length: int
    carries: list[Carry] = field(default_factory=list)
    slices: list[Given] = field(default_factory=list)
    free: list[Given] = field(default_factory=list)
    sums: list[Node] = field(default_factory=list)
    stacks: list[Node] = field(default_factory=list)
    backwards: bool = False

    def outputs(self) -> list[Node]:
        """What a step gives: carries, sums, stacks."""
        return [*(c.next for c in self.carries), *self.sums, *self.stacks]

    def inputs(self) -> list[Node]:
        """What a step's graph is of: carries, slices, what every step reads."""
        return [part.input for parts in (self.carries, self.slices, self.free) for part in parts]

    def of_steps(self, outputs: Sequence[Node]) -> Plan:
        """The same loop, whose steps give these in the place of its outputs."""
        carried, middle = len(self.carries), len(self.carries) + len(self.sums)
        carries = [carry._replace(next=new) for carry, new in zip(self.carries, outputs, strict=False)]
        return replace(self, carries=carries, sums=[*outputs[carried:middle]], stacks=[*outputs[middle:]])

    def shape_of(self, i: int) -> Shape:
        """The shape of what an output is in the end."""
        shape = self.outputs()[i].shape
        return shape if i < len(self.carries) + len(self.sums) else (self.length, *shape)


def results(op: Primitive, plan: Plan, wanted: Sequence[int]) -> list[Node]:
    """Some of what a plan gives, by their places among its outputs: nodes of as few loops as can be.

    A carry gives its last value, of its own shape; a sum the sum over all steps; a stack has a leading axis more.
    """
    found: dict[int, Node] = {}
    outputs = plan.outputs()
    for i in wanted:
        carry = plan.carries[i] if i < len(plan.carries) else None
        if carry is not None and (plan.length == 0 or carry.next is carry.input):
            found[i] = carry.start
        elif carry is None and (plan.length == 0 or is_number(outputs[i], 0)):
            found[i] = stretch(constant(0, outputs[i].dtype), plan.shape_of(i))
    left = [i for i in wanted if i not in found]
    for dtype in dict.fromkeys(outputs[i].dtype for i in left):
        places = [i for i in left if outputs[i].dtype is dtype]
        found.update(zip(places, _of_one_dtype(op, plan, places), strict=True))
    return [found[i] for i in wanted]


def _of_one_dtype(op: Primitive, plan: Plan, places: Sequence[int]) -> list[Node]:
    """Outputs of one dtype, by one node, whose value has them one after the other where they are several."""
    # A plan by itself is made without what compiles a step.
    from gradcli.core.calculus.bodies import body_of

    carried, kinds = len(plan.carries), len(plan.carries) + len(plan.sums)
    outputs = plan.outputs()
    still = {i for i, carry in enumerate(plan.carries) if carry.next is carry.input}
    used, carries = _needed(plan, places, still)
    sums = [i for i in places if carried <= i < kinds]
    stacks = [i for i in places if i >= kinds]
    order = [*carries, *sums, *stacks]
    slices = [s for s in plan.slices if s.input in used]
    free = [f for f in plan.free if f.input in used]
    # What no step changes is read from outside.
    free += [Given(c.input, c.start) for i, c in enumerate(plan.carries) if i in still and c.input in used]
    variables = [*(plan.carries[i].input for i in carries), *(s.input for s in slices)]
    body = body_of([outputs[i] for i in order], variables, [f.input for f in free])
    node = op(
        *(plan.carries[i].start for i in carries),
        *(s.node for s in slices),
        *(f.node for f in free),
        body=body,
        carried=len(carries),
        sliced=len(slices),
        summed=len(sums),
        length=plan.length,
        backwards=plan.backwards,
        results=tuple(order.index(i) for i in places),
    )
    return unpacked(node, [plan.shape_of(i) for i in places])


def _needed(plan: Plan, places: Sequence[int], still: set[int]) -> tuple[set[Node], list[int]]:
    """The nodes of the step that some outputs need, and the carries among them that change."""
    outputs = plan.outputs()
    place = {carry.input: i for i, carry in enumerate(plan.carries) if i not in still}
    carries = {i for i in places if i < len(plan.carries)}
    while True:
        used = set(reachable([outputs[i] for i in {*places, *carries}]))
        more = {i for node, i in place.items() if node in used} - carries
        if not more:
            return used, sorted(carries)
        carries |= more


def unpacked(node: Node, shapes: Sequence[Shape]) -> list[Node]:
    """The parts of a node that has several one after the other; of one alone, itself."""
    if len(shapes) == 1:
        return [node]
    terms = _terms(node)
    parts = []
    at = 0
    for shape in shapes:
        size = size_of(shape)
        parts.append(reshape(_part(terms, at, size, node), shape=shape))
        at += size
    return parts


def _terms(node: Node) -> list[Node]:
    """What a vector is the sum of, as adjoints of its parts are added up; itself where it is none."""
    found, waiting = [], [node]
    while waiting:
        term = waiting.pop()
        if term.op is registry["add"]:
            waiting += reversed(term.args)
        else:
            found.append(term)
    return found if any(term.op is pad for term in found) else [node]


def _part(terms: Sequence[Node], at: int, size: int, whole: Node) -> Node:
    """A part of the sum of vectors, of those that are not 0 there: some were put among zeros, where they are found."""
    total: Node | None = None
    for term in terms:
        found = term
        if isinstance(term, Application) and term.op is pad:
            ((start, count, step),) = term.attrs["ranges"]
            if step == 1 and (start + count <= at or at + size <= start):
                continue
            if (start, count, step) == (at, size, 1):
                found = term.args[0]
        if found is term:
            found = take_slice(term, ranges=((at, size, 1),))
        total = found if total is None else total + found
    return stretch(constant(0, whole.dtype), (size,)) if total is None else total


def packed(parts: Sequence[Node]) -> Node:
    """A node that has parts one after the other; one alone is itself."""
    if len(parts) == 1:
        return parts[0]
    return concatenate(*(reshape(part, shape=(size_of(part.shape),)) for part in parts), axis=0)
