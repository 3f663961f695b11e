"""Layers, with MindSpore's names, parameter shapes and initialisation."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from typing import TypeAlias

from gradcli.core.errors import require
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node, Parameter, constant
from gradcli.core.ir.promotion import cast
from gradcli.core.ir.shapes import Shape, size_of
from gradcli.core.library.convolution import convolved
from gradcli.core.library.declare import Layer, Studio, layer
from gradcli.core.library.functions import matmul, transpose
from gradcli.core.library.indexing import index
from gradcli.core.library.initializers import Init, fans_of, full, initial, uniform
from gradcli.core.library.sliding import Counts, by_mode, sliding
from gradcli.core.primitives import comparisons as cmp
from gradcli.core.primitives import shaping
from gradcli.core.primitives.selection import select

Activation: TypeAlias = Callable[[Node], Node]


def _linear(studio: Studio, shape: Shape, weight_init: Init, bias_init: Init, has_bias: bool) -> dict[str, Parameter]:
    """A weight and a bias for each output: where nothing is said, uniform on +-1/sqrt(fan in).

    So MindSpore 2 draws both: He's rule with a = sqrt 5.
    """
    fans = fans_of(shape)

    def drawn(name: str, shape: Shape, given: Init) -> Parameter:
        return initial(studio, name, shape, given, lambda: uniform(studio, shape, 1 / sqrt(fans.into)), fans)

    require(has_bias or bias_init is None, "there is no bias to begin with `bias_init`", "has_bias=true makes one")
    found = {"weight": drawn("weight", shape, weight_init)}
    return found | ({"bias": drawn("bias", shape[:1], bias_init)} if has_bias else {})


@layer(
    "a fully connected layer, x @ weight.T + bias, and an activation if one is given",
    example="net = Dense(2, 1)\nparams(net)\nnet([[1, 2]]).shape",
)
def Dense(  # noqa: N802 - the seed's name
    studio: Studio,
    in_channels: int,
    out_channels: int,
    has_bias: bool = True,
    activation: Activation | None = None,
    weight_init: Init = None,
    bias_init: Init = None,
) -> Layer:
    """Weight (out, in) and bias (out,)."""
    require(
        in_channels > 0 and out_channels > 0,
        f"Dense({in_channels}, {out_channels}) has no weights",
        "both numbers of channels must be at least 1",
    )
    parameters = _linear(studio, (out_channels, in_channels), weight_init, bias_init, has_bias)

    def call(x: Node) -> Node:
        y = matmul(x, transpose(parameters["weight"]))
        y = y + parameters["bias"] if has_bias else y
        return activation(y) if activation else y

    return Layer("Dense", ("x",), parameters, call=call)


@layer("a row of the table for each whole number", example="Embedding(5, 2)([0, 3, 3]).shape")
def Embedding(  # noqa: N802 - the field's name
    studio: Studio, vocab_size: int, embedding_size: int, embedding_table: Init = None
) -> Layer:
    """The table (vocabulary, size), normally distributed with deviation 0.01."""
    require(vocab_size > 0 and embedding_size > 0, f"Embedding({vocab_size}, {embedding_size}) has no rows")
    shape = (vocab_size, embedding_size)
    given = "normal" if embedding_table is None else embedding_table
    table = initial(studio, "embedding_table", shape, given, lambda: full(0.0, shape, studio), fans_of(shape))
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
    weight_init: Init = None,
    bias_init: Init = None,
) -> Layer:
    """Weight (out, in per group, kernel)."""
    return _convolution(
        *(studio, "Conv1d", (in_channels, out_channels), kernel_size, stride, pad_mode, padding, dilation),
        *(group, has_bias, (weight_init, bias_init)),
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
    weight_init: Init = None,
    bias_init: Init = None,
) -> Layer:
    """Weight (out, in per group, height, width)."""
    return _convolution(
        *(studio, "Conv2d", (in_channels, out_channels), kernel_size, stride, pad_mode, padding, dilation),
        *(group, has_bias, (weight_init, bias_init)),
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
    inits: tuple[Init, Init],
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
    parameters = _linear(studio, (channels[1], inside, *window.kernel), *inits, has_bias)

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
