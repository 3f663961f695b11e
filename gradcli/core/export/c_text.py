"""Expressions of Python's syntax, in C."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable

from gradcli.core.export.c_helpers import HELPERS

NAMES = {
    "abs": "fabs",
    "max": "fmax",
    "min": "fmin",
    "round": "rint",
    "gamma": "tgamma",
}
# What every function of math.h, and every word of C, is called.
_WORDS = """auto break case char const continue default do double else enum extern float for goto if inline int long
    register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while main
    NULL acos acosh asin asinh atan atan2 atanh cbrt ceil copysign cos cosh erf erfc exp exp2 expm1 fabs fdim floor fma
    fmax fmin fmod frexp gamma hypot ilogb j0 j1 jn ldexp lgamma llrint llround log log10 log1p log2 logb lrint lround
    modf nan nearbyint nextafter nexttoward pow remainder remquo rint round scalbln scalbn sin sinh sqrt tan tanh tgamma
    trunc y0 y1 yn isnan isinf isfinite signbit abs div i j k l m n out element HUGE_VAL INFINITY NAN signgam exp10
    pow10 drem significand finite bool true false"""
WORDS = frozenset(_WORDS.split())

_BINARY = {ast.Add: ("+", 12), ast.Sub: ("-", 12), ast.Mult: ("*", 13), ast.Div: ("/", 13)}
_COMPARED = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}
_ATOM, _UNARY, _COMPARISON, _EQUALITY, _AND, _OR, _CHOICE = 20, 15, 10, 9, 5, 4, 3


def c_text(tree: ast.expr, define: Callable[[str], None]) -> str:
    """The text; `define` is told which functions it calls that C lacks."""
    return _Printer(define).text(tree, 0)


class _Printer:
    def __init__(self, define: Callable[[str], None]) -> None:
        self._define = define

    def text(self, tree: ast.expr, least: int) -> str:
        text, binds = self._found(tree)
        return text if binds >= least else f"({text})"

    def _found(self, tree: ast.expr) -> tuple[str, int]:
        known = _known(tree)
        if known is not None:
            return number_text(known), _ATOM if math.copysign(1, known) > 0 else _UNARY
        match tree:
            case ast.Name(id=name):
                return {"inf": "INFINITY", "nan": "NAN"}.get(name, name), _ATOM
            case ast.Attribute(attr=name):
                return {"inf": "INFINITY", "nan": "NAN"}.get(name, name), _ATOM
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                return f"-{self.text(inner, _UNARY + 1)}", _UNARY
            case ast.UnaryOp(op=ast.Not(), operand=inner):
                return f"!{self.text(inner, _UNARY)}", _UNARY
            case ast.BinOp(op=ast.Pow(), left=left, right=right):
                return self._call("pow", [left, right])
            case ast.BinOp(op=ast.Mod(), left=left, right=right):
                return self._call("remainder_of", [left, right])
            case ast.BinOp(op=ast.FloorDiv(), left=left, right=right):
                return self._call("floor_divide", [left, right])
            case ast.BinOp(op=op, left=left, right=right):
                sign, binds = _BINARY[type(op)]
                return f"{self.text(left, binds)} {sign} {self.text(right, binds + 1)}", binds
            case ast.BoolOp(op=op, values=values):
                sign, binds = ("&&", _AND) if isinstance(op, ast.And) else ("||", _OR)
                # Compilers warn of && within || without brackets.
                return f" {sign} ".join(self.text(value, _EQUALITY) for value in values), binds
            case ast.Compare():
                return self._compared(tree)
            case ast.IfExp(test=test, body=body, orelse=other):
                choice = _known_truth(test)
                if choice is not None:
                    return self._found(body if choice else other)
                return (
                    f"{self.text(test, _CHOICE + 1)} ? {self.text(body, _CHOICE + 1)} : {self.text(other, _CHOICE)}",
                    _CHOICE,
                )
            case ast.Call(func=function, args=args):
                name = function.attr if isinstance(function, ast.Attribute) else ast.unparse(function)
                return self._found(args[0]) if name == "bool" else self._call(NAMES.get(name, name), args)
        raise AssertionError(ast.dump(tree))

    def _call(self, name: str, args: list[ast.expr]) -> tuple[str, int]:
        if name in HELPERS:
            self._define(name)
        return f"{name}({', '.join(self.text(arg, 0) for arg in args)})", _ATOM

    def _compared(self, tree: ast.Compare) -> tuple[str, int]:
        links, left = [], tree.left
        for op, right in zip(tree.ops, tree.comparators, strict=True):
            if isinstance(op, ast.In):
                assert isinstance(right, ast.Tuple)
                each = [f"{self.text(left, _COMPARISON + 1)} == {self.text(value, _ATOM)}" for value in right.elts]
                return " || ".join(each), _OR
            links.append(
                f"{self.text(left, _COMPARISON + 1)} {_COMPARED[type(op)]} {self.text(right, _COMPARISON + 1)}"
            )
            left = right
        return (links[0], _EQUALITY) if len(links) == 1 else (" && ".join(links), _AND)


def number_text(value: float) -> str:
    """A number as C has it."""
    if value != value:
        return "NAN"
    if math.isinf(value):
        return "INFINITY" if value > 0 else "-INFINITY"
    return repr(float(value))


def _known(tree: ast.expr) -> float | None:
    """The number that an expression of numbers is."""
    if any(
        not isinstance(n, (ast.Constant, ast.UnaryOp, ast.BinOp, ast.operator, ast.unaryop)) for n in ast.walk(tree)
    ):
        return None
    if any(
        isinstance(n, ast.Not) or (isinstance(n, ast.Constant) and isinstance(n.value, bool)) for n in ast.walk(tree)
    ):
        return None
    return float(eval(compile(ast.fix_missing_locations(ast.Expression(tree)), "<number>", "eval"), {}))


def _known_truth(test: ast.expr) -> bool | None:
    if any(isinstance(n, (ast.Name, ast.Call, ast.Attribute)) for n in ast.walk(test)):
        return None
    return bool(eval(compile(ast.fix_missing_locations(ast.Expression(test)), "<truth>", "eval"), {}))
