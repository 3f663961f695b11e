"""`gradcli code`: the program that computes a function and its derivatives, as text."""

from __future__ import annotations

from collections.abc import Sequence

from gradcli.core.engines.listing import program_text
from gradcli.core.ir.nodes import Node, fresh_input
from gradcli.faces.one_shot import Question, answer, derivatives
from gradcli.language.values.convert import to_node
from gradcli.language.values.values import Value
from gradcli.output.screen import Screen


def listing(text: str, given: Sequence[str], wrt: str | None, order: int, dtype: str | None, screen: Screen) -> int:
    """Show the program for an expression, or for a function in a file, and its derivatives up to an order.

    Inputs are numbers, unless they are given a value, whose shape and dtype count then.
    """

    def show(asked: Question) -> None:
        inputs: list[Node] = []
        values: list[Value] = []
        for name, value in asked.arguments.items():
            if isinstance(value, (int, float, Node)) and not isinstance(value, bool):
                node = to_node(value, asked.interpreter.dtype, asked.span)
                inputs.append(fresh_input(name, node.shape, node.dtype))
                values.append(inputs[-1])
            else:
                values.append(value)
        table = derivatives(asked, wrt, order, values)
        name = asked.function.name if asked.function.name.isidentifier() else "f"
        labels = [str(partial) for partial, _ in table.rows]
        screen.text(program_text([node for _, node in table.rows], inputs, name, labels))

    return answer(text, given, order, dtype, screen, show, missing=1.0)
