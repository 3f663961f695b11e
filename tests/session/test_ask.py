"""Questions, as every door asks them: a function, values, variables, an order."""

from __future__ import annotations

import pytest

from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import constant
from gradcli.language.text.diagnostics import LanguageError, Source
from gradcli.session.ask import Question, question, question_about, values_of
from gradcli.session.export import program
from gradcli.session.session import Session
from tests.language.running import run


def asked(text: str, *words: str, session: Session | None = None) -> Question:
    """A question about an expression, at the values of NAME=VALUE words."""
    session = session or Session()
    return question(session, text, values_of(session, words))


def rows(of: Question, wrt: str | None = None, order: int = 1) -> dict[str, object]:
    """The values of a question's derivatives by name."""
    return {row.name: row.data for row in of.derivatives(wrt, order).derivatives.rows}


def test_an_expression_is_a_function_of_its_free_names() -> None:
    """In the order of the text, whatever the order of the values."""
    answer = asked("x^2*y", "y=5", "x=3").derivatives(order=2)
    assert answer.title == "f(x, y) = x^2*y"
    assert [name for name, _ in answer.at] == ["x", "y"]
    found = {(row.order, row.name): (row.formula, row.data) for row in answer.derivatives.rows}
    assert found[0, "f"] == ("x^2*y", 45)
    assert found[2, "∂²f/∂x∂y"] == ("2*x", 6)


def test_values_need_no_text() -> None:
    """A door that has numbers gives numbers."""
    x = constant(3.0, DType.FLOAT64)
    assert rows(question(Session(), "x^2", {"x": x})) == {"f": 9, "df/dx": 6}


@pytest.mark.parametrize(
    ("text", "words", "expected"),
    [
        ("sin", ["x=0"], {"sin": 0, "dsin/dx": 1}),
        ("x -> x^3", ["x=2"], {"(x -> x^3)": 8, "d(x -> x^3)/dx": 12}),
        ("sin'", ["x=0"], {"dsin/dx": 1, "d²sin/dx²": 0}),
        ("(x -> x^2)(3) + x", ["x=1"], {"f": 10, "df/dx": 1}),
        ("(x -> x*y)(3)", ["y=2"], {"f": 6, "df/dy": 3}),
    ],
)
def test_what_may_be_asked_about(text: str, words: list[str], expected: dict[str, float]) -> None:
    """Built-ins, functions without a name, primes; what a function binds is none of the inputs."""
    assert rows(asked(text, *words)) == expected


def test_variables_may_be_chosen() -> None:
    """By names with commas between them."""
    assert [*rows(asked("x*y*z", "x=2", "y=3", "z=5"), "z, x")] == ["f", "∂f/∂z", "∂f/∂x"]


def test_a_function_of_a_session_takes_what_is_defined_there() -> None:
    """Where it is given no other value; parameters are among the variables."""
    session = run("x = 3\nmodel net(x, y): param w = 2; return w * x * y").session
    assert rows(question_about(session, "net", "a.grad", values_of(session, ["y=5"]))) == {
        "net": 30,
        "∂net/∂x": 10,
        "∂net/∂y": 6,
        "∂net/∂w": 15,
    }


@pytest.mark.parametrize(
    ("text", "words", "message", "at"),
    [
        ("xx + x", ["xx=1"], "no value for `x`", 5),
        ("(x -> x^2)(3) + x + y", ["y=1"], "no value for `x`", 16),
        ("f(x, k=y) + y", ["x=1"], "no value for `f`", 0),
        ("max(x, y)", ["x=1"], "no value for `y`", 7),
    ],
)
def test_a_name_without_a_value_is_shown_where_it_stands(text: str, words: list[str], message: str, at: int) -> None:
    """Not where the same letters stand in another name, or where a function binds it."""
    with pytest.raises(LanguageError, match=message) as error:
        asked(text, *words)
    span = error.value.diagnostic.span
    assert span is not None
    assert (span.source.text, span.start) == (text, at)


@pytest.mark.parametrize(
    ("words", "message"),
    [(["x"], "is not NAME=VALUE"), (["x=1", "x=2"], "given twice"), (["1=2"], "is not NAME=VALUE"), (["x=y"], "name")],
)
def test_values_that_are_none(words: list[str], message: str) -> None:
    """Each is refused with its own text."""
    with pytest.raises(LanguageError, match=message):
        values_of(Session(), words)


def test_a_question_can_be_put_again() -> None:
    """At other orders and by other variables; it changes nothing of the session."""
    session = Session()
    once = asked("x^2*y", "x=3", "y=5", session=session)
    assert rows(once, "x", 2) == {"f": 45, "∂f/∂x": 30, "∂²f/∂x²": 10}
    assert rows(once, "y") == {"f": 45, "∂f/∂y": 9}
    assert not session.scope
    with pytest.raises(LanguageError, match="the order can't be -1"):
        once.derivatives(order=-1)


def test_warnings_stand_beside_the_answer() -> None:
    """What is no value, and why."""
    corner = asked("abs(x)", "x=0")
    assert not corner.warnings
    corner.derivatives(order=2)
    assert "no derivative here" in corner.warnings[0].message


def test_the_program_of_a_question() -> None:
    """The text that `gradcli code` shows, for any door."""
    text = program(question(Session(), "x*y", {}, missing=1.0), "x")
    assert "# returns f, ∂f/∂x" in text
    scope: dict[str, object] = {}
    exec(text, scope)
    function = scope["f"]
    assert callable(function)
    assert function(3.0, 5.0) == (15.0, 5.0)


def test_a_deep_expression_is_walked_without_recursion() -> None:
    """A sum of ten thousand terms is as deep as it is long."""
    session = Session().run(Source("t", "x = 1")).session
    text = " + ".join(["x"] * 10_000)
    with pytest.raises(LanguageError, match="no value for `x`"):
        question(session, text + " + y", {"y": 2})
