"""Loops of numbers and small tensors as machine code, where `gradcli[jit]` is installed and that pays."""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from gradcli.core.engines.llvm.arithmetic import is_installed
from gradcli.core.engines.llvm.recurrence import Recurrence, instructions_of, native_recurrence
from gradcli.core.engines.often import pays
from gradcli.core.ir.shapes import size_of
from gradcli.core.ir.traversal import reachable
from gradcli.core.loops.layout import Layout

if TYPE_CHECKING:
    from gradcli.core.engines.llvm.recurrence import NativeLoop

# Of an array of so many bytes the address is known again when it comes again; a larger one is not kept alive for that.
MOST_HELD = 2**16

_WORD = 8
_put_address = struct.Struct("Q").pack_into


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
        self._numbers = sum(size_of(node.shape) for node in reachable(outputs))
        self._instructions = instructions_of(self._recurrence) if is_installed() else None
        self._computed = 0
        self._code: NativeLoop | None = None

    def code(self, length: int) -> NativeLoop | None:
        """The machine code for so many steps, or None where Python shall make them."""
        if self._code is None and self._instructions is not None:
            self._computed += self._numbers * length
            if pays(self._computed, self._instructions):
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
        # The places in the table of arguments, and behind them those of outputs.
        middle, free = layout.carried + layout.sliced, 2 * moving
        self._place = [*range(layout.carried)]
        self._place += range(free + len(inputs) - middle, free + len(inputs) - layout.carried)
        self._place += range(free, free + len(inputs) - middle)
        ends = [*range(moving, 2 * moving), *range(free + len(inputs) - layout.carried, len(self._table) // _WORD)]
        self._ends = list(enumerate(ends))
        self._memory = memory = bytearray(_WORD * sum(size_of(n.shape) for n in (*inputs, *outputs)))
        self._own: list[int] = []
        place = _address(memory)
        for node in outputs[:moving]:
            self._own.append(place)
            place += _WORD * size_of(node.shape)
        # Sums start at zeros, which nothing is written to.
        for i, node in enumerate(outputs[layout.carried : moving], start=layout.carried):
            _put_address(self._table, _WORD * i, place)
            place += _WORD * size_of(node.shape)
        slices = range(layout.carried, middle)
        numbers = [i for i, node in enumerate(inputs) if node.shape == () and i not in slices]
        self._tensors = [i for i in range(len(inputs)) if i not in numbers]
        self._numbers = numbers
        self._put_numbers = struct.Struct(
            "".join("d" if inputs[i].dtype.is_float else "?7x" for i in numbers)
        ).pack_into
        self._numbers_at = place - _address(memory)
        for n, i in enumerate(numbers):
            _put_address(self._table, _WORD * self._place[i], place + _WORD * n)
        self._last: list[Any] = [None] * len(inputs)
        self._base = 0

    def __call__(self, arrays: Sequence[Any], out: Any) -> Any:
        """The node's value, in `out` where that is given."""
        if out is None:
            import numpy as np

            out = np.empty(self._layout.shape, self._dtype)
        self._put_numbers(self._memory, self._numbers_at, *[float(arrays[i]) for i in self._numbers])
        last, held = self._last, None
        for i in self._tensors:
            array = arrays[i]
            if array is not last[i]:
                held = [*held, self._read(i, array)] if held else [self._read(i, array)]
        base = _address(out)
        if base != self._base:
            self._settle(base)
        layout = self._layout
        self._code.run(layout.length, layout.backwards, self._address, self._table, _WORD * self._moving)
        return out

    def _read(self, i: int, array: Any) -> Any:
        """Let an argument be read from an array, or from the copy that this gives."""
        dtype = self._dtypes[i]
        try:
            address = _address(array) if array.dtype is dtype else 0
        except (AttributeError, TypeError, ValueError):
            # What may not be written to, or is not in one piece, has no such buffer.
            address = 0
        if not address:
            import numpy as np

            given, array = array, np.ascontiguousarray(array, dtype)
            address = array.ctypes.data
            self._last[i] = given if array is given and array.nbytes <= MOST_HELD else None
        else:
            self._last[i] = array if array.nbytes <= MOST_HELD else None
        _put_address(self._table, _WORD * self._place[i], address)
        return array

    def _settle(self, base: int) -> None:
        """Let results be written where they belong, what is no result into a memory of its own."""
        self._base = base
        for i, place in self._ends:
            _put_address(self._table, _WORD * place, base + self._offset[i] if i in self._offset else self._own[i])


def _address(buffer: Any) -> int:
    return ctypes.addressof(ctypes.c_char.from_buffer(buffer))
