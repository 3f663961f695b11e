"""The array engine: a graph as a sequence of NumPy calls, each value freed after its last use."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from gradcli.core.errors import CoreError
from gradcli.core.graph import CONSTANT, Node
from gradcli.core.laws import Primitive
from gradcli.core.shapes import size_of

Array: TypeAlias = "np.ndarray[Any, Any]"


def run_arrays(order: Sequence[Node], outputs: Sequence[Node]) -> tuple[Array, ...]:
    """Evaluate nodes that are in topological order; `outputs` are among them."""
    last_use: dict[Node, Node] = {}
    for node in order:
        for arg in node.args:
            last_use[arg] = node
    kept = set(outputs)
    values: dict[Node, Array] = {}
    with np.errstate(all="ignore"):
        for node in order:
            values[node] = _compute(node, values)
            for arg in set(node.args):
                if last_use[arg] is node and arg not in kept:
                    del values[arg]
    return tuple(values[node] for node in outputs)


def _compute(node: Node, values: dict[Node, Array]) -> Array:
    if node.op is CONSTANT:
        return np.asarray(node.attrs["value"], dtype=node.dtype.value)
    if not isinstance(node.op, Primitive):
        raise ValueError(f"{node!r} is free")
    _refuse_what_memory_cannot_hold(node)
    kernel = node.op.kernel
    args = [values[arg] for arg in node.args]
    result = getattr(np, kernel)(*args, **node.attrs) if isinstance(kernel, str) else kernel(np, *args, **node.attrs)
    return np.asarray(result, dtype=node.dtype.value)


def _refuse_what_memory_cannot_hold(node: Node) -> None:
    wanted = size_of(node.shape) * node.dtype.itemsize
    if node.op.name != "broadcast" and wanted > _physical_memory():
        raise CoreError(
            f"a tensor of shape {node.shape} would take {wanted / 2**30:,.1f} GiB, more than this machine has",
            "use smaller shapes, or float32",
        )


def _physical_memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
