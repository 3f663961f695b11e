"""What the built-ins of calculus find: numbers with a bound of their error, tables of points and of shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradcli.core.ir.nodes import Constant, array_constant
from gradcli.core.records import record

if TYPE_CHECKING:
    import numpy


class Bounded(Constant):
    """A constant that was found by approximation; in all else it is any other constant.

    It is off by `error` at most, as far as can be told.
    """

    __slots__ = ("error",)

    def __init__(self, value: Constant, error: float) -> None:
        super().__init__(value.value, value.shape, value.dtype)
        self.error = error


@record
class Uncertain:
    """A measured number, as `3 ± 0.1`: its value, and the standard deviation of its error."""

    value: float
    error: float

    @property
    def members(self) -> dict[str, Any]:
        """What stands behind a point."""
        return {"value": self.value, "error": self.error}


@record
class Extremum:
    """A point, the value there, and what it is, such as a minimum."""

    at: tuple[float, ...]
    value: float
    kind: str


@record
class Extrema:
    """The critical points of a function and the ends of where it was looked at, in ascending order."""

    of: str
    variables: tuple[str, ...]
    points: tuple[Extremum, ...]
    note: str | None = None

    @property
    def members(self) -> dict[str, Any]:
        """What stands behind a point: `x` is a vector, or a matrix with a row for each point."""
        several = len(self.variables) > 1
        at: Any = [p.at if several else p.at[0] for p in self.points]
        return {
            "x": array_constant(_array(at, (len(self.points), *((len(self.variables),) if several else ())))),
            "value": array_constant(_array([p.value for p in self.points], (len(self.points),))),
            "kind": tuple(p.kind for p in self.points),
        }


@record
class Share:
    """What an input's uncertainty does to a result: the slope by it, the error that it makes, and its share of all.

    `share` is that of the variance, between 0 and 1.
    """

    name: str
    value: float
    error: float
    slope: float
    contribution: float
    share: float


@record
class Propagation:
    """A result of uncertain inputs, to first order, and the share of each.

    `second` is what terms of the second order add in quadrature, and `shift` by how much they move the mean.
    """

    of: str
    value: float
    error: float
    shares: tuple[Share, ...]
    second: float
    shift: float
    note: str | None = None

    @property
    def members(self) -> dict[str, Any]:
        """What stands behind a point."""
        return {
            "value": self.value,
            "error": self.error,
            "shares": array_constant(_array([s.share for s in self.shares], (len(self.shares),))),
        }


@record
class Fit:
    """What training came to: the optimizer, how many steps it made, the loss at first and at the weights now.

    `slope` is the length of the gradient before the last step, `ended` why it ended, `history` the loss before each
    step and behind the last.
    """

    optimizer: str
    steps: int
    first: float
    last: float
    slope: float
    ended: str
    history: Constant

    @property
    def members(self) -> dict[str, Any]:
        """What stands behind a point."""
        return {
            "loss": self.last,
            "first": self.first,
            "steps": self.steps,
            "gradient": self.slope,
            "history": self.history,
            "ended": self.ended,
        }


def _array(numbers: Any, shape: tuple[int, ...]) -> numpy.ndarray[Any, Any]:
    import numpy as np

    return np.array(numbers, dtype=float).reshape(shape)
