"""How a function of the language is announced: its Python signature is its signature in the language.

Annotations say what each argument is converted to, so that a function gets what it asks for, or the call is refused.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, TypeVar

from gradcli.core.ir.dtypes import as_float
from gradcli.core.ir.nodes import Constant, Node, Operand, Parameter
from gradcli.core.records import record
from gradcli.language.calls.builtin import Builtin, same
from gradcli.language.calls.nested import is_nested, place_by_place
from gradcli.language.text.diagnostics import Span, fail
from gradcli.language.values import convert
from gradcli.language.values.describe import describe, require_function
from gradcli.language.values.numbers import is_number
from gradcli.language.values.values import REQUIRED, Caller, Formal, Named, Value

F = TypeVar("F", bound=Callable[..., Any])

# A function, or what else goes where one may; an expression of free names is a function there.
FunctionOrValue: TypeAlias = Value
# What is given by names that no other input has.
ByName: TypeAlias = Named


@record
class Call:
    """Who calls a built-in, and where."""

    caller: Caller
    span: Span


# What is announced beside the core's library: operators, and what needs to know who calls.
ANNOUNCED: dict[str, Builtin] = {}


def builtin(
    summary: str,
    *names: str,
    by_inputs: bool = False,
    of_call: bool = False,
    of_tensor: Callable[..., Node] = same,
    example: str = "",
    details: str = "",
) -> Callable[[F], F]:
    """Enter a function under names of the language, its own if none is given; its first argument is the call.

    `by_inputs` says that it differentiates by inputs of the function that calls it, `of_call` that it takes a call as
    the function and what it is called with; `of_tensor` is what it is to one
    tensor, where it may stand for an activation. `example` are lines to type, under the first of its names.
    """

    def announce(function: F) -> F:
        formals, kinds = read_signature(function, leading=1)
        for name in names or (function.__name__.rstrip("_"),):

            def apply(caller: Caller, values: Sequence[Value], span: Span, name: str = name) -> Value:
                if of_tensor is not same and any(map(is_nested, values)):
                    return place_by_place(lambda v: apply(caller, v, span, name), values, f"`{name}`", span)
                call = Call(caller, span)
                result: Value = function(call, *converted(call, name, values, formals, kinds))
                return result

            place = function.__module__
            ANNOUNCED[name] = Builtin(
                name, formals, apply, summary, "built-in", by_inputs, of_call, of_tensor, example, details, place
            )
        return function

    return announce


# What is computed with, and so can be differentiated by; everything else is known before the call.
_REAL = (
    *("Node", "Known", "Node | None", "tuple[Node, ...]", "tuple[Node, ...] | None"),
    *("Operand", "Operand | None", "Value"),
)
# What a tuple is given for.
_SEQUENCES = ("tuple[Node, ...]", "Shape", "Lengths", "Order")


def read_signature(function: Callable[..., Any], leading: int = 0) -> tuple[tuple[Formal, ...], list[str]]:
    """The inputs of a Python function without its leading ones, and what each is to be converted to."""
    # Read off the code: an inspect.Signature takes a tenth of a millisecond, and there are many functions.
    code = function.__code__
    assert not code.co_kwonlyargcount, f"{function.__name__} has inputs by name only"
    names = code.co_varnames[: code.co_argcount]
    defaults = dict(zip(reversed(names), reversed(function.__defaults__ or ()), strict=False))
    kinds = {name: str(kind) for name, kind in function.__annotations__.items()}
    formals = [_formal(name, kinds[name], defaults.get(name, REQUIRED)) for name in names[leading:]]
    found = [kinds[name] for name in names[leading:]]
    if code.co_flags & inspect.CO_VARARGS:
        name = code.co_varnames[code.co_argcount]
        formals.append(_formal(name, kinds[name], REQUIRED, variadic=True))
        found.append(f"*{kinds[name]}")
    return tuple(formals), found


def _formal(name: str, kind: str, default: Any, variadic: bool = False) -> Formal:
    # Where no dtype is given it is the session's.
    given = None if kind == "DType" and default is not REQUIRED else default
    return Formal(
        name,
        given,
        variadic,
        real=kind in _REAL,
        names=kind == "Names | None",
        function=kind in ("Function", "FunctionOrValue"),
        sequence=kind in _SEQUENCES,
        spread=kind in ("Lengths", "Order"),
        by_name=kind == "ByName | None",
    )


def converted(
    call: Call, name: str, values: Sequence[Value], formals: Sequence[Formal], kinds: Sequence[str]
) -> list[Any]:
    """One argument for each value, as the annotations ask; those of a variadic input one by one.

    Raises:
        LanguageError: for a value that is nothing of the kind.
    """
    found: list[Any] = []
    for value, formal, kind in zip(values, formals, kinds, strict=True):
        if kind.startswith("*"):
            assert isinstance(value, tuple)
            found += [CONVERT[kind[1:]](call, v, f"`{formal.name}`") for v in value]
        elif kind == "Function":
            found.append(require_function(value, call.span, name))
        else:
            found.append(CONVERT[kind](call, value, f"`{formal.name}`"))
    return found


def _or_none(convert_it: Callable[[Call, Value, str], Any]) -> Callable[[Call, Value, str], Any]:
    return lambda call, value, what: None if value is None else convert_it(call, value, what)


# By annotation: called with the call, the value and what the argument is called in a message.
CONVERT: dict[str, Callable[[Call, Value, str], Any]] = {
    "Value": lambda call, v, what: v,
    "Names | None": lambda call, v, what: v,
    "ByName | None": lambda call, v, what: v,
    "FunctionOrValue": lambda call, v, what: v,
    "Node": lambda call, v, what: convert.to_node(v, call.caller.dtype, call.span),
    "Known": lambda call, v, what: convert.computed(convert.to_node(v, call.caller.dtype, call.span)),
    "Node | None": _or_none(lambda call, v, what: convert.to_node(v, call.caller.dtype, call.span)),
    "Operand": lambda call, v, what: _operand(call, v),
    "Operand | None": _or_none(lambda call, v, what: _operand(call, v)),
    "tuple[Node, ...]": lambda call, v, what: convert.to_nodes(v, call.caller.dtype, call.span),
    "tuple[Node, ...] | None": _or_none(lambda call, v, what: convert.to_nodes(v, call.caller.dtype, call.span)),
    "int": lambda call, v, what: convert.to_int(v, call.span, what),
    "int | None": _or_none(lambda call, v, what: convert.to_int(v, call.span, what)),
    "float": lambda call, v, what: to_number(v, call.span, what),
    "float | None": _or_none(lambda call, v, what: to_number(v, call.span, what)),
    "tuple[float, ...] | None": _or_none(lambda call, v, what: _numbers(v, call.span, what)),
    "bool": lambda call, v, what: convert.to_bool(v, call.span, what),
    "Axis": lambda call, v, what: convert.to_axis(v, call.span),
    "Widths": lambda call, v, what: _widths(v, call.span, what),
    "Shape": lambda call, v, what: convert.to_shape(v, call.span),
    "Lengths": lambda call, v, what: convert.to_shape(v, call.span),
    "Order": lambda call, v, what: convert.to_axis(v, call.span),
    "AxisPairs": lambda call, v, what: (
        tuple(convert.to_shape(axes, call.span, "each item of axes") for axes in v)
        if isinstance(v, tuple)
        else convert.to_int(v, call.span, what)
    ),
    "DType": lambda call, v, what: call.caller.dtype if v is None else convert.to_dtype(v, call.span),
    "DType | None": _or_none(lambda call, v, what: convert.to_dtype(v, call.span)),
    "Order | None": _or_none(lambda call, v, what: v if isinstance(v, str) else to_number(v, call.span, what)),
    "Counts": lambda call, v, what: _counts(v, call.span, what),
    "Padding": lambda call, v, what: v if isinstance(v, str) else _counts(v, call.span, what),
    "Fills": lambda call, v, what: (
        tuple(CONVERT["Fills"](call, item, what) for item in v) if isinstance(v, tuple) else _operand(call, v)
    ),
    "str": lambda call, v, what: _text(v, call.span, what),
    "Init": lambda call, v, what: _first_value(call, v, what),
    "Operand | str": lambda call, v, what: v if isinstance(v, str) else _operand(call, v),
}


def _first_value(call: Call, value: Value, what: str) -> str | float | Constant | None:
    """What a parameter begins with: a name, a number or a tensor that is known now."""
    if value is None or isinstance(value, str):
        return value
    if is_number(value):
        return as_float(value)
    known = call.caller.settle(value, call.span) if isinstance(value, Node) else None
    known = known.value if isinstance(known, Parameter) else known
    if not isinstance(known, Constant):
        hint = 'such as "he_normal", "zeros" or a tensor'
        raise fail("type", f"{what} is a name, a number or a tensor, not {describe(value)}", call.span, hint)
    return known


def _counts(value: Value, span: Span, what: str) -> int | tuple[int, ...]:
    """A whole number, or several: a tuple of them or a vector that is known."""
    if isinstance(value, tuple) or (isinstance(value, (Constant, Parameter)) and len(value.shape) == 1):
        return tuple(convert.to_int(v, span, f"each of {what}") for v in _numbers(value, span, what))
    return convert.to_int(value, span, what)


def _widths(value: Value, span: Span, what: str) -> Any:
    """A whole number, or tuples of them."""
    if isinstance(value, tuple) and any(isinstance(v, tuple) for v in value):
        return tuple(_widths(v, span, what) for v in value)
    return _counts(value, span, what)


def _operand(call: Call, value: Value) -> Operand:
    """A plain number as it is, so that it takes the type of the tensor that it meets."""
    return value if is_number(value) else convert.to_node(value, call.caller.dtype, call.span)


def to_number(value: Value, span: Span, what: str) -> float:
    """A number that is known before the call.

    Raises:
        LanguageError: for what is none.
    """
    number = convert.known_value(value, f"{what}, a number known before the call") if isinstance(value, Node) else value
    if isinstance(value, Node) and number is None and value.shape == ():
        raise fail("value", f"{what} must be known when the function is called", span, "pass a plain number for it")
    if isinstance(number, bool) or not isinstance(number, (int, float)):
        raise fail("type", f"{what} is a number known before the call, not {describe(value)}", span)
    return as_float(number)


def _numbers(value: Value, span: Span, what: str) -> tuple[float, ...]:
    if isinstance(value, (Constant, Parameter)) and len(value.shape) == 1:
        array = (value.value if isinstance(value, Parameter) else value).value
        return tuple(float(x) for x in array)
    if isinstance(value, tuple):
        return tuple(to_number(v, span, f"each number of {what}") for v in value)
    raise fail("type", f"{what} is a vector of numbers known before the call, not {describe(value)}", span)


def _text(value: Value, span: Span, what: str) -> str:
    if not isinstance(value, str):
        raise fail("type", f"{what} is a text, not {describe(value)}", span, 'such as "mean"')
    return value
