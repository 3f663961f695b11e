"""`check_answer`: right, wrong or right on a part; and the slips that it knows."""

from __future__ import annotations

import math

import pytest

from benchmarks.formulas import rows
from gradcli.session.data import to_data
from gradcli.session.explanations import Check
from tests.language.running import error, number, passes, run, value


def check(function: str, answer: str, derivative: str = "f'") -> Check:
    """What is said of an answer to the derivative of a function of x."""
    found = value(f'f(x) = {function}\ncheck_answer({derivative}, "{answer}")')
    assert isinstance(found, Check)
    return found


@pytest.mark.parametrize(
    ("function", "answer"),
    [
        ("x^2", "2x"),
        ("x^2", "x + x"),
        ("x^2", "2·x"),
        ("x^2", "x -> 2x"),
        ("x^3", "3x²"),
        ("tan(x)", "1/cos(x)^2"),
        ("tan(x)", "1 + tan(x)^2"),
        ("tan(x)", "sec(x)^2"),
        ("sin(x)^2", "sin(2x)"),
        ("sin(x)^2", "2 sin(x) cos(x)"),
        ("log(x)", "1/x"),
        ("log(x)", "1/abs(x)"),
        ("log(x^2)", "2/x"),
        ("sqrt(x)", "1/(2sqrt(x))"),
        ("sqrt(x)", "x^(-1/2)/2"),
        ("x^x", "x^x*(ln(x) + 1)"),
        ("exp(-x^2)", "-2x*e^(-x^2)"),
        ("(1 - cos(x))/x^2", "sin(x)/x^2 - 2(1 - cos(x))/x^3"),
        ("asin(x)", "1/sqrt((1 - x)(1 + x))"),
        ("7", "0"),
        ("abs(x)", "x/abs(x)"),
    ],
)
def test_right(function: str, answer: str) -> None:
    """In any form, wherever the function and its derivative have a value."""
    found = check(function, answer)
    assert (found.verdict, found.at, found.hint) == ("right", (), None), found


@pytest.mark.parametrize(
    ("function", "answer"),
    [
        ("x^2", "2x + 1e-9"),
        ("x^2", "2x + 1"),
        ("x^2", "2.0000001x"),
        ("x^2", "x^3 - x^2 + 2x"),
        ("x^2", "2"),
        ("sin(x)", "cos(x + 1e-6)"),
        ("exp(x)", "x*exp(x - 1)"),
        ("x^5 - 3x^2 + 7", "5x^4 - 6"),
        ("x^2*exp(-x)", "2x*exp(-x) + x^2*exp(-x)"),
        ("1/x", "1/x^2"),
        ("x", "0"),
    ],
)
def test_wrong(function: str, answer: str) -> None:
    """With a point at which both have the values that are told, and they differ."""
    found = check(function, answer)
    assert found.verdict == "wrong"
    ((name, at),) = found.at
    assert name == "x"
    assert found.given == number(f"x = {at!r}\n1.0*({answer})")
    assert found.expected == pytest.approx(number(f"f(x) = {function}\nf'({at!r})"), rel=1e-12, abs=1e-15)
    assert found.given != found.expected


@pytest.mark.parametrize(
    ("function", "answer", "where"),
    [
        ("sqrt(x^2)", "1", "x > 0"),
        ("sqrt(x^2)", "-1", "x < 0"),
        ("x^2/2", "sqrt(x^2)", "x >= 0"),
        ("x^2", "2x^2/x", "x != 0"),
        ("x^2", "2x + floor(sigmoid(x - 2.5) + 1/2)", None),
    ],
)
def test_right_on_a_part(function: str, answer: str, where: str | None) -> None:
    """Told by one condition where there is one; a point outside of it is shown."""
    found = check(function, answer)
    if where is None:
        assert found.verdict in ("wrong", "right on a part")
        assert found.expected != found.given
        return
    assert (found.verdict, found.where) == ("right on a part", where)
    ((_, at),) = found.at
    assert value(f"x = {at!r}\n{where}") is False


def test_an_answer_without_a_value_is_told_apart() -> None:
    """It is no wrong value."""
    found = check("x^2", "2x^2/x")
    assert found.at == (("x", 0.0),)
    assert found.given != found.given
    assert found.expected == 0


@pytest.mark.parametrize(
    ("function", "answer", "hint"),
    [
        ("x^2", "-2x", "all but the sign is right"),
        ("x^2", "x", "all but a constant factor is right: the answer is 1/2 of it"),
        ("x^2", "x^2", "that is `f` itself, not its derivative"),
        ("x^2", "x^3/3", "that is an integral of `f`, not its derivative"),
        ("sin(3x)", "cos(3x)", "the chain rule's inner factor is missing: d/dx of 3*x, which is 3"),
        ("sin(x^2)", "cos(x^2)", "the chain rule's inner factor is missing: d/dx of x^2, which is 2*x"),
        ("5sin(x^2)", "5cos(x^2)", "the chain rule's inner factor is missing: d/dx of x^2, which is 2*x"),
        ("(x^2 + 1)^3", "3(x^2 + 1)^2", "the chain rule's inner factor is missing: d/dx of x^2 + 1, which is 2*x"),
        ("x*sin(x)", "cos(x)", "the derivative of u*v is u'*v + u*v', not u'*v'"),
        ("sin(x)/x^2", "cos(x)/(2x)", "the derivative of u/v is (u'*v - u*v')/v^2, not u'/v'"),
        ("x^2", "sin(x)", None),
    ],
)
def test_slips(function: str, answer: str, hint: str | None) -> None:
    """The common ones are named."""
    found = check(function, answer)
    assert (found.verdict, found.hint) == ("wrong", hint)


@pytest.mark.parametrize("row", rows()[::5], ids=lambda row: f"{row.function} by {row.by}")
def test_textbook_answers(row: object) -> None:
    """SymPy's derivatives are right, and wrong with another term; higher orders and partials too."""
    from benchmarks.formulas import Derivative

    assert isinstance(row, Derivative)
    names = ", ".join(row.inputs)
    made = f"f({names}) = {row.function}\n"
    order = {name: row.by.count(name) for name in row.by}
    derivative = "f"
    for name, times in order.items():
        for _ in range(times):
            derivative = f"grad({derivative}, wrt={name})"
    good = value(f'{made}check_answer({derivative}, "{row.shortest}")')
    # At 0 a product such as 0*x^(-1) has no value.
    assert good.verdict == "right" or (good.where is None and math.isnan(good.given)), good
    bad = value(f'{made}check_answer({derivative}, "{row.shortest} + 1/1000")')
    assert bad.verdict == "wrong", bad


def test_of_several_variables() -> None:
    """By one of them; the point names all."""
    made = "g(x, y) = x^2*y\n"
    assert value(made + 'check_answer(∂g/∂x, "2x*y")').verdict == "right"
    found = value(made + 'check_answer(∂g/∂x, "2x")')
    assert found.verdict == "wrong"
    assert [name for name, _ in found.at] == ["x", "y"]
    assert value(made + 'check_answer(∂²g/∂x∂y, "2x")').verdict == "right"
    assert value('g(x, y) = sqrt(x^2)*y\ncheck_answer(∂g/∂y, "x")').where == "x >= 0"


def test_an_answer_may_be_an_expression_or_a_function() -> None:
    """Of free names, a lambda, a derivative, or a number."""
    made = "f(x) = x^2\ng(x) = 2x\n"
    for answer in ("2x", "x -> 2x", "t -> 2t", "g", "f'", '"f\'(x)"', '"g(x)"'):
        assert value(f"{made}check_answer(f', {answer})").verdict == "right", answer
    assert value(f"{made}check_answer(f'', 2)").verdict == "right"
    assert value(f'{made}check_answer f\' = "2x"').verdict == "right"


def test_a_function_itself_may_be_asked_for() -> None:
    """Of as many inputs as it has, also none."""
    assert value('f(x) = sin(x)^2\ncheck_answer(f, "(1 - cos(2x))/2")').verdict == "right"
    assert value('f() = 3\ncheck_answer(f, "6/2")').verdict == "right"
    assert value('f() = 3\ncheck_answer(f, "4")').verdict == "wrong"


def test_names_that_have_a_value_are_inputs_all_the_same() -> None:
    """Where x is 3 at the prompt, 2x is no 6."""
    assert value('x = 3\nf(x) = x^2\ncheck_answer(f\', "2x")').verdict == "right"
    assert value('a = 3\nf(x) = a*x^2\ncheck_answer(f\', "2a*x")').verdict == "right"


def test_an_assert_holds_where_it_is_right() -> None:
    """And right on a part isn't right."""
    made = "f(x) = x^2\n"
    assert passes(made + 'assert check_answer(f\', "2x")')
    assert not passes(made + 'assert check_answer(f\', "x")')
    assert not passes('f(x) = sqrt(x^2)\nassert check_answer(f\', "1")')
    assert passes(made + 'assert not check_answer(f\', "x").right')
    assert value(made + 'check_answer(f\', "2x").verdict') == "right"


@pytest.mark.parametrize(
    ("answer", "message", "where"),
    [
        ('"2x +"', "expected an expression, but found the end of the line", ("<answer>", 4)),
        ('"2q"', "the answer has `q`, which is no input of `f`", ("<answer>", 1)),
        ('"sni(x)"', "the answer has `sni`, which is no input of `f`", ("<answer>", 0)),
        ('"x > 1"', "an answer is a formula for one number, not a condition", ("<answer>", 0)),
        ('"[1, 2]"', "an answer is a formula for one number, not a tensor of shape (2,)", ("<answer>", 0)),
        ("(1, 2)", "an answer is a formula, not a tuple of 2", None),
        ("(x, y) -> x", "the answer is a function of x, y, and `f` of x", None),
    ],
)
def test_answers_that_are_none(answer: str, message: str, where: tuple[str, int] | None) -> None:
    """The mistake is shown where it is: in the student's text."""
    found = error(f"f(x) = x^2\ncheck_answer(f', {answer})")
    assert found.message == message
    if where is not None:
        assert found.span is not None
        assert (found.span.source.name, found.span.start) == where


def test_what_can_not_be_checked() -> None:
    """Several derivatives at once, functions of tensors, and functions without values."""
    assert error('f(x, y) = x*y\ncheck_answer(∇f, "y")').message == "an answer is one formula, and `∇f` has 2"
    assert "gives a tensor" in error('f(x) = [x, x]\ncheck_answer(f\', "1")').message
    assert "has no value at any" in error('f(x) = sqrt(-x^2 - 1)\ncheck_answer(f\', "1")').message


def test_the_same_each_time() -> None:
    """The points are no matter of chance."""
    made = 'f(x) = x^2\ncheck_answer(f\', "2x + 1/x")'
    assert to_data(run(made).results[0]) == to_data(run(made).results[0])
