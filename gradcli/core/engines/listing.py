"""The program that a graph becomes, as text to read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gradcli.core.engines.constants import computed
from gradcli.core.engines.ieee import helpers_of, without_exceptions
from gradcli.core.engines.scalar import suits_scalar
from gradcli.core.engines.straight import imports_of, is_free, names_of, source
from gradcli.core.ir.nodes import Constant, Node
from gradcli.core.ir.primitive import Application
from gradcli.core.ir.traversal import by_need, reachable, without_parameters
from gradcli.core.simplify.canonical import canonical


def program_text(outputs: Sequence[Node], inputs: Sequence[Node], name: str, labels: Sequence[str]) -> str:
    """What runs: Python on the math module for scalars, a schedule of array operations for the rest.

    The Python stands by itself, and gives inf and nan where the math module raises. `labels` say what the outputs are.
    """
    outputs, _ = canonical(*without_parameters(outputs, reachable(outputs), inputs), inputs, computed)
    order = by_need(outputs)
    returned = f"# returns {', '.join(labels)}"
    name = name if is_free(name) else f"{name}_" if is_free(f"{name}_") else "f"
    if suits_scalar(order, inputs):
        text = source(order, outputs, inputs, name, _template_of)
        text = f"{helpers_of(text)}{returned}\n{text}"
        return f"{imports_of(text.replace(returned, ''))}{text}"
    return "\n".join([_why(order, inputs), returned, *_schedule(order, outputs, inputs, name)])


def _template_of(node: Node) -> str:
    assert isinstance(node, Application)
    template = node.op.template(node.attrs)
    assert template is not None
    known = (i for i, arg in enumerate(node.args) if isinstance(arg, Constant) and arg.value != 0)
    return without_exceptions(template, frozenset(known))


def _why(order: Sequence[Node], inputs: Sequence[Node]) -> str:
    """Why it is no Python."""
    free = [n for n in order if not isinstance(n, Constant) and n not in inputs]
    lacking = sorted({n.kind for n in free if isinstance(n, Application) and n.op.template(n.attrs) is None})
    if any(isinstance(n, Application) and n.op.stepwise is not None for n in free):
        return "# a schedule of operations, not Python; --to python writes loops"
    if lacking and all(n.shape == () for n in order):
        return f"# a schedule of operations, not Python: math has no {', no '.join(lacking)}"
    return "# a schedule of operations on arrays, not Python"


def _schedule(order: Sequence[Node], outputs: Sequence[Node], inputs: Sequence[Node], name: str) -> Iterator[str]:
    from gradcli.core.engines.numpy.steps import steps_of

    called = dict(zip(inputs, names_of(inputs), strict=True))
    for node in order:
        if isinstance(node, Constant):
            value = node.value
            called[node] = repr(value) if node.shape == () else f"constant{node.shape}"
    yield f"def {name}({', '.join(f'{called[n]}: {n.dtype.value}{n.shape}' for n in inputs)}):"
    for step in steps_of(order, outputs, inputs, native=True, numbers=True):
        nodes, indent = step.nodes, "    "
        if step.several:
            yield f"    # {step.how}"
            indent = "        "
        for node in nodes:
            called[node] = f"v{sum(not isinstance(n, Constant) for n in called) - len(inputs)}"
            kind = step.within if step.several and node not in step.outputs else f"{node.dtype.value}{node.shape}"
            if isinstance(node, Application) and node.op.stepwise is not None:
                kind = f"{node.op.told(node)}, {kind}"
            yield f"{indent}{f'{called[node]} = {_call(node, called)}':<48}# {kind}"
    yield f"    return {', '.join(called[n] for n in outputs)}"


def _call(node: Node, called: dict[Node, str]) -> str:
    # A loop's are told in words.
    made_of_steps = isinstance(node, Application) and node.op.stepwise is not None
    attrs = [] if made_of_steps else [f"{key}={value!r}" for key, value in node.attrs.items()]
    return f"{node.kind}({', '.join([*(called[arg] for arg in node.args), *attrs])})"
