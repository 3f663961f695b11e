"""What is composed of primitives. Each public function states its own call and help; the language finds it here."""

from gradcli.core.library import (
    activations,
    axes,
    finite,
    functions,
    layers,
    linear_algebra,
    making,
    ordering,
    picking,
    products,
    rearranging,
    reductions,
    special,
    tabulated,
)
from gradcli.core.library.declare import COMPOSED, LAYERS, Composed, Layer, Maker

__all__ = [
    "COMPOSED",
    "LAYERS",
    "Composed",
    "Layer",
    "Maker",
    "activations",
    "axes",
    "finite",
    "functions",
    "layers",
    "linear_algebra",
    "making",
    "ordering",
    "picking",
    "products",
    "rearranging",
    "reductions",
    "special",
    "tabulated",
]
