"""A derivative that has been computed, with its name."""

from __future__ import annotations

from collections.abc import Sequence

from gradcli.core.ir.nodes import Constant
from gradcli.core.records import record
from gradcli.language.values.partial import Partial


@record
class Whole:
    """What one call of a derivative gave: so many tensors, what is to be said of them, and of their names."""

    count: int
    note: str | None = None
    legend: str | None = None


@record
class Titles:
    """The names of what a derivative gives, from left to right, and what is to be said of it."""

    names: Sequence[Partial | None]
    note: str | None = None
    legend: str | None = None

    def whole(self) -> Whole:
        """That of one call, which is no other's."""
        return Whole(len(self.names), self.note, self.legend)


class Labelled(Constant):
    """A constant that is the value of a derivative; in all else it is any other constant.

    `name` is None for what stands in the same result under its name already, `whole` the result that it is a part of.
    """

    __slots__ = ("name", "whole")

    def __init__(self, value: Constant, name: Partial | None, whole: Whole) -> None:
        super().__init__(value.value, value.shape, value.dtype, finer=value.finer)
        self.name, self.whole = name, whole
