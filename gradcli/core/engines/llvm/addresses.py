"""Where an array's elements begin in memory, told in a quarter of NumPy's time; and how arrays are made."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from functools import cache
from typing import Any


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


# NumPy's ABI: behind what every object begins with, of which its type is the last, stand the address, the number of
# axes, four more addresses, and the flags, of which the first bit is C order's.
DATA = object.__basicsize__
TYPE, FLAGS = DATA - 8, DATA + 48


def _in_front(array: Any) -> int:
    return _pointer(id(array) + DATA).value or 0


_pointer = ctypes.c_void_p.from_address


@cache
def are_arrays_as_told() -> bool:
    """Whether the fields of this process's arrays are where NumPy's ABI has them."""
    import numpy as np

    # Without the lock for all of them, objects count who holds them in another way, and their fields are elsewhere.
    is_usual = sys.implementation.name == "cpython" and getattr(sys, "_is_gil_enabled", lambda: True)()
    if not is_usual or ctypes.sizeof(ctypes.c_void_p) != 8:
        return False
    return all(
        _in_front(a) == _as_told(a)
        and bool(ctypes.c_int32.from_address(id(a) + FLAGS).value & 1) == a.flags.c_contiguous
        and ctypes.c_int64.from_address(id(a) + TYPE).value == id(np.ndarray)
        for a in _samples()
    )
