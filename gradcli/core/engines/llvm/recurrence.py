"""A loop of numbers as one native function that has the loop in it.

Sums, products and the functions of the C library are those that Python's math takes, each rounded by itself: what is
computed is to the last bit what the same loop gives in Python, so that no digit depends on which of them ran.
"""

from __future__ import annotations

import ast
import ctypes
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from gradcli.core.engines.llvm.arithmetic import Arithmetic, NotNativeError, is_installed
from gradcli.core.engines.llvm.vectors import MOST_NODES, NAME, compiled
from gradcli.core.interrupt import check
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Constant, Node
from gradcli.core.ir.primitive import Primitive
from gradcli.core.ir.traversal import reachable

# So many operations are made between two looks at whether anybody waits for them still.
OPERATIONS_AT_ONCE = 2**22

# Functions that Python's math takes from the C library as they are; where it raises, this answers as IEEE 754 says.
_AS_IN_PYTHON = frozenset(
    (
        *("sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh"),
        *("exp", "expm1", "exp2", "log", "log1p", "log2", "log10", "cbrt", "erf", "erfc", "pow", "fmod"),
    )
)
_INSTRUCTIONS = frozenset(("sqrt", "floor", "ceil", "copysign", "fabs"))


class Recurrence(NamedTuple):
    """A step's graph of float64 and bool numbers: its inputs by what they are, its outputs carries, sums, stacks."""

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


# Called with the length, where carries start, arrays of slices, what every step reads, and arrays that stacks are put
# into; it gives the last carries and the sums.
Native = Callable[[int, Sequence[Any], Sequence[Any], Sequence[Any], Sequence[Any]], "list[float]"]


def native_recurrence(recurrence: Recurrence) -> Native | None:
    """A loop of such steps, or None where it has no machine code."""
    order = reachable([*recurrence.outputs, *recurrence.carries, *recurrence.slices, *recurrence.free])
    code = native_steps(recurrence, order, MOST_NODES)
    if code is None:
        return None
    kept, numbers = len(recurrence.carries), len(recurrence.carries) + len(recurrence.sums)
    at_once = max(1, OPERATIONS_AT_ONCE // len(order))
    state = ctypes.c_double * (numbers + len(recurrence.free))

    def run(
        length: int, starts: Sequence[Any], slices: Sequence[Any], free: Sequence[Any], stacks: Sequence[Any]
    ) -> list[float]:
        held = state(*starts, *([0.0] * (numbers - kept)), *free)
        places = [ctypes.addressof(held), *(array.ctypes.data for array in (*slices, *stacks))]
        table = (ctypes.c_void_p * len(places))(*places)
        for low in range(0, length, at_once):
            check()
            high = min(length, low + at_once)
            ends = (length - high, length - low) if recurrence.backwards else (low, high)
            code(*ends, ctypes.addressof(table))
        return held[:numbers]

    return run


def native_steps(
    recurrence: Recurrence, order: Sequence[Node], most_nodes: int
) -> Callable[[int, int, Any], None] | None:
    """The function of a first step, of the one behind the last, and of addresses; None where it has no machine code.

    The first address is that of all numbers: carries, sums, what every step reads. Those of slices and stacks follow.
    """
    if not is_installed() or len(order) > most_nodes:
        return None
    try:
        return compiled(_Emitter(recurrence, order).module())
    except NotNativeError:
        return None


class _Emitter(Arithmetic):
    """Writes the function of the first slice, of the one behind the last, and of a table of addresses.

    The first address is that of all numbers: carries, sums, what every step reads. Those of slices and stacks follow.
    """

    # Nothing is rounded together with anything else.
    flags = ()

    def __init__(self, recurrence: Recurrence, order: Sequence[Node]) -> None:
        from llvmlite import ir

        self.recurrence, self.order = recurrence, order
        super().__init__(ir.DoubleType(), ir.IntType(1))
        self.i8 = ir.IntType(8)

    def module(self) -> str:
        """The text of a module with the one function."""
        ir, r = self.ir, self.recurrence
        function = ir.Function(
            self.module_,
            ir.FunctionType(ir.VoidType(), [self.i64, self.i64, self.i8.as_pointer().as_pointer()]),
            NAME,
        )
        low, high, table = function.args
        b = ir.IRBuilder(function.append_basic_block("entry"))

        def address(i: int, kind: Any) -> Any:
            return b.bitcast(b.load(b.gep(table, [self.i64(i)])), kind.as_pointer())

        held = address(0, self.kind)
        slices = [address(1 + i, self._stored(node)) for i, node in enumerate(r.slices)]
        stacks = [address(1 + len(slices) + i, self._stored(node)) for i, node in enumerate(r.stacks)]
        carried, numbers = len(r.carries), len(r.carries) + len(r.sums)
        slots = [b.gep(held, [self.i64(i)]) for i in range(numbers + len(r.free))]
        values = {node: self._read(b, node, slot) for node, slot in zip(r.free, slots[numbers:], strict=True)}
        starts = [self._read(b, node, slot) for node, slot in zip(r.carries, slots, strict=False)]
        starts += [b.load(slot) for slot in slots[carried:numbers]]
        before = b.block
        with self.loop(b, low, high, 1) as at:
            moving = self._moving(b, at, starts, before)
            place = b.sub(b.add(low, b.sub(high, self.i64(1))), at) if r.backwards else at
            values.update(zip(r.carries, moving, strict=False))
            for i, node in enumerate(r.slices):
                values[node] = self._read(b, node, b.gep(slices[i], [place]))
            self._step(b, values)
            for node, pointer in zip(r.stacks, stacks, strict=True):
                value = values[node]
                b.store(b.zext(value, self.i8) if value.type == self.truth else value, b.gep(pointer, [place]))
            sums = [b.fadd(total, values[node]) for total, node in zip(moving[carried:], r.sums, strict=True)]
            for number, value in zip(moving, [*(values[node] for node in r.nexts), *sums], strict=True):
                number.add_incoming(value, b.block)
        for value, slot in zip(moving, slots, strict=False):
            b.store(b.uitofp(value, self.kind) if value.type == self.truth else value, slot)
        b.ret_void()
        return str(self.module_)

    def _moving(self, b: Any, at: Any, starts: Sequence[Any], before: Any) -> list[Any]:
        """A value for each number that a step changes, where the loop begins."""
        here = b.block
        b.position_before(at.parent.instructions[1])
        found = []
        for start in starts:
            number = b.phi(start.type)
            number.add_incoming(start, before)
            found.append(number)
        b.position_at_end(here)
        return found

    def _step(self, b: Any, values: dict[Node, Any]) -> None:
        for node in self.order:
            if node in values:
                continue
            if isinstance(node, Constant):
                values[node] = self.truth(int(node.value)) if node.dtype is DType.BOOL else self.number(node.value)
                continue
            values[node] = self.applied(b, node, [values[arg] for arg in node.args])
            if values[node].type != (self.truth if node.dtype is DType.BOOL else self.kind):
                raise NotNativeError

    def _stored(self, node: Node) -> Any:
        return self.i8 if node.dtype is DType.BOOL else self.kind

    def _read(self, b: Any, node: Node, pointer: Any) -> Any:
        """A bool is a byte in an array, and 0 or 1 among the numbers."""
        value = b.load(pointer)
        if value.type == self.i8:
            return b.icmp_unsigned("!=", value, self.i8(0))
        return b.fcmp_unordered("!=", value, self.number(0.0)) if node.dtype is DType.BOOL else value

    # Numbers and functions as Python has them.

    def template_of(self, op: Primitive, node: Node) -> str:
        """That of the attributes too: nothing here raises, as nothing does in a template that helpers guard."""
        template = op.template(node.attrs)
        if template is None:
            raise NotNativeError
        return template

    def number(self, value: float) -> Any:
        """Itself."""
        return self.kind(value)

    def square(self, b: Any, x: Any) -> Any:
        """As Python does."""
        return self.power(b, x, self.number(2.0))

    def power(self, b: Any, x: Any, y: Any) -> Any:
        """The C library's."""
        return self.function(b, "pow", [x, y])

    def magnitude(self, b: Any, x: Any) -> Any:
        """Without the sign."""
        return self.function(b, "fabs", [x])

    def rounded(self, b: Any, x: Any) -> Any:
        """Half to even; a whole number of Python's has no negative zero."""
        return b.fadd(b.call(self.declared("llvm.rint.f64", self.kind, [self.kind]), [x]), self.number(0.0))

    def divided(self, b: Any, operator: ast.operator, x: Any, y: Any) -> Any:
        """With the sign of the divisor, as Python's are."""
        zero, one = self.number(0.0), self.number(1.0)
        left = self.function(b, "fmod", [x, y])
        is_none = b.fcmp_ordered("==", left, zero)
        turned = b.xor(b.fcmp_ordered("<", y, zero), b.fcmp_ordered("<", left, zero))
        turned = b.and_(turned, b.not_(is_none))
        if isinstance(operator, ast.Mod):
            found = b.select(turned, b.fadd(left, y), left)
            return b.select(is_none, self.function(b, "copysign", [zero, y]), found)
        ratio = b.fdiv(b.fsub(x, left), y)
        ratio = b.select(turned, b.fsub(ratio, one), ratio)
        below = self.function(b, "floor", [ratio])
        far = b.fcmp_ordered(">", b.fsub(ratio, below), self.number(0.5))
        below = b.select(far, b.fadd(below, one), below)
        whole = b.fdiv(x, y)
        none = b.fcmp_ordered("==", ratio, zero)
        found = b.select(none, self.function(b, "copysign", [zero, whole]), below)
        return b.select(b.fcmp_ordered("==", y, zero), whole, found)

    def function(self, b: Any, name: str, args: list[Any]) -> Any:
        """An instruction, or the function of that name in the C library."""
        import llvmlite.binding as llvm

        if name in _INSTRUCTIONS:
            full = f"llvm.{name}.f64"
        elif name in _AS_IN_PYTHON and llvm.address_of_symbol(name) is not None:
            full = name
        else:
            raise NotNativeError
        return b.call(self.declared(full, self.kind, [self.kind] * len(args)), args)
