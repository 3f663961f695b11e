"""Plain Python, on its math module alone: what is made of numbers."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Sequence

from gradcli.core.engines.ieee import HELPERS, helpers_of, without_exceptions
from gradcli.core.export.python_lists import is_row, of_rows
from gradcli.core.export.spelling import WIDTH, UnwrittenError, expression, filled, is_operator, is_short
from gradcli.core.export.syntax import Module, Syntax, literal
from gradcli.core.ir.nodes import Constant, Node
from gradcli.core.ir.primitive import Application
from gradcli.core.ir.shapes import Shape
from gradcli.core.ir.templates import SCALARS, has_template


class Python(Syntax):
    """Numbers on the math module; where that raises, inf and nan as IEEE 754 says."""

    title = "Python's math module alone"
    taken = frozenset(vars(math))
    reserved = HELPERS

    def imports(self, text: str) -> str:
        """Of math what is used, then the functions that answer where math raises."""
        helpers = helpers_of(text)
        code = re.sub(r"#.*|\"\"\"(?s:.*?)\"\"\"", "", f"{helpers}{text}")
        used = sorted(set(re.findall(r"(?<![\w.])([a-z]\w*)\b", code)) & (vars(math).keys() - {"pow"} | {"inf", "nan"}))
        used += ["pow"] if re.search(r"(?<![\w.])pow\(", code) else []
        line = f"from math import {', '.join(sorted(used))}\n" if used else ""
        return f"{line}\n\n{helpers.strip()}\n" if helpers else line

    def argument(self, node: Node, name: str) -> str | None:
        """As it comes."""
        if node.shape != () or node.dtype not in SCALARS:
            raise UnwrittenError("tensors" if node.shape != () else node.dtype.value)
        return None

    def array(self, node: Constant) -> str:
        """A list, of which a loop takes a number for each step."""
        if len(node.shape) != 1:
            raise UnwrittenError("tensors")
        text = literal(node)
        return text if len(text) < WIDTH - 20 else "\n".join(["[", *filled(f"{text[1:-1]},", "    "), "]"])

    def zeros(self, node: Node) -> str:
        """A number."""
        return "0.0"

    def joined(self, parts: Sequence[tuple[str, Shape]]) -> str:
        """A list."""
        return f"[{', '.join(f'*{name}' if shape else name for name, shape in parts)}]"

    def call(self, node: Application, args: Sequence[ast.expr], module: Module) -> ast.expr:
        """The template of the table, made to answer where it would raise."""
        if node.op.stepwise is not None:
            return module.loop(node, args)
        if is_row(node):
            found = of_rows(node, args, lambda numbers: self._of_numbers(node, numbers, module))
            if found is None:
                raise UnwrittenError("tensors")
            return found
        if not has_template(node):
            raise UnwrittenError(node.op.name if node.shape == () and node.dtype in SCALARS else "tensors")
        return self._of_numbers(node, args, module)

    def _of_numbers(self, node: Application, args: Sequence[ast.expr], module: Module) -> ast.expr:
        known = (i for i, arg in enumerate(node.args) if isinstance(arg, Constant) and arg.shape == () and arg.value)
        plain = node.op.template(node.attrs) or ""
        template = without_exceptions(plain, frozenset(known))
        if is_operator(plain) or is_short(plain) or node.op.name == "select":
            return expression(template, args, node.attrs)
        template = without_exceptions(plain)
        return module.helper(node, lambda names: expression(template, names, node.attrs), args)
