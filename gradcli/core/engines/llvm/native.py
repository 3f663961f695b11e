"""Fusion groups as machine code by LLVM, where `gradcli[jit]` is installed.

What a primitive computes is read from its template on Python's math, so nothing is stated a second time. Functions are
the vector functions of the C library, and where it has none our own; a primitive without a template, or with a function
that neither has, leaves its fusion group to NumPy. Vector functions are right to within 4 ulp; products and sums may be
rounded once together.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache, lru_cache
from typing import Any

from gradcli.core.engines.fusion import Unit
from gradcli.core.engines.llvm.arithmetic import Arithmetic, NotNativeError, Vector, is_installed
from gradcli.core.engines.llvm.functions import FUNCTIONS, Lanes
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Constant, Node
from gradcli.core.ir.shapes import Shape, aligned, size_of
from gradcli.core.records import record
from gradcli.core.simplify.rules import is_scalar

_VECTORS = "libmvec.so.1"
NAME = "tile"
# Beyond it LLVM takes long to compile one piece of straight-line code.
MOST_NODES = 2_000


@cache
def is_available() -> bool:
    """Whether llvmlite is installed, and this processor has vectors with fused products."""
    if not is_installed():
        return False
    import llvmlite.binding as llvm

    with suppress(OSError, RuntimeError):
        llvm.load_library_permanently(_VECTORS)
    return _vectors() is not None


@record
class Vectors:
    """How many bytes a vector has, and the letter that its functions in the C library have in their names."""

    width: int
    letter: str


@cache
def _vectors() -> Vectors | None:
    """Those of this processor, None where it has no fused products."""
    import llvmlite.binding as llvm

    if llvm.get_process_triple().startswith(("aarch64", "arm64")):
        return Vectors(16, "n")
    features = llvm.get_host_cpu_features()
    if features.get("avx512f") and features.get("avx512dq") and features.get("avx512bw"):
        return Vectors(64, "e")
    return Vectors(32, "d") if features.get("avx2") and features.get("fma") else None


def _is_there(name: str) -> bool:
    """Whether the C library has a function of this name."""
    import llvmlite.binding as llvm

    return llvm.address_of_symbol(name) is not None


def native_tile(unit: Unit) -> _Code | None:
    """A fusion group as machine code, or None where it has none.

    Its elements lie in rows (see `split_of`). Called with two numbers and an array of addresses: of the arguments that
    `in_memory` lists, then of the outputs; a sum over the elements goes to its output's first place. Where there is one
    row the numbers are the first element and the one behind the last, else the first row and the one behind the last.
    """
    if not is_available() or len(unit.nodes) > MOST_NODES:
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

    So that an argument has all elements, those of one row, one for each row, or one in all; None where it can't be.
    """
    splits = (k for k in range(len(shape)) if all(_kind(arg, shape, k) is not None for arg in unit.args))
    return next(splits, None)


def _kind(arg: Node, shape: Shape, split: int) -> str | None:
    if size_of(arg.shape) == 1:
        return "one"
    if arg.shape == shape:
        return "all"
    whole = aligned(arg.shape, len(shape))
    ones = tuple(1 for _ in shape)
    if whole == ones[:split] + shape[split:]:
        return "row"
    return "column" if whole == shape[:split] + ones[split:] else None


class _Code:
    """Interpreter code, kept as long as what calls it."""

    def __init__(self, text: str) -> None:
        import llvmlite.binding as llvm

        # An engine owns its machine, so each gets one.
        machine = llvm.Target.from_default_triple().create_target_machine(
            cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), opt=3
        )
        self._engine = llvm.create_mcjit_compiler(llvm.parse_assembly(text), machine)
        self._engine.finalize_object()
        signature = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p)
        self.function: Callable[[int, int, Any], None] = signature(self._engine.get_function_address(NAME))

    def __call__(self, low: int, high: int, addresses: Any) -> None:
        self.function(low, high, addresses)


@lru_cache(256)
def compiled(text: str) -> _Code:
    """The machine code of a module's only function."""
    return _Code(text)


class _Emitter(Arithmetic):
    """Writes the loop over vectors, and what is left of it behind a mask."""

    def __init__(self, unit: Unit) -> None:
        from llvmlite import ir

        self.unit = unit
        floats = {n.dtype for n in (*unit.nodes, *unit.args) if n.dtype is not DType.BOOL}
        if len(floats) != 1 or not next(iter(floats)).is_float:
            raise NotNativeError
        self.dtype = floats.pop()
        double = self.dtype is DType.FLOAT64
        self.scalar = ir.DoubleType() if double else ir.FloatType()
        vectors = _vectors()
        assert vectors is not None
        self.lanes = vectors.width // self.dtype.itemsize
        self.suffix = "" if double else "f"
        self.prefix = f"_ZGV{vectors.letter}N{self.lanes}"
        super().__init__(ir.VectorType(self.scalar, self.lanes), ir.VectorType(ir.IntType(1), self.lanes))
        self.i8, self.i64 = ir.IntType(8), ir.IntType(64)
        shape = next(node for node in unit.nodes if node not in unit.sums).shape
        split = split_of(unit, shape)
        if split is None:
            raise NotNativeError
        self.has_rows, self.row_length = split > 0, size_of(shape[split:])
        self.kinds = {arg: _kind(arg, shape, split) for arg in unit.args}

    def module(self) -> str:
        """The text of a module with the one function."""
        ir = self.ir
        address = self.i8.as_pointer()
        function = ir.Function(
            self.module_, ir.FunctionType(ir.VoidType(), [self.i64, self.i64, address.as_pointer()]), NAME
        )
        low, high, table = function.args
        b = ir.IRBuilder(function.append_basic_block("entry"))
        pointers = {}
        read = [self.unit.args[i] for i in in_memory(self.unit)]
        for i, node in enumerate([*read, *self.unit.outputs]):
            kind = self._stored(node)
            pointers[node] = b.bitcast(b.load(b.gep(table, [self.i64(i)])), kind.as_pointer())
        fixed = {
            arg: self.number(arg.value)
            if isinstance(arg, Constant) and arg not in pointers
            else self._splat(b, self._from_memory(b, b.load(pointers[arg])))
            for arg, kind in self.kinds.items()
            if kind == "one"
        }
        totals = {node: b.alloca(self.kind) for node in self.unit.sums}
        for slot in totals.values():
            b.store(ir.Constant(self.kind, [0.0] * self.lanes), slot)
        if not self.has_rows:
            self._row(b, low, high, None, pointers, fixed, totals)
        else:
            with self.loop(b, low, high, 1) as row:
                start = b.mul(row, self.i64(self.row_length))
                columns = {
                    arg: self._splat(b, self._from_memory(b, b.load(b.gep(pointers[arg], [row]))))
                    for arg, kind in self.kinds.items()
                    if kind == "column"
                }
                self._row(b, self.i64(0), self.i64(self.row_length), start, pointers, {**fixed, **columns}, totals)
        for node, slot in totals.items():
            b.store(self._added_up(b, b.load(slot)), pointers[node])
        b.ret_void()
        return str(self.module_)

    def _row(
        self,
        b: Any,
        low: Any,
        high: Any,
        start: Any,
        pointers: dict[Node, Any],
        fixed: dict[Node, Vector],
        totals: dict[Node, Any],
    ) -> None:
        """Elements of a row that begins at `start`, or of the only one where that is None."""
        whole_vectors = b.add(low, b.and_(b.sub(high, low), self.i64(-self.lanes)))
        with self.loop(b, low, whole_vectors, self.lanes) as at:
            self._elements(b, at, start, None, pointers, fixed, totals)
        with b.if_then(b.icmp_signed("<", whole_vectors, high)):
            counted = self.ir.Constant(self.ir.VectorType(self.i64, self.lanes), list(range(self.lanes)))
            mask = b.icmp_signed("<", counted, self._splat(b, b.sub(high, whole_vectors)))
            self._elements(b, whole_vectors, start, mask, pointers, fixed, totals)

    def _elements(
        self,
        b: Any,
        at: Any,
        start: Any,
        mask: Any,
        pointers: dict[Node, Any],
        fixed: dict[Node, Vector],
        totals: dict[Node, Any],
    ) -> None:
        """One vector of each node; of the last ones only those behind a mask."""
        values = dict(fixed)
        place = at if start is None else b.add(start, at)
        for arg, kind in self.kinds.items():
            if kind in ("all", "row"):
                pointer = b.gep(pointers[arg], [place if kind == "all" else at])
                values[arg] = self._from_memory(b, self._load(b, pointer, mask))
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
                self._store(b, value, b.gep(pointers[node], [place]), mask)

    # Memory.

    def _stored(self, node: Node) -> Any:
        return self.i8 if node.dtype is DType.BOOL else self.scalar

    def _from_memory(self, b: Any, value: Any) -> Any:
        """A bool is a byte in memory."""
        if value.type == self.i8:
            return b.icmp_unsigned("!=", value, self.i8(0))
        if value.type == self.ir.VectorType(self.i8, self.lanes):
            zeros = self.ir.Constant(value.type, [0] * self.lanes)
            return b.icmp_unsigned("!=", value, zeros)
        return value

    def _load(self, b: Any, pointer: Any, mask: Any) -> Any:
        kind = self.ir.VectorType(pointer.type.pointee, self.lanes)
        place = b.bitcast(pointer, kind.as_pointer())
        if mask is None:
            value = b.load(place)
            value.align = 1
            return value
        # Lanes behind the end are computed too, from ones, and dropped.
        one: float | int = 1 if pointer.type.pointee == self.i8 else 1.0
        function = self._intrinsic("llvm.masked.load", kind, [place.type, self.ir.IntType(32), self.truth, kind])
        return b.call(function, [place, self.ir.IntType(32)(1), mask, self.ir.Constant(kind, [one] * self.lanes)])

    def _store(self, b: Any, value: Any, pointer: Any, mask: Any) -> None:
        place = b.bitcast(pointer, value.type.as_pointer())
        if mask is None:
            b.store(value, place).align = 1
            return
        kinds = [value.type, place.type, self.ir.IntType(32), self.truth]
        function = self._intrinsic("llvm.masked.store", self.ir.VoidType(), kinds, of=value.type)
        b.call(function, [value, place, self.ir.IntType(32)(1), mask])

    def _intrinsic(self, name: str, result: Any, kinds: Sequence[Any], of: Any = None) -> Any:
        element = (of or result).element
        letter = {"double": "f64", "float": "f32", "i8": "i8"}[str(element)]
        full = f"{name}.v{self.lanes}{letter}.p0"
        return self.declared(full, result, kinds)

    def _splat(self, b: Any, value: Any) -> Vector:
        kind = self.ir.VectorType(value.type, self.lanes)
        first = b.insert_element(self.ir.Constant(kind, self.ir.Undefined), value, self.ir.IntType(32)(0))
        zeros = self.ir.Constant(self.ir.VectorType(self.ir.IntType(32), self.lanes), [0] * self.lanes)
        return b.shuffle_vector(first, self.ir.Constant(kind, self.ir.Undefined), zeros)

    def _added_up(self, b: Any, vector: Vector) -> Any:
        parts = [b.extract_element(vector, self.ir.IntType(32)(i)) for i in range(self.lanes)]
        while len(parts) > 1:
            parts = [b.fadd(x, y) for x, y in zip(parts[::2], parts[1::2], strict=True)]
        return parts[0]

    # Numbers and functions, of vectors.

    def number(self, value: float) -> Vector:
        """The same in all lanes."""
        return self.ir.Constant(self.kind, [value] * self.lanes)

    def square(self, b: Any, x: Vector) -> Vector:
        """A product."""
        return b.fmul(x, x, flags=self.flags)

    def function(self, b: Any, name: str, args: list[Vector]) -> Vector:
        """That of the C library for vectors, or our own."""
        if name == "sqrt":
            suffix = "f64" if self.dtype is DType.FLOAT64 else "f32"
            return b.call(self.declared(f"llvm.sqrt.v{self.lanes}{suffix}", self.kind, [self.kind]), args)
        full = f"{self.prefix}{'v' * len(args)}_{name}{self.suffix}"
        if _is_there(full):
            return b.call(self.declared(full, self.kind, [self.kind] * len(args)), args)
        own = Lanes(self.ir, self.lanes, self.declared)
        # Some are the C library's for a few of the lanes.
        if name not in FUNCTIONS or not _is_there(name):
            raise NotNativeError
        if self.dtype is DType.FLOAT64:
            return own.function(b, name, args[0])
        return b.fptrunc(own.function(b, name, b.fpext(args[0], own.kind)), self.kind)
