"""Operators on values: plain numbers are calculated, tensors become graph."""

from __future__ import annotations

import operator as op
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import cache
from math import isfinite, isinf, isnan

from gradcli.core.ir.dtypes import DType, as_float
from gradcli.core.ir.exact import Exact
from gradcli.core.ir.nodes import Constant, Node, Operand, constant
from gradcli.core.ir.primitive import Primitive, find
from gradcli.core.ir.promotion import coerce, real
from gradcli.core.ir.shapes import size_of
from gradcli.core.library.functions import matmul, stack, sum_, transpose
from gradcli.core.limits import require_memory
from gradcli.core.primitives import elementwise
from gradcli.core.primitives.linear_algebra import swap_last
from gradcli.language.calls.combined import called, combined
from gradcli.language.calls.nested import is_nested, place_by_place
from gradcli.language.text.diagnostics import Span, fail, near
from gradcli.language.values.audits import Audit
from gradcli.language.values.convert import known_value, to_node
from gradcli.language.values.describe import describe
from gradcli.language.values.explanations import Check
from gradcli.language.values.findings import Extrema, Fit, Propagation, Uncertain
from gradcli.language.values.nesting import require_walkable
from gradcli.language.values.numbers import calculate, is_euler, is_number
from gradcli.language.values.trail import Sum
from gradcli.language.values.values import Caller, Function, Module, Named, Parameters, SparseMatrix, Value

_COMPARE: dict[str, Callable[[int | float, int | float], bool]] = {
    "==": op.eq,
    "!=": op.ne,
    "<": op.lt,
    "<=": op.le,
    ">": op.gt,
    ">=": op.ge,
}

# Arithmetic that tensors and plain numbers have as it is.
_OF_TENSORS = frozenset("+-*/")
# Arithmetic that is done with tuples item by item.
_OF_ITEMS = ("+", "-", "*", "/", "^", "//", "%")


@cache
def operator(symbol: str, arity: int) -> Primitive | None:
    """The primitive of so many operands that has an operator."""
    return find(lambda p: p.symbol == symbol and p.arity == arity)


def _applied(symbol: str, *operands: Operand) -> Node:
    primitive = operator(symbol, len(operands))
    assert primitive is not None
    return primitive(*operands)


def of_numbers(symbol: str, left: Value, right: Value) -> Node | None:
    """Arithmetic of a tensor and a number, or of two tensors one of which is a number; None for all else.

    A product of two vectors goes by its sign.
    """
    if symbol in _OF_TENSORS:
        # Most that is traced.
        if isinstance(left, Node):
            if is_number(right) or (isinstance(right, Node) and not (left.shape and right.shape)):
                return _applied(symbol, left, right)
        elif isinstance(right, Node) and is_number(left):
            return _applied(symbol, left, right)
    return None


def unary(caller: Caller, symbol: str, value: Value, span: Span) -> Value:
    """`-x`, `+x`, `not x`."""
    if symbol == "not":
        condition = truth(value, span)
        return (not condition) if isinstance(condition, bool) else _applied("not", condition)
    if is_number(value):
        return -value if symbol == "-" else value
    if isinstance(value, Function):
        return combined("*", -1, value, binary, span) if symbol == "-" else value
    if is_nested(value):
        return place_by_place(lambda items: unary(caller, symbol, items[0], span), [value], f"`{symbol}`", span)
    node = _operand(caller, symbol, value, span)
    return _applied("-", node) if symbol == "-" else node


def binary(caller: Caller, symbol: str, left: Value, right: Value, span: Span) -> Value:
    """Arithmetic and logic.

    Raises:
        CoreError: for tensors that don't fit together.
    """
    found = of_numbers(symbol, left, right)
    if found is not None:
        return found
    if symbol in _OF_TENSORS and isinstance(left, Node) and isinstance(right, Node):
        return _applied(symbol, left, right)
    if symbol == "±":
        value, error = (_measured(side, span) for side in (left, right))
        if not error >= 0:
            raise fail("value", f"the error of a measured number is 0 or more, not {error:g}", span, "as in 3 ± 0.1")
        return Uncertain(value, error)
    if symbol in ("and", "or"):
        return _logic(symbol, truth(left, span), truth(right, span))
    if is_number(left) and is_number(right):
        result = calculate(symbol, left, right, caller.exact)
        if result is not None:
            if symbol == "^" and result != result and left < 0 and isinstance(right, Exact):
                _tell_of_roots(caller, right.fraction, span)
            if isinstance(result, float) and _is_lost(result, left, right):
                caller.trail.sums.append(Sum(symbol, left, right, result, span))
            return _nearest(caller, symbol, left, right, result)
    if symbol == "+" and isinstance(left, str) and isinstance(right, str):
        require_memory(4 * (len(left) + len(right)), "a text of this length would take")
        return left + right
    if symbol == "∘" or isinstance(left, Function) or isinstance(right, Function):
        return combined(symbol, left, right, binary, span)
    if symbol in _OF_ITEMS and (is_nested(left) or is_nested(right)):
        return place_by_place(lambda v: binary(caller, symbol, v[0], v[1], span), [left, right], f"`{symbol}`", span)
    if isinstance(left, SparseMatrix) and symbol == "@":
        return _sparse_product(left, _operand(caller, symbol, right, span), span)
    a, b = _operand(caller, symbol, left, span), _operand(caller, symbol, right, span)
    if symbol == "@":
        return matmul(a, b)
    if symbol == "^" and is_euler(left):
        return elementwise.exp(b)
    if symbol == "^":
        exponent = right if is_number(right) else _constant(b)
        # One that is no fraction, such as 10^0.5, is told by what it is the value of, which stands for constants alone.
        if exponent is not None and exponent not in caller.trail.values:
            x = real(a)
            return elementwise.constant_power(x, exponent=float(exponent))
    # Plain numbers go in as they are, so that they take the type of the tensor that they meet.
    weak = [v if is_number(v) else n for v, n in ((left, a), (right, b))]
    if not any(isinstance(v, Node) for v in weak):
        weak = [a, b]
    return _applied(symbol, *weak)


def _nearest(caller: Caller, symbol: str, left: float, right: float, result: float) -> float:
    """Arithmetic with numbers that are no fractions, rounded once: 2^0.5, pi - 3, 2^0.5*2^0.5.

    Of the result it is remembered what it is the value of, so that what is computed with it is as exact.
    """
    if not caller.certifying or not isinstance(result, float) or isinstance(result, Exact) or not isfinite(result):
        return result
    values = caller.trail.values
    known = [values.get(v) or constant(v, DType.FLOAT64) for v in (left, right)]
    is_rational = all(
        isinstance(v, int) or (v not in values and (not isinstance(v, Exact) or v.rational)) for v in (left, right)
    )
    if operator(symbol, 2) is None or (is_rational and symbol != "^") or (symbol == "^" and left <= 0):
        return result
    node = _applied(symbol, *known)
    (certain,) = caller.certified([node], [result])
    if not isinstance(certain, float):
        return result
    caller.trail.values[certain] = node
    return certain


def _is_lost(result: float, left: float, right: float) -> bool:
    """Whether arithmetic has made a nan of what is none, or an infinity of finite numbers."""
    if isnan(result):
        return left == left and right == right
    return isinf(result) and all(isinstance(v, int) or isfinite(v) for v in (left, right))


def _tell_of_roots(caller: Caller, exponent: Fraction, span: Span) -> None:
    """Say that the power of a negative number is nan, and where a real root is meant, how it is written."""
    if exponent.denominator % 2:
        raised = "" if exponent.numerator == 1 else f"^{exponent.numerator}"
        hint = f"the real root is `root(x, {exponent.denominator}){raised}`"
        caller.warn("a negative number has no real power with this exponent", span, hint)


def _measured(value: Value, span: Span) -> float:
    number = known_value(value, "a measured number") if isinstance(value, Node) else value
    if not is_number(number):
        raise fail("type", f"`±` stands between a number and its error, not {describe(value)}", span, "as in 3 ± 0.1")
    return as_float(number)


def as_tensors_alike(left: Value, right: Value) -> tuple[Value, Value]:
    """Sparse matrices that are compared: of one shape as their entries, beside a tensor whole; all else as it is."""
    if isinstance(left, SparseMatrix) and isinstance(right, SparseMatrix):
        alike = left.entries.pattern.shape == right.entries.pattern.shape
        return left.entries.beside(right.entries) if alike else (left, right)
    if isinstance(left, SparseMatrix) and isinstance(right, Node):
        return left.entries.dense(), right
    if isinstance(right, SparseMatrix) and isinstance(left, Node):
        return left, right.entries.dense()
    return left, right


def _sparse_product(left: SparseMatrix, right: Node, span: Span) -> Node:
    shape = left.entries.pattern.shape
    if len(right.shape) not in (1, 2) or right.shape[0] != shape[1]:
        raise fail(
            "shape",
            f"a sparse matrix of shape {shape} and a tensor of shape {right.shape} do not multiply",
            span,
            "the number of columns must equal the tensor's first length",
        )
    return left.entries.times(right)


def compare(caller: Caller, symbol: str, left: Value, right: Value, span: Span) -> Value:
    """A comparison: of plain values at once, of tensors element by element, of tuples item by item.

    Raises:
        CoreError: for tuples with more items than are allowed.
    """
    require_walkable(left, right)
    return _compare(caller, symbol, left, right, span)


def _compare(caller: Caller, symbol: str, left: Value, right: Value, span: Span) -> Value:
    if isinstance(left, Parameters):
        left = left.nodes
    if isinstance(right, Parameters):
        right = right.nodes
    if isinstance(left, SparseMatrix) or isinstance(right, SparseMatrix):
        a_side, b_side = as_tensors_alike(left, right)
        if isinstance(a_side, Node) and isinstance(b_side, Node) and symbol in ("==", "!="):
            alike = a_side.shape == b_side.shape and every(_compare(caller, "==", a_side, b_side, span))
            return alike if symbol == "==" else unary(caller, "not", alike, span)
        return _unordered(symbol, False, left, right, span)
    if isinstance(left, Node) or isinstance(right, Node):
        if _is_plain_other(left) or _is_plain_other(right):
            return _unordered(symbol, False, left, right, span)
        a, b = _operand(caller, symbol, left, span), _operand(caller, symbol, right, span)
        return _applied(symbol, a, b)
    if isinstance(left, (int, float)) and isinstance(right, (int, float)):
        return _COMPARE[symbol](left, right)
    if isinstance(left, tuple) and isinstance(right, tuple):
        same: Value = len(left) == len(right)
        for a_item, b_item in zip(left, right, strict=False):
            if same is False:
                break
            equal = every(_compare(caller, "==", a_item, b_item, span))
            same = _logic("and", truth(same, span), truth(equal, span))
        if symbol == "!=":
            return unary(caller, "not", same, span)
        return same if symbol == "==" else _unordered(symbol, False, left, right, span)
    return _unordered(symbol, type(left) is type(right) and left == right, left, right, span)


def every(value: Value) -> Value:
    """Whether a condition holds everywhere."""
    if isinstance(value, Node) and value.shape != ():
        broken = sum_(_applied("not", value))
        return _applied("==", broken, 0)
    return value


def truth(value: Value, span: Span) -> bool | Node:
    """A condition: a plain bool, or a tensor of bools.

    Raises:
        LanguageError: for a value that is neither true nor false.
    """
    if isinstance(value, (Audit, Check)):
        return value.right
    if isinstance(value, bool) or (isinstance(value, Node) and value.dtype.value == "bool"):
        if isinstance(value, Constant) and value.shape == ():
            return bool(value.value)
        return value
    raise fail("type", f"a condition is true or false, not {describe(value)}", span, "compare it, such as `x != 0`")


def part_of(value: Named, name: str, span: Span) -> Value:
    """`d.price`, `d["unit price"]`: a value by its name; all names that begin so and with a point, `w.layer1`.

    Raises:
        LanguageError: where there is none, or it could not be read.
    """
    members = value.members
    if name in value.parts or name in members:
        return value.parts[name] if name in value.parts else members[name]
    if name in value.refused:
        raise fail("value", value.refused[name], span, "only what is a number, or a tensor of them, has a value")
    inner = {key[len(name) + 1 :]: part for key, part in value.parts.items() if key.startswith(f"{name}.")}
    if inner:
        return Named(f"{value.origin}: {name}", inner)
    if name == "matrix":
        return _matrix(value, span)
    known = [*value.parts, *value.refused]
    listed = f"there are {', '.join(known[:8])}{', ...' if len(known) > 8 else ''}"
    hint = near(name, known) or (listed if known else None)
    raise fail("name", f"{describe(value)} has no `{name}`", span, hint)


def part_named(value: Named, items: Sequence[Value], span: Span) -> Value:
    """What an index picks of values by name.

    Raises:
        LanguageError: for one that is no text, and as `part_of` does.
    """
    if len(items) == 1 and isinstance(items[0], str):
        return part_of(value, items[0], span)
    raise fail("type", f"{describe(value)} is picked by name", span, 'such as `d["price"]`')


def _matrix(value: Named, span: Span) -> Value:
    """Vectors of one length side by side."""
    columns = [part for part in value.parts.values() if isinstance(part, Node)]
    wrong = [name for name, part in value.parts.items() if not isinstance(part, Node) or len(part.shape) != 1]
    if value.refused or wrong or len({column.shape for column in columns}) != 1:
        odd = [*value.refused, *wrong]
        what = f", and `{odd[0]}` is none" if odd else " of one length"
        raise fail(
            "shape",
            f"a matrix has vectors of numbers for its columns{what}",
            span,
            "put some side by side: stack((a, b), 1)",
        )
    return stack(coerce(columns), 1)


def attributes_of(value: Value) -> Mapping[str, Value]:
    """All that may stand behind a point."""
    if isinstance(value, Node):
        return {
            "T": transpose(value),
            **({"mT": swap_last(value)} if len(value.shape) > 1 else {}),
            "shape": value.shape,
            "ndim": len(value.shape),
            "size": size_of(value.shape),
            "dtype": value.dtype.value,
        }
    with_members = (Function, SparseMatrix, Extrema, Fit, Propagation, Uncertain, Check, Audit, Module, Named)
    return value.members if isinstance(value, with_members) else {}


def _logic(symbol: str, left: bool | Node, right: bool | Node) -> Value:
    if isinstance(left, bool) and isinstance(right, bool):
        return (left and right) if symbol == "and" else (left or right)
    for known, other in ((left, right), (right, left)):
        if isinstance(known, bool):
            return other if known is (symbol == "and") else known
    return _applied(symbol, left, right)


def _is_plain_other(value: Value) -> bool:
    return value is None or isinstance(value, (str, tuple, Function))


def _constant(node: Node) -> float | None:
    return float(node.value) if isinstance(node, Constant) and node.shape == () else None


def _operand(caller: Caller, symbol: str, value: Value, span: Span) -> Node:
    if _is_plain_other(value) or not isinstance(value, (bool, int, float, Node)):
        hint = None
        if isinstance(value, Function):
            hint = f"call it first: `{called(value)}`"
        elif isinstance(value, Uncertain):
            hint = "give it to a function, as in `f(3 ± 0.1)`: errors go through a function's gradient"
        elif isinstance(value, SparseMatrix):
            hint = "write dense(...) for the whole matrix; S @ x multiplies"
        elif isinstance(value, tuple):
            hint = "a tuple's items are taken one by one: `t[0]`; a matrix is written in [ ]"
        raise fail("type", f"`{symbol}` needs numbers or tensors, not {describe(value)}", span, hint)
    return to_node(value, caller.dtype, span)


def _unordered(symbol: str, same: bool, left: Value, right: Value, span: Span) -> bool:
    if symbol in ("==", "!="):
        return same is (symbol == "==")
    raise fail("type", f"`{symbol}` can't order {describe(left)} and {describe(right)}", span, "use == or !=")
