"""Layers and losses, with MindSpore's names, parameter shapes and initialisation."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from math import sqrt
from typing import NamedTuple, TypeAlias

from gradcli.core.errors import require
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node, Parameter, constant, filled
from gradcli.core.ir.promotion import cast, stretch
from gradcli.core.ir.shapes import Shape, check_shape, size_of
from gradcli.core.library.declare import Layer, Studio, layer
from gradcli.core.library.functions import matmul, mean, stack, sum_, transpose
from gradcli.core.library.indexing import index
from gradcli.core.library.initializers import Fans, Init, fans_of, full, initial, uniform
from gradcli.core.library.reductions import log_softmax
from gradcli.core.primitives import comparisons as cmp
from gradcli.core.primitives import elementwise as ew
from gradcli.core.primitives import shaping
from gradcli.core.primitives.constants import counted
from gradcli.core.primitives.indexing import whole_numbers
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


@layer("the last axes scaled to mean 0 and variance 1, then by gamma, plus beta", example="LayerNorm(3)([1, 2, 3])")
def LayerNorm(  # noqa: N802 - the field's name
    studio: Studio, normalized_shape: Shape, epsilon: float = 1e-7, gamma_init: Init = None, beta_init: Init = None
) -> Layer:
    """Gamma, ones at first, and beta, zeros, of the normalized shape."""
    shape = check_shape(normalized_shape)
    fans = Fans(size_of(shape), size_of(shape))
    parameters = {
        "gamma": initial(studio, "gamma", shape, gamma_init, lambda: full(1.0, shape, studio), fans),
        "beta": initial(studio, "beta", shape, beta_init, lambda: full(0.0, shape, studio), fans),
    }

    def call(x: Node) -> Node:
        axes = tuple(range(-len(shape), 0))
        require(x.shape[len(x.shape) - len(shape) :] == shape, f"the last axes of shape {x.shape} are not {shape}")
        away = x - mean(x, axes, keepdims=True)
        spread = ew.sqrt(mean(away * away, axes, keepdims=True) + epsilon)
        return away / spread * parameters["gamma"] + parameters["beta"]

    return Layer("LayerNorm", ("x",), parameters, call=call)


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
    kernel_size: int,
    stride: int = 1,
    pad_mode: str = "same",
    padding: int = 0,
    dilation: int = 1,
    has_bias: bool = False,
    weight_init: Init = None,
    bias_init: Init = None,
) -> Layer:
    """Weight (out, in, kernel)."""
    return _convolution(
        *(studio, "Conv1d", (in_channels, out_channels), (kernel_size,), stride, pad_mode, padding, dilation, has_bias),
        (weight_init, bias_init),
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
    stride: int = 1,
    pad_mode: str = "same",
    padding: int = 0,
    dilation: int = 1,
    has_bias: bool = False,
    weight_init: Init = None,
    bias_init: Init = None,
) -> Layer:
    """Weight (out, in, height, width)."""
    kernel = kernel_size * 2 if len(kernel_size) == 1 else kernel_size
    require(len(kernel) == 2, f"the kernel of Conv2d has two lengths, not {len(kernel)}")
    return _convolution(
        *(studio, "Conv2d", (in_channels, out_channels), kernel, stride, pad_mode, padding, dilation, has_bias),
        (weight_init, bias_init),
    )


class _Windows(NamedTuple):
    """Along one axis: zeros in front, the length with zeros, and how often the kernel fits."""

    before: int
    length: int
    fits: int


def _windows(n: int, span: int, stride: int, pad_mode: str, padding: int) -> _Windows:
    if pad_mode == "same":
        count = -(-n // stride)
        missing = max((count - 1) * stride + span - n, 0)
        return _Windows(missing // 2, n + missing, count)
    before = padding if pad_mode == "pad" else 0
    return _Windows(before, n + 2 * before, (n + 2 * before - span) // stride + 1)


def _convolution(
    studio: Studio,
    kind: str,
    channels: tuple[int, int],
    kernel: Shape,
    stride: int,
    pad_mode: str,
    padding: int,
    dilation: int,
    has_bias: bool,
    inits: tuple[Init, Init],
) -> Layer:
    """Cross-correlation, as every framework's: for each place in the kernel a strided slice times its weights."""
    counts = (*channels, *kernel, stride, dilation)
    require(min(counts) > 0 and padding >= 0, f"{kind} needs channels, a kernel, a stride and a dilation above 0")
    require(pad_mode in ("same", "valid", "pad"), f'"{pad_mode}" is no pad_mode', 'it is "same", "valid" or "pad"')
    parameters = _linear(studio, (channels[1], channels[0], *kernel), *inits, has_bias)

    def call(x: Node) -> Node:
        require(
            len(x.shape) == len(kernel) + 2 and x.shape[1] == channels[0],
            f"{kind} takes a tensor of {len(kernel) + 2} axes, the second of length {channels[0]}, not shape {x.shape}",
        )
        windows = [
            _windows(n, (k - 1) * dilation + 1, stride, pad_mode, padding)
            for n, k in zip(x.shape[2:], kernel, strict=True)
        ]
        require(min(w.fits for w in windows) > 0, f"a kernel of {kernel} does not fit into shape {x.shape}")
        whole = ((0, x.shape[0], 1), (0, x.shape[1], 1))
        inside = (*whole, *((w.before, n, 1) for w, n in zip(windows, x.shape[2:], strict=True)))
        wide = shaping.pad(x, ranges=inside, shape=(*x.shape[:2], *(w.length for w in windows)))
        last = (0, *range(2, len(x.shape)), 1)
        total: Node | None = None
        for place in product(*map(range, kernel)):
            strided = ((p * dilation, w.fits, stride) for p, w in zip(place, windows, strict=True))
            piece = shaping.transpose(shaping.take_slice(wide, ranges=(*whole, *strided)), axes=last)
            term = matmul(piece, transpose(index(parameters["weight"], (slice(None), slice(None), *place))))
            total = term if total is None else total + term
        assert total is not None
        total = total + parameters["bias"] if has_bias else total
        return shaping.transpose(total, axes=(0, len(x.shape) - 1, *range(1, len(x.shape) - 1)))

    return Layer(kind, ("x",), parameters, call=call)


def _reduced(values: Node, reduction: str) -> Node:
    return mean(values) if reduction == "mean" else sum_(values) if reduction == "sum" else values


def _check_reduction(reduction: str) -> None:
    require(
        reduction in ("mean", "sum", "none"),
        f'"{reduction}" is not a reduction',
        'reduction is "mean", "sum" or "none"',
    )


@layer("the mean, or the sum, of the absolute differences", example="L1Loss()([1, 2], [1, 5])")
def L1Loss(studio: Studio, reduction: str = "mean") -> Layer:  # noqa: N802 - the field's name
    """A loss (logits, labels) -> scalar, or elementwise with reduction "none"."""
    _check_reduction(reduction)
    return Layer(
        "L1Loss", ("logits", "labels"), call=lambda logits, labels: _reduced(ew.absolute(logits - labels), reduction)
    )


@layer(
    "minus the logarithm of softmax at the labels: whole numbers (batch,), or probabilities (batch, classes)",
    example="CrossEntropyLoss()([[0, 0]], [1])",
)
def CrossEntropyLoss(  # noqa: N802 - the field's name
    studio: Studio,
    reduction: str = "mean",
    weight: tuple[float, ...] | None = None,
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
) -> Layer:
    """A loss (logits, labels) -> scalar, or one for each label with reduction "none".

    Classes are the second axis, the only one where there is one. Labels that are `ignore_index` count nowhere, nor
    in the mean, which is weighted where classes have weights.
    """
    _check_reduction(reduction)
    require(0 <= label_smoothing <= 1, f"a label_smoothing of {label_smoothing:g} is no share", "it is from 0 to 1")

    def call(logits: Node, labels: Node) -> Node:
        rank = len(logits.shape)
        require(rank > 0, "logits have an axis of classes, and this is a single number")
        last = (0, *range(2, rank), 1) if rank > 1 else (0,)
        chances = log_softmax(shaping.transpose(logits, axes=last), -1)
        n = chances.shape[-1]
        require(
            weight is None or len(weight) == n, f"{len(weight or ())} weights for {n} classes", "give each class one"
        )
        weights = None if weight is None else stack(tuple(constant(w, chances.dtype) for w in weight))
        per_class = -chances if weights is None else -(chances * weights)
        even = label_smoothing / n if n else 0.0
        if labels.shape == logits.shape:
            given = shaping.transpose(labels, axes=last)
            wanted = given if label_smoothing == 0 else given * (1 - label_smoothing) + even
            return _reduced(sum_(per_class * wanted, -1), reduction)
        require(
            labels.shape == chances.shape[:-1],
            f"labels of shape {labels.shape} do not fit logits of shape {logits.shape}",
            "one whole number for each row, or a probability for each element",
        )
        require(labels.dtype is not DType.BOOL, "labels must be whole numbers, not true and false")
        number = whole_numbers(labels, length=n, what="label", besides=ignore_index)
        chosen = cmp.equal(shaping.reshape(number, shape=(*number.shape, 1)), counted(n, chances.dtype))
        losses = sum_(select(chosen, per_class, filled(0.0, per_class)), -1)
        counts = cmp.not_equal(number, ignore_index)
        if label_smoothing:
            smooth = even * sum_(per_class, -1)
            losses = select(counts, (1 - label_smoothing) * losses + smooth, filled(0.0, losses))
        elif 0 <= ignore_index < n:
            losses = select(counts, losses, filled(0.0, losses))
        if reduction != "mean":
            return _reduced(losses, reduction)
        share = cast(counts, losses.dtype)
        if weights is not None:
            share = share * sum_(select(chosen, stretch(weights, chosen.shape), filled(0.0, per_class)), -1)
        return sum_(losses) / sum_(share)

    return Layer("CrossEntropyLoss", ("logits", "labels"), call=call)


@layer(
    "the mean, or the sum, of the squared differences",
    example="MSELoss()([1, 2], [1, 5])\ngrad(MSELoss())([1, 2], [1, 5])",
)
def MSELoss(studio: Studio, reduction: str = "mean") -> Layer:  # noqa: N802 - the seed's name
    """A loss (logits, labels) -> scalar, or elementwise with reduction "none"."""
    _check_reduction(reduction)
    return Layer(
        "MSELoss",
        ("logits", "labels"),
        call=lambda logits, labels: _reduced((logits - labels) * (logits - labels), reduction),
    )
