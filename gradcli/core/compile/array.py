"""The array engine: a graph as a schedule of NumPy calls, each value freed after its last use."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextvars import copy_context
from typing import Any, TypeAlias

import numpy as np

from gradcli.core.compile.kernels import Array, kernel_of
from gradcli.core.errors import CoreError
from gradcli.core.graph import CONSTANT, Node
from gradcli.core.laws import Primitive
from gradcli.core.shapes import size_of

# A kernel, the places of its arguments and of its result, and the places that are free after it.
Step: TypeAlias = "tuple[Callable[..., Any], tuple[int, ...], int, tuple[int, ...]]"


_QUIET = copy_context()
_QUIET.run(np.seterr, all="ignore")


class ArrayProgram:
    """A graph scheduled once, to be run on as many inputs as there are.

    Raises:
        CoreError: when made, for a tensor larger than the machine's memory.
        ValueError: when made, for a free input that is not among `inputs`.
    """

    def __init__(self, order: Sequence[Node], outputs: Sequence[Node], inputs: Sequence[Node] = ()) -> None:
        place = {node: i for i, node in enumerate(dict.fromkeys([*inputs, *order]))}
        self._start: list[Any] = [None] * len(place)
        self._steps: list[Step] = []
        self._outputs = [(place[node], np.dtype(node.dtype.value)) for node in outputs]
        self._dtypes = [np.dtype(node.dtype.value) for node in inputs]
        last_use = {arg: node for node in order for arg in node.args}
        kept = {*outputs, *inputs}
        for node in order:
            if node in inputs:
                continue
            if node.op is CONSTANT:
                self._start[place[node]] = np.asarray(node.attrs["value"], dtype=node.dtype.value)
                kept.add(node)
                continue
            if not isinstance(node.op, Primitive):
                raise ValueError(f"{node!r} is free")
            _refuse_what_memory_cannot_hold(node)
            args = tuple(place[arg] for arg in node.args)
            free = tuple(place[a] for a in dict.fromkeys(node.args) if last_use[a] is node and a not in kept)
            self._steps.append((kernel_of(node, node.op), args, place[node], free))

    def __call__(self, *arrays: Any) -> tuple[Array, ...]:
        """The outputs for one array an input; inf and nan come out as IEEE 754 says."""
        # A context of its own is several times cheaper to enter than np.errstate.
        return _QUIET.copy().run(self._run, arrays)

    def _run(self, arrays: Sequence[Any]) -> tuple[Array, ...]:
        values = self._start.copy()
        for i, (array, dtype) in enumerate(zip(arrays, self._dtypes, strict=True)):
            values[i] = np.asarray(array, dtype)
        for kernel, args, result, free in self._steps:
            count = len(args)
            if count == 2:
                values[result] = kernel(values[args[0]], values[args[1]])
            elif count == 1:
                values[result] = kernel(values[args[0]])
            else:
                values[result] = kernel(*[values[i] for i in args])
            for i in free:
                values[i] = None
        return tuple([np.asarray(values[i], dtype) for i, dtype in self._outputs])


def run_arrays(order: Sequence[Node], outputs: Sequence[Node]) -> tuple[Array, ...]:
    """Evaluate nodes that are in topological order; `outputs` are among them."""
    return ArrayProgram(order, outputs)()


def _refuse_what_memory_cannot_hold(node: Node) -> None:
    wanted = size_of(node.shape) * node.dtype.itemsize
    if node.op.name != "broadcast" and wanted > physical_memory():
        raise CoreError(
            f"a tensor of shape {node.shape} would take {wanted / 2**30:,.1f} GiB, more than this machine has",
            "use smaller shapes, or float32",
        )


def physical_memory() -> int:
    """Bytes of memory that the machine has."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
