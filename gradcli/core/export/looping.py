"""Loops as text in Python's syntax: a function with the loop in it, that calls one which is a step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from gradcli.core.export.request import Request
from gradcli.core.ir.nodes import Node
from gradcli.core.ir.shapes import Shape
from gradcli.core.loops.layout import Layout


class Words(Protocol):
    """How a target makes what a loop is given, and what it gives."""

    def tensor(self, text: str, node: Node) -> str:
        """A value that is carried, before the first step."""
        ...

    def zeros(self, node: Node) -> str:
        """A sum, before the first step."""
        ...

    def stacked(self, text: str, node: Node) -> str:
        """A tensor of a list of values, one of each step."""
        ...

    def joined(self, parts: Sequence[tuple[str, Shape]]) -> str:
        """Several values one after the other, flat."""
        ...


class LoopText:
    """The names in a loop's function.

    y1, ... are carried, x1, ... have a slice for each step, every step reads p1, ...; total1, ... are added up, and
    kept1, ... have what each step gives.
    """

    def __init__(self, layout: Layout, title: str) -> None:
        self.layout, self.title = layout, title
        self.carried = _named("y", layout.carried)
        self.sliced = _named("x", layout.sliced)
        self.free = _named("p", len(layout.body.free))
        self.totals = _named("total", layout.summed)
        self.kept = _named("kept", len(layout.body.outputs) - layout.carried - layout.summed)

    def request(self, name: str) -> Request:
        """A step as a module of its own."""
        names = [*self.carried, *self.sliced, *self.free]
        labels = [*(f"next_{n}" for n in self.carried), *_named("more", len(self.totals)), *self.kept]
        return Request(self.layout.body.outputs, labels, self.layout.inputs, (), names, name, self.title, "")

    def head(self, number: int) -> list[str]:
        """The first lines of the function."""
        names = [*self.carried, *self.sliced, *self.free]
        self.step = f"_step_{number}"
        title = self.title[0].upper() + self.title[1:]
        order = ", the last slice first" if self.backwards else ""
        return [f"def _loop_{number}({', '.join(names)}):", f'    """{title}{order}."""']

    @property
    def backwards(self) -> bool:
        """Whether the last slice comes first."""
        return self.layout.backwards

    def outputs(self) -> list[str]:
        """The names of what is there in the end."""
        return [*self.carried, *self.totals, *self.kept]

    def by_lists(self, words: Words) -> list[str]:
        """A loop that puts what each step gives into lists."""
        layout = self.layout
        outputs = layout.body.outputs
        starts = zip([*self.carried, *self.free], [*layout.carries, *layout.body.free], strict=True)
        lines = [f"{y} = {text}" for y, node in starts if (text := words.tensor(y, node)) != y]
        added = outputs[layout.carried : layout.carried + layout.summed]
        lines += [f"{total} = {words.zeros(node)}" for total, node in zip(self.totals, added, strict=True)]
        lines += [f"{kept} = []" for kept in self.kept]
        more, given = _named("more", len(self.totals)), _named("given", len(self.kept))
        lines.append(f"for i in {self.range()}:")
        args = ", ".join([*self.carried, *(f"{x}[i]" for x in self.sliced), *self.free])
        left = [*self.carried, *more, *given]
        lines.append(f"    {', '.join(left)}{',' * (len(left) == 1)} = {self.step}({args})")
        lines += [f"    {total} = {total} + {m}" for total, m in zip(self.totals, more, strict=True)]
        lines += [f"    {kept}.append({g})" for kept, g in zip(self.kept, given, strict=True)]
        lines += [f"{kept}.reverse()" for kept in self.kept if self.backwards]
        for i, kept in enumerate(self.kept, start=layout.carried + layout.summed):
            text = words.stacked(kept, outputs[i])
            lines += [f"{kept} = {text}"] if text != kept else []
        return [*lines, self.returned(words)]

    def returned(self, words: Words) -> str:
        """The last line."""
        names, layout = self.outputs(), self.layout
        parts = [(names[i], layout.shape_of(i)) for i in layout.results]
        return f"return {parts[0][0] if len(parts) == 1 else words.joined(parts)}"

    def by_scan(self, words: Words, scan: str) -> list[str]:
        """A loop that a function of the library makes, given a step from what is carried to that, and what is kept."""
        layout = self.layout
        outputs = layout.body.outputs
        added = outputs[layout.carried : layout.carried + layout.summed]
        more = _named("more", len(self.totals))
        held, kept = _tuple([*self.carried, *self.totals]), _tuple(self.kept)
        starts = [words.tensor(y, node) for y, node in zip(self.carried, layout.carries, strict=True)]
        starts += [words.zeros(node) for node in added]
        left = [*self.carried, *more, *self.kept]
        nexts = [*self.carried, *(f"{total} + {m}" for total, m in zip(self.totals, more, strict=True))]
        return [
            "def step(carried, given):",
            *([f"    {held} = carried"] if held != "()" else []),
            *([f"    {_tuple(self.sliced)} = given"] if self.sliced else []),
            f"    {', '.join(left)}{',' * (len(left) == 1)} = "
            f"{self.step}({', '.join([*self.carried, *self.sliced, *self.free])})",
            *(f"    {y} = {words.tensor(y, node)}" for y, node in zip(self.carried, layout.carries, strict=True)),
            f"    return {_tuple(nexts)}, {kept}",
            "",
            f"{held if held != '()' else '_'}, {kept if self.kept else '_'} = {scan}(",
            f"    step, {_tuple(starts)}, {_tuple(self.sliced)}, length={layout.length}, reverse={self.backwards}",
            ")",
            self.returned(words),
        ]

    def range(self) -> str:
        """The numbers of the steps, in their order."""
        length = self.layout.length
        return f"range({length - 1}, -1, -1)" if self.backwards else f"range({length})"


def _named(letter: str, count: int) -> list[str]:
    return [f"{letter}{i}" for i in range(1, count + 1)]


def _tuple(names: Sequence[str]) -> str:
    return f"({', '.join(names)}{',' * (len(names) == 1)})"
