"""The rules that a derivative is found by: which there are, what they are called, and that their result is right."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import mpmath
import pytest

from benchmarks.formulas import traced
from gradcli.core.engines.program import Program
from gradcli.core.formula.algebra import UnreadableError
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Constant, Input, Node, fresh_input
from gradcli.core.steps.tree import MOST_STEPS, Step, TooManyStepsError, steps_of
from gradcli.core.transforms.reverse import gradient

X = fresh_input("x", (), DType.FLOAT64)


def tree(text: str, x: Input | None = None, others: str = "y") -> Step:
    """The steps of a text's derivative by x, an input of its own unless one is given."""
    x = x or fresh_input("x", (), DType.FLOAT64)
    names: dict[str, Node] = {name: fresh_input(name, (), DType.FLOAT64) for name in others}
    return steps_of(traced(text, {"x": x, **names}), x, {}, ["x", *others])


def rules(step: Step) -> list[str]:
    """The names of all rules, in the order in which they are applied."""
    return [step.rule, *(rule for part in step.parts for rule in rules(part))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x", ["identity"]),
        ("y + 3", ["constant"]),
        ("x^2", ["power rule"]),
        ("x*x*x", ["power rule"]),
        ("1/x", ["reciprocal rule", "identity"]),
        ("x^(-2)", ["power rule"]),
        ("x^y", ["power rule"]),
        ("sqrt(x)", ["power rule"]),
        ("2^x", ["exponential rule"]),
        ("x^x", ["general power rule", "identity", "identity"]),
        ("sin(x)", ["standard derivative"]),
        ("sin(3x)", ["chain rule", "constant factor", "identity"]),
        ("-x", ["constant factor", "identity"]),
        ("x/2", ["constant factor", "identity"]),
        ("x + 3", ["sum rule", "identity", "constant"]),
        ("x - 3 + x^2", ["sum rule", "identity", "power rule", "constant"]),
        ("x*sin(x)*exp(x)", ["product rule", "identity", "standard derivative", "standard derivative"]),
        ("sin(x)/x", ["quotient rule", "standard derivative", "identity"]),
        ("(x + 1)^4", ["chain rule", "sum rule", "identity", "constant"]),
        ("floor(x)", ["flat between jumps"]),
        ("x^2 if x > 0 else -x", ["by cases", "power rule", "constant factor", "identity"]),
        ("atan2(x, y)", ["standard derivative"]),
        ("atan2(x, 2x)", ["chain rule", "identity", "constant factor", "identity"]),
    ],
)
def test_rules_in_a_teachers_order(text: str, expected: list[str]) -> None:
    """Outer rules come before inner ones; equal factors are a power, and sums and products are taken whole."""
    assert rules(tree(text)) == expected


@pytest.mark.parametrize(
    ("text", "pattern", "formula", "result"),
    [
        ("x^2*sin(3x)", "u*v", "u'*v + u*v'", "2*x*sin(3*x) + x^2*cos(3*x)*3"),
        ("sin(x)/x", "u/v", "(u'*v - u*v')/v^2", "(cos(x)*x - sin(x))/x^2"),
        ("5/(x + 1)", "c/u", "-c*u'/u^2", "-5/(x + 1)^2"),
        ("-sin(x)/3", "c*u", "c*u'", "-cos(x)/3"),
        ("exp(x^2)", "exp(u)", "exp(u)*u'", "exp(x^2)*2*x"),
        ("x^x", "u^v", "v*u^(v - 1)*u' + u^v*log(u)*v'", "x*x^(x - 1) + x^x*log(x)"),
        ("x if x > 0 else -x", "", "", "1 if x > 0 else -1"),
        ("(x + 1)*(1 - x)", "u*v", "u'*v + u*v'", "1 - x - (x + 1)"),
    ],
)
def test_a_rule_has_its_form_in_letters(text: str, pattern: str, formula: str, result: str) -> None:
    """And its result is not simplified, but for factors of 1 and terms of 0."""
    found = tree(text)
    assert (found.pattern, found.formula, found.result) == (pattern, formula, result)


def test_letters_are_none_of_the_users_names() -> None:
    """Nor is the constant of a factor; no letter means two things."""
    found = tree("c*sin(u*x)*sin(x*x)", others="uc")
    names = [name for step in _every(found) for name, _ in step.where]
    assert not {"x", "u", "c"} & set(names)
    letters = [name for name in names if name != "k"]
    assert len(letters) == len(set(letters))


def _every(step: Step) -> list[Step]:
    return [step, *(inner for part in step.parts for inner in _every(part))]


def test_numbers_whose_names_are_variables() -> None:
    """Where a variable is called e, the number e is none; exp stays exp."""
    e = fresh_input("e", (), DType.FLOAT64)
    x = fresh_input("x", (), DType.FLOAT64)
    number = traced("e^1", {"x": x})
    assert isinstance(number, Constant)
    found = steps_of(number * x * e + traced("exp(2x)", {"x": x}), x, {"exp": "e^"}, ["x", "e"])
    program = Program([traced(found.result, {"x": x, "e": e})], [x, e])
    assert float(program(0.5, 7.0)[0]) == pytest.approx(math.e * 7 + 2 * math.e)


def test_branches_say_when_they_are_taken() -> None:
    """The other one by the opposite comparison."""
    yes, no = tree("x^2 if x > 1 else 2x").parts
    assert (yes.condition, no.condition) == ("x > 1", "x <= 1")
    assert tree("x if x > 0 and x < 3 else 0").parts[1].condition == "not (x > 0 and x < 3)"


def test_too_many_steps_are_refused() -> None:
    """And not worked on for long."""
    with pytest.raises(TooManyStepsError):
        tree(" + ".join(f"sin({i}x)" for i in range(2, MOST_STEPS)))
    with pytest.raises(TooManyStepsError):
        tree("*".join(f"sin({i}x^{i})" for i in range(2, 60)))


def test_tensors_have_no_steps() -> None:
    """The refusal says so."""
    with pytest.raises(UnreadableError, match="tensors"):
        tree("sum(x*[1, 2])")


_FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    name: getattr(mpmath, name)
    for name in ("sin", "cos", "tan", "exp", "log", "sqrt", "sinh", "cosh", "tanh", "atan", "asinh")
}


def _random_text(rng: random.Random, depth: int) -> str:
    if depth == 0:
        return rng.choice(["x", "x", "x", "2", "3.5", "x^2", "(-1)"])
    a = _random_text(rng, depth - 1)
    kind = rng.randrange(8)
    if kind < 3:
        return f"{rng.choice([*_FUNCTIONS])}({a})"
    b = _random_text(rng, depth - 1)
    if kind == 3:
        return f"({a})^{rng.choice(['2', '3', '(-1)', '(1/2)'])}"
    return f"({a}){rng.choice('+-*/*')}({b})"


def test_random_functions_to_fifty_digits() -> None:
    """The result, read by the language, is mpmath's derivative at random and special points, as far as floats tell."""
    rng, compared, missing = random.Random(11), 0, 0
    for _ in range(250):
        text = _random_text(rng, rng.randint(1, 3))
        node = traced(text, {"x": X})
        try:
            found = steps_of(node, X, {}, ["x"])
        except UnreadableError:
            continue
        program = Program([traced(found.result, {"x": X}), gradient([node], [X])[0]], [X])
        for point in (1.0, -1.0, 0.5, 2.0, 0.0, *(rng.uniform(-3, 3) for _ in range(4))):
            got, reverse = map(float, program(point))
            truth = _slope(text, point)
            # Where reverse mode has lost its digits, a formula may have lost them too.
            if truth is None or abs(reverse - truth) > 1e-9 * max(1.0, abs(truth)):
                continue
            # The chain rule has no value where an inner function has no slope, such as a root at 0.
            if math.isnan(got):
                missing += 1
                continue
            assert got == pytest.approx(truth, rel=1e-7, abs=1e-9), (text, found.result, point)
            compared += 1
    assert compared > 800
    assert missing <= 0.01 * compared


def _slope(text: str, point: float) -> float | None:
    """By mpmath at 50 digits; None where that is no real number."""
    code = compile(text.replace("^", "**").replace("1/2", "mpmath.mpf(1)/2"), "text", "eval")
    with mpmath.workdps(50):

        def function(x: Any) -> Any:
            return mpmath.mpf(1) * eval(code, {"mpmath": mpmath, **_FUNCTIONS, "x": x})

        try:
            around = [function(mpmath.mpf(point) + step) for step in (0, mpmath.mpf("1e-9"), -mpmath.mpf("1e-9"))]
            if not all(isinstance(value, mpmath.mpf) and mpmath.isfinite(value) for value in around):
                return None
            found = mpmath.diff(function, mpmath.mpf(point))
        except (ArithmeticError, ValueError, TypeError):
            return None
        return float(found) if isinstance(found, mpmath.mpf) and abs(found) < 1e12 else None


def test_every_piece_is_a_graph_with_its_own_text() -> None:
    """What is shown of a piece is what it computes."""
    for step in _every(tree("x^2*sin(3x)/(1 + exp(-x))", X)):
        both = Program([step.node, traced(step.of, {"x": X})], [X])
        assert _pair(both, 0.7)[0] == pytest.approx(_pair(both, 0.7)[1], rel=1e-14)


def _pair(program: Program, point: float) -> tuple[float, float]:
    a, b = program(point)
    return float(a), float(b)


def test_nodes_of_any_kind_are_numbers() -> None:
    """A condition may be a factor."""
    found = tree("(x > 0)*x")
    node = traced(found.result, {"x": X})
    assert [float(Program([node], [X])(at)[0]) for at in (2.0, -2.0)] == [1.0, 0.0]
