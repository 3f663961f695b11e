"""Where an array's elements begin in memory, told in a quarter of NumPy's time; and how arrays are made."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from functools import cache
from typing import Any

from gradcli.core.records import record


def way_to_addresses() -> Callable[[Any], int]:
    """A function that gives the address of an array's first element."""
    # Only there objects lie where `id` says.
    if sys.implementation.name == "cpython" and all(_in_front(a) == _as_told(a) for a in _samples()):
        return _in_front
    return _as_told


def _samples() -> list[Any]:
    import numpy as np

    whole, constant = np.arange(4.0), np.arange(3.0)
    constant.flags.writeable = False
    square = np.ones((2, 2), np.float32)
    return [whole, whole[1:], whole[::2], constant, square, square.T, np.zeros(1, bool), np.ones((3, 2)).T]


def _as_told(array: Any) -> int:
    address: int = array.ctypes.data
    return address


# What every object begins with, of which its type is the last; NumPy's ABI has the address as the first field behind.
OBJECT = object.__basicsize__
# Behind it: the number of axes, three addresses and one more, and then the flags, of which the first is C order's.
_FLAGS = OBJECT + 48


def _in_front(array: Any) -> int:
    return _pointer(id(array) + OBJECT).value or 0


_pointer = ctypes.c_void_p.from_address


@record
class Layout:
    """How NumPy's arrays lie in memory: the address of their type, and how far behind an object's its fields are.

    `data` is the address of the first element, the first bit of `flags` says that they lie in C order. `as_bool` is the
    address of PyBool_FromLong.
    """

    kind: int
    data: int
    flags: int
    as_bool: int


@cache
def layout_of_arrays() -> Layout | None:
    """That of this process, None where it is not what NumPy's ABI says that it is."""
    import numpy as np

    # Without the lock for all of them, objects count who holds them in another way, and their fields are elsewhere.
    is_usual = sys.implementation.name == "cpython" and getattr(sys, "_is_gil_enabled", lambda: True)()
    if not is_usual or ctypes.sizeof(ctypes.c_void_p) != 8:
        return None
    for a in _samples():
        flags = ctypes.c_int32.from_address(id(a) + _FLAGS).value
        kind = ctypes.c_int64.from_address(id(a) + OBJECT - 8).value
        if _in_front(a) != _as_told(a) or bool(flags & 1) != a.flags.c_contiguous or kind != id(np.ndarray):
            return None
    as_bool = ctypes.cast(ctypes.pythonapi.PyBool_FromLong, ctypes.c_void_p).value
    return None if as_bool is None else Layout(id(np.ndarray), OBJECT, _FLAGS, as_bool)
