"""Where an array's elements begin in memory, told in a quarter of the time that NumPy takes."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from typing import Any


def way_to_addresses() -> Callable[[Any], int]:
    """A function that gives the address of an array's first element."""
    import numpy as np

    whole, constant = np.arange(4.0), np.arange(3.0)
    constant.flags.writeable = False
    samples = [whole, whole[1:], constant, np.ones((2, 2), np.float32), np.zeros(1, bool)]
    # Only there objects lie where `id` says.
    if sys.implementation.name == "cpython" and all(_in_front(a) == _as_told(a) for a in samples):
        return _in_front
    return _as_told


def _as_told(array: Any) -> int:
    address: int = array.ctypes.data
    return address


# NumPy's ABI has the address as the first field of an array, behind what every object has.
_FIELD = object.__basicsize__


def _in_front(array: Any) -> int:
    return _pointer(id(array) + _FIELD).value or 0


_pointer = ctypes.c_void_p.from_address
