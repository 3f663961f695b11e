"""The Laplacian by Taylor mode of order 2, along all axes at once.

Of the second-order coefficients only their sum over the axes is wanted. Each enters linearly, so the sum itself is
carried on: one tensor of first derivatives for all axes, one of their summed second coefficients (the forward
Laplacian of Li et al. 2024; Dangel et al. 2025 call it collapsed Taylor mode).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gradcli.core.ir.nodes import Node, filled, fresh_input, registry
from gradcli.core.ir.primitive import Application, Primitive
from gradcli.core.ir.shapes import size_of
from gradcli.core.ir.traversal import reachable
from gradcli.core.primitives.reductions import sum_to
from gradcli.core.primitives.shaping import pad, reshape
from gradcli.core.records import record
from gradcli.core.transforms.batching import apply_batched, batch
from gradcli.core.transforms.jacobian import units
from gradcli.core.transforms.taylor import along, expand


@record
class _Part:
    """A coefficient: of degree 0 or, summed over axes, 2, or of degree 1 with the axes in front.

    One of degree 1 is `factor` times `node`, where the factor has no axes: products with what is the same for all axes
    then cost nothing for each of them. None is a factor of 1.
    """

    node: Node
    degree: int
    factor: Node | None = None


class _Collapsed:
    """Coefficients up to degree 2 in so many axes, the last summed over them."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._sums: dict[tuple[Node, Node], Node] = {}

    def value(self, node: Node) -> _Part:
        return _Part(node, 0)

    def linear(self, node: Node, args: Sequence[_Part | None], over: Sequence[int]) -> _Part:
        op = node.op
        assert isinstance(op, Primitive)
        parts = [part for part in args if part is not None]
        if parts[0].degree == 1 and op.pointwise and all(part.node is parts[0].node for part in parts):
            # Element by element a linear map of multiples is a multiple.
            factors = [
                (arg if i not in over else filled(0.0, arg)) if part is None else _factor(part, arg)
                for i, (arg, part) in enumerate(zip(node.args, args, strict=True))
            ]
            return _Part(parts[0].node, 1, op(*factors, **node.attrs))
        whole = [
            part if part is not None else _Part(arg if i not in over else filled(0.0, arg), 0)
            for i, (arg, part) in enumerate(zip(node.args, args, strict=True))
        ]
        return _Part(self._apply(op, whole, node.attrs), parts[0].degree)

    def convolve(self, node: Node, pairs: Sequence[tuple[_Part, _Part]]) -> _Part:
        assert isinstance(node, Application)
        return self._convolved(node.op, pairs, node.attrs)

    def _convolved(self, op: Primitive, pairs: Sequence[tuple[_Part, _Part]], attrs: Mapping[str, Any]) -> _Part:
        total: _Part | None = None
        for a, b in pairs:
            part = self._product(op, a, b, attrs)
            total = part if total is None else self.add(total, part)
        assert total is not None
        return total

    def chain(self, pairs: Sequence[tuple[_Part, _Part]]) -> _Part:
        multiply = registry["multiply"]
        assert isinstance(multiply, Primitive)
        return self._convolved(multiply, pairs, {})

    def _product(self, op: Primitive, a: _Part, b: _Part, attrs: Mapping[str, Any]) -> _Part:
        by_element = op.pointwise
        if by_element and {a.degree, b.degree} == {0, 1}:
            fixed, moving = (a, b) if a.degree == 0 else (b, a)
            return _Part(moving.node, 1, fixed.node if moving.factor is None else op(fixed.node, moving.factor))
        if a.degree == b.degree == 1:
            if by_element:
                node = self._summed(op, a.node, b.node)
                for factor in (a.factor, b.factor):
                    node = node if factor is None else op(node, factor)
                return _Part(node, 2)
            return _Part(_over_axes(self._apply(op, (a, b), attrs)), 2)
        return _Part(self._apply(op, (a, b), attrs), a.degree + b.degree)

    def _summed(self, op: Primitive, a: Node, b: Node) -> Node:
        """The sum over the axes of the products of what two parts are multiples of."""
        key = (a, b)
        if key not in self._sums:
            self._sums[key] = _over_axes(op(a, b))
        return self._sums[key]

    def _apply(self, op: Primitive, parts: Sequence[_Part], attrs: Mapping[str, Any]) -> Node:
        batched = [part.degree == 1 for part in parts]
        args = [_whole(part) for part in parts]
        return apply_batched(op, self._size, batched, args, attrs) if any(batched) else op(*args, **attrs)

    def add(self, a: _Part, b: _Part) -> _Part:
        if a.degree == 1 and a.node is b.node:
            like = a.factor if a.factor is not None else b.factor
            if like is None:
                return _Part(a.node * 2.0, 1)
            return _Part(a.node, 1, _factor(a, like) + _factor(b, like))
        return _Part(_whole(a) + _whole(b), a.degree)

    def scale(self, a: _Part, factor: float) -> _Part:
        if factor == 1.0:
            return a
        if a.factor is not None:
            return _Part(a.node, 1, a.factor * factor)
        return _Part(a.node * factor, a.degree)

    def divide(self, a: _Part, by: int) -> _Part:
        return self.scale(a, 1 / by)


def _whole(part: _Part) -> Node:
    return part.node if part.factor is None else part.factor * part.node


def _factor(part: _Part, like: Node) -> Node:
    return filled(1.0, like) if part.factor is None else part.factor


def _over_axes(node: Node) -> Node:
    return reshape(sum_to(node, shape=(1, *node.shape[1:])), shape=node.shape[1:])


def _axis_by_axis(outputs: Sequence[Node], axes: Mapping[Node, Node], size: int) -> tuple[Node, ...]:
    """The same where the coefficients of each axis are needed, by a batch of axes."""
    seeds: dict[Node, Node] = {node: fresh_input("seed", node.shape, node.dtype) for node in axes}
    second = [series[2] for series in along(outputs, seeds, 2)]
    found = batch(second, {seed: axes[node] for node, seed in seeds.items()}, size)
    return tuple(_over_axes(node) * 2.0 for node in found)


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
    if any(isinstance(node, Application) and node.op.law.termwise for node in reachable(outputs)):
        return _axis_by_axis(outputs, {node: _whole(part) for node, part in paths.items()}, size)
    found = expand(outputs, paths, 2, _Collapsed(size))
    return tuple(
        filled(0.0, output) if (part := series[2]) is None else part.node * 2.0
        for output, series in zip(outputs, found, strict=True)
    )
