"""Python's arithmetic and its math module as LLVM's instructions: for a number, or for each lane of a vector.

Sums, products and the functions of the C library are those that Python's math takes, each rounded by itself: what is
computed is to the last bit what Python computes, so that no digit depends on which of them ran.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from gradcli.core.engines.llvm.arithmetic import Arithmetic, NotNativeError, Vector
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Constant, Node
from gradcli.core.ir.primitive import Primitive

# Functions that Python's math takes from the C library as they are; where it raises, this answers as IEEE 754 says.
_AS_IN_PYTHON = frozenset(
    (
        *("sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh"),
        *("exp", "expm1", "exp2", "log", "log1p", "log2", "log10", "cbrt", "erf", "erfc", "pow", "fmod"),
    )
)
_INSTRUCTIONS = frozenset(("sqrt", "floor", "ceil", "copysign", "fabs"))


class PythonMath(Arithmetic):
    """Writes what Python computes; `wide` says of how many lanes numbers are from now on."""

    # Nothing is rounded together with anything else.
    flags = ()

    def __init__(self) -> None:
        from llvmlite import ir

        self.double, self.bit, self.i8 = ir.DoubleType(), ir.IntType(1), ir.IntType(8)
        super().__init__(self.double, self.bit)
        self._slots: dict[tuple[int, int], Any] = {}
        self._is_each_time = False
        self._made: dict[Hashable, tuple[Any, Sequence[Any]]] = {}

    def once(self, key: Hashable, args: Sequence[Any], make: Callable[[], Any]) -> Any:
        """The value that was made of these arguments before, if one was."""
        if self._is_each_time:
            return make()
        full = (key, *(str(arg) if isinstance(arg, self.ir.Constant) else id(arg) for arg in args))
        if full not in self._made:
            # The arguments are kept, so that no others get their numbers.
            self._made[full] = make(), args
        return self._made[full][0]

    @contextmanager
    def each_time(self) -> Iterator[None]:
        """Within it, what is written is not there afterwards, as in a loop."""
        self._is_each_time = True
        yield
        self._is_each_time = False

    def wide(self, lanes: int) -> None:
        """Numbers are vectors of so many lanes; of one, they are none."""
        self.kind, self.truth = self.typed(self.double, lanes), self.typed(self.bit, lanes)

    def typed(self, of: Any, lanes: int) -> Any:
        """A type, or that of a vector of it."""
        return of if lanes == 1 else self.ir.VectorType(of, lanes)

    def scalar(self, node: Constant) -> Any:
        """A constant that is a number."""
        return self.bit(int(node.value)) if node.dtype is DType.BOOL else self.double(node.value)

    def checked(self, node: Node, value: Vector) -> Vector:
        """A value that has the type that its node has.

        Raises:
            NotNativeError: where it has not.
        """
        if value.type != (self.truth if node.dtype is DType.BOOL else self.kind):
            raise NotNativeError
        return value

    def template_of(self, op: Primitive, node: Node) -> str:
        """That of the attributes too: nothing here raises, as nothing does in a template that helpers guard."""
        template = op.template(node.attrs)
        if template is None:
            raise NotNativeError
        return template

    def number(self, value: float) -> Any:
        """The same in all lanes."""
        kind = self.kind
        return kind([value] * kind.count) if isinstance(kind, self.ir.VectorType) else kind(value)

    def square(self, b: Any, x: Any) -> Any:
        """As Python does."""
        return self.power(b, x, self.number(2.0))

    def power(self, b: Any, x: Any, y: Any) -> Any:
        """The C library's."""
        return self.function(b, "pow", [x, y])

    def magnitude(self, b: Any, x: Any) -> Any:
        """Without the sign."""
        return self.once("fabs", [x], lambda: self.function(b, "fabs", [x]))

    def rounded(self, b: Any, x: Any) -> Any:
        """Half to even; a whole number of Python's has no negative zero."""
        return b.fadd(self._instruction(b, "rint", [x]), self.number(0.0))

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
            return self._instruction(b, name, args)
        if name not in _AS_IN_PYTHON or llvm.address_of_symbol(name) is None:
            raise NotNativeError
        if isinstance(self.kind, self.ir.VectorType):
            return self._lane_by_lane(b, name, args)
        return b.call(self.declared(name, self.double, [self.double] * len(args)), args)

    def _instruction(self, b: Any, name: str, args: list[Any]) -> Any:
        lanes = f"v{self.kind.count}" if isinstance(self.kind, self.ir.VectorType) else ""
        return b.call(self.declared(f"llvm.{name}.{lanes}f64", self.kind, [self.kind] * len(args)), args)

    def _lane_by_lane(self, b: Any, name: str, args: list[Any]) -> Any:
        """What the C library has for one number, for a vector that goes through memory."""
        slots = [self._slot(b, i) for i in range(len(args) + 1)]
        for slot, arg in zip(slots[1:], args, strict=True):
            b.store(arg, slot)
        first = [b.bitcast(slot, self.double.as_pointer()) for slot in slots]
        b.call(self._mapped(name, len(args)), [self.i64(self.kind.count), *first])
        return b.load(slots[0])

    def _slot(self, b: Any, i: int) -> Any:
        """A place in memory, made once, where the function begins."""
        key = (self.kind.count, i)
        if key not in self._slots:
            with b.goto_entry_block():
                self._slots[key] = b.alloca(self.kind)
        return self._slots[key]

    def _mapped(self, name: str, arity: int) -> Any:
        """A function of a count, of where results go, and of where arguments are."""
        full = f"mapped_{name}"
        found = self.module_.globals.get(full)
        if found is not None:
            return found
        ir, pointer = self.ir, self.double.as_pointer()
        found = ir.Function(self.module_, ir.FunctionType(ir.VoidType(), [self.i64, *[pointer] * (arity + 1)]), full)
        found.linkage = "internal"
        count, into, *given = found.args
        b = ir.IRBuilder(found.append_basic_block("entry"))
        one = self.declared(name, self.double, [self.double] * arity)
        with self.loop(b, self.i64(0), count, 1) as at:
            b.store(b.call(one, [b.load(b.gep(x, [at])) for x in given]), b.gep(into, [at]))
        b.ret_void()
        return found
