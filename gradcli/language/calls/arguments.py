"""Matching the arguments of a call to the inputs of a function."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from gradcli.core.ir.nodes import Node
from gradcli.language.text import syntax as s
from gradcli.language.text.diagnostics import Span, fail, near
from gradcli.language.values.numbers import is_number
from gradcli.language.values.values import Formal, Function, Named, Required, Several, Value

# What an input of a built-in is called in other libraries, PyTorch's first: `sum(x, dim=0, keepdim=true)`.
OTHER_WORDS = {
    "dim": "axis",
    "dims": "axis",
    "keepdim": "keepdims",
    "correction": "ddof",
    "num": "n",
    "shifts": "shift",
    "repeats": "times",
    "value": "constant_values",
    "pad_width": "width",
    "in_features": "in_channels",
    "out_features": "out_channels",
    "bias": "has_bias",
    "groups": "group",
    "eps": "epsilon",
    "num_embeddings": "vocab_size",
    "embedding_dim": "embedding_size",
}


def _in_our_words(function: Function, keywords: Mapping[str, Value], spans: Mapping[str, Span]) -> Mapping[str, Value]:
    """The arguments by the names that a built-in has for them.

    Raises:
        LanguageError: for one that is given under two names.
    """
    names = {i.name for i in function.inputs}
    if function.kind != "built-in" or keywords.keys() <= names:
        return keywords
    found: dict[str, Value] = {}
    for name, value in keywords.items():
        own = OTHER_WORDS.get(name, name)
        own = own if name not in names and own in names else name
        if own in found or (own != name and own in keywords):
            hint = f"`{name}` is another name of `{own}`" if own != name else f"by another name of `{own}`"
            raise fail("type", f"`{own}` is given twice", spans[name], hint)
        found[own] = value
    return found


def signature(function: Function) -> str:
    """The call as it is written: `grad(fn, grad_position=0)`."""
    placed, named, rest = _by_place(function)
    shown = (_shown(i.name, i.default, i.variadic) for i in (*placed, *rest, *named) if not i.by_name)
    return f"{function.name}({', '.join((*shown, *(['name=...'] if _takes_names(function) else [])))})"


def _takes_names(function: Function) -> bool:
    """Whether it takes values by any name."""
    return bool(function.inputs) and function.inputs[-1].by_name


def _by_place(function: Function) -> tuple[Sequence[Formal], Sequence[Formal], Sequence[Formal]]:
    """The inputs that are given by place, by name alone, and the variadic one.

    In front of a variadic input, those with a default are given by name: by place, they would take its first items.
    """
    inputs = function.inputs
    if _takes_names(function):
        return inputs[:-1], inputs[-1:], ()
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
    if not keywords and len(positional) == len(function.inputs) and _takes_each_by_place(function.inputs):
        return tuple(positional)
    spans = {k.name: k.span for k in call.keywords}
    keywords = _in_our_words(function, keywords, spans)
    spans |= {OTHER_WORDS[name]: span for name, span in spans.items() if name in OTHER_WORDS}
    inputs = function.inputs
    if inputs and inputs[0].several and not keywords and len(positional) > 1 and all(map(_is_single, positional)):
        positional = (Several(positional),)
    placed, _, variadic = _by_place(function)
    by_name = _takes_names(function)
    fixed = inputs[:-1] if variadic or by_name else inputs
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
    others: dict[str, Value] = {}
    for name, value in keywords.items():
        if name in values:
            raise fail("type", f"`{name}` is given twice", spans[name], "by position and by name")
        if name not in {i.name for i in fixed}:
            if by_name:
                others[name] = value
                continue
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
    if by_name:
        return (*bound, Named(function.name, others) if others else None)
    return (*bound, tuple(positional[len(placed) :])) if variadic else tuple(bound)


def is_plain_call(function: Function, call: s.Call) -> bool:
    """Whether nothing of a call to a function asks for more than the values of its arguments, one for each input.

    Told of a call that has been made: made again, with the same function, it is as plain.
    """
    inputs = function.inputs
    return (
        not call.keywords
        and len(call.arguments) == len(inputs)
        and function.kind != "built-in"
        and function.name != "norm"
        and call.function.span.text != "|"
        and _takes_each_by_place(inputs)
        and not any(i.function or i.sequence or i.name == "grad_position" for i in inputs)
    )


@lru_cache(1024)
def _takes_each_by_place(inputs: tuple[Formal, ...]) -> bool:
    """Whether as many values as there are inputs are one for each, whatever they are."""
    return not any(i.variadic or i.several or i.spread or i.by_name for i in inputs)


def _is_single(value: Value) -> bool:
    return is_number(value) or (isinstance(value, Node) and value.shape == ())


def _use(function: Function) -> str:
    return f"it is called as `{signature(function)}`"


def _count(n: int) -> str:
    return f"{n or 'no'} {'argument' if n == 1 else 'arguments'}"


def _closing(call: s.Call) -> Span:
    return Span(call.span.source, call.function.span.end, call.span.end)
