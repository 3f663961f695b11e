"""What running a text gives, as frozen plain data: the output floor turns it into tables or anything else."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Any, TypeAlias

from gradcli.core.records import record
from gradcli.language.text.diagnostics import Span
from gradcli.language.values.audits import Audit
from gradcli.session.explanations import Check, Steps

if TYPE_CHECKING:
    import numpy


@record
class Tensor:
    """A value with its shape and dtype; `data` is a Python number for a scalar, a read-only array otherwise.

    `digits` are those of an array's elements where they were asked for, or are beyond floats; a number has its own.
    `raw` is what float64 arithmetic gives, where that is another number.
    """

    shape: tuple[int, ...]
    dtype: str
    data: bool | int | float | numpy.ndarray[Any, Any]
    digits: tuple[str | None, ...] | None = None
    raw: Any = None


@record
class Text:
    """A text value."""

    text: str


@record
class NoNumber:
    """What stands for a value that has no numbers; `kind` is none, ellipsis, function.

    `formulas` are the names and formulas of what a defined function gives, where they say more than its definition.
    """

    kind: str
    text: str
    formulas: tuple[tuple[str, str], ...] = ()


@record
class ParameterTable:
    """The parameters of a function, with their shapes and values."""

    of: str
    names: tuple[str, ...]
    tensors: tuple[Tensor, ...]


@record
class Row:
    """One derivative: its order, its name, its value, which is None without a point, and its formula.

    The name says what was differentiated, `of`, and by what, `by`, in order; `reason` why there is no formula;
    `summed` the places in `by` of tensors whose elements the value is summed over.
    """

    order: int
    name: str
    tensor: Tensor | None
    formula: str | None = None
    of: str = ""
    by: tuple[str, ...] = ()
    reason: str | None = None
    summed: tuple[int, ...] = ()

    @property
    def data(self) -> Any:
        """The value as Python's: a number or an array, None where there is none."""
        return None if self.tensor is None else self.tensor.data


@record
class Derivatives:
    """Outputs and gradients by order. `whole` says that it is a full table, not one gradient asked for alone.

    `value` are the same tensors in the structure in which they were asked for; None for a full table. `definitions`
    are names for parts that the formulas share, with their own formulas.
    """

    rows: tuple[Row, ...]
    note: str | None = None
    whole: bool = False
    value: Plain | None = None
    definitions: tuple[tuple[str, str], ...] = ()


@record
class SparseMatrix:
    """A matrix by the entries that may differ from 0, sorted by row; `sweeps` is how many derivatives it took."""

    shape: tuple[int, int]
    rows: numpy.ndarray[Any, Any]
    columns: numpy.ndarray[Any, Any]
    values: Tensor
    sweeps: int

    def csr(self) -> Any:
        """SciPy's compressed sparse row array.

        Raises:
            ImportError: where SciPy is not installed.
        """
        from scipy.sparse import csr_array

        return csr_array((self.values.data, (self.rows, self.columns)), shape=self.shape)


@record
class Polynomial:
    """A Taylor polynomial: `terms` are the exponents of the variables less the center, and their coefficients."""

    of: str
    variables: tuple[str, ...]
    center: tuple[float, ...]
    terms: tuple[tuple[tuple[int, ...], float], ...]
    order: int


@record
class Curve:
    """A function of one number by its points; `y` is nan where it has no value, and at poles and jumps."""

    name: str
    x: numpy.ndarray[Any, Any]
    y: numpy.ndarray[Any, Any]


@record
class Plot:
    """Curves over a range of their variable; `shown` are the values between which they are worth showing.

    `saved` is the file that the picture was written to, if it was.
    """

    curves: tuple[Curve, ...]
    variable: str
    over: tuple[float, float]
    shown: tuple[float, float]
    notes: tuple[str, ...]
    saved: str | None


@record
class Arrows:
    """The gradient of a function of two numbers on a grid; `by_x` and `by_y` have a row for each of `y`."""

    x: numpy.ndarray[Any, Any]
    y: numpy.ndarray[Any, Any]
    by_x: numpy.ndarray[Any, Any]
    by_y: numpy.ndarray[Any, Any]


@record
class Contours:
    """A function of two numbers on a grid: `values` has a row for each of `y`, with nan where there is no value."""

    of: str
    variables: tuple[str, str]
    over: tuple[tuple[float, float], tuple[float, float]]
    x: numpy.ndarray[Any, Any]
    y: numpy.ndarray[Any, Any]
    values: numpy.ndarray[Any, Any]
    levels: tuple[float, ...]
    arrows: Arrows | None
    notes: tuple[str, ...]
    saved: str | None


@record
class Bounded(Tensor):
    """A value that was found by approximation, off by `error` at most."""

    error: float = 0.0


@record
class Tangent:
    """A line or a plane: the slope by each variable, and the value where all are 0; `center` is where it touches."""

    of: str
    variables: tuple[str, ...]
    center: tuple[float, ...]
    slopes: tuple[float, ...]
    constant: float


@record
class Extremum:
    """A point, the value there, and what it is: minimum, maximum, saddle, inflection, undecided, endpoint ..."""

    at: tuple[float, ...]
    value: float
    kind: str


@record
class Extrema:
    """Critical points in ascending order."""

    of: str
    variables: tuple[str, ...]
    points: tuple[Extremum, ...]
    note: str | None = None


@record
class Share:
    """An input with its error, the slope by it, the error that it makes, and its share of the variance, from 0 to 1."""

    name: str
    value: float
    error: float
    slope: float
    contribution: float
    share: float


@record
class Propagation:
    """A result with its error to first order; `second` and `shift` are what order two adds to error and mean."""

    of: str
    value: float
    error: float
    shares: tuple[Share, ...]
    second: float
    shift: float
    note: str | None = None


@record
class Fit:
    """What training came to: the loss at first and at the weights now, and before each step and behind the last.

    `slope` is the length of the gradient before the last step; `ended` is steps, patience, converged, interrupted or
    diverged.
    """

    optimizer: str
    steps: int
    first: float
    last: float
    slope: float
    ended: str
    history: Tensor


@record
class Uncertain:
    """A measured number and its error."""

    value: float
    error: float


@record
class Listing:
    """Things of one sort, one below the other; a text among the items stands as it is, without quotes.

    `columns` are titles, each with what its column does where there is little room: it `stays`, it `folds`, it is an
    `extra` that is left out, or what the table is `for`. Without titles each row is a name and what is said of it.
    Large tensors are shown by their edges; if it is `whole`, only where others are.
    """

    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[Plain | str, ...], ...]
    note: str | None = None
    whole: bool = False


Plain: TypeAlias = (
    "Tensor | Text | NoNumber | ParameterTable | Derivatives | SparseMatrix | Polynomial | Plot | Contours | Tangent"
    " | Extrema | Fit | Propagation | Uncertain | Steps | Check | Audit | Listing | tuple[Plain, ...]"
)


@record
class Place:
    """Where something stands in a text; lines and columns count from 1."""

    file: str
    line: int
    column: int

    @classmethod
    def of(cls, span: Span) -> Place:
        """Where a stretch of a text begins."""
        return cls(span.source.name, *span.source.position(span.start))

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@record
class Shown:
    """The value of an expression that stood by itself, and the expression; `is_text` is a line that `print` says."""

    source: str
    place: Place
    value: Plain
    note: str | None = None
    is_text: bool = False


@record
class Worst:
    """The entries that differ most, beside what is allowed: where in tuples, where in a tensor, and both numbers.

    The `relative` error is beside the larger of the two.
    """

    item: tuple[int, ...]
    index: tuple[int, ...]
    left: Tensor
    right: Tensor
    absolute: float
    relative: float


@record
class Comparison:
    """Both sides of an assertion; `difference` is the largest between numbers, `tolerance` what was allowed.

    Of sides that should be equal, or close: how many of how many entries differ, and the worst.
    """

    relation: str
    left: Plain
    right: Plain
    difference: float | None
    tolerance: str | None
    worst: Worst | None = None
    differing: int | None = None
    count: int | None = None


@record
class Part:
    """A part of a condition, by `and`, `or`, `not`: whether it held, what it compared, or its operands' values."""

    source: str
    holds: bool
    comparison: Comparison | None
    operands: tuple[tuple[str, Plain], ...] = ()


@record
class Assertion:
    """An assert that was checked; of one that failed, what it compared, or the parts of its condition."""

    source: str
    place: Place
    passed: bool
    message: str | None = None
    comparison: Comparison | None = None
    parts: tuple[Part, ...] = ()


@record
class Answer:
    """What a question gets: the function as it was asked about, the value of each input, the derivatives."""

    title: str
    at: tuple[tuple[str, Plain], ...]
    derivatives: Derivatives


Result: TypeAlias = "Shown | Assertion | Answer"


class Verdict(IntEnum):
    """How a run ended; the number is the exit code, that of Ctrl-C as shells give it."""

    OK = 0
    ASSERT_FAILED = 1
    BAD_INPUT = 2
    INTERRUPTED = 130


@record
class FileSummary:
    """How running a file came out, and how many of its asserts passed and failed; whether it could be read at all.

    `statements` are those that ran, `seconds` what they took; `lacks` says that there had to be an assert, and is none.
    """

    path: str
    verdict: Verdict
    passed: int
    failed: int
    is_read: bool = True
    statements: int = 0
    seconds: float = 0.0
    lacks: bool = False


@record
class RunSummary:
    """How running files came out: the summary of each, how many were not run after a failure, and what all took.

    The `slowest` are those that are to be named, slowest first.
    """

    files: tuple[FileSummary, ...]
    skipped: int = 0
    seconds: float = 0.0
    slowest: tuple[FileSummary, ...] = ()
