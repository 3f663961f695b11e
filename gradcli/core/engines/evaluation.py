"""Evaluating a graph whose leaves are all known: at once, and faster when one of the same form comes again.

A loop in a script makes the same graph anew each time, with other numbers in it. What was compiled for a graph is kept
under its form: its operations, and the shapes and dtypes of its constants, which are inputs of the program. Attributes,
such as an exponent, are part of the form, and so are the few numbers that simplification knows something of.
"""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from math import isfinite
from operator import attrgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from gradcli.core.engines.protocol import Data, Graph
from gradcli.core.engines.scalar import function_on_numbers, is_long, suits_scalar
from gradcli.core.ir.nodes import Constant, Input, Node, fresh_input
from gradcli.core.ir.primitive import Application
from gradcli.core.ir.shapes import size_of
from gradcli.core.ir.traversal import reachable, replaced, without_parameters

if TYPE_CHECKING:
    from gradcli.core.engines.program import Program

MOST_PROGRAMS = 128
# What the buffers of all kept programs may take together.
MOST_MEMORY = 2**28
# So many operations on elements in all take longer than loading and running a compiler.
WORTH_COMPILING = 2**27
# A call of NumPy takes as long as it does on so many elements.
LIKE_ONE_CALL = 500
# So few numbers are computed before it is found out whether there is a program for them.
FEW_NODES = 12
# Numbers that a product or a quotient is simpler with.
_SIMPLE = (0.0, 1.0, -1.0, 2.0, 0.5)


def work_of_calls(order: Iterable[Node]) -> int:
    """How many operations on elements take as long as the nodes do, each by a call."""
    shapes = Counter(map(attrgetter("shape"), order))
    return sum(max(size_of(shape), LIKE_ONE_CALL) * count for shape, count in shapes.items())


class _Here(threading.local):
    """The programs that this thread keeps. They write into buffers of their own, so that two threads share none."""

    def __init__(self) -> None:
        self.programs: OrderedDict[Hashable, Program | None] = OrderedDict()


_here = _Here()


class FreeInputError(ValueError):
    """A graph with an input has no value."""


def evaluate(outputs: Sequence[Node]) -> tuple[Data, ...]:
    """The value of each output of a graph without inputs; parameters stand for their present values.

    Raises:
        CoreError: for more work or memory than the limits allow.
        FreeInputError: for a graph with a free input.
    """
    outputs, order = without_parameters(outputs, reachable(outputs))
    if any(isinstance(node, Input) for node in order):
        raise FreeInputError
    on_math = suits_scalar(order, by_balls=True)
    if on_math and len(order) <= FEW_NODES:
        values = _interpreted(order, outputs, on_math)
        if values is not None:
            return values
    leaves = [n for n in order if isinstance(n, Constant) and (on_math or n.shape != () or _may_change(n))]
    key = _form(order, outputs, leaves)
    kept = _here.programs
    seen = key in kept
    program = kept.get(key)
    if program is None:
        if not seen and (on_math or _suits_elements(order, outputs, leaves)):
            _keep(key, None)
            values = _interpreted(order, outputs, on_math)
            if values is not None:
                return values
        # A graph of numbers that is seen once needs no program, and so not what makes one.
        from gradcli.core.engines.program import Program

        inputs = [fresh_input(f"x{i}", n.shape, n.dtype) for i, n in enumerate(leaves)]
        work = sum(size_of(node.shape) for node in order)
        done, nodes = replaced(outputs, order, dict(zip(leaves, inputs, strict=True)))
        program = Program(done, inputs, work > WORTH_COMPILING, nodes)
        _keep(key, program)
    else:
        kept.move_to_end(key)
        program.require_allowed()
    try:
        return program.function(*(n.value for n in leaves))
    except BaseException:
        # One that was interrupted may still be using its buffers.
        kept.pop(key, None)
        raise


def _may_change(number: Constant) -> bool:
    """Whether a number among arrays is an input of the program: another one compiles nothing anew.

    What is none are the numbers that make arithmetic simpler, and indices, which are checked when they are known.
    """
    return number.dtype.is_float and isfinite(number.value) and number.value not in _SIMPLE


def _form(order: Sequence[Node], outputs: Sequence[Node], leaves: Sequence[Node]) -> Hashable:
    place = {node: i for i, node in enumerate(order)}
    inputs = set(leaves)

    def form(node: Node) -> Hashable:
        if node in inputs:
            return node.shape, node.dtype
        if isinstance(node, Constant):
            return node.dtype, repr(node.value)
        return (node.kind, *(place[arg] for arg in node.args), *((repr(node.attrs),) if node.attrs else ()))

    return tuple(map(form, order)), tuple(place[node] for node in outputs)


def _keep(key: Hashable, program: Program | None) -> None:
    """Remember a form, with its program once it has one; the oldest are forgotten."""
    kept = _here.programs
    kept[key] = program
    while len(kept) > MOST_PROGRAMS or (_memory() > MOST_MEMORY and kept):
        kept.popitem(last=False)


def _memory() -> int:
    return sum(program.memory for program in _here.programs.values() if program is not None)


def values_at_once(
    order: Sequence[Node], outputs: Sequence[Node], given: Mapping[Node, Data]
) -> tuple[Data, ...] | None:
    """The values of a graph that is computed a single time, without compiling it.

    None for a large one, and for a long one of numbers, whose program is as soon made.
    """
    on_math = suits_scalar(order, [*given], by_balls=True)
    if on_math and is_long(order):
        return None
    return (
        _interpreted(order, outputs, on_math, given) if on_math or _suits_elements(order, outputs, [*given]) else None
    )


def _suits_elements(order: Sequence[Node], outputs: Sequence[Node], leaves: Sequence[Node]) -> bool:
    """Whether there are small tensors only, whose elements are computed one by one."""
    from gradcli.core.engines.elements import ElementsEngine

    return ElementsEngine().suits(Graph(order, outputs, leaves))


def _interpreted(
    order: Sequence[Node], outputs: Sequence[Node], on_math: bool, given: Mapping[Node, Data] = MappingProxyType({})
) -> tuple[Data, ...] | None:
    """The values one by one, which for a single time is faster than compiling; None where math has no answer.

    `given` are those of inputs. The nodes are scalars with templates or balls where it is `on_math`, or small tensors.
    """
    values: dict[Node, Any] = dict(given)
    try:
        if not on_math:
            from gradcli.core.engines.apart import interpreted_elements

            return interpreted_elements(order, outputs, given)
        for node in order:
            if isinstance(node, Constant):
                values[node] = node.value
            elif node not in given:
                assert isinstance(node, Application)
                values[node] = function_on_numbers(node)(*[values[arg] for arg in node.args])
    except (ArithmeticError, ValueError):
        return None
    return tuple(values[node] for node in outputs)
