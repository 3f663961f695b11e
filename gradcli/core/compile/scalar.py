"""The scalar engine: a graph of float64 scalars as straight-line Python on the math module."""

from __future__ import annotations

import math
from collections.abc import Sequence

from gradcli.core.dtypes import DType
from gradcli.core.graph import CONSTANT, Node
from gradcli.core.laws import Primitive

# Beyond this many lines Python's own compiler costs more than the array engine's dispatch.
LONGEST_PROGRAM = 20_000


def suits_scalar(order: Sequence[Node]) -> bool:
    """Whether every node is a float64 or bool scalar with a template on math."""
    return len(order) <= LONGEST_PROGRAM and all(
        node.shape == ()
        and node.dtype in (DType.FLOAT64, DType.BOOL)
        and (node.op is CONSTANT or (isinstance(node.op, Primitive) and node.op.math is not None))
        for node in order
    )


def source(order: Sequence[Node], outputs: Sequence[Node]) -> str:
    """The program as Python text: a function `program()` that returns the outputs as a tuple."""
    names = {node: f"v{i}" for i, node in enumerate(order)}
    lines = [f"    {names[node]} = {_expression(node, names)}" for node in order]
    result = "".join(f"{names[node]}, " for node in outputs)
    return "\n".join(["def program():", *lines, f"    return ({result})"])


def run_scalar(order: Sequence[Node], outputs: Sequence[Node]) -> tuple[float | bool, ...]:
    """Run the program.

    Raises:
        ArithmeticError, ValueError: where math refuses what IEEE 754 answers with inf or nan.
    """
    scope: dict[str, object] = {"math": math, "inf": math.inf, "nan": math.nan}
    exec(compile(source(order, outputs), "<gradcli program>", "exec"), scope)
    program = scope["program"]
    assert callable(program)
    values: tuple[float | bool, ...] = program()
    return values


def _expression(node: Node, names: dict[Node, str]) -> str:
    if node.op is CONSTANT:
        return repr(node.attrs["value"])
    assert isinstance(node.op, Primitive)
    assert node.op.math is not None
    return node.op.math.format(*(names[arg] for arg in node.args), **node.attrs)
