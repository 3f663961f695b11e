"""What is measured of one derivative, by every method."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from gradcli.core.records import record

if TYPE_CHECKING:
    import numpy

Indexes: TypeAlias = tuple[int, ...]

METHODS = ("reverse", "forward", "taylor", "differences")


@record
class Measured:
    """One derivative: its value, how far off each method is, how many digits stay, and what is to be said of it.

    `value` is the true one where it is `known`, else reverse mode's. `errors` are those of the methods in the order of
    `METHODS`, in units of the last place, the largest of all elements; None for a method that doesn't apply.
    `digits` are those that reverse mode keeps, `condition` by how much a relative error of the inputs grows; `at` is
    the element that is off most, `right` whether all methods agree as far as rounding lets them; `text` are the digits
    of a value beyond the largest float.
    """

    indexes: Indexes
    value: numpy.ndarray[Any, Any]
    known: bool
    errors: tuple[float | None, ...]
    digits: float
    condition: float | None
    at: tuple[int, ...]
    right: bool
    text: str | None = None
