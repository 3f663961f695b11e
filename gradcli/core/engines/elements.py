"""Small tensors as the numbers that they are made of: straight Python on the math module between two arrays.

A call of NumPy takes as long as some twenty operations on numbers do in Python. What is linear only moves elements, and
that is done when the program is made.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from gradcli.core.engines.apart import Apart, in_machine_code, in_python
from gradcli.core.engines.fusion import Unit
from gradcli.core.engines.often import often
from gradcli.core.engines.protocol import Data, Graph
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Constant, Node
from gradcli.core.ir.primitive import Application, operations
from gradcli.core.ir.shapes import size_of
from gradcli.core.ir.templates import SCALARS
from gradcli.core.limits import require_operations
from gradcli.core.transforms.elements import numbers_in

# What is larger is left to NumPy, whatever it costs.
MOST_ELEMENTS = 256
# What takes as long as one sum or product of numbers in Python: a view, a call of NumPy, one of its functions that are
# written in Python; a function of math; an array read, and written, and each of its elements.
A_VIEW, A_CALL, A_LONG_CALL, A_FUNCTION, AN_ARRAY = 8, 20, 60, 3, 15
# Programs of more lines than this, unless there are as many nodes, take too long to compile.
MOST_NUMBERS = 20_000
# A region among arrays that saves less isn't worth compiling.
WORTH_A_REGION = 60


def is_small(node: Node) -> bool:
    """Whether a node can be taken apart, and is small."""
    if isinstance(node, Constant):
        return size_of(node.shape) <= MOST_ELEMENTS
    if node.dtype not in SCALARS or not isinstance(node, Application) or not fits_together(node):
        return False
    op = node.op
    if op.pointwise or op.broadcasts:
        if any(arg.dtype not in SCALARS for arg in node.args):
            return False
        return op.template(node.attrs) is not None or (node.kind == "cast" and node.dtype is not DType.BOOL)
    return numbers_in(node) is not None


def fits_together(node: Node) -> bool:
    """Whether a tensor is small, or is put together from small ones that fill it."""
    size = size_of(node.shape)
    return size <= MOST_ELEMENTS or size <= 4 * sum(size_of(arg.shape) for arg in node.args if len(node.args) > 2)


def cost_of_numbers(node: Node) -> int:
    """How long the elements of a node take, in sums of numbers in Python."""
    if not isinstance(node, Application):
        return 0
    count = numbers_in(node) or 0
    template = node.op.template(node.attrs) if node.op.pointwise else None
    return count * (A_FUNCTION if template is not None and "(" in template else 1)


def cost_of_calls(node: Node) -> int:
    """How long a node takes in NumPy, in sums of numbers in Python."""
    if not isinstance(node, Application):
        return 0
    if node.op.pointwise:
        return A_CALL + size_of(node.shape) // 50
    is_view = node.op.work_of(node) == 0 and node.kind != "broadcast"
    return (A_VIEW if is_view else A_LONG_CALL) + A_VIEW * (len(node.args) - 1)


def is_better_as_numbers(node: Node) -> bool:
    """Whether a node, among others, takes less time as numbers than as a call of NumPy."""
    return is_small(node) and cost_of_numbers(node) <= cost_of_calls(node)


def cost_of_arrays(nodes: Sequence[Node]) -> int:
    """How long it takes to read or to write arrays, in sums of numbers in Python."""
    return sum(AN_ARRAY + size_of(node.shape) for node in nodes)


class ElementsEngine:
    """Straight-line Python on the math module, of the elements of small float64 and bool tensors."""

    name = "math"
    on_arrays = True

    def suits(self, graph: Graph) -> bool:
        """Whether math has all of it, and NumPy would take longer."""
        given = set(graph.inputs)
        if any(node.dtype not in SCALARS for node in graph.inputs):
            return False
        if not all(node in given or is_small(node) for node in graph.order):
            return False
        computed = [node for node in graph.order if node not in given]
        numbers = sum(map(cost_of_numbers, computed))
        if numbers > max(MOST_NUMBERS, 4 * len(computed)):
            return False
        read = [node for node in graph.inputs if size_of(node.shape) <= MOST_ELEMENTS]
        return numbers + cost_of_arrays([*read, *graph.outputs]) <= sum(map(cost_of_calls, computed))

    def compile(self, graph: Graph) -> ElementsProgram:
        """The graph as one function."""
        return ElementsProgram(graph)


class ElementsProgram:
    """A graph of small tensors on math; where that refuses what IEEE 754 answers, the array engine is asked."""

    memory = 0

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._operations = operations(graph.order)
        self._on_arrays: Callable[..., tuple[Data, ...]] | None = None
        self.require_allowed()
        apart = Apart(graph)
        self.run = often(in_python(apart, self._answer), len(apart.order), self._in_machine_code)

    def _in_machine_code(self) -> Callable[..., Any] | None:
        return in_machine_code(Apart(self._graph), self._answer)

    def _answer(self, *values: Data) -> tuple[Data, ...]:
        if self._on_arrays is None:
            from gradcli.core.engines.numpy.one_by_one import OneByOne

            self._on_arrays = OneByOne(self._graph)
        return self._on_arrays(*values)

    def require_allowed(self) -> None:
        """Refuse to run where a limit is lower now than it was when this was made.

        Raises:
            CoreError: for more work than is allowed.
        """
        require_operations(self._operations)


def region_of(unit: Unit) -> Graph | None:
    """Nodes of small tensors among larger ones as a graph of its own, where that takes less time than NumPy's calls."""
    if len(unit.nodes) == 1 or not all(map(is_better_as_numbers, unit.nodes)):
        return None
    known = [arg for arg in unit.args if isinstance(arg, Constant) and size_of(arg.shape) <= MOST_ELEMENTS]
    inputs = [arg for arg in unit.args if arg not in known]
    read = [arg for arg in inputs if size_of(arg.shape) <= MOST_ELEMENTS]
    takes = sum(map(cost_of_numbers, unit.nodes)) + cost_of_arrays([*read, *unit.outputs])
    if takes + WORTH_A_REGION > sum(map(cost_of_calls, unit.nodes)):
        return None
    return Graph([*known, *unit.nodes], unit.outputs, inputs)
