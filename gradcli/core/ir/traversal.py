"""Walks over a graph: what outputs need, what depends on a node, one node put in the place of another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from gradcli.core.ir.nodes import Node, Parameter
from gradcli.core.ir.primitive import with_args


def reachable(outputs: Iterable[Node]) -> list[Node]:
    """Every node that the outputs need, arguments first. Iterative: depth is the user's, not the stack's."""
    seen: dict[int, Node] = {}
    stack = list(outputs)
    while stack:
        node = stack.pop()
        if id(node) not in seen:
            seen[id(node)] = node
            stack.extend(node.args)
    return sorted(seen.values(), key=lambda n: n.serial)


def without_parameters(outputs: Sequence[Node], besides: Iterable[Node] = ()) -> Sequence[Node]:
    """The outputs with the present value of each parameter in its place, but for some that are inputs."""
    kept = set(besides)
    values: dict[Node, Node] = {n: n.value for n in reachable(outputs) if isinstance(n, Parameter) and n not in kept}
    return substitute(outputs, values) if values else outputs


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
        if any(arg in active for arg in node.args):
            active.add(node)
    return active


def substitute(outputs: Sequence[Node], replacements: Mapping[Node, Node]) -> tuple[Node, ...]:
    """The outputs with nodes replaced by others of the same shape and dtype."""
    order = reachable(outputs)
    active = dependents(order, replacements)
    new = dict(replacements)
    for node in order:
        if node in active and node not in new:
            args = tuple(new.get(arg, arg) for arg in node.args)
            new[node] = with_args(node, args)
    return tuple(new.get(node, node) for node in outputs)
