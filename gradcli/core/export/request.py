"""What is asked for: outputs with their labels, what they are computed of, and where they come from."""

from __future__ import annotations

from collections.abc import Sequence

from gradcli.core.engines.constants import computed
from gradcli.core.ir.nodes import Constant, Input, Node, Parameter, constant, registry
from gradcli.core.ir.primitive import Application, with_args
from gradcli.core.ir.shapes import size_of
from gradcli.core.ir.traversal import by_need, reachable, without_parameters
from gradcli.core.records import record
from gradcli.core.simplify.canonical import canonical
from gradcli.core.simplify.rules import elementwise_node


@record
class Request:
    """A module to write.

    `inputs` are its arguments, and so are `parameters`, whose present values are their defaults; `called` are their
    names. `labels` say what the outputs are, `title` of what they are, `version` which gradcli writes it.
    """

    outputs: Sequence[Node]
    labels: Sequence[str]
    inputs: Sequence[Node]
    parameters: Sequence[Parameter]
    called: Sequence[str]
    name: str
    title: str
    version: str

    @property
    def leaves(self) -> Sequence[Node]:
        """All arguments."""
        return (*self.inputs, *self.parameters)


@record
class Plan:
    """The nodes in the order in which they are needed, and the outputs that they lead to."""

    order: Sequence[Node]
    outputs: Sequence[Node]
    request: Request


def plan_of(request: Request) -> Plan:
    """The graph as it is written: constants computed, nothing computed twice."""
    outputs, order = without_parameters(request.outputs, reachable(request.outputs), request.leaves)
    outputs, _ = canonical(outputs, order, request.leaves, computed)
    outputs = _plainer(outputs, request.leaves)
    return Plan(by_need(outputs), outputs, request)


def _plainer(outputs: Sequence[Node], leaves: Sequence[Node]) -> Sequence[Node]:
    """The same for readers: a total is one sum, a number stretched is a number, and nothing is turned over twice."""
    new: dict[Node, Node] = {}
    given = set(leaves)
    for node in reachable(outputs):
        new[node] = node
        if node in given or not isinstance(node, Application):
            continue
        args = tuple(new[arg] for arg in node.args)
        new[node] = with_args(node, args)
        if node.op.pointwise and size_of(node.shape) > 1:
            plain = tuple(arg if arg.shape in ((), node.shape) else _as_number(arg) or arg for arg in args)
            found = _applied(node, plain) if plain != args else new[node]
            # Only where what is left still says which shape it has.
            new[node] = found if found.shape == node.shape else new[node]
        elif node.kind == args[0].kind == "transpose":
            inner = args[0].attrs["axes"]
            axes = tuple(inner[axis] for axis in node.attrs["axes"])
            straight = axes == tuple(range(len(axes)))
            new[node] = args[0].args[0] if straight else registry["transpose"](args[0].args[0], axes=axes)
        elif node.kind == "reshape" and node.shape == () and args[0].kind == "sum_to":
            new[node] = registry["sum_to"](args[0].args[0], shape=())
    return [new[node] for node in outputs]


def _as_number(node: Node) -> Node | None:
    """The number that is the one element of a tensor, None where it takes a tensor to tell."""
    if node.shape == ():
        return node
    if size_of(node.shape) != 1:
        return None
    if isinstance(node, Constant):
        return constant(node.value.item(), node.dtype)
    if node.kind in ("reshape", "broadcast"):
        return _as_number(node.args[0])
    if not isinstance(node, Application) or not node.op.pointwise:
        return None
    args = [_as_number(arg) for arg in node.args]
    known = [arg for arg in args if arg is not None]
    return _applied(node, known) if len(known) == len(args) else None


def shape_text(node: Node) -> str:
    """What a value is, as a comment says it."""
    return f"{node.dtype.value} {node.shape}" if node.shape else node.dtype.value


def inner_nodes(plan: Plan) -> list[Node]:
    """What is computed."""
    given = set(plan.request.leaves)
    return [node for node in plan.order if node not in given and not isinstance(node, (Constant, Input, Parameter))]


def _applied(node: Application, args: Sequence[Node]) -> Node:
    found = elementwise_node(node.op, args, node.attrs)
    simpler = None if node.op.shortcut is None else node.op.shortcut(*args, **node.attrs)
    return found if simpler is None or simpler.shape != found.shape else simpler
