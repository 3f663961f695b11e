"""Layers and losses, with MindSpore's names, parameter shapes and initialisation."""

from __future__ import annotations

from math import sqrt

from gradcli.core.graph import Node, parameter
from gradcli.core.laws import require
from gradcli.core.prelude.declare import Layer, Studio, layer
from gradcli.core.prelude.functions import matmul, mean, sum_, transpose


@layer("a fully connected layer, x @ weight.T + bias")
def Dense(studio: Studio, in_channels: int, out_channels: int, has_bias: bool = True) -> Layer:  # noqa: N802 - the seed's name
    """Weight (out, in) and bias (out,), both uniform on +-1/sqrt(in) as MindSpore 2 draws them (He, a = sqrt 5)."""
    require(
        in_channels > 0 and out_channels > 0,
        f"Dense({in_channels}, {out_channels}) has no weights",
        "both numbers of channels must be at least 1",
    )
    bound = 1 / sqrt(in_channels)
    drawn = {"weight": (out_channels, in_channels)} | ({"bias": (out_channels,)} if has_bias else {})
    parameters = {
        name: parameter(name, studio.random.uniform(shape, -bound, bound, studio.dtype))
        for name, shape in drawn.items()
    }

    def call(x: Node) -> Node:
        y = matmul(x, transpose(parameters["weight"]))
        return y + parameters["bias"] if has_bias else y

    return Layer("Dense", ("x",), parameters, call=call)


@layer("the mean, or the sum, of the squared differences")
def MSELoss(studio: Studio, reduction: str = "mean") -> Layer:  # noqa: N802 - the seed's name
    """A loss (logits, labels) -> scalar, or elementwise with reduction "none"."""
    require(
        reduction in ("mean", "sum", "none"),
        f'"{reduction}" is not a reduction',
        'reduction is "mean", "sum" or "none"',
    )

    def call(logits: Node, labels: Node) -> Node:
        squared = (logits - labels) * (logits - labels)
        return mean(squared) if reduction == "mean" else sum_(squared) if reduction == "sum" else squared

    return Layer("MSELoss", ("logits", "labels"), call=call)
