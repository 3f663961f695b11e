"""A fusion group of nodes of one shape as a loop over vectors, along rows or along all elements."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gradcli.core.engines.fusion import Unit, is_total
from gradcli.core.engines.llvm.arithmetic import NotNativeError, Vector
from gradcli.core.engines.llvm.lying import in_memory, lies_along, split_of
from gradcli.core.engines.llvm.vectors import Vectors
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Constant, Node
from gradcli.core.ir.shapes import Shape, size_of


class Elementwise(Vectors):
    """Writes the loop over vectors, and what is left of it behind a mask."""

    def __init__(self, unit: Unit) -> None:
        self.unit = unit
        floats = {n.dtype for n in (*unit.nodes, *unit.args) if n.dtype is not DType.BOOL}
        if len(floats) != 1 or not next(iter(floats)).is_float:
            raise NotNativeError
        super().__init__(floats.pop())
        shape, split, may_repeat = unit.shape, split_of(unit), unit.rows is None
        if split is None:
            raise NotNativeError
        self.is_by_row = split > 0 or unit.rows is not None
        self.rows, self.row_length = shape[:split], size_of(shape[split:])
        self.args = {arg: lies for arg in unit.args if (lies := lies_along(arg, shape, split, may_repeat)) is not None}
        # While it is written: where arrays lie, where what they have for the row begins, and the vectors of sums.
        self.pointers: dict[Node, Any] = {}
        self.starts: Mapping[Node, Any] = {}
        self.totals: dict[Node, Any] = {}
        # What comes again and again in a row, written out for a vector that begins at any of it.
        self.repeated: dict[Node, Any] = {}

    def module(self) -> str:
        """The text of a module with the one function."""
        there = [*(self.unit.args[i] for i in in_memory(self.unit)), *self.unit.outputs]
        b, low, high, places = self.opened([self.stored(node.dtype) for node in there])
        self.pointers = pointers = dict(zip(there, places, strict=True))
        fixed = {
            arg: self.number(arg.value)
            if isinstance(arg, Constant) and arg not in pointers
            else self.splat(b, self.from_memory(b, b.load(pointers[arg])))
            for arg in self.args
            if size_of(arg.shape) == 1
        }
        self.totals = {node: b.alloca(self.kind) for node in self.unit.sums if is_total(node)}
        for slot in self.totals.values():
            b.store(self.number(0.0), slot)
        for node in self.unit.sums:
            if node not in self.totals:
                with self.loop(b, self.i64(0), self.i64(self.row_length), 1) as at:
                    b.store(self.scalar(0.0), b.gep(pointers[node], [at]))
        for arg, lies in self.args.items():
            if lies.period:
                self.repeated[arg] = b.alloca(self.stored(arg.dtype), self.lanes + lies.period)
        if not self.is_by_row:
            for arg in self.repeated:
                self._repeat(b, arg, self.i64(0))
            self._row(b, low, high, fixed)
        else:
            with self.loop(b, low, high, 1) as row:
                starts = {arg: self._start(b, row, lies.steps) for arg, lies in self.args.items() if arg not in fixed}
                numbers = {
                    arg: self.splat(b, self.from_memory(b, b.load(b.gep(pointers[arg], [start]))))
                    for arg, start in starts.items()
                    if not self.args[arg].along
                }
                first = b.mul(row, self.i64(self.row_length))
                starts |= {n: first if n.shape == self.unit.shape else row for n in self.unit.outputs}
                self.starts = starts
                for arg in self.repeated:
                    self._repeat(b, arg, starts[arg])
                self._row(b, self.i64(0), self.i64(self.row_length), {**fixed, **numbers})
        for node, slot in self.totals.items():
            b.store(self.added_up(b, b.load(slot)), pointers[node])
        return self.closed(b, size_of(self.rows) if self.is_by_row else self.row_length)

    def _repeat(self, b: Any, arg: Node, start: Any) -> None:
        period, slot = self.args[arg].period, self.repeated[arg]
        values = [b.load(b.gep(self.pointers[arg], [b.add(start, self.i64(i))])) for i in range(period)]
        for i in range(period + self.lanes):
            b.store(values[i % period], b.gep(slot, [self.i64(i)]))

    def _start(self, b: Any, row: Any, steps: Shape) -> Any:
        """Where what an argument has for a row begins."""
        if not steps:
            return self.i64(0)
        whole = [size_of(self.rows[i + 1 :]) for i in range(len(self.rows))]
        if all(step == n * steps[-1] for step, n in zip(steps, whole, strict=True)):
            # All of them, one after the other.
            return b.mul(row, self.i64(steps[-1]))
        start = self.i64(0)
        for i, step in enumerate(steps):
            if step:
                number = b.urem(b.udiv(row, self.i64(whole[i])), self.i64(self.rows[i]))
                start = b.add(start, b.mul(number, self.i64(step)))
        return start

    def _row(self, b: Any, low: Any, high: Any, fixed: Mapping[Node, Vector]) -> None:
        """Elements of a row, for which each array begins somewhere; of the only one where nothing says where."""
        whole_vectors = b.add(low, b.and_(b.sub(high, low), self.i64(-self.lanes)))
        with self.loop(b, low, whole_vectors, self.lanes) as at:
            self._elements(b, at, None, fixed)
        with b.if_then(b.icmp_signed("<", whole_vectors, high)):
            counted = self.ir.Constant(self.ir.VectorType(self.i64, self.lanes), list(range(self.lanes)))
            mask = b.icmp_signed("<", counted, self.splat(b, b.sub(high, whole_vectors)))
            self._elements(b, whole_vectors, mask, fixed)

    def _elements(self, b: Any, at: Any, mask: Any, fixed: Mapping[Node, Vector]) -> None:
        """One vector of each node; of the last ones only those behind a mask."""
        values = dict(fixed)
        for arg in self.args:
            if arg not in fixed:
                values[arg] = self.read(b, arg, at, mask)
        for node in self.unit.nodes:
            if node in self.totals:
                self.add_to_total(b, node, values[node.args[0]], mask)
            else:
                values[node] = self.applied(b, node, [values[arg] for arg in node.args])
        for node in self.unit.outputs:
            if node not in self.totals:
                self.store(b, self.to_memory(b, values[node]), self.place(b, node, at), mask)

    def place(self, b: Any, node: Node, at: Any) -> Any:
        """Where an element of the row lies in memory."""
        start = self.starts.get(node)
        return b.gep(self.pointers[node], [at if start is None else b.add(start, at)])

    def read(self, b: Any, node: Node, at: Any, mask: Any) -> Vector:
        """A vector of what lies in memory."""
        if node in self.repeated:
            place = b.gep(self.repeated[node], [b.urem(at, self.i64(self.args[node].period))])
            return self.from_memory(b, self.load(b, place, None))
        return self.from_memory(b, self.load(b, self.place(b, node, at), mask))

    def add_to_total(self, b: Any, node: Node, value: Vector, mask: Any) -> None:
        """Add a vector, or those of its lanes before a mask's end, to a sum of all elements."""
        slot = self.totals[node]
        part = value if mask is None else b.select(mask, value, self.number(0.0))
        b.store(b.fadd(b.load(slot), part), slot)
