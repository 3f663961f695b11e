"""What running a text gives, as frozen plain data: the output floor turns it into tables or anything else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from gradcli.core.records import record

if TYPE_CHECKING:
    import numpy


@record
class Tensor:
    """A value with its shape and dtype; `data` is a Python number for a scalar, a read-only array otherwise."""

    shape: tuple[int, ...]
    dtype: str
    data: bool | int | float | numpy.ndarray[Any, Any]


@record
class Text:
    """A text value, or what stands for a value that has no numbers: a function, a layer."""

    text: str
    quoted: bool = False


@record
class ParameterTable:
    """The parameters of a function, with their shapes and values."""

    of: str
    names: tuple[str, ...]
    tensors: tuple[Tensor, ...]


@record
class Row:
    """One derivative: its order, its name, its value, and its formula where there is a short one."""

    order: int
    name: str
    tensor: Tensor
    formula: str | None = None


@record
class Derivatives:
    """Outputs and gradients by order. `whole` says that it is a full table, not one gradient asked for alone.

    `value` are the same tensors in the structure in which they were asked for; None for a full table.
    """

    rows: tuple[Row, ...]
    note: str | None = None
    whole: bool = False
    value: Plain | None = None


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


Plain: TypeAlias = "Tensor | Text | ParameterTable | Derivatives | SparseMatrix | Polynomial | tuple[Plain, ...]"


@record
class Shown:
    """The value of an expression that stood by itself, and the expression."""

    source: str
    value: Plain


@record
class Comparison:
    """Both sides of an assertion; `difference` is the largest between numbers, `tolerance` what was allowed."""

    relation: str
    left: Plain
    right: Plain
    difference: float | None
    tolerance: str | None


@record
class Assertion:
    """An assert that was checked. `where` is file:line."""

    source: str
    where: str
    passed: bool
    message: str | None = None
    comparison: Comparison | None = None


Result: TypeAlias = "Shown | Assertion"
