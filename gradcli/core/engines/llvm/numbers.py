"""Straight programs of numbers as machine code.

What is computed is to the last bit what Python computes, so that no digit depends on which of them ran.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable, Sequence
from typing import Any

from gradcli.core.engines.llvm.recurrence import Recurrence, native_steps
from gradcli.core.engines.often import MOST_NODES
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node, fresh_input

# Called with 0, 1, and the address of the address of the memory in which numbers are: outputs first, then inputs.
Code = Callable[[int, int, Any], None]


def native_code(order: Sequence[Node], outputs: Sequence[Node], inputs: Sequence[Node]) -> Code | None:
    """A graph of float64 and bool numbers in machine code, or None where it has none."""
    # One step of a loop, whose carries are not read.
    carries = [fresh_input("y", (), node.dtype) for node in outputs]
    return native_steps(Recurrence(carries, (), inputs, outputs, (), (), False), [*order, *carries], MOST_NODES)


def native_numbers(
    order: Sequence[Node], outputs: Sequence[Node], inputs: Sequence[Node]
) -> Callable[..., tuple[float | bool, ...]] | None:
    """A function of a number for each input, which several threads may call; None where it has no machine code."""
    code = native_code(order, outputs, inputs)
    if code is None:
        return None
    size, behind = 8 * (len(outputs) + len(inputs)), 8 * len(outputs)
    put, taken = struct.Struct(f"{len(inputs)}d").pack_into, struct.Struct(f"{len(outputs)}d").unpack_from
    bools = [i for i, node in enumerate(outputs) if node.dtype is DType.BOOL]
    addressof, pointer, first = ctypes.addressof, ctypes.c_void_p, ctypes.c_char.from_buffer

    def run(*values: Any) -> tuple[float | bool, ...]:
        held = bytearray(size)
        put(held, behind, *values)
        start = first(held)
        table = pointer(addressof(start))
        code(0, 1, addressof(table))
        found = taken(held)
        return tuple(bool(v) if i in bools else v for i, v in enumerate(found)) if bools else found

    return run
