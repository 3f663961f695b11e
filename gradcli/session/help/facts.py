"""What the table's own facts say of a function: the formula of its slope, its domain, its corners and jumps.

Nothing here is typed by hand: a function is called with symbols, and its graph is differentiated, read and looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from gradcli.core import formula
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.edges import EdgeKind
from gradcli.core.ir.nodes import Input, Node, Parameter, fresh_input
from gradcli.core.ir.primitive import Application, Primitive, edge_of
from gradcli.core.ir.traversal import reachable
from gradcli.core.records import record
from gradcli.core.transforms.reverse import gradient
from gradcli.language.derivatives.formulas import formula_table
from gradcli.language.derivatives.gradient import Derived
from gradcli.language.derivatives.targets import Targets
from gradcli.language.interpreter.interpreter import Interpreter
from gradcli.language.text import syntax as s
from gradcli.language.text.diagnostics import Source, Span
from gradcli.language.text.parse import parse
from gradcli.language.values.numbers import is_number, spelled
from gradcli.language.values.values import Formal, Function, Required, Value
from gradcli.session.help.entries import Fact
from gradcli.session.mistakes import Mistakes
from gradcli.session.session import Session
from gradcli.session.showing import MOST_STEPS

# What stands for an input that must be known before the call, such as an order.
KNOWN = 2
# Where a function of one number is looked at for corners, and where one of two is.
POINTS = (-1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5)
WHOLE, HALF = (-1.0, 0.0, 1.0), (-1.5, -0.5, 0.5, 1.5)
TIE, ORIGIN, MULTIPLE = (1.0, 1.0), (0.0, 0.0), (2.0, 1.0)
EDGES = frozenset(EdgeKind)
HUGE = 1e300
# How far from a step its sides are looked at, and what counts as one.
NEAR, SMALLEST_JUMP = 1e-9, 1e-3
NOWHERE = Span(Source("<help>", ""), 0, 0)


@record
class Called:
    """A function called with symbols: its one result, the inputs that it is of, and what others were given."""

    node: Node
    inputs: tuple[Node, ...]
    places: tuple[int, ...]
    given: tuple[tuple[str, Value], ...]

    @property
    def names(self) -> list[str]:
        """What the inputs are called."""
        return [str(getattr(i, "name", "")) for i in self.inputs]

    @property
    def where(self) -> str:
        """For which values of the other inputs it holds, such as `, for n = 2`."""
        return "".join(f", for {name} = {spelled(value)}" for name, value in self.given if is_number(value))


def patient(session: Session) -> Interpreter:
    """An interpreter of a session that goes through loops as often as where formulas are shown."""
    interpreter = session.interpreter()
    interpreter.most_steps = MOST_STEPS
    return interpreter


def called(interpreter: Interpreter, function: Function) -> Called | None:
    """A function of numbers called with symbols; None where it takes or gives anything else."""
    entry = getattr(function, "of_tensor", None)
    condition = isinstance(entry, Primitive) and entry.condition
    values: list[Value] = []
    inputs: dict[int, Node] = {}
    given: list[tuple[str, Value]] = []
    for place, i in enumerate(function.inputs):
        value = _value(i)
        if value is None and isinstance(i.default, Required):
            return None
        if isinstance(value, Node) and not (condition and place == 0):
            inputs[place] = value
        elif not isinstance(value, Node) and value is not None:
            given.append((i.name, value))
        values.append(value)
    if not inputs:
        return None
    try:
        result = function.call(interpreter, values, NOWHERE, fresh=True)
    except Mistakes:
        return None
    if not isinstance(result, Node) or result.shape != ():
        return None
    return Called(result, tuple(inputs.values()), tuple(inputs), tuple(given))


def _value(i: Formal) -> Value:
    if not isinstance(i.default, Required):
        return i.default
    if i.variadic or i.function or i.names:
        return None
    return fresh_input(i.name, (), DType.FLOAT64) if i.real else KNOWN


def slopes(interpreter: Interpreter, found: Called, function: Function) -> tuple[Fact, ...]:
    """The formula of the derivative by each input; words where it is 0 wherever it exists."""
    places = tuple(range(len(found.inputs))) if any(map(_is_known, function.inputs)) else found.places
    operator = Derived(with_known(interpreter, function), Targets(places), False, False)
    try:
        table = formula_table(interpreter, operator, NOWHERE)
    except Mistakes:
        return ()
    if table is None or None in table.formulas:
        return ()
    if all(text == "0" for text in table.formulas):
        return (Fact("derivative", "0 wherever it exists"),)
    several = len(found.inputs) > 1
    labels = [f"derivative in {name}" if several else "derivative" for name in found.names]
    pairs = zip(labels, table.formulas, strict=True)
    rows = [Fact(label, text or "", True, found.where) for label, text in pairs]
    return (*rows, *(Fact("", f"{name} = {text}", True) for name, text in table.definitions))


def domain(found: Called) -> Fact | None:
    """Where it has values, in words; None where the table tells nothing of a function of several numbers."""
    conditions = list(dict.fromkeys(_conditions(found)))
    if conditions:
        return Fact("defined for", " and ".join(conditions), suffix=found.where)
    return Fact("defined for", f"every {found.names[0]}") if len(found.inputs) == 1 else None


def _conditions(found: Called) -> Iterator[str]:
    for node in reachable([found.node]):
        defined = node.op.defined if isinstance(node, Application) and isinstance(node.op, Primitive) else None
        text = defined(**node.attrs) if callable(defined) else defined
        if text is None:
            continue
        read = formula.texts(list(node.args)).texts
        if len(read) == len(node.args):
            yield in_words(text, [read[(i,)] for i in range(len(node.args))])


def in_words(condition: str, operands: Sequence[str]) -> str:
    """A condition of the table, with the operands as they are written."""
    if condition == "{0} > 0 or {0} != floor({0})":
        name, moved, _ = operands[0].partition(" + 1")
        return f"{name} other than {'' if moved else '0, '}-1, -2, ..."
    text = re.sub(r"abs\(\{0\}\) >(=?) 1", r"{0} <\1 -1 or {0} >\1 1", condition)
    return text.format(*operands)


def edges(found: Called) -> tuple[Fact, ...]:
    """The corners, jumps and vertical tangents that show at the points where such are looked for."""
    if not any(edge_of(node, EDGES) for node in reachable([found.node, *gradient([found.node], list(found.inputs))])):
        return ()
    if len(found.inputs) == 1:
        return tuple(_of_one(found))
    return tuple(_of_two(found)) if len(found.inputs) == 2 else ()


@record
class _Beside:
    """What is beside a point: the value and the slope there, and what they are on the left and on the right."""

    value: float
    slope: float
    jump: tuple[float, float] | None
    corner: tuple[float, float] | None


def _beside(found: Called, moving: int, point: Sequence[float]) -> _Beside | None:
    """What is beside a point; None where there is no value, or none that can be told."""
    from gradcli.core.analysis.at_edges import edges as edges_at
    from gradcli.core.analysis.at_edges import numbers
    from gradcli.core.analysis.one_sided import derivatives_along

    at: dict[Node, Any] = dict(zip(found.inputs, point, strict=True))
    if any(isinstance(n, (Input, Parameter)) and n not in at for n in reachable([found.node])):
        return None
    by = found.inputs[moving]
    value, slope = (float(v) for v in numbers([found.node, *gradient([found.node], [by])], at))
    if not abs(value) < HUGE:
        return None
    sides = derivatives_along([found.node], by, 1, at)
    jump, corner = (sides[0][0].sides, sides[0][1].sides) if sides is not None else (None, None)
    if jump is None and EdgeKind.STEP in edges_at([found.node], at, [by]):
        low, high = (float(numbers([found.node], {**at, by: at[by] + step})[0]) for step in (-NEAR, NEAR))
        jump = (low, high) if abs(high - low) > SMALLEST_JUMP else None
    return _Beside(value, slope, jump, None if jump else corner)


def _of_one(found: Called) -> Iterator[Fact]:
    beside = {p: b for p in POINTS if (b := _beside(found, 0, [p])) is not None}
    jumps = {p: b for p, b in beside.items() if b.jump}
    (name,) = found.names
    if set(jumps) >= {*WHOLE} and not set(jumps) & {*HALF}:
        yield Fact("jumps", f"at every whole {name}, where the slope shown is 0")
    elif set(jumps) >= {*HALF} and not set(jumps) & {*WHOLE}:
        yield Fact("jumps", "halfway between whole numbers, where the slope shown is 0", suffix=found.where)
    else:
        for p, b in jumps.items():
            low, high = b.jump or (0.0, 0.0)
            shown = f"the value there is {b.value:g}, the slope shown {b.slope:g}"
            yield Fact("jumps", f"at {p:g}, from {low:g} to {high:g}; {shown}", suffix=found.where)
    for p, b in beside.items():
        if b.corner:
            low, high = b.corner
            text = f"at {p:g}, where the slope goes from {low:g} to {high:g}; the slope shown is {b.slope:g}"
            yield Fact("corner", text, suffix=found.where)
    upright = {p: b.slope for p, b in beside.items() if not b.jump and not b.corner and abs(b.slope) == float("inf")}
    for slope in dict.fromkeys(upright.values()):
        points = " and ".join(f"{p:g}" for p, there in upright.items() if there == slope)
        yield Fact("vertical", f"at {points}, where the slope is {slope:g}", suffix=found.where)


def _of_two(found: Called) -> Iterator[Fact]:
    first, second = found.names
    at = {point: [_beside(found, moving, point) for moving in (0, 1)] for point in (TIE, ORIGIN, MULTIPLE)}
    corners = [p for p, sides in at.items() if any(b and b.corner for b in sides)]
    jumps = [p for p, sides in at.items() if sides[0] and sides[0].jump]
    if corners:
        shown = " and ".join(f"{b.slope:g}" for b in at[corners[0]] if b)
        where = f"{first} = {second}" if TIE in corners else "both are 0"
        yield Fact("corner", f"where {where}; the slopes shown there are {shown}")
    if TIE in jumps and MULTIPLE in jumps:
        yield Fact("jumps", f"where {first}/{second} is whole")


def function_of(interpreter: Interpreter, text: str) -> Function:
    """The function that a text is."""
    (statement,) = parse(Source("<help>", text))
    assert isinstance(statement, s.Show)
    made = interpreter.evaluate(statement.value)
    assert isinstance(made, Function), text
    return made


def with_known(interpreter: Interpreter, function: Function) -> Function:
    """A function of the numbers alone: inputs that must be known before the call, such as an order, are given one."""
    known = [_is_known(i) for i in function.inputs]
    if not any(known):
        return function
    free = [i.name for i, k in zip(function.inputs, known, strict=True) if not k]
    arguments = [str(KNOWN) if k else i.name for i, k in zip(function.inputs, known, strict=True)]
    return function_of(interpreter, f"({', '.join(free)}) -> {function.name}({', '.join(arguments)})")


def _is_known(i: Formal) -> bool:
    return isinstance(i.default, Required) and not (i.real or i.variadic or i.function or i.names)
