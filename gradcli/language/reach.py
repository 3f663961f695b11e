"""The parameters that a function's text reaches: its own, and those of the functions that it names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING

from gradcli.core.graph import PARAMETER, Node
from gradcli.language import syntax as s
from gradcli.language.diagnostics import Span
from gradcli.language.functions import UserFunction
from gradcli.language.values import Function, Parameters, Value

if TYPE_CHECKING:
    from gradcli.language.machine import Machine


def parameters_of(machine: Machine, function: Function) -> Parameters:
    """Every trainable parameter, once each, in the order of the text; one inside another is `outer.inner`."""
    found: dict[Node, list[str]] = {}
    _collect(machine, function, "", found, set())
    return Parameters(function.name, tuple(map(tuple, found.values())), tuple(found))


def _collect(
    machine: Machine, value: Value, path: str, found: dict[Node, list[str]], seen: set[tuple[int, str]]
) -> None:
    value = machine.present(value)
    if isinstance(value, Node):
        if value.op is PARAMETER:
            names, name = found.setdefault(value, []), path or str(value.attrs["name"])
            if name not in names:
                names.append(name)
        return
    # What is reached under two names is gone through twice, so that what is shared has both.
    if not isinstance(value, Function) or (id(value), path) in seen:
        return
    seen.add((id(value), path))
    inner = getattr(value, "of", None)
    if isinstance(inner, Function):
        _collect(machine, inner, path, found, seen)
    members: dict[str, Value] = getattr(value, "members", {})
    for name, member in members.items():
        _collect(machine, member, f"{path}.{name}" if path else name, found, seen)
    if isinstance(value, UserFunction):
        local = {i.name for i in value.inputs} | set(members) | set(_bound(value.body))
        for name in dict.fromkeys(names_in(value.body)):
            if name not in local:
                there = machine.find(name, value.frame)
                if there is not None:
                    _collect(machine, there[0], name, found, seen)


def walk(part: object) -> Iterator[object]:
    """Every piece of syntax within a piece, itself first, in the order of the text."""
    # A loop, not recursion: a sum may be as deep as it is long.
    stack = [part]
    while stack:
        item = stack.pop()
        if isinstance(item, tuple):
            stack.extend(reversed(item))
        elif is_dataclass(item) and not isinstance(item, Span):
            yield item
            stack.extend(reversed([getattr(item, f.name) for f in fields(item)]))


def names_in(part: object) -> Iterator[str]:
    """Every name that a piece of syntax mentions, in the order of the text."""
    return (item.id for item in walk(part) if isinstance(item, s.Name))


def _bound(body: tuple[s.Statement, ...]) -> Iterator[str]:
    """The names that a body gives values to."""
    for statement in body:
        if isinstance(statement, s.Assign):
            yield from names_in(statement.target)
        elif isinstance(statement, s.Function):
            yield statement.name.id
        elif isinstance(statement, s.For):
            for target in statement.targets:
                yield target.id
            yield from _bound(statement.body)
