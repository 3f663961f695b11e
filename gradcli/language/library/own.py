"""The language's own functions: what the core knows nothing of, since it is about calls, names and random numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node, constant
from gradcli.core.ir.promotion import cast
from gradcli.core.ir.shapes import check_shape
from gradcli.language.calls import compare
from gradcli.language.calls.announce import Call, builtin, to_number
from gradcli.language.calls.functions import Chain, in_sequence
from gradcli.language.calls.items import LONGEST_RANGE, length_of
from gradcli.language.calls.reach import parameters_of
from gradcli.language.calls.weights import AtWeights, at_weights
from gradcli.language.text.diagnostics import Span, fail
from gradcli.language.values import convert
from gradcli.language.values.describe import describe
from gradcli.language.values.nesting import distinct_nodes
from gradcli.language.values.scope import MOST_DIGITS
from gradcli.language.values.values import Function, Parameters, SparseMatrix, Value, Zipped


@builtin(
    "layers and functions one after the other, as one model",
    "Sequential",
    example="net = Sequential(Dense(2, 8), tanh, Dense(8, 1))\nnet([[1, 2]]).shape",
)
def sequential(call: Call, *layers: Value) -> Chain:
    """The chain of them."""
    return in_sequence(layers, call.span)


@builtin(
    "the trainable parameters of a function",
    "params",
    "trainable_params",
    example="model f(x):\n"
    "    param w = 2\n"
    "    return w*x\n"
    "params(f)\n"
    "grad(f, grad_position=none, weights=params(f))(3)",
)
def params(call: Call, fn: Function) -> Parameters:
    """Those that its text reaches."""
    return parameters_of(call.caller, fn)


@builtin(
    "a function at other weights: a tuple of one value for each parameter, as `params` lists them",
    example="net = Dense(2, 1)\n"
    "f(w) = sum(with_params(net, w)([1, 2]))\n"
    "grad(f)(params(net))\n"
    "net([1, 2], params=0.5*params(net))",
    details="`net(x, params=w)` is `with_params(net, w)(x)`. The weights may be inputs that a derivative is taken "
    "by, or that `vmap` goes along; the model itself keeps its own.",
)
def with_params(call: Call, fn: Function, weights: Value) -> AtWeights:
    """The function at these weights.

    Raises:
        LanguageError: for weights that are not one for each parameter, of its shape.
    """
    return at_weights(call.caller, fn, weights, call.span)


@builtin("whole numbers to go through, as Python's range", "range", example="range(4)\nsum(k for k in range(1, 5))")
def range_(call: Call, *bounds: Value) -> Value:
    """Them as a tuple."""
    if not 1 <= len(bounds) <= 3:
        raise fail(
            "type", f"range takes 1 to 3 numbers, and here are {len(bounds) or 'none'}", call.span, "such as range(n)"
        )
    numbers = [convert.to_int(b, call.span, "a bound of range") for b in bounds]
    if len(numbers) == 3 and numbers[2] == 0:
        raise fail("value", "range can't step by 0", call.span)
    found = range(*numbers)
    # Not len(), which refuses what doesn't fit 64 bits.
    count = max(0, -((found.start - found.stop) // found.step))
    if count > LONGEST_RANGE:
        raise fail("value", f"a range of {count:,} numbers is too long", call.span, f"at most {LONGEST_RANGE:,}")
    return tuple(found)


@builtin(
    "the items of several tuples or tensors side by side, to go through together",
    "zip",
    example="sum(a*b for a, b in zip([1, 2, 3], (4, 5, 6)))",
)
def zip_(call: Call, *values: Value) -> Value:
    """What goes through them."""
    if not values:
        raise fail("type", "zip takes what is gone through", call.span, "as in `zip(x, y)`")
    return Zipped(values)


@builtin(
    "each item with its number, from 0 on or from `start`", "enumerate", example="[i*x for i, x in enumerate([5, 6])]"
)
def enumerate_(call: Call, values: Value, start: Value = 0) -> Value:
    """What goes through both."""
    first = convert.to_int(start, call.span, "where the numbers start")
    count = _length(values, call.span)
    return Zipped((tuple(range(first, first + count)), values))


def _length(x: Value, span: Span) -> int:
    found = length_of(x)
    if found is None:
        raise fail("type", f"{describe(x)} has no length", span)
    return found


@builtin("how many items, or how long the first axis is", "len", example="len([[1, 2], [3, 4], [5, 6]])")
def len_(call: Call, x: Value) -> int:
    """The number of items."""
    return _length(x, call.span)


@builtin(
    "whether |a - b| <= max(rtol max(|a|, |b|), atol) for all entries of one shape; rtol is 1e-9, or 1e-5 with float32",
    example="allclose(0.1 + 0.2, 0.3), allclose(1, 1.1), allclose(1e-13, 0), allclose(1e-13, 0, atol=1e-12)",
)
def allclose(call: Call, a: Value, b: Value, rtol: Value = None, atol: Value = 0.0, equal_nan: Value = False) -> Value:
    """Whether they are."""
    return compare.allclose(call.caller, (a, b, rtol, atol, equal_nan), call.span)


@builtin(
    "whether each number is proved right to so many digits, as it is computed here",
    example="certified(exp(1), digits=12)",
)
def certified(call: Call, x: Value, digits: Value = 15) -> bool:
    """Whether it is, by exact arithmetic or by balls; what is bound to a name is the float that it is.

    Raises:
        LanguageError: for a number of digits that nothing is shown to.
    """
    wanted = convert.to_int(digits, call.span, "the number of digits")
    if not 1 <= wanted <= MOST_DIGITS:
        raise fail("value", f"{wanted} digits can't be certified", call.span, f"from 1 to {MOST_DIGITS:,}")
    digits_known = call.caller.digits_known(distinct_nodes(x), wanted)
    if digits_known < wanted:
        known = (
            f"{int(digits_known)} digits are"
            if digits_known >= 2
            else "1 digit is"
            if digits_known >= 1
            else "no digit is"
        )
        call.caller.note(f"{known} certain here" if digits_known else f"nothing proves {wanted} digits here", call.span)
    return digits_known >= wanted


@builtin("seeded random numbers, normally distributed", example="normal((2, 3)).shape")
def normal(call: Call, shape: Value = (), mean: Value = 0.0, std: Value = 1.0, dtype: Value = None) -> Node:
    """A tensor of them."""
    return _draw(call, "normal", shape, (mean, std), dtype)


@builtin("seeded random numbers, evenly distributed over [low, high)", example="uniform((2, 3)).shape")
def uniform(call: Call, shape: Value = (), low: Value = 0.0, high: Value = 1.0, dtype: Value = None) -> Node:
    """A tensor of them."""
    return _draw(call, "uniform", shape, (low, high), dtype)


def _draw(call: Call, kind: str, shape: Value, given: tuple[Value, Value], dtype: Value) -> Node:
    draw: Callable[..., Any] = getattr(call.caller.random, kind)
    numbers = [to_number(what, call.span, f"each number of {kind}") for what in given]
    if isinstance(shape, Function) or (isinstance(shape, Node) and not _is_shape(shape)):
        hint = f"such as `{kind}((2, 3))`"
        if kind == "normal":
            hint += "; the line at right angles to a curve at x0 has the slope `-1/f'(x0)`"
        raise fail("type", f"`{kind}` draws random numbers, and takes a shape first", call.span, hint)
    lengths = check_shape(convert.to_shape(shape, call.span))
    if kind == "uniform" and not numbers[0] <= numbers[1]:
        hint = "the second argument is the lower bound, the third the upper one; a shape of two axes is `(5, 5)`"
        raise fail("value", f"{numbers[0]:g} is no lower bound of numbers up to {numbers[1]:g}", call.span, hint)
    if kind == "normal" and numbers[1] < 0:
        raise fail("value", f"a standard deviation can't be {numbers[1]}", call.span)
    chosen = call.caller.dtype if dtype is None else convert.to_dtype(dtype, call.span)
    try:
        drawn: Node = draw(lengths, *numbers, chosen)
    except (MemoryError, ValueError, OverflowError):
        raise fail("value", f"a tensor of shape {lengths} can't be drawn", call.span, "use a smaller shape") from None
    return drawn


def _is_shape(value: Node) -> bool:
    rows = convert.rows_of(value) if len(value.shape) == 1 else (value,)
    return all(convert.known_value(length) is not None for length in rows)


def _announce_cast(dtype: DType, *names: str) -> None:
    @builtin(f"x with elements of type {dtype.value}", *names, example=f"{dtype.value}([2.7, 0])")
    def cast_to(call: Call, x: Value) -> Node:
        if dtype is DType.INT64 and isinstance(x, int) and not isinstance(x, bool):
            return constant(x, dtype)  # exact, where a float64 would round it
        return cast(convert.to_node(x, DType.FLOAT64, call.span), dtype)


for _dtype in DType:
    _also = {DType.INT64: ("int",), DType.FLOAT64: ("float",)}.get(_dtype, ())
    _announce_cast(_dtype, _dtype.value, *_also)


@builtin("a sparse matrix as a whole one", example="f(x) = sum(x^2)\nh = hessian(f, sparse=true)([1, 2])\ndense(h)")
def dense(call: Call, matrix: Value) -> Node:
    """All of its entries."""
    if isinstance(matrix, SparseMatrix):
        return matrix.entries.dense()
    return convert.to_node(matrix, call.caller.dtype, call.span)
