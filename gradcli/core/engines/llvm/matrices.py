"""Larger tensors in a step of machine code: they lie in memory, and what is made of them is a loop over vectors.

A product of a matrix and a vector adds up columns, so that each element is the sum in the order that Python has.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from gradcli.core.engines.llvm.arithmetic import NotNativeError
from gradcli.core.engines.llvm.values import LANES, MOST_LANES, Values, lanes_of
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Constant, Node
from gradcli.core.ir.primitive import Application
from gradcli.core.ir.shapes import size_of

# A matrix of a step has so many elements at most: they are on the stack.
MOST_IN_MEMORY = 2**12
# A product of so many operations is a loop; a smaller one is written out.
WRITTEN_OUT = 64


def is_large(node: Node) -> bool:
    """Whether a tensor lies in memory."""
    return size_of(node.shape) > MOST_LANES


def is_product(node: Node) -> bool:
    """Whether a node is a product of two matrices, one of which is a vector."""
    if node.kind != "matmul" or len(node.shape) != 2 or node.dtype is not DType.FLOAT64:
        return False
    m, k, n = *node.args[0].shape, node.shape[1]
    return 1 in (m, k, n) and 2 * m * k * n > WRITTEN_OUT


def is_outer(node: Node) -> bool:
    """Whether a node is a product of a column and a row."""
    return is_product(node) and node.args[0].shape[1] == 1


def suits_memory(node: Node) -> bool:
    """Whether a large tensor can be made in a step."""
    if not isinstance(node, Application) or node.dtype is not DType.FLOAT64 or size_of(node.shape) > MOST_IN_MEMORY:
        return False
    if node.op.pointwise or node.op.broadcasts:
        sizes = {size_of(arg.shape) for arg in node.args}
        fits = node.op.template(node.attrs) is not None and sizes <= {1, size_of(node.shape)}
        return fits and all(arg.dtype is DType.FLOAT64 for arg in node.args)
    if node.kind == "matmul":
        return is_outer(node)
    return node.kind == "reshape" or (node.kind == "transpose" and len(node.shape) == 2)


class Matrices(Values):
    """Writes what matrices are, beside values."""

    def __init__(self) -> None:
        super().__init__()
        # Where tensors lie: those that are read from outside, those that a step makes, vectors that products read.
        self.memory: dict[Node, Any] = {}
        # What no step changes.
        self.still: set[Node] = set()
        # Matrices with their axes exchanged, which most products read without that they are written.
        self._exchanged: set[Node] = set()
        self._transposes: dict[Node, Any] = {}
        # Products of columns and rows, which most sums add up without that they are written.
        self._outers: dict[Node, tuple[Any, Sequence[Any]]] = {}

    def compute(self, node: Node) -> None:
        """A large tensor in memory, anything else as a value."""
        if isinstance(node, Constant) and is_large(node):
            raise NotNativeError
        if is_product(node):
            assert isinstance(node, Application)
            self._multiply(node)
        elif is_large(node):
            assert isinstance(node, Application)
            self._in_memory(node)
        else:
            super().compute(node)

    def has(self, node: Node) -> bool:
        """Whether a node has been computed."""
        return any(node in of for of in (self.vectors, self.elements, self.memory, self._exchanged, self._outers))

    def row_of(self, node: Node) -> Sequence[Any]:
        """The elements."""
        if node in self._exchanged or node in self._outers:
            self.place(node)
        return super().row_of(node)

    def _in_memory(self, node: Application) -> None:
        arg = node.args[0]
        if node.kind == "reshape":
            self.keep(node, self.place(arg), arg in self.still)
        elif node.kind == "transpose":
            self._exchanged.add(node)
        else:
            into = self._new(node)
            self._by_element(node, into)
            self.keep(node, into)

    def keep(self, node: Node, pointer: Any, is_still: bool = False) -> None:
        """Say where a tensor lies."""
        self.memory[node] = pointer
        if is_large(node):
            self.elements[node] = self.lying(node, pointer)
        if is_still:
            self.still.add(node)

    def place(self, node: Node) -> Any:
        """Where a tensor lies; one that is a value is put there."""
        if node in self.memory:
            return self.memory[node]
        into = self._new(node)
        if node in self._exchanged:
            (arg,) = node.args
            self._write_turned(arg, into)
            self.keep(node, into, arg in self.still)
        elif node in self._outers:
            self._outer(node, lambda made, at: self.store(made, self.b.gep(into, [at])))
            self.keep(node, into)
        else:
            self.memory[node] = into
            self.store(self.parts(node), into)
        return into

    def _new(self, node: Node) -> Any:
        """Memory of the step's own."""
        with self.b.goto_entry_block():
            return self.b.alloca(self.double, size_of(node.shape))

    def _write_turned(self, of: Node, into: Any) -> None:
        """Write a matrix with its axes exchanged; one that no step changes, before the first step."""
        rows, columns = of.shape
        args = [self.i64(rows), self.i64(columns), into, self.place(of)]
        if of in self.still and is_large(of):
            with self.b.goto_entry_block():
                self.b.call(self._turned(), args)
        else:
            self.b.call(self._turned(), args)

    def _turned(self) -> Any:
        """A function that writes the columns of a matrix as rows: of its shape, of where to, of where from."""
        ir, pointer = self.ir, self.double.as_pointer()
        found = self.module_.globals.get("turned")
        if found is not None:
            return found
        kind = ir.FunctionType(ir.VoidType(), [self.i64, self.i64, pointer, pointer])
        found = ir.Function(self.module_, kind, "turned")
        found.linkage = "internal"
        rows, columns, into, of = found.args
        b = ir.IRBuilder(found.append_basic_block("entry"))
        with self.loop(b, self.i64(0), rows, 1) as i, self.loop(b, self.i64(0), columns, 1) as j:
            value = b.load(b.gep(of, [b.add(b.mul(i, columns), j)]))
            b.store(value, b.gep(into, [b.add(b.mul(j, rows), i)]))
        b.ret_void()
        return found

    # Products.

    def _multiply(self, node: Application) -> None:
        a, x = node.args
        (m, k), n = a.shape, x.shape[1]
        if k == 1:
            self._outers[node] = self.place(a), self.parts_of(x)
            if not is_large(node):
                self.put(node, self.loaded(node, self.place(node)))
        elif n == 1:
            self.put(node, self._combined(self._columns(a), m, self.place(x), k, node))
        else:
            self.put(node, self._combined(self.place(x), n, self.place(a), k, node))

    def parts_of(self, node: Node) -> Sequence[Any]:
        """The vectors of a row, in memory or not."""
        return self._loaded_row(self.memory[node], size_of(node.shape)) if is_large(node) else self.parts(node)

    def _columns(self, a: Node) -> Any:
        """Where the columns of a matrix lie one after the other."""
        if a.kind == "transpose":
            return self.place(a.args[0])
        found = self._transposes.get(a)
        if found is None:
            found = self._transposes[a] = self._new(a)
            self._write_turned(a, found)
        return found

    def _lanes(self, size: int) -> tuple[int, ...]:
        """As a value of so many elements has them."""
        return lanes_of(size) if size > 4 else (1,) * size

    def _loaded_row(self, pointer: Any, size: int) -> list[Any]:
        found, at = [], 0
        for lanes in self._lanes(size):
            kind = self.typed(self.double, lanes)
            value = self.b.load(self.b.bitcast(self.b.gep(pointer, [self.i64(at)]), kind.as_pointer()))
            value.align = 8
            found.append(value)
            at += lanes
        return found

    def _combined(self, rows: Any, width: int, factors: Any, count: int, node: Node) -> list[Any]:
        """The sum of rows in memory, each times a factor."""
        b = self.b

        def product(i: Any) -> list[Any]:
            factor = b.load(b.gep(factors, [i]))
            row = self._loaded_row(b.gep(rows, [b.mul(i, self.i64(width))]), width)
            splats = {lanes: self.spread(factor, lanes) for lanes in set(self._lanes(width))}
            return [b.fmul(part, splats[lanes]) for part, lanes in zip(row, self._lanes(width), strict=True)]

        first, before = product(self.i64(0)), b.block
        with self.loop(b, self.i64(1), self.i64(count), 1) as at:
            totals = self.phis(at, [first], before)[0]
            for total, part in zip(totals, product(at), strict=True):
                total.add_incoming(b.fadd(total, part), b.block)
        return totals

    def _outer(self, node: Node, write: Callable[[Sequence[Any], Any], None]) -> None:
        """Each number of a column times a row, which `write` does something with, at its place."""
        b, (m, n) = self.b, node.shape
        column, row = self._outers[node]
        with self.loop(b, self.i64(0), self.i64(m), 1) as i:
            factor = b.load(b.gep(column, [i]))
            splats = {lanes: self.spread(factor, lanes) for lanes in set(self._lanes(n))}
            made = [b.fmul(splats[lanes], part) for part, lanes in zip(row, self._lanes(n), strict=True)]
            write(made, b.mul(i, self.i64(n)))

    # Element by element.

    def _by_element(self, node: Application, into: Any) -> None:
        size = size_of(node.shape)
        numbers = {arg: self.element_value(self.row_of(arg)[0]) for arg in node.args if size_of(arg.shape) == 1}
        places = {arg: self.place(arg) for arg in node.args if arg not in numbers}

        def write(at: Any, lanes: int) -> None:
            self.wide(lanes)
            given = [
                self.spread(numbers[arg], lanes) if arg in numbers else self._vector_at(places[arg], at, lanes)
                for arg in node.args
            ]
            self.store([self.checked(node, self.applied(self.b, node, given))], self.b.gep(into, [at]))

        self._over(size, write)

    def add_to(self, total: Any, node: Node) -> None:
        """Add a large tensor to what lies somewhere."""
        if node in self._outers and node not in self.memory:

            def add(made: Sequence[Any], at: Any) -> None:
                row = self.b.gep(total, [at])
                before = self._loaded_row(row, node.shape[1])
                self.store([self.b.fadd(a, b) for a, b in zip(before, made, strict=True)], row)

            self._outer(node, add)
            return
        value = self.place(node)

        def write(at: Any, lanes: int) -> None:
            more = self.b.fadd(self._vector_at(total, at, lanes), self._vector_at(value, at, lanes))
            self.store([more], self.b.gep(total, [at]))

        self._over(size_of(node.shape), write)

    def copy(self, into: Any, of: Any, size: int) -> None:
        """Copy what lies somewhere."""
        self._over(size, lambda at, lanes: self.store([self._vector_at(of, at, lanes)], self.b.gep(into, [at])))

    def _over(self, size: int, write: Any) -> None:
        """Whole vectors in a loop, what is left of them behind it."""
        whole = size - size % LANES
        with self.loop(self.b, self.i64(0), self.i64(whole), LANES) as at, self.each_time():
            write(at, LANES)
        at = whole
        for lanes in lanes_of(size - whole):
            write(self.i64(at), lanes)
            at += lanes

    def _vector_at(self, pointer: Any, at: Any, lanes: int) -> Any:
        kind = self.typed(self.double, lanes)
        value = self.b.load(self.b.bitcast(self.b.gep(pointer, [at]), kind.as_pointer()))
        value.align = 8
        return value
