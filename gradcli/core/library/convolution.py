"""Convolutions: cross-correlation, as in every framework, over the axes behind batch and channels."""

from __future__ import annotations

from gradcli.core.errors import ShapeError, require
from gradcli.core.ir.nodes import Node
from gradcli.core.ir.promotion import coerce, real
from gradcli.core.library.declare import composed
from gradcli.core.library.functions import matmul
from gradcli.core.library.sliding import Counts, Padding, Sliding, padded, sliding
from gradcli.core.primitives import shaping

# How often the input may be written side by side for one product of matrices.
LARGEST_SIDE_BY_SIDE = 64


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
    # Channels come last, so that each place of the kernel is a product of matrices.
    last = shaping.transpose(x, axes=(0, *range(2, rank + 2), 1))
    along = window.over(last.shape[1:-1])
    wide = padded(last, along, 1)
    pieces = [window.piece(wide, along, place, 1) for place in window.places()]
    total = _products(pieces, weight) if groups == 1 else _by_groups(pieces, weight, groups)
    if bias is not None:
        total = total + bias
    return shaping.transpose(total, axes=(0, rank + 1, *range(1, rank + 1)))


def _products(pieces: list[Node], weight: Node) -> Node:
    """The pieces side by side times the weights of all places, below each other."""
    out, inside = weight.shape[:2]
    count = len(pieces)
    # (out, in, places) to (places, in, out).
    flat = shaping.transpose(shaping.reshape(weight, shape=(out, inside, count)), axes=(2, 1, 0))
    total: Node | None = None
    for start in range(0, count, LARGEST_SIDE_BY_SIDE):
        some = pieces[start : start + LARGEST_SIDE_BY_SIDE]
        beside = shaping.concatenate(*some, axis=len(some[0].shape) - 1) if len(some) > 1 else some[0]
        rows = shaping.part(flat, 0, start, len(some))
        term = matmul(beside, shaping.reshape(rows, shape=(len(some) * inside, out)))
        total = term if total is None else total + term
    assert total is not None
    return total


def _by_groups(pieces: list[Node], weight: Node, groups: int) -> Node:
    """The same, where each group of channels is a stack's matrix of its own."""
    out, inside = weight.shape[0] // groups, weight.shape[1]
    count, before = len(pieces), pieces[0].shape[:-1]
    rows = 1
    for n in before:
        rows *= n
    # (batch, *axes, groups, in) to (groups, rows, in).
    apart = [
        shaping.transpose(shaping.reshape(piece, shape=(rows, groups, inside)), axes=(1, 0, 2)) for piece in pieces
    ]
    beside = shaping.concatenate(*apart, axis=2) if count > 1 else apart[0]
    flat = shaping.transpose(shaping.reshape(weight, shape=(groups, out, inside, count)), axes=(0, 3, 2, 1))
    found = matmul(beside, shaping.reshape(flat, shape=(groups, count * inside, out)))
    return shaping.reshape(shaping.transpose(found, axes=(1, 0, 2)), shape=(*before, groups * out))
