"""Loops of small tensors as loops of their elements, which run as numbers do.

A call of NumPy takes as long as some twenty operations on numbers do in Python, and hundreds in machine code: steps
that work on vectors of a few elements are rewritten, each tensor as a node for each of its elements.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

from gradcli.core.calculus.bodies import body_of
from gradcli.core.ir.nodes import Node, fresh_input
from gradcli.core.ir.primitive import Application
from gradcli.core.ir.shapes import size_of
from gradcli.core.ir.traversal import reachable
from gradcli.core.loops.layout import Layout
from gradcli.core.transforms.elements import GRAPHS, NoElementsError, computable_elements

# What is larger is worth NumPy's calls; a step of more numbers takes Python's compiler too long.
MOST_ELEMENTS, MOST_NUMBERS = 64, 2_000
# Python computes so many numbers in the time of a call of NumPy.
NUMBERS_IN_A_CALL = 20
# So many steps on arrays take as long as rewriting a step does.
WORTH_REWRITING = 200

Numbers = Callable[[Any, Layout, Sequence[Any]], "list[Any]"]


class Scalarized:
    """A loop of tensors that is rewritten once it has made so many steps that this pays."""

    def __init__(self, layout: Layout, suits: Callable[[Layout], bool]) -> None:
        self._layout, self._suits = layout, suits
        self._steps = 0
        self._asked = False
        self._numbers: Layout | None = None

    def answer(self, xp: Any, layout: Layout, arrays: Sequence[Any], run: Numbers) -> list[Any] | None:
        """What each output is, by a loop of numbers that `run` runs; None where arrays shall compute it."""
        if not self._asked:
            self._steps += layout.length
            if self._steps < WORTH_REWRITING:
                return None
            self._numbers, self._asked = scalarized(self._layout, self._suits), True
        if self._numbers is None:
            return None
        numbers = replace(self._numbers, length=layout.length)
        return _joined(xp, layout, run(xp, numbers, _taken_apart(xp, layout, arrays)))


def scalarized(layout: Layout, suits: Callable[[Layout], bool]) -> Layout | None:
    """The loop of the elements: each tensor's one after the other. None where its steps can't be taken apart."""
    order = reachable([*layout.body.outputs, *layout.inputs])
    if any(not 0 < size_of(node.shape) <= MOST_ELEMENTS for node in order):
        return None
    if sum(size_of(node.shape) for node in order) > MOST_NUMBERS * 4:
        return None
    found: dict[Node, Sequence[Node]] = {}
    for node in layout.inputs:
        found[node] = [fresh_input("e", (), node.dtype) for _ in range(size_of(node.shape))]
    try:
        for node in order:
            if node not in found:
                found[node] = computable_elements(node, [found[arg] for arg in node.args], GRAPHS)
    except NoElementsError:
        return None
    outputs, middle = layout.body.outputs, layout.carried + layout.summed

    def flat(nodes: Sequence[Node]) -> list[Node]:
        return [element for node in nodes for element in found[node]]

    made = flat(outputs)
    whole = Layout(
        body=body_of(made, flat(layout.body.variables), flat(layout.body.free)),
        carried=len(flat(layout.carries)),
        sliced=len(flat(layout.slices)),
        summed=len(flat(outputs[layout.carried : middle])),
        length=layout.length,
        backwards=layout.backwards,
        results=tuple(range(len(made))),
    )
    count = len(reachable(made))
    calls = sum(isinstance(node, Application) for node in order)
    if count > MOST_NUMBERS or (count > calls * NUMBERS_IN_A_CALL):
        return None
    return whole if suits(whole) else None


def _taken_apart(xp: Any, layout: Layout, arrays: Sequence[Any]) -> list[Any]:
    """The elements of where carries start, of the slices each in an array of its own, and of what every step reads."""
    starts, slices, free = layout.split(arrays)
    columns = (xp.asarray(a).reshape(layout.length, -1) for a in slices)
    return [
        *chain.from_iterable(xp.ravel(a).tolist() for a in starts),
        *(column[:, i] for column in columns for i in range(column.shape[1])),
        *chain.from_iterable(xp.ravel(a).tolist() for a in free),
    ]


def _joined(xp: Any, layout: Layout, found: Sequence[Any]) -> list[Any]:
    """The outputs of the elements, as those of the tensors."""
    made, at = [], 0
    for i, out in enumerate(layout.body.outputs):
        size = size_of(out.shape)
        parts = xp.asarray(found[at : at + size], out.dtype.value)
        made.append(xp.reshape(parts.T if layout.is_stack(i) else parts, layout.shape_of(i)))
        at += size
    return made
