"""Modules in Python's syntax: one writer for plain Python and for each library of arrays."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from gradcli.core.export.looping import LoopText
from gradcli.core.export.naming import PYTHON_WORDS, Names, identifier, named_by, told
from gradcli.core.export.request import Plan, inner_nodes, plan_of, shape_text
from gradcli.core.export.spelling import (
    WIDTH,
    UnwrittenError,
    expression,
    is_operator,
    is_short,
    number,
    vectorised,
    wrapped,
)
from gradcli.core.ir.nodes import Constant, Node
from gradcli.core.ir.primitive import Application
from gradcli.core.ir.shapes import Shape, size_of
from gradcli.core.loops.layout import layout_of

# What is used once and is longer than this has a name and a line of its own.
LONGEST_INLINE = 44

# A template that reads an application's shapes and attributes, or one that is the same for all.
Template: TypeAlias = "str | Callable[[Application], str]"
# The text of functions that a module defines, the last of them the one that is called; and how it is called.
Helper: TypeAlias = "Callable[[Application], tuple[str, str]]"


class Syntax:
    """A target in Python's syntax.

    `templates` write primitives by name, and `helpers` those that take a function, `others` those that do where there
    is no template on math; all others are written by the
    template on Python's math that the table has, with the functions that `named` says the library calls otherwise.
    The library has the table's functions of arrays by the same names, but for those that are `lacking`; `formulas` are
    templates on math in place of the table's. `taken` are names that a module can't define, `reserved` those of
    functions that come with it.
    """

    title = ""
    library = ""
    inf, nan = "inf", "nan"
    templates: Mapping[str, Template] = {}
    helpers: Mapping[str, Helper] = {}
    others: Mapping[str, Helper] = {}
    named: Mapping[str, str] = {}
    clamps: Mapping[str, str] = {}
    lacking: frozenset[str] = frozenset()
    formulas: Mapping[str, Callable[[], str]] = {}
    taken: frozenset[str] = frozenset()
    reserved: frozenset[str] = frozenset()
    decorator = ""

    def write(self, plan: Plan) -> str:
        """The module."""
        return Module(self, plan).text()

    # What differs from target to target.

    def imports(self, text: str) -> str:
        """The lines at the top, for a module of this text."""
        raise NotImplementedError

    def needs(self, text: str) -> str:
        """What a module of this text needs, in words."""
        return self.title

    def argument(self, node: Node, name: str) -> str | None:
        """The line that makes an argument what the rest expects, where there is one."""
        raise NotImplementedError

    def array(self, node: Constant) -> str:
        """A tensor that is known."""
        raise NotImplementedError

    def returned(self, node: Constant) -> str | None:
        """A number that is a result by itself; None for as it is."""
        return None

    def operand(self, node: Constant, plain: ast.expr) -> ast.expr:
        """A number as an argument of a function."""
        return plain

    def call(self, node: Application, args: Sequence[ast.expr], module: Module) -> ast.expr:
        """An application."""
        name = node.op.name
        if node.op.stepwise is not None:
            return module.loop(node, args)
        if name in self.helpers:
            text, call = self.helpers[name](node)
            module.define(text)
            return expression(call, self._operands(node, args), node.attrs)
        found = self.templates.get(name)
        if found is not None:
            template = found if isinstance(found, str) else found(node)
            operands = self._operands(node, args)
            if name == "select":
                # A choice between a number and a tensor has the tensor's dtype, and between two numbers none.
                numbers = all(isinstance(arg, Constant) for arg in node.args[1:])
                operands = [args[0], operands[1] if numbers else args[1], args[2]]
            return self._template(node, template, args if is_operator(template) else operands, module)
        template = self.formulas[name]() if name in self.formulas else node.op.template(node.attrs) or ""
        if template and is_operator(template):
            return expression(template, args, node.attrs)
        kernel = node.op.kernel
        if isinstance(kernel, str) and kernel not in self.lacking and not node.attrs:
            return ast.Call(ast.Attribute(ast.Name(self.library), kernel), [*self._operands(node, args)], [])
        if not template:
            if name not in self.others:
                raise UnwrittenError(name)
            text, call = self.others[name](node)
            module.define(text)
            return expression(call, self._operands(node, args), node.attrs)
        return self._vectorised(node, template, args, module)

    def loop(self, loop: LoopText) -> list[str]:
        """The lines of a function that makes steps: those of a loop, which keeps in lists what each step gives.

        Raises:
            UnwrittenError: where there are none.
        """
        return loop.by_lists(self)

    def tensor(self, text: str, node: Node) -> str:
        """A value that is carried, before the first step."""
        return text

    def zeros(self, node: Node) -> str:
        """A sum, before the first step."""
        raise NotImplementedError

    def stacked(self, text: str, node: Node) -> str:
        """A tensor of a list of values, one of each step."""
        return text

    def joined(self, parts: Sequence[tuple[str, Shape]]) -> str:
        """Several values one after the other, flat."""
        raise NotImplementedError

    def _operands(self, node: Node, args: Sequence[ast.expr]) -> list[ast.expr]:
        return [
            self.operand(arg, text) if isinstance(arg, Constant) and arg.shape == () else text
            for arg, text in zip(node.args, args, strict=True)
        ]

    def _template(self, node: Application, template: str, args: Sequence[ast.expr], module: Module) -> ast.expr:
        places = re.findall(r"\{(\d+)\}", template)
        if len(places) == len(set(places)):
            return expression(template, args, node.attrs)
        return module.helper(node, lambda names: expression(template, names, node.attrs), args)

    def _vectorised(self, node: Application, template: str, args: Sequence[ast.expr], module: Module) -> ast.expr:
        def made(names: Sequence[ast.expr]) -> ast.expr:
            return vectorised(template, names, node.attrs, self.library, self.named, self.clamps)

        if is_short(template):
            return made(self._operands(node, args))
        return module.helper(node, made, self._operands(node, args))


class Module:
    """One module while it is written."""

    def __init__(self, target: Syntax, plan: Plan, within: Module | None = None) -> None:
        self._target, self._plan = target, plan
        self._top = within or self
        if within is None:
            self._helpers: list[str] = []
            self._constants: dict[str, str] = {}
            self._loops: dict[Node, str] = {}
        request = plan.request
        self._names = Names(PYTHON_WORDS | target.taken)
        self._function = self._names.fresh(request.name)
        self._called: dict[Node, ast.expr] = {}
        self._arguments = [self._names.fresh(name) for name in request.called]
        for node, name in zip(request.leaves, self._arguments, strict=True):
            self._called[node] = ast.Name(name)
        # An output has its label for a name, unless it is an argument.
        self._wanted = {
            node: "value" if identifier(label) == self._function else label
            for node, label in reversed([*zip(plan.outputs, request.labels, strict=True)])
        }

    def define(self, text: str) -> None:
        """A function, or several, that the module has once."""
        if text and text.strip() not in self._top._helpers:
            self._top._helpers.append(text.strip())

    def loop(self, node: Application, args: Sequence[ast.expr]) -> ast.expr:
        """A call of a function that has a loop in it, and that of one step before it."""
        top = self._top
        if node not in top._loops:
            # What is a loop within comes first.
            loop = LoopText(layout_of(node.attrs), node.op.told(node))
            step = Module(self._target, plan_of(loop.request("step")), top)
            lines = list(step._lines(whole=False))
            number = len(top._loops) + 1
            top._loops[node] = f"_loop_{number}"
            head = f"def _step_{number}({', '.join(step._arguments)}):"
            self.define("\n".join([head, f'    """One step of `_loop_{number}`."""', *lines]))
            self.define("\n".join([*loop.head(number), *(f"    {line}" for line in self._target.loop(loop))]))
        return ast.Call(ast.Name(top._loops[node]), [*args], [])

    def helper(
        self, node: Application, made: Callable[[Sequence[ast.expr]], ast.expr], args: Sequence[ast.expr]
    ) -> ast.expr:
        """A call of a function that is defined for a primitive with these attributes."""
        name = f"_{named_by(node)}"
        name = f"{name}_" if name in self._target.reserved else name
        names = "xyz"[: len(args)]
        body = made([ast.Name(letter) for letter in names])
        lines = [f"def {name}({', '.join(names)}):", f'    """{told(node.op.summary, node)}"""']
        while isinstance(body, ast.IfExp):
            lines += [f"    if {ast.unparse(body.test)}:", wrapped("return ", ast.unparse(body.body), "        ")]
            body = body.orelse
        self.define("\n".join([*lines, wrapped("return ", ast.unparse(body), "    ")]))
        return ast.Call(ast.Name(name), [*args], [])

    def text(self) -> str:
        """All of it."""
        request, target = self._plan.request, self._target
        defaults = [
            self._constant(node.value, name) for node, name in zip(request.parameters, self._defaults(), strict=True)
        ]
        body = [*self._lines()]
        plain, given = self._arguments[: len(request.inputs)], self._arguments[len(request.inputs) :]
        arguments = [*plain, *(f"{a}={b}" for a, b in zip(given, defaults, strict=True))]
        head = f"def {self._function}({', '.join(arguments)}):"
        if len(head) > WIDTH:
            head = "\n".join([f"def {self._function}(", *(f"    {argument}," for argument in arguments), "):"])
        lines = [*([target.decorator] if target.decorator else []), head, *self._docstring(), *body]
        function = "\n".join(lines)
        constants = "\n".join(f"{name} = {text}" for name, text in self._constants.items())
        functions = "\n\n\n".join([*self._helpers, function]) + "\n"
        header = f"# {' '.join(request.title.split())}\n# Written by gradcli {request.version}; "
        header += f"needs {target.needs(functions)}."
        imports = target.imports(f"{constants}\n{functions}").strip("\n")
        above = "\n\n".join(filter(None, (header, imports, constants)))
        return f"{above}\n\n\n{functions}"

    def _defaults(self) -> list[str]:
        return [self._names.fresh(name.upper()) for name in self._arguments[len(self._plan.request.inputs) :]]

    def _constant(self, node: Constant, name: str) -> str:
        """What stands for a constant: a tensor gets a line at the top of the module."""
        if node.shape == ():
            return ast.unparse(number(node.value, self._target.inf, self._target.nan))
        self._top._constants[name] = self._target.array(node)
        return name

    def _docstring(self) -> Iterator[str]:
        request = self._plan.request
        yield f'    """{request.labels[0]}{" and its derivatives" if len(request.labels) > 1 else ""}, as a tuple.'
        yield ""
        if request.leaves:
            yield "    Arguments:"
            for node, name, called in zip(request.leaves, self._arguments, request.called, strict=True):
                yield f"        {name}: {shape_text(node)}{f', {called}' if called != name else ''}"
            yield ""
        yield f"    returns {', '.join(request.labels)}" if len(request.labels) <= 4 else "    returns"
        if len(request.labels) > 4:
            for label, node in zip(request.labels, request.outputs, strict=True):
                yield f"        {label}: {shape_text(node)}"
        yield '    """'

    def _lines(self, whole: bool = True) -> Iterator[str]:
        """Those of the function; of one that is a part of the module its arguments are what they should be."""
        plan, target = self._plan, self._target
        read = {*plan.outputs, *(arg for node in plan.order for arg in node.args)}
        for node, name in zip(plan.request.leaves, self._arguments, strict=True):
            line = target.argument(node, name)
            if whole and line and node in read:
                yield f"    {line}"
        uses = Counter(arg for node in plan.order for arg in node.args)
        computed = set(inner_nodes(plan))
        for node in plan.order:
            if isinstance(node, Constant):
                if node.shape == ():
                    self._called[node] = number(node.value, target.inf, target.nan)
                else:
                    self._called[node] = ast.Name(self._constant(node, self._top._names.numbered("CONSTANT")))
            elif node in computed:
                assert isinstance(node, Application)
                args = [self._called[arg] for arg in node.args]
                call = target.call(node, args, self)
                text = ast.unparse(call)
                if uses[node] == 1 and node not in self._wanted and len(text) <= LONGEST_INLINE:
                    self._called[node] = call
                    continue
                if isinstance(call, ast.Name):
                    self._called[node] = call
                    continue
                wanted = self._wanted.get(node)
                name = self._names.fresh(wanted) if wanted else self._names.between(node, map(ast.unparse, args))
                self._called[node] = ast.Name(name)
                yield wrapped(f"{name} = ", text, "    ")
        yield wrapped("return ", self._result(), "    ")

    def _result(self) -> str:
        texts = []
        for node in self._plan.outputs:
            own = self._target.returned(node) if isinstance(node, Constant) and node.shape == () else None
            texts.append(own or ast.unparse(self._called[node]))
        return ", ".join(texts) + ("," if len(texts) == 1 else "")


def literal(node: Constant) -> str:
    """A tensor's elements as nested lists; one number where all are the same."""
    value: Any = node.value
    return " ".join(repr(value.tolist()).split())


def is_uniform(node: Constant) -> bool:
    """Whether all elements of a tensor are one number."""
    value: Any = node.value
    return size_of(node.shape) > 3 and bool((value == value.flat[0]).all())
