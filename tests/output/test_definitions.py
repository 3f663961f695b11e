"""A defined function by itself: as it was typed, and on a terminal with its formula where that says more."""

from __future__ import annotations

import io
import time

import pytest

from gradcli.output.terminal import Terminal
from gradcli.session.data import to_data
from gradcli.session.results import Shown
from tests.language.running import run, value
from tests.output.tty import TTY

MODEL = "model net(x):\n    param w = 2.0\n    hidden = x * x\n    return w * hidden\n"


@pytest.fixture(autouse=True)
def _without_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")


def shown(text: str, terminal: bool = True) -> str:
    """What a text shows."""
    out = TTY() if terminal else io.StringIO()
    step = run(text)
    assert not [d for d in step.diagnostics if d.severity == "error"]
    for result in step.results:
        Terminal(out, out).result(result)
    return out.getvalue()


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("g(x) = x^2; f(x) = g(g(x))*2; f", ["f(x) = g(g(x))*2", "f = 2x⁴"]),
        ("f(x, y) = x*x*y; f", ["f(x, y) = x*x*y", "f = x²·y"]),
        (MODEL + "net", [*MODEL.rstrip().split("\n"), "net = w·x²"]),
        ("def f(x):\n    y = 1\n    for i in range(3):\n        y = y * x\n    return y\nf", "f = x³"),
        # These say no more than what was typed.
        ("f(x) = x^2*sin(x)/(1 + exp(x)); f", ["f(x) = x^2*sin(x)/(1 + exp(x))"]),
        ("f(x) = 2x sin(x); f", ["f(x) = 2x sin(x)"]),
        # And these have none: a name without a value, something drawn, a tensor wanted, too long.
        ("f(x) = x*unknown; f", ["f(x) = x*unknown"]),
        ("f(x) = x*normal(); f", ["f(x) = x*normal()"]),
        ("f(x) = x[0] + x[1]; f", ["f(x) = x[0] + x[1]"]),
        ("f(x) = sum(sin(k*x)/k for k in 1..30); f", ["f(x) = sum(sin(k*x)/k for k in 1..30)"]),
    ],
)
def test_a_definition_and_its_formula(text: str, lines: list[str] | str) -> None:
    """Below it, where it is short and says more."""
    found = shown(text).rstrip("\n").split("\n")
    assert found == lines if isinstance(lines, list) else found[-1] == lines


def test_files_and_programs_get_the_definition_alone() -> None:
    """As before."""
    text = "g(x) = x^2; f(x) = g(g(x))*2; f"
    assert shown(text, terminal=False) == "f(x) = g(g(x))*2\n"
    (result,) = run(text).results
    assert isinstance(result, Shown)
    assert to_data(result)["value"] == {"kind": "function", "text": "f(x) = g(g(x))*2"}


def test_looking_at_a_definition_changes_nothing() -> None:
    """No number is drawn, and no warning said."""
    drawn = "f(x) = x*normal() + abs(x); {}normal()"
    assert value(drawn.format("f; ")) == value(drawn.format(""))
    assert not run("f(x) = abs(x); f").diagnostics


def test_looking_at_a_definition_takes_no_time() -> None:
    """However long what it computes is."""
    start = time.perf_counter()
    shown("f(x) = sum(sin(k*x)^2*exp(-k*x) for k in 1..4000); f")
    def_of_a_loop = "def g(x):\n    for i in range(4000):\n        x = sin(x) + x*x\n    return x\ng"
    shown(def_of_a_loop)
    assert time.perf_counter() - start < 5
