"""Results as JSON-ready data: every kind, strictly, with every digit."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcli.language.text.diagnostics import Diagnostic, Label, Source, Span
from gradcli.session.data import to_data
from gradcli.session.results import Tensor, Verdict
from tests.language.running import run


def strict(data: Any) -> Any:
    """Data as it comes back from JSON, in which nan and infinities are no numbers."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(json.dumps(data, allow_nan=False), parse_constant=refuse)


def data(text: str) -> Any:
    """The last result of a text."""
    step = run(text)
    assert not [d for d in step.diagnostics if d.severity == "error"], step.diagnostics
    return strict(to_data(step.results[-1]))


def value(text: str) -> Any:
    """The value of the last result."""
    return data(text)["value"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2^64", {"dtype": "int", "shape": [], "value": 2**64}),
        ("true", {"dtype": "bool", "shape": [], "value": True}),
        ("1/3", {"dtype": "float64", "shape": [], "value": 1 / 3}),
        ("-0.0", {"dtype": "float64", "shape": [], "value": -0.0}),
        ("0/0", {"dtype": "float64", "shape": [], "value": "nan"}),
        ("1/0", {"dtype": "float64", "shape": [], "value": "inf"}),
        ("[1, -1/0, 0/0]", {"dtype": "float64", "shape": [3], "value": [1.0, "-inf", "nan"]}),
        ("float32([0.1, 1/0])", {"dtype": "float32", "shape": [2], "value": [0.1, "inf"]}),
        ("float32(0.1)", {"dtype": "float32", "shape": [], "value": 0.1}),
        ("int([[1, 2], [3, 4]])", {"dtype": "int64", "shape": [2, 2], "value": [[1, 2], [3, 4]]}),
        ("[1, 2] > 1", {"dtype": "bool", "shape": [2], "value": [False, True]}),
        ("zeros((0, 3))", {"dtype": "float64", "shape": [0, 3], "value": []}),
        ("zeros((2, 0))", {"dtype": "float64", "shape": [2, 0], "value": [[], []]}),
        ("reshape([1/0], (1, 1, 1))", {"dtype": "float64", "shape": [1, 1, 1], "value": [[["inf"]]]}),
    ],
)
def test_tensors(text: str, expected: dict[str, Any]) -> None:
    """A number, or lists nested as the axes are; what JSON has no number for is a text."""
    assert value(text) == {"kind": "tensor", **expected}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"say \\"x\\"\\n"', {"kind": "text", "text": 'say "x"\n'}),
        ("none", {"kind": "none", "text": "none"}),
        ("...", {"kind": "ellipsis", "text": "..."}),
        ("sin", {"kind": "function", "text": "built-in sin(x)"}),
        ("Dense(2, 1)", {"kind": "function"}),
        ("()", {"kind": "tuple", "length": 0, "items": []}),
        ('(("a",),)', {"kind": "tuple", "length": 1}),
    ],
)
def test_what_has_no_numbers(text: str, expected: dict[str, Any]) -> None:
    """By its kind."""
    assert expected.items() <= value(text).items()


def test_tuples_nest() -> None:
    """Each item with its own kind."""
    got = value("(1, ([2], true))")
    assert got["items"][0]["value"] == 1
    assert [item["value"] for item in got["items"][1]["items"]] == [[2.0], True]


def test_a_tuple_of_too_many_items_has_their_number() -> None:
    """Shared parts count each time they occur, as they would be written."""
    got = value("x = (1,)\nfor i in range(60): x = (x, x)\nx")
    assert got == {"kind": "tuple", "length": 2, "items": None, "count": 2**60}


def test_derivatives() -> None:
    """With order, name, what of and by what, formula, value."""
    got = value("f(x, y) = x^2*y; derivatives(f, order=2)(3, 5)")
    assert (got["kind"], got["note"]) == ("derivatives", None)
    assert {
        "order": 2,
        "name": "∂²f/∂x∂y",
        "of": "f",
        "by": ["x", "y"],
        "formula": "2*x",
        "dtype": "float64",
        "shape": [],
        "value": 6.0,
    } in got["rows"]
    one = value("f(x, y) = x^2*y; grad(f)([3], [5])")
    assert [(row["name"], row["value"], row["formula"]) for row in one["rows"]] == [("∂f/∂x", [30.0], None)]
    assert "summed" in value("f(x) = x^2; derivatives(f)([1, 2])")["note"]


def test_parameters() -> None:
    """By name; one that is shared, under its names."""
    got = value("model net(x): param w = [3]; return w * x\nparams(net)")
    expected = [{"name": "w", "dtype": "float64", "shape": [1], "value": [3.0]}]
    assert got == {"kind": "parameters", "of": "net", "parameters": expected}


def test_sparse_matrices() -> None:
    """By the places of their entries."""
    got = value("f(x) = sum(x^3); hessian(f, sparse=true)(linspace(1, 40, 40))")
    assert (got["kind"], got["shape"], got["sweeps"], got["dtype"]) == ("sparse", [40, 40], 1, "float64")
    assert got["rows"] == got["columns"] == [*range(40)]
    assert got["values"] == pytest.approx([6.0 * x for x in range(1, 41)])


def test_polynomials() -> None:
    """By exponents and coefficients."""
    got = value("taylor((x, y) -> x*y + x^2, (1, 2), 2)")
    assert (got["kind"], got["variables"], got["center"], got["order"]) == ("polynomial", ["x", "y"], [1.0, 2.0], 2)
    terms = {tuple(term["exponents"]): term["coefficient"] for term in got["terms"]}
    assert terms[0, 0] == 3
    assert (terms[2, 0], terms[1, 1]) == (1, 1)


def test_asserts() -> None:
    """Where, whether it held, and both sides where it did not."""
    got = data('x = 1\n\nassert allclose([1, 2], [1, 2.25], atol=0.1), "why"')
    assert got["kind"] == "assert"
    assert (got["file"], got["line"], got["column"], got["passed"], got["message"]) == ("test", 3, 1, False, "why")
    assert (got["relation"], got["difference"], got["tolerance"]) == ("close to", 0.25, "rtol 1e-09, atol 0.1")
    assert (got["left"]["value"], got["right"]["value"]) == ([1.0, 2.0], [1.0, 2.25])
    held = data("assert 1 == 1")
    assert held["passed"]
    assert held.keys() == got.keys()
    assert held["left"] is held["difference"] is None
    assert data("assert 0/0 == 1")["difference"] == "nan"


def test_values_have_a_place() -> None:
    """That of the expression."""
    got = data("x = 2; y = 3\nx; (x + y)")
    assert (got["source"], got["file"], got["line"], got["column"]) == ("(x + y)", "test", 2, 4)


def test_diagnostics() -> None:
    """Where they begin and end, and each other place that matters."""
    source = Source("a.grad", "first\nsecond line\n")
    label = Label(Span(source, 0, 5), "called from here")
    got = strict(to_data(Diagnostic("name", "m", Span(source, 6, 12), "do", (label,))))
    assert got == {
        "severity": "error",
        "kind": "name",
        "message": "m",
        "hint": "do",
        "file": "a.grad",
        "line": 2,
        "column": 1,
        "end_line": 2,
        "end_column": 7,
        "labels": [
            {"message": "called from here", "file": "a.grad", "line": 1, "column": 1, "end_line": 1, "end_column": 6}
        ],
    }
    without = strict(to_data(Diagnostic("usage", "m")))
    assert without.keys() == got.keys()
    assert without["line"] is None


@given(st.lists(st.floats(width=32), min_size=1, max_size=5))
def test_every_float32_reads_back(numbers: list[float]) -> None:
    """From as few digits as tell it from its neighbours."""
    array = np.array(numbers, dtype=np.float32)
    got = strict(to_data(Tensor(array.shape, "float32", array)))["value"]
    np.testing.assert_array_equal(np.array([float(x) for x in got], dtype=np.float32), array)


@given(st.lists(st.floats(), min_size=1, max_size=5))
def test_every_float_reads_back(numbers: list[float]) -> None:
    """To the last bit; texts for what JSON lacks are those that Python reads."""
    array = np.array(numbers)
    got = strict(to_data(Tensor(array.shape, "float64", array)))["value"]
    np.testing.assert_array_equal([float(x) for x in got], array)


def test_what_is_no_result() -> None:
    """Is refused, and never passed through."""
    with pytest.raises(TypeError, match="no JSON for object"):
        to_data(object())
    assert int(Verdict.INTERRUPTED) == 130
