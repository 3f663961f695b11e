"""Functions compiled for fixed shapes: arrays in, arrays out, and nothing between but the program."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from gradcli.api.home import GIVEN, Home, dtype_name, guarded, refuse
from gradcli.api.values import scalar
from gradcli.core.engines.listing import program_text
from gradcli.core.engines.program import Program
from gradcli.core.engines.protocol import Data
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node, Parameter, fresh_input
from gradcli.core.ir.shapes import check_shape
from gradcli.language.calls.reach import parameters_of
from gradcli.language.derivatives.base import Operator, label_of, numbered
from gradcli.language.interpreter.interpreter import Interpreter
from gradcli.language.text.diagnostics import Source, Span, near
from gradcli.language.values.convert import dtype_named, to_node
from gradcli.language.values.describe import describe
from gradcli.language.values.nesting import fold, nodes_in
from gradcli.language.values.partial import Partial
from gradcli.language.values.values import DerivativeTable, Function, Required, Value

if TYPE_CHECKING:
    import numpy

# A shape, an array that stands for its shape and dtype, or a length.
ShapeLike: TypeAlias = "tuple[int, ...] | list[int] | int | numpy.ndarray[Any, Any]"


class Slot(NamedTuple):
    """An input of a program: what an array given for it must have."""

    name: str
    shape: tuple[int, ...]
    dtype: str


class Compiled:
    """A program for inputs of fixed shapes and dtypes; called with arrays, by position or by name.

    An array must have its input's shape, and a dtype all of whose values the input's holds: int64 and float32 go where
    float64 is asked for, and float64 does not go where float32 is. Any strides and byte order do, and it may be
    read-only. Python's numbers and nested lists are taken as well. Results are new arrays: they share memory with
    nothing, least of all with the next call's. One thread at a time runs the program, others wait.

    Attributes:
        name: what was compiled.
        inputs: a `Slot` with name, shape and dtype for each input.
        parameters: the same for each parameter, which may be given by name, and otherwise keeps the value that it had.
        outputs: the names of the results, from left to right, such as ∂f/∂x.
        source: the text of the program, as `gradcli code` shows it.
        engine: what runs it: math (Python's, for numbers and small tensors), numpy or llvm.
    """

    def __init__(
        self,
        name: str,
        outputs: Value,
        inputs: Sequence[Node],
        slots: Sequence[Slot],
        weights: Sequence[tuple[str, Parameter]],
        labels: Sequence[str],
    ) -> None:
        nodes = list(nodes_in(outputs))
        self.outputs = tuple(labels)
        parameters = [node for _, node in weights]
        self.name = name
        self.inputs = tuple(slots)
        self.parameters = tuple(Slot(n, node.shape, node.dtype.value) for n, node in weights)
        self._slots = (*self.inputs, *self.parameters)
        self._kept = tuple(node.value.value for node in parameters)
        self._nodes, self._leaves = nodes, [*inputs, *parameters]
        program = Program(nodes, self._leaves)
        self._run = program.function
        self.engine = program.engine.name
        self._on_arrays = program.engine.on_arrays
        self._dtypes = [node.dtype for node in nodes]
        self._join = joined(outputs)
        self._types: list[Any] = [float if s.shape == () and s.dtype == "float64" else None for s in self._slots]
        self._takes_floats = float in self._types and None not in self._types
        self._arrays: list[Any] = []
        self._shapes = [slot.shape for slot in self._slots]
        self._lock = threading.Lock()
        if self._on_arrays:
            import numpy as np

            self._arrays = [np.dtype(s.dtype) for s in self._slots]
            self._types = [kind or np.ndarray for kind in self._types]

    @property
    def source(self) -> str:
        """The text of the program, to read: Python for numbers, a schedule of operations for tensors."""
        name = self.name if self.name.isidentifier() else "f"
        return program_text(self._nodes, self._leaves, name, self.outputs)

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        """The result for one value an input: numbers, new arrays, tuples, in the structure that the function gives.

        Raises:
            GradcliError: for another count, name, shape or dtype.
        """
        if kwargs or len(args) != len(self.inputs):
            args = guarded(lambda: self._bound(args, kwargs), Source(GIVEN, self.name))
        elif self._kept:
            args = (*args, *self._kept)
        if not self._on_arrays:
            for given in args:
                if given.__class__ is not float or not self._takes_floats:
                    args = self._fitted(args)
                    break
            return self._join(self._run(*args))
        for given, expected, dtype, shape in zip(args, self._types, self._arrays, self._shapes, strict=True):
            # The class and the dtype themselves: whatever else there is takes the longer way.
            kind = given.__class__
            if kind is not expected or (
                kind is not float and (given.dtype is not dtype or given.shape != shape or not given.flags.aligned)
            ):
                args = self._fitted(args)
                break
        with self._lock:
            found = guarded(lambda: self._run(*args), Source(GIVEN, self.name))
        return self._join(own(found, self._dtypes, args))

    def _bound(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[Any, ...]:
        """One value for each input and parameter, in order."""
        names = [slot.name for slot in self.inputs]
        if len(args) > len(names):
            takes = f"{len(names)} {'input' if len(names) == 1 else 'inputs'}" if names else "no inputs"
            raise refuse(
                "type",
                f"`{self.name}` was compiled for {takes}, and here are {len(args)}",
                "parameters are given by name" if self.parameters else self._use(),
            )
        values: dict[str, Any] = dict(zip(names, args, strict=False))
        for name, given in kwargs.items():
            if name in values:
                raise refuse("type", f"`{name}` is given twice", "by position and by name")
            known = [slot.name for slot in self._slots]
            if name not in known:
                raise refuse("type", f"`{self.name}` has no input `{name}`", near(name, known) or self._use())
            values[name] = given
        missing = [name for name in names if name not in values]
        if missing:
            raise refuse("type", f"`{self.name}` needs a value for {', '.join(f'`{n}`' for n in missing)}", self._use())
        kept = {slot.name: value for slot, value in zip(self.parameters, self._kept, strict=True)}
        return tuple(values[n] if n in values else kept[n] for n in (slot.name for slot in self._slots))

    def _use(self) -> str:
        return f"it takes {', '.join(f'{s.name}: {s.dtype} {s.shape}' for s in self.inputs) or 'nothing'}"

    def _fitted(self, args: Sequence[Any]) -> tuple[Any, ...]:
        pairs = zip(args, self._slots, strict=True)
        return guarded(lambda: tuple(fitted(given, slot) for given, slot in pairs), Source(GIVEN, self.name))

    def __repr__(self) -> str:
        slots = ", ".join(f"{s.name}: {s.dtype}{s.shape}" for s in self._slots)
        return f"<gradcli program {self.name}({slots}), {self.engine}>"


def fitted(given: Any, slot: Slot) -> Any:
    """A value for an input as the program takes it: a Python number for a scalar, else an array.

    Raises:
        LanguageError: for another shape, or a dtype that the input's does not hold.
    """
    if given.__class__ is float and slot.shape == () and slot.dtype == "float64":
        return given
    import numpy as np

    if isinstance(given, np.ma.MaskedArray):
        raise refuse("type", f"`{slot.name}` is a masked array, and masks are not kept", "fill it: x.filled(value)")
    is_number = isinstance(given, (bool, int, float)) and not isinstance(given, np.generic)
    if not (is_number or isinstance(given, list) or hasattr(given, "__array__")):
        what = f"`{slot.name}` is a {type(given).__name__}, and {slot.dtype} {slot.shape} is asked for"
        raise refuse("type", what, "give it an array")
    try:
        array = np.asarray(given)
    except Exception as error:
        raise refuse("shape", f"`{slot.name}` makes no array: {error}", "give it an array") from None
    if array.shape != slot.shape:
        hint = f"this program was compiled for {slot.name}={slot.shape}; compile another for this shape"
        raise refuse("shape", f"`{slot.name}` has shape {slot.shape}, and is given shape {array.shape}", hint)
    wanted = np.dtype(slot.dtype)
    plain = is_number or isinstance(given, list)
    # Numbers that were typed take the input's float type, as they do in the language.
    fits = array.dtype.kind in "biuf" if plain and wanted.kind == "f" else np.can_cast(array.dtype, wanted, "safe")
    if not fits and not (plain and array.size == 0):
        raise refuse(
            "dtype",
            f"`{slot.name}` has dtype {slot.dtype}, and is given {array.dtype}",
            f"convert it, such as {slot.name}.astype('{slot.dtype}')",
        )
    with np.errstate(all="ignore"):
        found = array.astype(wanted, copy=False)
    if plain and wanted.kind == "f" and array.size and bool((np.isinf(found) & ~np.isinf(array)).any()):
        raise refuse("dtype", f"`{slot.name}` is beyond the largest {slot.dtype}", "compile it for float64")
    # Machine code reads whole numbers where they should lie.
    return found.item() if slot.shape == () and slot.dtype == "float64" else np.require(found, requirements="A")


_NUMBERS = frozenset((bool, int, float))


def own(found: Sequence[Any], dtypes: Sequence[DType], args: Sequence[Any]) -> list[Any]:
    """The outputs as the caller's own: a view, an input that came through, or a constant is copied."""
    seen = {id(given) for given in args}
    copies: list[Any] = []
    for array, dtype in zip(found, dtypes, strict=True):
        if array.__class__ in _NUMBERS or array.shape == ():
            copies.append(scalar(array if array.__class__ in _NUMBERS else array.item(), dtype))
            continue
        if array.base is not None or id(array) in seen or not (array.flags.writeable and array.flags.owndata):
            array = array.copy()
        seen.add(id(array))
        copies.append(array)
    return copies


def joined(outputs: Value) -> Callable[[Sequence[Data]], Any]:
    """What puts the values of the outputs, from left to right, in their structure."""
    if isinstance(outputs, Node):
        return lambda found: found[0]
    if isinstance(outputs, tuple) and all(isinstance(item, Node) for item in outputs):
        return tuple

    # Counting from left to right: `fold` goes elsewhere first where a part is shared.
    places = itertools.count()

    def put(value: Value) -> Callable[[Sequence[Data]], Any]:
        if not isinstance(value, tuple):
            return itemgetter(next(places))
        parts = [put(item) for item in value]
        return lambda found: tuple([part(found) for part in parts])

    return put(outputs)


def compiled(
    home: Home,
    function: Function,
    shapes: Sequence[ShapeLike],
    named: Mapping[str, ShapeLike],
    dtype: Any,
    source: Source,
) -> Compiled:
    """A function traced and compiled for inputs of some shapes.

    Raises:
        GradcliError: for shapes that don't fit its inputs, or results that are no tensors.
    """

    def work(interpreter: Interpreter) -> Compiled:
        span = Span(source, 0, len(source.text))
        default = _dtype(dtype, interpreter.dtype)
        given = _by_name(function, shapes, named)
        slots: list[Slot] = []
        inputs: list[Node] = []
        values: list[Value] = []
        for i in function.inputs:
            if i.name not in given:
                values.append(() if i.variadic else None if isinstance(i.default, Required) else i.default)
                continue
            slot = _slot(i.name, given[i.name], default)
            node = fresh_input(i.name, slot.shape, DType(slot.dtype))
            slots.append(slot)
            inputs.append(node)
            values.append(node)
        found = parameters_of(interpreter, function)
        weights = [(n, node) for n, node in zip(found.names, found.nodes, strict=True) if n not in given]
        outputs = function.call(interpreter, values, span, fresh=True)
        tensors = tensors_of(outputs, interpreter.dtype, span)
        return Compiled(function.name, tensors, inputs, slots, weights, _labels(function, outputs, tensors))

    return home.call(work, source)


def _by_name(function: Function, shapes: Sequence[ShapeLike], named: Mapping[str, ShapeLike]) -> dict[str, ShapeLike]:
    inputs = [i for i in function.inputs if not i.variadic]
    names = [i.name for i in inputs]
    listed = f"it takes {', '.join(names) or 'no inputs'}"
    if len(shapes) > len(names):
        raise refuse("type", f"`{function.name}` has {len(names)} inputs, and here are {len(shapes)} shapes", listed)
    given = dict(zip(names, shapes, strict=False))
    for name, shape in named.items():
        if name in given:
            raise refuse("type", f"the shape of `{name}` is given twice", "by position and by name")
        if name not in names:
            raise refuse("type", f"`{function.name}` has no input `{name}`", near(name, names) or listed)
        given[name] = shape
    for i in inputs:
        if i.name not in given and isinstance(i.default, Required):
            raise refuse("type", f"there is no shape for `{i.name}`", f"write {i.name}=() for a number")
    return given


def _slot(name: str, given: Any, dtype: DType) -> Slot:
    import operator

    own = getattr(given, "dtype", None)
    if own is not None and isinstance(getattr(given, "shape", None), tuple):
        return Slot(name, check_shape(tuple(map(int, given.shape))), _dtype(own, dtype).value)
    try:
        items = given if isinstance(given, (tuple, list)) else (given,)
        if any(isinstance(n, bool) for n in items):
            raise TypeError
        shape = tuple(operator.index(n) for n in items)
    except TypeError:
        raise refuse("type", f"{given!r} is no shape for `{name}`", "such as (1000,), or () for a number") from None
    return Slot(name, check_shape(shape), dtype.value)


def _dtype(given: Any, default: DType) -> DType:
    if given is None:
        return default
    name = dtype_name(given)
    try:
        return dtype_named(name)
    except ValueError:
        dtypes = [d.value for d in DType]
        raise refuse(
            "dtype", f"{name!r} is not a dtype", near(name, dtypes) or f"dtypes are {', '.join(dtypes)}"
        ) from None


def _labels(function: Function, value: Value, tensors: Value) -> list[str]:
    """The names of the results, from left to right."""
    if isinstance(value, DerivativeTable):
        return [str(name) for name, _ in value.rows]
    if isinstance(function, Operator):
        return [str(name or "aux") for name in function.names(tensors)]
    return [str(name) for name, _ in numbered(Partial(label_of(function)), tensors)]


def tensors_of(value: Value, dtype: DType, span: Span) -> Value:
    """A result as tensors in tuples; a table of derivatives as a tuple of its rows.

    Raises:
        LanguageError: for what is neither.
    """
    if isinstance(value, DerivativeTable):
        value = tuple(node for _, node in value.rows)

    def tensor(item: Value) -> Node:
        if not isinstance(item, (Node, bool, int, float)):
            what = f"a program gives tensors and numbers, and this gives {describe(item)}"
            raise refuse("type", what, "compile a function that returns numbers")
        return to_node(item, dtype, span)

    found: Value = fold(value, tensor, tuple)
    return found
