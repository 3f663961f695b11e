"""The program that a graph becomes, as text to read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gradcli.core.compile.optimise import optimised
from gradcli.core.compile.scalar import imports_of, names_of, source, suits_scalar
from gradcli.core.graph import CONSTANT, Node, by_need, without_parameters


def program_text(outputs: Sequence[Node], inputs: Sequence[Node], name: str, labels: Sequence[str]) -> str:
    """What runs: Python on the math module for scalars, a schedule of array operations for the rest.

    `labels` say what the outputs are.
    """
    outputs = optimised(without_parameters(outputs, inputs), inputs)
    order = by_need(outputs)
    returned = f"# returns {', '.join(labels)}"
    if suits_scalar(order, inputs):
        text = source(order, outputs, inputs, name)
        return f"{imports_of(text)}{returned}\n{text}"
    return "\n".join([returned, *_schedule(order, outputs, inputs, name)])


def _schedule(order: Sequence[Node], outputs: Sequence[Node], inputs: Sequence[Node], name: str) -> Iterator[str]:
    from gradcli.core.compile.steps import steps_of

    called = dict(zip(inputs, names_of(inputs), strict=True))
    for node in order:
        if node.op is CONSTANT:
            value = node.attrs["value"]
            called[node] = repr(value) if node.shape == () else f"constant{node.shape}"
    yield f"def {name}({', '.join(f'{called[n]}: {n.dtype.value}{n.shape}' for n in inputs)}):"
    for step in steps_of(order, outputs, inputs, native=True):
        nodes, indent = step.nodes, "    "
        if step.several:
            yield f"    # {step.function}"
            indent = "        "
        for node in nodes:
            called[node] = f"v{sum(n.op is not CONSTANT for n in called) - len(inputs)}"
            kind = "in cache only" if step.several and node not in step.outputs else f"{node.dtype.value}{node.shape}"
            yield f"{indent}{f'{called[node]} = {_call(node, called)}':<48}# {kind}"
    yield f"    return {', '.join(called[n] for n in outputs)}"


def _call(node: Node, called: dict[Node, str]) -> str:
    attrs = [f"{key}={value!r}" for key, value in node.attrs.items()]
    return f"{node.op.name}({', '.join([*(called[arg] for arg in node.args), *attrs])})"
