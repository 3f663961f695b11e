"""A loop of numbers and small tensors as one native function that has the loop in it.

A tensor of a few elements is these, one by one; of more it is vectors as the processor has them, so that a step is few
instructions. What is computed is to the last bit what the same loop of numbers gives in Python.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from gradcli.core.engines.llvm.arithmetic import NotNativeError, is_installed
from gradcli.core.engines.llvm.native import NAME, compiled
from gradcli.core.engines.llvm.python_math import PythonMath
from gradcli.core.interrupt import check
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Constant, Node, constant, fresh_input, registry
from gradcli.core.ir.primitive import Application, Primitive
from gradcli.core.ir.shapes import size_of
from gradcli.core.ir.templates import SCALARS
from gradcli.core.ir.traversal import reachable
from gradcli.core.transforms.elements import Arithmetic, NoElementsError, computable_elements, numbers_in, places

# So many operations are made between two looks at whether anybody waits for them still.
OPERATIONS_AT_ONCE = 2**22
# Tensors of so many elements are vectors; smaller ones are numbers, larger ones are only read from.
FEWEST_LANES, MOST_LANES = 5, 64
# LLVM takes a second for a step of so many instructions; vectors have so many lanes at most.
MOST_INSTRUCTIONS, LANES = 4_000, 8


class Recurrence(NamedTuple):
    """A step's graph of float64 and bool tensors: its inputs by what they are, its outputs carries, sums, stacks."""

    carries: Sequence[Node]
    slices: Sequence[Node]
    free: Sequence[Node]
    nexts: Sequence[Node]
    sums: Sequence[Node]
    stacks: Sequence[Node]
    backwards: bool

    @property
    def outputs(self) -> list[Node]:
        """All."""
        return [*self.nexts, *self.sums, *self.stacks]

    @property
    def inputs(self) -> list[Node]:
        """All."""
        return [*self.carries, *self.slices, *self.free]


class NativeLoop:
    """The machine code of a loop, which several threads may call."""

    def __init__(self, code: Any, operations: int) -> None:
        self._code = code
        self._at_once = max(1, OPERATIONS_AT_ONCE // operations)

    def run(self, length: int, backwards: bool, address: int, table: bytearray, moving: int) -> None:
        """All steps, where `table`, which lies at `address`, has addresses.

        These are: of where carries and sums start, of where they are put in the end, `moving` bytes each; of what every
        step reads, of slices, of stacks.
        """
        if length <= self._at_once:
            check()
            self._code(0, length, address)
            return
        starts = bytes(table[:moving])
        try:
            for low in range(0, length, self._at_once):
                check()
                high = min(length, low + self._at_once)
                self._code(*((length - high, length - low) if backwards else (low, high)), address)
                # The next steps start from what these put.
                table[:moving] = table[moving : 2 * moving]
        finally:
            table[:moving] = starts


def instructions_of(recurrence: Recurrence) -> int | None:
    """About how many instructions a step is, None where it has no machine code."""
    given = set(recurrence.inputs)
    count = 0
    for node in reachable([*recurrence.outputs, *recurrence.inputs]):
        size = size_of(node.shape)
        if size == 0 or (node.dtype not in SCALARS and not isinstance(node, Constant)):
            return None
        if node in given or not isinstance(node, Application):
            count += 1
        elif node.op.pointwise or node.op.broadcasts:
            if node.op.template(node.attrs) is None and node.kind != "cast":
                return None
            count += size if size < FEWEST_LANES else len(_lanes(size))
        else:
            numbers = numbers_in(node)
            if numbers is None:
                return None
            count += 1 + numbers
        if size > MOST_LANES and (isinstance(node, Application) or node in recurrence.carries):
            return None
    return count if count <= MOST_INSTRUCTIONS else None


@cache
def _lanes(size: int) -> tuple[int, ...]:
    """The lanes of the vectors that hold so many elements, each a power of 2: LLVM is slow with others."""
    found = [LANES] * (size // LANES)
    lanes = LANES // 2
    while lanes:
        if size % (2 * lanes) >= lanes:
            found.append(lanes)
        lanes //= 2
    return tuple(found)


def _is_vector(node: Node) -> bool:
    return FEWEST_LANES <= size_of(node.shape) <= MOST_LANES


def native_recurrence(recurrence: Recurrence) -> NativeLoop | None:
    """A loop of such steps, or None where it has no machine code."""
    if not is_installed():
        return None
    order = reachable([*recurrence.outputs, *recurrence.inputs])
    try:
        code = compiled(_Emitter(recurrence, order).module())
    except (NotNativeError, NoElementsError):
        return None
    return NativeLoop(code, sum(size_of(node.shape) for node in order))


class _Emitter(PythonMath, Arithmetic[Any]):
    """Writes the function of the first slice, of the one behind the last, and of a table of addresses.

    A node's value is some vectors, or the sequence of its elements: those that are known are Python's numbers.
    """

    def __init__(self, recurrence: Recurrence, order: Sequence[Node]) -> None:
        super().__init__()
        self._recurrence, self._order = recurrence, order
        self._vectors: dict[Node, Sequence[Any]] = {}
        self._elements: dict[Node, Sequence[Any]] = {}
        self._b: Any = None

    def module(self) -> str:
        """The text of a module with the one function."""
        ir, r = self.ir, self._recurrence
        kind = ir.FunctionType(ir.VoidType(), [self.i64, self.i64, self.i8.as_pointer().as_pointer()])
        function = ir.Function(self.module_, kind, NAME)
        low, high, table = function.args
        self._b = b = ir.IRBuilder(function.append_basic_block("entry"))
        moving = [*r.carries, *r.sums]
        places = iter(range(2 * len(moving) + len(r.free) + len(r.slices) + len(r.stacks)))

        def addresses(nodes: Sequence[Node]) -> list[Any]:
            table_of = [b.load(b.gep(table, [self.i64(next(places))])) for _ in nodes]
            return [b.bitcast(at, self._stored(node).as_pointer()) for at, node in zip(table_of, nodes, strict=True)]

        starts, ends = addresses(moving), addresses(moving)
        free, slices, stacks = addresses(r.free), addresses(r.slices), addresses(r.stacks)
        for node, pointer in zip(r.free, free, strict=True):
            self._read(node, pointer)
        begun = [self._loaded(node, pointer) for node, pointer in zip(moving, starts, strict=True)]
        before = b.block
        with self.loop(b, low, high, 1) as at:
            phis = self._phis(at, begun, before)
            place = b.sub(b.add(low, b.sub(high, self.i64(1))), at) if r.backwards else at
            for node, values in zip(r.carries, phis, strict=False):
                self._put(node, values)
            for node, pointer in zip(r.slices, slices, strict=True):
                self._read(node, self._row(pointer, node, place))
            for node in self._order:
                if node not in self._vectors and node not in self._elements:
                    self._compute(node)
            for node, pointer in zip(r.stacks, stacks, strict=True):
                self._store(self._parts(node), self._row(pointer, node, place))
            self._go_on(phis)
        for values, pointer in zip(phis, ends, strict=True):
            self._store(values, pointer)
        b.ret_void()
        return str(self.module_)

    # What moves from step to step.

    def _phis(self, at: Any, begun: Sequence[Sequence[Any]], before: Any) -> list[list[Any]]:
        """The parts of what a step changes, where the loop begins."""
        b = self._b
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

    def _go_on(self, phis: Sequence[Sequence[Any]]) -> None:
        """What has moved is what the next step begins with."""
        b, r = self._b, self._recurrence
        kept = len(r.carries)
        nexts = [self._parts(node) for node in r.nexts]
        for node, totals in zip(r.sums, phis[kept:], strict=True):
            nexts.append([b.fadd(total, part) for total, part in zip(totals, self._parts(node), strict=True)])
        for parts, news in zip(phis, nexts, strict=True):
            for phi, new in zip(parts, news, strict=True):
                phi.add_incoming(new, b.block)

    # Values, as vectors or as elements.

    def _put(self, node: Node, parts: Sequence[Any]) -> None:
        (self._vectors if _is_vector(node) else self._elements)[node] = parts

    def _parts(self, node: Node) -> Sequence[Any]:
        """The vectors, or the elements."""
        if not _is_vector(node):
            return [self._number(x) for x in self._row_of(node)]
        found = self._vectors.get(node)
        if found is None:
            found = self._vectors[node] = self._joined(self._elements[node])
        return found

    def _joined(self, row: Sequence[Any]) -> list[Any]:
        """Elements as vectors."""
        b, ir = self._b, self.ir
        numbers = [self._number(x) for x in row]
        filler = numbers[0].type(0)
        found, at = [], 0
        for lanes in _lanes(len(numbers)):
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

    def _row_of(self, node: Node) -> Sequence[Any]:
        """The elements."""
        found = self._elements.get(node)
        if found is None:
            found = self._elements[node] = [x for part in self._vectors[node] for x in self._apart(part)]
        return found

    def _apart(self, part: Any) -> list[Any]:
        if not isinstance(part.type, self.ir.VectorType):
            return [part]
        return [self._b.extract_element(part, self.ir.IntType(32)(i)) for i in range(part.type.count)]

    def _number(self, element: Any) -> Any:
        """An element as a value of LLVM's."""
        if isinstance(element, bool):
            return self.bit(int(element))
        return self.double(float(element)) if isinstance(element, (int, float)) else element

    # What a node computes.

    def _compute(self, node: Node) -> None:
        if not isinstance(node, Application):
            self._elements[node] = computable_elements(node, (), self)
            return
        if _is_vector(node) and (node.op.pointwise or node.op.broadcasts):
            args = [self._stretched(arg, node) for arg in node.args]
            lanes = _lanes(size_of(node.shape))
            self._vectors[node] = [self._of_parts(node, *each) for each in zip(lanes, *args, strict=True)]
        else:
            self._elements[node] = computable_elements(node, [self._row_of(arg) for arg in node.args], self)

    def _of_parts(self, node: Application, lanes: int, *args: Any) -> Any:
        """One vector of a result, from those of the arguments."""
        self.wide(lanes)
        if node.kind == "cast":
            if node.args[0].dtype is node.dtype:
                return args[0]
            if not node.dtype.is_float:
                raise NotNativeError
            return self._b.uitofp(args[0], self.kind)
        return self.checked(node, self.applied(self._b, node, args))

    def _stretched(self, arg: Node, to: Node) -> Sequence[Any]:
        """The vectors of an argument in the shape of a result."""
        size = size_of(to.shape)
        if size_of(arg.shape) == size:
            return self._parts(arg)
        row = self._row_of(arg)
        if len(row) > 1:
            return self._joined([row[i] for i in places("broadcast", arg.shape, (("shape", to.shape),))])
        number = self._number(row[0])
        return [self._splat(number, lanes) for lanes in _lanes(size)]

    def _splat(self, number: Any, lanes: int) -> Any:
        """A number in all lanes."""
        ir, i32 = self.ir, self.ir.IntType(32)
        if lanes == 1:
            return number
        kind = ir.VectorType(number.type, lanes)
        if isinstance(number, ir.Constant):
            return ir.Constant(kind, [number] * lanes)
        undefined = ir.Constant(kind, ir.Undefined)

        def made() -> Any:
            first = self._b.insert_element(undefined, number, i32(0))
            return self._b.shuffle_vector(first, undefined, ir.Constant(ir.VectorType(i32, lanes), [0] * lanes))

        return self.once(("splat", lanes), [number], made)

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
        return self.checked(node, self.applied(self._b, node, [self._number(arg) for arg in args]))

    def _of_graph(self, node: Node, values: Mapping[Node, Any]) -> Any:
        if node in values:
            return values[node]
        if isinstance(node, Constant):
            return self.known(node.value, node.dtype)
        assert isinstance(node, Application)
        return self._applied_to(node, [self._of_graph(arg, values) for arg in node.args])

    # Memory.

    def _stored(self, node: Node) -> Any:
        """A bool is a byte."""
        return self.i8 if node.dtype is DType.BOOL else self.double

    def _row(self, pointer: Any, node: Node, place: Any) -> Any:
        """Where the part of a step begins."""
        size = size_of(node.shape)
        return self._b.gep(pointer, [place if size == 1 else self._b.mul(place, self.i64(size))])

    def _read(self, node: Node, pointer: Any) -> None:
        """A node's value from memory; of a large tensor only those elements that are needed, and when."""
        if size_of(node.shape) > MOST_LANES:
            self._elements[node] = _Elements(self, node, pointer)
        else:
            self._put(node, self._loaded(node, pointer))

    def _loaded(self, node: Node, pointer: Any) -> list[Any]:
        size = size_of(node.shape)
        found, at = [], 0
        for lanes in _lanes(size) if _is_vector(node) else (1,) * size:
            kind = self.typed(self._stored(node), lanes)
            value = self._b.load(self._b.bitcast(self._b.gep(pointer, [self.i64(at)]), kind.as_pointer()))
            value.align = 1 if node.dtype is DType.BOOL else 8
            found.append(self._true(value))
            at += lanes
        return found

    def element(self, pointer: Any, i: int) -> Any:
        """One element from memory."""
        return self._true(self._b.load(self._b.gep(pointer, [self.i64(i)])))

    def _true(self, value: Any) -> Any:
        """Bytes as bits."""
        if value.type == self.i8:
            return self._b.icmp_unsigned("!=", value, self.i8(0))
        if isinstance(value.type, self.ir.VectorType) and value.type.element == self.i8:
            return self._b.icmp_unsigned("!=", value, value.type([0] * value.type.count))
        return value

    def _store(self, parts: Sequence[Any], pointer: Any) -> None:
        b, at = self._b, 0
        for part in parts:
            lanes = part.type.count if isinstance(part.type, self.ir.VectorType) else 1
            is_bool = part.type == self.typed(self.bit, lanes)
            value = b.zext(part, self.typed(self.i8, lanes)) if is_bool else part
            place = b.store(value, b.bitcast(b.gep(pointer, [self.i64(at)]), value.type.as_pointer()))
            place.align = 1 if is_bool else 8
            at += lanes


class _Elements(Sequence[Any]):
    """Those of a large tensor in memory, each loaded when it is asked for."""

    def __init__(self, emitter: _Emitter, node: Node, pointer: Any) -> None:
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
