"""Whether two values are equal within a tolerance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gradcli.core.dtypes import DType
from gradcli.core.graph import CONSTANT, Node, cast
from gradcli.core.primitives import elementwise as ew
from gradcli.language.convert import to_node
from gradcli.language.diagnostics import Span, fail
from gradcli.language.operations import binary, every
from gradcli.language.values import Parameters, Value, describe, nodes_in, require_walkable

if TYPE_CHECKING:
    from gradcli.language.machine import Machine

# Relative and absolute tolerance: a few thousand units in the last place of the wider type that occurs.
TOLERANCE = {DType.FLOAT32: (1e-5, 1e-6), DType.FLOAT64: (1e-9, 1e-12)}


def tolerances(a: Value, b: Value, rtol: Value, atol: Value, span: Span) -> tuple[float, float]:
    """What is given, and the default of the narrower float type that occurs for what isn't."""
    dtypes = {n.dtype for value in (a, b) for n in nodes_in(value)}
    default = TOLERANCE[DType.FLOAT32 if DType.FLOAT32 in dtypes else DType.FLOAT64]
    return _tolerance(rtol, default[0], "rtol", span), _tolerance(atol, default[1], "atol", span)


def allclose(machine: Machine, values: Sequence[Value], span: Span) -> Value:
    """|a - b| <= atol + rtol |b| everywhere; nan is close to nothing, equal infinities are close."""
    a, b, rtol, atol = values
    require_walkable(a, b)
    relative, absolute = tolerances(a, b, rtol, atol, span)
    return _close(machine, a, b, relative, absolute, span)


def _close(machine: Machine, a: Value, b: Value, rtol: float, atol: float, span: Span) -> Value:
    a = a.nodes if isinstance(a, Parameters) else a
    b = b.nodes if isinstance(b, Parameters) else b
    if isinstance(a, tuple) and isinstance(b, tuple):
        if len(a) != len(b):
            return False
        result: Value = True
        for x, y in zip(a, b, strict=True):
            result = binary(machine, "and", result, _close(machine, x, y, rtol, atol, span), span)
        return result
    if isinstance(a, tuple) or isinstance(b, tuple):
        return False
    x, y = _real(machine, a, span), _real(machine, b, span)
    if x.shape != y.shape and not (x.shape == () and x.op is CONSTANT) and not (y.shape == () and y.op is CONSTANT):
        return False
    gap = ew.absolute(x - y)
    near = ew.logical_and(ew.less_equal(gap, atol + rtol * ew.absolute(y)), ew.less(gap, float("inf")))
    return every(ew.logical_or(near, ew.equal(x, y)))


def _real(machine: Machine, value: Value, span: Span) -> Node:
    node = to_node(value, machine.dtype, span)
    return cast(node, DType.FLOAT64)


def _tolerance(value: Value, default: float, name: str, span: Span) -> float:
    if value is None:
        return default
    number = value.attrs.get("value") if isinstance(value, Node) else value
    if isinstance(number, bool) or not isinstance(number, (int, float)) or not number >= 0:
        raise fail("value", f"{name} must be a number that is 0 or more, not {describe(value)}", span)
    return float(number)
