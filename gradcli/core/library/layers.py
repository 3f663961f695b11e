"""Layers, with MindSpore's names, parameter shapes and initialisation."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from typing import TypeAlias

from gradcli.core.errors import require
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Constant, Node, Parameter, array_constant, constant, parameter
from gradcli.core.ir.promotion import cast
from gradcli.core.ir.shapes import Shape, check_shape, size_of
from gradcli.core.library.convolution import convolved
from gradcli.core.library.declare import Layer, Studio, layer
from gradcli.core.library.functions import matmul, mean, transpose
from gradcli.core.library.indexing import index
from gradcli.core.library.sliding import Counts, by_mode, sliding
from gradcli.core.primitives import comparisons as cmp
from gradcli.core.primitives import elementwise as ew
from gradcli.core.primitives import shaping
from gradcli.core.primitives.selection import select

Activation: TypeAlias = Callable[[Node], Node]


def _uniform(studio: Studio, name: str, shape: Shape, fan_in: int) -> Parameter:
    """Uniform on +-1/sqrt(fan in), as MindSpore 2 draws weights and biases (He's rule with a = sqrt 5)."""
    bound = 1 / sqrt(fan_in)
    return parameter(name, studio.random.uniform(shape, -bound, bound, studio.dtype))


@layer(
    "a fully connected layer, x @ weight.T + bias, and an activation if one is given",
    example="net = Dense(2, 1)\nparams(net)\nnet([[1, 2]]).shape",
)
def Dense(  # noqa: N802 - the seed's name
    studio: Studio, in_channels: int, out_channels: int, has_bias: bool = True, activation: Activation | None = None
) -> Layer:
    """Weight (out, in) and bias (out,)."""
    require(
        in_channels > 0 and out_channels > 0,
        f"Dense({in_channels}, {out_channels}) has no weights",
        "both numbers of channels must be at least 1",
    )
    parameters = {"weight": _uniform(studio, "weight", (out_channels, in_channels), in_channels)}
    if has_bias:
        parameters["bias"] = _uniform(studio, "bias", (out_channels,), in_channels)

    def call(x: Node) -> Node:
        y = matmul(x, transpose(parameters["weight"]))
        y = y + parameters["bias"] if has_bias else y
        return activation(y) if activation else y

    return Layer("Dense", ("x",), parameters, call=call)


@layer("the last axes scaled to mean 0 and variance 1, then by gamma, plus beta", example="LayerNorm(3)([1, 2, 3])")
def LayerNorm(studio: Studio, normalized_shape: Shape, epsilon: float = 1e-7) -> Layer:  # noqa: N802 - the field's name
    """Gamma, ones at first, and beta, zeros, of the normalized shape."""
    shape = check_shape(normalized_shape)
    parameters = {
        "gamma": parameter("gamma", _full(1.0, shape, studio)),
        "beta": parameter("beta", _full(0.0, shape, studio)),
    }

    def call(x: Node) -> Node:
        axes = tuple(range(-len(shape), 0))
        require(x.shape[len(x.shape) - len(shape) :] == shape, f"the last axes of shape {x.shape} are not {shape}")
        away = x - mean(x, axes, keepdims=True)
        spread = ew.sqrt(mean(away * away, axes, keepdims=True) + epsilon)
        return away / spread * parameters["gamma"] + parameters["beta"]

    return Layer("LayerNorm", ("x",), parameters, call=call)


def _full(value: float, shape: Shape, studio: Studio) -> Constant:
    import numpy as np

    return array_constant(np.full(shape, value, dtype=studio.dtype.value))


@layer("a row of the table for each whole number", example="Embedding(5, 2)([0, 3, 3]).shape")
def Embedding(studio: Studio, vocab_size: int, embedding_size: int) -> Layer:  # noqa: N802 - the field's name
    """The table (vocabulary, size), normally distributed with deviation 0.01."""
    require(vocab_size > 0 and embedding_size > 0, f"Embedding({vocab_size}, {embedding_size}) has no rows")
    table = parameter("embedding_table", studio.random.normal((vocab_size, embedding_size), 0.0, 0.01, studio.dtype))
    return Layer("Embedding", ("x",), {"embedding_table": table}, call=lambda x: index(table, (x,)))


@layer("a convolution over one axis: x is (batch, channels, length)", example="Conv1d(1, 4, 3)(ones((1, 1, 8))).shape")
def Conv1d(  # noqa: N802 - the field's name
    studio: Studio,
    in_channels: int,
    out_channels: int,
    kernel_size: Shape,
    stride: Counts = 1,
    pad_mode: str = "same",
    padding: Counts = 0,
    dilation: Counts = 1,
    group: int = 1,
    has_bias: bool = False,
) -> Layer:
    """Weight (out, in per group, kernel)."""
    return _convolution(
        *(studio, "Conv1d", (in_channels, out_channels), kernel_size, stride, pad_mode, padding, dilation),
        *(group, has_bias),
    )


@layer(
    "a convolution over two axes: x is (batch, channels, height, width)",
    example="Conv2d(1, 4, 3)(ones((1, 1, 8, 8))).shape",
)
def Conv2d(  # noqa: N802 - the field's name
    studio: Studio,
    in_channels: int,
    out_channels: int,
    kernel_size: Shape,
    stride: Counts = 1,
    pad_mode: str = "same",
    padding: Counts = 0,
    dilation: Counts = 1,
    group: int = 1,
    has_bias: bool = False,
) -> Layer:
    """Weight (out, in per group, height, width)."""
    return _convolution(
        *(studio, "Conv2d", (in_channels, out_channels), kernel_size, stride, pad_mode, padding, dilation),
        *(group, has_bias),
    )


@layer("the axes from the second on, or from another, as one", example="Flatten()(ones((2, 3, 4))).shape")
def Flatten(studio: Studio, start_dim: int = 1, end_dim: int = -1) -> Layer:  # noqa: N802 - the field's name
    """What stands between convolutions and a Dense layer."""

    def call(x: Node) -> Node:
        rank = len(x.shape)
        first, last = (a + rank if a < 0 else a for a in (start_dim, end_dim))
        require(
            0 <= first <= last < rank,
            f"a tensor of shape {x.shape} has no axes from {start_dim} to {end_dim}",
            "it takes (batch, ...)",
        )
        inner = size_of(x.shape[first : last + 1])
        return shaping.reshape(x, shape=(*x.shape[:first], inner, *x.shape[last + 1 :]))

    return Layer("Flatten", ("x",), call=call)


def _convolution(
    studio: Studio,
    kind: str,
    channels: tuple[int, int],
    kernel: Shape,
    stride: Counts,
    pad_mode: str,
    padding: Counts,
    dilation: Counts,
    group: int,
    has_bias: bool,
) -> Layer:
    """Cross-correlation, as every framework's."""
    require(min(channels) > 0, f"{kind}{channels} has no weights", "both numbers of channels must be at least 1")
    require(
        group > 0 and all(n % group == 0 for n in channels),
        f"{channels[0]} and {channels[1]} channels do not divide into {group} groups",
        "group= divides both numbers of channels",
    )
    window = sliding(kernel, stride, dilation, by_mode(pad_mode, padding), 1 if kind == "Conv1d" else 2)
    inside = channels[0] // group
    fan_in = inside * size_of(window.kernel)
    parameters = {"weight": _uniform(studio, "weight", (channels[1], inside, *window.kernel), fan_in)}
    if has_bias:
        parameters["bias"] = _uniform(studio, "bias", (channels[1],), fan_in)

    def call(x: Node) -> Node:
        return convolved(x, parameters["weight"], parameters.get("bias"), window, group, kind)

    return Layer(kind, ("x",), parameters, call=call)


@layer(
    "in training each element is 0 with probability p, and the others are divided by 1 - p",
    example="drop = Dropout(0.5)\ndrop(ones(6))\ndrop(ones(6), training=false)",
)
def Dropout(studio: Studio, p: float = 0.5) -> Layer:  # noqa: N802 - the field's name
    """What is 0 is drawn in each call, from the session's random numbers: after `set seed 1` it is the same again."""
    require(0 <= p <= 1, f"{p:g} is no probability", "it is from 0 to 1")

    def call(studio: Studio, x: Node, training: bool = True) -> Node:
        if not training or p == 0:
            return x
        if not x.dtype.is_float:
            x = cast(x, studio.dtype)
        zero = constant(0, x.dtype)
        if p == 1:
            return select(shaping.broadcast(constant(False, DType.BOOL), shape=x.shape), x, zero)
        kept = cmp.greater_equal(studio.random.uniform(x.shape, 0.0, 1.0, DType.FLOAT64), p)
        return select(kept, x * (1 / (1 - p)), zero)

    return Layer("Dropout", (), draws=True, call=call)
