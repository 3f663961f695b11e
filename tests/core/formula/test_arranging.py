"""Every way of writing a formula has its value, on both sides of 0."""

from __future__ import annotations

import math

import pytest

from gradcli.core.engines.program import Program
from gradcli.core.formula.algebra import Algebra, Formula
from gradcli.core.formula.arranging import Arranger
from gradcli.core.formula.differentiating import Differentiator
from gradcli.core.formula.joining import joined_formula
from gradcli.core.formula.printing import Printer
from gradcli.core.formula.reading import Reader
from gradcli.core.ir.nodes import Node
from gradcli.language.text.diagnostics import Source
from gradcli.language.text.parse import parse_expression
from tests.core.formula.test_formula import traced
from tests.language.running import interpreter

POINTS = [(0.37, 0.58), (-0.43, 0.81), (0.61, -0.72), (-1.3, -0.4), (1.7, 2.3)]


class Ways:
    """The ways of a function's formula and of its derivatives, each from the last way of the order below."""

    def __init__(self, text: str) -> None:
        node, self.inputs = traced(text)
        self.algebra = Algebra(10**6)
        reader, self.arranger = Reader(self.algebra), Arranger(self.algebra)
        self.first, self.printer = reader.read(node), Printer()
        self.differentiator = Differentiator(reader, lambda formula: formula)

    def values(self, formula: Formula) -> list[float]:
        """The formula at the points, through its text."""
        text = self.printer.text(joined_formula(self.algebra, formula, frozenset()))
        names: dict[str, Node] = {"xy"[i]: node for i, node in enumerate(self.inputs)}
        if len(self.inputs) == 1:
            names = {str(getattr(self.inputs[0], "name", "x")): self.inputs[0]}
        value = interpreter(dict(names)).evaluate(parse_expression(Source("test", text)))
        if not isinstance(value, Node):
            assert isinstance(value, (int, float))
            return [float(value)] * len(POINTS)
        program = Program([value], self.inputs)
        return [float(program(*point[: len(self.inputs)])[0]) for point in POINTS]


@pytest.mark.parametrize(
    "text",
    [
        *("sin(x)^2*cos(x)", "log1p(sin(x)*cos(x))", "tan(2*x)^2", "sin(2*x)*cos(x)", "1/(1 + tan(x))", "sin(x*y)^2"),
        *(
            "tanh(x)^2/cosh(x)",
            "sinh(x)*cosh(x)",
            "(exp(x) - exp(-x))^2",
            "exp(x)/(1 + exp(-x))",
            "exp(2*x) + exp(-2*x)",
        ),
        *("x*hypot(x, y)^3", "atan2(y, x)", "x/hypot(x, y)", "sqrt((1 - x)/(1 + x))", "1/sqrt(x*y)", "sqrt(4*x*y)"),
        *(
            "x^x",
            "(1 + 1/x)^x",
            "x^sin(x)",
            "(x*y)^(x + y)",
            "(2*x)^y/x",
            "(x^2 - 1)^3*(x + 2)^2/(1 - x)",
            "x*sqrt(4 - x^2)",
        ),
        *("log(x + sqrt(1 + x^2))", "(x - y)/(x^2 - y^2)", "1/(x*(x + 1))", "100*(y - x^2)^2 + (1 - x)^2"),
    ],
)
def test_every_way_has_the_value(text: str) -> None:
    """Whatever is chosen, it is the same function wherever the formula as it was has a value."""
    ways = Ways(text)
    formula = ways.first
    several = False
    for _ in range(3):
        wanted = ways.values(formula)
        assert any(map(math.isfinite, wanted))
        for way in ways.arranger.ways(formula):
            several = several or way is not formula
            for got, want in zip(ways.values(way), wanted, strict=True):
                if math.isfinite(want):
                    assert got == pytest.approx(want, rel=1e-9, abs=1e-9), ways.printer.text(way)
        formula = ways.differentiator.derivative(way, "x")
    assert several
