"""A call from Python that was made before at arguments of the same kind: from array to array by its program alone."""

from __future__ import annotations

import sys
from collections.abc import Hashable, Sequence
from typing import Any

from gradcli.api.compiled import joined, own
from gradcli.core.ir.dtypes import DType
from gradcli.language.calls.programs import NUMBER, kept_calls, kind_of_tensor
from gradcli.language.interpreter.interpreter import Interpreter
from gradcli.language.values.values import Function

# Whole numbers beyond these are no floats.
_MOST = 2**53
_DTYPES = {dtype.value: dtype for dtype in DType}
# NumPy's own dtypes that were met: a few.
_KNOWN: dict[Any, DType] = {}


def run_again(interpreter: Interpreter, function: Function, args: Sequence[Any]) -> tuple[Any] | None:
    """What a call gives, in a tuple of its own; None where there is no program for it, or it takes other values."""
    kinds: list[Hashable] = []
    data: list[Any] = []
    numpy = sys.modules.get("numpy")
    is_double = interpreter.dtype is DType.FLOAT64
    for given in args:
        kind = given.__class__
        if is_double and (kind is float or (kind is int and -_MOST < given < _MOST)):
            kinds.append(NUMBER)
            data.append(float(given))
        elif numpy is not None and kind is numpy.ndarray and given.shape and given.flags.c_contiguous:
            there = given.dtype
            # Its name takes NumPy longer than all else that is asked here; what is found by itself is native.
            dtype = _KNOWN.get(there)
            if dtype is None:
                dtype = _DTYPES.get(there.name) if there.isnative else None
                if dtype is None:
                    return None
                _KNOWN[there] = dtype
            if not given.flags.aligned:
                return None
            kinds.append(kind_of_tensor(given.shape, dtype))
            data.append(given)
        else:
            return None
    calls = kept_calls(interpreter, function, kinds)
    # Which type plain numbers in a result have is for others to say.
    found = None if calls is None else calls.again(interpreter, data, only_tensors=True)
    if found is None:
        return None
    interpreter.steps = 0
    trace, computed = found
    return (joined(trace.result)(own([computed[place] for place in trace.places], trace.dtypes, data)),)
