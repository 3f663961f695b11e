"""What explains a derivative, and what is said of an answer to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gradcli.core.records import record

if TYPE_CHECKING:
    from gradcli.core.ir.nodes import Node
    from gradcli.core.steps.tape import Row
    from gradcli.core.steps.tree import Step


@record
class Derivation:
    """How one derivative is found: by the rules of `tree`, of what `of` says, by one variable.

    `name` is that of the derivative in all, and `sign` what stands in front of what is differentiated. `simplified` is
    the formula that the derivative is shown as, None where it has none. At a point `numbers` are the derivatives of
    the pieces, `taken` says which branch each choice takes, and `value` is the derivative's value.
    """

    name: str
    sign: str
    of: str
    by: str
    order: int
    tree: Step
    simplified: str | None
    definitions: tuple[tuple[str, str], ...]
    numbers: Mapping[Node, float]
    taken: Mapping[Node, bool]
    value: float | None
    tape: tuple[Row, ...]


@record
class Steps:
    """The derivations of what was asked about, each order after the one below it; `at` is the point, if any."""

    of: str
    at: tuple[tuple[str, float], ...]
    derivations: tuple[Derivation, ...]
    note: str | None = None


@record
class Check:
    """What is said of an answer: `right`, `right on a part` or `wrong`, a point that shows it, and both values there.

    `where` says on which part it is right, `hint` what slip it may have been.
    """

    of: str
    answer: str
    verdict: str
    where: str | None = None
    at: tuple[tuple[str, float], ...] = ()
    expected: float | None = None
    given: float | None = None
    hint: str | None = None

    @property
    def right(self) -> bool:
        """Whether it is right wherever there is a derivative."""
        return self.verdict == RIGHT

    @property
    def members(self) -> dict[str, Any]:
        """What stands behind a point."""
        return {"right": self.right, "verdict": self.verdict}


RIGHT, PARTLY, WRONG = "right", "right on a part", "wrong"
