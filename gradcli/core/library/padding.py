"""Tensors made longer at both ends of their axes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from gradcli.core.errors import CoreError, ShapeError, require
from gradcli.core.ir.nodes import Node, Operand, filled
from gradcli.core.library.declare import composed
from gradcli.core.library.rearranging import picked
from gradcli.core.primitives import shaping
from gradcli.core.primitives.selection import select

# What is told for each axis and for both of its ends: one for all, a pair for every axis, or a pair for each.
Widths: TypeAlias = "int | tuple[int | tuple[int, ...], ...]"
Fills: TypeAlias = "Operand | tuple[Fills, ...]"

# By mode, which element of an axis of length n stands at place i, which may lie outside.
_PLACES: Mapping[str, Callable[[int, int], int]] = {
    "edge": lambda i, n: min(max(i, 0), n - 1),
    "wrap": lambda i, n: i % n,
    "reflect": lambda i, n: (n - 1) - abs(i % max(2 * (n - 1), 1) - (n - 1)),
    "symmetric": lambda i, n: min(i % (2 * n), 2 * n - 1 - i % (2 * n)),
}
MODES = ("constant", *_PLACES)


@composed(
    "x made longer before and behind, by so many along every axis or by (before, behind): zeros, or what mode= says",
    example='pad([1, 2], 1)\npad([1, 2, 3], (2, 1), mode="reflect")\npad([1, 2], (0, 1), constant_values=9)',
)
def pad(x: Node, width: Widths, mode: Operand | str = "constant", constant_values: Fills = 0.0) -> Node:
    """One width, or (before, behind) for every axis, or such a pair for each; so are `constant_values`.

    Modes: "constant", "edge" (the last element again), "wrap" (from the other end), "reflect" (backwards, without the
    last element), "symmetric" (backwards with it).
    """
    require(
        isinstance(mode, str),
        "the third argument of pad is its mode, a text, and here is a number or a tensor",
        "what is put around is `constant_values=`",
    )
    assert isinstance(mode, str)
    require(mode in MODES, f'"{mode}" is no mode of padding', f"the modes are {', '.join(MODES[:-1])} and {MODES[-1]}")
    rank = len(x.shape)
    widths = [(_whole(a), _whole(b)) for a, b in pairs(width, rank, "widths", x)]
    require(all(w >= 0 for pair in widths for w in pair), f"a padding of {width} takes away", "use a slice for that")
    if mode == "constant":
        return _with_constants(x, widths, pairs(constant_values, rank, "constant_values", x))
    for a, (before, behind) in enumerate(widths):
        if before or behind:
            n = x.shape[a]
            require(n > 0, f'axis {a} is empty, and mode "{mode}" has nothing to repeat', 'use mode="constant"')
            x = picked(x, a, [_PLACES[mode](i, n) for i in range(-before, n + behind)])
    return x


def pairs(given: object, rank: int, what: str, x: Node) -> list[tuple[Operand, Operand]]:
    """For each axis what stands for both of its ends, stretched from what is given as NumPy stretches it.

    Raises:
        ShapeError: for what does not stretch to a pair for each axis.
    """
    rows = given if isinstance(given, tuple) and any(isinstance(v, tuple) for v in given) else (given,)
    ends = [row if isinstance(row, tuple) else (row,) for row in rows]
    if len(ends) not in (1, rank) or any(len(row) not in (1, 2) for row in ends):
        raise ShapeError(
            f"these {what} do not say what is at both ends of each axis of shape {x.shape}",
            "one number, (before, behind) for every axis, or such a pair for each",
        )
    ends = ends * rank if len(ends) == 1 else ends
    return [(row[0], row[-1]) for row in ends]


def _whole(width: Operand) -> int:
    require(
        isinstance(width, int),
        "each width is a whole number",
        "as in ((1, 2), (0, 3)), for each axis before and behind",
    )
    assert isinstance(width, int)
    return width


def _with_constants(x: Node, widths: Sequence[tuple[int, int]], values: Sequence[tuple[Operand, Operand]]) -> Node:
    if any(isinstance(v, Node) and v.shape != () for pair in values for v in pair):
        raise CoreError("each of constant_values is one number", "write (before, behind) for two of them")
    if all(not isinstance(v, Node) and v == 0 for pair in values for v in pair):
        return _padded(x, widths)
    if len({id(v) if isinstance(v, Node) else v for pair in values for v in pair}) == 1:
        return select(_padded(filled(1.0, x), widths) > 0.5, _padded(x, widths), values[0][0])
    # One axis after the other, as in NumPy: corners have the value of the last.
    for a, (width, ends) in enumerate(zip(widths, values, strict=True)):
        for behind, (count, value) in enumerate(zip(width, ends, strict=True)):
            if count:
                more = [(0, 0)] * len(x.shape)
                more[a] = (0, count) if behind else (count, 0)
                inside = _padded(filled(1.0, x), more)
                x = select(inside > 0.5, _padded(x, more), value)
    return x


def _padded(x: Node, widths: Sequence[tuple[int, int]]) -> Node:
    shape = tuple(n + before + behind for n, (before, behind) in zip(x.shape, widths, strict=True))
    ranges = tuple((before, n, 1) for n, (before, _) in zip(x.shape, widths, strict=True))
    return x if shape == x.shape else shaping.pad(x, ranges=ranges, shape=shape)
