"""Choosing the engine: float64 scalars need no NumPy, all else goes to arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from gradcli.core.compile.optimise import optimised
from gradcli.core.compile.scalar import compile_scalar, suits_scalar
from gradcli.core.graph import Node, reachable, without_parameters

if TYPE_CHECKING:
    import numpy

    from gradcli.core.compile.array import ArrayProgram

Data: TypeAlias = "bool | int | float | numpy.ndarray[Any, Any]"


class Program:
    """A graph compiled once, to be run on many inputs.

    `on_math` says that the outputs are float64 and bool scalars, computed by Python's math where it has an answer.

    Float64 scalars give Python numbers, anything else gives arrays. Overflow, division by zero and arguments
    outside a domain give inf and nan as IEEE 754 says, never an exception.

    `native` lets LLVM compile stretches of elementwise operations, where `gradcli[jit]` is installed; that pays for a
    program that runs often, or on much.

    Raises:
        CoreError: when made, for a tensor larger than the machine's memory.
        ValueError: when made, for a graph with a free input that is not among `inputs`.
    """

    def __init__(self, outputs: Sequence[Node], inputs: Sequence[Node] = (), native: bool = True) -> None:
        outputs = without_parameters(outputs, inputs)
        if inputs:
            outputs = optimised(outputs, inputs)
        order = reachable(outputs)
        self._graph = order, outputs, inputs, native
        self._on_numpy: ArrayProgram | None = None
        self.on_math = suits_scalar(order, inputs)
        self.function: Callable[..., tuple[Data, ...]]
        if self.on_math:
            self.function = compile_scalar(order, outputs, inputs, self._arrays)
        else:
            self.function = self._on_arrays()

    def __call__(self, *values: Data) -> tuple[Data, ...]:
        """The value of each output. `function` is the same without a method around it."""
        return self.function(*values)

    @property
    def memory(self) -> int:
        """What the buffers take that it keeps between runs, in bytes."""
        return 0 if self._on_numpy is None else self._on_numpy.memory

    def _arrays(self, *values: Data) -> tuple[Data, ...]:
        """What IEEE 754 answers where math raises."""
        return self._on_arrays()(*values)

    def _on_arrays(self) -> ArrayProgram:
        if self._on_numpy is None:
            from gradcli.core.compile.array import ArrayProgram

            self._on_numpy = ArrayProgram(*self._graph)
        return self._on_numpy
