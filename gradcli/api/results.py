"""The session's results as Python is given them: they refuse to be changed, compare, and show themselves.

Each kind is that of `gradcli.session.results`, whose fields it has, so that what is said of one holds of the other.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import FrozenInstanceError, fields
from typing import TYPE_CHECKING, Any, ClassVar, SupportsIndex, overload

from gradcli.language.values import audits
from gradcli.output.notebook import as_html, as_text, blocks
from gradcli.session import explanations
from gradcli.session import results as plain
from gradcli.session.data import to_data

if TYPE_CHECKING:
    import numpy


class Record:
    """Fields that are given once, equal where their types and all fields are; arrays by dtype, shape and elements."""

    __dataclass_fields__: ClassVar[dict[str, Any]]
    __hash__ = None  # type: ignore[assignment]

    def __setattr__(self, name: str, value: object) -> None:
        if name not in self.__dataclass_fields__ or name in self.__dict__:
            raise FrozenInstanceError(f"a {type(self).__name__} can't be changed: it is a result")
        self.__dict__[name] = value

    def __delattr__(self, name: str) -> None:
        raise FrozenInstanceError(f"a {type(self).__name__} can't be changed: it is a result")

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(_equal(value, other.__dict__[name]) for name, value in self.__dict__.items())

    def __repr__(self) -> str:
        inner = ", ".join(f"{f.name}={getattr(self, f.name)!r}" for f in fields(self))
        return f"{type(self).__name__}({inner})"


class Display(Record):
    """A result that shows itself: `repr` and `str` are what a terminal shows, a notebook gets a table."""

    def _blocks(self) -> Iterable[Any]:
        return blocks(self)  # type: ignore[arg-type]

    def __repr__(self) -> str:
        return as_text(self._blocks())

    def _repr_html_(self) -> str:
        return as_html(self._blocks())

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self._repr_html_()}

    def to_dict(self) -> dict[str, Any]:
        """The result as JSON-ready data, with the keys that `--format json` has; nan and inf are texts."""
        data: dict[str, Any] = to_data(self)
        return data

    def to_json(self) -> str:
        """The same as a JSON text."""
        return json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False)


class Place(Record, plain.Place):
    """Where something stands in a text: file, line and column, from 1."""


class Tensor(Record, plain.Tensor):
    """A value: `shape`, `dtype` by name, and `data`, a Python number where the shape is (), else a read-only array."""

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> numpy.ndarray[Any, Any]:
        import numpy as np

        found = np.asarray(self.data, dtype=self.dtype if self.dtype != "int" else None)
        return np.array(found, dtype=dtype, copy=copy)


class Text(Record, plain.Text):
    """A text, as `text`."""


class NoNumber(Record, plain.NoNumber):
    """What stands for a value without numbers: `kind` is none, ellipsis or function."""


class Row(Record, plain.Row):
    """One derivative: `order`, `name`, `tensor`, `formula` or None, `of` what, and `by` what, in order."""


class Comparison(Record, plain.Comparison):
    """Both sides of an assert that failed."""


class Worst(Record, plain.Worst):
    """The entries that differ most: `item` of tuples and `index` of a tensor, both sides, and both errors."""


class Part(Record, plain.Part):
    """A part of a condition, whether it `holds`, its `comparison` or its `operands` with their values."""


class ParameterTable(Display, plain.ParameterTable):
    """The parameters of a function: `names` and `tensors`."""


class Derivatives(Display, plain.Derivatives):
    """Derivatives by order: `rows`, each with its name and value, and a `note`.

    `table["x", "x"]` is the value of the derivative by x and x, in any order, `table[()]` that of the function itself.
    """

    def __getitem__(self, by: str | tuple[str, ...]) -> Any:
        """The value of the derivative by some names: a number, or a read-only array of the last name's shape.

        Raises:
            KeyError: where the table has no such derivative.
        """
        wanted = sorted((by,) if isinstance(by, str) else by)
        for row in self.rows:
            if sorted(row.by) == wanted:
                return row.data
        raise KeyError(by)

    def __len__(self) -> int:
        return len(self.rows)


class SparseMatrix(Display, plain.SparseMatrix):
    """A matrix by its entries: `shape`, `rows`, `columns`, `values`; `csr()` is SciPy's."""


class Polynomial(Display, plain.Polynomial):
    """A Taylor polynomial: `variables`, `center`, and `terms` as exponents and coefficient."""


class Curve(Record, plain.Curve):
    """A function of one number by its points, `x` and `y`; `y` is nan where there is no value."""


class Plot(Display, plain.Plot):
    """Curves: `curves`, each with `name`, `x` and `y`, the range that they run `over`, and what is `shown` of it."""


class Arrows(Record, plain.Arrows):
    """A gradient on a grid: `x`, `y`, `by_x`, `by_y`."""


class Contours(Display, plain.Contours):
    """A function of two numbers on a grid: `x`, `y`, `values`, `levels` of contours, `arrows` of its gradient."""


class Bounded(Tensor, plain.Bounded):
    """A value that was found by approximation, and a bound of its `error`."""


class Tangent(Display, plain.Tangent):
    """A tangent line or plane: `slopes` and `constant`, and the `center` where it touches."""


class Extremum(Record, plain.Extremum):
    """A point: `at`, `value`, `kind`."""


class Extrema(Display, plain.Extrema):
    """Critical points: `points`, each with what it is, and a `note`."""


class Share(Record, plain.Share):
    """An input of `propagate`: `name`, `value`, `error`, `slope`, `contribution`, `share`."""


class Propagation(Display, plain.Propagation):
    """A result with its error: `value`, `error`, `shares`, and what order two adds, `second` and `shift`."""


class Fit(Display, plain.Fit):
    """What training came to: the loss `first` and `last`, `steps`, `history`, and why it `ended`."""


class Uncertain(Display, plain.Uncertain):
    """A measured number: `value` and `error`."""


class Step(Record, explanations.Step):
    """A rule of a derivation: `rule`, the piece that it is applied `of`, its `result` and `value`, and its `parts`."""


class TapeRow(Record, explanations.TapeRow):
    """A value on the way: `name`, `formula`, `value`, `partials`, and what the sweeps give it, `tangent`, `adjoint`."""


class Derivation(Record, explanations.Derivation):
    """How one derivative is found: `tree`, the formula that it is `simplified` to, `value` and `tape` at a point."""


class Steps(Display, explanations.Steps):
    """How derivatives are found: `derivations`, in order, and the point that they are `at`."""


class Check(Display, explanations.Check):
    """What is said of an answer: its `verdict`, and a point `at` which `expected` and `given` differ."""

    def __bool__(self) -> bool:
        return self.verdict == "right"


class AuditRow(Record, audits.AuditRow):
    """One derivative of a check: its `value`, the `errors` of all methods in ulps, `digits` and `condition`."""


class Compared(Record, audits.Comparison):
    """Numbers from elsewhere beside a derivative: the worst element `at`, both values, the `share` that differs."""


class Audit(Display, audits.Audit):
    """A check of derivatives at a point: `rows`, and `against` what was compared; true where all agree."""

    def __bool__(self) -> bool:
        return self.right


class Shown(Display, plain.Shown):
    """The value of an expression that stood by itself: `source`, `place`, `value`."""


class Assertion(Display, plain.Assertion):
    """An assert that was checked: `source`, `place`, whether it `passed`, `message`, `comparison` if it failed."""

    def __repr__(self) -> str:
        return f"assert {self.source}: passed" if self.passed else super().__repr__()


class Answer(Display, plain.Answer):
    """A function's derivatives where it was asked about: `title`, `at` which values, `derivatives`."""


_KINDS: dict[type, type] = {
    kind.__bases__[1]: kind
    for kind in (
        Place, Tensor, Text, NoNumber, Row, Comparison, ParameterTable, Derivatives, SparseMatrix, Polynomial, Curve,
        Plot, Arrows, Contours, Shown, Assertion, Answer, Bounded, Tangent, Extremum, Extrema, Share, Propagation,
        Fit, Uncertain, Worst, Part, Step, TapeRow, Derivation, Steps, Check, AuditRow, Compared, Audit,
    )
}  # fmt: skip


def handed_out(value: Any) -> Any:
    """A result of the session, and all that is in it, as Python is given it; its arrays are read-only copies."""
    return _handed_out(value, {})


def _handed_out(value: Any, done: dict[int, Any]) -> Any:
    if isinstance(value, tuple):
        # A part that occurs many times is made once; `value` keeps it alive meanwhile.
        if id(value) not in done:
            done[id(value)] = tuple([_handed_out(item, done) for item in value])
        return done[id(value)]
    kind = _KINDS.get(type(value))
    if kind is not None:
        if id(value) not in done:
            made: Any = object.__new__(kind)
            done[id(value)] = made
            made.__dict__.update({name: _handed_out(part, done) for name, part in value.__dict__.items()})
        return done[id(value)]
    if hasattr(value, "flags"):
        value = value.copy()
        value.flags.writeable = False
    return value


def _equal(a: Any, b: Any) -> bool:
    if hasattr(a, "flags") and hasattr(b, "flags"):
        import numpy as np

        return bool(a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind == "f"))
    if isinstance(a, tuple) and isinstance(b, tuple):
        return len(a) == len(b) and all(map(_equal, a, b))
    if type(a) is float and type(b) is float:
        return a == b or (a != a and b != b)
    return type(a) is type(b) and bool(a == b)


class Results(tuple["Shown | Assertion", ...]):
    """What a text showed and asserted, in order: a tuple of `Shown` and `Assertion` that shows itself."""

    __slots__ = ()

    @overload
    def __getitem__(self, index: SupportsIndex, /) -> Shown | Assertion: ...
    @overload
    def __getitem__(self, index: slice, /) -> Results: ...
    def __getitem__(self, index: SupportsIndex | slice, /) -> Shown | Assertion | Results:
        found = super().__getitem__(index)
        return Results(found) if isinstance(index, slice) else found  # type: ignore[arg-type, return-value]

    def _blocks(self) -> Iterator[Any]:
        """Each result's, behind its expression where there are several."""
        named = sum(isinstance(result, Shown) for result in self) > 1
        for result in self:
            yield from blocks(result, named)

    def __repr__(self) -> str:
        return as_text(self._blocks())

    def _repr_html_(self) -> str:
        return as_html(self._blocks())

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self._repr_html_()} if self else {}

    def to_list(self) -> list[dict[str, Any]]:
        """Each result as JSON-ready data, with the keys that `--format json` has."""
        return [result.to_dict() for result in self]

    def to_json(self) -> str:
        """The same as a JSON text."""
        return json.dumps(self.to_list(), ensure_ascii=False, allow_nan=False)
