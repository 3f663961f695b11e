"""Array literals: those of plain numbers become a tensor at once, without a node for each."""

from __future__ import annotations

from collections.abc import Callable

from gradcli.core.ir.arrays import array_of
from gradcli.core.ir.dtypes import DType, as_float
from gradcli.core.ir.nodes import Node, array_constant
from gradcli.core.ir.shapes import check_shape
from gradcli.language.text import syntax as s
from gradcli.language.text.diagnostics import LanguageError, Span, fail
from gradcli.language.values.values import Value


def plain_array(node: s.Array, dtype: DType) -> Node | None:
    """The tensor of an array literal of numbers alone, of a float type, or of true and false; None if it holds more."""
    if node.numbers is not None:
        check_shape(node.numbers.shape)
        return array_constant(array_of(node.numbers.flat, dtype).reshape(node.numbers.shape))
    flat: list[int | float] = []
    shape = _collect(node, flat)
    if shape is None:
        return None
    check_shape(shape)
    all_bools = bool(flat) and all(isinstance(x, bool) for x in flat)
    return array_constant(array_of([as_float(x) for x in flat], DType.BOOL if all_bools else dtype).reshape(shape))


def parts_of(node: s.Array, value_of: Callable[[s.Expression], Value]) -> list[tuple[s.Expression, Value]]:
    """What stands in an array, one after the other, each with its place; a comprehension is all of its items."""
    parts: list[tuple[s.Expression, Value]] = []
    for item in node.items:
        value = value_of(item)
        several = isinstance(item, s.Comprehension) and isinstance(value, tuple)
        parts += [(item, one) for one in value] if several and isinstance(value, tuple) else [(item, value)]
    return parts


def _collect(node: s.Expression, flat: list[int | float]) -> tuple[int, ...] | None:
    if isinstance(node, s.Unary) and node.operator == "-" and isinstance(node.operand, s.Literal):
        value = node.operand.value
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            return None
        flat.append(-value)
        return ()
    if isinstance(node, s.Literal):
        if not isinstance(node.value, (int, float)):
            return None
        flat.append(node.value)
        return ()
    if not isinstance(node, s.Array):
        return None
    if node.numbers is not None:
        flat += node.numbers.flat
        return node.numbers.shape
    inner: tuple[int, ...] | None = None
    for item in node.items:
        shape = _collect(item, flat)
        if shape is None:
            return None
        if inner is not None and shape != inner:
            raise ragged(item.span, inner, shape)
        inner = shape
    return (len(node.items), *(inner or ()))


def ragged(span: Span, before: tuple[int, ...], after: tuple[int, ...]) -> LanguageError:
    """The refusal of rows of different shapes."""
    return fail(
        "shape",
        f"the rows of this array differ: shape {before} and then {after}",
        span,
        "all rows of an array have the same length",
    )
