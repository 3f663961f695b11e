"""Every name that the language knows by itself: the table's, the core's library's, the operators and the constants."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib import import_module

from gradcli.core.importing import import_modules
from gradcli.core.ir.exact import PI, TAU, E
from gradcli.core.ir.nodes import Node
from gradcli.core.ir.primitive import Primitive, find, imported
from gradcli.core.library.declare import COMPOSED, LAYERS, Composed, Maker, Studio
from gradcli.core.records import record
from gradcli.language.calls.announce import ANNOUNCED, CONVERT, Call, converted, read_signature
from gradcli.language.calls.builtin import Builtin
from gradcli.language.calls.functions import LayerFunction
from gradcli.language.calls.nested import is_nested, place_by_place
from gradcli.language.library import tuples, units
from gradcli.language.text.diagnostics import Span, fail, near
from gradcli.language.values import convert
from gradcli.language.values.describe import describe
from gradcli.language.values.numbers import is_number
from gradcli.language.values.values import Caller, Formal, Value

# Where each name is stated, a line each, made by a test (GRADCLI_WRITE_TABLES=1): a short command imports few of them.
INDEX = os.path.join(os.path.dirname(__file__), "index.txt")


# What states them.
STATING = (
    *("gradcli.core.primitives", "gradcli.core.library", "gradcli.core.loops", "gradcli.language.files"),
    *("gradcli.language.derivatives", "gradcli.language.calculus", "gradcli.language.plots", "gradcli.language.steps"),
    "gradcli.language.library",
)


@cache
def import_all() -> None:
    """Import all that states functions of the language."""
    for package in STATING:
        import_modules(package)


def stated() -> dict[str, str]:
    """The names that are stated in modules which are imported by now, and which module that is."""
    found: dict[str, str] = {}
    for primitive in imported():
        found |= dict.fromkeys(primitive.names, primitive.module)
    found |= {name: composed.function.__module__ for name, composed in COMPOSED.items()}
    found |= {name: maker.function.__module__ for name, maker in LAYERS.items()}
    return found | {name: announced.module for name, announced in ANNOUNCED.items()}


def index_text() -> str:
    """What the index holds: each name, and the module that states it."""
    import_all()
    return "".join(f"{name} {module}\n" for name, module in sorted(stated().items()))


class _Builtins(Mapping[str, Value]):
    """Each is made when it is first asked for, and its module imported then."""

    def __init__(self) -> None:
        with open(INDEX, encoding="utf-8") as file:
            lines = file.read().splitlines()
        # What the index does not know yet, but is there, is known too.
        self.modules = stated() | dict(line.split() for line in lines)
        self._made: dict[str, Value] = {}
        self._names = dict.fromkeys((*CONSTANTS, *self.modules, *ALIASES))

    def __getitem__(self, name: str) -> Value:
        if name in self._made:
            return self._made[name]
        # Of two threads that make it at once one wins, so that a built-in is one object.
        return self._made.setdefault(name, self._make(name))

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def _make(self, name: str) -> Value:
        if name in ALIASES:
            built_in = self[ALIASES[name]]
            assert isinstance(built_in, Builtin)
            return replace(built_in, name=name)
        if name not in self.modules:
            return CONSTANTS[name]
        import_module(self.modules[name])
        if name in ANNOUNCED:
            return ANNOUNCED[name]
        if name in LAYERS:
            return _from_maker(name, LAYERS[name])
        if name in COMPOSED:
            return _from_composed(name, COMPOSED[name])
        primitive = find(lambda p: name in p.names)
        assert primitive is not None
        return _from_primitive(name, primitive)


@cache
def builtins() -> Mapping[str, Value]:
    """All of them by name."""
    return _Builtins()


def module_of(name: str) -> str:
    """The module that states a built-in."""
    known = builtins()
    assert isinstance(known, _Builtins)
    return known.modules.get(ALIASES.get(name, name), "")


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
        if len(values) == 1 and isinstance(values[0], Node):
            # Most that is traced.
            return primitive(values[0])
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
