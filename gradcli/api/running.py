"""A call from Python that was made before at arguments of the same kind: from array to array by its program alone."""

from __future__ import annotations

import sys
from collections.abc import Callable, Hashable, Sequence
from threading import get_ident
from typing import Any
from weakref import ref

from gradcli.api.compiled import joined, own
from gradcli.core.ir.dtypes import DType
from gradcli.language.calls.programs import NUMBER, Trace, kept_calls, kind_of_tensor, no_trace
from gradcli.language.interpreter.interpreter import Interpreter
from gradcli.language.values.values import Function

# Whole numbers beyond these are no floats.
_MOST = 2**53
_DTYPES = {dtype.value: dtype for dtype in DType}
# NumPy's own dtypes that were met: a few.
_KNOWN: dict[Any, DType] = {}


class Again:
    """Calls of one function; the last is known by what its arguments were, and told at once when it comes again."""

    __slots__ = ("_function", "_interpreter", "_join", "_kinds", "_thread", "_trace")

    def __init__(self, function: Function) -> None:
        self._function = function
        # Held elsewhere, and counted there.
        self._trace: Callable[[], Trace | None] = no_trace

    def __call__(self, interpreter: Interpreter, args: Sequence[Any]) -> tuple[Any] | None:
        """What a call gives, in a tuple of its own; None where there is no program for it, or it takes other values."""
        trace = self._trace()
        # Programs write into buffers of their own, and each thread has its own programs.
        if trace is not None and self._interpreter is interpreter and self._thread == get_ident():
            data = self._fitting(args)
            if data is not None and trace.holds(interpreter):
                computed = trace.run(interpreter, data)
                if computed is not None:
                    return self._handed_over(interpreter, trace, computed, data)
        return self._first(interpreter, args)

    def _fitting(self, args: Sequence[Any]) -> list[Any] | None:
        """The arguments as the program takes them, None where they are not of the last call's kinds."""
        data: list[Any] = []
        for given, (kind, dtype, shape) in zip(args, self._kinds, strict=True):
            if given.__class__ is not kind:
                return None
            if dtype is None:
                if kind is int and not -_MOST < given < _MOST:
                    return None
                data.append(given if kind is float else float(given))
                continue
            flags = given.flags
            if given.dtype is not dtype or given.shape != shape or not (flags.c_contiguous and flags.aligned):
                return None
            data.append(given)
        return data

    def _first(self, interpreter: Interpreter, args: Sequence[Any]) -> tuple[Any] | None:
        """By looking for what is kept of the function."""
        self._trace = no_trace
        found = _kinds_of(interpreter, args)
        if found is None:
            return None
        kinds, data = found
        calls = kept_calls(interpreter, self._function, kinds)
        # Which type plain numbers in a result have is for others to say.
        again = None if calls is None else calls.again(interpreter, data, only_tensors=True)
        if again is None:
            return None
        trace, computed = again
        self._interpreter, self._thread = interpreter, get_ident()
        self._kinds = [(g.__class__, getattr(g, "dtype", None), getattr(g, "shape", None)) for g in args]
        self._trace, self._join = ref(trace), joined(trace.result)
        return self._handed_over(interpreter, trace, computed, data)

    def _handed_over(
        self, interpreter: Interpreter, trace: Trace, computed: Sequence[Any], data: Sequence[Any]
    ) -> tuple[Any]:
        interpreter.steps = 0
        return (self._join(own([computed[place] for place in trace.places], trace.dtypes, data)),)


def _kinds_of(interpreter: Interpreter, args: Sequence[Any]) -> tuple[list[Hashable], list[Any]] | None:
    """The kinds of arguments, and these as a program takes them; None where one is neither a number nor an array."""
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
    return kinds, data
