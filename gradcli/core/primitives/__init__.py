"""THE table: each primitive stated once, a family to a file. Importing this package fills the registry."""

from gradcli.core.primitives import (
    comparisons,
    domains,
    elementwise,
    indexing,
    inverse_hyperbolic,
    linear_algebra,
    ordering,
    reciprocals,
    reductions,
    roots,
    rounding,
    scans,
    selection,
    shaping,
    special,
)

__all__ = [
    "comparisons",
    "domains",
    "elementwise",
    "indexing",
    "inverse_hyperbolic",
    "linear_algebra",
    "ordering",
    "reciprocals",
    "reductions",
    "roots",
    "rounding",
    "scans",
    "selection",
    "shaping",
    "special",
]
