"""Which elements of a node depend on which elements of a variable, found from the graph.

Each element has the number of a set of columns, which are the elements of the variable. Many elements share one set,
and what moves elements moves these numbers, so that sets are put together once for all elements that need the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np

from gradcli.core.engines.numpy.schedule import ArrayProgram
from gradcli.core.errors import CoreError
from gradcli.core.ir.laws import Dependence, Linear
from gradcli.core.ir.nodes import Constant, Node, array_constant, fresh_input, registry
from gradcli.core.ir.primitive import Application, Primitive
from gradcli.core.ir.shapes import Shape, size_of
from gradcli.core.ir.traversal import dependents, reachable
from gradcli.core.transforms.jacobian import jacobian

Indices: TypeAlias = "np.ndarray[Any, Any]"

NOTHING, EVERYTHING = 0, 1

# The Jacobian of one primitive is looked at up to this size; beyond it, everything is taken to depend on everything.
LARGEST_LOCAL = 4_000_000
# What an operation costs, in entries.
OPERATIONS = 1 / 128
# Of a matrix with more entries than this share nobody asks which are 0.
MOSTLY_FULL = 0.5


class DenseError(CoreError):
    """A matrix in which too much depends on too much for a search of its entries."""


class Allowance:
    """How many entries a search may still handle."""

    def __init__(self, entries: float, shape: tuple[int, int]) -> None:
        self.left, self._shape = entries, shape

    def spend(self, entries: float) -> None:
        """Count entries, before they are handled.

        Raises:
            DenseError: when there are too many.
        """
        self.left -= entries
        if self.left < 0:
            height, width = self._shape
            raise DenseError(
                f"this matrix of {height:,} by {width:,} is not sparse: too much in it depends on too much else",
                "leave sparse=true out, or ask for products with it: jvp, vjp, hvp",
            )


class Sets:
    """Sets of columns by their numbers: that of none, that of all, and others as they are needed."""

    def __init__(self, width: int, allowance: Allowance) -> None:
        self.width, self.allowance = width, allowance
        self._lengths, self._columns = np.array([0, width]), np.arange(width)
        self._starts = np.array([0, 0])
        self._marks = np.random.default_rng(0)
        self._mark = self._drawn(2)

    def lengths(self, labels: Indices) -> Indices:
        """How many columns each set has."""
        found: Indices = self._lengths[labels]
        return found

    def listed(self, labels: Indices) -> Indices:
        """The columns of the sets, one set after the other."""
        counts = self._lengths[labels]
        offsets = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        found: Indices = self._columns[np.repeat(self._starts[labels], counts) + offsets]
        return found

    def singles(self) -> Indices:
        """For each column the set of it alone."""
        if self.width < 2:
            return np.full(self.width, EVERYTHING)
        return self._added(np.ones(self.width, np.int64), np.arange(self.width))

    def united(self, groups: Indices, labels: Indices, count: int) -> Indices:
        """For each of so many groups the union of its sets, given as pairs of a group and a set."""
        found = np.zeros(count, np.int64)
        self.allowance.spend(len(labels))
        groups, labels = _pairs(groups, labels, len(self._lengths))
        found[groups[labels == EVERYTHING]] = EVERYTHING
        left = (labels != NOTHING) & (found[groups] != EVERYTHING)
        groups, labels = groups[left], labels[left]
        if not len(groups):
            return found
        first = np.flatnonzero(np.concatenate([[True], groups[1:] != groups[:-1]]))
        counts = np.diff(np.append(first, len(groups)))
        found[groups[first]] = labels[first]
        several = counts > 1
        if several.any():
            found[groups[first[several]]] = self._unions(first[several], counts[several], labels)
        return found

    def joined(self, a: Indices, b: Indices) -> Indices:
        """Element by element the union of two sets."""
        if a is b:
            return a
        (a, b), shape = _collapsed(a, b)
        if a.shape == b.shape and np.array_equal(a, b):
            return np.broadcast_to(a, shape)
        a, b = np.broadcast_arrays(a, b)
        keys, place = np.unique(np.minimum(a, b) * len(self._lengths) + np.maximum(a, b), return_inverse=True)
        pairs = np.stack(np.divmod(keys, len(self._lengths)), axis=1)
        self.allowance.spend(a.size)
        made = self.united(np.repeat(np.arange(len(keys)), 2), pairs.ravel(), len(keys))
        return np.broadcast_to(made[place.reshape(a.shape)], shape)

    def reduced(self, labels: Indices, kept: Shape) -> Indices:
        """The union of what stretches from each element of a shape of as many axes."""
        if not labels.size:
            return np.broadcast_to(np.int64(NOTHING), kept)
        (labels,), _ = _collapsed(labels)
        into = tuple(min(n, m) for n, m in zip(kept, labels.shape, strict=True))
        if labels.shape == into:
            return np.broadcast_to(labels, kept)
        groups = np.broadcast_to(np.arange(size_of(into)).reshape(into), labels.shape)
        return np.broadcast_to(self.united(groups.ravel(), labels.ravel(), size_of(into)).reshape(into), kept)

    def whole(self, labels: Indices) -> Indices:
        """The union of all."""
        return self.reduced(labels, (1,) * labels.ndim).reshape(())

    def _unions(self, first: Indices, counts: Indices, labels: Indices) -> Indices:
        """The union of each stretch of labels, those of the same labels made once."""
        place = np.repeat(first, counts) + np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        lists = labels[place]
        at = np.cumsum(counts) - counts
        sums = np.add.reduceat(self._mark[lists], at)
        _, chosen, number = np.unique(sums + counts.astype(np.uint64), return_index=True, return_inverse=True)
        if not self._same(lists, at, counts, chosen[number]):
            chosen = number = np.arange(len(first))
        lists, owner = self._taken(lists, at, counts, chosen)
        lengths = self._lengths[lists]
        self.allowance.spend(int(lengths.sum()))
        columns = self.listed(lists)
        owners, columns = _pairs(np.repeat(owner, lengths), columns, self.width)
        lengths = np.bincount(owners, minlength=len(chosen))
        full = lengths == self.width
        made = np.full(len(chosen), EVERYTHING)
        made[~full] = self._added(lengths[~full], columns[~full[owners]])
        return made[number]

    def _same(self, lists: Indices, at: Indices, counts: Indices, like: Indices) -> bool:
        """Whether each list is the one that stands for it, and not another one of the same mark."""
        if not (counts == counts[like]).all():
            return False
        moved = np.arange(len(lists)) + np.repeat(at[like] - at, counts)
        return bool((lists == lists[moved]).all())

    def _taken(self, lists: Indices, at: Indices, counts: Indices, chosen: Indices) -> tuple[Indices, Indices]:
        """The chosen lists one after the other, and the number of the one that each label is in."""
        some = counts[chosen]
        place = np.repeat(at[chosen], some) + np.arange(some.sum()) - np.repeat(np.cumsum(some) - some, some)
        return lists[place], np.repeat(np.arange(len(chosen)), some)

    def _added(self, lengths: Indices, columns: Indices) -> Indices:
        before, start = len(self._lengths), len(self._columns)
        self._starts = np.concatenate([self._starts, start + np.cumsum(lengths) - lengths])
        self._lengths = np.concatenate([self._lengths, lengths])
        self._columns = np.concatenate([self._columns, columns])
        self._mark = np.concatenate([self._mark, self._drawn(len(lengths))])
        return before + np.arange(len(lengths))

    def _drawn(self, count: int) -> Indices:
        return self._marks.integers(0, 2**63, count, np.uint64)


def _pairs(first: Indices, second: Indices, limit: int) -> tuple[Indices, Indices]:
    """Pairs sorted, each once."""
    # Some versions of NumPy find unique numbers with a hash table, which takes ten times as long.
    keys = np.sort(first.astype(np.int64) * max(limit, 1) + second)
    keys = keys[np.concatenate([keys[:1] == keys[:1], keys[1:] != keys[:-1]])]
    owners, labels = np.divmod(keys, max(limit, 1))
    return owners, labels


def _collapsed(*arrays: Indices) -> tuple[list[Indices], Shape]:
    """The arrays without the axes along which they repeat, and their shape with them."""
    found = [
        a[tuple(slice(1 if s == 0 and n > 1 else None) for s, n in zip(a.strides, a.shape, strict=True))]
        for a in arrays
    ]
    return found, np.broadcast_shapes(*(a.shape for a in arrays))


def dependence(output: Node, variable: Node, allowance: Allowance) -> tuple[Sets, Indices]:
    """For each element of the output the number of the set of elements of the variable that it may depend on.

    Raises:
        DenseError: for more entries than are allowed.
    """
    order = reachable([output])
    active = dependents(order, [variable])
    sets = Sets(size_of(variable.shape), allowance)
    found: dict[Node, Indices] = {variable: sets.singles().reshape(variable.shape)}
    moving = [node for node in order if node in active]
    last = {arg: node for node in moving for arg in node.args if arg in active}
    for node in moving:
        if node not in found:
            assert isinstance(node, Application)
            found[node] = _through(node, sets, found)
        for arg in dict.fromkeys(node.args):
            if arg is not output and last.get(arg) is node:
                del found[arg]
    return sets, found[output] if output in found else np.broadcast_to(np.int64(NOTHING), output.shape)


def _through(node: Application, sets: Sets, found: Mapping[Node, Indices]) -> Indices:
    """What the arguments' sets become."""
    if node.op.moves:
        return _moved(node, sets, found)
    total = np.broadcast_to(np.int64(NOTHING), node.shape)
    for i, arg in enumerate(node.args):
        if arg in found and (part := _from(node, i, found[arg], sets)) is not None:
            total = sets.joined(total, part) if total.any() else part
    return total


def _moved(node: Application, sets: Sets, found: Mapping[Node, Indices]) -> Indices:
    """The numbers of sets moved as elements are."""
    nothing = np.int64(NOTHING)
    if not any(arg in found for i, arg in enumerate(node.args) if i not in node.op.integers):
        return np.broadcast_to(nothing, node.shape)
    args: list[Indices] = []
    for i, arg in enumerate(node.args):
        if i in node.op.integers:
            known = known_value(arg)
            if known is None:
                return np.broadcast_to(sets.whole(found[node.args[0]]), node.shape)
            args.append(known)
        else:
            args.append(found[arg] if arg in found else np.broadcast_to(nothing, arg.shape))
    if node.op.check is not None:
        node.op.check(tuple(a.shape for a in node.args), *(args[i] for i in node.op.integers), **node.attrs)
    assert callable(node.op.kernel)
    moved: Indices = node.op.kernel(np, *args, **node.attrs)
    return moved


def _from(node: Application, i: int, labels: Indices, sets: Sets) -> Indices | None:
    """What one argument's sets become; None where nothing of them arrives."""
    how = node.op.law.dependence(node, i)
    if how is Dependence.NONE:
        return None
    if how is Dependence.SAME:
        return labels
    if node.op in (registry["sum_to"], registry["max_to"]):
        lead = labels.ndim - len(node.shape)
        reduced: Indices = sets.reduced(labels, (1,) * lead + node.shape)[(0,) * lead]
        return reduced
    if node.op is registry["matmul"]:
        product = _multiplied(node, i, labels, sets)
        if product is not None:
            return product
    pairs = _added_up(node, i) if how is Dependence.MOVED else None
    pairs = pairs or _local(node, i, node.op, sets.allowance)
    if pairs is None:
        return np.broadcast_to(sets.whole(labels), node.shape)
    to, source = pairs
    return sets.united(to, labels.ravel()[source], size_of(node.shape)).reshape(node.shape)


def _multiplied(node: Application, i: int, labels: Indices, sets: Sets) -> Indices | None:
    """A product of matrices: rows of the first, or columns of the second; None where the other has many zeros."""
    other = known_value(node.args[1 - i])
    if other is not None and np.count_nonzero(other) <= other.size * MOSTLY_FULL:
        return None
    axis = len(labels.shape) - 1 - i
    kept = tuple(1 if j == axis else n for j, n in enumerate(labels.shape))
    return np.broadcast_to(sets.reduced(labels, kept), node.shape)


def _local(node: Application, i: int, op: Primitive, allowance: Allowance) -> tuple[Indices, Indices] | None:
    """Where the Jacobian of one primitive by one argument has entries; None where it takes too long to tell."""
    height, width = size_of(node.shape), size_of(node.args[i].shape)
    entries = height * width / 8 + op.work_of(node) * min(height, width) * OPERATIONS
    if height * width > LARGEST_LOCAL or entries > allowance.left:
        return None
    allowance.spend(entries)
    known = [known_value(arg) for arg in node.args]
    if any(known[j] is None for j in op.integers):
        return None
    free = [
        fresh_input("probe", arg.shape, arg.dtype) if value is None or j == i else array_constant(value)
        for j, (arg, value) in enumerate(zip(node.args, known, strict=True))
    ]
    probe = op(*free, **node.attrs)
    inputs = [n for n in free if not isinstance(n, Constant)]
    block = jacobian([probe], [free[i]])[0][0]
    (value,) = ArrayProgram(reachable([block]), [block], inputs)(*(_random(n) for n in inputs))
    to, source = np.nonzero(value.reshape(height, width))
    return to, source


def known_value(node: Node) -> Indices | None:
    """The value of a node that depends on no input and no parameter."""
    order = reachable([node])
    if any(not n.args and not isinstance(n, Constant) for n in order):
        return None
    found: Indices = ArrayProgram(order, [node])()[0]
    return found


def _random(node: Node) -> Any:
    """Numbers in general position; square matrices regular, so that what inverts them has an answer."""
    values = np.random.default_rng(0).uniform(1.0, 2.0, node.shape)
    if len(node.shape) >= 2 and node.shape[-1] == node.shape[-2]:
        values = values + np.swapaxes(values, -1, -2) + 4.0 * node.shape[-1] * np.eye(node.shape[-1])
    return values.astype(node.dtype.value)


def _added_up(node: Application, i: int) -> tuple[Indices, Indices] | None:
    """The same for a map whose transpose only moves elements, which adds them up; None for any other."""
    size = size_of(node.shape)
    numbers = np.arange(1, size + 1, dtype=float)
    result = _pulled_back(node, i, numbers)
    if not ((result == np.round(result)) & (result >= 0) & (result <= size)).all():
        return None
    other = np.random.default_rng(1).uniform(1.0, 2.0, size)
    expected = np.concatenate([[0.0], other])[result.astype(np.int64)]
    if not np.allclose(_pulled_back(node, i, other), expected, rtol=1e-6, atol=0.0):
        return None
    (source,) = np.nonzero(result)
    return result[source].astype(np.int64) - 1, source


def _pulled_back(node: Application, i: int, g: Indices) -> Indices:
    assert isinstance(node.op.law, Linear)
    seed = array_constant(g.reshape(node.shape).astype(node.dtype.value))
    share = node.op.law.adjoint(seed, *node.args, **node.attrs)[i]
    value = None if share is None else known_value(share)
    return np.full(size_of(node.args[i].shape), np.nan) if value is None else value.ravel()
