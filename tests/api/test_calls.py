"""Calling the language from Python: what goes in, what comes out, and in which structure."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
from typing import Any

import numpy as np
import pytest

import gradcli
import gradcli.api
from gradcli import GradcliError, GradcliWarning


def refused(call: Any, *args: Any, **kwargs: Any) -> GradcliError:
    """The error that a call ends in."""
    with pytest.raises(GradcliError) as caught:
        call(*args, **kwargs)
    return caught.value


@pytest.mark.parametrize(
    "module", ["gradcli", *(f"gradcli.api.{m.name}" for m in pkgutil.iter_modules(gradcli.api.__path__))]
)
def test_what_docstrings_show_is_what_happens(module: str) -> None:
    """Each example in a docstring."""
    done = doctest.testmod(importlib.import_module(module), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert done.failed == 0


def test_every_name_is_there_and_says_what_it_is() -> None:
    """Those that are listed, none besides, each with a docstring of its own."""
    for name in gradcli.__all__:
        assert getattr(gradcli, name) is not None
        assert name == "__version__" or len(getattr(gradcli, name).__doc__) > 40
    assert set(gradcli.__all__) <= set(dir(gradcli))
    with pytest.raises(AttributeError, match="no attribute 'gard'"):
        gradcli.gard  # noqa: B018


def test_a_value_has_pythons_type() -> None:
    """Ints stay exact, scalars are Python's, tensors arrays, tuples tuples, texts texts."""
    assert gradcli.evaluate("2^100") == 2**100
    assert type(gradcli.evaluate("x/2", x=3)) is float
    assert gradcli.evaluate("x > 2", x=3) is True
    assert gradcli.evaluate("none") is None
    assert gradcli.evaluate('"a"') == "a"
    value = gradcli.evaluate("x, (y, 2*y)", x=1.5, y=[1, 2])
    assert value[0] == 1.5
    np.testing.assert_array_equal(value[1][1], [2.0, 4.0])
    assert type(gradcli.evaluate("sum([1, 2])")) is float
    assert gradcli.evaluate("params(Dense(2, 1))").keys() == {"weight", "bias"}
    assert gradcli.evaluate("[1, 2] > 1").dtype == np.bool_


@pytest.mark.parametrize(
    ("given", "dtype"),
    [
        (np.arange(3, dtype="float32"), "float32"),
        (np.arange(3, dtype="float16"), "float32"),
        (np.arange(3, dtype=">f8"), "float64"),
        (np.arange(3, dtype=">f4"), "float32"),
        (np.arange(6.0)[::2], "float64"),
        (np.arange(6.0).reshape(2, 3).T, "float64"),
        (np.arange(3, dtype="int8"), "int64"),
        (np.arange(3, dtype="uint64"), "int64"),
        (np.array([True, False]), "bool"),
        (np.zeros((0, 3)), "float64"),
        ([1, 2], "float64"),
        ([True, False], "bool"),
        ([2**70, 1], "float64"),
        ([], "float64"),
        ([np.float32(1), np.float32(2)], "float32"),
    ],
)
def test_an_array_comes_through(given: Any, dtype: str) -> None:
    """With its numbers and a dtype that holds them all, in this machine's byte order, the caller's own."""
    found = gradcli.evaluate("x", x=given)
    assert type(found) is np.ndarray
    assert found.dtype == np.dtype(dtype)
    assert found.dtype.isnative
    assert found.shape == np.shape(given)
    np.testing.assert_array_equal(found, np.array(given, dtype=dtype))
    found[...] = 0


@pytest.mark.parametrize(
    ("given", "value"),
    [
        (np.float64(2.5), 2.5),
        (np.int64(3), 3),
        (np.uint8(3), 3),
        (np.bool_(True), True),
        (np.array(2.5), 2.5),
        (np.array(3), 3),
        (np.array(2.5, dtype=">f8"), 2.5),
    ],
)
def test_an_array_of_one_number_is_a_number(given: Any, value: Any) -> None:
    """And so is a NumPy scalar: it can be a count, and be differentiated by."""
    found = gradcli.evaluate("x", x=given)
    assert found == value
    assert type(found) is type(value)
    if value is not True:
        assert gradcli.grad("x^2")(given) == 2 * value


def test_float32_stays_float32() -> None:
    """Arrays and scalars, through derivatives too; and Python's numbers where the dtype says so."""
    assert gradcli.evaluate("x + 1", x=np.float32(0.1)) == np.float32(1.1)
    assert type(gradcli.evaluate("x", x=np.float32(1))) is np.float32
    x = np.arange(3, dtype="float32")
    assert gradcli.grad("sum(sin(x) * y)", ("x", "y"))(x, 2)[0].dtype == np.float32
    assert gradcli.evaluate("x + 0.5", x=x).dtype == np.float32
    third = gradcli.evaluate("1/x", x=3, dtype="float32")
    assert third == np.float32(1) / np.float32(3)
    assert type(third) is np.float32
    assert type(gradcli.grad("x^2", dtype=np.float32)(0.1)) is np.float32
    assert gradcli.evaluate("x", x=[1, 2], dtype=np.dtype("float32")).dtype == np.float32
    # What an array is, it stays.
    assert gradcli.evaluate("x", x=np.ones(2), dtype="float32").dtype == np.float64


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (np.array([1, "a"], dtype=object), "has dtype object"),
        (np.array([1j]), "has dtype complex128"),
        (np.array(["a"]), "has dtype <U1"),
        (np.array([2**63], dtype="uint64"), "don't fit an int64"),
        (np.ones(2, dtype=np.longdouble), "has dtype"),
        (np.ma.array([1.0, 2.0], mask=[True, False]), "masked"),
        (np.array(["2020-01-01"], dtype="datetime64[D]"), "has dtype datetime64"),
        ([[1, 2], [3]], "makes no array"),
        ([1, "a"], "has dtype"),
        ([1, None], "no number"),
        (1j, "is a complex"),
        ({1: 2}, "is a dict"),
        (len, "is a builtin_function_or_method"),
        ((1, {2}), r"`x`\[1\] is a set"),
        pytest.param(10**5000, "more than 14,000 bits", id="long int"),
        (b"a", "is a bytes"),
    ],
)
def test_what_has_no_place_is_refused(given: Any, said: str) -> None:
    """In a sentence, before anything is computed."""
    error = refused(gradcli.evaluate, "x", x=given)
    assert re.search(said, error.message), error.message
    assert str(error).startswith("error: ")
    assert error.kind in ("type", "dtype", "shape", "value")


def test_names_that_python_uses_are_names_like_others() -> None:
    """Inputs may be called what they like."""
    assert gradcli.evaluate("self + text + name", self=1, text=2, name=3) == 6
    f = gradcli.function("f(self, of) = self * of")
    assert f(self=2, of=3) == 6
    assert f.compile(self=(), of=())(self=2, of=3) == 6
    assert gradcli.Session().evaluate("self + text", self=1, text=2) == 3


def test_what_lies_too_deep_is_refused() -> None:
    """Rather than crash."""
    deep: Any = 1
    for _ in range(100_000):
        deep = (deep,)
    assert refused(gradcli.evaluate, "x", x=deep).kind == "value"


def test_a_list_that_holds_itself_is_refused() -> None:
    """Rather than followed for ever."""
    endless: list[Any] = []
    endless.append(endless)
    assert refused(gradcli.evaluate, "x", x=endless).kind in ("shape", "type")


def test_arguments_go_by_position_and_by_name() -> None:
    """For an expression its free names, in the order in which they occur."""
    f = gradcli.function("y^2 * x + sin(pi)")
    assert f.inputs == ("y", "x")
    assert f(2, 3) == f(x=3, y=2) == f(2, x=3) == pytest.approx(12)
    g = gradcli.function("f(x, n=2) = x^n")
    assert (g(3), g(3, 3), g(3, n=1)) == (9, 27, 3)


@pytest.mark.parametrize(
    ("args", "kwargs", "message", "text"),
    [
        ((3, 5, 6), {}, "`f` takes 2 arguments, and here are 3", "6"),
        ((3,), {}, "`f` needs a value for `y`", "(3)"),
        ((3,), {"z": 1}, "`f` has no input `z`", "z=1"),
        ((3, 5), {"x": 1}, "`x` is given twice", "x=1"),
    ],
)
def test_arguments_that_do_not_fit(args: Any, kwargs: Any, message: str, text: str) -> None:
    """Are said as in the language, at the place in the call as it would be written there."""
    error = refused(gradcli.function("f(x, y) = x^2*y"), *args, **kwargs)
    assert error.message == message
    assert error.span is not None
    assert error.span.text == text
    assert error.hint


def test_a_wrong_name_is_refused() -> None:
    """A value that no name asks for, a name without a value, a name that is none."""
    assert refused(gradcli.evaluate, "alpha^2", alpah=3).hint == "did you mean `alpha`?"
    assert refused(gradcli.evaluate, "x^2").message == "unknown name `x`"
    assert refused(gradcli.grad("x^2", wrt="z"), 3).message == "`f` has no input or parameter `z`"
    assert refused(gradcli.grad("x^2", wrt="x"), z=3).message == "`grad(f)` has no input `z`"
    assert refused(gradcli.evaluate, "x", **{"a b": 3}).kind == "usage"
    assert refused(gradcli.function, "g(x)").message == "unknown name `g`"


def test_gradients_have_the_structure_that_was_asked_for() -> None:
    """One value by a name, a tuple by several; without a name, by the first input."""
    text = "sum(x^2) * y"
    x = np.array([1.0, 2.0])
    np.testing.assert_array_equal(gradcli.grad(text)(x, 3), [6, 12])
    assert gradcli.grad(text, "y")(x, 3) == 5
    (only,) = gradcli.grad(text, ["y"])(x, 3)
    assert only == 5
    by_x, by_y = gradcli.grad(text, ("x", "y"))(x, 3)
    np.testing.assert_array_equal(by_x, [6, 12])
    assert by_y == 5
    value, (gx, gy) = gradcli.value_and_grad(text, ("x", "y"))(x, 3)
    assert value == 15
    assert gy == 5
    np.testing.assert_array_equal(gx, by_x)
    assert gradcli.grad("f(x) = x^2, 3*x", has_aux=True)(2) == (4, (6,))
    assert gradcli.value_and_grad("f(x) = x^2, 3*x", has_aux=True)(2) == ((4, 6), (4, (6,)))


def test_higher_orders() -> None:
    """By one name the n-th derivative, by several a table of the partials of that order."""
    assert gradcli.grad("exp(2*x)", order=5)(0) == 32
    assert gradcli.grad("x^3*y^2", "y", order=2)(2, 7) == 16
    np.testing.assert_allclose(gradcli.grad("x^3*y", "x", order=2)(np.array([1.0, 2.0]), 5), [30, 60])
    nested = gradcli.grad("x^3*y", "x").grad("x")(np.array([1.0, 2.0]), 5)
    np.testing.assert_allclose(nested, [30, 60])
    table = gradcli.grad("x^2*y^3", ("x", "y"), order=2)(3, 5)
    assert [row.name for row in table.rows] == ["∂²f/∂x²", "∂²f/∂x∂y", "∂²f/∂y²"]
    assert (table["x", "x"], table["y", "x"], table["y", "y"]) == (250, 450, 270)
    with pytest.raises(KeyError):
        table["x"]
    for order in (0, -1, 1.5, True, "2", 2_000):
        assert refused(gradcli.grad, "x^2", order=order).kind in ("value", "type")
    assert gradcli.grad("x^2", order=np.int64(2))(3) == 2


def test_matrices_and_tables() -> None:
    """Nothing is summed in a Jacobian or a Hessian; a table has every partial up to an order."""
    np.testing.assert_array_equal(gradcli.jacobian("x*y, x + y")(3, 5), [[5, 3], [1, 1]])
    np.testing.assert_array_equal(gradcli.hessian("x^2*y")(3, 5), [[10, 6], [6, 0]])
    np.testing.assert_array_equal(gradcli.jacobian("x^2")(np.array([1.0, 2.0])), [[2, 0], [0, 4]])
    np.testing.assert_array_equal(gradcli.hessian("x^2*y", wrt="x")(3, 5), [[10]])
    table = gradcli.derivatives("x^2*y", order=3, wrt="x")(3, 5)
    assert [row.tensor.data for row in table.rows] == [45, 30, 10, 0]
    assert table[()] == 45
    assert len(table) == 4


def test_functions_of_all_kinds() -> None:
    """Built-ins, primes, lambdas, operators, definitions with what stands before them, models."""
    assert gradcli.grad("sin")(0) == 1
    assert gradcli.function("sin''")(0) == 0
    assert gradcli.function("(x, y) -> x*y")(2, 3) == 6
    assert gradcli.function("grad(sin)")(0) == 1
    assert gradcli.function("a = 3\nf(x) = a*x")(2) == 6
    model = gradcli.function("model m(x):\n    param w = [2.0, 3.0]\n    return sum(w * x)")
    assert model([1, 1]) == 5
    np.testing.assert_array_equal(model.parameters["w"], [2, 3])
    np.testing.assert_array_equal(model.grad("w")([4, 5]), [4, 5])
    model.parameters["w"][0] = 100
    assert model([1, 1]) == 5
    for text in ("", "x = 3", "f(x) = ", "assert true", "1 +"):
        assert refused(gradcli.function, text).kind == "syntax"
    assert "is no function of gradcli" in refused(gradcli.grad, lambda x: x).message
    assert repr(gradcli.function("f(x, n=2) = x^n")) == "<gradcli function f(x, n=2)>"


def test_nan_and_infinity_come_through() -> None:
    """As IEEE 754 says, never as an exception."""
    assert np.isnan(gradcli.evaluate("x^2", x=float("nan")))
    assert gradcli.evaluate("1/x", x=0.0) == float("inf")
    np.testing.assert_array_equal(gradcli.grad("sum(x^2)")(np.array([np.inf, np.nan, 1])), [np.inf, np.nan, 2])


def test_nothing_is_shared_with_the_caller() -> None:
    """Arrays are copied on their way in and on their way out; those that nobody may write to are taken too."""
    x = np.array([1.0, 2.0])
    session = gradcli.Session()
    session["x"] = x
    x[0] = 100
    np.testing.assert_array_equal(session["x"], [1, 2])
    out = session["x"]
    out[0] = 100
    np.testing.assert_array_equal(session["x"], [1, 2])
    same = session.function("v -> v")(x)
    same[1] = -1
    assert x[1] == 2
    x.flags.writeable = False
    assert gradcli.evaluate("sum(x)", x=x) == 102
    found = gradcli.evaluate("x, x", x=x)
    found[0][0] = 5
    assert found[1][0] == 100


def test_a_corner_is_a_warning_at_the_callers_line() -> None:
    """With the excerpt, and of a category of its own."""
    with pytest.warns(GradcliWarning, match="no derivative here") as caught:
        assert np.isnan(gradcli.grad("abs(x)", order=2)(0))
    assert caught[0].filename == __file__
    assert "^^^" in str(caught[0].message)


def test_a_mistake_is_what_the_command_line_says() -> None:
    """Message, place, what to do; the text of the error is the excerpt with its caret."""
    error = refused(gradcli.evaluate, "2*tahn(1)")
    assert str(error) == (
        "error: unknown name `tahn`\n --> <python>:1:3\n  |\n1 | 2*tahn(1)\n  |   ^^^^\n  = help: did you mean `tanh`?"
    )
    assert isinstance(error, ValueError)
    assert (error.kind, error.message, error.hint) == ("name", "unknown name `tahn`", "did you mean `tanh`?")
    assert error.span is not None
    assert (error.span.file, error.span.line, error.span.column, error.span.text) == ("<python>", 1, 3, "tahn")
    assert refused(gradcli.evaluate, "f(x").kind == "syntax"
    assert refused(gradcli.evaluate, "x = 3").message.startswith("this ends in no expression")
    assert refused(gradcli.evaluate, "x", x=1, dtype="float46").hint == "did you mean `float64`?"
    assert refused(gradcli.evaluate, 3).kind == "type"
    assert refused(gradcli.evaluate, "assert 1 == 2; 3").kind == "assert"


def test_an_error_can_be_sent_to_another_process() -> None:
    """As `multiprocessing` does."""
    import pickle

    error = refused(gradcli.evaluate, "2*tahn(1)")
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.kind, again.span) == (str(error), error.kind, error.span)


def test_a_mistake_of_gradclis_own_is_not_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes out as it is."""
    from gradcli.language.interpreter.interpreter import Interpreter

    def broken(*_: object) -> None:
        raise AssertionError("broken")

    f = gradcli.function("x^2")
    monkeypatch.setattr(Interpreter, "settle", broken)
    with pytest.raises(AssertionError, match="broken"):
        f(3)


def test_what_is_more_than_numbers_comes_as_a_result() -> None:
    """Sparse matrices and polynomials; a function of either comes out as a function."""
    matrix = gradcli.evaluate("hessian(x -> sum(x^3), sparse=true)(x)", x=[1, 2])
    np.testing.assert_array_equal(matrix.csr().toarray(), [[6, 0], [0, 12]])
    polynomial = gradcli.evaluate("taylor(exp, 0, 2)")
    assert dict(polynomial.terms) == {(0,): 1, (1,): 1, (2,): 0.5}
    assert gradcli.evaluate("x -> x^2")(3) == 9
    assert gradcli.evaluate("set dtype float32; 1/3") == np.float32(1) / np.float32(3)


def test_a_result_that_no_memory_holds() -> None:
    """It is a mistake like any other, though a view of one element comes before it."""
    f = gradcli.function("f(x) = zeros(x)")
    with pytest.raises(gradcli.GradcliError, match="memory"):
        f(2**50)
    with pytest.raises(gradcli.GradcliError, match="memory"):
        gradcli.evaluate("zeros(2^50)")
