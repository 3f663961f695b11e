"""The steps of 275 textbook derivatives: what they come to is the derivative, part by part, at many points."""

from __future__ import annotations

import math
import re

import pytest

from benchmarks.formulas import Derivative, rows, traced
from gradcli.core.engines.program import Program
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node, fresh_input
from gradcli.core.steps.tree import Step
from gradcli.core.transforms.reverse import gradient
from gradcli.language.steps.asked import Asked
from gradcli.language.steps.explaining import steps_of
from gradcli.language.text.diagnostics import Source, Span
from gradcli.language.text.parse import parse_expression
from gradcli.language.values.explanations import Derivation
from gradcli.language.values.values import Function
from tests.core.formula.test_textbook import points
from tests.language.running import interpreter

ROWS = rows()


def derivations(row: Derivative) -> tuple[Derivation, ...]:
    """The steps of each order up to the row's."""
    source = Source("test", f"({', '.join(row.inputs)}) -> {row.function}")
    span = Span(source, 0, len(source.text))
    caller = interpreter()
    function = caller.evaluate(parse_expression(source))
    assert isinstance(function, Function)
    return steps_of(caller, Asked(function, ()).derivative(row.by, span), (), span).derivations


def every(step: Step) -> list[Step]:
    """A step and all in it."""
    return [step, *(inner for part in step.parts for inner in every(part))]


def combined(step: Step, names: dict[str, Node]) -> Node | None:
    """What the rule's own formula gives of the pieces and of the results of the parts; None for a rule without one."""
    if not step.formula:
        return None
    scope = dict(names)
    for name, text in step.where:
        scope[name] = traced(text, names)
    for part in step.parts:
        scope[f"{part.letter}_slope"] = traced(part.result, names)
    return traced(re.sub(r"(\w+)'", r"\1_slope", step.formula), scope)


def agree(got: Node, known: Node, inputs: list[Node], what: str) -> None:
    """At all points at which what is known has a value, of which there are some."""
    both = Program([got, known], inputs)
    compared = 0
    for point in points(len(inputs)):
        a, b = map(float, both(*point))
        if math.isfinite(b):
            assert a == pytest.approx(b, rel=1e-7, abs=1e-7), (what, point)
            compared += 1
    assert compared >= 3, what


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.function} by {row.by}")
def test_steps_come_to_the_derivative(row: Derivative) -> None:
    """Read by the language's parser: each result is the slope of its piece in reverse mode, the last the book's."""
    names: dict[str, Node] = {name: fresh_input(name, (), DType.FLOAT64) for name in row.inputs}
    inputs = list(names.values())
    known = traced(row.function, names)
    found = derivations(row)
    assert [d.by for d in found] == list(row.by)
    for derivation in found:
        variable = names[derivation.by]
        (known,) = gradient([known], [variable])
        for step in every(derivation.tree):
            result, piece = traced(step.result, names), traced(step.of, names)
            agree(result, gradient([piece], [variable])[0], inputs, f"{step.rule}: {step.of}")
            rule = combined(step, names)
            if rule is not None:
                agree(rule, result, inputs, f"{step.rule}: {step.formula}")
        agree(traced(derivation.tree.result, names), known, inputs, derivation.name)
    (value,) = Program([traced(found[-1].tree.result, names)], inputs)(*row.point)
    assert float(value) == pytest.approx(row.value, rel=1e-9, abs=1e-11)


def test_simplified_is_what_the_derivative_shows() -> None:
    """The very text, of each order."""
    from tests.language.running import run

    for row in ROWS[::7]:
        if len(row.inputs) > 1:
            continue
        step = run(f"f({row.inputs[0]}) = {row.function}\nf{len(row.by) * chr(39)}")
        shown = step.results[-1].value.rows[0].formula  # type: ignore[union-attr]
        assert derivations(row)[-1].simplified == shown
