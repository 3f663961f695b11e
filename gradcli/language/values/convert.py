"""From a value of the language to what a function of the core asks for, or a clear refusal."""

from __future__ import annotations

from gradcli.core.engines.evaluation import evaluate
from gradcli.core.ir.dtypes import DType, as_float
from gradcli.core.ir.nodes import Constant, Input, Node, Parameter, computed_constant, constant
from gradcli.core.ir.traversal import reachable, substitute
from gradcli.core.library.indexing import index
from gradcli.language.text.diagnostics import Span, fail
from gradcli.language.values.describe import describe
from gradcli.language.values.values import Parameters, SparseMatrix, Value


def to_node(value: Value, default: DType, span: Span) -> Node:
    """A tensor; a number becomes a scalar of the default dtype, true and false become bool scalars."""
    if isinstance(value, Node):
        return value
    if isinstance(value, bool):
        return constant(value, DType.BOOL)
    if isinstance(value, (int, float)):
        return constant(as_float(value), default)
    hint = "pick one of its items, such as `t[0]`" if isinstance(value, tuple) else None
    hint = "write dense(...) for the whole matrix" if isinstance(value, SparseMatrix) else hint
    raise fail("type", f"expected a number or a tensor, not {describe(value)}", span, hint)


# What a number is where it says how often, where, or along what.
COUNT = "a count or an index"


def known_value(node: Node, what: str = COUNT) -> bool | int | float | None:
    """The number that a scalar stands for in this call, where the trace can tell; None where it can't.

    Asking makes the trace depend on the answer, and the inputs remember that they were asked, and what for.
    """
    if node.shape != ():
        return None
    order = reachable([node])
    inputs = [n for n in order if isinstance(n, Input)]
    numbers: dict[Node, Node] = {}
    for n in inputs:
        number = n.known.use(what) if n.known is not None else None
        if number is None:
            return None
        numbers[n] = constant(as_float(number), n.dtype)
    (node,) = substitute([node], numbers)
    if isinstance(node, Constant):
        value = node.value
    else:
        (data,) = evaluate([node])
        value = data if isinstance(data, (bool, int, float)) else data.item()
    return value  # type: ignore[no-any-return]


def computed(node: Node) -> Node:
    """A tensor with its values where it is made of constants alone, itself where they are not known yet."""
    if isinstance(node, Constant) or any(isinstance(n, (Input, Parameter)) for n in reachable([node])):
        return node
    (data,) = evaluate([node])
    return computed_constant(data, node.dtype)


def to_int(value: Value, span: Span, what: str) -> int:
    """A whole number that is known before anything is computed: a count, an index, an axis."""
    number = known_value(value) if isinstance(value, Node) else value
    if isinstance(number, bool) or not isinstance(number, (int, float)):
        if isinstance(value, Node) and number is None and value.shape == ():
            raise fail("value", f"{what} must be known when the function is called", span, "pass a plain number for it")
        raise fail("type", f"{what} must be a whole number, not {describe(value)}", span)
    if isinstance(number, float) and not number.is_integer():
        raise fail("value", f"{what} must be a whole number, not {number!r}", span, "round it first")
    return int(number)


def rows_of(value: Node) -> tuple[Node, ...]:
    """The parts of a tensor along its first axis."""
    return tuple(index(value, (i,)) for i in range(value.shape[0]))


def to_shape(value: Value, span: Span, what: str = "a shape") -> tuple[int, ...]:
    """A tuple of whole numbers; one number alone is a tuple of one."""
    if isinstance(value, tuple):
        return tuple(to_int(v, span, f"each length in {what}") for v in value)
    if isinstance(value, Node) and len(value.shape) == 1:
        return tuple(to_int(v, span, f"each length in {what}") for v in rows_of(value))
    return (to_int(value, span, f"{what}"),)


def to_axis(value: Value, span: Span) -> int | tuple[int, ...] | None:
    """An axis, several, or none."""
    if value is None:
        return None
    several = isinstance(value, tuple) or (isinstance(value, Node) and len(value.shape) == 1)
    return to_shape(value, span, "an axis") if several else to_int(value, span, "an axis")


def to_bool(value: Value, span: Span, what: str) -> bool:
    """True or false, known before anything is computed."""
    if isinstance(value, bool):
        return value
    raise fail("type", f"{what} is true or false, not {describe(value)}", span)


def dtype_named(name: str) -> DType:
    """The element type of a name, int and float among them.

    Raises:
        ValueError: where there is none.
    """
    return DType({"int": "int64", "float": "float64"}.get(name, name))


def to_dtype(value: Value, span: Span) -> DType:
    """An element type, from the function that makes it or from its name."""
    name = value if isinstance(value, str) else getattr(value, "name", "")
    try:
        return dtype_named(name)
    except ValueError:
        names = ", ".join(d.value for d in DType)
        what = f'"{value}"' if isinstance(value, str) else describe(value)
        raise fail("dtype", f"{what} is not a dtype", span, f"dtypes are {names}") from None


def to_nodes(value: Value, default: DType, span: Span) -> tuple[Node, ...]:
    """Several tensors, from a tuple or from the first axis of one."""
    if isinstance(value, Node) and value.shape:
        return rows_of(value)
    if isinstance(value, tuple):
        return tuple(to_node(v, default, span) for v in value)
    if isinstance(value, Parameters):
        return value.nodes
    raise fail("type", f"expected a tuple of tensors, not {describe(value)}", span, "write them as (a, b)")
