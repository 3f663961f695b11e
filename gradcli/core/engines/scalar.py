"""The scalar engine: a graph of float64 scalars as straight-line Python on the math module."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from gradcli.core.engines.protocol import Data, Graph
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Constant, Node
from gradcli.core.ir.primitive import Application
from gradcli.core.ir.templates import SCALARS, function_for, has_ball, has_template

# NumPy takes a hundred times as long for numbers: what refuses so often gets helpers that answer.
OFTEN_REFUSED = 8

# Python takes so long to compile more nodes that they are gone through one by one before that pays.
LONG = 1_000

ScalarFunction: TypeAlias = "Callable[..., tuple[float | bool, ...]]"


def suits_scalar(order: Sequence[Node], inputs: Sequence[Node] = (), by_balls: bool = False) -> bool:
    """Whether every node is a float64 or bool scalar with a template on math, or if asked for with a ball."""
    given = set(inputs)
    # What suits of applications without attributes, which are alike.
    suit: set[tuple[object, DType]] = set()
    for node in order:
        kind = (node.op, node.dtype)
        if kind in suit and node.shape == () and not node.attrs:
            continue
        if has_template(node) or (by_balls and has_ball(node)):
            if not node.attrs:
                suit.add(kind)
        elif node.shape != () or node.dtype not in SCALARS or not (isinstance(node, Constant) or node in given):
            return False
    return True


def is_long(order: Sequence[Node]) -> bool:
    """Whether a program of numbers is made in little time, and compiled when it has run often."""
    return len(order) >= LONG


def compile_scalar(
    order: Sequence[Node], outputs: Sequence[Node], inputs: Sequence[Node], otherwise: Callable[..., object]
) -> ScalarFunction:
    """The program; where math refuses what IEEE 754 answers, `otherwise` is asked."""
    from gradcli.core.engines.straight import compiled, frame_of, lines_of

    special: dict[str, Callable[..., float]] = {}
    lines = lines_of(order, outputs, inputs, lambda node: _template(node, special))
    return compiled(lines, frame_of(lines), otherwise, special)


def _template(node: Node, special: dict[str, Callable[..., float]]) -> str:
    """That of the table, or a call of what math lacks, which is put beside the names of math."""
    from gradcli.core.engines.straight import plain_template

    if not has_ball(node):
        return plain_template(node)
    assert isinstance(node, Application)
    name = f"_special{len(special)}"
    special[name] = by_ball(node)
    return f"{name}({', '.join(f'{{{i}}}' for i in range(len(node.args)))})"


def function_on_numbers(node: Application) -> Callable[..., float | bool]:
    """What a node computes of numbers that are its arguments; it raises where math, or a ball, has no value."""
    return by_ball(node) if has_ball(node) else function_for(node.op, len(node.args), node.attrs)


def by_ball(node: Application) -> Callable[..., float]:
    """What math lacks, as a function of floats, which raises where it has no value."""
    from gradcli.core.engines.balls.numbers import number_function

    return number_function(node.op, node.attrs)


def compile_guarded(graph: Graph, otherwise: Callable[..., object]) -> ScalarFunction:
    """The program with helpers where math would refuse; `otherwise` is asked where balls do."""
    from gradcli.core.engines.ieee import HELPERS, helpers_of, without_exceptions
    from gradcli.core.engines.straight import SCOPE, compiled, frame_of, lines_of

    special: dict[str, Callable[..., float]] = {}
    lines = lines_of(
        graph.order, graph.outputs, graph.inputs, lambda node: without_exceptions(_template(node, special))
    )
    frame = frame_of(lines)
    scope = dict(SCOPE)
    exec(helpers_of("\n".join([*lines.body, *frame.closing])), scope)
    return compiled(lines, frame, otherwise, {**special, **{n: scope[n] for n in HELPERS & scope.keys()}})


class ScalarEngine:
    """Straight-line Python on the math module, of float64 and bool scalars; balls for what math lacks."""

    name = "math"
    on_arrays = False

    def suits(self, graph: Graph) -> bool:
        """Whether math has all of it."""
        return suits_scalar(graph.order, graph.inputs, by_balls=True)

    def compile(self, graph: Graph) -> ScalarProgram:
        """The graph as one function."""
        return ScalarProgram(graph)


class ScalarProgram:
    """A graph on math; where that refuses what IEEE 754 answers, the array engine is asked."""

    memory = 0

    def __init__(self, graph: Graph) -> None:
        from gradcli.core.engines.straight import WORTH_COUNTING

        self._graph = graph
        self._refused = 0
        self._guarded: Callable[..., tuple[Data, ...]] | None = None
        self._on_arrays: Callable[..., tuple[Data, ...]] | None = None
        self.run: Callable[..., tuple[Data, ...]]
        if is_long(graph.order):
            from gradcli.core.engines.tape import FirstOnTape, Tape

            self.run = FirstOnTape(Tape(graph, function_on_numbers), self._in_lines)
        else:
            self.run = self._in_lines()
        if len(graph.order) >= WORTH_COUNTING:
            from gradcli.core.engines.often import often

            self.run = often(self.run, len(graph.order), self._in_machine_code)

    def _in_lines(self) -> ScalarFunction:
        return compile_scalar(self._graph.order, self._graph.outputs, self._graph.inputs, self._answer)

    def _in_machine_code(self) -> Callable[..., tuple[float | bool, ...]] | None:
        from gradcli.core.engines.llvm.numbers import native_numbers

        return native_numbers(self._graph.order, self._graph.outputs, self._graph.inputs)

    def _answer(self, *values: Data) -> tuple[Data, ...]:
        self._refused += 1
        if self._refused == OFTEN_REFUSED:
            self._guarded = compile_guarded(self._graph, self._by_arrays)
        return (self._guarded or self._by_arrays)(*values)

    def _by_arrays(self, *values: Data) -> tuple[Data, ...]:
        if self._on_arrays is None:
            from gradcli.core.engines.numpy.one_by_one import OneByOne

            self._on_arrays = OneByOne(self._graph)
        return self._on_arrays(*values)

    def require_allowed(self) -> None:
        """Always: it takes no time to speak of."""
