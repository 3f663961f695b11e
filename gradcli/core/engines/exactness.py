"""What needs no balls: whole numbers that stay small, which float64 holds, and fractions, rounded once at the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from math import isfinite
from typing import Any

from gradcli.core.ir.exact import Exact
from gradcli.core.ir.nodes import Constant, Node
from gradcli.core.ir.primitive import Application
from gradcli.core.ir.shapes import size_of
from gradcli.core.ir.standing import exact_parts

# Whole numbers of float64 are exact up to here.
LARGEST = 2.0**53
# Fractions with more bits are slower than balls.
MOST_BITS = 4_000
_HIGHEST_POWER = 64


def is_whole_throughout(order: Sequence[Node]) -> bool:
    """Whether every number of a graph is a whole one that float64 holds, by the sizes that they may have."""
    sizes: dict[Node, float] = {}
    for node in order:
        size = _size(node, [sizes[arg] for arg in node.args])
        if size is None or not size <= LARGEST:
            return False
        sizes[node] = size
    return True


def _size(node: Node, args: Sequence[float]) -> float | None:
    """A bound of the elements of a node, all of which are whole numbers; None where they need not be."""
    if isinstance(node, Constant):
        return _size_of_constant(node)
    bound = _SIZES.get(node.kind)
    if bound is not None:
        return bound(*args)
    if node.kind == "constant_power":
        exponent = node.attrs["exponent"]
        whole = float(exponent).is_integer() and 0 <= exponent <= _HIGHEST_POWER
        return max(1.0, args[0]) ** exponent if whole and args[0] < 1e9 else None
    if node.kind == "matmul":
        return args[0] * args[1] * node.args[0].shape[-1]
    if node.kind in ("sum_to", "cumsum"):
        return args[0] * size_of(node.args[0].shape)
    return None


def _size_of_constant(node: Constant) -> float | None:
    if node.shape == ():
        value = node.value
        return abs(float(value)) if isfinite(value) and float(value).is_integer() else None
    import numpy as np

    if node.dtype.is_float and not (np.floor(node.value) == node.value).all():
        return None
    return float(abs(node.value).max(initial=0))


def _least(*sizes: float) -> float:
    return max(sizes)


_SIZES: Mapping[str, Callable[..., float]] = {
    **dict.fromkeys(("add", "subtract"), lambda a, b: a + b),
    "multiply": lambda a, b: a * b,
    **dict.fromkeys(
        ("negate", "abs", "cast", "broadcast", "reshape", "transpose", "slice", "pad", "flip"), lambda a: a
    ),
    **dict.fromkeys(("stop_gradient", "relu", "max_to"), lambda a: a),
    **dict.fromkeys(("maximum", "minimum"), max),
    **dict.fromkeys(("greater", "less", "greater_equal", "less_equal", "equal", "not_equal"), lambda a, b: 1.0),
    "select": lambda condition, a, b: max(a, b),
    "sign": lambda a: 1.0,
    "concatenate": _least,
}


def fractions(order: Sequence[Node], outputs: Sequence[Node]) -> list[float | None] | None:
    """The floats nearest to outputs that are fractions of what was typed; None where anything else is on the way."""
    found: dict[Node, Any] = {}
    try:
        for node in order:
            if node.shape != ():
                return None
            value = _fraction(node, [found[arg] for arg in node.args])
            if value is None or (isinstance(value, Fraction) and _bits(value) > MOST_BITS):
                return None
            found[node] = value
        return [float(found[node]) if isinstance(found[node], Fraction) else None for node in outputs]
    except (ArithmeticError, ValueError):
        return None


def _bits(value: Fraction) -> int:
    return value.numerator.bit_length() + value.denominator.bit_length()


def _fraction(node: Node, args: Sequence[Any]) -> Any:
    if isinstance(node, Constant):
        return _typed(node.value)
    if node.kind == "constant_power":
        exponent = node.attrs["exponent"]
        whole = float(exponent).is_integer() and abs(exponent) <= _HIGHEST_POWER
        return args[0] ** int(exponent) if whole else None
    calculate = _FRACTIONS.get(node.kind)
    return None if calculate is None or not isinstance(node, Application) or node.attrs else calculate(*args)


def _typed(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return Fraction(value)
    if isinstance(value, Exact):
        return value.fraction if value.rational else None
    if not isfinite(value):
        return None
    parts = exact_parts(value)
    return Fraction(value) if parts is None else parts[0] if parts[1] is None else None


_FRACTIONS: Mapping[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "reciprocal": lambda a: 1 / a,
    "negate": lambda a: -a,
    "abs": abs,
    "maximum": max,
    "minimum": min,
    "stop_gradient": lambda a: a,
    "select": lambda condition, a, b: a if condition else b,
    "greater": lambda a, b: a > b,
    "less": lambda a, b: a < b,
    "greater_equal": lambda a, b: a >= b,
    "less_equal": lambda a, b: a <= b,
    "equal": lambda a, b: a == b,
    "not_equal": lambda a, b: a != b,
}
