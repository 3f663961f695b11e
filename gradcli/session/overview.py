"""What is defined, for looking at: all names in a list, and one in detail."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gradcli.core.ir.nodes import Node, Parameter
from gradcli.core.ir.stretched import in_memory
from gradcli.language.calls.arguments import signature
from gradcli.language.calls.builtin import Builtin
from gradcli.language.calls.functions import UserFunction
from gradcli.language.library.names import builtins
from gradcli.language.text import syntax as s
from gradcli.language.text.diagnostics import Source
from gradcli.language.values.describe import describe
from gradcli.language.values.values import Function, Value
from gradcli.session.memory import memory_of, parameters_of
from gradcli.session.plain import plain
from gradcli.session.results import Derivatives, Listing, NoNumber, Plain, Shown, Tensor
from gradcli.session.session import Session
from gradcli.session.showing import definition_of

# A derivative's formula stands beside its function where it is no longer.
LONGEST_FORMULA = 120
_UNITS = ("bytes", "KiB", "MiB", "GiB")


def variables(session: Session) -> Listing:
    """Every name with its kind, shape, type, memory and value in short."""
    rows = []
    for name, value in session.scope.items():
        found = plain(value)
        shape, dtype = (_shape(found), found.dtype) if isinstance(found, Tensor) else ("", "")
        rows.append((name, kind_of(value), shape, dtype, in_units(memory_of(value)), found))
    titles = ("name", "stays"), ("kind", "extra"), ("shape", "extra"), ("dtype", "extra"), ("memory", "extra")
    return Listing((*titles, ("value", "for")), tuple(rows))


def details(session: Session, name: str, origin: str | None) -> Listing:
    """One name in detail; `origin` is the statement that gave it its value."""
    return _said(_details(session, name, origin))


def _details(session: Session, name: str, origin: str | None) -> Iterator[tuple[str, Plain | str]]:
    value = session.scope[name]
    found = plain(value)
    yield "name", name
    yield "kind", kind_of(value)
    if isinstance(found, Tensor):
        yield "shape", _shape(found) or "()"
        yield "dtype", found.dtype
    yield "memory", in_units(memory_of(value))
    if isinstance(found, Tensor) and found.shape and found.dtype != "bool":
        yield from _spread(found)
    if isinstance(value, Function):
        yield "inputs", _inputs(value)
        yield "definition", _definition(value)
        yield "parameters", str(len(parameters_of(value)) or "")
    else:
        yield "value", found
    if origin is not None and not isinstance(value, UserFunction):
        yield "from", origin


def explained(session: Session, name: str, function: Function) -> Listing:
    """A function: its definition, what it takes, what it reads from outside, its formula and its derivative's."""
    return _said(_explained(session, name, function))


def _explained(session: Session, name: str, function: Function) -> Iterator[tuple[str, Plain | str]]:
    if isinstance(function, Builtin):
        yield "built-in", signature(function)
        yield "does", function.summary
    else:
        yield "definition", _definition(function)
        yield "kind", function.kind
        yield "inputs", _inputs(function)
    yield "parameters", str(len(parameters_of(function)) or "")
    yield "reads", ", ".join(outside(session, function))
    if not isinstance(function, Builtin):
        yield "formula", _formulas(session, f"formula {name}")
    derivative = f"{name}'" if len(function.inputs) == 1 else f"grad({name}, all)"
    yield "derivative", _formulas(session, derivative, LONGEST_FORMULA)


def outside(session: Session, function: Function) -> list[str]:
    """The names that a definition reads and does not give values to itself, the built-ins among them left out."""
    if not isinstance(function, UserFunction):
        return []
    read = names_read(function)
    return [
        n if n in session.scope else f"{n} (has no value)" for n in read if n in session.scope or n not in builtins()
    ]


def names_read(function: UserFunction) -> list[str]:
    """The names that a definition reads from outside, built-ins among them, in the order of its text."""
    own = {function.name, *(i.name for i in function.inputs), *function.members, *s.bound_in(function.body)}
    inner = {part.name for part in s.walk(function.body) if isinstance(part, s.Formal)}
    return [*dict.fromkeys(n for n in s.names_in(function.body) if n not in own | inner)]


def kind_of(value: Value) -> str:
    """What sort of value it is, in a word or two."""
    if isinstance(value, Function):
        return value.kind
    if isinstance(value, Node):
        return "parameter" if isinstance(value, Parameter) else "tensor" if value.shape else "number"
    if isinstance(value, bool):
        return "truth"
    return re.sub(r"^(?:a|an|the) | (?:of|with|`).*", "", describe(value))


def in_units(count: int | None) -> str:
    """Bytes for people; nothing where there are none to count."""
    if count is None:
        return ""
    amount, unit = float(count), 0
    while amount >= 1024 and unit < len(_UNITS) - 1:
        amount, unit = amount / 1024, unit + 1
    return f"{amount:.3g} {_UNITS[unit]}" if unit else f"{count} bytes"


def _said(rows: Iterator[tuple[str, Plain | str]]) -> Listing:
    """Names with what is said of each, less those of which nothing is."""
    return Listing((("", "stays"), ("", "for")), tuple(row for row in rows if row[1] != ""))


def _shape(tensor: Tensor) -> str:
    return str(tensor.shape) if tensor.shape else ""


def _spread(tensor: Tensor) -> Iterator[tuple[str, Plain]]:
    import numpy as np

    array = in_memory(np.asarray(tensor.data))
    if array.size:
        yield "min", Tensor((), tensor.dtype, array.min().item())
        yield "mean", Tensor((), tensor.dtype, float(array.mean()))
        yield "max", Tensor((), tensor.dtype, array.max().item())


def _inputs(function: Function) -> str:
    """The inputs as they stand in the signature."""
    return signature(function).removeprefix(f"{function.name}(").removesuffix(")")


def _definition(function: Function) -> Plain | str:
    found = definition_of(function) if isinstance(function, UserFunction) else None
    # What has no definition of its own is called by what it was made from, such as `grad(f)`.
    return found or (plain(function) if function.name.isidentifier() else function.name)


def _formulas(session: Session, question: str, most: int | None = None) -> Plain | str:
    """The formulas that an expression shows, below each other; nothing where it has none, or only long ones."""
    found = session.run(Source("<formula>", question)).results
    lines = []
    for result in found:
        if isinstance(result, Shown) and isinstance(result.value, Derivatives):
            rows = result.value.rows
            if all(row.formula for row in rows):
                lines += [f"{row.name} = {row.formula}" for row in rows]
                lines += [f"where {name} = {text}" for name, text in result.value.definitions]
    is_long = most is not None and any(len(line) > most for line in lines)
    return "" if is_long or not lines else NoNumber("formula", "\n".join(lines))
