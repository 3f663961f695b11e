"""`steps`: which derivatives are explained, at a point too, and that its numbers are the derivative's."""

from __future__ import annotations

import math

import mpmath
import pytest

from gradcli.session.data import to_data
from gradcli.session.explanations import Derivation, Step, Steps
from tests.language.running import error, number, run, value


def steps(text: str) -> Steps:
    """What the last expression of a text gives."""
    found = value(text)
    assert isinstance(found, Steps)
    return found


def by(text: str) -> list[tuple[str, str, int]]:
    """The name, the variable and the order of each derivation."""
    return [(d.name, d.by, d.order) for d in steps(text).derivations]


F = "f(x) = x^2*sin(3x)\n"
G = "g(x, y) = x^2*y + sin(x*y)\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (F + "steps(f')", [("df/dx", "x", 1)]),
        (F + "steps f'", [("df/dx", "x", 1)]),
        (F + "steps(f)", [("df/dx", "x", 1)]),
        (F + "steps(f'')", [("df/dx", "x", 1), ("d²f/dx²", "x", 2)]),
        (F + "steps((f')')", [("df/dx", "x", 1), ("d²f/dx²", "x", 2)]),
        (F + "steps(derivative(f, 2))", [("df/dx", "x", 1), ("d²f/dx²", "x", 2)]),
        (F + "steps(grad(f))", [("df/dx", "x", 1)]),
        (G + "steps(grad(g))", [("∂g/∂x", "x", 1)]),
        (G + "steps(grad(g, wrt=y))", [("∂g/∂y", "y", 1)]),
        (G + "steps(∂g/∂y)", [("∂g/∂y", "y", 1)]),
        (G + "steps ∂²g/∂x∂y", [("∂g/∂x", "x", 1), ("∂²g/∂x∂y", "y", 2)]),
        (G + "steps(∇g)", [("∂g/∂x", "x", 1), ("∂g/∂y", "y", 1)]),
        (G + "steps(g)", [("∂g/∂x", "x", 1), ("∂g/∂y", "y", 1)]),
        ("steps(sin')", [("dsin/dx", "x", 1)]),
        ("steps d/dx (x^2*sin(3x))", [("df/dx", "x", 1)]),
        ("steps(x -> x^2)", [("d(x -> x^2)/dx", "x", 1)]),
        ("steps x^2", [("d(x^2)/dx", "x", 1)]),
    ],
)
def test_what_is_explained(text: str, expected: list[tuple[str, str, int]]) -> None:
    """A derivative of any spelling; each order behind the one below it."""
    found = by(text)
    assert [entry[1:] for entry in found] == [entry[1:] for entry in expected]
    if "d/dx" not in text:
        assert found == expected


def test_a_higher_order_starts_from_the_simplified_formula() -> None:
    """As a student would go on."""
    first, second = steps(F + "steps(f'')").derivations
    assert (first.of, first.simplified) == ("x^2*sin(3*x)", "3*x^2*cos(3*x) + 2*x*sin(3*x)")
    assert second.tree.rule == "sum rule"
    assert {part.of for part in second.tree.parts} == {"3*x^2*cos(3*x)", "2*x*sin(3*x)"}


@pytest.mark.parametrize("derivative", ["f'", "f''", "f'''"])
@pytest.mark.parametrize("at", [2.0, -0.5, 0.0, 1.25])
def test_numbers_are_those_of_the_derivative(derivative: str, at: float) -> None:
    """The value, the root of the tree, and the ends of both sweeps, against mpmath at 50 digits."""
    order = derivative.count("'")
    last = steps(f"{F}steps({derivative}, {at})").derivations[-1]
    with mpmath.workdps(50):
        truth = float(mpmath.diff(lambda x: x**2 * mpmath.sin(3 * x), mpmath.mpf(at), order))
    found = (last.value, last.tree.value, last.tape[-1].tangent, last.tape[0].adjoint)
    assert found == pytest.approx((truth,) * 4, rel=1e-12, abs=1e-13)


def test_each_step_has_its_number() -> None:
    """That of its result at the point."""

    def check(step: Step) -> None:
        assert step.value == pytest.approx(number(f"x = 2\n{step.result}"), rel=1e-12)
        for part in step.parts:
            check(part)

    for derivation in steps(F + "steps(f'', 2)").derivations:
        check(derivation.tree)


def test_a_point_of_several_numbers() -> None:
    """One number for each input, in brackets or not; without a point there are no numbers."""
    for text in ("steps(∂g/∂x, 2, 3)", "steps(∂g/∂x, (2, 3))", "steps ∂g/∂x at 2, 3"):
        found = steps(G + text)
        assert found.at == (("x", 2.0), ("y", 3.0))
        assert found.derivations[0].value == pytest.approx(12 + 3 * math.cos(6))
    free = steps(G + "steps(∂g/∂x)").derivations[0]
    assert (free.value, free.tape, free.tree.value) == (None, (), None)


def test_only_the_branch_that_is_taken_has_numbers() -> None:
    """And the tape has it alone."""
    text = "h(x) = x^2 if x > 1 else log(x)\n"
    (found,) = steps(text + "steps(h', 3)").derivations
    yes, no = found.tree.parts
    assert (yes.taken, yes.condition, yes.value) == (True, "x > 1", 6.0)
    assert (no.taken, no.condition, no.value) == (False, "x <= 1", None)
    assert [row.formula for row in found.tape] == ["x", "v1^2"]
    (free,) = steps(text + "steps(h')").derivations
    assert [part.taken for part in free.tree.parts] == [None, None]


def test_words_of_the_definition_are_kept() -> None:
    """Who typed ln and e^x reads them again."""
    found = steps("f(x) = ln(x)*e^(2x)\nsteps(f')").derivations[0]
    assert found.tree.where == (("u", "ln(x)"), ("v", "e^(2*x)"))


def test_a_corner_is_said() -> None:
    """Where the derivative has no value, the numbers beside it follow conventions, and a note says so."""
    found = steps("f(x) = abs(x) + x\nsteps(f', 0)")
    (only,) = found.derivations
    assert (found.note is not None) == (only.value is not None and math.isnan(only.value))


def test_functions_of_models_loops_and_derivatives() -> None:
    """Parameters are constants; what a loop adds up is a sum; a derivative inside is a formula like any other."""
    model = "model net(x):\n    param w = 2.0\n    return tanh(w*x)\n"
    only = steps(model + "steps(net, 1)").derivations[0]
    assert only.value == pytest.approx(2 * (1 - math.tanh(2) ** 2))
    loop = "def f(x):\n    s = 0\n    for i in range(4):\n        s += x^i\n    return s\n"
    assert steps(loop + "steps(f', 2)").derivations[0].value == 1 + 4 + 12
    assert steps("f(x) = x^3\ng(x) = f'(x)*x\nsteps(g', 2)").derivations[0].value == 36
    assert steps("f(x) = sum([x, 2x]*[x, 1])\nsteps(f', 3)").derivations[0].value == 8


def _rules(d: Derivation) -> set[str]:
    found, stack = set(), [d.tree]
    while stack:
        step = stack.pop()
        found.add(step.rule)
        stack += step.parts
    return found


def test_results_are_data() -> None:
    """Equal questions have equal answers."""
    assert to_data(steps(F + "steps(f', 2)")) == to_data(steps(F + "steps(f', 2)"))
    assert _rules(steps(F + "steps(f')").derivations[0]) == {
        *("product rule", "power rule", "chain rule", "constant factor", "identity")
    }


def test_deep_functions_are_refused_in_words() -> None:
    """However deep they are."""
    for count in (60, 195, 400):
        body = f"    for i in range({count}):\n        s = sin(s)*x\n    return s\n"
        assert "has no steps to show" in error(f"def f(x):\n    s = x\n{body}steps(f')").message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("f(x) = sum(sort([x, 1]))\nsteps(f')", "`f` has no steps to show: tensors are on the way"),
        ("f(x) = (x, x^2)\nsteps(f)", "steps takes a function that gives one number, and `f` gives a tuple of 2"),
        ("steps(laplacian((x, y) -> x*y))", "steps takes derivatives by inputs"),
        ("steps(x^2, 1, 2)", "the point has 2 numbers, and `x^2` has 1 input: x"),
        ("f(x) = x\nsteps(f', [1, 2])", "steps are shown at a point of numbers, not a tensor of shape (2,)"),
        ("f(x) = x\nsteps(f', true)", "steps are shown at a point of numbers, not true"),
        ("f(x) = x^9\nsteps(derivative(f, 6))", "the steps of order 6 are more than anybody reads"),
        (
            "f(x) = integrate(sin, 0, x)\nsteps(f')",
            "`f` has no steps to show: there is no rule to write down for the integral",
        ),
        ("steps(3)", "steps needs a function, not a number"),
    ],
)
def test_what_has_no_steps(text: str, message: str) -> None:
    """Is refused with a sentence that says why."""
    assert error(text).message.startswith(message)


def test_names_that_are_hidden() -> None:
    """A formula is read again with the language's own e, and refused where a function of its own is hidden."""
    found = steps("e = 3\nf(x) = exp(1)*x^3\nsteps(f'', 2)").derivations
    assert "e" in (found[0].simplified or "")
    assert found[-1].tree.value == pytest.approx(12 * math.e)
    hidden = "f(x) = sin(x)*x\ng(x) = f(x)\ncos(x) = 3\nsteps(g'')"
    assert error(hidden).message.startswith("`cos` is hidden by a definition")


def test_letters_of_the_tree_are_not_those_of_the_formula() -> None:
    """Where the formula has names for what it repeats."""
    long = "f(x) = sin(sin(sin(sin(x))))\nsteps(f'')"
    last = steps(long).derivations[-1]
    names = {name for name, _ in last.definitions}
    stack, letters = [last.tree], set()
    while stack:
        step = stack.pop()
        letters |= {name for name, _ in step.where}
        stack += step.parts
    assert names
    assert not names & letters


def test_names_in_other_notation_stay_names() -> None:
    """`steps` is a verb in front of a function, and a name like any other elsewhere."""
    assert value("steps = 3\nsteps + 1") == 4
    assert run(F + "steps(f')").diagnostics == ()
