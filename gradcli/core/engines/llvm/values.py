"""Small tensors as machine code: a few elements one by one, more of them as vectors of the processor's.

Whatever is computed of them is to the last bit what the same graph of numbers gives in Python.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from gradcli.core.engines.llvm.arithmetic import NotNativeError
from gradcli.core.engines.llvm.python_math import PythonMath
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Constant, Node, constant, fresh_input, registry
from gradcli.core.ir.primitive import Application, Primitive
from gradcli.core.ir.shapes import size_of
from gradcli.core.transforms.elements import Arithmetic, computable_elements, places

# Tensors of so many elements are vectors; smaller ones are numbers, larger ones are in memory.
FEWEST_LANES, MOST_LANES = 5, 128
# Vectors have so many lanes at most.
LANES = 8


@cache
def lanes_of(size: int) -> tuple[int, ...]:
    """The lanes of the vectors that hold so many elements, each a power of 2: LLVM is slow with others."""
    found = [LANES] * (size // LANES)
    lanes = LANES // 2
    while lanes:
        if size % (2 * lanes) >= lanes:
            found.append(lanes)
        lanes //= 2
    return tuple(found)


def is_vector(node: Node) -> bool:
    """Whether a node's value is vectors."""
    return FEWEST_LANES <= size_of(node.shape) <= MOST_LANES


class Values(PythonMath, Arithmetic[Any]):
    """Writes what nodes are. A value is some vectors, or the elements: those that are known are Python's numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.vectors: dict[Node, Sequence[Any]] = {}
        self.elements: dict[Node, Sequence[Any]] = {}
        self.b: Any = None

    def phis(self, at: Any, begun: Sequence[Sequence[Any]], before: Any) -> list[list[Any]]:
        """The parts of what a loop changes, where it begins; `at` is its number, `before` the block in front of it."""
        b = self.b
        here = b.block
        b.position_before(at.parent.instructions[1])
        found = []
        for parts in begun:
            phis = [b.phi(part.type) for part in parts]
            for phi, part in zip(phis, parts, strict=True):
                phi.add_incoming(part, before)
            found.append(phis)
        b.position_at_end(here)
        return found

    # Values, as vectors or as elements.

    def put(self, node: Node, parts: Sequence[Any]) -> None:
        """Say what a node's value is."""
        (self.vectors if is_vector(node) else self.elements)[node] = parts

    def parts(self, node: Node) -> Sequence[Any]:
        """The vectors, or the elements."""
        if not is_vector(node):
            return [self.element_value(x) for x in self.row_of(node)]
        found = self.vectors.get(node)
        if found is None:
            found = self.vectors[node] = self._joined(self.elements[node])
        return found

    def _joined(self, row: Sequence[Any]) -> list[Any]:
        """Elements as vectors."""
        b, ir = self.b, self.ir
        numbers = [self.element_value(x) for x in row]
        filler = numbers[0].type(0)
        found, at = [], 0
        for lanes in lanes_of(len(numbers)):
            own = numbers[at : at + lanes]
            at += lanes
            if lanes == 1:
                found += own
                continue
            known = [x if isinstance(x, ir.Constant) else filler for x in own]
            vector = ir.Constant(ir.VectorType(filler.type, lanes), known)
            for i, number in enumerate(own):
                if not isinstance(number, ir.Constant):
                    vector = b.insert_element(vector, number, ir.IntType(32)(i))
            found.append(vector)
        return found

    def row_of(self, node: Node) -> Sequence[Any]:
        """The elements."""
        found = self.elements.get(node)
        if found is None:
            found = self.elements[node] = [x for part in self.vectors[node] for x in self._apart(part)]
        return found

    def _apart(self, part: Any) -> list[Any]:
        if not isinstance(part.type, self.ir.VectorType):
            return [part]
        return [self.b.extract_element(part, self.ir.IntType(32)(i)) for i in range(part.type.count)]

    def element_value(self, element: Any) -> Any:
        """An element as a value of LLVM's."""
        if isinstance(element, bool):
            return self.bit(int(element))
        return self.double(float(element)) if isinstance(element, (int, float)) else element

    # What a node computes.

    def compute(self, node: Node) -> None:
        """The value of a node, from those of its arguments."""
        if not isinstance(node, Application):
            self.elements[node] = computable_elements(node, (), self)
            return
        if is_vector(node) and (node.op.pointwise or node.op.broadcasts):
            args = [self._stretched(arg, node) for arg in node.args]
            lanes = lanes_of(size_of(node.shape))
            self.vectors[node] = [self._of_parts(node, *each) for each in zip(lanes, *args, strict=True)]
        else:
            self.elements[node] = computable_elements(node, [self.row_of(arg) for arg in node.args], self)

    def _of_parts(self, node: Application, lanes: int, *args: Any) -> Any:
        """One vector of a result, from those of the arguments."""
        self.wide(lanes)
        if node.kind == "cast":
            if node.args[0].dtype is node.dtype:
                return args[0]
            if not node.dtype.is_float:
                raise NotNativeError
            return self.b.uitofp(args[0], self.kind)
        return self.checked(node, self.applied(self.b, node, args))

    def _stretched(self, arg: Node, to: Node) -> Sequence[Any]:
        """The vectors of an argument in the shape of a result."""
        size = size_of(to.shape)
        if size_of(arg.shape) == size:
            return self.parts(arg)
        row = self.row_of(arg)
        if len(row) > 1:
            return self._joined([row[i] for i in places("broadcast", arg.shape, (("shape", to.shape),))])
        number = self.element_value(row[0])
        return [self.splat(number, lanes) for lanes in lanes_of(size)]

    def splat(self, number: Any, lanes: int) -> Any:
        """A number in all lanes, made once."""
        if lanes == 1 or isinstance(number, self.ir.Constant):
            return self.spread(number, lanes)
        return self.once(("splat", lanes), [number], lambda: self.spread(number, lanes))

    def spread(self, number: Any, lanes: int) -> Any:
        """A number in all lanes."""
        ir, i32 = self.ir, self.ir.IntType(32)
        if lanes == 1:
            return number
        kind = ir.VectorType(number.type, lanes)
        if isinstance(number, ir.Constant):
            return ir.Constant(kind, [number] * lanes)
        undefined = ir.Constant(kind, ir.Undefined)
        first = self.b.insert_element(undefined, number, i32(0))
        return self.b.shuffle_vector(first, undefined, ir.Constant(ir.VectorType(i32, lanes), [0] * lanes))

    # Arithmetic on elements.

    def each(self, node: Application, rows: Sequence[Sequence[Any]]) -> list[Any]:
        """One by one."""
        return [self._applied_to(node, args) for args in zip(*rows, strict=True)]

    def two(self, name: str, a: Any, b: Any) -> Any:
        """An application to two numbers."""
        op = registry[name]
        assert isinstance(op, Primitive)
        return self._applied_to(Application(op, (_ANY, _ANY), {}, (), DType.FLOAT64), (a, b))

    def known(self, value: float, dtype: DType) -> Any:
        """A number of Python's."""
        return bool(value) if dtype is DType.BOOL else value

    def value(self, element: Any) -> float | None:
        """That of a number that is known."""
        return element if isinstance(element, (bool, int, float)) else None

    def _applied_to(self, node: Application, args: Sequence[Any]) -> Any:
        """One element, by what is simpler where some are known, as graphs of elements have it."""
        op = node.op
        if op.shortcut is not None and any(isinstance(arg, (int, float)) for arg in args):
            stands = [
                constant(arg, of.dtype) if isinstance(arg, (bool, int, float)) else fresh_input("e", (), of.dtype)
                for arg, of in zip(args, node.args, strict=True)
            ]
            simpler = op.shortcut(*stands, **node.attrs)
            if simpler is not None:
                return self._of_graph(simpler, dict(zip(stands, args, strict=True)))
        self.wide(1)
        return self.checked(node, self.applied(self.b, node, [self.element_value(arg) for arg in args]))

    def _of_graph(self, node: Node, values: Mapping[Node, Any]) -> Any:
        if node in values:
            return values[node]
        if isinstance(node, Constant):
            return self.known(node.value, node.dtype)
        assert isinstance(node, Application)
        return self._applied_to(node, [self._of_graph(arg, values) for arg in node.args])

    # Memory.

    def stored(self, node: Node) -> Any:
        """A bool is a byte."""
        return self.i8 if node.dtype is DType.BOOL else self.double

    def row_at(self, pointer: Any, node: Node, place: Any) -> Any:
        """Where the part of a step begins."""
        size = size_of(node.shape)
        return self.b.gep(pointer, [place if size == 1 else self.b.mul(place, self.i64(size))])

    def lying(self, node: Node, pointer: Any) -> Sequence[Any]:
        """The elements of a large tensor in memory, of which only those are read that are needed, and when."""
        return _Elements(self, node, pointer)

    def loaded(self, node: Node, pointer: Any) -> list[Any]:
        """The vectors, or the elements, from memory."""
        size = size_of(node.shape)
        found, at = [], 0
        for lanes in lanes_of(size) if is_vector(node) else (1,) * size:
            kind = self.typed(self.stored(node), lanes)
            value = self.b.load(self.b.bitcast(self.b.gep(pointer, [self.i64(at)]), kind.as_pointer()))
            value.align = 1 if node.dtype is DType.BOOL else 8
            found.append(self._true(value))
            at += lanes
        return found

    def element(self, pointer: Any, i: int) -> Any:
        """One element from memory."""
        return self._true(self.b.load(self.b.gep(pointer, [self.i64(i)])))

    def _true(self, value: Any) -> Any:
        """Bytes as bits."""
        if value.type == self.i8:
            return self.b.icmp_unsigned("!=", value, self.i8(0))
        if isinstance(value.type, self.ir.VectorType) and value.type.element == self.i8:
            return self.b.icmp_unsigned("!=", value, value.type([0] * value.type.count))
        return value

    def store(self, parts: Sequence[Any], pointer: Any) -> None:
        """Vectors, or elements, to memory, one after the other."""
        b, at = self.b, 0
        for part in parts:
            lanes = part.type.count if isinstance(part.type, self.ir.VectorType) else 1
            is_bool = part.type == self.typed(self.bit, lanes)
            value = b.zext(part, self.typed(self.i8, lanes)) if is_bool else part
            place = b.store(value, b.bitcast(b.gep(pointer, [self.i64(at)]), value.type.as_pointer()))
            place.align = 1 if is_bool else 8
            at += lanes


class _Elements(Sequence[Any]):
    """Those of a large tensor in memory, each loaded when it is asked for."""

    def __init__(self, emitter: Values, node: Node, pointer: Any) -> None:
        self._emitter, self._pointer, self._size = emitter, pointer, size_of(node.shape)
        self._loaded: dict[int, Any] = {}

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, i: Any) -> Any:
        if not 0 <= i < self._size:
            raise IndexError
        if i not in self._loaded:
            self._loaded[i] = self._emitter.element(self._pointer, i)
        return self._loaded[i]

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(self._size))


# Stands for an element whose node says nothing.
_ANY = fresh_input("e", (), DType.FLOAT64)
