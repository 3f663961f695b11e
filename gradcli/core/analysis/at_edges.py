"""Which nodes of a graph are at an edge where a point is: at a corner, a tie, a jump or a quotient of zeros."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from gradcli.core.engines.evaluation import evaluate
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.edges import Edge, EdgeKind
from gradcli.core.ir.nodes import Constant, Node, constant_like, fresh_input
from gradcli.core.ir.primitive import Application, edge_of, with_edge
from gradcli.core.ir.traversal import applied_in, dependents, needed, reachable, substitute
from gradcli.core.transforms.reverse import vjp

# What is 0 where all that it is made of is.
KEEP_ZERO = {"broadcast", "reshape", "transpose", "slice", "pad", "sum_to", "negate", "cast", "add", "subtract"}


def at_edges(
    outputs: Sequence[Node],
    point: Mapping[Node, Any],
    moving: Sequence[Node],
    kinds: Collection[EdgeKind] = frozenset(EdgeKind),
    order: Sequence[Node] | None = None,
) -> list[Node]:
    """The nodes at an edge at the point, among those of a graph that move with some inputs, in their order.

    `order` are the nodes of a graph that these are in, in topological order, where they are known.
    """
    found = with_edges(outputs, moving, kinds, order)
    if not found:
        return []
    asked = list(dict.fromkeys([*(arg for node in found for arg in node.args), *found]))
    found = those_at(found, dict(zip(asked, numbers(asked, point), strict=True)))
    # Conditions are evaluated where there is something to be left out.
    return _on_branches_taken(found, outputs, point) if found else []


def _on_branches_taken(found: Sequence[Node], outputs: Sequence[Node], point: Mapping[Node, Any]) -> list[Node]:
    """Those of nodes at an edge that count where conditions, which are at no edge themselves, lead.

    A quotient may be one of zeros wherever it is.
    """
    order = reachable(outputs)
    there = set(found)
    ties = [n for n in order if _is_compared_with_its_largest(n) and not there.isdisjoint(map(_source, n.args))]
    unsettled = dependents(order, [*ties, *(node for node in found if not _is_continuous(node))])
    conditions = {node: node.args[0] for node in order if node.kind == "select" and node.args[0] not in unsettled}
    truths = dict(zip(conditions, map(_truth, numbers(list(conditions.values()), point)), strict=True))
    left = set(_that_count(found, outputs, order, truths))
    return [node for node in found if node in left or _kind(node) is EdgeKind.QUOTIENT]


def _truth(values: Any) -> bool | None:
    """What all elements of a condition are, if they are all the same."""
    if not hasattr(values, "any"):
        return bool(values)
    anywhere = bool(values.any())
    return anywhere if anywhere == values.all() else None


def with_edges(
    outputs: Sequence[Node],
    moving: Sequence[Node],
    kinds: Collection[EdgeKind] = frozenset(EdgeKind),
    order: Sequence[Node] | None = None,
) -> list[Node]:
    """The nodes that have an edge of some kinds, among those of a graph that move with some inputs, in their order.

    `order` are the nodes of a graph that these are in, in topological order, where they are known.
    """
    order = reachable(outputs) if order is None else order
    if not with_edge(order, kinds):
        return []
    looked_at = _looked_at(outputs, order)
    found = with_edge(looked_at, kinds)
    if any(map(_is_continuous, found)):
        found = _that_count(found, outputs, looked_at, {})
    # They are few as a rule, and need little.
    active = dependents(needed(looked_at, found), moving)
    return [node for node in found if node in active]


def _that_count(
    found: Sequence[Node], outputs: Sequence[Node], order: Sequence[Node], truths: Mapping[Node, bool | None]
) -> list[Node]:
    """Of nodes with edges those that outputs need; those of which only the value counts, if it doesn't go on there.

    Only the value counts behind a stop_gradient, and in what is compared: a comparison has an edge of its own. Of a
    select only the branch is needed that is taken, where its truth is known.
    """
    wanted, sloped = set(outputs), set(outputs)
    zeros = _zeros(order, truths) if truths else set()
    for node in reversed(order):
        # Of what is 0 all around nothing counts.
        if node not in wanted or node in zeros:
            continue
        truth = truths.get(node)
        args = node.args if truth is None else (node.args[0], node.args[1 if truth else 2])
        wanted.update(args)
        if _is_compared_with_its_largest(node):
            # Where that is a tie, elements change places: the largest has the edge, and the comparison none.
            sloped.update(map(_source, args))
        elif node in sloped and node.kind != "stop_gradient" and node.dtype is not DType.BOOL:
            sloped.update(args)
    return [node for node in found if node in (sloped if _is_continuous(node) else wanted)]


def _zeros(order: Sequence[Node], truths: Mapping[Node, bool | None]) -> set[Node]:
    """The nodes that are 0 wherever some conditions are what they are at a point."""
    found: set[Node] = set()
    for node in order:
        if isinstance(node, Constant):
            is_zero = not (node.value.any() if node.shape else node.value)
        elif node.kind == "select":
            truth = truths.get(node)
            branches = node.args[1:] if truth is None else [node.args[1 if truth else 2]]
            is_zero = found.issuperset(branches)
        elif node.kind in ("multiply", "matmul"):
            is_zero = not found.isdisjoint(node.args)
        else:
            is_zero = node.kind in KEEP_ZERO and found.issuperset(node.args)
        if is_zero:
            found.add(node)
    return found


def those_at(found: Sequence[Node], values: Mapping[Node, Any]) -> list[Node]:
    """Those of nodes with edges that are at one, by the values of their operands and their own."""
    nodes = list(values)
    place = {node: i for i, node in enumerate(nodes)}
    return [found[i] for i in Edged(found, place).at_one([*values.values()])]


class Edged:
    """Nodes with edges, of which is asked again and again who is at one: what is so at any point is found once.

    `place` says where the values of their operands and their own are among those that are given.
    """

    def __init__(self, found: Sequence[Node], place: Mapping[Node, int]) -> None:
        tests = [
            (i, edge.at, [place[arg] for arg in node.args], place[node], node.attrs, _of_numbers(node))
            for i, node in enumerate(found)
            if (edge := edge_of(node)) is not None and isinstance(node, Application) and not _is_never_at(node, edge)
        ]
        self._scalars = {at for test in tests for at in (*test[2], test[3])}
        self._scalars &= {at for node, at in place.items() if node.shape == ()}
        self._of_numbers = [test for test in tests if test[5]]
        self._of_arrays = [test for test in tests if not test[5]]

    def at_one(self, values: Sequence[Any]) -> list[int]:
        """The numbers of those nodes that are at an edge, in their order."""
        known = [*values]
        for i in self._scalars:
            if hasattr(known[i], "item"):
                known[i] = known[i].item()
        found = [
            i for i, at, args, own, attrs, _ in self._of_numbers if at([known[j] for j in args], known[own], **attrs)
        ]
        if not self._of_arrays:
            return found
        import numpy as np

        with np.errstate(all="ignore"):
            for i, at, args, own, attrs, _ in self._of_arrays:
                if np.asarray(at([known[j] for j in args], known[own], **attrs)).any():
                    found.append(i)
        return sorted(found)


def _of_numbers(node: Node) -> bool:
    return all(arg.shape == () for arg in node.args)


def that_matter(found: Sequence[Node], outputs: Sequence[Node], point: Mapping[Node, Any]) -> list[Node]:
    """Those of nodes at an edge through which a slope of the outputs depends on a convention.

    Each output counts by itself, so that they are added up with weights of which no two are alike.
    """
    result = []
    for node in found:
        edge = edge_of(node)
        if edge is not None and edge.matters is not None:
            import numpy as np

            stand_in = fresh_input("y", node.shape, node.dtype)
            cut = substitute(outputs, {node: stand_in})
            rng = np.random.default_rng(0)
            seeds = [constant_like(rng.uniform(1.0, 2.0, n.shape), n) for n in cut]
            (adjoint,) = vjp(cut, [stand_in], seeds)
            values = numbers([*node.args, node], point)
            asked = set(reachable([adjoint]))
            known = {n: v for n, v in {**point, stand_in: values[-1]}.items() if n in asked}
            (g,) = numbers([adjoint], known)
            if not np.any(edge.matters(values[:-1], values[-1], np.broadcast_to(g, node.shape), **node.attrs)):
                continue
        result.append(node)
    return result


def _looked_at(outputs: Sequence[Node], order: Sequence[Node]) -> list[Node]:
    """Of nodes in topological order those that the outputs need.

    Where a derivative has been stated for a value, the edges in that value are none of it.
    """
    if "ruled" not in applied_in(order):
        return needed(order, outputs)
    wanted = set(outputs)
    for node in reversed(order):
        if node in wanted:
            wanted.update(node.args[1:] if node.kind == "ruled" else node.args)
    return [node for node in order if node in wanted]


def edges(
    outputs: Sequence[Node],
    point: Mapping[Node, Any],
    moving: Sequence[Node],
    kinds: Collection[EdgeKind] = frozenset(EdgeKind),
    order: Sequence[Node] | None = None,
) -> set[EdgeKind]:
    """The kinds of edges that the point is on."""
    found = at_edges(outputs, point, moving, kinds, order)
    return {edge.kind for node in found if (edge := edge_of(node)) is not None}


def _is_continuous(node: Node) -> bool:
    edge = edge_of(node)
    return edge is not None and edge.continuous


def _kind(node: Node) -> EdgeKind | None:
    edge = edge_of(node)
    return None if edge is None else edge.kind


def numbers(nodes: Sequence[Node], point: Mapping[Node, Any]) -> tuple[Any, ...]:
    """The values of nodes at a point: floats where all that they depend on are, else arrays."""
    order = reachable(nodes)
    if all(node.shape == () for node in order):
        return evaluate(substitute(nodes, {node: constant_like(value, node) for node, value in point.items()}))
    from gradcli.core.engines.numpy.schedule import ArrayProgram

    inputs = list(point)
    return ArrayProgram(order, nodes, inputs)(*(point[n] for n in inputs))


def _is_never_at(node: Node, edge: Edge) -> bool:
    """What is compared with itself, or with the largest of itself, is equal to it all along."""
    if not edge.between:
        return False
    return node.args[0] is node.args[1] or _is_compared_with_its_largest(node)


def _is_compared_with_its_largest(node: Node) -> bool:
    edge = edge_of(node)
    if edge is None or not edge.between:
        return False
    a, b = (_source(arg) for arg in node.args)
    return any(m.kind == "max_to" and _source(m.args[0]) is other for m, other in ((a, b), (b, a)))


def _source(node: Node) -> Node:
    while node.kind in ("broadcast", "reshape", "stop_gradient", "cast"):
        node = node.args[0]
    return node
