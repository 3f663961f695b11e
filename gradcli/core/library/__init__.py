"""What is composed of primitives. Each public function states its own call and help; the language finds it here."""

from gradcli.core.library import (
    activations,
    convolution,
    decompositions,
    einsum,
    functions,
    layers,
    linear_algebra,
    losses,
    norms,
    padding,
    pooling,
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
    "convolution",
    "decompositions",
    "einsum",
    "functions",
    "layers",
    "linear_algebra",
    "losses",
    "norms",
    "padding",
    "pooling",
    "rearranging",
    "reductions",
    "special",
]
