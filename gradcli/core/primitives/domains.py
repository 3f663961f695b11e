"""Where a slope has a domain that its formula doesn't show: log'(x) is 1/x, and there is none below 0."""

from __future__ import annotations

from gradcli.core.ir.declare import elementwise
from gradcli.core.ir.nodes import Constant, Node
from gradcli.core.ir.primitive import Primitive

# What can't be below 0 whatever is put in, by the kind; of the second kinds if none of the arguments can.
_NEVER_NEGATIVE = frozenset(
    {"exp", "exp2", "half_exp2", "sqrt", "hypot", "abs", "sigmoid", "sigmoid_slope", "softplus", "cosh", "sech"}
)
_NOR_OF_SUCH = frozenset(
    {"add", "multiply", "divide", "reciprocal", "maximum", "broadcast", "reshape", "transpose", "sum_to"}
)


def _never_negative(x: Node) -> bool:
    if x.kind in _NEVER_NEGATIVE or (x.kind == "multiply" and x.args[0] is x.args[1]):
        return True
    if x.kind == "constant_power" and x.attrs["exponent"] % 2 == 0:
        return True
    if isinstance(x, Constant):
        return x.shape == () and x.value >= 0
    return x.kind in _NOR_OF_SUCH and all(map(_never_negative, x.args))


# A logarithm has no slope where it has no value, though 1/x has one there.
not_negative: Primitive = elementwise(
    "not_negative",
    lambda y, x: 1.0,
    help="x where it is 0 or more, else nan",
    shortcut=lambda x: x if _never_negative(x) else None,
    domain=((0.2, 3.0),),
    kernel=lambda xp, x: xp.where(x < 0, xp.nan, x).astype(x.dtype, copy=False),
    math="({0} if {0} >= 0.0 else nan)",
    names=(),
    reading=lambda x: x,
)
