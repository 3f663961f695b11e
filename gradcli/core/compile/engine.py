"""Choosing the engine: float64 scalars need no NumPy, all else goes to arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from gradcli.core.compile.scalar import run_scalar, suits_scalar
from gradcli.core.graph import PARAMETER, Node, reachable, substitute

if TYPE_CHECKING:
    import numpy

Data: TypeAlias = "bool | int | float | numpy.ndarray[Any, Any]"


def evaluate(outputs: Sequence[Node]) -> tuple[Data, ...]:
    """The value of each output: a Python number for a float64 or bool scalar, an array for anything else.

    Parameters stand for their present values. Overflow, division by zero and arguments outside a domain
    give inf and nan as IEEE 754 says, never an exception.

    Raises:
        CoreError: for a tensor larger than the machine's memory.
        ValueError: for a graph with a free input.
    """
    order = reachable(outputs)
    bound = {node: node.attrs["value"] for node in order if node.op is PARAMETER}
    if bound:
        outputs = substitute(outputs, bound)
        order = reachable(outputs)
    if suits_scalar(order):
        try:
            return run_scalar(order, outputs)
        except (ArithmeticError, ValueError):
            pass  # math raises where IEEE has an answer; the arrays below give it
    from gradcli.core.compile.array import run_arrays

    return run_arrays(order, outputs)
