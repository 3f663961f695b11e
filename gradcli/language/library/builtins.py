"""Every name that the language knows by itself: the table's, the core's library's, the operators and the constants."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from gradcli.core import library
from gradcli.core.ir.dtypes import DType, as_float
from gradcli.core.ir.nodes import Constant, Node, Operand, Parameter, constant
from gradcli.core.ir.primitive import Primitive, table
from gradcli.core.ir.promotion import cast
from gradcli.core.ir.shapes import check_shape
from gradcli.core.library.declare import Composed, Maker, Studio
from gradcli.language.calls.builtin import Apply, Builtin
from gradcli.language.calls.compare import allclose
from gradcli.language.calls.functions import LayerFunction, in_sequence
from gradcli.language.calls.reach import parameters_of
from gradcli.language.library.operators import OPERATORS
from gradcli.language.text.diagnostics import Span, fail, near
from gradcli.language.values import convert
from gradcli.language.values.describe import describe, require_function
from gradcli.language.values.numbers import EULER
from gradcli.language.values.values import REQUIRED, Caller, Formal, Parameters, Value

LONGEST_RANGE = 10_000_000


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
    known.update({b.name: b for b in _own()})
    known["trainable_params"] = _alias("trainable_params", known["params"])
    known["int"], known["float"] = _alias("int", known["int64"]), _alias("float", known["float64"])
    return known


CONSTANTS: dict[str, float] = {
    "pi": math.pi,
    "π": math.pi,
    "tau": math.tau,
    "e": EULER,
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
        plain = [
            v if isinstance(v, (int, float)) and not isinstance(v, bool) else n
            for v, n in zip(values, nodes, strict=True)
        ]
        return primitive(*plain)

    return Builtin(name, tuple(Formal(n) for n in names), apply, primitive.summary, of_tensor=primitive)


def _from_composed(name: str, composed: Composed) -> Builtin:
    inputs, kinds = _read_signature(composed.function)

    def apply(caller: Caller, values: Sequence[Value], span: Span) -> Value:
        _refuse_several_numbers(name, inputs, values, span)
        return composed.function(*_converted(caller, values, inputs, kinds, span))  # type: ignore[no-any-return]

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
    single = (isinstance(x, (int, float)) and not isinstance(x, bool)) or (isinstance(x, Node) and x.shape == ())
    several = name in _OF_TWO or any(isinstance(v, (int, float)) and not isinstance(v, bool) for v in values[2:])
    if single and several and second is not None and second != inputs[1].default:
        two = f"write `{_OF_TWO[name]}(x, y)` of two numbers, or " if name in _OF_TWO else "write "
        raise fail(
            "type",
            f"`{name}` takes one tensor, and here it is a single number: what stands behind it is `{inputs[1].name}`",
            span,
            f"{two}`{name}([x, y])` of the items of a tensor",
        )


def _from_maker(name: str, maker: Maker) -> Builtin:
    inputs, kinds = _read_signature(maker.function)
    inputs, kinds = inputs[1:], kinds[1:]

    def apply(caller: Caller, values: Sequence[Value], span: Span) -> Value:
        given = _converted(caller, values, inputs, kinds, span)
        return LayerFunction(maker.function(Studio(caller.random, caller.dtype), *given))

    return Builtin(name, inputs, apply, maker.summary)


def _read_signature(function: Callable[..., Any]) -> tuple[tuple[Formal, ...], list[str]]:
    """The inputs of a Python function, and what each is to be converted to, from its annotations."""
    parameters = inspect.signature(function).parameters.values()
    inputs = tuple(
        Formal(
            p.name,
            REQUIRED if p.default is p.empty else None if p.annotation == "DType" else p.default,
            variadic=p.kind is p.VAR_POSITIONAL,
            real=p.annotation in _REAL,
        )
        for p in parameters
    )
    return inputs, [f"*{p.annotation}" if p.kind is p.VAR_POSITIONAL else str(p.annotation) for p in parameters]


# What is computed with, and so can be differentiated by; everything else is known before the call.
_REAL = ("Node", "tuple[Node, ...]", "Operand", "Operand | None")


_CONVERT: dict[str, Callable[[Caller, Value, Span, str], Any]] = {
    "Node": lambda m, v, span, what: convert.to_node(v, m.dtype, span),
    "Operand": lambda m, v, span, what: _operand(m, v, span),
    "Operand | None": lambda m, v, span, what: None if v is None else _operand(m, v, span),
    "tuple[Node, ...]": lambda m, v, span, what: convert.to_nodes(v, m.dtype, span),
    "int": lambda m, v, span, what: convert.to_int(v, span, what),
    "float": lambda m, v, span, what: _number(v, span, what),
    "tuple[float, ...] | None": lambda m, v, span, what: None if v is None else _numbers(v, span, what),
    "float | None": lambda m, v, span, what: None if v is None else _number(v, span, what),
    "int | None": lambda m, v, span, what: None if v is None else convert.to_int(v, span, what),
    "bool": lambda m, v, span, what: convert.to_bool(v, span, what),
    "Axis": lambda m, v, span, what: convert.to_axis(v, span),
    "Widths": lambda m, v, span, what: (
        tuple(convert.to_shape(pair, span, what) for pair in v)
        if isinstance(v, tuple)
        else convert.to_int(v, span, what)
    ),
    "Shape": lambda m, v, span, what: convert.to_shape(v, span),
    "DType": lambda m, v, span, what: m.dtype if v is None else convert.to_dtype(v, span),
    "Activation | None": lambda m, v, span, what: None if v is None else _activation(v, span),
    "str": lambda m, v, span, what: _text(v, span, what),
}


def _converted(
    caller: Caller, values: Sequence[Value], inputs: Sequence[Formal], kinds: Sequence[str], span: Span
) -> list[Any]:
    converted: list[Any] = []
    for value, i, kind in zip(values, inputs, kinds, strict=True):
        if kind.startswith("*"):
            assert isinstance(value, tuple)
            converted += [_CONVERT[kind[1:]](caller, v, span, f"`{i.name}`") for v in value]
        else:
            converted.append(_CONVERT[kind](caller, value, span, f"`{i.name}`"))
    return converted


def _operand(caller: Caller, value: Value, span: Span) -> Operand:
    """A plain number as it is, so that it takes the type of the tensor that it meets."""
    plain = isinstance(value, (int, float)) and not isinstance(value, bool)
    return value if plain else convert.to_node(value, caller.dtype, span)  # type: ignore[return-value]


def _number(value: Value, span: Span, what: str) -> float:
    number = convert.known_value(value, f"{what}, a number known before the call") if isinstance(value, Node) else value
    if isinstance(value, Node) and number is None and value.shape == ():
        raise fail("value", f"{what} must be known when the function is called", span, "pass a plain number for it")
    if isinstance(number, bool) or not isinstance(number, (int, float)):
        raise fail("type", f"{what} is a number known before the call, not {describe(value)}", span)
    return as_float(number)


def _numbers(value: Value, span: Span, what: str) -> tuple[float, ...]:
    if isinstance(value, Node) and isinstance(value, (Constant, Parameter)) and len(value.shape) == 1:
        array = (value.value if isinstance(value, Parameter) else value).value
        return tuple(float(x) for x in array)
    if isinstance(value, tuple):
        return tuple(_number(v, span, f"each number of {what}") for v in value)
    raise fail("type", f"{what} is a vector of numbers known before the call, not {describe(value)}", span)


def _activation(value: Value, span: Span) -> Callable[[Node], Node]:
    """A built-in of one tensor, given itself or by its name."""
    found = builtins().get(value) if isinstance(value, str) else value
    if not isinstance(found, Builtin) or [i.name for i in found.inputs][:1] != ["x"]:
        what = f'"{value}"' if isinstance(value, str) else describe(value)
        hint = near(value, list(builtins())) if isinstance(value, str) else None
        hint = hint or "give a built-in, such as relu or tanh; a model of your own can apply any function"
        raise fail("type", f"{what} is no activation", span, hint)
    return found.of_tensor


def _text(value: Value, span: Span, what: str) -> str:
    if not isinstance(value, str):
        raise fail("type", f"{what} is a text, not {describe(value)}", span, 'such as "mean"')
    return value


def _alias(name: str, value: Value) -> Builtin:
    assert isinstance(value, Builtin)
    return Builtin(name, value.inputs, value.apply, value.summary)


def _params(caller: Caller, values: Sequence[Value], span: Span) -> Parameters:
    return parameters_of(caller, require_function(values[0], span, "params"))


def _range(caller: Caller, values: Sequence[Value], span: Span) -> Value:
    bounds = values[0]
    assert isinstance(bounds, tuple)
    if not 1 <= len(bounds) <= 3:
        raise fail(
            "type", f"range takes 1 to 3 numbers, and here are {len(bounds) or 'none'}", span, "such as range(n)"
        )
    numbers = [convert.to_int(b, span, "a bound of range") for b in bounds]
    if len(numbers) == 3 and numbers[2] == 0:
        raise fail("value", "range can't step by 0", span)
    values_ = range(*numbers)
    # Not len(), which refuses what doesn't fit 64 bits.
    count = max(0, -((values_.start - values_.stop) // values_.step))
    if count > LONGEST_RANGE:
        raise fail("value", f"a range of {count:,} numbers is too long", span, f"at most {LONGEST_RANGE:,}")
    return tuple(values_)


def _len(caller: Caller, values: Sequence[Value], span: Span) -> int:
    (value,) = values
    if isinstance(value, (tuple, str)):
        return len(value)
    if isinstance(value, Parameters):
        return len(value.nodes)
    if isinstance(value, Node) and value.shape:
        return value.shape[0]
    raise fail("type", f"{describe(value)} has no length", span)


def _cast_to(dtype: DType) -> Apply:
    def apply(caller: Caller, values: Sequence[Value], span: Span) -> Value:
        (value,) = values
        if dtype is DType.INT64 and isinstance(value, int) and not isinstance(value, bool):
            return constant(value, dtype)  # exact, where a float64 would round it
        return cast(convert.to_node(value, DType.FLOAT64, span), dtype)

    return apply


def _draw(kind: str) -> Apply:
    def apply(caller: Caller, values: Sequence[Value], span: Span) -> Value:
        shape, a, b, dtype = values
        draw = getattr(caller.random, kind)
        numbers = [_number(what, span, f"each number of {kind}") for what in (a, b)]
        lengths = check_shape(convert.to_shape(shape, span))
        if kind == "normal" and numbers[1] < 0:
            raise fail("value", f"a standard deviation can't be {numbers[1]}", span)
        try:
            return draw(lengths, *numbers, caller.dtype if dtype is None else convert.to_dtype(dtype, span))  # type: ignore[no-any-return]
        except (MemoryError, ValueError, OverflowError):
            raise fail("value", f"a tensor of shape {lengths} can't be drawn", span, "use a smaller shape") from None

    return apply


def _own() -> tuple[Builtin, ...]:
    casts = tuple(Builtin(d.value, (Formal("x"),), _cast_to(d), f"x with elements of type {d.value}") for d in DType)
    return (
        Builtin(
            "Sequential",
            (Formal("layers", variadic=True),),
            lambda m, v, span: in_sequence(v[0], span),
            "layers and functions one after the other, as one model",
        ),
        Builtin("params", (Formal("fn"),), _params, "the trainable parameters of a function"),
        Builtin("range", (Formal("bounds", variadic=True),), _range, "whole numbers to go through, as Python's range"),
        Builtin("len", (Formal("x"),), _len, "how many items, or how long the first axis is"),
        Builtin(
            "allclose",
            (Formal("a"), Formal("b"), Formal("rtol", None), Formal("atol", 0.0), Formal("equal_nan", False)),
            allclose,
            "whether two values are equal within a tolerance, item by item and of one shape",
        ),
        Builtin(
            "normal",
            (Formal("shape", ()), Formal("mean", 0.0), Formal("std", 1.0), Formal("dtype", None)),
            _draw("normal"),
            "seeded random numbers, normally distributed",
        ),
        Builtin(
            "uniform",
            (Formal("shape", ()), Formal("low", 0.0), Formal("high", 1.0), Formal("dtype", None)),
            _draw("uniform"),
            "seeded random numbers, evenly distributed over [low, high)",
        ),
        *casts,
        *OPERATORS,
    )
