"""What a check of derivatives found, as plain data: each method's error, and how numbers from elsewhere compare."""

from __future__ import annotations

from typing import Any

from gradcli.core.analysis.measured import Measured
from gradcli.core.records import record


@record
class AuditRow(Measured):
    """What is measured of one derivative, of order 0 the value, with its name and what it is by, in order."""

    order: int = 0
    name: str = ""
    by: tuple[str, ...] = ()
    dtype: str = "float64"


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
