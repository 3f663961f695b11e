"""Where a primitive has an edge: a corner, a step, a jump, or a quotient that may be one of zeros.

Beside an edge the law's fact holds, at it it may be a convention; whoever needs the truth there asks where that is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any

from gradcli.core.records import record


class EdgeKind(Enum):
    """What becomes of value and slope at an edge."""

    QUOTIENT = "the value or the slope may be nan, and is no convention"
    CORNER = "the value or the slope is a convention for what is beside it"
    STEP = "the value jumps"
    COMPARISON = "the truth changes"


@record
class Edge:
    """An edge. `at` is called with the arrays of the operands, that of the result and the attributes: which elements.

    `possible` is called with the attributes: whether it is there for them at all. `between` says that it lies where two
    operands are equal, `continuous` that the value goes on there and only the slope doesn't. `matters` is called as
    `at` is, with the adjoint of the result behind it: for which elements the slope then depends on a convention; for
    all, where it isn't said.
    """

    kind: EdgeKind
    at: Callable[..., Any]
    between: bool = False
    continuous: bool = False
    matters: Callable[..., Any] | None = None
    possible: Callable[..., bool] | None = None


def at_zero(kind: EdgeKind, operand: int = 0, continuous: bool = False) -> Edge:
    """Where an operand is 0."""
    return Edge(kind, lambda args, y, **attrs: args[operand] == 0, continuous=continuous)


def at_origin(kind: EdgeKind, continuous: bool = False) -> Edge:
    """Where both operands are 0."""
    return Edge(kind, lambda args, y, **attrs: (args[0] == 0) & (args[1] == 0), continuous=continuous)


def at_equal(kind: EdgeKind, continuous: bool = False) -> Edge:
    """Where both operands are equal."""
    return Edge(kind, lambda args, y, **attrs: args[0] == args[1], between=True, continuous=continuous)


def at_whole(number: Callable[..., Any]) -> Edge:
    """Where a number that is computed of the operands and attributes is whole, so that rounding it jumps."""
    return Edge(EdgeKind.STEP, lambda args, y, **attrs: _is_whole(number, args, attrs))


def _is_whole(number: Callable[..., Any], args: Sequence[Any], attrs: Mapping[str, Any]) -> Any:
    if any(not isinstance(arg, (int, float)) for arg in args):
        found = number(*args, **attrs)
        return found == found.round()
    try:
        return float(number(*map(float, args), **attrs)).is_integer()
    except ArithmeticError:
        return False
