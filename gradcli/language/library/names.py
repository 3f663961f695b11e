"""Every name that the language knows by itself: the table's, the core's library's, the operators and the constants."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache

from gradcli.core import library
from gradcli.core.ir.exact import PI, TAU, E
from gradcli.core.ir.nodes import Node
from gradcli.core.ir.primitive import Primitive, table
from gradcli.core.library.declare import Composed, Maker, Studio
from gradcli.core.loops import recurrent
from gradcli.core.records import record
from gradcli.language.calculus import (
    equations,
    integrals,
    limits,
    odes,
    optimizers,
    searches,
    tangents,
    training,
    uncertainty,
)
from gradcli.language.calls.announce import ANNOUNCED, CONVERT, Call, converted, read_signature
from gradcli.language.calls.builtin import Builtin
from gradcli.language.calls.functions import LayerFunction
from gradcli.language.calls.nested import is_nested, place_by_place
from gradcli.language.derivatives import custom, fields, formulas, gradient, mapping, matrices, polynomial, products
from gradcli.language.derivatives import table as tables
from gradcli.language.files import data
from gradcli.language.library import counting, own, powers, repeated, tuples, units
from gradcli.language.plots import plot
from gradcli.language.steps import announced
from gradcli.language.text.diagnostics import Span, fail, near
from gradcli.language.values import convert
from gradcli.language.values.describe import describe
from gradcli.language.values.numbers import is_number
from gradcli.language.values.values import Caller, Formal, Value

# They announce the functions that they make.
ANNOUNCING = (
    *(counting, custom, data, fields, formulas, gradient, mapping, matrices, own, plot, polynomial, powers, products),
    tables,
    announced,
    *(equations, integrals, limits, odes, optimizers, recurrent, repeated, searches, tangents, training, uncertainty),
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
    for alias, name in ALIASES.items():
        built_in = known[name]
        assert isinstance(built_in, Builtin)
        known[alias] = replace(built_in, name=alias)
    return known


# What is called otherwise in other countries, on calculators and in other languages.
ALIASES = {
    "lg": "log10",
    "tg": "tan",
    "ctg": "cot",
    "cosec": "csc",
    "arctg": "atan",
    "arcctg": "acot",
    "sgn": "sign",
    "signum": "sign",
    "ceiling": "ceil",
    "remainder": "mod",
    "fact": "factorial",
    "comb": "binomial",
    "nCr": "binomial",
    "nPr": "perm",
    # What the same is called in libraries of arrays.
    "absolute": "abs",
    "cat": "concatenate",
    "concat": "concatenate",
    "clamp": "clip",
    "permute_dims": "transpose",
    "trapz": "trapezoid",
    "unsqueeze": "expand_dims",
    "gammaln": "lgamma",
}


@record
class Number:
    """A number that has a name: its names, its value, what it is, and lines to type that show it."""

    names: tuple[str, ...]
    value: float
    summary: str
    example: str


NUMBERS = (
    Number(("pi", "π"), PI, "the ratio of a circle's circumference to its diameter", "sin(pi/6), 2π"),
    Number(("tau", "τ"), TAU, "a whole turn in radians, 2 pi", "cos(tau/2)"),
    Number(("e",), E, "the base of the natural logarithm; the slope of e^x is e^x", "log(e), (x -> e^x)'(1)"),
    Number(("inf", "infinity"), math.inf, "infinity, ∞", "1/inf, atan(inf)"),
    Number(("nan",), math.nan, "no number: what has no value", "nan == nan, where(true, 1, nan)"),
    Number(("deg",), units.UNITS["deg"], "a degree, in radians; called, radians as degrees", "sin(30 deg), deg(pi)"),
    Number(("rad",), units.UNITS["rad"], "a radian, 1; called, degrees as radians", "2 rad, rad(180)"),
)
CONSTANTS: dict[str, float] = {name: number.value for number in NUMBERS for name in number.names}


def _from_primitive(name: str, primitive: Primitive) -> Builtin:
    names = ("condition", "x", "y") if primitive.condition else ("x", "y", "z")[: primitive.arity]

    def apply(caller: Caller, values: Sequence[Value], span: Span) -> Value:
        if primitive.pointwise and any(map(is_nested, values)):
            return place_by_place(lambda items: apply(caller, items, span), values, f"`{name}`", span)
        nodes = [convert.to_node(v, caller.dtype, span) for v in values]
        if len(nodes) == 1 or not any(isinstance(v, Node) for v in values):
            return primitive(*nodes)
        # A plain number beside a tensor takes the tensor's type.
        plain = [v if is_number(v) else n for v, n in zip(values, nodes, strict=True)]
        return primitive(*plain)

    return Builtin(
        name, tuple(Formal(n) for n in names), apply, primitive.summary, of_tensor=primitive, example=primitive.example
    )


def _from_composed(name: str, composed: Composed) -> Builtin:
    inputs, kinds = read_signature(composed.function)
    inputs, summary = tuples.with_several(name, inputs), composed.summary + tuples.also(name)

    def apply(caller: Caller, values: Sequence[Value], span: Span) -> Value:
        call = Call(caller, span)
        if composed.pointwise and any(map(is_nested, values)):
            return place_by_place(lambda items: apply(caller, items, span), values, f"`{name}`", span)
        if values and isinstance(values[0], tuple) and name in tuples.FOLDS:
            return tuples.folded(call, name, inputs, values)
        values = tuples.as_one_tensor(call, name, inputs, values)
        return composed.function(*converted(call, name, values, inputs, kinds))  # type: ignore[no-any-return]

    details = composed.function.__doc__ or ""
    return Builtin(name, inputs, apply, summary, of_tensor=composed.function, example=composed.example, details=details)


def _from_maker(name: str, maker: Maker) -> Builtin:
    inputs, kinds = read_signature(maker.function, leading=1)

    def apply(caller: Caller, values: Sequence[Value], span: Span) -> Value:
        given = converted(Call(caller, span), name, values, inputs, kinds)
        return LayerFunction(maker.function(Studio(caller.random, caller.dtype), *given))

    details = maker.function.__doc__ or ""
    return Builtin(name, inputs, apply, maker.summary, example=maker.example, details=details)


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
