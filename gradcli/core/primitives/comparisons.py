"""Comparisons and logic: their results are bools, and nothing is differentiated through them."""

from __future__ import annotations

from gradcli.core.ir.declare import flat
from gradcli.core.ir.edges import EdgeKind, at_equal
from gradcli.core.ir.primitive import Primitive

CHANGE = at_equal(EdgeKind.COMPARISON)

greater = flat("greater", help="a > b", arity=2, math="{0} > {1}", result="bool", symbol=">", names=(), edge=CHANGE)
less: Primitive = flat(
    "less", help="a < b", arity=2, math="{0} < {1}", result="bool", symbol="<", names=(), edge=CHANGE
)
greater_equal = flat(
    "greater_equal", help="a >= b", arity=2, math="{0} >= {1}", result="bool", symbol=">=", names=(), edge=CHANGE
)
less_equal: Primitive = flat(
    "less_equal", help="a <= b", arity=2, math="{0} <= {1}", result="bool", symbol="<=", names=(), edge=CHANGE
)
equal: Primitive = flat(
    "equal", help="a == b", arity=2, math="{0} == {1}", result="bool", symbol="==", names=(), edge=CHANGE
)
not_equal = flat(
    "not_equal", help="a != b", arity=2, math="{0} != {1}", result="bool", symbol="!=", names=(), edge=CHANGE
)
logical_and: Primitive = flat(
    "logical_and", help="both are true", arity=2, math="bool({0} and {1})", result="bool", symbol="and", names=()
)
logical_or = flat(
    "logical_or", help="at least one is true", arity=2, math="bool({0} or {1})", result="bool", symbol="or", names=()
)
logical_not = flat("logical_not", help="true where false", math="not {0}", result="bool", symbol="not", names=())
