"""The parameters that a function's text reaches: its own, and those of the functions that it names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

from gradcli.core.ir.nodes import Node, Parameter
from gradcli.core.records import record
from gradcli.language.calls.builtin import Builtin
from gradcli.language.calls.combined import Combined, Composed, Lifted
from gradcli.language.calls.functions import Chain, UserFunction
from gradcli.language.text import syntax as s
from gradcli.language.text.diagnostics import Span
from gradcli.language.values.nesting import fold
from gradcli.language.values.values import Caller, Function, Module, Parameters, Value


def parameters_of(caller: Caller, function: Function) -> Parameters:
    """Every trainable parameter, once each, in the order of the text, by what is typed for it: `outer.inner[0].w`."""
    found: dict[Parameter, list[str]] = {}
    # A Sequential has no name of its own, and its parts go by the one that it was given.
    root = caller.name_of(function) if isinstance(function, Chain) else None
    _collect(caller, function, root or "", found, set())
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
    if isinstance(value, tuple):
        for i, item in enumerate(value):
            _collect(caller, item, f"{path}[{i}]", found, seen)
        return
    # What is reached under two names is gone through twice, so that what is shared has both.
    if not isinstance(value, Function) or (id(value), path) in seen:
        return
    seen.add((id(value), path))
    if not value.parametrized:
        return
    inner = getattr(value, "of", None)
    if isinstance(inner, Function):
        _collect(caller, inner, path, found, seen)
    for part in _joined(value):
        if isinstance(part, Function):
            named = caller.name_of(part) or (part.name if part.name.isidentifier() else "")
            _collect(caller, part, path or named, found, seen)
    for name, member in value.members.items():
        _collect(caller, member, member_path(path, name), found, seen)
    if isinstance(value, UserFunction):
        for name in _outer_names(value):
            there = caller.find(name, value.frame)
            if there is not None:
                _collect(caller, there[0], name, found, seen)


def note_what_is_shared(caller: Caller, model: UserFunction, span: Span) -> None:
    """Say which parameters from outside several parts of a model read."""
    found: dict[str, list[str]] = {}
    for name, part in model.members.items():
        if isinstance(part, UserFunction):
            there = parameters_of(caller, part)
            for path in (paths[0] for paths in there.paths):
                if path.replace("[", ".").partition(".")[0] not in part.members:
                    found.setdefault(path, []).append(name)
    for path, names in found.items():
        if len(names) > 1:
            hint = "a model that is copied has for its own what is declared in it with `param`"
            caller.note(f"{' and '.join(f'`{name}`' for name in names)} share `{path}`", span, hint)


def member_path(path: str, name: str) -> str:
    """What is typed for a member of what is typed as a path; that of a Sequential goes by its place."""
    return f"{path}[{name}]" if name.isdigit() else f"{path}.{name}" if path else name


def _joined(function: Function) -> tuple[Value, ...]:
    """What a function is made of by the signs of arithmetic, as `f + g`, `f∘g`, `norm(f)`."""
    if isinstance(function, Combined):
        return function.left, function.right
    if isinstance(function, Composed):
        return function.outer, function.inner
    return function.values if isinstance(function, Lifted) else ()


@record
class Reach:
    """What a function's text leads to: itself, and what differentiates by the inputs of who calls it."""

    itself: bool
    by_inputs: bool


def reach_of(caller: Caller, function: Function, known: Callable[[UserFunction], Reach]) -> Reach:
    """What the text of a function leads to, by the functions that it names, or that are within what it names.

    `known` tells it of a function that stands at the top level.
    """
    itself = by_inputs = False
    seen = {id(function)}
    stack: list[Function] = [function]
    while stack:
        there = stack.pop()
        if isinstance(there, Builtin):
            by_inputs = by_inputs or there.by_inputs
            continue
        values: list[Value] = [*there.members.values(), *_within(there)]
        if isinstance(there, UserFunction):
            by_inputs = by_inputs or _mentioned(there.body)[1]
            found = (caller.find(name, there.frame) for name in _outer_names(there))
            values += [value for one in found if one is not None for value in one]
        for named in _functions(values):
            if isinstance(named, UserFunction) and isinstance(function, UserFunction):
                itself = itself or named.body is function.body
                # At the top level nothing leads to what is defined inside a call.
                if named.frame is None and function.frame is not None:
                    by_inputs = by_inputs or known(named).by_inputs
                    continue
            if id(named) not in seen:
                seen.add(id(named))
                stack.append(named)
    return Reach(itself, by_inputs)


def _functions(values: Sequence[Value]) -> list[Function]:
    """The functions among values and in their tuples, each once."""
    found: dict[Function, None] = {}

    def leaf(item: Value) -> None:
        if isinstance(item, Function):
            found[item] = None
        elif isinstance(item, Module):
            found.update(dict.fromkeys(member for member in item.members.values() if isinstance(member, Function)))

    for value in values:
        fold(value, leaf, lambda parts: None)
    return list(found)


def _within(function: Function) -> list[Value]:
    """The function that another is made of, such as that which a derivative is one of."""
    of = getattr(function, "of", None)
    return [of] if isinstance(of, Function) else []


def _outer_names(function: UserFunction) -> list[str]:
    """The names in a function's text that are none of its own."""
    local = {i.name for i in function.inputs} | function.members.keys() | _bound(function.body)
    return [name for name in _mentioned(function.body)[0] if name not in local]


@lru_cache(1024)
def _bound(body: tuple[s.Statement, ...]) -> frozenset[str]:
    return frozenset(s.bound_in(body))


@lru_cache(1024)
def _mentioned(body: tuple[s.Statement, ...]) -> tuple[tuple[str, ...], bool]:
    """The names in a text, each once, and whether it says of a value that it is differentiated."""
    parts = s.inside(body)
    return tuple(dict.fromkeys(part.id for part in parts[s.Name])), bool(parts[s.Partial])
