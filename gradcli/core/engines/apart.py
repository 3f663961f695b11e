"""A graph of small tensors taken apart to numbers: evaluated at once, or as one function from arrays to arrays."""

from __future__ import annotations

import struct
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from functools import partial, reduce
from typing import Any

from gradcli.core.engines.protocol import Data, Graph
from gradcli.core.engines.straight import Frame, compiled, lines_of, plain_template
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Constant, Node, constant, fresh_input, registry
from gradcli.core.ir.primitive import Application, Primitive
from gradcli.core.ir.shapes import Shape, size_of
from gradcli.core.ir.templates import applied, evaluated, function_of
from gradcli.core.ir.traversal import reachable
from gradcli.core.transforms.elements import Arithmetic, Graphs, computable_elements

# An array is read as a whole, unless that takes so many times the elements that are needed.
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
    """A graph as one of numbers.

    `numbers` are the elements of the outputs, one output after the other, and behind them, where `is_guarded`, the sum
    of all factors that must be finite. `inputs` are the elements that are read, `arrays` where they come from.
    """

    def __init__(self, graph: Graph) -> None:
        computed = Computed()
        self.outputs = graph.outputs
        self.arrays = [_Elements(node) for node in graph.inputs]
        found: dict[Node, Sequence[Node]] = dict(zip(graph.inputs, self.arrays, strict=True))
        for node in graph.order:
            if node not in found:
                found[node] = computable_elements(node, [found[arg] for arg in node.args], computed)
        self.numbers = [element for node in graph.outputs for element in found[node]]
        self.is_guarded = bool(computed.finite)
        if self.is_guarded:
            self.numbers.append(reduce(partial(computed.two, "add"), computed.finite))
        self.order = reachable(self.numbers)
        self.inputs = [element for array in self.arrays for element in array.needed]


class _Elements(Sequence[Node]):
    """Those of an array, each made when it is asked for: most of a large one are not."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self._made: dict[int, Node] = {}

    def __len__(self) -> int:
        return size_of(self.node.shape)

    def __getitem__(self, i: Any) -> Any:
        if i >= len(self):
            raise IndexError
        found = self._made.get(i)
        if found is None:
            found = self._made[i] = fresh_input("e", (), self.node.dtype)
        return found

    @property
    def is_whole(self) -> bool:
        """Whether all of them are read."""
        return 0 < len(self) <= READ_AT_ONCE * len(self._made)

    @property
    def places(self) -> Sequence[int]:
        """Which are read."""
        return range(len(self)) if self.is_whole else sorted(self._made)

    @property
    def read(self) -> list[tuple[int, Node]]:
        """Those that are needed, each with its place."""
        return sorted(self._made.items())

    @property
    def needed(self) -> list[Node]:
        """Those that are read."""
        return [self[i] for i in self.places]


def _kind(node: Node) -> str:
    return "floats" if node.dtype is DType.FLOAT64 else "bools"


def _scope() -> dict[str, object]:
    import numpy as np

    kinds = {"floats": np.dtype(np.float64), "bools": np.dtype(np.bool_)}
    return {"asarray": np.asarray, "empty": np.empty, "array": np.array, **kinds}


def in_python(apart: Apart, otherwise: Callable[..., Any]) -> Callable[..., Any]:
    """A function of arrays that gives arrays; `otherwise` is asked where math has no answer."""
    lines = lines_of(apart.order, apart.numbers, apart.inputs, plain_template)
    names = dict(zip(apart.inputs, lines.arguments, strict=True))
    parameters = [f"_a{i}" for i in range(len(apart.arrays))]
    opening = [line for array, name in zip(apart.arrays, parameters, strict=True) for line in _read(array, name, names)]
    scope = _scope()
    closing: list[str] = []
    if apart.is_guarded:
        total = lines.results[-1]
        closing.append(f"if {total} - {total} != 0.0: raise ValueError")
    at, returned = 0, []
    for i, node in enumerate(apart.outputs):
        texts = lines.results[at : at + size_of(node.shape)]
        at += len(texts)
        if node.shape == ():
            returned.append(f"array({texts[0]}, {_kind(node)})")
            continue
        closing.append(f"_y{i} = empty({node.shape}, {_kind(node)})")
        if texts:
            # Several times as fast as making an array of a list.
            scope[f"_put{i}"] = struct.Struct(f"{len(texts)}{'d' if node.dtype is DType.FLOAT64 else '?'}").pack_into
            closing.append(f"_put{i}(_y{i}, 0, {', '.join(texts)})")
        returned.append(f"_y{i}")
    closing.append(f"return ({', '.join(returned)},)" if returned else "return ()")
    return compiled(lines, Frame(parameters, opening, closing), otherwise, scope)


def _read(array: _Elements, name: str, names: Mapping[Node, str]) -> Iterator[str]:
    """The lines that give the elements of the array of that name their names."""
    if not array.places:
        return
    if array.node.shape == ():
        yield f"{names[array[0]]} = {'float' if array.node.dtype is DType.FLOAT64 else 'bool'}({name})"
        return
    yield f"{name} = asarray({name}, {_kind(array.node)})"
    if array.is_whole:
        yield f"{_nested(array.node.shape, (names[element] for element in array.needed))} = {name}.tolist()"
    else:
        yield from (f"{names[array[i]]} = {name}.item({i})" for i in array.places)


def _nested(shape: Shape, names: Iterator[str]) -> str:
    return f"({', '.join(_nested(shape[1:], names) for _ in range(shape[0]))},)" if shape else next(names)


def in_machine_code(apart: Apart, otherwise: Callable[..., Any]) -> Callable[..., Any] | None:
    """The same as machine code, which one thread at a time calls; None where it has none."""
    import ctypes

    import numpy as np

    from gradcli.core.engines.llvm.numbers import native_code

    code = native_code(apart.order, apart.numbers, apart.inputs)
    if code is None:
        return None
    held = np.zeros(len(apart.numbers) + len(apart.inputs))
    table = ctypes.c_void_p(held.ctypes.data)
    scope = {**_scope(), "held": held, "code": code, "keep": table, "table": ctypes.addressof(table)}
    at, lines, returned = len(apart.numbers), [], []
    for i, array in enumerate(apart.arrays):
        if array.is_whole:
            scope[f"x{i}"] = held[at : at + len(array)].reshape(array.node.shape)
            lines.append(f"x{i}[...] = a{i}")
        elif array.places:
            lines.append(f"a{i} = asarray(a{i}, {_kind(array.node)})")
            lines += [f"held[{at + j}] = a{i}.item({place})" for j, place in enumerate(array.places)]
        at += len(array.places)
    lines.append("code(0, 1, table)")
    parameters = ", ".join(f"a{i}" for i in range(len(apart.arrays)))
    if apart.is_guarded:
        scope["otherwise"] = otherwise
        lines += [f"t = held.item({len(apart.numbers) - 1})", f"if t - t != 0.0: return otherwise({parameters})"]
    at = 0
    for i, node in enumerate(apart.outputs):
        size = size_of(node.shape)
        scope[f"y{i}"] = held[at : at + size].reshape(node.shape)
        returned.append(f"y{i}.copy()" if node.dtype is DType.FLOAT64 else f"y{i}.astype(bools)")
        at += size
    lines.append(f"return ({', '.join(returned)},)" if returned else "return ()")
    text = "\n    ".join([f"def program({parameters}):", *lines])
    exec(compile(text, "<gradcli program>", "exec"), scope)
    program: Callable[..., Any] = scope["program"]  # type: ignore[assignment]
    return program
