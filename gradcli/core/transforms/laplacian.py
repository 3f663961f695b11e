"""The Laplacian by Taylor mode of order 2, along all axes at once.

Of the second-order coefficients only their sum over the axes is wanted. Each enters linearly, so the sum itself is
carried on: one tensor of first derivatives for all axes, one of their summed second coefficients (the forward
Laplacian of Li et al. 2024; Dangel et al. 2025 call it collapsed Taylor mode).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gradcli.core.graph import Node, filled
from gradcli.core.laws import Primitive
from gradcli.core.primitives.reductions import sum_to
from gradcli.core.primitives.shaping import pad, reshape
from gradcli.core.shapes import size_of
from gradcli.core.transforms.batching import apply_batched
from gradcli.core.transforms.jacobian import units
from gradcli.core.transforms.taylor import expand


@dataclass(frozen=True)
class _Part:
    """A coefficient: of degree 0 or, summed over axes, 2, or of degree 1 with the axes in front."""

    node: Node
    degree: int


class _Collapsed:
    """Coefficients up to degree 2 in so many axes, the last summed over them."""

    def __init__(self, size: int) -> None:
        self._size = size

    def value(self, node: Node) -> _Part:
        return _Part(node, 0)

    def _apply(self, op: Primitive, parts: Sequence[_Part], attrs: Mapping[str, Any]) -> Node:
        batched = [part.degree == 1 for part in parts]
        args = [part.node for part in parts]
        return apply_batched(op, self._size, batched, args, attrs) if any(batched) else op(*args, **attrs)

    def linear(self, node: Node, args: Sequence[_Part | None], over: Sequence[int]) -> _Part:
        assert isinstance(node.op, Primitive)
        degree = next(part.degree for part in args if part is not None)
        parts = [
            part if part is not None else _Part(arg if i not in over else filled(0.0, arg), 0)
            for i, (arg, part) in enumerate(zip(node.args, args, strict=True))
        ]
        return _Part(self._apply(node.op, parts, node.attrs), degree)

    def convolve(self, op: Primitive, pairs: Sequence[tuple[_Part, _Part]], attrs: Mapping[str, Any]) -> _Part:
        total: _Part | None = None
        for a, b in pairs:
            node = self._apply(op, (a, b), attrs)
            if a.degree == b.degree == 1:
                node = reshape(sum_to(node, shape=(1, *node.shape[1:])), shape=node.shape[1:])
            part = _Part(node, a.degree + b.degree)
            total = part if total is None else self.add(total, part)
        assert total is not None
        return total

    def add(self, a: _Part, b: _Part) -> _Part:
        return _Part(a.node + b.node, a.degree)

    def scale(self, a: _Part, factor: float) -> _Part:
        return _Part(a.node if factor == 1.0 else a.node * factor, a.degree)


def laplacian(outputs: Sequence[Node], wrt: Sequence[Node]) -> tuple[Node, ...]:
    """The sum of the second derivatives of each output by each element of `wrt`, of the output's shape."""
    size = sum(size_of(node.shape) for node in wrt)
    paths: dict[Node, _Part] = {}
    start = 0
    for node in wrt:
        count = size_of(node.shape)
        axes = units(node.shape, node.dtype)
        if count < size:
            ranges = ((start, count, 1), *((0, n, 1) for n in node.shape))
            axes = pad(axes, ranges=ranges, shape=(size, *node.shape))
        paths[node] = _Part(axes, 1)
        start += count
    found = expand(outputs, paths, 2, _Collapsed(size))
    return tuple(
        filled(0.0, output) if (part := series[2]) is None else part.node * 2.0
        for output, series in zip(outputs, found, strict=True)
    )
