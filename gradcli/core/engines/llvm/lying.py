"""How what a fusion group reads lies along its rows."""

from __future__ import annotations

from collections.abc import Iterable

from gradcli.core.engines.fusion import Unit
from gradcli.core.ir.nodes import Node
from gradcli.core.ir.shapes import Shape, aligned, size_of
from gradcli.core.records import record
from gradcli.core.simplify.rules import is_scalar

# Shorter rows leave vectors empty; what comes again more seldom is no longer written out.
SHORT_ROW, LONGEST_PERIOD = 32, 64


def in_memory(unit: Unit) -> list[int]:
    """The numbers of the arguments that are read from memory; a number known now is a part of the code."""
    return [i for i, arg in enumerate(unit.args) if not is_scalar(arg)]


def split_of(unit: Unit) -> int | None:
    """How many leading axes of a fusion group count its rows, the others the elements of a row; 0 where it is one row.

    So that an argument has either all elements of a row or one for each, or is one number; where rows would be short,
    also a few that come again and again. None where it can't be.
    """
    shape = unit.shape
    if unit.rows is not None:
        return _first(unit, (unit.rows.axes,), may_repeat=False)
    found = _first(unit, range(len(shape)), may_repeat=False)
    if found is None or (found and size_of(shape[found:]) < SHORT_ROW):
        longer = _first(unit, range(len(shape) if found is None else found), may_repeat=True)
        return found if longer is None else longer
    return found


def _first(unit: Unit, splits: Iterable[int], may_repeat: bool) -> int | None:
    lie = (k for k in splits if all(lies_along(arg, unit.shape, k, may_repeat) is not None for arg in unit.args))
    return next(lie, None)


@record
class Lies:
    """How an argument lies along rows: how far apart what it has for neighbours along each leading axis is.

    `along` says that it has an element for each of a row, else it has one for all of them; or so many as `period` says,
    which come again and again.
    """

    steps: Shape
    along: bool
    period: int = 0


def lies_along(arg: Node, shape: Shape, split: int, may_repeat: bool = True) -> Lies | None:
    """How it does along the rows of a shape, of which so many leading axes count them; None where it doesn't."""
    whole = aligned(arg.shape, len(shape))
    row, size = whole[split:], size_of(whole[split:])
    period = 0
    if row != shape[split:] and size != 1:
        same = next(i for i in range(len(row) + 1) if row[i:] == shape[split + i :])
        if not may_repeat or size > LONGEST_PERIOD or size_of(row[:same]) != 1:
            return None
        period = size
    steps = [0 if n == 1 else size_of(whole[i + 1 :]) for i, n in enumerate(whole[:split])]
    return Lies(tuple(steps), size > 1, period)
