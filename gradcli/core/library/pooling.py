"""Pooling: the largest, or the mean, of each window over the axes behind batch and channels."""

from __future__ import annotations

from typing import Any

from gradcli.core.errors import ShapeError, require
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node, array_constant, constant
from gradcli.core.ir.promotion import real, stretch
from gradcli.core.library.declare import Layer, Studio, layer
from gradcli.core.library.functions import stack
from gradcli.core.library.reductions import max_
from gradcli.core.library.sliding import Along, Counts, Sliding, by_mode, padded, sliding
from gradcli.core.primitives.selection import select


@layer(
    "the largest element of each window over one axis: x is (batch, channels, length)",
    example="MaxPool1d(2, stride=2)([[[3, 1, 4, 1, 5, 9]]])",
)
def MaxPool1d(  # noqa: N802 - the field's name
    studio: Studio, kernel_size: Counts = 1, stride: Counts = 1, pad_mode: str = "valid", padding: Counts = 0
) -> Layer:
    """Windows go on by `stride`, 1 unless it is given. Padding is never the largest; equal elements share the slope."""
    return _largest("MaxPool1d", _window(kernel_size, stride, pad_mode, padding, 1))


@layer(
    "the largest element of each window over two axes: x is (batch, channels, height, width)",
    example="MaxPool2d(2, stride=2)(reshape(arange(16), (1, 1, 4, 4)))",
)
def MaxPool2d(  # noqa: N802 - the field's name
    studio: Studio, kernel_size: Counts = 1, stride: Counts = 1, pad_mode: str = "valid", padding: Counts = 0
) -> Layer:
    """Windows go on by `stride`, 1 unless it is given. Padding is never the largest; equal elements share the slope."""
    return _largest("MaxPool2d", _window(kernel_size, stride, pad_mode, padding, 2))


@layer(
    "the mean of each window over one axis: x is (batch, channels, length)",
    example="AvgPool1d(2, stride=2)([[[3, 1, 4, 1, 5, 9]]])",
)
def AvgPool1d(  # noqa: N802 - the field's name
    studio: Studio,
    kernel_size: Counts = 1,
    stride: Counts = 1,
    pad_mode: str = "valid",
    padding: Counts = 0,
    count_include_pad: bool = True,
) -> Layer:
    """Zeros of `padding` count as elements unless `count_include_pad` is false; those of "same" never do."""
    window = _window(kernel_size, stride, pad_mode, padding, 1)
    return _mean("AvgPool1d", window, count_include_pad)


@layer(
    "the mean of each window over two axes: x is (batch, channels, height, width)",
    example="AvgPool2d(2, stride=2)(reshape(arange(16), (1, 1, 4, 4)))",
)
def AvgPool2d(  # noqa: N802 - the field's name
    studio: Studio,
    kernel_size: Counts = 1,
    stride: Counts = 1,
    pad_mode: str = "valid",
    padding: Counts = 0,
    count_include_pad: bool = True,
) -> Layer:
    """Zeros of `padding` count as elements unless `count_include_pad` is false; those of "same" never do."""
    window = _window(kernel_size, stride, pad_mode, padding, 2)
    return _mean("AvgPool2d", window, count_include_pad)


def _window(kernel_size: Counts, stride: Counts, pad_mode: str, padding: Counts, rank: int) -> Sliding:
    found = sliding(kernel_size, stride, 1, by_mode(pad_mode, padding), rank)
    require(
        found.padding is None or all(2 * p <= k for p, k in zip(found.padding, found.kernel, strict=True)),
        f"a padding of {padding} is more than half a window of {kernel_size}, so some windows would be empty",
        "pad the tensor itself, with `pad`",
    )
    return found


def _pieces(kind: str, x: Node, window: Sliding) -> tuple[Node, tuple[Along, ...], int]:
    """The tensor with zeros around it, where the windows stand, and the first axis that they go over."""
    rank = len(window.kernel)
    if len(x.shape) not in (rank + 1, rank + 2):
        axes = "(batch, channels, length)" if rank == 1 else "(batch, channels, height, width)"
        raise ShapeError(f"{kind} takes {axes}, not shape {x.shape}")
    first = len(x.shape) - rank
    along = window.over(x.shape[first:])
    return padded(real(x), along, first), along, first


def _largest(kind: str, window: Sliding) -> Layer:
    def call(x: Node) -> Node:
        wide, along, first = _pieces(kind, x, window)
        if wide.shape != x.shape:
            inside = padded(stretch(constant(True, DType.BOOL), x.shape), along, first)
            wide = select(inside, wide, constant(float("-inf"), wide.dtype))
        return max_(stack(tuple(window.piece(wide, along, place, first) for place in window.places())), axis=0)

    return Layer(kind, ("x",), call=call)


def _mean(kind: str, window: Sliding, with_padding: bool) -> Layer:
    def call(x: Node) -> Node:
        wide, along, first = _pieces(kind, x, window)
        total: Node | None = None
        for place in window.places():
            piece = window.piece(wide, along, place, first)
            total = piece if total is None else total + piece
        assert total is not None
        counts = _counts(window, along, x.shape[first:], with_padding and window.padding is not None)
        return total / array_constant(counts.astype(total.dtype.value))

    return Layer(kind, ("x",), call=call)


def _counts(window: Sliding, along: tuple[Along, ...], shape: tuple[int, ...], with_padding: bool) -> Any:
    """How many elements each window takes the mean of."""
    import numpy as np

    found: Any = np.ones(())
    for a, n, k, s in zip(along, shape, window.kernel, window.stride, strict=True):
        starts = np.arange(a.fits) * s
        ends = np.minimum(starts + k, a.before + n)
        own = np.full(a.fits, k) if with_padding else np.maximum(ends - np.maximum(starts, a.before), 1)
        found = found[..., None] * own
    return found
