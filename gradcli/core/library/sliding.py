"""Windows that go over the last axes of a tensor: where they stand, and what lies at each place in them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple, TypeAlias

from gradcli.core.errors import ShapeError, require
from gradcli.core.ir.nodes import Node
from gradcli.core.ir.shapes import Shape
from gradcli.core.primitives import shaping
from gradcli.core.records import record

# One whole number for all axes, or one for each.
Counts: TypeAlias = "int | tuple[int, ...]"
# The same, of zeros on both sides; or "same", so that stride 1 keeps lengths, or "valid", for none.
Padding: TypeAlias = "int | tuple[int, ...] | str"


class Along(NamedTuple):
    """Along one axis: what is put in front, the length with what is put around, and how often the window fits."""

    before: int
    length: int
    fits: int


@record
class Sliding:
    """A window by its lengths; `padding` is how much is put on both sides of an axis, None as much as "same" needs."""

    kernel: Shape
    stride: Shape
    dilation: Shape
    padding: Shape | None

    def over(self, shape: Shape) -> tuple[Along, ...]:
        """Where it stands along each axis of a shape.

        Raises:
            ShapeError: for a window that is longer than an axis with what is put around it.
        """
        found = tuple(self._along(i, n) for i, n in enumerate(shape))
        if min((a.fits for a in found), default=1) < 1:
            apart = f" with a dilation of {self.dilation}" if max(self.dilation) > 1 else ""
            raise ShapeError(
                f"a kernel of {self.kernel}{apart} does not fit into {tuple(a.length for a in found)}",
                "it fits with more padding",
            )
        return found

    def _along(self, i: int, n: int) -> Along:
        span, stride = (self.kernel[i] - 1) * self.dilation[i] + 1, self.stride[i]
        if self.padding is None:
            count = -(-n // stride)
            missing = max((count - 1) * stride + span - n, 0)
            return Along(missing // 2, n + missing, count)
        length = n + 2 * self.padding[i]
        return Along(self.padding[i], length, (length - span) // stride + 1)

    def places(self) -> Iterator[Shape]:
        """The places in a window, the last axis fastest."""
        return product(*map(range, self.kernel))

    def piece(self, wide: Node, along: tuple[Along, ...], place: Shape, first: int) -> Node:
        """What lies at one place of all windows, whose axes are those from `first` on."""
        inner = zip(place, self.dilation, along, self.stride, strict=True)
        strided = [(p * d, a.fits, s) for p, d, a, s in inner]
        rest = range(first + len(along), len(wide.shape))
        ranges = (*((0, n, 1) for n in wide.shape[:first]), *strided, *((0, wide.shape[i], 1) for i in rest))
        return shaping.take_slice(wide, ranges=ranges)


def each_axis(value: Counts, rank: int, what: str, least: int = 1) -> Shape:
    """One number for each axis.

    Raises:
        CoreError: for another count of numbers, or one below the least.
    """
    found = (value,) * rank if isinstance(value, int) else value * rank if len(value) == 1 else value
    require(len(found) == rank, f"{what} has {len(found)} numbers for {rank} axes", "give one, or one for each axis")
    require(min(found) >= least, f"{what} can't be {min(found)}", f"it is {least} or more")
    return found


def sliding(
    kernel: Counts, stride: Counts, dilation: Counts, padding: Padding, rank: int, what: str = "kernel_size"
) -> Sliding:
    """A window over so many axes.

    Raises:
        CoreError: for numbers that make none, and for a word that names no padding.
    """
    lengths = each_axis(kernel, rank, what)
    steps, apart = each_axis(stride, rank, "stride"), each_axis(dilation, rank, "dilation")
    if isinstance(padding, str):
        require(padding in ("same", "valid"), f'"{padding}" is no padding', 'it is "same", "valid" or a whole number')
        return Sliding(lengths, steps, apart, None if padding == "same" else (0,) * rank)
    return Sliding(lengths, steps, apart, each_axis(padding, rank, "padding", least=0))


def by_mode(pad_mode: str, padding: Counts) -> Padding:
    """What MindSpore's two arguments say.

    Raises:
        CoreError: for a mode that is none, and for numbers that the mode would leave out.
    """
    require(pad_mode in ("same", "valid", "pad"), f'"{pad_mode}" is no pad_mode', 'it is "same", "valid" or "pad"')
    given = padding if isinstance(padding, tuple) else (padding,)
    require(
        pad_mode == "pad" or not any(given),
        f'padding={padding} is left out where pad_mode is "{pad_mode}"',
        'add pad_mode="pad"',
    )
    return padding if pad_mode == "pad" else pad_mode


def padded(x: Node, along: tuple[Along, ...], first: int) -> Node:
    """The tensor with zeros around the axes from `first` on."""
    lengths = x.shape[first : first + len(along)]
    if all(a.before == 0 and a.length == n for a, n in zip(along, lengths, strict=True)):
        return x
    rest = x.shape[first + len(along) :]
    inside = [(a.before, n, 1) for a, n in zip(along, lengths, strict=True)]
    return shaping.pad(
        x,
        ranges=(*((0, n, 1) for n in x.shape[:first]), *inside, *((0, n, 1) for n in rest)),
        shape=(*x.shape[:first], *(a.length for a in along), *rest),
    )
