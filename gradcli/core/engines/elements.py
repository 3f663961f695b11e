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
from gradcli.core.ir.shapes import no_elements, size_of
from gradcli.core.ir.templates import SCALARS
from gradcli.core.limits import require_operations
from gradcli.core.simplify.contracted import SUM_OF_PADS
from gradcli.core.transforms.elements import numbers_in

# What is larger is left to NumPy, whatever it costs.
MOST_ELEMENTS = 256
# So large is what elements are picked from, or put together from.
MOST_READ = 2**16
# What things take, all in one unit of some nanoseconds, as measured. In Python: an operation on numbers within a sum of
# products, another, a function of math, less what turns out to be equal or known; an array that is read or written, and
# each of its elements.
A_NUMBER, A_POINT, A_FUNCTION, AN_ARRAY, AN_ELEMENT = 1, 2, 5, 30, 3
# In NumPy: a call that works on elements, and others; those that aren't listed are written in Python themselves.
A_CALL, ANOTHER_CALL = 75, 600
CALLS = {"reshape": 50, "slice": 50, "transpose": 60, "select": 150, "pad": 130, "matmul": 180, SUM_OF_PADS: 130}
# For each argument behind the first.
A_PART = 60
# Programs that take longer, unless there are as many nodes, take too long to compile.
LONGEST, A_NODE = 60_000, 12
# A region among arrays that saves less isn't worth compiling.
WORTH_A_REGION = 100


def is_small(node: Node) -> bool:
    """Whether a node can be taken apart, and is small."""
    if isinstance(node, Constant):
        return size_of(node.shape) <= MOST_ELEMENTS
    if node.dtype not in SCALARS or not isinstance(node, Application) or not _fits(node):
        return False
    op = node.op
    if op.pointwise or op.broadcasts:
        if any(arg.dtype not in SCALARS for arg in node.args):
            return False
        return op.template(node.attrs) is not None or (node.kind == "cast" and node.dtype is not DType.BOOL)
    return numbers_in(node) is not None


def _fits(node: Application) -> bool:
    """Whether a tensor is small and made of small ones, a part of any, or put together from small ones that fill it."""
    size, read = size_of(node.shape), sum(size_of(arg.shape) for arg in node.args)
    if size > MOST_ELEMENTS:
        return len(node.args) > 2 and size <= 4 * read
    return read <= MOST_READ if node.op.work is no_elements or len(node.args) > 2 else read <= 4 * MOST_ELEMENTS


def cost_of_numbers(node: Node) -> int:
    """How long the elements of a node take in Python."""
    if not isinstance(node, Application):
        return 0
    count = numbers_in(node) or 0
    if not node.op.pointwise:
        return count * A_NUMBER
    return count * (A_FUNCTION if "(" in (node.op.template(node.attrs) or "") else A_POINT)


def cost_of_calls(node: Node) -> int:
    """How long a node takes in NumPy."""
    if not isinstance(node, Application):
        return 0
    if node.kind in CALLS:
        return CALLS[node.kind] + (A_PART * (len(node.args) - 1) if node.op.arity < 0 else 0)
    return A_CALL + size_of(node.shape) // 10 if node.op.pointwise else ANOTHER_CALL + A_PART * (len(node.args) - 1)


def is_better_as_numbers(node: Node) -> bool:
    """Whether a node, among others, takes less time as numbers than as a call of NumPy."""
    return is_small(node) and cost_of_numbers(node) <= cost_of_calls(node)


def cost_of_arrays(nodes: Sequence[Node]) -> int:
    """How long it takes to read or to write arrays."""
    return sum(AN_ARRAY + AN_ELEMENT * size_of(node.shape) for node in nodes)


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
        if numbers > max(LONGEST, A_NODE * len(computed)):
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
