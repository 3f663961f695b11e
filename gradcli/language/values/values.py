"""What an expression evaluates to.

Plain numbers stay Python's ints and floats, exact, until they meet a tensor and take its type.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, KeysView, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from types import EllipsisType, MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from gradcli.core.engines.protocol import Data
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node, Parameter, array_constant
from gradcli.core.library.random import Random
from gradcli.core.records import record
from gradcli.language.text import syntax as s
from gradcli.language.text.diagnostics import Diagnostic, Span
from gradcli.language.values.audits import Audit
from gradcli.language.values.explanations import Check, Steps
from gradcli.language.values.findings import Extrema, Fit, Propagation, Uncertain
from gradcli.language.values.partial import Partial
from gradcli.language.values.trail import Trail

if TYPE_CHECKING:
    from gradcli.core.analysis.compressed import Sparse
    from gradcli.core.analysis.curves import Curve
    from gradcli.core.analysis.surfaces import Surface
    from gradcli.language.values.labelled import Titles


Value: TypeAlias = (
    "Node | bool | int | float | str | EllipsisType | tuple[Value, ...] | Function | Parameters"
    " | DerivativeTable | SparseMatrix | Interval | Plot | Contours | Extrema | Propagation | Uncertain | Steps | Check"
    " | Audit | Module | Fit | Named"
    " | Names | Unset | Zipped | None"
)


class Unset:
    """What a name has that only some paths through a block give a value."""

    def __init__(self, name: str) -> None:
        self.name = name


class Required:
    """The default of an input that has none."""


REQUIRED = Required()


@record
class Formal:
    """One input of a function; `default` is REQUIRED, or what stands in when it isn't given.

    `real` says that numbers and tensors go there, and not an axis, a count, a text or a choice; `names` that it takes
    names, which are not evaluated, `function` that it takes a function, which an expression of free names is too;
    `several` that numbers alone, one after the other, all go there; `sequence` that it takes a tuple, which an array
    that is written there is too, `spread` that its items may stand one after the other, as the last arguments;
    `by_name` that all values go there that are given by names that no other input has, as `Named`: it is the last.
    """

    name: str
    default: Value | Required = REQUIRED
    variadic: bool = False
    real: bool = True
    names: bool = False
    function: bool = False
    several: bool = False
    sequence: bool = False
    spread: bool = False
    by_name: bool = False


class Several(tuple[Any, ...]):
    """Numbers that stand one after the other in a call, where one input takes them all."""

    __slots__ = ()


@dataclass
class Frame:
    """The names inside one call, and the frame of the function around it.

    A `closed` one is that of a file that is used: nothing outside is seen from it but what is built in.
    """

    names: dict[str, Value] = field(default_factory=dict)
    outer: Frame | None = None
    closed: bool = False


@record
class Module:
    """What a file defines that is used under a name."""

    path: str
    members: Mapping[str, Value]


@record
class Named:
    """Values by name, such as a file of data holds, which is their `origin`; why others in it were `refused`."""

    origin: str
    parts: Mapping[str, Value]
    refused: Mapping[str, str] = field(default_factory=dict)

    @property
    def members(self) -> Mapping[str, Value]:
        """What stands behind a point."""
        typed = {name: part for name, part in self.parts.items() if name.isidentifier()}
        return {"names": (*self.parts, *self.refused), **typed}


class Saved(str):
    """The path of a file that was written, and what is `said` of it."""

    __slots__ = ("said",)
    said: str


class Caller(Protocol):
    """What a function may ask of whoever evaluates its call.

    `warnings` are what was said beside the result so far; `in_derivative` whether a function is being traced in order
    to be differentiated, so that no input may be taken for what it is now.
    """

    random: Random
    warnings: list[Diagnostic]
    trail: Trail
    home: Frame | None
    steps: int
    # The same thing as long as no name can have got another value; None where any may at any time.
    still: object | None

    @property
    def bound(self) -> tuple[object, KeysView[str]]:
        """What stands as long as this statement is carried out, and the names to which it has given values."""
        ...

    def afresh(self) -> AbstractContextManager[None]:
        """Within, nothing that was found out about functions before is taken for granted."""
        ...

    @property
    def dtype(self) -> DType:
        """The default float type."""
        ...

    @property
    def in_derivative(self) -> bool:
        """Whether what is traced will be differentiated."""
        ...

    def differentiating(self) -> AbstractContextManager[None]:
        """What is traced within will be differentiated."""
        ...

    def warn(self, message: str, span: Span, hint: str | None = None) -> None:
        """Say something beside the result, once."""
        ...

    def find(self, name: str, frame: Frame | None) -> tuple[Value] | None:
        """The value of a name in a tuple of its own, or None if it has none."""
        ...

    def name_of(self, value: Value) -> str | None:
        """The first name at the top level that stands for this very value, if one does."""
        ...

    def present(self, value: Value) -> Value:
        """A parameter as it is now."""
        ...

    def settle(self, value: Value, span: Span) -> Value:
        """The value with every tensor in it computed."""
        ...

    @property
    def outermost(self) -> bool:
        """Whether what is computed now is itself shown, not called by what is."""
        ...

    def note(self, message: str, span: Span, hint: str | None = None) -> None:
        """Say something beside the result that is no mistake, once."""
        ...

    @property
    def exact(self) -> bool:
        """Whether arithmetic on plain numbers keeps the fractions that they are."""
        ...

    @property
    def certifying(self) -> bool:
        """Whether what is computed now is to be shown, and so as near to the true value as a float can be."""
        ...

    def certified(self, nodes: Sequence[Node], computed: Sequence[Data]) -> list[Data]:
        """The floats nearest to the true values, where those are to be shown; else what was computed."""
        ...

    def digits_known(self, nodes: Sequence[Node], wanted: int) -> float:
        """How many digits of all numbers are right for certain as they are computed; inf for all that are wanted."""
        ...

    def items(self, value: Value, span: Span) -> Sequence[Value]:
        """The items to go through."""
        ...

    def bind(self, targets: tuple[s.Name, ...], value: Value, frame: Frame) -> None:
        """Give a value to a name, or its items to several."""
        ...

    def step(self, span: Span, count: int = 1) -> None:
        """Count passes of a loop before they are made."""
        ...

    def standing_in(self, parameters: Mapping[object, Parameter]) -> AbstractContextManager[None]:
        """Within, other parameters are the present ones, by their key."""
        ...

    def train(self, old: Parameter, value: Value, name: str, span: Span) -> None:
        """Give a parameter a new value, wherever its model is used from now on."""
        ...

    def evaluate(self, node: s.Expression, frame: Frame | None = None) -> Value:
        """The value of an expression."""
        ...

    def needs_inputs(self, function: Function, values: Sequence[Value]) -> bool:
        """Whether a function called with some values may differentiate by its inputs, so that they must be its own."""
        ...

    def run(self, function: Function, body: Sequence[s.Statement], frame: Frame, span: Span) -> Value:
        """What the body of a function returns that is called at `span`."""
        ...


class Rewrite(Protocol):
    """A change of the tensors throughout a value, and in the frames that its functions close over."""

    def value(self, value: Value) -> Value:
        """The value with everything in it changed."""
        ...

    def frame(self, frame: Frame | None) -> Frame | None:
        """The frame with everything in it changed."""
        ...


class Function(ABC):
    """Anything that can be called.

    `kind` is the word for it in messages: function, model, layer, derivative, built-in. `members` is what stands behind
    a point: parameters, layers. `parametrized` says that the parameters which it reaches are its own.
    """

    name: str
    kind: str = "function"
    inputs: tuple[Formal, ...]
    members: Mapping[str, Value] = MappingProxyType({})
    parametrized = True
    # How many calls at the top level are made before there is a program for them.
    before_program = 0

    def __repr__(self) -> str:
        return f"<{self.kind} {self.name}({', '.join(i.name for i in self.inputs)})>"

    @abstractmethod
    def call(self, caller: Caller, values: Sequence[Value], span: Span, fresh: bool = False) -> Value:
        """The result for one value an input, defaults filled in.

        `fresh` promises that the tensors among the values are inputs made for this call, so none need be made again.
        """

    def at_inputs(self, caller: Caller, inputs: Sequence[Value], span: Span) -> Value:
        """The result as graph of inputs that were made for this call, which know what they stand for."""
        return self.call(caller, inputs, span)

    def substituted(self, substitution: Rewrite) -> Function:
        """The same function where tensors that it closes over are changed; itself where it closes over none."""
        return self

    def titles(self, result: Value) -> Titles | None:
        """The names of the tensors of a result, of a derivative."""
        return None

    @property
    def identity(self) -> Hashable | None:
        """What another function has too that gives the same wherever it is called; None where it isn't told."""
        return None


@record
class Parameters:
    """The trainable parameters of a function, by name, in the order in which its text reaches them.

    `paths` are all the names that each goes by: more than one where two parts of a model share it.
    """

    of: str
    paths: tuple[tuple[str, ...], ...]
    nodes: tuple[Parameter, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """One name for each: the first that the text reaches it by."""
        return tuple(names[0] for names in self.paths)


@record
class Names:
    """What `wrt=` was given: names that are not evaluated. `single` where it was no tuple."""

    items: tuple[tuple[str, Span], ...]
    single: bool


class Markup(str):
    """A text for another program, such as LaTeX: shown as it is, without quotes."""

    __slots__ = ()


@record
class Zipped:
    """What `zip` and `enumerate` go through together, item by item."""

    parts: tuple[Value, ...]


@record
class Interval:
    """`low..high`: two plain numbers, and all between them."""

    low: int | float
    high: int | float


@record
class DerivativeTable:
    """Derivatives by order, as `derivatives` and the grad command show them; without a point they have no values.

    `reasons` say why a row has no formula; `definitions` are the names of parts that formulas share. `shapes` are those
    of what formulas alone stand for.
    """

    rows: tuple[tuple[Partial, Node | None], ...]
    note: str | None = None
    formulas: tuple[str | None, ...] = ()
    reasons: tuple[str | None, ...] = ()
    definitions: tuple[tuple[str, str], ...] = ()
    shapes: tuple[tuple[int, ...], ...] = ()


@record
class SparseMatrix:
    """A matrix of which only the entries that may differ from 0 are known."""

    entries: Sparse

    @property
    def members(self) -> dict[str, Value]:
        """What stands behind a point."""
        found = self.entries
        places = {"rows": found.pattern.rows, "columns": found.pattern.columns}
        return {
            "shape": found.pattern.shape,
            "nnz": found.pattern.count,
            **{name: array_constant(part.astype("int64")) for name, part in places.items()},
            "values": found.values,
        }


@record
class Plot:
    """Functions of one number by their points, under their names.

    `over` is the range of that number, `shown` the range of values that a picture has room for, `saved` the file that
    it was written to.
    """

    curves: tuple[tuple[str, Curve], ...]
    variable: str
    over: tuple[float, float]
    shown: tuple[float, float]
    notes: tuple[str, ...] = ()
    saved: str | None = None


@record
class Contours:
    """A function of two numbers by its values on a grid; `over` are the ranges of both."""

    of: str
    variables: tuple[str, str]
    over: tuple[tuple[float, float], tuple[float, float]]
    surface: Surface
    notes: tuple[str, ...] = ()
    saved: str | None = None
