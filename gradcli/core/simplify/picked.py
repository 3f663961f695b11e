"""What is picked of a tensor is picked before it is computed, where that is less work.

Where all that reads a tensor picks the same numbers along an axis, only these are computed, of what is picked along the
same axis of that which it is made of. An axis is told by how many elements lie before and behind it in C order, which
stays the same when a tensor is reshaped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import NamedTuple

from gradcli.core.ir.nodes import Node
from gradcli.core.ir.primitive import Application, with_args
from gradcli.core.ir.promotion import stretch
from gradcli.core.ir.shapes import Shape, size_of
from gradcli.core.ir.traversal import reachable
from gradcli.core.primitives.indexing import take
from gradcli.core.primitives.shaping import concatenate, part, reshape, transpose
from gradcli.core.simplify.rules import elementwise_node

# What an element takes that is picked, and a product's step, of what one takes that is computed alone.
A_PICK, A_STEP = 2.0, 0.25
# What less is saved by is not worth other nodes.
WORTH_PICKING = 2_000


class Pick(NamedTuple):
    """Elements with some numbers, those of one tensor of `indices` after the other, on an axis of `size` elements.

    So many elements lie `before` and `after` the axis in C order: a tensor has as many as the product of the three.
    """

    indices: tuple[Node, ...]
    before: int
    size: int
    after: int

    @property
    def length(self) -> int:
        """How many are picked."""
        return sum(size_of(numbers.shape) for numbers in self.indices)


class _Axis(NamedTuple):
    """An axis as part of one that a tensor has: the `place` of that, which is so many times as long on both sides."""

    place: int
    outer: int
    inner: int

    def pick(self, shape: Shape, place: int, pick: Pick) -> Pick:
        """The same numbers picked on an axis of another tensor."""
        before, after = size_of(shape[:place]), size_of(shape[place + 1 :])
        return Pick(pick.indices, before * self.outer, pick.size, self.inner * after)

    def shape(self, shape: Shape, length: int) -> Shape:
        """That of what is picked."""
        return (*shape[: self.place], self.outer * length * self.inner, *shape[self.place + 1 :])


def _axis_of(shape: Shape, pick: Pick) -> _Axis | None:
    before = 1
    for place, length in enumerate(shape):
        if not length:
            return None
        outer = pick.before // before
        if outer * before == pick.before and length % (outer * pick.size) == 0:
            inner = length // (outer * pick.size)
            if inner * size_of(shape[place + 1 :]) == pick.after:
                return _Axis(place, outer, inner)
        before *= length
        if before > pick.before:
            break
    return None


def picked_first(outputs: Sequence[Node], order: Sequence[Node]) -> tuple[Sequence[Node], Sequence[Node]]:
    """Outputs of the same values, and all nodes that they need in topological order."""
    kept = {node for node in order if _is_pick(node)}
    while kept:
        asked = _asked(outputs, order, kept)
        if not asked:
            break
        costly = _costly(order, asked, kept)
        if not costly:
            outputs = _Picked(asked, kept).made(outputs, order)
            return outputs, reachable(outputs)
        kept = {node for node in kept if node.args[1] not in costly}
    return outputs, order


def _is_pick(node: Node) -> bool:
    return node.op is take and len(node.args[1].shape) == 1 and size_of(node.shape) > 0 and node.args[0].shape[0] > 1


def _of_rows(node: Node) -> Pick:
    x, numbers = node.args
    return Pick((numbers,), 1, x.shape[0], size_of(x.shape[1:]))


def _asked(outputs: Sequence[Node], order: Sequence[Node], picks: Set[Node]) -> dict[Node, Pick]:
    """What is picked of each node of which nothing else is needed, and that can be computed of what is picked."""
    readers: dict[Node, dict[Pick | None, None]] = {node: {} for node in order}
    # Not by age: graphs of one form are one program.
    places = {node: i for i, node in enumerate(order)}
    for node in outputs:
        readers[node][None] = None
    found: dict[Node, Pick] = {}
    for node in reversed(order):
        pick = _common(readers[node], places)
        parts = None if pick is None else _passed_on(node, pick)
        if pick is not None and parts is not None:
            found[node] = pick
        elif node in picks:
            parts = [_of_rows(node), None]
        else:
            parts = [None] * len(node.args)
        for arg, one in zip(node.args, parts, strict=True):
            readers[arg][one] = None
    return found


def _common(asked: Mapping[Pick | None, None], places: Mapping[Node, int]) -> Pick | None:
    """All that readers pick along one axis; None where one needs the whole, or picks along another."""
    picks = [pick for pick in asked if pick is not None]
    if not picks or len(picks) < len(asked) or len({pick[1:] for pick in picks}) > 1:
        return None
    indices = dict.fromkeys(numbers for pick in picks for numbers in pick.indices)
    return picks[0]._replace(indices=tuple(sorted(indices, key=places.__getitem__)))


def _passed_on(node: Node, pick: Pick) -> list[Pick | None] | None:
    """What is to be picked of each argument, None for the whole of one; None where the whole node is needed."""
    axis = _axis_of(node.shape, pick)
    if axis is None or not isinstance(node, Application):
        return None
    place, rank = axis.place, len(node.shape)
    if (node.op.pointwise and node.op.check is None) or node.kind in ("broadcast", "sum_to"):
        found = []
        for arg in node.args:
            at = place + len(arg.shape) - rank
            is_along = at >= 0 and arg.shape[at] == node.shape[place]
            if not is_along and node.kind == "sum_to":
                return None
            found.append(axis.pick(arg.shape, at, pick) if is_along else None)
        return found if any(found) or node.kind == "broadcast" else None
    shapes = [arg.shape for arg in node.args]
    if node.kind == "reshape":
        return None if _axis_of(shapes[0], pick) is None else [pick]
    if node.kind == "transpose":
        return [axis.pick(shapes[0], node.attrs["axes"][place], pick)]
    if node.kind == "matmul":
        a, b = (axis.pick(shape, place, pick) for shape in shapes)
        return [None, b] if place == rank - 1 else [a, None] if place == rank - 2 else [a, b]
    if node.kind == "concatenate" and node.attrs["axis"] != place:
        return [axis.pick(shape, place, pick) for shape in shapes]
    if node.kind == "slice" and node.attrs["ranges"][place] == (0, shapes[0][place], 1):
        return [axis.pick(shapes[0], place, pick)]
    return None


def _costly(order: Sequence[Node], asked: Mapping[Node, Pick], picks: Set[Node]) -> set[Node]:
    """The indices by which less is saved than is picked more."""
    saved: dict[Node, float] = {}

    def count(indices: Sequence[Node], work: float) -> None:
        for numbers in indices:
            saved[numbers] = saved.get(numbers, 0.0) + work / len(indices)

    picked: set[tuple[Node, Pick]] = set()
    for node in order:
        pick = asked.get(node)
        parts = [_of_rows(node)] if node in picks else [] if pick is None else _passed_on(node, pick) or []
        if pick is not None:
            count(pick.indices, _work(node) * (1 - pick.length / pick.size))
        elif node in picks and node.args[0] in asked:
            count((node.args[1],), A_PICK * size_of(node.shape))
        for arg, part_of_it in zip(node.args, parts, strict=False):
            if part_of_it is None or arg in asked or (node in picks and pick is None) or (arg, part_of_it) in picked:
                continue
            picked.add((arg, part_of_it))
            count(part_of_it.indices, -A_PICK * part_of_it.length * part_of_it.before * part_of_it.after)
    used = {numbers for pick in asked.values() for numbers in pick.indices}
    return {numbers for numbers in used if saved.get(numbers, 0.0) < WORTH_PICKING}


def _work(node: Node) -> float:
    """How long a node takes."""
    if node.kind == "matmul":
        return A_STEP * size_of(node.shape) * node.args[0].shape[-1]
    if node.kind == "sum_to":
        return size_of(node.args[0].shape)
    op = node.op
    return size_of(node.shape) if op is not None and (op.pointwise or node.kind == "concatenate") else 0


class _Picked:
    """The nodes of a graph of which some are picked before they are computed."""

    def __init__(self, asked: Mapping[Node, Pick], picks: Set[Node]) -> None:
        self._asked, self._picks = asked, picks
        self._new: dict[Node, Node] = {}
        self._gathered: dict[tuple[Node, Pick], Node] = {}

    def made(self, outputs: Sequence[Node], order: Sequence[Node]) -> tuple[Node, ...]:
        """The outputs."""
        for node in order:
            pick = self._asked.get(node)
            if pick is not None:
                self._new[node] = self._computed(node, pick)
            elif node in self._picks and node.args[0] in self._asked:
                self._new[node] = self._part(node.args[0], _of_rows(node))
            else:
                self._new[node] = with_args(node, tuple(self._new[arg] for arg in node.args))
        return tuple(self._new[node] for node in outputs)

    def _computed(self, node: Node, pick: Pick) -> Node:
        parts, axis = _passed_on(node, pick), _axis_of(node.shape, pick)
        assert parts is not None
        assert axis is not None
        assert isinstance(node, Application)
        args = [
            self._new[arg] if one is None else self._part(arg, one) for arg, one in zip(node.args, parts, strict=True)
        ]
        shape, op = axis.shape(node.shape, pick.length), node.op
        if node.kind == "broadcast":
            return stretch(args[0], shape)
        if op.pointwise:
            return stretch(elementwise_node(op, args, node.attrs), shape)
        attrs = dict(node.attrs)
        if "shape" in attrs:
            attrs["shape"] = shape
        if "ranges" in attrs:
            ranges = list(attrs["ranges"])
            ranges[axis.place] = (0, shape[axis.place], 1)
            attrs["ranges"] = tuple(ranges)
        return op(*args, **attrs)

    def _part(self, node: Node, pick: Pick) -> Node:
        """What is picked of a node."""
        there = self._asked.get(node)
        if there is not None and there.indices == pick.indices:
            return self._new[node]
        if (node, pick) not in self._gathered:
            self._gathered[node, pick] = _taken(self._new[node], pick) if there is None else self._of_more(node, pick)
        return self._gathered[node, pick]

    def _of_more(self, node: Node, pick: Pick) -> Node:
        """What one reader picks of what all do."""
        there, axis = self._asked[node], _axis_of(node.shape, pick)
        assert axis is not None
        flat = reshape(self._new[node], shape=(pick.before, there.length, pick.after))
        starts, start = {}, 0
        for numbers in there.indices:
            starts[numbers] = start
            start += size_of(numbers.shape)
        parts = [part(flat, 1, starts[numbers], size_of(numbers.shape)) for numbers in pick.indices]
        found = concatenate(*parts, axis=1) if len(parts) > 1 else parts[0]
        return reshape(found, shape=axis.shape(node.shape, pick.length))


def _taken(x: Node, pick: Pick) -> Node:
    """The elements along an axis of a tensor that is there."""
    axis = _axis_of(x.shape, pick)
    assert axis is not None
    indices = concatenate(*pick.indices, axis=0) if len(pick.indices) > 1 else pick.indices[0]
    if axis == (0, 1, 1):
        return take(x, indices)
    rows = transpose(reshape(x, shape=(pick.before, pick.size, pick.after)), axes=(1, 0, 2))
    found = transpose(take(rows, indices), axes=(1, 0, 2))
    return reshape(found, shape=axis.shape(x.shape, pick.length))
