"""A function and its derivatives as the text of a program."""

from __future__ import annotations

import re
from pathlib import Path

from gradcli.core.engines.listing import program_text
from gradcli.core.ir.nodes import Input, Node, Parameter, fresh_input
from gradcli.core.ir.traversal import reachable
from gradcli.core.records import record
from gradcli.language.calls.builtin import Builtin
from gradcli.language.calls.reach import parameters_of
from gradcli.language.library.names import builtins
from gradcli.language.text.refusals import REFUSALS, refused
from gradcli.language.values.convert import to_node
from gradcli.language.values.values import Value
from gradcli.session.ask import Question


def program(question: Question, wrt: str | None = None, order: int = 1) -> str:
    """The program that computes what is asked: of the values, numbers and tensors count by their shapes and dtypes.

    Raises:
        LanguageError: as `Question.derivatives` does.
    """
    traced = _traced(question, wrt, order)
    return _note(question, traced.inputs) + program_text(traced.outputs, traced.inputs, traced.name, traced.labels)


def module(question: Question, target: str, wrt: str | None = None, order: int = 1) -> str:
    """The same as a module that needs nothing but a target, and has the parameters of models as arguments.

    Raises:
        LanguageError: as `Question.derivatives` does, and for what the target has no words for.
    """
    from gradcli import __version__
    from gradcli.core.export.request import Request
    from gradcli.core.export.targets import module_text

    traced = _traced(question, wrt, order)
    reached = {node for node in reachable(traced.outputs) if isinstance(node, Parameter)}
    found = parameters_of(question.interpreter, question.function)
    named = {node: names[0] for node, names in zip(found.nodes, found.paths, strict=True) if node in reached}
    named |= {node: node.name for node in reached if node not in named}
    request = Request(
        outputs=traced.outputs,
        labels=traced.labels,
        inputs=traced.inputs,
        parameters=[*named],
        called=[*(node.name for node in traced.inputs), *named.values()],
        name=traced.name,
        title=_title(question),
        version=__version__,
    )
    try:
        return module_text(target, request)
    except REFUSALS as error:
        raise refused(error, question.span) from error


def _title(question: Question) -> str:
    """What is written, and the file that defines it."""
    path, found, name = question.span.source.text.rpartition("::")
    return f"{question.title}, from {Path(path).name}::{name}" if found and name.isidentifier() else question.title


@record
class _Traced:
    """What is computed, of what, under which names."""

    outputs: list[Node]
    labels: list[str]
    inputs: list[Input]
    name: str


def _traced(question: Question, wrt: str | None, order: int) -> _Traced:
    inputs: list[Input] = []
    values: list[Value] = []
    for name, value in question.arguments.items():
        if isinstance(value, (int, float, Node)) and not isinstance(value, bool):
            node = to_node(value, question.interpreter.dtype, question.span)
            inputs.append(fresh_input(name, node.shape, node.dtype))
            values.append(inputs[-1])
        else:
            values.append(value)
    table = question.table(wrt, order, values)
    name = question.function.name if question.function.name.isidentifier() else "f"
    return _Traced(
        [node for _, node in table.rows if node is not None], [str(partial) for partial, _ in table.rows], inputs, name
    )


def _note(question: Question, inputs: list[Input]) -> str:
    """That means and sums are of single numbers, where the text has some and no input is more."""
    words = re.findall(r"[^\W\d]\w*", question.span.text)
    reduces = [
        w for w in words if isinstance(b := builtins().get(w), Builtin) and any(i.name == "axis" for i in b.inputs)
    ]
    if not reduces or any(node.shape for node in inputs):
        return ""
    names = ", ".join(question.arguments)
    return f"# {names}: single numbers, which {reduces[0]} leaves as they are; values such as x='[1, 2]' tell shapes\n"
