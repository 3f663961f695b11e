"""What `over=` says: a range, or two; and how examples call what is drawn over them."""

from __future__ import annotations

from math import isfinite, ulp
from typing import TypeAlias

from gradcli.core.ir.nodes import Node
from gradcli.language.calls.announce import to_number
from gradcli.language.text.diagnostics import Span, fail
from gradcli.language.values.describe import describe
from gradcli.language.values.values import Function, Interval, Value

Range: TypeAlias = "tuple[float, float]"

# A range beyond these has points that no function is computed at.
LARGEST = 1e150
# So many numbers at least are to lie between its ends.
FEWEST = 10_000


def ranges_of(value: Value, span: Span) -> tuple[Range, ...]:
    """The ranges that are asked for: none, one or two.

    Raises:
        LanguageError: for what is no range.
    """
    if value is None:
        return ()
    if isinstance(value, Interval):
        value = (value.low, value.high)
    if isinstance(value, tuple):
        value = tuple((v.low, v.high) if isinstance(v, Interval) else v for v in value)
    if isinstance(value, tuple) and len(value) == 2 and all(isinstance(v, tuple) or _is_vector(v) for v in value):
        first, second = value
        return _range(first, span), _range(second, span)
    return (_range(value, span),)


def _is_vector(value: Value) -> bool:
    return isinstance(value, Node) and len(value.shape) == 1


def _range(value: Value, span: Span) -> Range:
    hint = "write over=(-3, 3), and over=((-2, 2), (-1, 1)) for two variables"
    if isinstance(value, Node) and value.shape == (2,):
        from gradcli.core.library.indexing import index

        value = (index(value, (0,)), index(value, (1,)))
    if not isinstance(value, tuple) or len(value) != 2:
        raise fail("type", f"`over` is a range of two numbers, not {describe(value)}", span, hint)
    low, high = (to_number(v, span, "each end of `over`") for v in value)
    shown = f"({low:g}, {high:g})"
    if not (isfinite(low) and isfinite(high)) or max(abs(low), abs(high)) > LARGEST:
        raise fail("value", f"the range {shown} is too wide to draw", span, "give it two finite ends, as over=(-3, 3)")
    if low == high:
        raise fail("value", f"the range {shown} is empty", span, f"write over=({low - 1:g}, {low + 1:g})")
    if low > high:
        raise fail("value", f"the range {shown} runs backwards", span, f"write over=({high:g}, {low:g})")
    if high - low < FEWEST * ulp(max(abs(low), abs(high))):
        raise fail(
            "value",
            f"the range {shown} is so narrow that there are hardly any numbers in it",
            span,
            "shift the function, as in plot(d -> f(1 + d), over=(-1e-9, 1e-9))",
        )
    return float(low), float(high)


def called(function: Function) -> str:
    """How an example calls a function: by its name where it has one."""
    return function.name if function.name.isidentifier() else "f"
