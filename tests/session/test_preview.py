"""What is shown of a text while it is typed: value and slopes as Enter gives them, and nothing that lasts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradcli.language.text.diagnostics import Source
from gradcli.output.live import blocks, live_line
from gradcli.output.style import bare
from gradcli.output.views import Look
from gradcli.session.preview import preview
from gradcli.session.results import Tensor
from gradcli.session.session import Session
from tests.language.running import number
from tests.texts import any_text

DEFINED = "x = 3; y = 5; v = [1, 2, 3]; f(x, y) = x^2 y; net = Dense(3, 2)"


def session() -> Session:
    """Numbers, a tensor, a function, a layer."""
    return Session().run(Source("test", DEFINED)).session


def line(text: str, width: int = 80, look: Look | None = None) -> str:
    """The live line for a text."""
    found = preview(session(), text)
    return "" if found is None else bare([live_line(found, width, look or Look())])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("x^2 y", "= 45   ∂x 30   ∂y 9"),
        ("f(3, 5)", "= 45   ∂x 30   ∂y 9"),
        ("f(x, 2) * 2", "= 36   ∂x 24"),
        ("z = x^2", "z = 9   ∂x 6"),
        ("x + v", "= [4, 5, 6]"),
        ("0.1 + 0.2", "= 0.3"),
        ("sin(pi)", "= 0"),
        ("grad(f, (0, 1))(3, 5)", "∂f/∂x 30   ∂f/∂y 9"),
        ("solve(t -> t^2 - y, 1)", "= 2.236067977   ∂y 0.2236067977"),
        ("x = 4; x^2", "= 16   ∂x 8"),
        ("p^2 q", "∂p 2p·q   ∂q p²"),
        ("ones((3, 4))", "= [[1, 1, 1, 1], [1, 1, 1, 1], [1, 1, 1, 1]]"),
        ("ones((30, 40))", "= float64 (30, 40)   1 .. 1"),
        ("1/0", "= inf"),
        ("-0.0 x", "= 0   ∂x 0"),
    ],
)
def test_the_line(text: str, shown: str) -> None:
    """The value, then the slopes by inputs or by names that have a number."""
    assert line(text) == shown


@pytest.mark.parametrize(
    "text", ["", "x +", "tahn(1)", "f(", "x = ", "sin", "assert false", "set digits 3", '"text"', ":help"]
)
def test_nothing_is_shown(text: str) -> None:
    """Of what is not whole, a mistake, or no number."""
    assert line(text) == ""


def test_slopes_are_those_that_enter_gives() -> None:
    """By each name, of an expression of all sorts."""
    text = "exp(sin(x))*y^1.5/(1 + x*y)"
    found = preview(session(), text)
    assert found is not None
    slopes = {slope.name: slope.value.data for slope in found.slopes if isinstance(slope.value, Tensor)}
    for name in "xy":
        assert slopes[f"∂{name}"] == number(f"{DEFINED}; grad(({name}) -> {text})({name})")


@given(
    st.one_of(
        any_text(max_size=30), st.sampled_from(["x^2", "x y z", "f(1, 2)", "normal(3)", "net(v)", "w = normal(2)"])
    )
)
@settings(max_examples=60)
def test_it_leaves_no_trace(text: str) -> None:
    """The session is what it was: names, settings, draws, answers."""
    before = session()
    names, drawn, answers = dict(before.scope), before.drawn, before.answers
    preview(before, text)
    assert dict(before.scope) == names
    assert (before.drawn, before.answers) == (drawn, answers)
    again = before.run(Source("test", "normal(2)")).results
    assert repr(again) == repr(before.run(Source("test", "normal(2)")).results)


def test_no_file_is_written(tmp_path: Path) -> None:
    """A picture is written where the statement is run, not while it is typed; nor by a function that is called."""
    target = tmp_path / "a.svg"
    preview(session(), f'plot(sin, save="{target}")')
    drawing = session().run(Source("test", f'draw() = plot(sin, save="{target}")')).session
    preview(drawing, "draw()")
    assert not target.exists()


def test_what_takes_long_is_left() -> None:
    """Loops and tensors beyond what a moment allows."""
    assert line("n = 0\nfor i in range(10^6): n = n + normal()\nn") == ""
    assert line("sum(normal((9000, 9000)) @ normal((9000, 9000)))") == ""


@pytest.mark.parametrize("width", [10, 20, 30, 40, 60, 200])
@pytest.mark.parametrize("text", ["x^2 y/7", "f(1/3, 1/7)", "g(t) = t^2 sin(t)/7", "ones(5)/7", "t^2 sin(t) u v w"])
def test_it_fits(text: str, width: int) -> None:
    """The value before everything else."""
    assert len(line(text, width)) <= width or not line(text, width)
    value = re.match(r"= [\d.e-]+", line(text, 200))
    if value and len(value[0]) <= width:
        assert line(text, width).startswith(value[0])


def test_in_ascii() -> None:
    """Where the screen has no more."""
    assert line("x^2", look=Look(clean=lambda t: t.encode("ascii", "replace").decode(), on_paper=False)).isascii()


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=60), st.integers(1, 40))
def test_blocks(values: list[float], width: int) -> None:
    """So many, blank where there is no value, the highest at the top."""
    found = blocks(values, width)
    assert len(found) == width
    assert set(found) <= set(" ▁▂▃▄▅▆▇█")
