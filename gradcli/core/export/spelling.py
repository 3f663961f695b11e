"""Templates on Python's math as expressions of Python's own syntax, and what a library makes of them on arrays."""

from __future__ import annotations

import ast
import math
import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from inspect import getsource
from typing import Any

WIDTH = 110

_PLACE = re.compile(r"\{(\w+)\}")


class UnwrittenError(Exception):
    """A primitive that a target has no words for."""


def expression(template: str, args: Sequence[ast.expr], attrs: Mapping[str, Any]) -> ast.expr:
    """A template with expressions for its operands, and its attributes as they are."""
    found: ast.expr = _Placed(args).visit(_open(template, attrs))
    return found


def vectorised(
    template: str,
    args: Sequence[ast.expr],
    attrs: Mapping[str, Any],
    library: str,
    names: Mapping[str, str],
    clamps: Mapping[str, str],
) -> ast.expr:
    """A template on numbers, as an expression on arrays."""
    tree = _Vectorised(library, names, clamps).visit(_open(template, attrs))
    found: ast.expr = _Placed(args).visit(tree)
    return found


def _open(template: str, attrs: Mapping[str, Any]) -> ast.expr:
    """A template with _0, _1, ... for its operands."""
    named = _PLACE.sub(lambda m: f"_{m[1]}" if m[1].isdigit() else f"({attrs[m[1]]!r})", template)
    return ast.parse(named, mode="eval").body


class _Placed(ast.NodeTransformer):
    def __init__(self, args: Sequence[ast.expr]) -> None:
        self._args = args

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """The operand of that number."""
        return self._args[int(node.id[1:])] if re.fullmatch(r"_\d+", node.id) else node


def number(value: bool | int | float, inf: str, nan: str) -> ast.expr:
    """A number as an expression: -2 is the negative of 2, so that its power is not another number."""
    if isinstance(value, bool):
        return ast.Constant(value)
    if value != value:
        return ast.parse(nan, mode="eval").body
    if math.copysign(1, value) < 0:
        return ast.UnaryOp(ast.USub(), number(-value, inf, nan))
    if math.isinf(value):
        return ast.parse(inf, mode="eval").body
    return ast.Constant(int(value) if isinstance(value, int) else float(value))


def is_operator(template: str) -> bool:
    """Whether a template is one operator between its operands and numbers."""
    tree = ast.parse(_PLACE.sub(r"_\1", template), mode="eval").body
    if not isinstance(tree, (ast.BinOp, ast.UnaryOp, ast.Compare)) or isinstance(getattr(tree, "op", None), ast.Not):
        return False
    return all(not isinstance(n, (ast.Call, ast.IfExp)) for n in ast.walk(tree)) and len(_PLACE.findall(template)) < 3


def is_short(template: str) -> bool:
    """Whether a template is best read where it is used: each operand once, and no choice."""
    places = _PLACE.findall(template)
    return len(places) == len(set(places)) and " if " not in template and len(template) < 40


def wrapped(head: str, text: str, indent: str) -> str:
    """A statement that begins with `head`; one too long for a line has an argument of its call to a line."""
    if len(indent) + len(head) + len(text) <= WIDTH:
        return f"{indent}{head}{text}"
    tree = ast.parse(text, mode="eval").body
    if isinstance(tree, ast.Call):
        return "\n".join(_in_lines(tree, f"{indent}{head}", indent, ""))
    return "\n".join([f"{indent}{head}(", *filled(text, f"{indent}    "), f"{indent})"])


def _in_lines(tree: ast.expr, head: str, indent: str, end: str) -> list[str]:
    text = ast.unparse(tree)
    if len(head) + len(text) + len(end) <= WIDTH:
        return [f"{head}{text}{end}"]
    if not isinstance(tree, ast.Call):
        first, *rest = filled(f"{text}{end}", indent)
        return [f"{head}{first.lstrip()}", *rest]
    lines = [f"{head}{ast.unparse(tree.func)}("]
    for arg in tree.args:
        lines += _in_lines(arg, f"{indent}    ", f"{indent}    ", ",")
    for word in tree.keywords:
        lines.append(f"{indent}    {word.arg}={ast.unparse(word.value)},")
    return [*lines, f"{indent}){end}"]


def filled(text: str, indent: str) -> list[str]:
    """A text in lines that are not too long."""
    return textwrap.wrap(
        text, WIDTH, initial_indent=indent, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def array_lines(opened: str, elements: str, closed: str) -> str:
    """The text of a tensor, its elements in lines where one does not hold them."""
    if len(opened) + len(elements) + len(closed) <= WIDTH - 20:
        return f"{opened}{elements}{closed}"
    ended = closed.removeprefix(", ")
    return "\n".join([opened, *filled(f"{elements},", "    "), f"    {ended.removesuffix(')')},", ")"])


class _Vectorised(ast.NodeTransformer):
    """A template on numbers, as an expression on arrays: choices become `where`, functions those of a library.

    `names` are the functions that the library calls otherwise than math. Where its functions take nothing but arrays,
    `clamps` are templates of the larger and the smaller of an array and a number.
    """

    def __init__(self, library: str, names: Mapping[str, str], clamps: Mapping[str, str]) -> None:
        self._library, self._names, self._clamps = library, names, clamps

    def _of(self, name: str) -> ast.expr:
        return ast.Attribute(ast.Name(self._library), name)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """The library's function; a function of numbers alone is computed now."""
        self.generic_visit(node)
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name == "bool":
            return node.args[0]
        if isinstance(node.func, ast.Attribute) and all(isinstance(arg, ast.Constant) for arg in node.args):
            return ast.Constant(getattr(math, name)(*(arg.value for arg in node.args)))  # type: ignore[attr-defined]
        if name == "pow":
            return ast.BinOp(node.args[0], ast.Pow(), node.args[1])
        if name in self._clamps and isinstance(node.args[1], ast.Constant):
            return expression(self._clamps[name], node.args, {})
        if self._clamps:
            node.args = [self._like(arg) if _is_number(arg) else arg for arg in node.args]
        return ast.Call(self._of(self._names.get(name, name)), node.args, [])

    def _like(self, value: ast.expr) -> ast.expr:
        """A number in the dtype of the first operand."""
        return ast.Call(self._of("full_like"), [ast.Name("_0"), value], [])

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        """Where the condition holds, one, else the other."""
        self.generic_visit(node)
        if _is_number(node.body) and _is_number(node.orelse):
            # Two numbers have no dtype of their own.
            node.body = self._like(node.body)
        return ast.Call(self._of("where"), [node.test, node.body, node.orelse], [])

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        """Conditions element by element."""
        self.generic_visit(node)
        op = ast.BitAnd() if isinstance(node.op, ast.And) else ast.BitOr()
        first, *rest = node.values
        for value in rest:
            first = ast.BinOp(first, op, value)
        return first

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        """A chain as its links; a list of numbers as a comparison with each."""
        self.generic_visit(node)
        links: list[ast.expr] = []
        left = node.left
        for op, right in zip(node.ops, node.comparators, strict=True):
            if isinstance(op, ast.In):
                assert isinstance(right, ast.Tuple)
                each: list[ast.expr] = [ast.Compare(left, [ast.Eq()], [value]) for value in right.elts]
                links.append(self.visit_BoolOp(ast.BoolOp(ast.Or(), each)))
            else:
                links.append(ast.Compare(left, [op], [right]))
            left = right
        return links[0] if len(links) == 1 else self.visit_BoolOp(ast.BoolOp(ast.And(), links))

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """Inf and nan are the library's."""
        return self._of(node.id) if node.id in ("inf", "nan") else node


def _is_number(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) or (isinstance(node, ast.UnaryOp) and _is_number(node.operand))


def source_of(functions: Sequence[Callable[..., Any]], library: str, renamed: Mapping[str, str]) -> str:
    """Functions of an array library `xp` as that library's own, by the text that gradcli itself runs.

    `renamed` are names of theirs that the module has under others.
    """
    texts = []
    for function in functions:
        tree = ast.parse(textwrap.dedent(getsource(function)))
        texts.append(ast.unparse(ast.fix_missing_locations(_Bound(library, renamed).visit(tree))))
    return "\n\n\n".join(texts) + "\n"


# What a kernel is given, and a module imports.
_GIVEN = ("xp", "special")


class _Bound(ast.NodeTransformer):
    def __init__(self, library: str, renamed: Mapping[str, str]) -> None:
        self._library, self._renamed = library, renamed

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        """Without types, and without the library as a parameter."""
        self.generic_visit(node)
        node.name = self._renamed.get(node.name, node.name)
        node.returns = None
        node.args.args = [ast.arg(a.arg) for a in node.args.args if a.arg not in _GIVEN]
        node.args.kwonlyargs = [ast.arg(a.arg) for a in node.args.kwonlyargs]
        node.body = [line for line in node.body if not _takes_scipy(line)]
        return node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """The library is no argument."""
        if isinstance(node.func, ast.Name) and node.func.id == "scipy_special":
            return ast.Name("special")
        node.args = [arg for arg in node.args if not (isinstance(arg, ast.Name) and arg.id in _GIVEN)]
        self.generic_visit(node)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        """The library by its name."""
        self.generic_visit(node)
        node.attr = self._renamed.get(f".{node.attr}", node.attr)
        return node

    def visit_Name(self, node: ast.Name) -> ast.Name:
        """A name of the module."""
        return ast.Name(self._library if node.id == "xp" else self._renamed.get(node.id, node.id))


def _takes_scipy(line: ast.stmt) -> bool:
    return isinstance(line, ast.Assign) and ast.unparse(line.value) == "special"
