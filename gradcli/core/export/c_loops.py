"""Loops in C: a step is a function of its own, which fills an array with what it gives."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Protocol

from gradcli.core.export.looping import LoopText
from gradcli.core.export.request import Request
from gradcli.core.export.spelling import UnwrittenError
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node
from gradcli.core.ir.primitive import Application
from gradcli.core.ir.shapes import size_of
from gradcli.core.loops.layout import layout_of


class Writer(Protocol):
    """The function that a loop is a part of, while it is written."""

    lines: list[str]

    def step(self, request: Request) -> str:
        """The name of a function that is one step, which the module has from now on."""
        ...

    def memory(self, node: Node) -> str:
        """The name of an array or of a variable that holds a value."""
        ...

    def declare(self, node: Node, zeros: bool = False) -> str:
        """An array for a value."""
        ...

    def room(self, name: str, size: int) -> str:
        """A free array of so many numbers."""
        ...

    def hold(self, node: Node, name: str) -> None:
        """Say that a value is in a variable."""
        ...

    def c(self, tree: ast.expr) -> str:
        """An expression as text."""
        ...


def write_loop(writer: Writer, node: Application) -> None:
    """The lines of a loop.

    Raises:
        UnwrittenError: where it carries anything but float64, and conditions that are single.
    """
    layout = layout_of(node.attrs)
    outputs, middle = layout.body.outputs, layout.carried + layout.summed
    if any(n.dtype is not DType.FLOAT64 and (n.dtype is not DType.BOOL or n.shape) for n in outputs):
        raise UnwrittenError(f"`{node.kind}`: {node.op.told(node)} of other numbers than float64")
    sizes = [size_of(out.shape) for out in outputs]
    places = [sum(sizes[:i]) for i in range(len(sizes) + 1)]
    step = writer.step(LoopText(layout, node.op.told(node)).request("step"))
    starts, slices, _ = layout.split(node.args)
    given = [writer.memory(arg) for arg in node.args]
    held = writer.room("held", places[middle])
    made = writer.room("made", places[-1])
    for place, start, name in zip(places, starts, given, strict=False):
        writer.lines += _copied(held, place, name if start.shape else None, name, size_of(start.shape), 1)
    if layout.summed:
        writer.lines.append(f"    for (int j = {places[layout.carried]}; j < {places[middle]}; j++) {held}[j] = 0.0;")
    whole = writer.declare(node) if node.shape else ""
    arguments = [f"{held}[{p}]" if not s.shape else f"&{held}[{p}]" for p, s in zip(places, starts, strict=False)]
    names = given[layout.carried :]
    arguments += [
        f"{name}[i]" if len(s.shape) == 1 else f"&{name}[{size_of(s.shape[1:])} * i]"
        for name, s in zip(names, slices, strict=False)
    ]
    arguments += names[len(slices) :]
    n = layout.length
    order = f"int i = {n - 1}; i >= 0; i--" if layout.backwards else f"int i = 0; i < {n}; i++"
    writer.lines += [
        f"    for ({order}) {{",
        f"        {step}({', '.join([*arguments, made])});",
        *_copied(held, 0, made, "", places[layout.carried], 2),
    ]
    if layout.summed:
        ends = f"int j = {places[layout.carried]}; j < {places[middle]}; j++"
        writer.lines.append(f"        for ({ends}) {held}[j] += {made}[j];")
    starts_at = _starts(node)
    for at, i in zip(starts_at, layout.results, strict=True):
        if layout.is_stack(i):
            writer.lines.append(
                f"        for (int j = 0; j < {sizes[i]}; j++) "
                f"{whole}[{at} + {sizes[i]} * i + j] = {made}[{places[i]} + j];"
            )
    writer.lines.append("    }")
    for at, i in zip(starts_at, layout.results, strict=True):
        if not node.shape:
            writer.hold(node, f"{held}[{places[i]}]")
        elif not layout.is_stack(i):
            writer.lines.append(
                f"    for (int j = 0; j < {sizes[i]}; j++) {whole}[{at} + j] = {held}[{places[i]} + j];"
            )


def _starts(node: Application) -> Sequence[int]:
    """Where each result begins among all."""
    sizes = [size_of(shape) for shape in layout_of(node.attrs).shapes]
    return [sum(sizes[:i]) for i in range(len(sizes))]


def _copied(to: str, place: int, array: str | None, number: str, size: int, depth: int) -> list[str]:
    indent = "    " * depth
    if array is None:
        return [f"{indent}{to}[{place}] = {number};"]
    if size == 1:
        return [f"{indent}{to}[{place}] = {array}[0];"]
    at = f"{place} + j" if place else "j"
    return [f"{indent}for (int j = 0; j < {size}; j++) {to}[{at}] = {array}[j];"]
