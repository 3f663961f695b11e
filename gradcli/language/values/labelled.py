"""A derivative that has been computed, with its name."""

from __future__ import annotations

from collections.abc import Sequence

from gradcli.core.engines.protocol import Data
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.exact import Finer
from gradcli.core.ir.nodes import Constant
from gradcli.core.ir.shapes import Shape
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

    def __init__(
        self,
        value: Data,
        shape: Shape,
        dtype: DType,
        finer: Finer | None,
        name: Partial | None,
        whole: Whole,
    ) -> None:
        super().__init__(value, shape, dtype, False, finer)
        self.name, self.whole = name, whole


def number_in(data: Data) -> bool | int | float:
    """The number that a program gave, plain or as an array without axes."""
    return data if isinstance(data, (bool, int, float)) else data.item()
