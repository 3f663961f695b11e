"""What views look at: whose memory it is, where they begin in it, and how far apart their elements are."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from typing import NamedTuple

from gradcli.core.ir.nodes import Node
from gradcli.core.ir.shapes import Shape, aligned, size_of
from gradcli.core.records import record


@record
class View:
    """Elements of a tensor in one piece: the place of the first, and the steps to the next along each axis."""

    base: Node
    start: int
    steps: tuple[int, ...]


def steps_in(shape: Shape) -> tuple[int, ...]:
    """Those along each axis of a tensor that lies in one piece."""
    return tuple(size_of(shape[i + 1 :]) for i in range(len(shape)))


def view_of(node: Node, there: Container[Node]) -> View:
    """What a node looks at where it is a slice, a transpose or stretched, or several of them; else itself.

    Only what is `there` has a value in memory: what lies within a step that gives the view alone has none.
    """
    views = []
    while node.kind in ("slice", "transpose", "broadcast") and node.args[0] in there:
        views.append(node)
        node = node.args[0]
    start, steps = 0, steps_in(node.shape)
    for view in reversed(views):
        if view.kind == "slice":
            start += sum(first * step for (first, _, _), step in zip(view.attrs["ranges"], steps, strict=True))
            steps = tuple(step * each for (_, _, each), step in zip(view.attrs["ranges"], steps, strict=True))
        elif view.kind == "transpose":
            steps = tuple(steps[axis] for axis in view.attrs["axes"])
        else:
            lengths = aligned(view.args[0].shape, len(view.shape))
            whole = (*[0] * (len(view.shape) - len(steps)), *steps)
            steps = tuple(s if n == m else 0 for n, m, s in zip(lengths, view.shape, whole, strict=True))
    return View(node, start, steps)


class Axis(NamedTuple):
    """A loop: how many elements there are, and how far apart they are in each of several arrays."""

    length: int
    steps: tuple[int, ...]


def merged(axes: Iterable[Axis]) -> tuple[Axis, ...]:
    """Axes of which one goes on where the other ends are one, and those of one element none."""
    found: list[Axis] = []
    for axis in axes:
        if axis.length == 1:
            continue
        if found and goes_on(axis.length, found[-1].steps, axis.steps):
            axis = Axis(found.pop().length * axis.length, axis.steps)
        found.append(axis)
    return tuple(found)


def goes_on(length: int, outer: Sequence[int], inner: Sequence[int]) -> bool:
    """Whether one axis goes on where another, of so many elements, ends, in all of several arrays."""
    return all(step == length * next_step for step, next_step in zip(outer, inner, strict=True))
