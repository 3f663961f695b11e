"""What templates on Python's math say, as LLVM's instructions: for one number, or for all lanes of a vector."""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache, lru_cache, partial
from typing import Any

from gradcli.core.ir.nodes import Node
from gradcli.core.ir.primitive import Primitive

Vector = Any  # a value of llvmlite's IR builder, which has no types


class NotNativeError(Exception):
    """Something that has no form here."""


@cache
def has_llvmlite() -> bool:
    """Whether llvmlite is there, which is found out without loading it."""
    return importlib.util.find_spec("llvmlite") is not None


@cache
def is_installed() -> bool:
    """Whether llvmlite is there, and can make code for this machine."""
    if not has_llvmlite():
        return False
    try:
        import llvmlite.binding as llvm

        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
    except (ImportError, OSError, RuntimeError):
        return False
    with suppress(RuntimeError):
        # Elsewhere its functions are a part of every process.
        llvm.load_library_permanently("libm.so.6")
    return True


@lru_cache(1_000)
def _parsed(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


class Arithmetic:
    """A module that is written. What a number and a function are is the matter of who inherits.

    `flags` are those of sums and products, such as "contract", by which they may be rounded once together.
    """

    flags: tuple[str, ...] = ("contract",)

    def __init__(self, kind: Any, truth: Any) -> None:
        from llvmlite import ir

        self.ir, self.kind, self.truth = ir, kind, truth
        self.i64 = ir.IntType(64)
        self.module_ = ir.Module()

    def number(self, value: float) -> Vector:
        """A number that is known."""
        raise NotImplementedError

    def square(self, b: Any, x: Vector) -> Vector:
        """x**2."""
        raise NotImplementedError

    def function(self, b: Any, name: str, args: list[Vector]) -> Vector:
        """A function of math.

        Raises:
            NotNativeError: where there is none.
        """
        raise NotImplementedError

    def power(self, b: Any, x: Vector, y: Vector) -> Vector:
        """x**y for numbers that templates write so."""
        raise NotNativeError

    def magnitude(self, b: Any, x: Vector) -> Vector:
        """Its absolute value."""
        return b.select(b.fcmp_ordered("<", x, self.number(0.0)), b.fneg(x), b.fadd(x, self.number(0.0)))

    def divided(self, b: Any, operator: ast.operator, x: Vector, y: Vector) -> Vector:
        """X % y or x // y."""
        raise NotNativeError

    def rounded(self, b: Any, x: Vector) -> Vector:
        """The nearest whole number."""
        raise NotNativeError

    def template_of(self, op: Primitive, node: Node) -> str:
        """What is computed."""
        # A template of several forms relies on it that math raises at the ends of the domain.
        if not isinstance(op.math, str):
            raise NotNativeError
        return op.math

    def once(self, key: Hashable, args: Sequence[Vector], make: Callable[[], Vector]) -> Vector:
        """What `make` makes of the arguments; whoever writes one line after the other makes it once."""
        return make()

    def declared(self, name: str, result: Any, kinds: Sequence[Any]) -> Any:
        """A function from outside, declared once."""
        found = self.module_.globals.get(name)
        return found or self.ir.Function(self.module_, self.ir.FunctionType(result, list(kinds)), name)

    def applied(self, b: Any, node: Node, args: Sequence[Vector]) -> Vector:
        """A node's value, from those of its arguments."""
        op = node.op
        if not isinstance(op, Primitive):
            raise NotNativeError
        names = {f"x{i}": arg for i, arg in enumerate(args)}
        return self._expression(b, _parsed(self.template_of(op, node).format(*names, **node.attrs)), names)

    def _expression(self, b: Any, e: ast.expr, names: dict[str, Vector]) -> Vector:
        match e:
            case ast.Name(id=name) if name in names:
                return names[name]
            case ast.Name(id="inf" | "nan" as name):
                return self.number(float(name))
            case ast.Constant(value=bool()):
                raise NotNativeError
            case ast.Constant(value=int() | float() as value):
                return self.number(float(value))
            case ast.UnaryOp(op=ast.USub(), operand=x):
                value = self._expression(b, x, names)
                return self.once("-", [value], lambda: b.fneg(value))
            case ast.UnaryOp(op=ast.Not(), operand=x):
                return b.not_(self._truth(b, self._expression(b, x, names)))
            case ast.BinOp(op=ast.Pow(), left=x, right=ast.Constant(value=2)):
                return self.square(b, self._expression(b, x, names))
            case ast.BinOp(left=x, op=ast.Pow(), right=y):
                return self.power(b, self._expression(b, x, names), self._expression(b, y, names))
            case ast.BinOp(left=x, op=ast.Mod() | ast.FloorDiv() as operator, right=y):
                return self.divided(b, operator, self._expression(b, x, names), self._expression(b, y, names))
            case ast.BinOp(left=x, op=operator, right=y):
                apply = {ast.Add: b.fadd, ast.Sub: b.fsub, ast.Mult: b.fmul, ast.Div: b.fdiv}.get(type(operator))
                if apply is None:
                    raise NotNativeError
                pair = [self._expression(b, x, names), self._expression(b, y, names)]
                return self.once(type(operator).__name__, pair, partial(apply, *pair, flags=self.flags))
            case ast.BoolOp(op=operator, values=parts):
                values = [self._truth(b, self._expression(b, part, names)) for part in parts]
                joined = values[0]
                for value in values[1:]:
                    joined = b.and_(joined, value) if isinstance(operator, ast.And) else b.or_(joined, value)
                return joined
            case ast.Compare(left=x, ops=[operator], comparators=[y]):
                return self._compared(b, operator, self._expression(b, x, names), self._expression(b, y, names))
            case ast.IfExp(test=test, body=x, orelse=y):
                condition = self._truth(b, self._expression(b, test, names))
                return b.select(condition, *(self._expression(b, part, names) for part in (x, y)))
            case ast.Call(func=function, args=arguments):
                return self._called(b, function, [self._expression(b, a, names) for a in arguments])
        raise NotNativeError

    def _truth(self, b: Any, value: Vector) -> Vector:
        """A number is true where it is not 0."""
        return value if value.type == self.truth else b.fcmp_unordered("!=", value, self.number(0.0))

    def _compared(self, b: Any, operator: ast.cmpop, x: Vector, y: Vector) -> Vector:
        signs = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}
        sign = signs.get(type(operator))
        if sign is None:
            raise NotNativeError
        if x.type == self.truth:
            if sign not in ("==", "!="):
                raise NotNativeError
            return b.icmp_unsigned(sign, x, y)
        return b.fcmp_unordered("!=", x, y) if sign == "!=" else b.fcmp_ordered(sign, x, y)

    def _called(self, b: Any, function: ast.expr, args: list[Vector]) -> Vector:
        match function, args:
            case ast.Name(id="bool"), [x]:
                return x
            case ast.Name(id="abs"), [x]:
                return self.magnitude(b, x)
            case ast.Name(id="round"), [x]:
                return self.rounded(b, x)
            case ast.Name(id="min"), [x, y]:
                return b.select(b.fcmp_ordered("<", y, x), y, x)
            case ast.Name(id="max"), [x, y]:
                return b.select(b.fcmp_ordered(">", y, x), y, x)
            case ast.Attribute(attr=name), _:
                return self.once(name, args, lambda: self.function(b, name, args))
        raise NotNativeError

    @contextmanager
    def loop(self, b: Any, low: Any, high: Any, step: int) -> Iterator[Any]:
        """The body of a loop over numbers from `low` to below `high`; afterwards the builder stands behind it."""
        before, head, body, end = (
            b.block,
            b.append_basic_block("head"),
            b.append_basic_block("body"),
            b.append_basic_block("end"),
        )
        b.branch(head)
        b.position_at_end(head)
        at = b.phi(self.i64)
        at.add_incoming(low, before)
        b.cbranch(b.icmp_signed("<", at, high), body, end)
        b.position_at_end(body)
        yield at
        at.add_incoming(b.add(at, self.i64(step)), b.block)
        b.branch(head)
        b.position_at_end(end)
