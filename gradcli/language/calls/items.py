"""The items of a value: of a tuple, a tensor, an interval."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Any

from gradcli.core.engines.evaluation import evaluate
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Input, Node, Parameter, array_constant
from gradcli.core.ir.traversal import reachable
from gradcli.language.text.diagnostics import Span, fail
from gradcli.language.values.convert import rows_of, to_int
from gradcli.language.values.describe import describe
from gradcli.language.values.nesting import map_items
from gradcli.language.values.values import Caller, Interval, Parameters, Value, Zipped

LONGEST_RANGE = 10_000_000


def items_of(value: Value, span: Span) -> Sequence[Value]:
    """The items of a tuple, the slices of a tensor along its first axis, or the characters of a text.

    Raises:
        LanguageError: for a value that has no items.
    """
    if isinstance(value, tuple):
        return value
    if isinstance(value, Parameters):
        return value.nodes
    if isinstance(value, Zipped):
        return tuple(zip(*(items_of(part, span) for part in value.parts), strict=False))
    if isinstance(value, Interval):
        return whole_numbers(value, span)
    if isinstance(value, Node) and value.shape:
        return rows_of(value)
    if isinstance(value, str):
        return tuple(value)
    raise fail("type", f"{describe(value)} has no items to go through", span, "use a tuple, a tensor or range(n)")


def listed(value: Value, span: Span) -> Value:
    """A nested tuple in which all that `zip` and `enumerate` go through is a tuple too."""
    if not _goes_together(value):
        return value

    def item(of: Value) -> Value:
        return listed(tuple(items_of(of, span)), span) if isinstance(of, Zipped) else of

    found: Value = map_items(value, item)
    return found


def _goes_together(value: Value) -> bool:
    """Whether there is something in a nested tuple that `zip` or `enumerate` gave; each part is looked at once."""
    seen: set[int] = set()
    stack = [value]
    while stack:
        part = stack.pop()
        if isinstance(part, Zipped):
            return True
        if isinstance(part, tuple) and id(part) not in seen:
            seen.add(id(part))
            stack.extend(part)
    return False


def length_of(value: Value) -> int | None:
    """How many items there are to go through, without making them; None for what has none."""
    if isinstance(value, Zipped):
        lengths = [length_of(part) for part in value.parts]
        return None if None in lengths else min(length for length in lengths if length is not None)
    if isinstance(value, Interval):
        whole = isfinite(value.low) and isfinite(value.high)
        return max(0, int(value.high) - int(value.low) + 1) if whole else None
    if isinstance(value, (tuple, str)):
        return len(value)
    if isinstance(value, Parameters):
        return len(value.nodes)
    return value.shape[0] if isinstance(value, Node) and value.shape else None


def whole_numbers(interval: Interval, span: Span) -> tuple[int, ...]:
    """The whole numbers from one to another, both among them.

    Raises:
        LanguageError: for bounds that are none, or too far apart.
    """
    low, high = (to_int(bound, span, "a bound of what is gone through") for bound in (interval.low, interval.high))
    if high - low >= LONGEST_RANGE:
        raise fail("value", f"a range of {high - low + 1:,} numbers is too long", span, f"at most {LONGEST_RANGE:,}")
    return tuple(range(low, high + 1))


def item_of(value: tuple[Value, ...] | str, items: list[Any], span: Span) -> Value:
    """What an index, or a slice, picks of a tuple or of a text."""
    kind = "a text" if isinstance(value, str) else "a tuple"
    if len(items) != 1 or not isinstance(items[0], (int, slice)):
        raise fail("type", f"{kind} takes one index", span, "index the item that you get")
    if isinstance(items[0], int) and not -len(value) <= items[0] < len(value):
        raise fail("value", f"index {items[0]} is outside {kind} of {len(value)}", span)
    picked: Value = value[items[0]]
    return picked


def known_mask(caller: Caller, index: Node, span: Span) -> Node:
    """An index as it is; one of true and false with its values, which say how many elements it picks.

    Raises:
        LanguageError: where they are not known when the expression is read, as where it is differentiated.
    """
    if index.dtype is not DType.BOOL:
        return index
    leaves = [node for node in reachable([index]) if isinstance(node, (Input, Parameter))]
    if any(isinstance(node, Input) or caller.in_derivative for node in leaves):
        raise fail(
            "value",
            "a mask picks as many elements as it has true ones, and in a derivative or a loop these are not known",
            span,
            "write where(mask, x, 0), whose sum is that of what the mask picks",
        )
    (values,) = evaluate([index])
    return array_constant(values)  # type: ignore[arg-type]
