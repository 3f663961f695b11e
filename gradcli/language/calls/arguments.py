"""Matching the arguments of a call to the inputs of a function."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gradcli.core.ir.nodes import Node
from gradcli.language.text import syntax as s
from gradcli.language.text.diagnostics import Span, fail, near
from gradcli.language.values.numbers import is_number
from gradcli.language.values.values import Formal, Function, Required, Several, Value


def signature(function: Function) -> str:
    """The call as it is written: `grad(fn, grad_position=0)`."""
    placed, named, rest = _by_place(function)
    return f"{function.name}({', '.join(_shown(i.name, i.default, i.variadic) for i in (*placed, *rest, *named))})"


def _by_place(function: Function) -> tuple[Sequence[Formal], Sequence[Formal], Sequence[Formal]]:
    """The inputs that are given by place, by name alone, and the variadic one.

    In front of a variadic input, those with a default are given by name: by place, they would take its first items.
    """
    inputs = function.inputs
    if not inputs or not inputs[-1].variadic:
        return inputs, (), ()
    placed = [i for i in inputs[:-1] if isinstance(i.default, Required)]
    return placed, [i for i in inputs[:-1] if i not in placed], inputs[-1:]


def _shown(name: str, default: Value | Required, variadic: bool) -> str:
    if variadic:
        return f"{name}, ..."
    if isinstance(default, Required):
        return name
    words = {True: "true", False: "false", None: "none"}
    plain = isinstance(default, (bool, type(None)))
    text = words[default] if plain else f'"{default}"' if isinstance(default, str) else str(default)  # type: ignore[index]
    return f"{name}={text}"


def input_at(function: Function, place: int) -> Formal | None:
    """The input that the argument at a place is for; None behind the last."""
    placed, _, variadic = _by_place(function)
    return placed[place] if place < len(placed) else function.inputs[-1] if variadic else None


def bind(
    function: Function, positional: Sequence[Value], keywords: Mapping[str, Value], call: s.Call
) -> tuple[Value, ...]:
    """One value for each input, in order; a variadic last input takes the rest as a tuple.

    Numbers alone are one value where the first input takes several.

    Raises:
        LanguageError: for too many arguments, one missing, given twice, or unknown.
    """
    inputs = function.inputs
    if inputs and inputs[0].several and not keywords and len(positional) > 1 and all(map(_is_single, positional)):
        positional = (Several(positional),)
    placed, _, variadic = _by_place(function)
    fixed = inputs[:-1] if variadic else inputs
    if len(positional) > len(placed) and not variadic and placed and placed[-1].spread:
        last = len(placed) - 1
        positional = (*positional[:last], tuple(positional[last:]))
    if len(positional) > len(placed) and not variadic:
        extra = call.arguments[len(placed)].span
        raise fail(
            "type",
            f"`{function.name}` takes {_count(len(fixed))}, and here are {len(positional)}",
            extra,
            _use(function),
        )
    values: dict[str, Value] = {i.name: v for i, v in zip(placed, positional, strict=False)}
    spans = {k.name: k.span for k in call.keywords}
    for name, value in keywords.items():
        if name in values:
            raise fail("type", f"`{name}` is given twice", spans[name], "by position and by name")
        if name not in {i.name for i in fixed}:
            hint = near(name, [i.name for i in fixed]) or _use(function)
            raise fail("type", f"`{function.name}` has no input `{name}`", spans[name], hint)
        values[name] = value
    missing = [i.name for i in fixed if i.name not in values and isinstance(i.default, Required)]
    if missing:
        names = ", ".join(f"`{m}`" for m in missing)
        raise fail("type", f"`{function.name}` needs a value for {names}", _closing(call), _use(function))
    bound: list[Value] = []
    for i in fixed:
        default = i.default
        bound.append(values[i.name] if i.name in values else None if isinstance(default, Required) else default)
    return (*bound, tuple(positional[len(placed) :])) if variadic else tuple(bound)


def _is_single(value: Value) -> bool:
    return is_number(value) or (isinstance(value, Node) and value.shape == ())


def _use(function: Function) -> str:
    return f"it is called as `{signature(function)}`"


def _count(n: int) -> str:
    return f"{n or 'no'} {'argument' if n == 1 else 'arguments'}"


def _closing(call: s.Call) -> Span:
    return Span(call.span.source, call.function.span.end, call.span.end)
