"""Vectors of numbers in machine code: how many lanes there are, their memory, and functions of them.

These are the C library's, and where it has none our own; both are right to within 4 ulp.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import cache, lru_cache
from typing import Any

from gradcli.core.engines.llvm.arithmetic import Arithmetic, NotNativeError, Vector, is_installed
from gradcli.core.engines.llvm.entry import ENTRY, python_function, write_entry
from gradcli.core.engines.llvm.functions import FUNCTIONS, Lanes
from gradcli.core.engines.views import Axis
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node
from gradcli.core.records import record

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
    return _registers() is not None


@record
class Registers:
    """How many bytes a vector has, and the letter that its functions in the C library have in their names."""

    width: int
    letter: str


@cache
def _registers() -> Registers | None:
    """Those of this processor, None where it has no fused products."""
    import llvmlite.binding as llvm

    if llvm.get_process_triple().startswith(("aarch64", "arm64")):
        return Registers(16, "n")
    features = llvm.get_host_cpu_features()
    if features.get("avx512f") and features.get("avx512dq") and features.get("avx512bw"):
        return Registers(64, "e")
    return Registers(32, "d") if features.get("avx2") and features.get("fma") else None


def _is_there(name: str) -> bool:
    """Whether the C library has a function of this name."""
    import llvmlite.binding as llvm

    return llvm.address_of_symbol(name) is not None


class Code:
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
        self._function = signature(self._engine.get_function_address(NAME))
        self._entry = self._engine.get_function_address(ENTRY)

    def __call__(self, low: int, high: int, addresses: Any) -> None:
        """Run it on what an array of addresses says where to find."""
        self._function(low, high, addresses)

    @property
    def entry(self) -> Callable[..., bool] | None:
        """A function of the arrays themselves for all there is to compute, which says whether it could.

        They must lie in memory one element after the other. None where there is none.
        """
        return python_function(self._entry, self) if self._entry else None


@record
class Made:
    """Code that makes one tensor of arrays, called with 0, a length and their addresses, that of the tensor last."""

    code: Code
    arrays: tuple[Node, ...]
    length: int
    operations: int


@lru_cache(256)
def compiled(text: str) -> Code:
    """The machine code of a module's only function."""
    return Code(text)


class Vectors(Arithmetic):
    """A module about vectors of floats of one dtype."""

    def __init__(self, dtype: DType) -> None:
        from llvmlite import ir

        self.dtype = dtype
        double = self.dtype is DType.FLOAT64
        self.scalar = ir.DoubleType() if double else ir.FloatType()
        registers = _registers()
        assert registers is not None
        self.lanes = registers.width // self.dtype.itemsize
        self.suffix = "" if double else "f"
        self.prefix = f"_ZGV{registers.letter}N{self.lanes}"
        super().__init__(ir.VectorType(self.scalar, self.lanes), ir.VectorType(ir.IntType(1), self.lanes))
        self.i8, self.i64 = ir.IntType(8), ir.IntType(64)

    def opened(self, kinds: Sequence[Any]) -> tuple[Any, Any, Any, list[Any]]:
        """The one function, begun: a builder in it, its two numbers, and where arrays of these kinds lie."""
        ir = self.ir
        address = self.i8.as_pointer()
        function = ir.Function(
            self.module_, ir.FunctionType(ir.VoidType(), [self.i64, self.i64, address.as_pointer()]), NAME
        )
        low, high, table = function.args
        b = ir.IRBuilder(function.append_basic_block("entry"))
        places = [b.bitcast(b.load(b.gep(table, [self.i64(i)])), kind.as_pointer()) for i, kind in enumerate(kinds)]
        self._function, self._arrays = function, len(kinds)
        return b, low, high, places

    def closed(self, b: Any, length: int) -> str:
        """The text of the module, when the function is written, which is called with 0 and so much for all of it."""
        b.ret_void()
        write_entry(self.ir, self.module_, self._function, self._arrays, length)
        return str(self.module_)

    # Memory.

    def further(self, b: Any, places: Sequence[Any], at: Any, steps: Sequence[int]) -> list[Any]:
        """So many steps further in each of several arrays."""
        return [b.gep(place, [b.mul(at, self.i64(step))]) for place, step in zip(places, steps, strict=True)]

    @contextmanager
    def along(self, b: Any, axes: Sequence[Axis], places: Sequence[Any]) -> Iterator[Sequence[Any]]:
        """The body of a loop for each axis, one in the other: where it is in each of several arrays."""
        with ExitStack() as loops:
            for axis in axes:
                at = loops.enter_context(self.loop(b, self.i64(0), self.i64(axis.length), 1))
                places = self.further(b, places, at, axis.steps)
            yield places

    def stored(self, dtype: DType) -> Any:
        """What elements of a dtype are in memory."""
        return self.i8 if dtype is DType.BOOL else self.scalar

    def from_memory(self, b: Any, value: Any) -> Any:
        """A bool is a byte in memory."""
        if value.type == self.i8:
            return b.icmp_unsigned("!=", value, self.i8(0))
        if value.type == self.ir.VectorType(self.i8, self.lanes):
            zeros = self.ir.Constant(value.type, [0] * self.lanes)
            return b.icmp_unsigned("!=", value, zeros)
        return value

    def to_memory(self, b: Any, value: Vector) -> Vector:
        """What is stored of a vector."""
        return b.zext(value, self.ir.VectorType(self.i8, self.lanes)) if value.type == self.truth else value

    def load(self, b: Any, pointer: Any, mask: Any) -> Any:
        """A vector from memory; behind a mask some of it."""
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

    def store(self, b: Any, value: Any, pointer: Any, mask: Any) -> None:
        """A vector to memory; behind a mask some of it."""
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

    def splat(self, b: Any, value: Any) -> Vector:
        """A number in all lanes."""
        kind = self.ir.VectorType(value.type, self.lanes)
        first = b.insert_element(self.ir.Constant(kind, self.ir.Undefined), value, self.ir.IntType(32)(0))
        zeros = self.ir.Constant(self.ir.VectorType(self.ir.IntType(32), self.lanes), [0] * self.lanes)
        return b.shuffle_vector(first, self.ir.Constant(kind, self.ir.Undefined), zeros)

    def added_up(self, b: Any, vector: Vector) -> Any:
        """The sum of all lanes."""
        parts = [b.extract_element(vector, self.ir.IntType(32)(i)) for i in range(self.lanes)]
        while len(parts) > 1:
            parts = [b.fadd(x, y) for x, y in zip(parts[::2], parts[1::2], strict=True)]
        return parts[0]

    # Numbers and functions, of vectors.

    def number(self, value: float) -> Vector:
        """The same in all lanes."""
        return self.ir.Constant(self.kind, [value] * self.lanes)

    def applied(self, b: Any, node: Node, args: Sequence[Vector]) -> Vector:
        """A node's value, from those of its arguments; a bool among numbers is 0 or 1."""
        if node.kind == "cast" and args[0].type == self.truth and node.dtype is self.dtype:
            return b.select(args[0], self.number(1.0), self.number(0.0))
        return super().applied(b, node, args)

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
