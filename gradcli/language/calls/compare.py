"""Whether two values are equal within a tolerance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Constant, Node, Parameter
from gradcli.core.ir.promotion import cast
from gradcli.core.ir.shapes import size_of
from gradcli.core.primitives import comparisons as cmp
from gradcli.core.primitives import elementwise as ew
from gradcli.core.records import record
from gradcli.language.calls.operations import as_tensors_alike, binary, compare, every
from gradcli.language.text.diagnostics import Span, fail
from gradcli.language.values.convert import to_bool, to_node
from gradcli.language.values.describe import describe
from gradcli.language.values.findings import Uncertain
from gradcli.language.values.nesting import nodes_in, require_walkable
from gradcli.language.values.values import Caller, Parameters, SparseMatrix, Value

# Relative tolerance: some millions of units in the last place of the narrower type that occurs, a hundred of float32's.
TOLERANCE = {DType.FLOAT32: 1e-5, DType.FLOAT64: 1e-9}

# The operator.
NEARLY = "≈"


@record
class Tolerance:
    """How far apart two numbers may be: |a - b| <= max(rtol max(|a|, |b|), atol), as Python's math.isclose has it.

    Without an absolute tolerance nothing but 0 is close to 0, so that small numbers are compared as strictly as large.
    """

    rtol: float
    atol: float
    equal_nan: bool


def tolerance(a: Value, b: Value, chosen: Sequence[Value], span: Span) -> Tolerance:
    """What is given of rtol, atol and equal_nan, else the default of the narrower float type that occurs."""
    rtol, atol, equal_nan = chosen
    dtypes = {n.dtype for value in (a, b) for n in _nodes_in(value)}
    default = TOLERANCE[DType.FLOAT32 if DType.FLOAT32 in dtypes else DType.FLOAT64]
    relative, absolute = _number(rtol, default, "rtol", span), _number(atol, 0.0, "atol", span)
    return Tolerance(relative, absolute, to_bool(equal_nan, span, "equal_nan"))


def _nodes_in(value: Value) -> Iterator[Node]:
    return iter(value.nodes) if isinstance(value, Parameters) else nodes_in(value)


@record
class Around:
    """One side of `a ≈ b ± c`, of any shape, and how far from it the other may be."""

    value: Value
    error: float


def compared(caller: Caller, symbol: str, left: Value | Around, right: Value | Around, span: Span) -> Value:
    """A comparison; `a ≈ b` as `allclose(a, b)` has it, and `a ≈ b ± c` where they are no further apart than c."""
    if symbol != NEARLY:
        assert not isinstance(left, Around)
        assert not isinstance(right, Around)
        return compare(caller, symbol, left, right, span)
    left, right, within = nearly(left, right, span)
    require_walkable(left, right)
    return _close(caller, left, right, within, span)


def nearly(left: Value | Around, right: Value | Around, span: Span) -> tuple[Value, Value, Tolerance]:
    """Both sides of `a ≈ b` without their errors, and what these and the sides' types allow."""
    errors = [side.error for side in (left, right) if isinstance(side, (Uncertain, Around))]
    left, right = (side.value if isinstance(side, (Uncertain, Around)) else side for side in (left, right))
    if errors:
        # 1.3 is 0.1 from 1.2, and in float64 a little more.
        return left, right, Tolerance(0.0, sum(errors) * (1 + 1e-12), equal_nan=False)
    return left, right, tolerance(left, right, (None, 0.0, False), span)


def allclose(caller: Caller, values: Sequence[Value], span: Span) -> Value:
    """Whether all numbers are within the tolerance; equal infinities are, and nan only where that is asked for.

    Shapes must be equal; one number is compared with each element of a tensor that has any.
    """
    a, b, *chosen = values
    require_walkable(a, b)
    return _close(caller, a, b, tolerance(a, b, chosen, span), span)


def _close(caller: Caller, a: Value, b: Value, within: Tolerance, span: Span) -> Value:
    a = a.nodes if isinstance(a, Parameters) else a
    b = b.nodes if isinstance(b, Parameters) else b
    if isinstance(a, tuple) and isinstance(b, tuple):
        if len(a) != len(b):
            return False
        result: Value = True
        for x, y in zip(a, b, strict=True):
            result = binary(caller, "and", result, _close(caller, x, y, within, span), span)
        return result
    if isinstance(a, tuple) or isinstance(b, tuple):
        return False
    a, b = as_tensors_alike(a, b)
    if isinstance(a, SparseMatrix) or isinstance(b, SparseMatrix):
        return False
    x, y = _real(caller, a, span), _real(caller, b, span)
    if x.shape != y.shape and (() not in (x.shape, y.shape) or 0 in (size_of(x.shape), size_of(y.shape))):
        return False
    gap, larger = ew.absolute(x - y), ew.maximum(ew.absolute(x), ew.absolute(y))
    near = cmp.less_equal(gap, ew.maximum(within.rtol * larger, within.atol))
    close = cmp.logical_or(cmp.logical_and(near, cmp.less(gap, float("inf"))), cmp.equal(x, y))
    if within.equal_nan:
        close = cmp.logical_or(close, cmp.logical_and(cmp.not_equal(x, x), cmp.not_equal(y, y)))
    return every(close)


def _real(caller: Caller, value: Value, span: Span) -> Node:
    node = to_node(value, caller.dtype, span)
    return cast(node, DType.FLOAT64)


def _number(value: Value, default: float, name: str, span: Span) -> float:
    if value is None:
        return default
    number = value.value if isinstance(value, (Constant, Parameter)) else value
    if isinstance(number, bool) or not isinstance(number, (int, float)) or not number >= 0:
        raise fail("value", f"{name} must be a number that is 0 or more, not {describe(value)}", span)
    return float(number)
