"""Fusion groups: nodes of one large shape, computed together, some elements of all of them at a time.

Then what lies between two of them stays in cache, and only what others need is written to memory. Two nodes belong
together if they have the same shape and the same level, which counts how often the way to a node leaves such a
fusion group; so nothing outside of a fusion group lies between two nodes of it.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence, Set
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

from gradcli.core.ir.nodes import Constant, Node, registry
from gradcli.core.ir.primitive import Application
from gradcli.core.ir.shapes import Shape, size_of
from gradcli.core.records import record

if TYPE_CHECKING:
    from gradcli.core.engines.rows import Rows

# With fewer elements a whole array is in cache anyway, and one call is cheaper than several.
SMALLEST = 2**14
# Machine code is called once for a fusion group, in less time than a few of NumPy's calls take.
SMALLEST_NATIVE = 2**4
# Smaller tensors are computed as numbers, where they can be, rather than by a few of NumPy's calls.
SMALLEST_PLAIN = 2**7
# What nodes of small tensors have in common.
NUMBERS = "numbers"


@record
class Unit:
    """What is computed in one step: a node, or a fusion group of them in topological order.

    `sums` are those of its nodes that add up all elements of others of its nodes, or all rows; they are the last.
    `rows` says how the nodes lie in rows where some have one number for each. `samples` is how many there are where the
    nodes can be computed sample by sample; then the last may be sums over them.
    """

    nodes: tuple[Node, ...]
    outputs: tuple[Node, ...]
    is_fused: bool = False
    samples: int = 0
    rows: Rows | None = None

    @cached_property
    def args(self) -> tuple[Node, ...]:
        """What it reads, each once."""
        inside = set(self.nodes)
        return tuple(dict.fromkeys(arg for node in self.nodes for arg in node.args if arg not in inside))

    @cached_property
    def sums(self) -> tuple[Node, ...]:
        """Those that add up all elements of another, or all rows."""
        if not self.is_fused:
            return ()
        rows = self.rows
        if rows is None:
            return tuple(filter(is_total, self.nodes))
        return tuple(n for n in self.nodes if rows.adds_up(n) or (is_total(n) and not rows.reduces(n)))

    @cached_property
    def shape(self) -> Shape:
        """That of the nodes of a fusion group, but for their sums and what is one number for each row."""
        if self.rows is not None:
            return self.rows.shape
        sums = set(self.sums)
        return next(node.shape for node in self.nodes if node not in sums)


def works_by_element(node: Node) -> bool:
    """Whether each element of the result needs only the elements at its place."""
    return isinstance(node, Application) and node.op.pointwise and node.op.check is None


def units(
    order: Sequence[Node],
    outputs: Sequence[Node],
    inputs: Sequence[Node],
    smallest: int,
    is_small: Callable[[Node], bool] | None = None,
    samples: Mapping[Node, int] = MappingProxyType({}),
    by_row: bool = False,
) -> list[Unit]:
    """The nodes to compute, in steps of which each comes after what it reads; fusion groups have so many elements.

    `samples` are nodes to compute sample by sample, each with how many there are. `is_small` says which of the others
    are better computed as numbers; those that can be computed together are. `by_row` lets fusion groups have what adds
    up rows, and what is computed of that.
    """
    given = set(inputs)
    computed = [node for node in order if node not in given and not isinstance(node, Constant)]
    rows: Mapping[Shape, Rows] = {}
    if by_row:
        from gradcli.core.engines.rows import rows_of

        rows = rows_of(computed, smallest)
    groups, lying = _grouped(computed, smallest, is_small, samples, rows)
    if len(groups) < len(computed):
        groups = _in_order(groups)
    needed = set(outputs)
    place = {node: i for i, group in enumerate(groups) for node in group}
    for i, group in enumerate(groups):
        needed.update(arg for node in group for arg in node.args if place.get(arg, i) != i)
    found: list[Unit] = []
    for group in groups:
        first = group[0]
        lies = lying.get(first)
        is_fused = lies is not None or (first not in samples and groupable(first, smallest))
        results = tuple(node for node in group if node in needed)
        found.append(Unit(tuple(group), results, is_fused, samples.get(first, 0), lies))
    return found


def groupable(node: Node, smallest: int) -> bool:
    """Whether a node may be part of a fusion group of so many elements at least."""
    return size_of(node.shape) >= smallest and works_by_element(node)


def is_total(node: Node) -> bool:
    """Whether a node adds up all elements of a node of a fusion group."""
    return node.op is registry["sum_to"] and size_of(node.shape) == 1


def _adds_up_samples(node: Node, samples: Mapping[Node, int]) -> bool:
    return node.op is registry["sum_to"] and node.args[0] in samples and node.shape[:1] != (samples[node.args[0]],)


def _grouped(
    computed: Sequence[Node],
    smallest: int,
    is_small: Callable[[Node], bool] | None,
    samples: Mapping[Node, int],
    rows: Mapping[Shape, Rows],
) -> tuple[list[list[Node]], Mapping[Node, Rows]]:
    """The groups, and by the first nodes of those that lie in rows how they do."""
    level: dict[Node, int] = {}
    within: object
    # What nodes have in common that are computed together: the shape, the rows, or that they are numbers.
    common: dict[Node, object] = {}
    groups: dict[object, list[Node]] = defaultdict(list)
    for node in computed:
        total = False
        if node in samples:
            common[node] = within = samples[node]
        elif _adds_up_samples(node, samples):
            total, within = True, samples[node.args[0]]
        elif rows and (lies := _rows_with(node, common, rows)) is not None:
            common[node] = within = lies
        elif groupable(node, smallest):
            common[node] = within = rows.get(node.shape, node.shape)
        elif (lies := rows.get(node.args[0].shape) if node.args else None) and lies.adds_up(node):
            total, within = True, lies
        elif is_total(node) and groupable(node.args[0], smallest):
            # What reads a sum comes after the fusion group that it is the last of, so it has nothing in common.
            total, within = True, rows.get(node.args[0].shape, node.args[0].shape)
        elif is_small is not None and is_small(node):
            common[node] = within = NUMBERS
        else:
            within = None
        deepest = 0
        for arg in node.args:
            if arg in level:
                same = within is not None and common.get(arg) == within
                deepest = max(deepest, level[arg] + (0 if same else 1))
        level[node] = deepest
        groups[(deepest, within) if node in common or total else node].append(node)
    _join(groups, level, samples)
    # The sums of a fusion group are its last.
    found = [sorted(group, key=lambda node: node not in common) for group in groups.values()]
    known: dict[object, Rows] = {lies: lies for lies in rows.values()}
    keys = [known.get(key[1]) if isinstance(key, tuple) else None for key in groups]
    return found, {group[0]: lies for group, lies in zip(found, keys, strict=True) if lies is not None}


def _rows_with(node: Node, common: Mapping[Node, object], rows: Mapping[Shape, Rows]) -> Rows | None:
    """The rows of which a node has one number for each, computed of what else there is of them."""
    lies = rows.get(node.args[0].shape) if node.args else None
    if lies is not None and lies.reduces(node):
        return lies
    if works_by_element(node):
        for lies in rows.values():
            if node.shape == lies.each and any(a.shape == node.shape and common.get(a) == lies for a in node.args):
                return lies
    return None


def _join(groups: dict[object, list[Node]], level: Mapping[Node, int], samples: Mapping[Node, int]) -> None:
    """Make one of groups on as many samples of which one comes later for what it reads besides, which needs neither.

    Such as products with numbers that are the same for all samples, and are computed first. What reads a sum over all
    samples stays behind it.
    """
    home = {node: key for key, group in groups.items() for node in group}
    deepest = {key: level[group[0]] for key, group in groups.items()}
    joined: set[tuple[int, object]] = set()
    for size in set(samples.values()):
        first, *rest = sorted(key for key in groups if isinstance(key, tuple) and key[1] == size)
        for key in rest:
            sums = {node for node in groups[first] if node not in samples}
            reads_sum = any(arg in sums for node in groups[key] for arg in node.args)
            # Groups on another number of samples, joined before, may stand between them either way round.
            ways = ((first, key), (key, first))
            if reads_sum or any(_is_between(groups, home, deepest, joined, *way) for way in ways):
                first = key
                continue
            later = groups.pop(key)
            home |= dict.fromkeys(later, first)
            deepest[first] = deepest.pop(key)
            joined.add(first)
            groups[first] = sorted([*groups[first], *later], key=lambda node: node.serial)


def _is_between(
    groups: Mapping[object, Sequence[Node]],
    home: Mapping[Node, object],
    deepest: Mapping[object, int],
    joined: Set[tuple[int, object]],
    first: tuple[int, object],
    last: tuple[int, object],
) -> bool:
    """Whether something outside of both needs the first, and the last needs it.

    `deepest` is the last level of each, `joined` are those with several.
    """
    # What needs the first is deeper, or needs a group that was joined of one as deep and one that is less.
    highest = first[0]
    for group in sorted(joined - {first, last}, key=lambda group: -deepest[group]):
        if deepest[group] >= highest:
            highest = min(highest, group[0])
    waiting = [arg for node in groups[last] for arg in node.args if arg in home and home[arg] not in (first, last)]
    seen: set[object] = set()
    while waiting:
        key = home[waiting.pop()]
        if key == first:
            return True
        if key not in seen:
            seen.add(key)
            waiting += [a for node in groups[key] for a in node.args if a in home and deepest[home[a]] >= highest]
    return False


def _in_order(groups: list[list[Node]]) -> list[list[Node]]:
    """Each after what it reads, otherwise as they were made."""
    home = {node: i for i, group in enumerate(groups) for node in group}
    waits: list[set[int]] = [
        {home[arg] for node in group for arg in node.args if arg in home} - {i} for i, group in enumerate(groups)
    ]
    readers: dict[int, list[int]] = defaultdict(list)
    for i, needs in enumerate(waits):
        for j in needs:
            readers[j].append(i)
    ready = [(groups[i][-1].serial, i) for i, needs in enumerate(waits) if not needs]
    heapq.heapify(ready)
    done: list[list[Node]] = []
    while ready:
        _, i = heapq.heappop(ready)
        done.append(groups[i])
        for j in readers[i]:
            waits[j].discard(i)
            if not waits[j]:
                heapq.heappush(ready, (groups[j][-1].serial, j))
    return done
