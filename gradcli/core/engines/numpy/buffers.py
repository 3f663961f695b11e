"""Which values share memory: a buffer is taken again when nothing looks into it any more."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gradcli.core.engines.numpy.kernels import Array
from gradcli.core.engines.numpy.steps import Step
from gradcli.core.ir.nodes import Node
from gradcli.core.ir.primitive import Application
from gradcli.core.ir.shapes import no_elements, size_of
from gradcli.core.limits import require_memory

# NumPy looks for an overlap where a result takes the place of an argument, which small arrays are not worth.
SMALLEST_SHARED = 2**15


class Buffers:
    """The plan for a schedule: `buffer` is where a node's value is written, for those that have one.

    Nothing is allocated before it is known that memory can hold it: `peak` is what buffers, outputs, and values
    without a buffer that are needed at one time take together, in bytes. `forgotten` lists for each step the nodes
    whose values are not needed after it and have no buffer; `size` is what all buffers take, in bytes.

    Raises:
        CoreError: for more memory than is allowed.
    """

    def __init__(self, steps: Sequence[Step], outputs: Sequence[Node]) -> None:
        home = {node: i for i, step in enumerate(steps) for node in step.outputs}
        escaping = _seen_in(outputs, steps, home)
        last = _last_uses(steps, home)
        self.buffer: dict[Node, Array] = {}
        self.forgotten: list[list[Node]] = [[] for _ in steps]
        # The lengths of the pieces of memory, in bytes, and where each node lies.
        pieces: list[int] = []
        places: dict[Node, int] = {}
        free: dict[int, list[int]] = {}
        ends: dict[int, list[int]] = {}
        loose = most_loose = kept = 0
        for i, step in enumerate(steps):
            if step.in_place:
                # Element by element, a result may take the place of an argument that ends here.
                _release(ends.pop(i, []), free, pieces)
            for node in step.outputs:
                end = last.get(node, i)
                size = size_of(node.shape) * node.dtype.itemsize
                if node in escaping:
                    kept += 0 if is_view(node) else size
                    continue
                if not step.takes_out:
                    self.forgotten[min(end, len(steps) - 1)].append(node)
                    loose += 0 if is_view(node) else size
                    continue
                if size >= SMALLEST_SHARED and free.get(size):
                    places[node] = free[size].pop()
                else:
                    places[node] = len(pieces)
                    pieces.append(size)
                if size >= SMALLEST_SHARED:
                    ends.setdefault(end, []).append(places[node])
            most_loose = max(most_loose, loose)
            loose -= sum(size_of(n.shape) * n.dtype.itemsize for n in self.forgotten[i] if not is_view(n))
            _release(ends.pop(i, []), free, pieces)
        self.size = sum(pieces)
        self.peak = self.size + most_loose + kept
        require_memory(self.peak)
        memory = [np.empty(size, np.uint8) for size in pieces]
        for node, piece in places.items():
            self.buffer[node] = memory[piece].view(node.dtype.value).reshape(node.shape)


def is_view(node: Node) -> bool:
    """Whether a node only looks at its argument's memory in another way."""
    return isinstance(node, Application) and node.op.work is no_elements


def _release(ended: list[int], free: dict[int, list[int]], pieces: list[int]) -> None:
    for piece in ended:
        free.setdefault(pieces[piece], []).append(piece)


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
