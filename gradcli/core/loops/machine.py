"""Loops of numbers and small tensors as machine code, where `gradcli[jit]` is installed and that pays."""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from gradcli.core.engines.llvm.arithmetic import has_llvmlite
from gradcli.core.engines.llvm.recurrence import Recurrence, instructions_of, native_recurrence
from gradcli.core.engines.often import pays
from gradcli.core.ir.nodes import Node
from gradcli.core.ir.primitive import Application
from gradcli.core.ir.shapes import size_of
from gradcli.core.ir.traversal import reachable
from gradcli.core.loops.layout import Layout

if TYPE_CHECKING:
    from gradcli.core.engines.llvm.recurrence import NativeLoop

# Memory of so many bytes is kept alive, so that its address is known when it comes again.
MOST_HELD = 2**20

# Python computes a function in the time of so many operations.
A_FUNCTION = 3

_WORD = 8


class Machine:
    """The code of all loops of one form, made once Python has computed about as long as compiling takes."""

    def __init__(self, layout: Layout) -> None:
        outputs, kept, middle = layout.body.outputs, layout.carried, layout.carried + layout.summed
        self._recurrence = Recurrence(
            layout.carries,
            layout.slices,
            layout.body.free,
            outputs[:kept],
            outputs[kept:middle],
            outputs[middle:],
            layout.backwards,
        )
        self._numbers = sum(
            size_of(node.shape) * (A_FUNCTION if _is_function(node) else 1) for node in reachable(outputs)
        )
        self._instructions = instructions_of(self._recurrence) if has_llvmlite() else None
        self._computed = 0
        self._code: NativeLoop | None = None

    def code(self, length: int) -> NativeLoop | None:
        """The machine code for so many steps, or None where Python shall make them."""
        if self._code is None and self._instructions is not None:
            more = self._numbers * length
            self._computed += more
            if pays(self._computed, self._instructions, more):
                self._instructions = None
                self._code = self._make()
        return self._code

    def _make(self) -> NativeLoop | None:
        return native_recurrence(self._recurrence)


class NativeCall:
    """A loop's machine code with the table of addresses that it is called with, for one thread at a time.

    Numbers are copied to where the table says that they are; the address of an array is asked for when another comes.
    """

    def __init__(self, code: NativeLoop, layout: Layout) -> None:
        import numpy as np

        self._code, self._layout = code, layout
        outputs, inputs = layout.body.outputs, layout.inputs
        self._dtypes = [np.dtype(node.dtype.value) for node in inputs]
        self._dtype = np.dtype(outputs[layout.results[0]].dtype.value)
        self._moving = moving = layout.carried + layout.summed
        # Where outputs lie among the results, which are one after the other.
        self._offset: dict[int, int] = {}
        at = 0
        for i in layout.results:
            self._offset[i] = at
            at += size_of(layout.shape_of(i)) * self._dtype.itemsize
        self._table = bytearray(_WORD * (len(inputs) - layout.carried + len(outputs) + moving))
        self._address = _address(self._table)
        self._words = memoryview(self._table).cast("Q")
        # The places in the table of arguments, and behind them those of outputs.
        middle, free = layout.carried + layout.sliced, 2 * moving
        self._place = [*range(layout.carried)]
        self._place += range(free + len(inputs) - middle, free + len(inputs) - layout.carried)
        self._place += range(free, free + len(inputs) - middle)
        ends = [*range(moving, 2 * moving), *range(free + len(inputs) - layout.carried, len(self._table) // _WORD)]
        self._ends = list(enumerate(ends))
        slices = range(layout.carried, middle)
        self._numbers = [i for i, node in enumerate(inputs) if node.shape == () and i not in slices]
        self._tensors = [i for i in range(len(inputs)) if i not in self._numbers]
        # Memory for outputs that are no results, for zeros that sums start at, and for numbers that are read.
        sums = outputs[layout.carried : moving]
        pieces = [_WORD * size_of(node.shape) for node in (*outputs[:moving], *sums)]
        self._numbers_at = sum(pieces)
        self._memory = bytearray(self._numbers_at + _WORD * (len(self._numbers) + 1))
        first = _address(self._memory)
        starts = [first + sum(pieces[:i]) for i in range(len(pieces))]
        self._own = starts[:moving]
        for i, zeros in enumerate(starts[moving:], start=layout.carried):
            self._words[i] = zeros
        for n, i in enumerate(self._numbers):
            self._words[self._place[i]] = first + self._numbers_at + _WORD * n
        kinds = "".join("d" if inputs[i].dtype.is_float else "?7x" for i in self._numbers)
        self._put_numbers = struct.Struct(kinds).pack_into
        self._last: list[Any] = [None] * len(inputs)
        self._new_each_time: set[int] = set()
        # The buffer that results were written into last.
        self._out: Any = None

    def __call__(self, arrays: Sequence[Any], out: Any) -> Any:
        """The node's value, in `out` where that is given."""
        is_kept = out is not None
        if out is None:
            import numpy as np

            out = np.empty(self._layout.shape, self._dtype)
        if self._numbers:
            self._put_numbers(self._memory, self._numbers_at, *[float(arrays[i]) for i in self._numbers])
        last = self._last
        changed = [i for i in self._tensors if arrays[i] is not last[i]]
        held = self._read(arrays, changed) if changed else None
        if out is not self._out:
            self._settle(_address(out))
            self._out = out if is_kept else None
        layout = self._layout
        self._code.run(layout.length, layout.backwards, self._address, self._table, _WORD * self._moving)
        # Copies are read until now.
        del held
        return out

    def _read(self, arrays: Sequence[Any], changed: Sequence[int]) -> list[Any]:
        """Let arguments be read from these arrays, some of them from copies, which this gives."""
        words, place, dtypes, last = self._words, self._place, self._dtypes, self._last
        addressof, first = ctypes.addressof, ctypes.c_char.from_buffer
        copies: list[Any] = []
        for i in changed:
            array = arrays[i]
            try:
                if array.dtype is dtypes[i]:
                    words[place[i]] = addressof(first(array))
                    self._hold(i, array)
                    continue
            except (AttributeError, TypeError, ValueError):
                # What may not be written to, or is not in one piece, has no such buffer.
                pass
            import numpy as np

            whole = np.ascontiguousarray(array, dtypes[i])
            words[place[i]] = whole.ctypes.data
            copies.append(whole)
            last[i] = None
            if whole is array:
                self._hold(i, array)
        return copies

    def _hold(self, i: int, array: Any) -> None:
        """Keep an array for an argument whose address is known when it comes again, unless another comes each time."""
        if i in self._new_each_time:
            return
        if self._last[i] is not None:
            self._new_each_time.add(i)
            self._last[i] = None
        elif (array if array.base is None else array.base).nbytes <= MOST_HELD:
            self._last[i] = array

    def _settle(self, base: int) -> None:
        """Let results be written where they belong, what is no result into a memory of its own."""
        for i, place in self._ends:
            self._words[place] = base + self._offset[i] if i in self._offset else self._own[i]


def _is_function(node: Node) -> bool:
    return isinstance(node, Application) and "math." in (node.op.template(node.attrs) or "")


def _address(buffer: Any) -> int:
    return ctypes.addressof(ctypes.c_char.from_buffer(buffer))
