"""A graph of numbers for many samples as machine code: each vector holds one number of as many samples as it has lanes.

What is the same for all samples is computed once. An array that has several numbers for each sample is read number by
number; what is written is gathered in cache first, and then put down sample by sample.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gradcli.core.engines.llvm import vectors
from gradcli.core.engines.llvm.arithmetic import NotNativeError, Vector
from gradcli.core.engines.llvm.vectors import MOST_NODES, Code, Vectors, compiled
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Constant, Node
from gradcli.core.records import record


@record
class Columns:
    """Numbers of an array: which of its elements is which node; `stride` is how many it has for each sample.

    It is 0 where the elements are the same for all samples.
    """

    dtype: DType
    stride: int
    elements: Sequence[tuple[int, Node]]


def native_samples(
    order: Sequence[Node], read: Sequence[Columns], written: Sequence[Columns], totals: Sequence[Node], size: int
) -> Code | None:
    """The graph as machine code, None where it has none.

    Called with the first sample, the one behind the last, and an array of addresses: of what is read, of what is
    written, and of where to write the sums of `totals` over the samples. There must be as many samples as a vector has
    lanes; some are computed twice, and added up once.
    """
    if not vectors.is_available() or len(order) > MOST_NODES:
        return None
    try:
        text = _Emitter(order, read, written, totals, size).module()
    except NotNativeError:
        return None
    return compiled(text)


class _Emitter(Vectors):
    """Writes the loop over vectors; the last one begins so many samples before the end."""

    def __init__(
        self,
        order: Sequence[Node],
        read: Sequence[Columns],
        written: Sequence[Columns],
        totals: Sequence[Node],
        size: int,
    ) -> None:
        super().__init__(DType.FLOAT64)
        self.order, self.read, self.written, self.totals, self.size = order, read, written, totals, size

    def module(self) -> str:
        """The text of a module with the one function."""
        kinds = [self.stored(columns.dtype) for columns in (*self.read, *self.written)]
        # The sums come last, one after the other.
        b, low, high, places = self.opened([*kinds, self.scalar] if self.totals else kinds)
        gathered = [
            b.alloca(self.scalar, len(columns.elements) * self.lanes) if columns.stride > 1 else None
            for columns in self.written
        ]
        zeros = self.number(0.0)
        totals = [b.alloca(self.kind) for _ in self.totals]
        for total in totals:
            b.store(zeros, total)
        values: dict[Node, Vector] = {}
        for columns, pointer in zip(self.read, places, strict=False):
            if columns.stride == 0:
                for place, node in columns.elements:
                    values[node] = self.splat(b, self.from_memory(b, b.load(b.gep(pointer, [self.i64(place)]))))
        later = self._computed(b, self.order, values)
        last = b.sub(high, self.i64(self.lanes))
        with self.loop(b, low, high, self.lanes) as start:
            at = b.select(b.icmp_signed("<", start, last), start, last)
            here = dict(values)
            for columns, pointer in zip(self.read, places, strict=False):
                if columns.stride:
                    self._read(b, columns, pointer, at, here)
            missing = self._computed(b, later, here)
            assert not missing
            if totals:
                counted = self.ir.Constant(self.ir.VectorType(self.i64, self.lanes), list(range(self.lanes)))
                is_new = b.icmp_signed(">=", counted, self.splat(b, b.sub(start, at)))
                for node, total in zip(self.totals, totals, strict=True):
                    b.store(b.fadd(b.load(total), b.select(is_new, here[node], zeros)), total)
            for columns, pointer, slot in zip(self.written, places[len(self.read) : len(kinds)], gathered, strict=True):
                self._write(b, columns, pointer, slot, at, here)
        for i, total in enumerate(totals):
            b.store(self.added_up(b, b.load(total)), b.gep(places[-1], [self.i64(i)]))
        return self.closed(b, self.size)

    def _computed(self, b: Any, nodes: Sequence[Node], values: dict[Node, Vector]) -> list[Node]:
        """Compute what can be of what is known; the rest."""
        left = []
        for node in nodes:
            if node in values:
                continue
            if isinstance(node, Constant):
                values[node] = self.number(node.value) if node.dtype is not DType.BOOL else self._truth_of(node.value)
            elif node.args and all(arg in values for arg in node.args):
                values[node] = self.applied(b, node, [values[arg] for arg in node.args])
            else:
                left.append(node)
        return left

    def _truth_of(self, value: bool) -> Vector:
        return self.ir.Constant(self.truth, [int(value)] * self.lanes)

    def _read(self, b: Any, columns: Columns, pointer: Any, at: Any, values: dict[Node, Vector]) -> None:
        """The numbers of so many samples from `at` on."""
        if columns.stride == 1:
            for _, node in columns.elements:
                values[node] = self.from_memory(b, self.load(b, b.gep(pointer, [at]), None))
            return
        start = b.mul(at, self.i64(columns.stride))
        kind = self.ir.VectorType(self.stored(columns.dtype), self.lanes)
        for place, node in columns.elements:
            vector = self.ir.Constant(kind, self.ir.Undefined)
            for lane in range(self.lanes):
                there = b.add(start, self.i64(lane * columns.stride + place))
                vector = b.insert_element(vector, b.load(b.gep(pointer, [there])), self.ir.IntType(32)(lane))
            values[node] = self.from_memory(b, vector)

    def _write(self, b: Any, columns: Columns, pointer: Any, slot: Any, at: Any, values: dict[Node, Vector]) -> None:
        """Those of as many samples."""
        found = [self._in_memory(b, values[node]) for _, node in columns.elements]
        if slot is None:
            for vector in found:
                self.store(b, self._as_stored(b, vector, columns.dtype), b.gep(pointer, [at]), None)
            return
        for i, vector in enumerate(found):
            self.store(b, vector, b.gep(slot, [self.i64(i * self.lanes)]), None)
        start = b.mul(at, self.i64(columns.stride))
        with self.loop(b, self.i64(0), self.i64(columns.stride), 1) as i:
            first, there = b.mul(i, self.i64(self.lanes)), b.add(start, i)
            for lane in range(self.lanes):
                number = b.load(b.gep(slot, [b.add(first, self.i64(lane))]))
                if columns.dtype is DType.BOOL:
                    number = b.zext(b.fcmp_unordered("!=", number, self.scalar(0.0)), self.i8)
                b.store(number, b.gep(pointer, [b.add(there, self.i64(lane * columns.stride))]))

    def _in_memory(self, b: Any, vector: Vector) -> Vector:
        """A vector of bools as one of numbers, in which what is written is gathered."""
        return b.uitofp(vector, self.kind) if vector.type == self.truth else vector

    def _as_stored(self, b: Any, vector: Vector, dtype: DType) -> Vector:
        if dtype is not DType.BOOL:
            return vector
        return b.zext(b.fcmp_unordered("!=", vector, self.number(0.0)), self.ir.VectorType(self.i8, self.lanes))
