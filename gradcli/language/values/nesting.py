"""Walks through tuples within tuples: a part that occurs many times is gone through once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gradcli.core.errors import CoreError
from gradcli.core.ir.nodes import Node
from gradcli.core.limits import require

if TYPE_CHECKING:
    pass
from gradcli.language.values.values import SparseMatrix, Value, Zipped

# What goes through tuples within tuples takes a few of Python's calls for each.
DEEPEST = 200
# What is always allowed, and asked for all the time.
FEW = 16


def nodes_in(value: Value) -> Iterator[Node]:
    """The tensors of a nested tuple, from left to right; those of a part that occurs twice come twice.

    Raises:
        CoreError: for a tuple with more items than are allowed.
    """
    require_walkable(value)
    yield from _nodes_in(value)


def _nodes_in(value: Value) -> Iterator[Node]:
    if isinstance(value, Node):
        yield value
    elif isinstance(value, SparseMatrix):
        yield value.entries.values
    elif isinstance(value, tuple):
        for item in value:
            yield from _nodes_in(item)


def leaves(value: Value) -> Iterator[Value]:
    """What is no tuple in a nested tuple, from left to right; a part that occurs twice comes twice."""
    stack = [value]
    while stack:
        part = stack.pop()
        if isinstance(part, tuple):
            stack.extend(reversed(part))
        else:
            yield part


def distinct_nodes(value: Value) -> list[Node]:
    """The tensors of a nested tuple, each part looked at once, however often it occurs."""
    if isinstance(value, Node):
        return [value]
    found: dict[Node, None] = {}
    seen: set[int] = set()
    stack: list[Value] = [value]
    while stack:
        part = stack.pop()
        if isinstance(part, tuple):
            if id(part) not in seen:
                seen.add(id(part))
                stack.extend(reversed(part))
        elif isinstance(part, (Node, SparseMatrix)):
            found[part if isinstance(part, Node) else part.entries.values] = None
        elif isinstance(part, Zipped):
            stack.extend(reversed(part.parts))
    return list(found)


def require_walkable(*values: Value) -> None:
    """Refuse nested tuples that are too large to go through item by item; parts may occur many times in them.

    Raises:
        CoreError: saying how many items there are.
    """
    for value in values:
        if isinstance(value, tuple) and not (len(value) < FEW and tuple not in map(type, value)):
            require_shallow(value)
            require("max_items", count_items(value), "a nested tuple of", "go through a part of it")


def count_items(value: object) -> int:
    """How many items a nested tuple has in all."""
    total: int = fold(value, lambda item: 1, sum)
    return total


def require_shallow(value: Value) -> None:
    """Refuse tuples within tuples that lie too deep to be gone through.

    Raises:
        CoreError: for those.
    """
    if isinstance(value, tuple) and fold(value, lambda item: 0, lambda depths: 1 + max(depths, default=0)) > DEEPEST:
        raise CoreError(f"tuples lie within tuples more than {DEEPEST} deep", "put items side by side")


def map_nodes(value: Value, change: Callable[[Node], Node]) -> Value:
    """The same nesting with each tensor changed; what was shared stays shared."""
    changed: Value = map_items(value, lambda item: _changed(item, change))
    return changed


def _changed(item: Value, change: Callable[[Node], Node]) -> Value:
    if isinstance(item, Node):
        return change(item)
    if isinstance(item, SparseMatrix):
        return SparseMatrix(replace(item.entries, values=change(item.entries.values)))
    if isinstance(item, Zipped):
        return Zipped(tuple([map_nodes(part, change) for part in item.parts]))
    return item


def map_items(value: Value, change: Callable[[Value], Any]) -> Any:
    """The same nesting with each item that is no tuple changed; what was shared stays shared."""
    return fold(value, change, tuple)


def fold(value: Any, leaf: Callable[[Any], Any], join: Callable[[list[Any]], Any]) -> Any:
    """What a nested tuple comes to: `leaf` of each item that is none, `join` of those in a tuple.

    A part that occurs many times is gone through once.
    """
    if not isinstance(value, tuple):
        return leaf(value)
    # The whole holds each part, so that its identity is its own meanwhile.
    done: dict[int, Any] = {}
    stack = [value]
    while stack:
        part = stack[-1]
        if id(part) in done:
            stack.pop()
            continue
        waiting = [i for i in part if isinstance(i, tuple) and id(i) not in done]
        if waiting:
            stack.extend(waiting)
            continue
        done[id(part)] = join([done[id(i)] if isinstance(i, tuple) else leaf(i) for i in part])
        stack.pop()
    return done[id(value)]
