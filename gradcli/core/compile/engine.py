"""Choosing the engine: float64 scalars need no NumPy, all else goes to arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from gradcli.core.compile.scalar import ScalarProgram, compile_scalar, suits_scalar
from gradcli.core.graph import PARAMETER, Node, reachable, substitute

if TYPE_CHECKING:
    import numpy

    from gradcli.core.compile.array import ArrayProgram

Data: TypeAlias = "bool | int | float | numpy.ndarray[Any, Any]"


class Program:
    """A graph compiled once, to be run on many inputs.

    Float64 scalars give Python numbers, anything else gives arrays. Overflow, division by zero and arguments
    outside a domain give inf and nan as IEEE 754 says, never an exception.

    Raises:
        CoreError: when made, for a tensor larger than the machine's memory.
        ValueError: when made, for a graph with a free input that is not among `inputs`.
    """

    def __init__(self, outputs: Sequence[Node], inputs: Sequence[Node] = ()) -> None:
        order = reachable(outputs)
        bound = {node: node.attrs["value"] for node in order if node.op is PARAMETER and node not in inputs}
        if bound:
            outputs = substitute(outputs, bound)
            order = reachable(outputs)
        self._graph = order, outputs, inputs
        self._scalar: ScalarProgram | None = None
        self._arrays: ArrayProgram | None = None
        if suits_scalar(order, inputs):
            self._scalar = compile_scalar(order, outputs, inputs)
        else:
            self._arrays = self._on_arrays()

    @property
    def on_math(self) -> bool:
        """Whether the outputs are float64 and bool scalars, computed by Python's math where it has an answer."""
        return self._scalar is not None

    def __call__(self, *values: Data) -> tuple[Data, ...]:
        """The value of each output."""
        if self._scalar is not None:
            try:
                return self._scalar(*values)
            except (ArithmeticError, ValueError):
                pass  # math raises where IEEE has an answer; the arrays below give it
        if self._arrays is None:
            self._arrays = self._on_arrays()
        return self._arrays(*values)

    def _on_arrays(self) -> ArrayProgram:
        from gradcli.core.compile.array import ArrayProgram

        order, outputs, inputs = self._graph
        if inputs:
            from gradcli.core.compile.optimise import optimised

            outputs = optimised(outputs, inputs)
            order = reachable(outputs)
        return ArrayProgram(order, outputs, inputs)


def evaluate(outputs: Sequence[Node]) -> tuple[Data, ...]:
    """The value of each output of a graph without inputs; parameters stand for their present values."""
    return Program(outputs)()
