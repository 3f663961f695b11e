"""Which values share memory: a buffer is taken again when nothing looks into it any more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradcli.core.compile.kernels import Array, may_look_into_arguments, takes_out, works_in_place
from gradcli.core.graph import CONSTANT, Node
from gradcli.core.shapes import size_of

# NumPy looks for an overlap where a result takes the place of an argument, which small arrays are not worth.
SMALLEST_SHARED = 2**15

Computed = Sequence[tuple[Node, Callable[..., Any]]]


class Buffers:
    """The plan for a schedule: `buffer` is where a node's value is written, for those that have one.

    `forgotten` lists for each step the nodes whose values are not needed after it and have no buffer.
    """

    def __init__(self, computed: Computed, outputs: Sequence[Node]) -> None:
        number = {node: i for i, (node, _) in enumerate(computed)}
        kernels = dict(computed)
        escaping = _seen_in(outputs, kernels)
        last = _last_uses(computed, number)
        self.buffer: dict[Node, Array] = {}
        self.forgotten: list[list[Node]] = [[] for _ in computed]
        free: dict[int, list[Array]] = {}
        ends: dict[int, list[Array]] = {}
        for i, (node, kernel) in enumerate(computed):
            end = last.get(node, i)
            if node in escaping:
                continue
            if not takes_out(kernel):
                self.forgotten[min(end, len(computed) - 1)].append(node)
                continue
            size = max(size_of(node.shape) * node.dtype.itemsize, 1)
            if size < SMALLEST_SHARED:
                self.buffer[node] = np.empty(node.shape, node.dtype.value)
                continue
            if works_in_place(kernel):
                # Element by element, a result may take the place of an argument that ends here.
                _release(ends.pop(i, []), free)
            raw = free[size].pop() if free.get(size) else np.empty(size, np.uint8)
            self.buffer[node] = raw.view(node.dtype.value).reshape(node.shape)
            if end == i:
                _release([raw], free)
            else:
                ends.setdefault(end, []).append(raw)
            _release(ends.pop(i, []), free)


def _release(raw: list[Array], free: dict[int, list[Array]]) -> None:
    for array in raw:
        free.setdefault(array.nbytes, []).append(array)


def _seen_in(outputs: Sequence[Node], kernels: dict[Node, Callable[..., Any]]) -> set[Node]:
    """What an output is, or may be a view of."""
    seen: set[Node] = set()
    stack = list(outputs)
    while stack:
        node = stack.pop()
        if node not in seen and node.op is not CONSTANT:
            seen.add(node)
            if node in kernels and may_look_into_arguments(node, kernels[node]):
                stack.extend(node.args)
    return seen


def _last_uses(computed: Computed, number: dict[Node, int]) -> dict[Node, int]:
    """The last step that needs each value, itself or through what may be a view of it."""
    last: dict[Node, int] = {}
    for i in range(len(computed) - 1, -1, -1):
        node, kernel = computed[i]
        until = max(i, last.get(node, i)) if may_look_into_arguments(node, kernel) else i
        for arg in node.args:
            if arg in number:
                last[arg] = max(last.get(arg, 0), until)
    return last
