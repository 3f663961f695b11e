"""Convolutions: cross-correlation, as in every framework, over the axes behind batch and channels."""

from __future__ import annotations

from collections.abc import Iterator

from gradcli.core.errors import ShapeError, require
from gradcli.core.ir.nodes import Node
from gradcli.core.ir.promotion import coerce, real
from gradcli.core.ir.shapes import Shape, size_of
from gradcli.core.library.declare import composed
from gradcli.core.library.functions import matmul
from gradcli.core.library.sliding import Along, Counts, Padding, Sliding, padded, sliding
from gradcli.core.primitives import shaping

# How often the input may be written side by side for one product of matrices.
LARGEST_SIDE_BY_SIDE = 64
# Channels come first unless they are so many times as many as the places along the last axis.
CHANNELS_FIRST = 2


@composed(
    "a convolution over one axis: x is (batch, channels, length), weight (out, in per group, kernel)",
    example="conv1d([[[1, 2, 3, 4]]], [[[1, -1]]])",
)
def conv1d(
    x: Node,
    weight: Node,
    bias: Node | None = None,
    stride: Counts = 1,
    padding: Padding = 0,
    dilation: Counts = 1,
    groups: int = 1,
) -> Node:
    """`padding=` is a number of zeros on both sides, "same" or "valid"; x without a batch is one sample."""
    return _checked(x, weight, bias, stride, padding, dilation, groups, 1)


@composed(
    "a convolution over two axes: x is (batch, channels, height, width), weight (out, in per group, height, width)",
    example="conv2d(ones((1, 1, 3, 3)), ones((1, 1, 2, 2)), padding=1)",
)
def conv2d(
    x: Node,
    weight: Node,
    bias: Node | None = None,
    stride: Counts = 1,
    padding: Padding = 0,
    dilation: Counts = 1,
    groups: int = 1,
) -> Node:
    """`padding=` is a number of zeros on both sides, "same" or "valid"; x without a batch is one sample."""
    return _checked(x, weight, bias, stride, padding, dilation, groups, 2)


def _checked(
    x: Node,
    weight: Node,
    bias: Node | None,
    stride: Counts,
    padding: Padding,
    dilation: Counts,
    groups: int,
    rank: int,
) -> Node:
    if len(weight.shape) != rank + 2:
        raise ShapeError(f"the weight of conv{rank}d has {rank + 2} axes, not shape {weight.shape}")
    require(groups >= 1, f"groups can't be {groups}", "it is 1 or more")
    require(weight.shape[0] % groups == 0, f"{weight.shape[0]} channels do not divide into {groups} groups")
    if bias is not None and bias.shape != weight.shape[:1]:
        raise ShapeError(f"a bias of shape {bias.shape} does not fit {weight.shape[0]} channels")
    window = sliding(weight.shape[2:], stride, dilation, padding, rank, "the kernel")
    return convolved(x, weight, bias, window, groups, f"conv{rank}d")


def convolved(x: Node, weight: Node, bias: Node | None, window: Sliding, groups: int, what: str) -> Node:
    """The convolution of x (batch, channels, *axes), or of one sample without a batch, to (batch, out, *axes).

    Raises:
        ShapeError: for another number of axes or channels, and a kernel that does not fit.
    """
    rank = len(window.kernel)
    channels = weight.shape[1] * groups
    if len(x.shape) not in (rank + 1, rank + 2) or x.shape[-rank - 1] != channels:
        raise ShapeError(
            f"{what} takes a tensor of {rank + 2} axes, the second of length {channels}, not shape {x.shape}"
        )
    if len(x.shape) == rank + 1:
        one = convolved(shaping.reshape(x, shape=(1, *x.shape)), weight, bias, window, groups, what)
        return shaping.reshape(one, shape=one.shape[1:])
    x, weight = map(real, coerce((x, weight)))
    along = window.over(x.shape[2:])
    # What lies side by side in memory is copied at once: along the last axis, or all channels of a place.
    last = groups == 1 and channels > CHANNELS_FIRST * along[-1].fits
    total = (_channels_last if last else _channels_first)(x, weight, window, along, groups)
    return total if bias is None else total + shaping.reshape(bias, shape=(*bias.shape, *(1,) * rank))


def _channels_first(x: Node, weight: Node, window: Sliding, along: tuple[Along, ...], groups: int) -> Node:
    """For each group the weights of all places beside each other times the pieces below each other."""
    out, inside = weight.shape[0] // groups, weight.shape[1]
    rank, fits = len(along), tuple(a.fits for a in along)
    wide = padded(x, along, 2)
    # (groups, out, in, places) to (groups, out, places, in).
    flat = shaping.transpose(
        shaping.reshape(weight, shape=(groups, out, inside, size_of(window.kernel))), axes=(0, 1, 3, 2)
    )
    total: Node | None = None
    for start, places in _at_once(window):
        pieces = [window.piece(wide, along, place, 2) for place in places]
        if groups > 1:
            pieces = [shaping.reshape(piece, shape=(x.shape[0], groups, inside, *fits)) for piece in pieces]
        below = shaping.concatenate(*pieces, axis=len(pieces[0].shape) - rank - 1) if len(pieces) > 1 else pieces[0]
        stack = () if groups == 1 else (groups,)
        below = shaping.reshape(below, shape=(x.shape[0], *stack, len(places) * inside, size_of(fits)))
        rows = shaping.reshape(shaping.part(flat, 2, start, len(places)), shape=(*stack, out, len(places) * inside))
        term = matmul(rows, below)
        total = term if total is None else total + term
    assert total is not None
    return shaping.reshape(total, shape=(x.shape[0], groups * out, *fits))


def _channels_last(x: Node, weight: Node, window: Sliding, along: tuple[Along, ...], groups: int) -> Node:
    """The pieces side by side times the weights of all places, below each other."""
    out, inside = weight.shape[:2]
    rank = len(along)
    wide = padded(shaping.transpose(x, axes=(0, *range(2, rank + 2), 1)), along, 1)
    # (out, in, places) to (places, in, out).
    flat = shaping.transpose(shaping.reshape(weight, shape=(out, inside, size_of(window.kernel))), axes=(2, 1, 0))
    total: Node | None = None
    for start, places in _at_once(window):
        pieces = [window.piece(wide, along, place, 1) for place in places]
        beside = shaping.concatenate(*pieces, axis=rank + 1) if len(pieces) > 1 else pieces[0]
        rows = shaping.part(flat, 0, start, len(places))
        term = matmul(beside, shaping.reshape(rows, shape=(len(places) * inside, out)))
        total = term if total is None else total + term
    assert total is not None
    return shaping.transpose(total, axes=(0, rank + 1, *range(1, rank + 1)))


def _at_once(window: Sliding) -> Iterator[tuple[int, list[Shape]]]:
    """The places of a window that are written side by side, and how many come before them."""
    places = list(window.places())
    for start in range(0, len(places), LARGEST_SIDE_BY_SIDE):
        yield start, places[start : start + LARGEST_SIDE_BY_SIDE]
