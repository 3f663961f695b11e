"""A text in gradcli's language as a program that is compiled once and run many times."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import gradcli
from gradcli.core.engines.program import Program
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node, fresh_input
from gradcli.language.text.diagnostics import Source, Span
from gradcli.language.text.parse import parse_expression
from gradcli.language.values.nesting import nodes_in
from gradcli.language.values.scope import Settings
from gradcli.language.values.values import Function
from gradcli.session.session import Session

Shapes = Sequence[tuple[int, ...]]


def graph(
    definitions: str, expression: str, shapes: Mapping[str, tuple[int, ...]], dtype: str = "float64"
) -> tuple[list[Node], list[Node]]:
    """The outputs and inputs of what an expression, a function of inputs of these shapes, computes."""
    session = Session(settings=Settings(dtype=DType(dtype)))
    step = session.run(Source("benchmark", definitions))
    assert not step.diagnostics, step.diagnostics
    source = Source("benchmark", expression)
    interpreter = step.session.interpreter()
    function = interpreter.evaluate(parse_expression(source))
    assert isinstance(function, Function)
    inputs = [fresh_input(name, shape, DType(dtype)) for name, shape in shapes.items()]
    result = function.call(interpreter, inputs, Span(source, 0, len(expression)), fresh=True)
    return list(nodes_in(result)), [*inputs]


def called(definitions: str, name: str, *given: object) -> Callable[[], object]:
    """A function of a text, called from Python as a user does it."""
    session = gradcli.Session()
    session.run(definitions)
    function = session[name]
    return lambda: function(*given)


def program(
    definitions: str,
    expression: str,
    shapes: Mapping[str, tuple[int, ...]],
    dtype: str = "float64",
    native: bool = True,
) -> Program:
    """The same, compiled; `native` lets gradcli[jit] compile what it can."""
    outputs, inputs = graph(definitions, expression, shapes, dtype)
    return Program(outputs, inputs, native)
