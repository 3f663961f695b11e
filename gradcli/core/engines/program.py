"""Choosing the engine: float64 scalars need no NumPy, all else goes to arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from gradcli.core.engines.constants import computed
from gradcli.core.engines.scalar import compile_scalar, suits_scalar
from gradcli.core.errors import DTypeError, ShapeError
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Input, Node, Parameter
from gradcli.core.ir.traversal import reachable, without_parameters
from gradcli.core.simplify.canonical import canonical

if TYPE_CHECKING:
    import numpy

    from gradcli.core.engines.numpy.schedule import ArrayProgram

# Bools fit everywhere, ints where ints or floats go, floats where floats go, anything else nowhere.
_KIND: dict[object, int] = {bool: 0, "b": 0, int: 1, "i": 1, "u": 1, float: 2, "f": 2}
_KIND_OF = {DType.BOOL: 0, DType.INT64: 1, DType.FLOAT32: 2, DType.FLOAT64: 2}

Data: TypeAlias = "bool | int | float | numpy.ndarray[Any, Any]"


class Program:
    """A graph compiled once, to be run on many inputs.

    `on_math` says that the outputs are float64 and bool scalars, computed by Python's math where it has an answer.

    Float64 scalars give Python numbers, anything else gives arrays. Overflow, division by zero and arguments
    outside a domain give inf and nan as IEEE 754 says, never an exception.

    `native` lets LLVM compile fusion groups, where `gradcli[jit]` is installed; that pays for a
    program that runs often, or on much.

    Raises:
        CoreError: when made, for more work or memory than the limits allow.
        ValueError: when made, for a graph with a free input that is not among `inputs`.
    """

    def __init__(self, outputs: Sequence[Node], inputs: Sequence[Node] = (), native: bool = True) -> None:
        outputs = without_parameters(outputs, inputs)
        if inputs:
            outputs = canonical(outputs, inputs, computed)
        order = reachable(outputs)
        self._graph = order, outputs, inputs, native
        self._on_numpy: ArrayProgram | None = None
        self.on_math = suits_scalar(order, inputs)
        self._expected = [(node.shape, node.dtype) for node in inputs]
        self._names = [node.name if isinstance(node, (Input, Parameter)) else f"x{i}" for i, node in enumerate(inputs)]
        self._count = len(inputs)
        self._takes_floats = all(n.shape == () and n.dtype is DType.FLOAT64 for n in inputs)
        self.function: Callable[..., tuple[Data, ...]]
        if self.on_math:
            self.function = compile_scalar(order, outputs, inputs, self._arrays)
        else:
            self.function = self._on_arrays()

    def __call__(self, *values: Data) -> tuple[Data, ...]:
        """The value of each output. `function` is the same for who promises values that fit: it looks at none.

        Raises:
            ShapeError: for another count of values, or one of another shape than its input's.
            DTypeError: for a value that is not of its input's kind, such as a float where an int is needed.
        """
        # Floats for scalars are the usual case, and told at once.
        if not self._takes_floats or len(values) != self._count:
            self._require_fitting(values)
        else:
            for value in values:
                if value.__class__ is not float:
                    self._require_fitting(values)
                    break
        return self.function(*values)

    def require_allowed(self) -> None:
        """Refuse to run where a limit is lower now than it was when this was made.

        Raises:
            CoreError: for more work or memory than is allowed.
        """
        if self._on_numpy is not None:
            self._on_numpy.require_allowed()

    def _require_fitting(self, values: Sequence[Data]) -> None:
        if len(values) != len(self._expected):
            raise ShapeError(
                f"this program takes {self._count} {'value' if self._count == 1 else 'values'}, not {len(values)}"
            )
        for value, (shape, dtype), name in zip(values, self._expected, self._names, strict=True):
            found = getattr(value, "shape", ())
            if isinstance(value, (list, tuple)):
                raise ShapeError(f"the input `{name}` is given a {type(value).__name__}", "give it an array")
            if found != shape:
                raise ShapeError(f"the input `{name}` has shape {shape}, and is given shape {found}")
            kind = _KIND.get(getattr(getattr(value, "dtype", type(value)), "kind", type(value)), 3)
            if kind > _KIND_OF[dtype]:
                given = getattr(value, "dtype", type(value).__name__)
                raise DTypeError(f"the input `{name}` has type {dtype.value}, and is given {given}")

    @property
    def memory(self) -> int:
        """What the buffers take that it keeps between runs, in bytes."""
        return 0 if self._on_numpy is None else self._on_numpy.memory

    def _arrays(self, *values: Data) -> tuple[Data, ...]:
        """What IEEE 754 answers where math raises."""
        return self._on_arrays()(*values)

    def _on_arrays(self) -> ArrayProgram:
        if self._on_numpy is None:
            from gradcli.core.engines.numpy.schedule import ArrayProgram

            self._on_numpy = ArrayProgram(*self._graph)
        return self._on_numpy
