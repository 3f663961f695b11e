"""Loops of numbers as machine code, where `gradcli[jit]` is installed and they are long, or run often."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gradcli.core.engines.often import pays
from gradcli.core.ir.traversal import reachable
from gradcli.core.loops.layout import Layout


class Machine:
    """A loop that is compiled once Python has computed about as long as compiling takes."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._size = len(reachable(layout.body.outputs))
        self._computed = 0
        self._asked = False
        self._run: Any = None

    def answer(self, xp: Any, layout: Layout, arrays: Sequence[Any]) -> list[Any] | None:
        """What each output is, or None where Python shall compute it."""
        if not self._asked:
            self._computed += self._size * layout.length
            if not pays(self._computed, self._size):
                return None
            self._make()
        return None if self._run is None else self._answer(xp, layout, arrays)

    def _make(self) -> None:
        from gradcli.core.engines.llvm.recurrence import Recurrence, native_recurrence

        layout = self._layout
        outputs, kept, middle = layout.body.outputs, layout.carried, layout.carried + layout.summed
        recurrence = Recurrence(
            layout.carries,
            layout.slices,
            layout.body.free,
            outputs[:kept],
            outputs[kept:middle],
            outputs[middle:],
            layout.backwards,
        )
        self._run, self._asked = native_recurrence(recurrence), True

    def _answer(self, xp: Any, layout: Layout, arrays: Sequence[Any]) -> list[Any]:
        starts, slices, free = layout.split(arrays)
        middle = layout.carried + layout.summed
        rows = [
            xp.ascontiguousarray(array, dtype=node.dtype.value)
            for node, array in zip(layout.slices, slices, strict=True)
        ]
        stacks = [xp.empty(layout.length, out.dtype.value) for out in layout.body.outputs[middle:]]
        return [*self._run(layout.length, starts, rows, free, stacks), *stacks]
