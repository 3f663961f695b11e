"""Tensors put together from parts of others, as machine code: a loop over slabs, in it one for each axis of a part."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

from gradcli.core.engines.llvm import vectors
from gradcli.core.engines.llvm.vectors import Made, Vectors, compiled
from gradcli.core.engines.moves import Axis, Moves, Part, moves_of
from gradcli.core.ir.nodes import Node
from gradcli.core.ir.shapes import size_of


def moved(node: Node, there: Container[Node]) -> Made | None:
    """The code for a tensor that is put together from parts of what is `there`; None for others."""
    moves = moves_of(node, there)
    if moves is None or not vectors.is_available():
        return None
    return Made(compiled(_Emitter(moves).module()), moves.arrays, moves.outer, moves.size)


class _Emitter(Vectors):
    def __init__(self, moves: Moves) -> None:
        super().__init__(moves.node.dtype)
        self.moves = moves

    def module(self) -> str:
        """The text of a module with the one function."""
        moves = self.moves
        b, low, high, places = self.opened([self.scalar] * (len(moves.arrays) + 1))
        size = size_of(moves.node.shape) // moves.outer
        with self.loop(b, low, high, 1) as slab:
            if not moves.fills:
                zeros = Axis(size, 0, 1)
                start = b.gep(places[-1], [b.mul(slab, self.i64(size))])
                self._along(b, (zeros,), None, start, False)
            for part in moves.parts:
                self._part(b, part, slab, places)
        return self.closed(b, moves.outer)

    def _part(self, b: Any, part: Part, slab: Any, places: list[Any]) -> None:
        outer, *axes = part.axes
        read = b.add(b.mul(slab, self.i64(outer.read)), self.i64(part.read_at))
        write = b.add(b.mul(slab, self.i64(outer.write)), self.i64(part.write_at))
        source, target = b.gep(places[part.array], [read]), b.gep(places[-1], [write])
        self._along(b, tuple(axes), source, target, part.adds)

    def _along(self, b: Any, axes: tuple[Axis, ...], source: Any, target: Any, adds: bool) -> None:
        """Move what lies along axes; zeros where there is no source."""
        axis, *inner = axes
        if inner:
            with self.loop(b, self.i64(0), self.i64(axis.length), 1) as at:
                there = b.gep(target, [b.mul(at, self.i64(axis.write))])
                here = None if source is None else b.gep(source, [b.mul(at, self.i64(axis.read))])
                self._along(b, tuple(inner), here, there, adds)
        elif axis.write == 1 and axis.read in (0, 1):
            self._in_line(b, axis, source, target, adds)
        else:
            with self.loop(b, self.i64(0), self.i64(axis.length), 1) as at:
                there = b.gep(target, [b.mul(at, self.i64(axis.write))])
                value = b.load(b.gep(source, [b.mul(at, self.i64(axis.read))]))
                b.store(b.fadd(b.load(there), value) if adds else value, there)

    def _in_line(self, b: Any, axis: Axis, source: Any, target: Any, adds: bool) -> None:
        """One vector after the other, and what is left behind a mask."""
        rest = axis.length % self.lanes
        whole = axis.length - rest

        def one(at: Any, mask: Any) -> None:
            there = b.gep(target, [at])
            value = self.number(0.0) if source is None else self.load(b, b.gep(source, [at]), mask)
            self.store(b, b.fadd(self.load(b, there, mask), value) if adds else value, there, mask)

        if 0 < whole <= 4 * self.lanes:
            for at in range(0, whole, self.lanes):
                one(self.i64(at), None)
        elif whole:
            with self.loop(b, self.i64(0), self.i64(whole), self.lanes) as at:
                one(at, None)
        if rest:
            one(self.i64(whole), self.ir.Constant(self.truth, [i < rest for i in range(self.lanes)]))
