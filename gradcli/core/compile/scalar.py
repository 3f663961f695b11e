"""The scalar engine: a graph of float64 scalars as straight-line Python on the math module."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from typing import TypeAlias

from gradcli.core.dtypes import DType
from gradcli.core.graph import CONSTANT, Node
from gradcli.core.laws import Primitive

ScalarProgram: TypeAlias = "Callable[..., tuple[float | bool, ...]]"

# Beyond this many lines Python's own compiler costs more than the array engine's dispatch.
LONGEST_PROGRAM = 20_000
# Python's parser takes some two hundred nested parentheses.
DEEPEST_EXPRESSION = 40

SCOPE: dict[str, object] = {"math": math, "inf": math.inf, "nan": math.nan}


def suits_scalar(order: Sequence[Node], inputs: Sequence[Node] = ()) -> bool:
    """Whether every node is a float64 or bool scalar with a template on math."""
    return len(order) <= LONGEST_PROGRAM and all(
        node.shape == ()
        and node.dtype in (DType.FLOAT64, DType.BOOL)
        and (node.op is CONSTANT or node in inputs or (isinstance(node.op, Primitive) and node.op.math is not None))
        for node in order
    )


def source(order: Sequence[Node], outputs: Sequence[Node], inputs: Sequence[Node] = ()) -> str:
    """The program as Python text: a function `program` of the inputs that returns the outputs as a tuple.

    What is used once stands where it is used, so that a sum of products is one line.
    """
    uses = Counter(arg for node in order for arg in node.args)
    named = {*outputs, *inputs}
    repeated = {arg for node in order for i, arg in enumerate(node.args) if not _once(node.op, i)}
    text: dict[Node, str] = {node: f"x{i}" for i, node in enumerate(inputs)}
    depth: dict[Node, int] = {}
    lines: list[str] = []
    for node in order:
        if node in inputs:
            continue
        if node.op is CONSTANT:
            value = repr(node.attrs["value"])
            text[node] = f"({value})" if value.startswith("-") else value
            continue
        template = node.op.math if isinstance(node.op, Primitive) else None
        assert template is not None
        expression = template.format(*(text[arg] for arg in node.args), **node.attrs)
        deep = 1 + max((depth.get(arg, 0) for arg in node.args), default=0)
        if uses[node] == 1 and node not in named and deep < DEEPEST_EXPRESSION and node not in repeated:
            text[node], depth[node] = f"({expression})", deep
        else:
            text[node] = f"v{len(lines)}"
            lines.append(f"    {text[node]} = {expression}")
    arguments = ", ".join(text[node] for node in inputs)
    result = "".join(f"{text[node]}, " for node in outputs)
    return "\n".join([f"def program({arguments}):", *lines, f"    return ({result})"])


def compile_scalar(order: Sequence[Node], outputs: Sequence[Node], inputs: Sequence[Node] = ()) -> ScalarProgram:
    """The program, which raises ArithmeticError or ValueError where math refuses what IEEE 754 answers."""
    scope = dict(SCOPE)
    exec(compile(source(order, outputs, inputs), "<gradcli program>", "exec"), scope)
    program = scope["program"]
    assert callable(program)
    return program


def _once(op: object, i: int) -> bool:
    """Whether a template mentions an argument once, so that its text can stand there."""
    return isinstance(op, Primitive) and _mentions(op.math or "", i) == 1


@cache
def _mentions(template: str, i: int) -> int:
    return template.count(f"{{{i}}}")
