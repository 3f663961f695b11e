"""The parameters that a function's text reaches: its own, and those of the functions that it names."""

from __future__ import annotations

from functools import lru_cache

from gradcli.core.ir.nodes import Node, Parameter
from gradcli.core.records import record
from gradcli.language.calls.builtin import Builtin
from gradcli.language.calls.functions import UserFunction
from gradcli.language.text import syntax as s
from gradcli.language.values.nesting import fold
from gradcli.language.values.values import Caller, Function, Parameters, Value


def parameters_of(caller: Caller, function: Function) -> Parameters:
    """Every trainable parameter, once each, in the order of the text; one inside another is `outer.inner`."""
    found: dict[Parameter, list[str]] = {}
    _collect(caller, function, "", found, set())
    return Parameters(function.name, tuple(map(tuple, found.values())), tuple(found))


def _collect(
    caller: Caller, value: Value, path: str, found: dict[Parameter, list[str]], seen: set[tuple[int, str]]
) -> None:
    value = caller.present(value)
    if isinstance(value, Node):
        if isinstance(value, Parameter):
            names, name = found.setdefault(value, []), path or value.name
            if name not in names:
                names.append(name)
        return
    # What is reached under two names is gone through twice, so that what is shared has both.
    if not isinstance(value, Function) or (id(value), path) in seen:
        return
    seen.add((id(value), path))
    inner = getattr(value, "of", None)
    if isinstance(inner, Function):
        _collect(caller, inner, path, found, seen)
    for name, member in value.members.items():
        _collect(caller, member, f"{path}.{name}" if path else name, found, seen)
    if isinstance(value, UserFunction):
        local = {i.name for i in value.inputs} | set(value.members) | set(s.bound_in(value.body))
        for name in _names(value.body):
            if name not in local:
                there = caller.find(name, value.frame)
                if there is not None:
                    _collect(caller, there[0], name, found, seen)


@record
class Reach:
    """What a function's text leads to: itself, and what differentiates by the inputs of who calls it."""

    itself: bool
    by_inputs: bool


def reach_of(caller: Caller, function: Function) -> Reach:
    """What the text of a function leads to, by the functions that it names."""
    if not isinstance(function, UserFunction):
        return Reach(itself=False, by_inputs=_by_inputs(function))
    itself = by_inputs = False
    seen = {id(function)}
    stack = [function]
    while stack:
        user = stack.pop()
        for name in _names(user.body):
            found = caller.find(name, user.frame)
            named = found[0] if found else None
            by_inputs = by_inputs or _by_inputs(named)
            if isinstance(named, UserFunction):
                itself = itself or named.body is function.body
                if id(named) not in seen:
                    seen.add(id(named))
                    stack.append(named)
    return Reach(itself, by_inputs)


def _by_inputs(value: Value) -> bool:
    """Whether a value is, or holds, what differentiates by inputs of its caller."""
    found: bool = fold(value, lambda item: isinstance(item, Builtin) and item.by_inputs, any)
    return found


@lru_cache(1024)
def _names(body: tuple[s.Statement, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(s.names_in(body)))
