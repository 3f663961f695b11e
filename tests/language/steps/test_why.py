"""Under a nan or an infinity stands where it comes from: the operation, its place, and what to write instead."""

from __future__ import annotations

import re
from itertools import product
from math import isfinite, isinf, isnan

import pytest

from gradcli.core.engines.program import Program
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import Node, fresh_input
from gradcli.core.ir.primitive import Primitive, table
from gradcli.language.steps.why import _holds
from gradcli.language.text.diagnostics import Diagnostic
from tests.language.running import run, value

POINTS = (-170.5, -3.0, -2.5, -1.0, -0.5, 0.0, 0.25, 1.0, 1.5, 2.0, 3.0)
DEFINED = [p for _, p in sorted(table().items()) if isinstance(p.defined, str) and p.math is not None]


@pytest.mark.parametrize("primitive", DEFINED, ids=lambda p: p.name)
def test_the_condition_is_where_there_are_values(primitive: Primitive) -> None:
    """What an entry says of its domain: no value outside, a number within."""
    inputs: list[Node] = [fresh_input(f"x{i}", (), DType.FLOAT64) for i in range(primitive.arity)]
    program = Program([primitive(*inputs)], inputs)
    for point in product(POINTS, repeat=primitive.arity):
        (found,) = program(*point)
        assert isinstance(primitive.defined, str)
        # A power of a negative number with a whole exponent has a value though the general power has no slope there.
        # IEEE 754 has a logarithm to base 0.
        if primitive.name == "log_to_base" and point[1] == 0:
            continue
        is_power = primitive.name == "power" and (point[0] == 0 or point[1] % 1 == 0)
        assert is_power or isfinite(found) == _holds(primitive.defined, point), (point, found)


# No float is where cos is 0, the pole of these.
BETWEEN_FLOATS = ("tan", "sec")
NAMED = [p for p in DEFINED if p.arity == 1 and p.names and p.name not in BETWEEN_FLOATS]


@pytest.mark.parametrize("primitive", NAMED, ids=lambda p: p.name)
def test_each_entry_with_a_domain(primitive: Primitive) -> None:
    """Outside of it a note names the operation in the text, and the guard that it gives works."""
    name = primitive.names[0]
    (outside, *_) = [x for x in POINTS if isinstance(primitive.defined, str) and not _holds(primitive.defined, (x,))]
    text = f"f(x) = 2*{name}(x)\nf({outside!r})"
    note = the_note(text)
    assert note.span is not None
    assert note.span.text == f"{name}(x)"
    assert "comes from" in note.message
    guard = re.search(r"`(where\(.*\))`", note.hint or "")
    if guard and "..." not in guard[1]:
        assert value(f"x = {outside!r}\n{guard[1]}") == 0


def the_note(text: str) -> Diagnostic:
    """The only diagnostic of a text."""
    (note,) = run(text).diagnostics
    assert note.severity == "note"
    return note


@pytest.mark.parametrize(
    ("text", "place", "message", "hint"),
    [
        ("sqrt(-4)", "sqrt(-4)", "the nan comes from `sqrt(-4)`: there are values where x >= 0", None),
        ("f(x) = x/(x - 1)\nf(1)", "x/(x - 1)", "here 1/0, a division by 0", "no limit: on the left it is -inf"),
        ("f(x) = sin(x)/x\nf(0)", "sin(x)/x", "here 0/0", "the limit there is 1"),
        ("f(x) = x*log(x)\nf(0)", "x*log(x)", "here 0*(-inf)", "closer tend to 0"),
        ("f(x) = sqrt(x)*sin(x)/x^2\nf'(-1)", "sqrt(x)", "here sqrt(-1)", "where(x >= 0, sqrt(x), 0)"),
        ("f(x) = sqrt(x) + 1\nf'(0)", "sqrt(x)", "the slope of `sqrt(x)`, 1/(2*sqrt(x)) at x = 0", "where(x != 0"),
        ("f(x) = x^1.5\nf''(0)", "f''(0)", "the slope of `x^0.5`, in the derivative of order 1", None),
        ("f(w) = sum(log(w))\ngrad(f)([1, -2, 3])", "log(w)", "here log(-2)", "where(w > 0, log(w), 0)"),
        ("derivatives(x -> acosh(x), order=2)(0.5)", "acosh(x)", "here acosh(0.5)", "where(x >= 1"),
        ("1/0", "1/0", "a division by 0", None),
        ("x = 5\n3 - x/0", "x/0", "here 5/0, a division by 0", None),
        ("exp(ones(2000)*800)", "exp(ones(2000)*800)", "beyond the largest float64", None),
        ("inf - inf", "inf - inf", "the nan comes from `inf - inf`", None),
    ],
)
def test_the_operation_and_what_to_do(text: str, place: str, message: str, hint: str | None) -> None:
    """Beside the result, once."""
    note = the_note(text)
    assert note.span is not None
    assert note.span.text == place
    assert message in note.message
    assert hint is None or hint in (note.hint or "")


@pytest.mark.parametrize(
    "text",
    [
        "inf",
        "nan + 1",
        "exp(1000)",
        "where(0 > 1, log(-1), 2)",
        "f(x) = where(x > 0, log(x), 0)\nf'(0)",
        "norm([1, inf])",
        "f(x) = 1/x\nf(inf)",
        "max([1, -inf])",
    ],
)
def test_what_no_operation_made_has_no_note(text: str) -> None:
    """What came in so, and what is finite."""
    assert not run(text).diagnostics


def test_why_says_it_of_any_expression() -> None:
    """With the value, also where a warning has told the other half of it, and where there is nothing to say."""
    assert isnan(value("f(x) = log(x)\nwhy f(-1)"))
    assert isinf(value("f(x) = sqrt(x)\nwhy f'(0)"))
    warning, note = run("f(x) = sqrt(x^2)\nwhy f'(0)").diagnostics
    assert "on one side" in warning.message
    assert "the slope of `sqrt(x^2)`" in note.message
    assert "nothing to explain" in the_note("why 3 + 4").message
    assert "it was so when it came in" in the_note("why inf").message
