"""Which values share memory: a buffer is taken again when nothing looks into it any more."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gradcli.core.compile.kernels import Array
from gradcli.core.compile.steps import Step
from gradcli.core.graph import Node
from gradcli.core.shapes import size_of

# NumPy looks for an overlap where a result takes the place of an argument, which small arrays are not worth.
SMALLEST_SHARED = 2**15


class Buffers:
    """The plan for a schedule: `buffer` is where a node's value is written, for those that have one.

    `forgotten` lists for each step the nodes whose values are not needed after it and have no buffer; `size` is what
    all buffers take, in bytes.
    """

    def __init__(self, steps: Sequence[Step], outputs: Sequence[Node]) -> None:
        home = {node: i for i, step in enumerate(steps) for node in step.outputs}
        escaping = _seen_in(outputs, steps, home)
        last = _last_uses(steps, home)
        self.buffer: dict[Node, Array] = {}
        self.forgotten: list[list[Node]] = [[] for _ in steps]
        self.size = 0
        free: dict[int, list[Array]] = {}
        ends: dict[int, list[Array]] = {}
        for i, step in enumerate(steps):
            if step.in_place:
                # Element by element, a result may take the place of an argument that ends here.
                _release(ends.pop(i, []), free)
            for node in step.outputs:
                end = last.get(node, i)
                if node in escaping:
                    continue
                if not step.takes_out:
                    self.forgotten[min(end, len(steps) - 1)].append(node)
                    continue
                size = size_of(node.shape) * node.dtype.itemsize
                if size < SMALLEST_SHARED:
                    self.buffer[node] = np.empty(node.shape, node.dtype.value)
                    self.size += size
                    continue
                if free.get(size):
                    raw = free[size].pop()
                else:
                    raw = np.empty(size, np.uint8)
                    self.size += size
                self.buffer[node] = raw.view(node.dtype.value).reshape(node.shape)
                ends.setdefault(end, []).append(raw)
            _release(ends.pop(i, []), free)


def _release(raw: list[Array], free: dict[int, list[Array]]) -> None:
    for array in raw:
        free.setdefault(array.nbytes, []).append(array)


def _seen_in(outputs: Sequence[Node], steps: Sequence[Step], home: dict[Node, int]) -> set[Node]:
    """What an output is, or may be a view of."""
    seen: set[Node] = set()
    stack = [node for node in outputs if node in home]
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            step = steps[home[node]]
            if step.may_be_view:
                stack.extend(arg for arg in step.args if arg in home)
    return seen


def _last_uses(steps: Sequence[Step], home: dict[Node, int]) -> dict[Node, int]:
    """The last step that needs each value, itself or through what may be a view of it."""
    last: dict[Node, int] = {}
    for i in range(len(steps) - 1, -1, -1):
        step = steps[i]
        until = max([i, *(last.get(node, i) for node in step.outputs)]) if step.may_be_view else i
        for arg in step.args:
            if arg in home:
                last[arg] = max(last.get(arg, 0), until)
    return last
