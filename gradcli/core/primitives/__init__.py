"""THE table: each primitive stated once, a family to a file. Importing this package fills the registry."""

from gradcli.core.primitives import elementwise, linear_algebra, reductions, selection, shaping

__all__ = ["elementwise", "linear_algebra", "reductions", "selection", "shaping"]
