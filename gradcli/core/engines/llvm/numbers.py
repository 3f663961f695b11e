"""Straight programs of numbers as machine code.

What is computed is to the last bit what Python computes, so that no digit depends on which of them ran.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable, Sequence
from typing import Any

from gradcli.core.engines.llvm.arithmetic import NotNativeError, is_installed
from gradcli.core.engines.llvm.python_math import PythonMath
from gradcli.core.engines.llvm.vectors import NAME, compiled
from gradcli.core.engines.often import MOST_NODES
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Constant, Node

# Called with two numbers that mean nothing, and the address of the address of the memory in which numbers are: outputs
# first, then inputs. A bool is 0 or 1 there.
Code = Callable[[int, int, Any], None]


def native_code(order: Sequence[Node], outputs: Sequence[Node], inputs: Sequence[Node]) -> Code | None:
    """A graph of float64 and bool numbers in machine code, or None where it has none."""
    if not is_installed() or len(order) > MOST_NODES:
        return None
    try:
        return compiled(_Straight().module(order, outputs, inputs))
    except NotNativeError:
        return None


class _Straight(PythonMath):
    """Writes one line after the other."""

    def module(self, order: Sequence[Node], outputs: Sequence[Node], inputs: Sequence[Node]) -> str:
        """The text of a module with the one function."""
        ir = self.ir
        kind = ir.FunctionType(ir.VoidType(), [self.i64, self.i64, self.double.as_pointer().as_pointer()])
        function = ir.Function(self.module_, kind, NAME)
        b = ir.IRBuilder(function.append_basic_block("entry"))
        held = b.load(function.args[2])
        values: dict[Node, Any] = {}
        for i, node in enumerate(inputs, start=len(outputs)):
            value = b.load(b.gep(held, [self.i64(i)]))
            is_bool = node.dtype is DType.BOOL
            values[node] = b.fcmp_unordered("!=", value, self.number(0.0)) if is_bool else value
        for node in order:
            if isinstance(node, Constant):
                values[node] = self.scalar(node)
            elif node not in values:
                values[node] = self.checked(node, self.applied(b, node, [values[arg] for arg in node.args]))
        for i, node in enumerate(outputs):
            value = values[node]
            b.store(b.uitofp(value, self.double) if node.dtype is DType.BOOL else value, b.gep(held, [self.i64(i)]))
        b.ret_void()
        return str(self.module_)


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
