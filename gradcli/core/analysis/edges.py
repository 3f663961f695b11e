"""Which primitives have edges: corners, steps, and ends of a domain where a quotient may be one of zeros."""

from __future__ import annotations

# Those whose value at the edge may be nan, and not a convention.
QUOTIENTS = frozenset({"reciprocal", "divide", "sqrt", "constant_power", "cbrt", "power"})
# Those whose value there, or whose slope, is a convention for what is beside it.
CORNERS = frozenset({"abs", "sign", "relu", "maximum", "minimum", "max_to", "hypot", "part_of_length"})
STEPS = frozenset({"floor", "ceil", "round", "floor_divide", "remainder"})
COMPARISONS = frozenset({"greater", "less", "greater_equal", "less_equal", "equal", "not_equal"})
EDGES = QUOTIENTS | CORNERS | STEPS | COMPARISONS
