"""The names that an expression takes from outside, and the function of them that it is where they have no value."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, is_dataclass

from gradcli.language.text import syntax as s
from gradcli.language.text.diagnostics import Span
from gradcli.language.values.values import Formal, Required

# What an expression is called as a function of its free names.
NAME = "f"


def free_names(
    expression: s.Expression,
    is_known: Callable[[str], bool],
    inputs_of: Callable[[str], Sequence[Formal]] = lambda name: (),
    quotient: Callable[[s.Binary], object | None] = lambda node: None,
) -> dict[str, Span]:
    """The names that an expression takes from outside and nobody knows, and where each stands first.

    `inputs_of` tells the inputs of a built-in: where they take names, or a function, which an expression is by itself,
    what is given them is left out. `quotient` tells of a division that is df/dx what is evaluated in it.
    """
    found: dict[str, Span] = {}
    for name, bound in _scoped(expression, inputs_of, quotient):
        if name.id not in bound and not is_known(name.id):
            found.setdefault(name.id, name.span)
    return found


def called_names(expression: s.Expression) -> set[str]:
    """The names that are called in an expression, so that they are functions."""
    found: set[str] = set()
    for part in s.walk(expression):
        function = part.function if isinstance(part, (s.Call, s.Prime)) else None
        if isinstance(part, s.Nabla) or (isinstance(part, s.Partial) and not _of_its_variable(part)):
            function = part.of
        if isinstance(function, s.Name):
            found.add(function.id)
    return found


def _of_its_variable(partial: s.Partial) -> bool:
    """Whether it is `d/dx x`."""
    return isinstance(partial.of, s.Name) and partial.of.id in {name.id for name in partial.by}


def definition(expression: s.Expression, names: tuple[str, ...], name: str = NAME) -> s.Function:
    """The definition of an expression as a function of some names."""
    return s.Function(
        expression.span,
        s.Name(expression.span, name),
        tuple(s.Formal(expression.span, n, None) for n in names),
        (s.Return(expression.span, expression),),
        is_model=False,
    )


def _computed(call: s.Call, inputs: Sequence[Formal]) -> tuple[object, ...]:
    """The parts of a call that are evaluated before it."""
    apart = {i.name for i in inputs if i.function or i.names or i.name == "grad_position"}
    places = [i for i in inputs if not i.variadic and (not inputs[-1].variadic or isinstance(i.default, Required))]
    rest = inputs[-1] if inputs and inputs[-1].variadic else None
    positional = (a for n, a in enumerate(call.arguments) if _name_at(places, rest, n) not in apart)
    return (call.function, *positional, *(k.value for k in call.keywords if k.name not in apart))


def _name_at(places: Sequence[Formal], rest: Formal | None, place: int) -> str | None:
    found = places[place] if place < len(places) else rest
    return None if found is None else found.name


def _scoped(
    expression: s.Expression,
    inputs_of: Callable[[str], Sequence[Formal]],
    quotient: Callable[[s.Binary], object | None],
) -> Iterator[tuple[s.Name, frozenset[str]]]:
    """Every name in the order of the text, with those that the functions around it bind."""
    # A loop, not recursion: a sum may be as deep as it is long.
    stack: list[tuple[object, frozenset[str]]] = [(expression, frozenset())]
    while stack:
        part, bound = stack.pop()
        if isinstance(part, tuple):
            stack.extend((item, bound) for item in reversed(part))
        elif isinstance(part, s.Name):
            yield part, bound
        elif isinstance(part, s.Lambda):
            stack.append((part.body, bound | {p.name for p in part.parameters}))
            stack.append((part.parameters, bound))
        elif isinstance(part, s.Comprehension):
            stack.append((part.body, bound | {t.id for t in part.targets}))
            stack.append((part.values, bound))
        elif isinstance(part, s.Partial) and isinstance(part.of, s.Name):
            # Of a function by its inputs; what they are called is known there.
            stack.append((part.of, bound))
        elif isinstance(part, s.At):
            stack.extend((a, bound) for a in reversed((*part.arguments, *(k.value for k in part.keywords))))
        elif isinstance(part, s.Binary) and (known := quotient(part)) is not None:
            stack.append((known, bound))
        elif isinstance(part, s.Call):
            inputs = inputs_of(part.function.id) if isinstance(part.function, s.Name) else ()
            stack.append((_computed(part, inputs), bound))
        elif is_dataclass(part) and not isinstance(part, Span):
            stack.extend((getattr(part, f.name), bound) for f in reversed(fields(part)))
