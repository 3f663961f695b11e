"""What the attributes of a loop's node say: which argument, and which output of its body, is what."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, TypeVar

from gradcli.core.calculus.bodies import Body
from gradcli.core.ir.nodes import Node
from gradcli.core.ir.shapes import Shape, size_of
from gradcli.core.loops.plan import Carry, Given, Plan
from gradcli.core.records import record

T = TypeVar("T")


@record
class Layout:
    """The arguments are where the carries start, the slices of all steps, and what every step reads.

    The body's variables are carries and slices, its outputs the carries' next values, sums, then stacks. `results` are
    the outputs that the node gives: its own value where it is one, else all of them flat, one after the other.
    """

    body: Body
    carried: int
    sliced: int
    summed: int
    length: int
    backwards: bool
    results: tuple[int, ...]

    @property
    def key(self) -> Hashable:
        """What tells it apart from others of its body."""
        return self.carried, self.sliced, self.summed, self.length, self.backwards, self.results

    @property
    def carries(self) -> tuple[Node, ...]:
        """The inputs that are carried."""
        return self.body.variables[: self.carried]

    @property
    def slices(self) -> tuple[Node, ...]:
        """The inputs that each step has a part of its own of."""
        return self.body.variables[self.carried :]

    @property
    def inputs(self) -> tuple[Node, ...]:
        """An input of the body for each argument."""
        return (*self.body.variables, *self.body.free)

    def split(self, args: Sequence[T]) -> tuple[Sequence[T], Sequence[T], Sequence[T]]:
        """What belongs to the carries, the slices, and to what every step reads."""
        middle = self.carried + self.sliced
        return args[: self.carried], args[self.carried : middle], args[middle:]

    def shape_of(self, i: int) -> Shape:
        """The shape of what an output is in the end."""
        shape = self.body.outputs[i].shape
        return (self.length, *shape) if self.is_stack(i) else shape

    def is_stack(self, i: int) -> bool:
        """Whether an output is kept of each step."""
        return i >= self.carried + self.summed

    @property
    def shapes(self) -> list[Shape]:
        """The shapes of the results."""
        return [self.shape_of(i) for i in self.results]

    @property
    def shape(self) -> Shape:
        """The node's own."""
        shapes = self.shapes
        return shapes[0] if len(shapes) == 1 else (sum(map(size_of, shapes)),)

    def plan(self, args: Sequence[Node]) -> Plan:
        """The same as a plan."""
        starts, slices, free = self.split(args)
        outputs = self.body.outputs
        middle = self.carried + self.summed
        return Plan(
            self.length,
            [Carry(i, start, out) for i, start, out in zip(self.carries, starts, outputs, strict=False)],
            [Given(i, node) for i, node in zip(self.slices, slices, strict=True)],
            [Given(i, node) for i, node in zip(self.body.free, free, strict=True)],
            list(outputs[self.carried : middle]),
            list(outputs[middle:]),
            self.backwards,
        )


def layout_of(attrs: Mapping[str, Any]) -> Layout:
    """The attributes of a node."""
    return Layout(**attrs)
