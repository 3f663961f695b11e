"""What is composed of primitives. Each public function states its own call and help; the language finds it here."""

from gradcli.core.library import (
    activations,
    decompositions,
    einsum,
    functions,
    layers,
    linear_algebra,
    padding,
    rearranging,
    reductions,
    special,
)
from gradcli.core.library.declare import COMPOSED, LAYERS, Composed, Layer, Maker

__all__ = [
    "COMPOSED",
    "LAYERS",
    "Composed",
    "Layer",
    "Maker",
    "activations",
    "decompositions",
    "einsum",
    "functions",
    "layers",
    "linear_algebra",
    "padding",
    "rearranging",
    "reductions",
    "special",
]
