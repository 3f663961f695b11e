"""Walks over a graph: what outputs need, what depends on a node, one node put in the place of another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from itertools import chain
from operator import attrgetter

from gradcli.core.ir.nodes import Node, Parameter
from gradcli.core.ir.primitive import with_args


def reachable(outputs: Iterable[Node]) -> list[Node]:
    """Every node that the outputs need, arguments first. Iterative: depth is the user's, not the stack's."""
    seen = set(outputs)
    stack = list(seen)
    while stack:
        for arg in stack.pop().args:
            if arg not in seen:
                seen.add(arg)
                stack.append(arg)
    return sorted(seen, key=attrgetter("serial"))


def applied_in(order: Iterable[Node]) -> set[str]:
    """The names of the primitives that nodes apply."""
    return {op.name for op in set(map(attrgetter("op"), order)) if op is not None}


def leaves_of(order: Iterable[Node]) -> list[Node]:
    """Those of nodes that apply nothing."""
    return [node for node in order if node.op is None]


def uses_of(order: Iterable[Node], outputs: Iterable[Node]) -> Counter[Node]:
    """How often each node is an argument of those of a graph, or an output."""
    uses = Counter(chain.from_iterable(map(attrgetter("args"), order)))
    uses.update(outputs)
    return uses


def needed(order: Sequence[Node], outputs: Iterable[Node]) -> list[Node]:
    """Of nodes in topological order, those that the outputs need."""
    wanted = set(outputs)
    for node in reversed(order):
        if node in wanted:
            wanted.update(node.args)
    return [node for node in order if node in wanted]


def without_parameters(
    outputs: Sequence[Node], order: Sequence[Node], besides: Iterable[Node] = ()
) -> tuple[Sequence[Node], Sequence[Node]]:
    """The outputs with the present value of each parameter in its place, but for some that are inputs; and their nodes.

    `order` are the nodes that the outputs need, in topological order, and so is what is given back.
    """
    kept = set(besides)
    values: dict[Node, Node] = {n: n.value for n in leaves_of(order) if isinstance(n, Parameter) and n not in kept}
    if all(not value.args for value in values.values()):
        return replaced(outputs, order, values) if values else (outputs, order)
    # One that stands in for what was computed.
    outputs = _rebuilt(outputs, order, values)[0]
    return without_parameters(outputs, reachable(outputs), besides)


def by_need(outputs: Iterable[Node]) -> list[Node]:
    """The same nodes in the order in which the outputs come to need them, whatever was made first."""
    done: dict[int, Node] = {}
    stack = [(node, False) for node in reversed(list(outputs))]
    while stack:
        node, ready = stack.pop()
        if ready:
            done.setdefault(id(node), node)
        elif id(node) not in done:
            stack.append((node, True))
            stack.extend((arg, False) for arg in reversed(node.args))
    return list(done.values())


def dependents(order: Sequence[Node], sources: Iterable[Node]) -> set[Node]:
    """Of nodes in topological order, those that a source reaches, the sources included."""
    active = set(sources)
    for node in order:
        if not active.isdisjoint(node.args):
            active.add(node)
    return active


def read_besides(order: Sequence[Node], moving: Set[Node], outputs: Sequence[Node]) -> list[Node]:
    """What nodes that move read of those that don't, then the outputs that don't, each once.

    `order` are the nodes of the outputs in topological order, `moving` some of them.
    """
    read = [*(arg for node in order if node in moving for arg in node.args), *outputs]
    return [node for node in dict.fromkeys(read) if node not in moving]


def substitute(outputs: Sequence[Node], replacements: Mapping[Node, Node]) -> tuple[Node, ...]:
    """The outputs with nodes replaced by others of the same shape and dtype."""
    return _rebuilt(outputs, reachable(outputs), replacements)[0]


def replaced(
    outputs: Sequence[Node], order: Sequence[Node], leaves: Mapping[Node, Node]
) -> tuple[tuple[Node, ...], list[Node]]:
    """The same for leaves that are replaced by leaves, and all nodes: in topological order, as `order` is."""
    done, new = _rebuilt(outputs, order, leaves)
    return done, list(dict.fromkeys(new.get(node, node) for node in order))


def _rebuilt(
    outputs: Sequence[Node], order: Sequence[Node], replacements: Mapping[Node, Node]
) -> tuple[tuple[Node, ...], Mapping[Node, Node]]:
    active = dependents(order, replacements)
    new = dict(replacements)
    for node in order:
        if node in active and node not in new:
            new[node] = with_args(node, tuple(new.get(arg, arg) for arg in node.args))
    return tuple(new.get(node, node) for node in outputs), new
