"""A fusion group with sums and largest elements of its rows: along each row as often as one waits for another.

What a later pass over a row needs of an earlier one lies in registers where rows are a few vectors, else on the stack.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from math import inf
from typing import Any

from gradcli.core.engines.fusion import Unit
from gradcli.core.engines.llvm.arithmetic import NotNativeError, Vector
from gradcli.core.engines.llvm.elementwise import Elementwise
from gradcli.core.engines.rows import Rows
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node

# Up to so many operations are written out for each vector of a row.
MOST_WRITTEN_OUT = 400
MOST_ON_STACK = 2**17


class ByRow(Elementwise):
    """Writes the passes over a row. What there is one of for each row is a vector of the same in all lanes."""

    def __init__(self, unit: Unit, rows: Rows) -> None:
        super().__init__(unit)
        self._rows = rows
        self._passes = passes(unit, rows)
        self._count = max(self._passes.values()) + 1
        self._vectors = -(-rows.length // self.lanes)
        self._written_out = self._vectors * len(unit.nodes) <= MOST_WRITTEN_OUT
        later = {
            arg
            for node in unit.nodes
            for arg in node.args
            if arg in self._passes and arg.shape == rows.shape and self._passes[arg] < self._passes[node]
        }
        # What is written for others is read again where it was written.
        self._kept = [node for node in unit.nodes if node in later and node not in set(unit.outputs)]
        size = sum(self._vectors * self.lanes * (1 if n.dtype is DType.BOOL else n.dtype.itemsize) for n in self._kept)
        if not self._written_out and size > MOST_ON_STACK:
            raise NotNativeError
        # Vectors of values by node and place in the row, and where they lie on the stack.
        self._held: dict[tuple[Node, int], Vector] = {}
        self._slots: dict[Node, Any] = {}

    def _row(self, b: Any, low: Any, high: Any, fixed: Mapping[Node, Vector]) -> None:
        numbers = dict(fixed)
        if not self._written_out:
            with b.goto_entry_block():
                for node in self._kept:
                    self._slots[node] = b.alloca(self.stored(node.dtype), self._vectors * self.lanes)
        for number in range(self._count):
            here = [node for node in self.unit.nodes if self._passes[node] == number]
            for node in here:
                if node.shape == self._rows.each and not self._rows.reduces(node):
                    numbers[node] = self.applied(b, node, [numbers[arg] for arg in node.args])
            along = [node for node in here if node not in numbers]
            found = {node: self._neutral(node) for node in along if self._rows.reduces(node)}
            self._pass_over(b, partial(self._vector, b, along, numbers), found)
            numbers |= {node: self._all_lanes(b, node, vector) for node, vector in found.items()}
        for node in self.unit.outputs:
            if node in numbers:
                value = b.extract_element(self.to_memory(b, numbers[node]), self.ir.IntType(32)(0))
                b.store(value, self.place(b, node, self.i64(0)))

    def _neutral(self, node: Node) -> Vector:
        """What a sum, or a largest element, begins with."""
        return self.number(-inf if node.kind == "max_to" else 0.0)

    def _pass_over(self, b: Any, one: Any, found: dict[Node, Vector]) -> None:
        """Go along a row, with the sums and largest elements that are found so far."""
        length, rest = self._rows.length, self._rows.length % self.lanes
        whole = length - rest
        if self._written_out:
            for at in range(0, whole, self.lanes):
                one(self.i64(at), None, found)
        elif whole:
            before = b.block
            with self.loop(b, self.i64(0), self.i64(whole), self.lanes) as at:
                body = b.block
                # They are carried from one vector to the next.
                b.position_at_start(at.parent)
                carried = {node: b.phi(self.kind) for node in found}
                b.position_at_end(body)
                for node, phi in carried.items():
                    phi.add_incoming(found[node], before)
                nexts = dict(carried)
                one(at, None, nexts)
                for node, phi in carried.items():
                    phi.add_incoming(nexts[node], b.block)
            found |= carried
        if rest:
            truth = [i < rest for i in range(self.lanes)]
            one(self.i64(whole), self.ir.Constant(self.truth, truth), found)

    def _vector(
        self,
        b: Any,
        along: Sequence[Node],
        numbers: Mapping[Node, Vector],
        at: Any,
        mask: Any,
        found: dict[Node, Vector],
    ) -> None:
        """What one pass computes of one vector; only lanes before a mask's end are written, added up or compared."""
        values = dict(numbers)
        sums = set(self.unit.sums)

        def value(node: Node) -> Vector:
            if node not in values:
                values[node] = self._earlier(b, node, at, mask)
            return values[node]

        for node in along:
            args = [value(arg) for arg in node.args]
            if node in found:
                part = args[0] if mask is None else b.select(mask, args[0], self._neutral(node))
                found[node] = self._joined(b, node, found[node], part)
            elif node in self.totals:
                self.add_to_total(b, node, args[0], mask)
            elif node in sums:
                there = b.gep(self.pointers[node], [at])
                self.store(b, b.fadd(self.load(b, there, mask), args[0]), there, mask)
            else:
                values[node] = self.applied(b, node, args)
                self._keep(b, node, values[node], at, mask)

    def _earlier(self, b: Any, node: Node, at: Any, mask: Any) -> Vector:
        """What an argument, or an earlier pass, has for a vector."""
        if self._written_out and (node, at.constant) in self._held:
            return self._held[node, at.constant]
        if node in self._slots:
            return self.from_memory(b, self.load(b, b.gep(self._slots[node], [at]), None))
        return self.read(b, node, at, mask)

    def _keep(self, b: Any, node: Node, value: Vector, at: Any, mask: Any) -> None:
        """Write what others need, and keep what later passes do."""
        if self._written_out:
            self._held[node, at.constant] = value
        if node in self.pointers:
            self.store(b, self.to_memory(b, value), self.place(b, node, at), mask)
        elif node in self._slots:
            self.store(b, self.to_memory(b, value), b.gep(self._slots[node], [at]), None)

    def _joined(self, b: Any, node: Node, x: Vector, y: Vector) -> Vector:
        """The sum, or the larger; nan where one of them is nan."""
        if node.kind == "sum_to":
            return b.fadd(x, y)
        larger = b.select(b.fcmp_ordered("<", x, y), y, x)
        return b.select(b.fcmp_unordered("!=", y, y), y, larger)

    def _all_lanes(self, b: Any, node: Node, vector: Vector) -> Vector:
        """The sum of all lanes, or the largest, in each of them."""
        i32 = self.ir.IntType(32)
        distance = self.lanes // 2
        while distance:
            turned = [i ^ distance for i in range(self.lanes)]
            places = self.ir.Constant(self.ir.VectorType(i32, self.lanes), turned)
            vector = self._joined(b, node, vector, b.shuffle_vector(vector, vector, places))
            distance //= 2
        return vector


def passes(unit: Unit, rows: Rows) -> dict[Node, int]:
    """In which pass over a row each node is computed: one behind that which gives a sum that it needs."""
    found: dict[Node, int] = {}
    for node in unit.nodes:
        needed = [found[arg] + rows.reduces(arg) for arg in node.args if arg in found]
        found[node] = max(needed, default=0)
    return found
