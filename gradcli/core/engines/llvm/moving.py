"""Tensors put together from parts of others, as machine code: a loop over slabs, in it one for each axis of a part."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Any

from gradcli.core.engines.llvm import vectors
from gradcli.core.engines.llvm.vectors import Made, Vectors, compiled
from gradcli.core.engines.moves import Moves, Part, moves_of
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
                self._in_line(b, size, None, b.gep(places[-1], [b.mul(slab, self.i64(size))]), adds=False)
            for part in moves.parts:
                both = (places[part.array], places[-1])
                begun = [b.gep(p, [self.i64(start)]) for p, start in zip(both, part.starts, strict=True)]
                self._part(b, part, self.further(b, begun, slab, part.slab))
        return self.closed(b, moves.outer)

    def _part(self, b: Any, part: Part, both: Sequence[Any]) -> None:
        """Move what lies along axes, vector by vector where the elements of the last are neighbours in both arrays."""
        *outer, (length, steps) = part.axes
        with self.along(b, outer, both) as (source, target):
            if steps == (1, 1):
                self._in_line(b, length, source, target, part.adds)
                return
            with self.along(b, part.axes[-1:], (source, target)) as (here, there):
                value = b.load(here)
                b.store(b.fadd(b.load(there), value) if part.adds else value, there)

    def _in_line(self, b: Any, length: int, source: Any, target: Any, adds: bool) -> None:
        """One vector after the other, and what is left behind a mask; zeros where there is no source."""
        rest = length % self.lanes
        whole = length - rest

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
