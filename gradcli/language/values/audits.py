"""What a check of derivatives found, as plain data: each method's error, and how numbers from elsewhere compare."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradcli.core.records import record

if TYPE_CHECKING:
    import numpy

METHODS = ("reverse", "forward", "taylor", "differences")


@record
class AuditRow:
    """One derivative, of order 0 the value: true where it is `known`, and the errors of `METHODS`.

    They are in units of the last place, None for a method that doesn't apply. `digits` are those that float64
    arithmetic keeps, inf for all; `condition` is by how much a relative error of the inputs grows; `at` is the element
    that is off most; `right` says that all methods agree as far as rounding lets them; `text` are the digits of a value
    beyond the largest float.
    """

    order: int
    name: str
    by: tuple[str, ...]
    dtype: str
    value: numpy.ndarray[Any, Any]
    known: bool
    errors: tuple[float | None, ...]
    digits: float
    condition: float | None
    at: tuple[int, ...]
    right: bool
    text: str | None = None


@record
class Comparison:
    """Numbers from elsewhere beside a row's: the element that differs most, both values, and the share that differs."""

    name: str
    at: tuple[int, ...]
    ours: float
    theirs: float
    error: float
    share: float
    right: bool


@record
class Audit:
    """A check of a function's derivatives at a point; `against` compares with numbers of `source`, `note` is added."""

    of: str
    at: tuple[tuple[str, str], ...]
    rows: tuple[AuditRow, ...]
    against: tuple[Comparison, ...] = ()
    source: str | None = None
    note: str | None = None

    @property
    def right(self) -> bool:
        """Whether everything agrees."""
        return all(row.right for row in self.rows) and all(row.right for row in self.against)

    @property
    def members(self) -> dict[str, Any]:
        """What stands behind a point."""
        return {"right": self.right}
