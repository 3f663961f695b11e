"""Small tensors as the numbers that they are made of: straight Python on the math module between two arrays.

A call of NumPy takes as long as some twenty operations on numbers do in Python. What is linear only moves elements, and
that is done when the program is made.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from functools import partial, reduce
from typing import Any

from gradcli.core.engines.fusion import Unit
from gradcli.core.engines.protocol import Compiled, Data, Graph
from gradcli.core.engines.scalar import lines_of, plain_template
from gradcli.core.engines.straight import Frame, compiled
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Constant, Node, constant, fresh_input, registry
from gradcli.core.ir.primitive import Application, Primitive, operations
from gradcli.core.ir.shapes import Shape, size_of
from gradcli.core.ir.templates import SCALARS, applied, evaluated, function_of
from gradcli.core.ir.traversal import reachable
from gradcli.core.limits import require_operations
from gradcli.core.transforms.elements import Arithmetic, Graphs, computable_elements, numbers_in

# What is larger is left to NumPy, whatever it costs.
MOST_ELEMENTS = 256
# What takes as long as one sum or product of numbers in Python: a view, a call of NumPy, one of its functions that are
# written in Python; a function of math; an array read, and written, and each of its elements.
A_VIEW, A_CALL, A_LONG_CALL, A_FUNCTION, AN_ARRAY = 8, 20, 60, 3, 15
# Programs of more lines than this, unless there are as many nodes, take too long to compile.
MOST_NUMBERS = 20_000
# A region among arrays that saves less isn't worth compiling.
WORTH_A_REGION = 60
# So many elements of an array are read in the time of one by itself.
READ_AT_ONCE = 6


class Computed(Graphs):
    """Elements that will be computed: an application to constants is one, and so is a product with a 0 that is known.

    That is so as long as the other factor is finite: `finite` are those. Nodes that are equal are one, here only.
    """

    def __init__(self) -> None:
        self.finite: dict[Node, None] = {}
        self._made: dict[Hashable, Node] = {}

    def node(self, op: Primitive, args: tuple[Node, ...], attrs: Mapping[str, Any], dtype: DType) -> Node:
        """The application, or the constant that it is."""
        if op is registry["multiply"]:
            for one, other in (args, args[::-1]):
                if isinstance(one, Constant) and one.value == 0 and dtype.is_float and not isinstance(other, Constant):
                    self.finite[other] = None
                    return one
        key = (id(op), args, tuple(attrs.items()) if attrs else ())
        found = self._made.get(key)
        if found is None:
            found = Application(op, args, attrs, (), dtype)
            if all(isinstance(arg, Constant) for arg in args):
                value = evaluated(found, op)
                found = found if value is None else constant(value, dtype)
            self._made[key] = found
        return found


class Numbers(Arithmetic[Any]):
    """Elements as numbers, for a graph whose leaves are known: what math refuses raises."""

    def each(self, node: Application, rows: Sequence[Sequence[Any]]) -> list[Any]:
        """By the template of the table."""
        function = function_of(node.op.template(node.attrs) or "", len(rows), tuple(node.attrs.items()))
        return list(map(function, *rows))

    def two(self, name: str, a: Any, b: Any) -> Any:
        """The same for two numbers."""
        op = registry[name]
        assert isinstance(op, Primitive)
        return applied(op, (a, b), {})

    def known(self, value: float, dtype: DType) -> Any:
        """Itself."""
        return value

    def value(self, element: Any) -> Any:
        """Itself."""
        return element


def interpreted_elements(
    order: Sequence[Node], outputs: Sequence[Node], given: Mapping[Node, Data]
) -> tuple[Data, ...]:
    """The values as arrays of a graph that the engine suits, without compiling it; `given` are those of its inputs.

    Raises:
        ArithmeticError: where math refuses what IEEE 754 answers.
        ValueError: the same.
    """
    import numpy as np

    numbers = Numbers()
    found: dict[Node, Sequence[Any]] = {
        node: np.asarray(value, node.dtype.value).ravel().tolist() for node, value in given.items()
    }
    for node in order:
        if node not in found:
            found[node] = computable_elements(node, [found[arg] for arg in node.args], numbers)
    return tuple(np.array(found[node], node.dtype.value).reshape(node.shape) for node in outputs)


class Apart:
    """Nodes as numbers: the graph of the elements, and what it reads of the arrays."""

    def __init__(self, order: Sequence[Node], outputs: Sequence[Node], inputs: Sequence[Node]) -> None:
        computed = Computed()
        self.arrays = [_Elements(node) for node in inputs]
        found: dict[Node, Sequence[Node]] = dict(zip(inputs, self.arrays, strict=True))
        for node in order:
            if node not in found:
                found[node] = computable_elements(node, [found[arg] for arg in node.args], computed)
        self.outputs = [list(found[node]) for node in outputs]
        self.finite = list(computed.finite)
        self.numbers = [element for row in self.outputs for element in row]
        if self.finite:
            self.numbers.append(reduce(partial(computed.two, "add"), self.finite))
        self.order = reachable(self.numbers)
        self.inputs = [element for array in self.arrays for element in array.read.values()]


class _Elements(Sequence[Node]):
    """Those of an array, each made when it is asked for: most of a large one are not."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.read: dict[int, Node] = {}

    def __len__(self) -> int:
        return size_of(self.node.shape)

    def __getitem__(self, i: Any) -> Any:
        if i >= len(self):
            raise IndexError
        found = self.read.get(i)
        if found is None:
            found = self.read[i] = fresh_input("e", (), self.node.dtype)
        return found

    def opening(self, name: str, names: dict[Node, str]) -> Iterator[str]:
        """The lines that read them from the array of that name."""
        if not self.read:
            return
        shape, kind = self.node.shape, "floats" if self.node.dtype is DType.FLOAT64 else "bools"
        if shape == ():
            convert = "float" if self.node.dtype is DType.FLOAT64 else "bool"
            yield f"{names[self.read[0]]} = {convert}({name})"
            return
        yield f"{name} = asarray({name}, {kind})"
        if len(self) <= READ_AT_ONCE * len(self.read):
            pattern = iter([names[self.read[i]] if i in self.read else "_" for i in range(len(self))])
            yield f"{_nested(shape, pattern)} = {name}.tolist()"
        else:
            yield from (f"{names[element]} = {name}.item({i})" for i, element in self.read.items())


def _nested(shape: Shape, names: Iterator[str]) -> str:
    if not shape:
        return next(names)
    return f"({', '.join(_nested(shape[1:], names) for _ in range(shape[0]))},)"


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
        self._on_arrays: Compiled | None = None
        self.require_allowed()
        self.run = compile_elements(Apart(graph.order, graph.outputs, graph.inputs), graph.outputs, self._answer)

    def _answer(self, *values: Data) -> tuple[Data, ...]:
        if self._on_arrays is None:
            from gradcli.core.engines.numpy.schedule import ArrayProgram

            self._on_arrays = ArrayProgram(self._graph.order, self._graph.outputs, self._graph.inputs)
        return self._on_arrays.run(*values)

    def require_allowed(self) -> None:
        """Refuse to run where a limit is lower now than it was when this was made.

        Raises:
            CoreError: for more work than is allowed.
        """
        require_operations(self._operations)


class Region:
    """Nodes of small tensors among larger ones, as one function of the arrays that they read."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._on_arrays: Compiled | None = None
        known = [arg for arg in unit.args if isinstance(arg, Constant) and size_of(arg.shape) <= MOST_ELEMENTS]
        self.inputs = tuple(arg for arg in unit.args if arg not in known)
        apart = Apart([*known, *unit.nodes], unit.outputs, self.inputs)
        self.run = compile_elements(apart, unit.outputs, self._answer)

    @classmethod
    def of(cls, unit: Unit) -> Region | None:
        """The region, where it takes less time than NumPy's calls."""
        if not all(map(is_better_as_numbers, unit.nodes)):
            return None
        read = [arg for arg in unit.args if not isinstance(arg, Constant) and size_of(arg.shape) <= MOST_ELEMENTS]
        took = sum(map(cost_of_calls, unit.nodes))
        takes = sum(map(cost_of_numbers, unit.nodes)) + cost_of_arrays([*read, *unit.outputs])
        return cls(unit) if takes + WORTH_A_REGION < took else None

    def _answer(self, *values: Data) -> tuple[Data, ...]:
        if self._on_arrays is None:
            from gradcli.core.engines.numpy.schedule import ArrayProgram

            order = [node for node in self._unit.args if isinstance(node, Constant)]
            self._on_arrays = ArrayProgram([*order, *self._unit.nodes], self._unit.outputs, self.inputs)
        return self._on_arrays.run(*values)


def compile_elements(apart: Apart, outputs: Sequence[Node], otherwise: Callable[..., Any]) -> Callable[..., Any]:
    """A function of arrays that gives arrays; `otherwise` is asked where math has no answer."""
    import numpy as np

    lines = lines_of(apart.order, apart.numbers, apart.inputs, plain_template)
    names = dict(zip(apart.inputs, lines.arguments, strict=True))
    parameters = [f"_a{i}" for i in range(len(apart.arrays))]
    opening = [
        line for array, name in zip(apart.arrays, parameters, strict=True) for line in array.opening(name, names)
    ]
    scope: dict[str, object] = {"asarray": np.asarray, "empty": np.empty, "array": np.array}
    scope |= {"floats": np.dtype(np.float64), "bools": np.dtype(np.bool_)}
    closing: list[str] = []
    if apart.finite:
        total = lines.results[-1]
        closing.append(f"if {total} - {total} != 0.0: raise ValueError")
    at, returned = 0, []
    for i, (node, row) in enumerate(zip(outputs, apart.outputs, strict=True)):
        texts = lines.results[at : at + len(row)]
        at += len(row)
        kind = "floats" if node.dtype is DType.FLOAT64 else "bools"
        if node.shape == ():
            returned.append(f"array({texts[0]}, {kind})")
            continue
        closing.append(f"_y{i} = empty({node.shape}, {kind})")
        if row:
            scope[f"_put{i}"] = struct.Struct(f"{len(row)}{'d' if node.dtype is DType.FLOAT64 else '?'}").pack_into
            closing.append(f"_put{i}(_y{i}, 0, {', '.join(texts)})")
        returned.append(f"_y{i}")
    closing.append(f"return ({', '.join(returned)},)" if returned else "return ()")
    return compiled(lines, Frame(parameters, opening, closing), otherwise, scope)
