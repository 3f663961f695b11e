"""Machine code that Python calls with arrays straight: by CPython's METH_FASTCALL, in a tenth of ctypes' time.

It looks where each array lies itself. Python's lock is held meanwhile, so it is for what takes no longer than a switch
between threads.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

from gradcli.core.engines.llvm.addresses import DATA, FLAGS, TYPE, are_arrays_as_told

ENTRY = "entry"
_NAME = ENTRY.encode()
_FASTCALL = 0x80


class _Method(ctypes.Structure):
    """CPython's PyMethodDef."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("function", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    )


def write_entry(ir: Any, module: Any, function: Any, count: int, length: int) -> None:
    """Add a function of `count` arrays that calls one of two numbers and a table of addresses, with 0 and a length.

    It gives True, or False without having begun where one of them is no array, or its elements do not lie one after
    the other. Nothing is added where it is not known how arrays are made.
    """
    if not are_arrays_as_told():
        return
    import numpy as np

    array_type, as_bool = id(np.ndarray), ctypes.cast(ctypes.pythonapi.PyBool_FromLong, ctypes.c_void_p).value
    i32, i64, address = ir.IntType(32), ir.IntType(64), ir.IntType(8).as_pointer()
    kind = ir.FunctionType(address, [address, address.as_pointer(), i64])
    entry = ir.Function(module, kind, ENTRY)
    _, args, given = entry.args
    b = ir.IRBuilder(entry.append_basic_block("entry"))
    table = b.alloca(address, count)
    refused = entry.append_basic_block("refused")

    def require(condition: Any) -> None:
        block = b.append_basic_block("next")
        b.cbranch(condition, block, refused)
        b.position_at_end(block)

    def field(of: Any, at: int, kind: Any) -> Any:
        return b.load(b.bitcast(b.gep(of, [i64(at)]), kind.as_pointer()))

    def answer(done: bool) -> None:
        give = b.inttoptr(i64(as_bool), ir.FunctionType(address, [i64]).as_pointer())
        b.ret(b.call(give, [i64(int(done))]))

    require(b.icmp_signed("==", given, i64(count)))
    for i in range(count):
        array = b.load(b.gep(args, [i64(i)]))
        require(b.icmp_unsigned("==", field(array, TYPE, i64), i64(array_type)))
        require(b.icmp_unsigned("!=", b.and_(field(array, FLAGS, i32), i32(1)), i32(0)))
        b.store(field(array, DATA, address), b.gep(table, [i64(i)]))
    b.call(function, [i64(0), i64(length), table])
    answer(True)
    b.position_at_end(refused)
    answer(False)


def python_function(address: int, owner: object) -> Callable[..., bool]:
    """What lies at an address as a function of Python, which keeps its owner."""
    # CPython reads it until the function is gone; bytes, unlike a structure, stay whole in garbage that is collected.
    method = bytes(_Method(_NAME, address, _FASTCALL, None))
    # A prototype of its own: what `pythonapi` hands out is everybody's.
    kind = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p, ctypes.py_object, ctypes.c_void_p)
    make = kind(("PyCFunction_NewEx", ctypes.pythonapi))
    found: Callable[..., bool] = make(ctypes.cast(ctypes.c_char_p(method), ctypes.c_void_p), (owner, method), None)
    return found
