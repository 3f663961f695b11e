"""The array engine: a graph as a schedule of NumPy calls, each value freed after its last use."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextvars import copy_context
from typing import Any, TypeAlias

import numpy as np

from gradcli.core.compile.buffers import Buffers
from gradcli.core.compile.kernels import Array, kernel_of
from gradcli.core.errors import CoreError
from gradcli.core.graph import CONSTANT, Node
from gradcli.core.laws import Primitive
from gradcli.core.shapes import size_of

# A kernel, the places of its arguments and of its result, where the result is written if it has a buffer, and the
# places that are forgotten after it.
Step: TypeAlias = "tuple[Callable[..., Any], tuple[int, ...], int, Array | None, tuple[int, ...]]"

# Beyond so many steps Python's own compiler costs more than it saves.
LONGEST_UNROLLED = 1_000

_QUIET = copy_context()
_QUIET.run(np.seterr, all="ignore")


class ArrayProgram:
    """A graph scheduled once, to be run on as many inputs as there are, by one thread at a time.

    What NumPy's own functions give is written into buffers that are made once and shared by values that are not
    needed together. What may be a view keeps the buffers that it may look into. Outputs are new arrays.

    Raises:
        CoreError: when made, for a tensor larger than the machine's memory.
        ValueError: when made, for a free input that is not among `inputs`.
    """

    def __init__(self, order: Sequence[Node], outputs: Sequence[Node], inputs: Sequence[Node] = ()) -> None:
        place = {node: i for i, node in enumerate(dict.fromkeys([*inputs, *order]))}
        self._start: list[Any] = [None] * len(place)
        self._outputs = [(place[node], np.dtype(node.dtype.value)) for node in outputs]
        self._dtypes = [np.dtype(node.dtype.value) for node in inputs]
        self._steps: list[Step] = []
        given = set(inputs)
        computed: list[tuple[Node, Callable[..., Any]]] = []
        for node in order:
            if node in given:
                continue
            if node.op is CONSTANT:
                self._start[place[node]] = np.asarray(node.attrs["value"], dtype=node.dtype.value)
                continue
            if not isinstance(node.op, Primitive):
                raise ValueError(f"{node!r} is free")
            _refuse_what_memory_cannot_hold(node)
            computed.append((node, kernel_of(node, node.op)))
        plan = Buffers(computed, outputs)
        for number, (node, kernel) in enumerate(computed):
            out = plan.buffer.get(node)
            if out is not None:
                self._start[place[node]] = out
            forgotten = tuple(place[n] for n in plan.forgotten[number])
            self._steps.append((kernel, tuple(place[arg] for arg in node.args), place[node], out, forgotten))
        self._straight = self._unrolled() if inputs and len(self._steps) <= LONGEST_UNROLLED else None

    def __call__(self, *arrays: Any) -> tuple[Array, ...]:
        """The outputs for one array an input; inf and nan come out as IEEE 754 says."""
        # A context of its own is several times cheaper to enter than np.errstate.
        return _QUIET.copy().run(self._run, arrays)

    def _run(self, arrays: Sequence[Any]) -> tuple[Array, ...]:
        given = [np.asarray(array, dtype) for array, dtype in zip(arrays, self._dtypes, strict=True)]
        if self._straight is not None:
            return self._straight(*given)
        values = self._start.copy()
        values[: len(given)] = given
        for kernel, args, result, out, forgotten in self._steps:
            if out is None:
                values[result] = kernel(*[values[i] for i in args])
            elif len(args) == 2:
                kernel(values[args[0]], values[args[1]], out)
            else:
                kernel(*[values[i] for i in args], out)
            for i in forgotten:
                values[i] = None
        return tuple([np.asarray(values[i], dtype) for i, dtype in self._outputs])

    def _unrolled(self) -> Callable[..., tuple[Array, ...]]:
        """The steps as straight-line Python, which spares small arrays the loop."""
        scope: dict[str, Any] = {"asarray": np.asarray}
        lines = []
        for number, (kernel, args, result, out, forgotten) in enumerate(self._steps):
            scope[f"f{number}"] = kernel
            if out is None:
                lines.append(f"v{result} = f{number}({', '.join(f'v{i}' for i in args)})")
            else:
                lines.append(f"f{number}({', '.join(f'v{i}' for i in args)}, v{result})")
            lines += [f"v{i} = None" for i in forgotten]
        scope |= {f"v{i}": value for i, value in enumerate(self._start) if value is not None}
        for i, (_, dtype) in enumerate(self._outputs):
            scope[f"t{i}"] = dtype
        result_text = ", ".join(f"asarray(v{i}, t{n})" for n, (i, _) in enumerate(self._outputs))
        inputs = ", ".join(f"v{i}" for i in range(len(self._dtypes)))
        body = "\n    ".join([*lines, f"return ({result_text},)" if self._outputs else "return ()"])
        exec(compile(f"def program({inputs}):\n    {body}", "<gradcli program>", "exec"), scope)
        program: Callable[..., tuple[Array, ...]] = scope["program"]
        return program


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
