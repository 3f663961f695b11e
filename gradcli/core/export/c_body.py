"""What a function in C is made of while it is written: values by name or by element, loops, helpers."""

from __future__ import annotations

import ast
import textwrap
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from gradcli.core.export.c_helpers import CALLS, HELPERS
from gradcli.core.export.c_text import WORDS, c_text, number_text
from gradcli.core.export.naming import Names, named_by, told
from gradcli.core.export.request import Plan
from gradcli.core.export.spelling import UnwrittenError, expression, is_operator, is_short
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Constant, Node
from gradcli.core.ir.primitive import Application
from gradcli.core.ir.shapes import Shape, size_of

WIDTH = 110
LONGEST_INLINE = 60
LETTERS = "ijklmn"

Index: TypeAlias = "Sequence[str]"
Element: TypeAlias = "Callable[[Index], ast.expr]"

TYPES = {DType.FLOAT64: "double", DType.INT64: "long long", DType.BOOL: "int"}


def flat_index(shape: Shape, index: Index) -> str:
    """The place of an element in a row-major array."""
    terms, stride = [], 1
    for n, at in reversed([*zip(shape, index, strict=True)]):
        if n != 1 and at != "0":
            bare = at.isidentifier() or at.isdigit() or at.endswith(")")
            terms.append(at if stride == 1 else f"{stride} * {at if bare else f'({at})'}")
        stride *= n
    return " + ".join(reversed(terms)) or "0"


def own_index(shape: Shape, whole: Shape, index: Index) -> Index:
    """The index of an operand that is stretched to a whole."""
    lead = len(whole) - len(shape)
    return ["0" if n == 1 else i for n, i in zip(shape, index[lead:], strict=True)]


class Body:
    """The lines of one function.

    `elements` gives each value's element at an index; `held` are the variables and arrays that values are in. What is
    pointwise and used once is written where it is used, and so is what only moves elements.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.names = Names(WORDS | HELPERS.keys())
        self._function = self.names.fresh(plan.request.name)
        self._helpers: dict[str, str] = {}
        self._named: dict[str, str] = {}
        self._constants: list[str] = []
        self.lines: list[str] = []
        self.elements: dict[Node, Element] = {}
        self.held: dict[Node, str] = {}
        self._stack = 0
        self._uses = Counter(arg for node in plan.order for arg in node.args)
        self._users: dict[Node, list[Node]] = {}
        for node in plan.order:
            for arg in node.args:
                self._users.setdefault(arg, []).append(node)
        self._places: dict[Node, int] = {}
        place = 0
        for node in plan.outputs:
            if node not in self._places:
                self._places[node] = place
            place += size_of(node.shape)
        self._size = place
        self._labels: dict[Node, str] = {}

    # Values: what is in memory or in a variable, and what is written where it is used.

    def hold(self, node: Node, name: str) -> None:
        """Say that a value is in a variable or an array."""
        self.held[node] = name
        shape = node.shape
        self.elements[node] = lambda index: ast.Name(f"{name}[{flat_index(shape, index)}]" if shape else name)

    def constant(self, node: Constant, name: str) -> None:
        """A line for a value that is known."""
        kind = TYPES[node.dtype]
        if node.shape == ():
            self._constants.append(f"static const {kind} {name} = {self.literal(node.value, node.dtype)};")
            return
        value: Any = node.value
        texts = ", ".join(self.literal(v, node.dtype) for v in value.ravel().tolist()) or "0"
        head = f"static const {kind} {name}[{max(1, size_of(node.shape))}] = {{"
        comment = f" // shape {node.shape}, row-major" if len(node.shape) > 1 else ""
        if len(head) + len(texts) + 2 <= WIDTH:
            self._constants.append(f"{head}{texts}}};{comment}")
            return
        lines = textwrap.wrap(texts, WIDTH - 4, break_long_words=False, break_on_hyphens=False)
        self._constants.append("\n".join([f"{head}{comment}", *(f"    {line}" for line in lines), "};"]))

    @staticmethod
    def literal(value: bool | int | float, dtype: DType) -> str:
        """A number of some type."""
        return number_text(value) if dtype.is_float else str(int(value))

    def _known(self, node: Constant) -> None:
        if node.shape == ():
            text = self.literal(node.value, node.dtype)
            # An operand of the printer; a negative one in brackets of its own.
            tree = ast.parse(text.replace("INFINITY", "inf").replace("NAN", "nan"), mode="eval").body
            tree = tree if node.dtype.is_float else ast.Name(text if int(node.value) >= 0 else f"({text})")
            self.elements[node] = lambda index: tree
            return
        name = self.names.numbered("constant")
        self.constant(node, name)
        self.hold(node, name)

    def c(self, tree: ast.expr) -> str:
        """An expression as text."""
        return c_text(tree, self.define)

    def define(self, name: str) -> None:
        """Have a function that C lacks, and those that it calls."""
        for needed in CALLS.get(name, []):
            self.define(needed)
        self._helpers.setdefault(name, HELPERS[name])

    def memory(self, node: Node) -> str:
        """The name of an array that holds a value."""
        if node not in self.held:
            element = self.elements[node]
            self.fill(node, lambda index: element(index))
        return self.held[node]

    def name_of(self, node: Node) -> str:
        """A free name for a value: its label where it is a result."""
        label = self._labels.get(node)
        if label:
            return self.names.fresh(label)
        return self.names.between(node, [self.held.get(arg, "1") for arg in node.args])

    def declare(self, node: Node, zeros: bool = False) -> str:
        """An array for a value, or its place among the results."""
        name = self.name_of(node)
        size = max(1, size_of(node.shape))
        if node in self._places and node.dtype is DType.FLOAT64:
            self.lines.append(f"    double *const {name} = &out[{self._places[node]}];")
            if zeros:
                self.loops((size,), lambda index: [f"{name}[{index[0]}] = 0.0;"])
        else:
            self._stack += size
            self.lines.append(f"    {TYPES[node.dtype]} {name}[{size}]{' = {0}' if zeros else ''};")
        self.hold(node, name)
        return name

    def loops(self, shape: Shape, body: Callable[[Index], list[str]], depth: int = 1) -> None:
        """A body for each index of a shape; an axis of length 1 needs no loop."""
        index = [LETTERS[i] if n != 1 else "0" for i, n in enumerate(shape)]
        indent = "    " * depth
        for letter, n in zip(index, shape, strict=True):
            if letter != "0":
                self.lines.append(f"{indent}for (int {letter} = 0; {letter} < {n}; {letter}++) {{")
                indent += "    "
        lines = body(index)
        # A variable of the body lives in brackets.
        if lines[0].startswith("const ") and all(letter == "0" for letter in index):
            lines = ["{", *(f"    {line}" for line in lines), "}"]
        for line in lines:
            self.lines += self._broken(f"{indent}{line}")
        for letter in index:
            if letter != "0":
                indent = indent[4:]
                self.lines.append(f"{indent}}}")

    @staticmethod
    def _broken(line: str) -> list[str]:
        indent = " " * (len(line) - len(line.lstrip()))
        return (
            textwrap.wrap(
                line, WIDTH, subsequent_indent=f"{indent}    ", break_long_words=False, break_on_hyphens=False
            )
            if len(line) > WIDTH
            else [line]
        )

    def fill(self, node: Node, element: Element) -> None:
        """A variable, or an array and the loops that fill it."""
        if node.shape == ():
            name = self.name_of(node)
            self.lines += self._broken(f"    const {TYPES[node.dtype]} {name} = {self.c(element(()))};")
            self.hold(node, name)
            return
        name = self.declare(node)
        shape = node.shape
        self.loops(shape, lambda index: [f"{name}[{flat_index(shape, index)}] = {self.c(element(index))};"])

    def settle(self, node: Node) -> None:
        """Have a value computed once, where it is used more often."""
        if isinstance(node, Application) and node.op.pointwise and node not in self.held:
            self.memory(node)

    def pointwise(self, node: Application) -> None:
        """What each element is, in memory where it is used more than once."""
        args = node.args

        def element(index: Index) -> ast.expr:
            found = [self.elements[arg](own_index(arg.shape, node.shape, index)) for arg in args]
            return self._applied(node, found)

        self.elements[node] = element
        users = self._users.get(node, [])
        alone = self._uses[node] == 1 and node not in self._labels
        fits = all(
            (isinstance(u, Application) and (u.op.pointwise and u.shape == node.shape)) or u.kind == "sum_to"
            for u in users
        )
        probe = [LETTERS[i] for i in range(len(node.shape))]
        if not (alone and fits and len(self.c(element(probe))) <= LONGEST_INLINE):
            self.fill(node, element)

    def _applied(self, node: Application, args: list[ast.expr]) -> ast.expr:
        name = node.op.name
        if name == "cast":
            return self._cast(node, args[0])
        if name == "stop_gradient":
            return args[0]
        template = node.op.template(node.attrs)
        if template is None:
            raise UnwrittenError(name)
        whole = DType.INT64 in (node.dtype, *(arg.dtype for arg in node.args))
        if whole and not (name == "select" or (is_operator(template) and "%" not in template and "/" not in template)):
            raise UnwrittenError(f"{name} of int64")
        if is_operator(template) or is_short(template) or name == "select":
            return expression(template, args, node.attrs)
        return ast.Call(ast.Name(self._helper(node, template)), args, [])

    def _helper(self, node: Application, template: str) -> str:
        key = named_by(node)
        if key not in self._named:
            name = self._named[key] = self.names.fresh(key)
            names = "xyz"[: len(node.args)]
            body = expression(template, [ast.Name(letter) for letter in names], node.attrs)
            lines = [f"/* {told(node.op.summary, node)} */"]
            lines += [f"static double {name}({', '.join(f'double {letter}' for letter in names)})", "{"]
            while isinstance(body, ast.IfExp):
                lines += [
                    f"    if ({self.c(body.test)}) {{",
                    *self._broken(f"        return {self.c(body.body)};"),
                    "    }",
                ]
                body = body.orelse
            self._helpers[name] = "\n".join([*lines, *self._broken(f"    return {self.c(body)};"), "}"])
        return self._named[key]

    def _cast(self, node: Node, arg: ast.expr) -> ast.expr:
        before = node.args[0].dtype
        if node.dtype is before or (node.dtype is DType.FLOAT64 and before is DType.BOOL):
            return arg
        if node.dtype is DType.BOOL:
            return ast.Compare(arg, [ast.NotEq()], [ast.Constant(0)])
        return ast.Name(f"({TYPES[node.dtype]})({self.c(arg)})")
