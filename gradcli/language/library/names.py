"""Every name that the language knows by itself: the table's, the core's library's, the operators and the constants."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache

from gradcli.core import library
from gradcli.core.ir.exact import PI, TAU, E
from gradcli.core.ir.nodes import Node
from gradcli.core.ir.primitive import Primitive, table
from gradcli.core.library.declare import Composed, Maker, Studio
from gradcli.language.calculus import equations, integrals, limits, searches, tangents, uncertainty
from gradcli.language.calls.announce import ANNOUNCED, CONVERT, Call, converted, read_signature
from gradcli.language.calls.builtin import Builtin
from gradcli.language.calls.functions import LayerFunction
from gradcli.language.derivatives import fields, gradient, mapping, matrices, polynomial, products
from gradcli.language.derivatives import table as tables
from gradcli.language.library import own
from gradcli.language.text.diagnostics import Span, fail, near
from gradcli.language.values import convert
from gradcli.language.values.describe import describe
from gradcli.language.values.numbers import is_number
from gradcli.language.values.values import Caller, Formal, Value

# They announce the functions that they make.
ANNOUNCING = (
    *(fields, gradient, mapping, matrices, own, polynomial, products, tables),
    *(equations, integrals, limits, searches, tangents, uncertainty),
)


@cache
def builtins() -> Mapping[str, Value]:
    """All of them by name."""
    known: dict[str, Value] = dict(CONSTANTS)
    for primitive in table().values():
        for name in primitive.names:
            known[name] = _from_primitive(name, primitive)
    for name, composed in library.COMPOSED.items():
        known[name] = _from_composed(name, composed)
    for name, maker in library.LAYERS.items():
        known[name] = _from_maker(name, maker)
    known.update(ANNOUNCED)
    return known


CONSTANTS: dict[str, float] = {
    "pi": PI,
    "π": PI,
    "tau": TAU,
    "τ": TAU,
    "e": E,
    "inf": math.inf,
    "nan": math.nan,
}


def _from_primitive(name: str, primitive: Primitive) -> Builtin:
    names = ("condition", "x", "y") if primitive.condition else ("x", "y", "z")[: primitive.arity]

    def apply(caller: Caller, values: Sequence[Value], span: Span) -> Value:
        nodes = [convert.to_node(v, caller.dtype, span) for v in values]
        if len(nodes) == 1 or not any(isinstance(v, Node) for v in values):
            return primitive(*nodes)
        # A plain number beside a tensor takes the tensor's type.
        plain = [v if is_number(v) else n for v, n in zip(values, nodes, strict=True)]
        return primitive(*plain)

    return Builtin(name, tuple(Formal(n) for n in names), apply, primitive.summary, of_tensor=primitive)


def _from_composed(name: str, composed: Composed) -> Builtin:
    inputs, kinds = read_signature(composed.function)

    def apply(caller: Caller, values: Sequence[Value], span: Span) -> Value:
        _refuse_several_numbers(name, inputs, values, span)
        return composed.function(*converted(Call(caller, span), name, values, inputs, kinds))  # type: ignore[no-any-return]

    return Builtin(name, inputs, apply, composed.summary, of_tensor=composed.function)


# What takes two numbers where its namesake takes a tensor.
_OF_TWO = {"max": "maximum", "amax": "maximum", "min": "minimum", "amin": "minimum", "norm": "hypot"}


def _refuse_several_numbers(name: str, inputs: Sequence[Formal], values: Sequence[Value], span: Span) -> None:
    """Refuse `max(1, 2)`: of one number there is nothing to go along, and the second is no number to go with it.

    Raises:
        LanguageError: with the call that was meant.
    """
    if len(inputs) < 2 or inputs[0].name != "x" or inputs[1].name not in ("axis", "ord"):
        return
    x, second = values[:2]
    single = (is_number(x)) or (isinstance(x, Node) and x.shape == ())
    several = name in _OF_TWO or any(is_number(v) for v in values[2:])
    if single and several and second is not None and second != inputs[1].default:
        two = f"write `{_OF_TWO[name]}(x, y)` of two numbers, or " if name in _OF_TWO else "write "
        raise fail(
            "type",
            f"`{name}` takes one tensor, and here it is a single number: what stands behind it is `{inputs[1].name}`",
            span,
            f"{two}`{name}([x, y])` of the items of a tensor",
        )


def _from_maker(name: str, maker: Maker) -> Builtin:
    inputs, kinds = read_signature(maker.function, leading=1)

    def apply(caller: Caller, values: Sequence[Value], span: Span) -> Value:
        given = converted(Call(caller, span), name, values, inputs, kinds)
        return LayerFunction(maker.function(Studio(caller.random, caller.dtype), *given))

    return Builtin(name, inputs, apply, maker.summary)


def _activation(call: Call, value: Value, what: str) -> Callable[[Node], Node]:
    """A built-in of one tensor, given itself or by its name."""
    found = builtins().get(value) if isinstance(value, str) else value
    if not isinstance(found, Builtin) or [i.name for i in found.inputs][:1] != ["x"]:
        named = f'"{value}"' if isinstance(value, str) else describe(value)
        hint = near(value, list(builtins())) if isinstance(value, str) else None
        hint = hint or "give a built-in, such as relu or tanh; a model of your own can apply any function"
        raise fail("type", f"{named} is no activation", call.span, hint)
    return found.of_tensor


CONVERT["Activation | None"] = lambda call, v, what: None if v is None else _activation(call, v, what)
