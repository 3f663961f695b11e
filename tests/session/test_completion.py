"""Completion: what may stand where the cursor is, and what it is."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcli.language.library.names import builtins
from gradcli.language.text.diagnostics import LanguageError, Source
from gradcli.language.text.parse import parse
from gradcli.session.completion import call_around, complete
from gradcli.session.session import Session
from gradcli.session.signs import signs
from tests.counting import calls_of
from tests.texts import any_text

DEFINED = """\
speed = [1, 2, 3]
alpha = 2
f(x, y) = x^2 y
model net(u):
    param w = [1, 2]
    return sum(w*u)
layer = Dense(3, 2)
"""


@cache
def session() -> Session:
    """Something of each kind."""
    return Session().run(Source("test", DEFINED)).session


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("spe", ["speed"]),
        ("1 + alp", ["alpha"]),
        ("grad(f, wrt=", ["x", "y"]),
        ("grad(f, wrt=(x, ", ["x", "y"]),
        ("grad(net, wrt=", ["u", "w"]),
        ("grad(grad(f), wrt=", ["x", "y"]),
        ("net.", ["w"]),
        ("layer.", ["bias", "weight"]),
        ("speed.sh", ["shape"]),
        ("speed.argm", ["argmax", "argmin"]),
        ("net.w.cums", ["cumsum"]),
        ("speed.", ["dtype", "ndim", "shape", "size", "T", "abs"]),
        ("grad(f, has", ["has_aux="]),
        ("derivatives(f, ord", ["order="]),
        ("a = 1; mode", ["model"]),
        ("set dt", ["dtype"]),
        ("set dtype ", ["float32", "float64"]),
        ("set dtype float64\nspe", ["speed"]),
        ("SPEE", ["speed"]),
    ],
)
def test_what_is_found_first(text: str, expected: list[str]) -> None:
    """Names, arguments by name, attributes, inputs and parameters, words, settings."""
    assert [c.text for c in complete(session(), text)][: len(expected)] == expected


@pytest.mark.parametrize("text", ['"spe', "# spe", "speed. # x", "3", "none_of_this_is_known", "x.y.z."])
def test_where_nothing_stands(text: str) -> None:
    """In a text in quotes, in a comment, within a number, behind what has no attributes."""
    assert not complete(session(), text)


def test_each_is_told() -> None:
    """Kind and shape of names, signature and help of built-ins."""
    told = {c.text: c.describe() for c in complete(session(), "")}
    assert told["speed"] == "tensor float64 (3,)"
    assert told["alpha"] == "number 2"
    assert told["f"] == "function f(x, y)"
    assert told["net"] == "model net(u)"
    assert told["sin"] == "sin(x)  sine of x in radians"
    assert all(told[name] for name in builtins() if name.isascii())


@given(st.one_of(any_text(max_size=40), st.text('abx_12. ^*+=()[],;:"\\\n', max_size=30)))
def test_any_text_can_be_completed(text: str) -> None:
    """And each completion takes the place of what is typed of it."""
    for found in complete(session(), text)[:5]:
        assert 0 <= found.replaces <= len(text)
        found.describe()


def test_signs_are_read_by_the_language() -> None:
    r"""Each that `\name` gives is a name, or stands in a text that has a meaning."""
    around = {
        "∂": "∂f/∂x",
        "∇": "∇f",
        "∑": "∑(k for k in range(3))",
        "∏": "∏(k for k in range(3))",
        "√": "√2",
        "∛": "∛2",
    }
    for name, sign in signs().items():
        if name[0] == "^":
            text = {"⁻": "x⁻²", "⁺": "x⁺²", "⁽": "f⁽²⁾(1)", "⁾": "f⁽²⁾(1)"}.get(sign, f"x{sign}")
        elif name[0] == "_":
            text = f"x{sign}"
        else:
            text = around.get(
                sign, {"°": "30°", "′": "f′(1)", "∞": "∞"}.get(sign, sign if sign.isalpha() else f"a {sign} b")
            )
        try:
            parse(Source("test", text))
        except LanguageError as error:
            pytest.fail(f"\\{name} gives {sign}, and `{text}` is refused: {error}")


def test_calls_around() -> None:
    """The innermost call, its arguments so far, the keyword that a value belongs to."""
    call = call_around("grad(f, wrt=(x, ")
    assert call is not None
    assert (call.name, call.place, call.keyword, call.first) == ("grad", 1, "wrt", "f")
    inner = call_around("f(g(1, 2), h(3, [4, ")
    assert inner is not None
    assert (inner.name, inner.place) == ("h", 1)
    assert call_around("f(3) + (2") is None


def test_it_is_quick_with_many_names() -> None:
    """Each name costs a handful of calls, and none is described before it is looked at."""

    def calls(count: int) -> int:
        many = "\n".join(f"name_{n} = {n}" for n in range(count))
        large = Session().run(Source("test", many)).session
        assert len(complete(large, "na")) >= count
        return calls_of(lambda: complete(large, "na"))

    assert (calls(1_000) - calls(500)) / 500 < 20
