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
        shape, split = unit.shape, split_of(unit)
        if split is None:
            raise NotNativeError
        self.is_by_row = split > 0 or unit.rows is not None
        self.rows, self.row_length = shape[:split], size_of(shape[split:])
        self.args = {arg: lies for arg in unit.args if (lies := lies_along(arg, shape, split)) is not None}

    def module(self) -> str:
        """The text of a module with the one function."""
        there = [*(self.unit.args[i] for i in in_memory(self.unit)), *self.unit.outputs]
        b, low, high, places = self.opened([self.stored(node.dtype) for node in there])
        pointers = dict(zip(there, places, strict=True))
        fixed = {
            arg: self.number(arg.value)
            if isinstance(arg, Constant) and arg not in pointers
            else self.splat(b, self.from_memory(b, b.load(pointers[arg])))
            for arg in self.args
            if size_of(arg.shape) == 1
        }
        totals = {node: b.alloca(self.kind) for node in self.unit.sums if is_total(node)}
        for slot in totals.values():
            b.store(self.number(0.0), slot)
        for node in self.unit.sums:
            if node not in totals:
                with self.loop(b, self.i64(0), self.i64(self.row_length), 1) as at:
                    b.store(self.scalar(0.0), b.gep(pointers[node], [at]))
        if not self.is_by_row:
            self._row(b, low, high, {}, pointers, fixed, totals)
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
                self._row(b, self.i64(0), self.i64(self.row_length), starts, pointers, {**fixed, **numbers}, totals)
        for node, slot in totals.items():
            b.store(self.added_up(b, b.load(slot)), pointers[node])
        return self.closed(b, size_of(self.rows) if self.is_by_row else self.row_length)

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

    def _row(
        self,
        b: Any,
        low: Any,
        high: Any,
        starts: Mapping[Node, Any],
        pointers: dict[Node, Any],
        fixed: dict[Node, Vector],
        totals: dict[Node, Any],
    ) -> None:
        """Elements of a row, for which each array begins somewhere; of the only one where nothing says where."""
        whole_vectors = b.add(low, b.and_(b.sub(high, low), self.i64(-self.lanes)))
        with self.loop(b, low, whole_vectors, self.lanes) as at:
            self._elements(b, at, starts, None, pointers, fixed, totals)
        with b.if_then(b.icmp_signed("<", whole_vectors, high)):
            counted = self.ir.Constant(self.ir.VectorType(self.i64, self.lanes), list(range(self.lanes)))
            mask = b.icmp_signed("<", counted, self.splat(b, b.sub(high, whole_vectors)))
            self._elements(b, whole_vectors, starts, mask, pointers, fixed, totals)

    def _elements(
        self,
        b: Any,
        at: Any,
        starts: Mapping[Node, Any],
        mask: Any,
        pointers: dict[Node, Any],
        fixed: dict[Node, Vector],
        totals: dict[Node, Any],
    ) -> None:
        """One vector of each node; of the last ones only those behind a mask."""
        values = dict(fixed)
        places = {node: b.add(start, at) for node, start in starts.items()}
        for arg in self.args:
            if arg not in fixed:
                pointer = b.gep(pointers[arg], [places.get(arg, at)])
                values[arg] = self.from_memory(b, self.load(b, pointer, mask))
        for node in self.unit.nodes:
            if node in totals:
                value = values[node.args[0]]
                if mask is not None:
                    value = b.select(mask, value, self.ir.Constant(self.kind, [0.0] * self.lanes))
                b.store(b.fadd(b.load(totals[node]), value), totals[node])
            else:
                values[node] = self.applied(b, node, [values[arg] for arg in node.args])
        for node in self.unit.outputs:
            if node not in totals:
                value = values[node]
                if node.dtype is DType.BOOL:
                    value = b.zext(value, self.ir.VectorType(self.i8, self.lanes))
                self.store(b, value, b.gep(pointers[node], [places.get(node, at)]), mask)
