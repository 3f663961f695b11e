"""First values of parameters."""

from __future__ import annotations

from gradcli.core.ir.nodes import Constant, array_constant
from gradcli.core.ir.shapes import Shape
from gradcli.core.library.declare import Studio


def full(value: float, shape: Shape, studio: Studio) -> Constant:
    """A tensor of one number."""
    import numpy as np

    return array_constant(np.full(shape, value, dtype=studio.dtype.value))


def uniform(studio: Studio, shape: Shape, bound: float) -> Constant:
    """Numbers evenly distributed on both sides of 0."""
    return studio.random.uniform(shape, -bound, bound, studio.dtype)
