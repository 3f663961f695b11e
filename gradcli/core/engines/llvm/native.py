"""Fusion groups as machine code by LLVM, where `gradcli[jit]` is installed.

What a primitive computes is read from its template on Python's math, so nothing is stated a second time. A primitive
without one, or with a function that vectors have none of, leaves its fusion group to NumPy. Products and sums may be
rounded once together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gradcli.core.engines.fusion import Unit
from gradcli.core.engines.llvm import vectors
from gradcli.core.engines.llvm.arithmetic import NotNativeError, Vector
from gradcli.core.engines.llvm.vectors import MOST_NODES, Code, Vectors, compiled
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Constant, Node
from gradcli.core.ir.shapes import Shape, aligned, size_of
from gradcli.core.records import record
from gradcli.core.simplify.rules import is_scalar


def native_tile(unit: Unit) -> Code | None:
    """A fusion group as machine code, or None where it has none.

    Its elements lie in rows (see `split_of`). Called with two numbers and an array of addresses: of the arguments that
    `in_memory` lists, then of the outputs; a sum over the elements goes to its output's first place. Where there is one
    row the numbers are the first element and the one behind the last, else the first row and the one behind the last.
    """
    if not vectors.is_available() or len(unit.nodes) > MOST_NODES:
        return None
    try:
        text = _Emitter(unit).module()
    except NotNativeError:
        return None
    return compiled(text)


def in_memory(unit: Unit) -> list[int]:
    """The numbers of the arguments that are read from memory; a number known now is a part of the code."""
    return [i for i, arg in enumerate(unit.args) if not is_scalar(arg)]


def split_of(unit: Unit, shape: Shape) -> int | None:
    """How many leading axes of a fusion group count its rows, the others the elements of a row; 0 where it is one row.

    So that an argument has either all elements of a row or one for each, or is one number; None where it can't be.
    """
    splits = (k for k in range(len(shape)) if all(_lies(arg, shape, k) is not None for arg in unit.args))
    return next(splits, None)


@record
class _Lies:
    """How an argument lies along rows: how far apart what it has for neighbours along each leading axis is.

    `along` says that it has an element for each of a row, else it has one for all of them.
    """

    steps: Shape
    along: bool


def _lies(arg: Node, shape: Shape, split: int) -> _Lies | None:
    whole = aligned(arg.shape, len(shape))
    if whole[split:] != shape[split:] and size_of(whole[split:]) != 1:
        return None
    if split == 0 and size_of(whole) != 1 and whole != shape:
        return None
    steps = [0 if n == 1 else size_of(whole[i + 1 :]) for i, n in enumerate(whole[:split])]
    return _Lies(tuple(steps), size_of(whole[split:]) > 1)


class _Emitter(Vectors):
    """Writes the loop over vectors, and what is left of it behind a mask."""

    def __init__(self, unit: Unit) -> None:
        self.unit = unit
        floats = {n.dtype for n in (*unit.nodes, *unit.args) if n.dtype is not DType.BOOL}
        if len(floats) != 1 or not next(iter(floats)).is_float:
            raise NotNativeError
        super().__init__(floats.pop())
        shape = next(node for node in unit.nodes if node not in unit.sums).shape
        split = split_of(unit, shape)
        if split is None:
            raise NotNativeError
        self.rows, self.row_length = shape[:split], size_of(shape[split:])
        self.args = {arg: lies for arg in unit.args if (lies := _lies(arg, shape, split)) is not None}

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
        totals = {node: b.alloca(self.kind) for node in self.unit.sums}
        for slot in totals.values():
            b.store(self.number(0.0), slot)
        if not self.rows:
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
                starts |= dict.fromkeys(self.unit.outputs, first)
                self._row(b, self.i64(0), self.i64(self.row_length), starts, pointers, {**fixed, **numbers}, totals)
        for node, slot in totals.items():
            b.store(self.added_up(b, b.load(slot)), pointers[node])
        b.ret_void()
        return str(self.module_)

    def _start(self, b: Any, row: Any, steps: Shape) -> Any:
        """Where what an argument has for a row begins."""
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
