"""How what a fusion group reads lies along its rows."""

from __future__ import annotations

from gradcli.core.engines.fusion import Unit
from gradcli.core.ir.nodes import Node
from gradcli.core.ir.shapes import Shape, aligned, size_of
from gradcli.core.records import record
from gradcli.core.simplify.rules import is_scalar


def in_memory(unit: Unit) -> list[int]:
    """The numbers of the arguments that are read from memory; a number known now is a part of the code."""
    return [i for i, arg in enumerate(unit.args) if not is_scalar(arg)]


def split_of(unit: Unit) -> int | None:
    """How many leading axes of a fusion group count its rows, the others the elements of a row; 0 where it is one row.

    So that an argument has either all elements of a row or one for each, or is one number; None where it can't be.
    """
    shape = unit.shape
    possible = range(len(shape)) if unit.rows is None else (unit.rows.axes,)
    return next((k for k in possible if all(lies_along(arg, shape, k) is not None for arg in unit.args)), None)


@record
class Lies:
    """How an argument lies along rows: how far apart what it has for neighbours along each leading axis is.

    `along` says that it has an element for each of a row, else it has one for all of them.
    """

    steps: Shape
    along: bool


def lies_along(arg: Node, shape: Shape, split: int) -> Lies | None:
    """How it does along the rows of a shape, of which so many leading axes count them; None where it doesn't."""
    whole = aligned(arg.shape, len(shape))
    if whole[split:] != shape[split:] and size_of(whole[split:]) != 1:
        return None
    if split == 0 and size_of(whole) != 1 and whole != shape:
        return None
    steps = [0 if n == 1 else size_of(whole[i + 1 :]) for i, n in enumerate(whole[:split])]
    return Lies(tuple(steps), size_of(whole[split:]) > 1)
