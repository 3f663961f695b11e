"""Activations composed of primitives, each accurate in its tails."""

from __future__ import annotations

from math import sqrt

from gradcli.core.errors import require
from gradcli.core.ir.nodes import Node, Operand
from gradcli.core.ir.promotion import real
from gradcli.core.library.declare import composed
from gradcli.core.primitives import comparisons as cmp
from gradcli.core.primitives import elementwise as ew
from gradcli.core.primitives.selection import select
from gradcli.core.primitives.special import erfc


@composed(
    "x where positive, else so much of it; the slope at 0 is the smaller one",
    example="leaky_relu(-2), leaky_relu(3), leaky_relu'(-2)",
    pointwise=True,
)
def leaky_relu(x: Node, slope: Operand = 0.01) -> Node:
    return select(cmp.greater(x, 0), real(x), real(x) * slope)


@composed("x where positive, else alpha (exp(x) - 1)", example="elu(-1), elu(3)", pointwise=True)
def elu(x: Node, alpha: Operand = 1.0) -> Node:
    return select(cmp.greater(x, 0), real(x), alpha * ew.expm1(x))


@composed("x times the normal distribution function, exactly", "gelu", example="gelu(1), gelu'(0)", pointwise=True)
def gelu(x: Node) -> Node:
    return 0.5 * x * erfc(x * (-1 / sqrt(2)))


@composed("x times sigmoid(x)", "silu", "swish", example="silu(1), silu'(0)", pointwise=True)
def silu(x: Node) -> Node:
    return x * ew.sigmoid(x)


@composed("log(sigmoid(x)), accurate in both tails", example="log_sigmoid(-1000), log_sigmoid'(0)", pointwise=True)
def log_sigmoid(x: Node) -> Node:
    return -ew.softplus(-x)


@composed("x times tanh(softplus(x))", example="mish(1), mish'(0)", pointwise=True)
def mish(x: Node) -> Node:
    return x * ew.tanh(ew.softplus(x))


@composed(
    "x held between two bounds, numbers or tensors, none for no bound; the slope at a bound is 1",
    example="clip([-5, 0.3, 5], 0, 1), clip([-5, 5], max=1)\ngrad(clip)([-5, 0.3], 0, 1)",
    pointwise=True,
)
def clip(x: Node, min: Operand | None = None, max: Operand | None = None) -> Node:
    low, high = min, max
    if isinstance(low, (int, float)) and isinstance(high, (int, float)):
        require(not low > high, f"the bounds {low:g} and {high:g} of clip cross")
    held = x
    if low is not None:
        held = select(_or_nan(cmp.less(held, low), low), low, held)
    if high is not None:
        # Between numbers that don't cross, what is over the upper one is no matter of the lower.
        apart = not isinstance(low, Node) and not isinstance(high, Node)
        held = select(_or_nan(cmp.greater(x if apart else held, high), high), high, held)
    # What is no number has no slope either.
    return select(cmp.not_equal(x, x), x * float("nan"), held) if x.dtype.is_float else held


def _or_nan(crossed: Node, bound: Operand) -> Node:
    """Whether a bound is crossed, or is no number; of a plain number that is known."""
    if isinstance(bound, Node):
        return cmp.logical_or(crossed, cmp.not_equal(bound, bound))
    return crossed if bound == bound else cmp.logical_or(crossed, True)
