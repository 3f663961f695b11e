"""Numbers in a row, and tuples, where a function of the core takes one tensor."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node
from gradcli.core.ir.primitive import Primitive
from gradcli.core.ir.promotion import cast, coerce
from gradcli.core.library.functions import concatenate, reshape, stack
from gradcli.core.primitives import elementwise as ew
from gradcli.language.calls.announce import Call
from gradcli.language.calls.nested import as_tuple
from gradcli.language.calls.operations import binary
from gradcli.language.text.diagnostics import LanguageError, fail
from gradcli.language.text.integers import checked
from gradcli.language.values.convert import to_node
from gradcli.language.values.describe import describe
from gradcli.language.values.nesting import leaves
from gradcli.language.values.numbers import Number, is_number
from gradcli.language.values.values import Formal, Several, Value


def _joined(symbol: str) -> Callable[[Call, Value, Value], Value]:
    return lambda call, a, b: binary(call.caller, symbol, a, b, call.span)


def _extreme(primitive: Primitive, first: Callable[[Number, Number], bool]) -> Callable[[Call, Value, Value], Value]:
    def chosen(call: Call, a: Value, b: Value) -> Value:
        if is_number(a) and is_number(b):
            # One that is nan is passed on, as the primitive does.
            return a if a != a or first(a, b) else b
        # A plain number goes in as it is, so that it takes the type of the tensor that it meets.
        return primitive(*(v if is_number(v) else to_node(v, call.caller.dtype, call.span) for v in (a, b)))

    return chosen


_LARGER = _extreme(ew.maximum, lambda a, b: a >= b)
_SMALLER = _extreme(ew.minimum, lambda a, b: a <= b)
_SUM = _joined("+")

# What takes a tuple's items together, two at a time.
FOLDS: Mapping[str, Callable[[Call, Value, Value], Value]] = {
    "sum": _SUM,
    "mean": _SUM,
    "prod": _joined("*"),
    "max": _LARGER,
    "amax": _LARGER,
    "min": _SMALLER,
    "amin": _SMALLER,
}
_AT_ONCE: Mapping[str, Callable[[Sequence[int]], int]] = {
    "sum": sum,
    "mean": sum,
    "max": max,
    "amax": max,
    "min": min,
    "amin": min,
}
# What nothing comes to, where it comes to something.
_OF_NOTHING = {"sum": 0, "prod": 1}
# Several numbers are what these are of; of all other reductions they would be an axis and more.
_OF_SEVERAL = ("max", "amax", "min", "amin")
_VECTORS = ("norm", "dot", "cross")

# What was meant by two arguments, element by element where they are tensors.
_MEANT = {
    "max": "maximum(x, y)",
    "amax": "maximum(x, y)",
    "min": "minimum(x, y)",
    "amin": "minimum(x, y)",
    "norm": "hypot(x, y)",
    "sum": "x + y",
    "prod": "x * y",
    "mean": "(x + y)/2",
}


def with_several(name: str, inputs: tuple[Formal, ...]) -> tuple[Formal, ...]:
    """The inputs of a function of the core, the first of which takes numbers in a row where two may be meant."""
    return (replace(inputs[0], several=True), *inputs[1:]) if name in _MEANT else inputs


def also(name: str) -> str:
    """What its help says of numbers in a row and of tuples."""
    if name in _OF_SEVERAL:
        return "; also of numbers in a row, and of a tuple's items"
    if name in FOLDS:
        return "; also of a tuple's items"
    return "; a tuple of numbers is a vector" if name in _VECTORS else ""


def folded(call: Call, name: str, inputs: Sequence[Formal], values: Sequence[Value]) -> Value:
    """What the items of a tuple, numbers or tensors of one shape, come to; plain numbers stay plain.

    Raises:
        LanguageError: for no items, for items that are no numbers or differ in shape, and for an axis.
    """
    items = values[0]
    assert isinstance(items, tuple)
    if isinstance(items, Several) and name not in _OF_SEVERAL:
        raise _several(call, name, inputs)
    for formal, value in zip(inputs[1:], values[1:], strict=True):
        if value is not formal.default:
            raise fail(
                "type",
                f"`{name}` of a tuple takes its items together, and has no `{formal.name}`",
                call.span,
                "write the items in [ ] to make a tensor of them",
            )
    if not items and name not in _OF_NOTHING:
        raise fail("value", f"the {name} of no items is not defined", call.span)
    numbers = [_item(call, v) for v in items]
    shapes = list(dict.fromkeys(v.shape for v in numbers if isinstance(v, Node) and v.shape))
    if len(shapes) > 1:
        raise fail(
            "shape",
            f"`{name}` of a tuple takes items of one shape, and here are shapes {shapes[0]} and {shapes[1]}",
            call.span,
        )
    total = _of_ints(name, numbers) if numbers else _OF_NOTHING[name]
    if total is None:
        total = numbers[0]
        for number in numbers[1:]:
            total = FOLDS[name](call, total, number)
    return binary(call.caller, "/", total, len(items), call.span) if name == "mean" else total


def _of_ints(name: str, numbers: Sequence[Number | Node]) -> Value:
    """What many ints come to at once, such as those of a long range; None for other numbers."""
    function = _AT_ONCE.get(name)
    ints = [v for v in numbers if isinstance(v, int)]
    return checked(function(ints)) if function is not None and len(ints) == len(numbers) else None


def _item(call: Call, value: Value) -> Number | Node:
    if isinstance(value, bool):
        return int(value)
    if is_number(value):
        return value
    node = to_node(value, call.caller.dtype, call.span)
    return cast(node, DType.INT64) if node.dtype is DType.BOOL else node


def as_one_tensor(call: Call, name: str, inputs: Sequence[Formal], values: Sequence[Value]) -> Sequence[Value]:
    """The arguments of a function of the core; a tuple of numbers is a vector where one is asked for.

    Raises:
        LanguageError: with the call that was meant, for what stands where an axis or an order does and is none.
    """
    if values and isinstance(values[0], Several):
        raise _several(call, name, inputs)
    if name in _VECTORS:
        count = 1 if name == "norm" else 2
        values = [*(_vector(call, name, v) for v in values[:count]), *values[count:]]
    if len(inputs) > 1 and inputs[0].name == "x" and inputs[1].name in ("axis", "ord"):
        _refuse_no_axis(call, name, inputs, values)
    return values


def _vector(call: Call, name: str, value: Value) -> Value:
    value = as_tuple(value)
    if not isinstance(value, tuple):
        return value
    items = list(leaves(value))
    others = [v for v in items if not is_number(v) and not isinstance(v, Node)]
    if others or not items:
        what = f"and here is {describe(others[0])} among them" if others else "and here are none"
        raise fail(
            "type",
            f"`{name}` takes a tuple of numbers or tensors for one vector of all their elements, {what}",
            call.span,
            "a matrix or a longer tensor is written in [ ]",
        )
    nodes = coerce([to_node(v, call.caller.dtype, call.span) for v in items])
    return stack(nodes) if all(n.shape == () for n in nodes) else concatenate(tuple(reshape(n, (-1,)) for n in nodes))


def _refuse_no_axis(call: Call, name: str, inputs: Sequence[Formal], values: Sequence[Value]) -> None:
    x, second = values[:2]
    if name in _MEANT and isinstance(second, Node) and second.shape != ():
        raise fail(
            "type",
            f"the second argument of `{name}` is its `{inputs[1].name}`, not {describe(second)}",
            call.span,
            f"write `{_MEANT[name]}` of two tensors, element by element",
        )
    single = is_number(x) or (isinstance(x, Node) and x.shape == ())
    several = name in (*_OF_SEVERAL, "norm") or any(is_number(v) for v in values[2:])
    if single and several and second is not None and second != inputs[1].default:
        raise _several(call, name, inputs)


def _several(call: Call, name: str, inputs: Sequence[Formal]) -> LanguageError:
    meant = f"`{_MEANT[name]}` of two numbers, or " if name in _MEANT else ""
    return fail(
        "type",
        f"`{name}` takes one tensor, and here it is a single number: what stands behind it is `{inputs[1].name}`",
        call.span,
        f"write {meant}`{name}([x, y])` of the items of a tensor",
    )
