"""Formulas read as what they stand for: printed, parsed again and evaluated, they give the derivative."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gradcli.core.compile import Program
from gradcli.core.dtypes import DType
from gradcli.core.formula import UnreadableError, partials, read, sum_text
from gradcli.core.graph import Node, fresh_input
from gradcli.core.laws import Elementwise
from gradcli.core.transforms.reverse import gradient
from gradcli.language.diagnostics import Source
from gradcli.language.machine import Machine
from gradcli.language.parse import parse_expression
from gradcli.language.scope import Bindings, Draft
from tests.core.sampling import TABLE
from tests.core.test_table import domain_of
from tests.language.running import number

FUNCTIONS = ["sin", "cos", "exp", "tanh", "sqrt", "sigmoid", "atan"]


def expressions() -> st.SearchStrategy[str]:
    """Texts of x and y."""
    leaves = st.sampled_from(["x", "y", "2", "0.5", "3"])
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.tuples(inner, st.sampled_from(["+", "-", "*", "/"]), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
            st.tuples(st.sampled_from(FUNCTIONS), inner).map(lambda t: f"{t[0]}({t[1]})"),
            st.tuples(inner, st.sampled_from(["2", "3", "-1", "0.5", "(-2)"])).map(lambda t: f"({t[0]})^{t[1]}"),
        ),
        max_leaves=6,
    )


@given(text=expressions(), x=st.floats(0.3, 2.0), y=st.floats(0.3, 2.0))
def test_a_formula_is_its_derivative(text: str, x: float, y: float) -> None:
    """Orders 0 to 2 in both variables, through the text that is shown."""
    a, b = fresh_input("x", (), DType.FLOAT64), fresh_input("y", (), DType.FLOAT64)
    node = Machine(Draft(Bindings({"x": a, "y": b}))).evaluate(parse_expression(Source("test", text)))
    assume(isinstance(node, Node))
    assert isinstance(node, Node)
    for indexes, formula in partials(node, [a, b], 2, 300).items():
        wanted = node
        for i in indexes:
            (wanted,) = gradient([wanted], [(a, b)[i]])
        (want,) = Program([wanted], [a, b])(x, y)
        got = float(number(f"x = {x!r}; y = {y!r}; 1.0 * ({formula})"))
        if math.isfinite(float(want)) and abs(float(want)) < 1e8:
            assert got == pytest.approx(float(want), rel=1e-6, abs=1e-6), formula


@pytest.mark.parametrize(
    "name", sorted(n for n, p in TABLE.items() if isinstance(p.law, Elementwise) and p.examples.domain)
)
def test_every_elementwise_function_reads_as_itself(name: str) -> None:
    """The formula of the function, and of its slope, evaluate to what they stand for."""
    primitive = TABLE[name]
    inputs = [fresh_input("xyz"[i], (), DType.FLOAT64) for i in range(primitive.arity)]
    node = primitive(*inputs, **primitive.attributes)
    point = [0.45 * low + 0.55 * high for low, high in domain_of(primitive)]
    for output in (node, gradient([node], inputs[:1])[0]):
        try:
            text = sum_text(read(output))
        except UnreadableError:
            assert name == "sinc"
            continue
        setup = "; ".join(f"{n.attrs['name']} = {v!r}" for n, v in zip(inputs, point, strict=True))
        (want,) = Program([output], inputs)(*point)
        assert float(number(f"{setup}; 1.0 * ({text})")) == pytest.approx(float(want), rel=1e-9), text
