"""C: a function that fills an array, in C99 with math.h."""

from __future__ import annotations

from collections.abc import Sequence

from gradcli.core.export.c_arrays import MOVES, STATEMENTS, plus
from gradcli.core.export.c_body import LETTERS, TYPES, Body, Element, Index, flat_index
from gradcli.core.export.c_loops import write_loop
from gradcli.core.export.naming import identifier
from gradcli.core.export.request import Plan, Request, plan_of, shape_text
from gradcli.core.export.spelling import UnwrittenError
from gradcli.core.ir.nodes import Constant
from gradcli.core.ir.primitive import Application
from gradcli.core.ir.shapes import Shape, size_of

# So many elements of arrays in between fit a thread's stack of a megabyte.
MOST_ELEMENTS = 2**17


class C:
    """One function of numbers and arrays, which fills an array with its results."""

    title = "C"

    def write(self, plan: Plan) -> str:
        """The module."""
        for node in plan.order:
            if node.dtype not in TYPES:
                raise UnwrittenError(node.dtype.value)
            if len(node.shape) > len(LETTERS):
                raise UnwrittenError("tensors of so many axes")
        return _Function(plan).text()


class _Function(Body):
    """The whole module, or a function that is a part of it."""

    def text(self) -> str:
        """The module."""
        request = self._plan.request
        given, arguments = self._written()
        head = f"void {self._function}({', '.join([*given, f'double out[{max(1, self._size)}]'])})"
        body = [*self._unused(given, arguments), *self.lines]
        parts = [
            "\n".join(self._constants),
            *self._helpers.values(),
            f"{self._comment(arguments)}\n{head};",
            "\n".join([head, "{", *body, "}"]),
        ]
        title = " ".join(request.title.split()).replace("\\", "/")
        return (
            f"// {title}\n// Written by gradcli {request.version}; needs C99 and math.h (link with -lm).\n\n"
            "#include <math.h>\n\n" + "\n\n".join(filter(None, parts)) + "\n"
        )

    def step(self, request: Request) -> str:
        """A function of this module, defined once for each loop."""
        inner = _Function(plan_of(request))
        inner.names, inner._helpers, inner._named, inner._constants = (
            self.names,
            self._helpers,
            self._named,
            self._constants,
        )
        inner._function = self.names.numbered("step")
        given, arguments = inner._written()
        self._stack += inner._stack
        head = f"static void {inner._function}({', '.join([*given, f'double out[{max(1, inner._size)}]'])})"
        body = [*inner._unused(given, arguments), *inner.lines]
        title = f"/* One step of {request.title}. */"
        self._helpers[inner._function] = "\n".join([title, head, "{", *body, "}"])
        return inner._function

    def room(self, name: str, size: int) -> str:
        """An array of a step's numbers."""
        fresh = self.names.numbered(name)
        self._stack += size
        self.lines.append(f"    double {fresh}[{max(1, size)}];")
        return fresh

    def _written(self) -> tuple[list[str], list[str]]:
        """The arguments as they are declared, and their names; the lines are there afterwards."""
        request = self._plan.request
        arguments = [self.names.fresh(name) for name in request.called]
        self._labels = {
            node: "value" if identifier(label) == self._function else label
            for node, label in reversed([*zip(self._plan.outputs, request.labels, strict=True)])
        }
        given: list[str] = []
        for node, name in zip(request.leaves, arguments, strict=True):
            if node in request.parameters:
                self.constant(request.parameters[request.parameters.index(node)].value, name)
            else:
                kind = TYPES[node.dtype]
                given.append(f"const {kind} {name}[{max(1, size_of(node.shape))}]" if node.shape else f"{kind} {name}")
            self.hold(node, name)
        for node in self._plan.order:
            if isinstance(node, Constant):
                self._known(node)
            elif node not in self.elements:
                assert isinstance(node, Application)
                self._write(node)
        if self._stack > MOST_ELEMENTS:
            raise UnwrittenError(f"room for arrays of {self._stack:,} elements")
        self._results()
        return given, arguments

    def _unused(self, given: Sequence[str], arguments: Sequence[str]) -> list[str]:
        """Compilers warn of arguments that nothing reads."""
        inputs = self._plan.request.inputs
        read = {*self._plan.outputs, *(arg for node in self._plan.order for arg in node.args)}
        return [f"    (void){name};" for node, name in zip(inputs, arguments, strict=False) if node not in read]

    def _comment(self, arguments: Sequence[str]) -> str:
        request = self._plan.request
        lines = []
        for node, name, called in zip(request.inputs, arguments, request.called, strict=False):
            also = f" ({called})" if called != name else ""
            lines.append(f" * {name}{also}: {shape_text(node)}{', row-major' if len(node.shape) > 1 else ''}")
        place = 0
        for node, label in zip(self._plan.outputs, request.labels, strict=True):
            size = size_of(node.shape)
            where = f"out[{place}]" if size == 1 else f"out[{place}] to out[{place + size - 1}]"
            shape = f", shape {node.shape}{', row-major' if len(node.shape) > 1 else ''}" if node.shape else ""
            lines.append(f" * {where}: {label}{shape}")
            place += size
        return "/*\n" + "\n".join(lines).replace("*/", "* /") + "\n */"

    def _write(self, node: Application) -> None:
        name = node.op.name
        if node.op.stepwise is not None:
            write_loop(self, node)
        elif node.op.pointwise and name not in STATEMENTS:
            self.pointwise(node)
        elif name in MOVES:
            for arg in node.args:
                self.settle(arg)
            self.elements[node] = MOVES[name](node, self.elements[node.args[0]])
        elif name in STATEMENTS:
            if name != "sum_to":
                for arg in node.args:
                    self.settle(arg)
            STATEMENTS[name](self, node)
        else:
            raise UnwrittenError(name)

    def _results(self) -> None:
        place = 0
        for node in self._plan.outputs:
            size = size_of(node.shape)
            direct = self.held.get(node)
            there = f"    double *const {direct} = &out[{place}];"
            if not node.shape:
                self.lines += self._broken(f"    out[{place}] = {self.c(self.elements[node](()))};")
            elif there not in self.lines:
                element, shape, start = self.elements[node], node.shape, place

                def body(
                    index: Index, element: Element = element, shape: Shape = shape, start: int = start
                ) -> list[str]:
                    return [f"out[{plus(flat_index(shape, index), start)}] = {self.c(element(index))};"]

                self.loops(shape, body)
            place += size
