"""THE table: each primitive stated once, a family to a file. Importing this package fills the registry."""

from gradcli.core.primitives import (
    comparisons,
    domains,
    elementwise,
    factors,
    indexing,
    inverse_hyperbolic,
    linear_algebra,
    reciprocals,
    reductions,
    roots,
    rounding,
    scans,
    selection,
    shaping,
    special,
    spectra,
)

__all__ = [
    "comparisons",
    "domains",
    "elementwise",
    "factors",
    "indexing",
    "inverse_hyperbolic",
    "linear_algebra",
    "reciprocals",
    "reductions",
    "roots",
    "rounding",
    "scans",
    "selection",
    "shaping",
    "special",
    "spectra",
]
