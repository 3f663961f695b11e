"""A function and its derivatives as the text of a program."""

from __future__ import annotations

import re

from gradcli.core.engines.listing import program_text
from gradcli.core.ir.nodes import Node, fresh_input
from gradcli.language.calls.builtin import Builtin
from gradcli.language.library.names import builtins
from gradcli.language.values.convert import to_node
from gradcli.language.values.values import Value
from gradcli.session.ask import Question


def program(question: Question, wrt: str | None = None, order: int = 1) -> str:
    """The program that computes what is asked: of the values, numbers and tensors count by their shapes and dtypes.

    Raises:
        LanguageError: as `Question.derivatives` does.
    """
    inputs: list[Node] = []
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
    return _note(question, inputs) + program_text(
        [node for _, node in table.rows if node is not None], inputs, name, [str(partial) for partial, _ in table.rows]
    )


def _note(question: Question, inputs: list[Node]) -> str:
    """That means and sums are of single numbers, where the text has some and no input is more."""
    words = re.findall(r"[^\W\d]\w*", question.span.text)
    reduces = [
        w for w in words if isinstance(b := builtins().get(w), Builtin) and any(i.name == "axis" for i in b.inputs)
    ]
    if not reduces or any(node.shape for node in inputs):
        return ""
    names = ", ".join(question.arguments)
    return f"# {names}: single numbers, which {reduces[0]} leaves as they are; values such as x='[1, 2]' tell shapes\n"
