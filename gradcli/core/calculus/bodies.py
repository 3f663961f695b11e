"""A graph as an attribute of a node: closed, so that whatever it needs from outside is an argument of the node."""

from __future__ import annotations

import itertools
import threading
import weakref
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

from gradcli.core.engines.program import Program
from gradcli.core.errors import CoreError
from gradcli.core.ir.nodes import Constant, Input, Node, Parameter, fresh_input
from gradcli.core.ir.primitive import Application
from gradcli.core.ir.traversal import dependents, reachable, read_besides, replaced, substitute
from gradcli.core.transforms.batching import batch

_numbers = itertools.count()
_interned: weakref.WeakValueDictionary[Hashable, Body] = weakref.WeakValueDictionary()


class Body:
    """A graph of `variables`, which are bound in it, and of `free` inputs, for which a node has arguments.

    Bodies of one form are one object, so that nodes with them are one node; `repr` tells bodies of two forms apart.
    """

    def __init__(self, outputs: tuple[Node, ...], variables: tuple[Node, ...], free: tuple[Node, ...]) -> None:
        self.outputs, self.variables, self.free = outputs, variables, free
        self._number = next(_numbers)
        self._graphs: dict[Hashable, Any] = {}
        self._here = _Programs()

    def __repr__(self) -> str:
        return f"<body {self._number}>"

    @property
    def output(self) -> Node:
        """The first output, of a graph that has one."""
        return self.outputs[0]

    def derived(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """What is made of the graph once, such as its Jacobian as a graph of the same inputs."""
        if key not in self._graphs:
            self._graphs[key] = make()
        return self._graphs[key]

    def program(
        self, key: Hashable, outputs: Callable[[], Sequence[Node]], inputs: Sequence[Node], native: bool = False
    ) -> Program:
        """A program of derived outputs, compiled once for each thread: it writes into buffers of its own."""
        found = self._here.found
        if (key, native) not in found:
            found[key, native] = Program(outputs(), inputs, native)
        return found[key, native]

    def forget(self) -> None:
        """Drop this thread's programs: one that was interrupted may still be using its buffers."""
        self._here.found.clear()

    def with_same_inputs(self, output: Node) -> Body:
        """A body with another output and all of the inputs."""
        return body_of(output, self.variables, self.free)

    def with_output(self, output: Node, args: Sequence[Node]) -> tuple[Body, list[Node]]:
        """A body of the same variables with another output, and those of some arguments that it needs."""
        used = set(reachable([output]))
        kept = [i for i, node in enumerate(self.free) if node in used]
        return body_of(output, self.variables, [self.free[i] for i in kept]), [args[i] for i in kept]


class _Programs(threading.local):
    def __init__(self) -> None:
        self.found: dict[Hashable, Program] = {}


def body_of(outputs: Node | Sequence[Node], variables: Sequence[Node], free: Sequence[Node]) -> Body:
    """The body with this output, or these; `variables` and `free` are all its inputs."""
    outputs = [outputs] if isinstance(outputs, Node) else outputs
    inputs = [*variables, *free]
    order = reachable(outputs)
    key = _form(order, inputs, outputs), len(variables)
    found = _interned.get(key)
    if found is None:
        # Inputs of its own: those of the language remember calls, and what these stand for.
        own = [fresh_input(f"x{i}", node.shape, node.dtype) for i, node in enumerate(inputs)]
        made, _ = replaced(outputs, order, dict(zip(inputs, own, strict=True)))
        found = Body(made, tuple(own[: len(variables)]), tuple(own[len(variables) :]))
        _interned[key] = found
    return found


def closed(output: Node, variables: Sequence[Node]) -> tuple[Body, list[Node]]:
    """A graph as a body, and the arguments that a node with it has: what doesn't depend on the variables stays outside.

    Raises:
        CoreError: for an output that is no real number.
    """
    if not output.dtype.is_float:
        raise CoreError(f"this needs real numbers, and the function gives {output.dtype.value}")
    outer: dict[Node, Node] = {n: fresh_input("p", n.shape, n.dtype) for n in unknown_besides([output], variables)}
    (inner,) = substitute([output], outer) if outer else (output,)
    return body_of(inner, variables, list(outer.values())), list(outer)


def unknown_besides(outputs: Sequence[Node], variables: Sequence[Node]) -> list[Node]:
    """What outputs read besides variables that is not known now, as far outside as it can be told."""
    order = reachable(outputs)
    unknown = dependents(order, [n for n in order if isinstance(n, (Input, Parameter))])
    return [node for node in read_besides(order, dependents(order, variables), outputs) if node in unknown]


def instance(nodes: Sequence[Node], values: Mapping[Node, Node], size: int) -> tuple[Node, ...]:
    """Graphs of a body's inputs with nodes in their place; where `size` isn't 0 these have a leading axis more."""
    return batch(nodes, values, size) if size else substitute(nodes, values)


def _form(order: Sequence[Node], inputs: Sequence[Node], outputs: Sequence[Node]) -> Hashable:
    given = set(inputs)
    place = {node: i for i, node in enumerate([*inputs, *(n for n in order if n not in given)])}
    head = tuple((node.shape, node.dtype) for node in inputs)
    return head, tuple(_part(n, place) for n in place if n not in given), tuple(place[output] for output in outputs)


def _part(node: Node, place: Mapping[Node, int]) -> Hashable:
    if isinstance(node, Constant):
        # A scalar is interned, and so is itself; an array counts by its numbers.
        return node if node.shape == () else (node.shape, node.dtype, node.value.tobytes())
    assert isinstance(node, Application), f"{node!r} is not among the inputs"
    return node.op, tuple(place[arg] for arg in node.args), tuple(sorted(node.attrs.items()))
