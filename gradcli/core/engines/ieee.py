"""Python that answers as IEEE 754 does where Python's own operations raise, for programs that stand by themselves.

A template's text is taken apart, and what may raise in it becomes a call of a helper that is printed with the program.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cache


def _caught(names: Iterable[str], error: str, otherwise: str) -> dict[str, str]:
    """A helper for each of these functions, which answers something else where the function raises."""
    return {
        f"_{name}": f"""def _{name}(x):
    try:
        return {name}(x)
    except {error}:
        return {otherwise}
"""
        for name in names
    }


# The helpers, by their names: each answers inf, -inf or nan where the function that it is called after raises.
_TEXTS: dict[str, str] = {
    "_odd": """def _odd(y):
    return y % 2.0 == 1.0
""",
    "_divide": """def _divide(a, b):
    if b != 0.0:
        return a / b
    return nan if a == 0.0 or a != a else copysign(inf, a) * copysign(1.0, b)
""",
    "_remainder": """def _remainder(a, b):
    return a % b if b != 0.0 else nan
""",
    "_floor_divide": """def _floor_divide(a, b):
    return a // b if b != 0.0 else _divide(a, b)
""",
    "_pow": """def _pow(x, y):
    try:
        return pow(x, y)
    except OverflowError:
        return -inf if x < 0.0 and _odd(y) else inf
    except ValueError:
        if x != 0.0:
            return nan
        return copysign(inf, x) if _odd(y) else inf
""",
    "_gamma": """def _gamma(x):
    try:
        return gamma(x)
    except OverflowError:
        return inf
    except ValueError:
        return copysign(inf, x) if x == 0.0 else nan
""",
}
_TEXTS |= _caught(["lgamma"], "(OverflowError, ValueError)", "inf")
_TEXTS |= _caught(["exp", "expm1", "exp2", "cosh"], "OverflowError", "inf")
_TEXTS |= _caught(["sinh"], "OverflowError", "copysign(inf, x)")
_TEXTS |= _caught(["log", "log2", "log10"], "ValueError", "-inf if x == 0.0 else nan")
_TEXTS |= _caught(["log1p"], "ValueError", "-inf if x == -1.0 else nan")
_TEXTS |= _caught(["atanh"], "ValueError", "copysign(inf, x) if abs(x) == 1.0 else nan")
_TEXTS |= _caught(["sqrt", "sin", "cos", "tan", "asin", "acos", "acosh"], "ValueError", "nan")
_TEXTS |= {
    f"_{name}": f"""def _{name}(x):
    return {name}(x) if isfinite(x) else x
"""
    for name in ("floor", "ceil", "round")
}

HELPERS = frozenset(_TEXTS)

_OPERATORS: dict[type[ast.operator], str] = {
    ast.Div: "_divide",
    ast.Mod: "_remainder",
    ast.FloorDiv: "_floor_divide",
    ast.Pow: "_pow",
}

_PLACE = re.compile(r"\{(\w+)\}")


@cache
def without_exceptions(template: str, divisors: frozenset[int] = frozenset()) -> str:
    """A template that never raises; `divisors` are the arguments that are known not to be 0.

    Where nothing in it may raise, it is the template itself, but for the module's name.
    """
    tree = ast.parse(_PLACE.sub(r"_\1", template), mode="eval")
    guarded = _Guarded(divisors)
    body = guarded.visit(tree)
    if not guarded.changed:
        return template.replace("math.", "")
    return re.sub(r"\b_(\d+|exponent|decimals)\b", r"{\1}", ast.unparse(body))


class _Guarded(ast.NodeTransformer):
    def __init__(self, divisors: frozenset[int]) -> None:
        self._divisors = {f"_{i}" for i in divisors}
        self.changed = False

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        """A helper's call, unless both sides are numbers of the template, or what is divided by is not 0."""
        self.generic_visit(node)
        helper = _OPERATORS.get(type(node.op))
        if helper is None or self._is_safe(node):
            return node
        self.changed = True
        return ast.Call(ast.Name(helper), [node.left, node.right], [])

    def _is_safe(self, node: ast.BinOp) -> bool:
        if isinstance(node.op, ast.Pow):
            return isinstance(node.left, ast.Constant)
        right = node.right
        if isinstance(right, ast.BinOp) and isinstance(right.op, ast.Pow):
            return self._is_safe(right)
        return isinstance(right, ast.Constant) or (isinstance(right, ast.Name) and right.id in self._divisors)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """The helper that is called after the function, where there is one."""
        self.generic_visit(node)
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if f"_{name}" in _TEXTS:
            self.changed = True
            name = f"_{name}"
        return ast.Call(ast.Name(name), node.args, node.keywords)


def helpers_of(text: str) -> str:
    """The helpers that a program calls, in the order of their names, each after those that it calls itself."""
    return "".join(f"{_TEXTS[name]}\n\n" for name in dict.fromkeys(_needed(text)))


def _needed(text: str) -> Iterator[str]:
    for name in sorted(set(re.findall(r"\b_\w+(?=\()", text)) & _TEXTS.keys()):
        yield from _needed(_TEXTS[name].partition("\n")[2])
        yield name
