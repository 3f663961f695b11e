"""How results look: numbers with every digit that counts, tables, tensors by their edges."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcli.language.text.diagnostics import Diagnostic, Label, Source, Span
from gradcli.output.diagnostics import show_diagnostic
from gradcli.output.numbers import show_number
from gradcli.output.style import bare
from gradcli.output.tensors import show_tensor
from gradcli.output.terminal import Terminal
from gradcli.output.views import view
from gradcli.session.data import to_data
from gradcli.session.results import Tensor
from tests.language.running import run, value
from tests.output.tty import TTY


@pytest.fixture(autouse=True)
def _without_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")


def shown(text: str, named: bool = False, terminal: bool = True) -> str:
    """What the screen prints for a text, on a terminal of 100 columns or into a pipe."""
    out = TTY() if terminal else io.StringIO()
    reporter = Terminal(out, out)
    for result in run(text).results:
        reporter.result(result, named=named)
    return out.getvalue()


@given(st.floats(allow_nan=False))
def test_a_float_reads_back_as_itself(x: float) -> None:
    """Shortest form, nothing lost."""
    assert float(show_number(x, "float64")) == x


@given(st.floats(width=32, allow_nan=False))
def test_a_float32_reads_back_as_itself(x: float) -> None:
    """With float32's digits, not float64's."""
    assert np.float32(show_number(x, "float32")) == np.float32(x)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("3.0", "3"),
        ("1/3", "0.3333333333333333"),
        ("1e300 * 10", "1e+301"),
        ("1/0, -1/0, 0/0", "(inf, -inf, nan)"),
        ("-0.0", "0"),
        ("true", "true"),
        ("none", "none"),
        ("()", "()"),
        ("(1,)", "(1,)"),
        ("[1, 2.5]", "[1, 2.5]  float64 (2,)"),
        ("int([1, 2])", "[1, 2]  int64 (2,)"),
        ("[1, 2] > 1", "[false, true]  bool (2,)"),
        ("zeros((0, 3))", "[] of shape (0, 3)  float64 (0, 3)"),
        ("float32([0.1])", "[0.1]  float32 (1,)"),
    ],
)
def test_one_value(text: str, line: str) -> None:
    """Plainly, in the language's own notation."""
    assert shown(text) == line + "\n"


def test_a_tensor_that_is_shown_whole_reads_back() -> None:
    """The notation is the language's."""
    array = np.arange(6.0).reshape(2, 3) / 7
    text = show_tensor(Tensor((2, 3), "float64", array))
    np.testing.assert_array_equal(value(text), array)


def test_a_large_tensor_is_shown_by_its_edges() -> None:
    """A million numbers are a few lines."""
    text = shown("zeros((1000, 1000))")
    assert "..." in text
    assert len(text.splitlines()) < 12
    assert "0.333333," in shown("zeros((100,)) + 1 / 3")


def test_a_script_names_what_it_shows() -> None:
    """The reader did not just type it."""
    assert shown("x = 2\nx^2 + 1", named=True) == "x^2 + 1 = 5\n"


def test_print_keeps_blanks_and_lines() -> None:
    """As they were put together, in a script too, which names other results."""
    assert shown('n = "ab"\nprint("{n:4}|\\n   c  d")', named=True) == "ab  |\n   c  d\n"


def test_brackets_are_not_markup() -> None:
    """Rich reads [bold] as a style; here it is a tensor."""
    assert "[bold]" in shown('model f(x): param bold = [1]; return bold * x\n"[bold]"')
    assert "[1]" in shown("model f(x): param bold = [1]; return bold * x\nparams(f)")


def test_a_caret_stands_under_wide_and_tabbed_text() -> None:
    """Columns of the terminal are counted, not characters."""
    source = Source("t", "\t漢字 = oops")
    lines = bare(show_diagnostic(Diagnostic("name", "m", Span(source, 6, 10)))).splitlines()
    assert lines[3] == "1 | \t漢字 = oops"
    assert lines[4] == "  | \t       ^^^^"


def test_a_very_long_line_is_cut_around_the_caret() -> None:
    """The place stays in sight."""
    source = Source("t", "x" * 5000 + "!" + "y" * 5000)
    lines = bare(show_diagnostic(Diagnostic("name", "m", Span(source, 5000, 5001)))).splitlines()
    assert len(lines[3]) < 120
    assert lines[3][lines[4].index("^")] == "!"


def test_several_places_and_lines() -> None:
    """Numbers of different width line up."""
    source = Source("t", "\n" * 8 + "first\n" + "\n" * 5 + "second\n")
    labels = (Label(Span(source, 19, 25), "called from here"),)
    lines = bare(show_diagnostic(Diagnostic("name", "m", Span(source, 8, 13), "do", labels))).splitlines()
    assert " 9 | first" in lines
    assert "15 | second" in lines
    assert lines[-1] == "   = help: do"


def test_colours_only_where_they_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file gets none; a terminal does."""
    assert "\x1b" not in shown("f(x) = x^2; derivatives(f)(3); 1", terminal=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    assert "\x1b" in shown("f(x) = x^2; derivatives(f)(3); 1", terminal=False)
    assert "\x1b" in shown("f(x) = x^2; derivatives(f)(3); 1")


def test_a_note_says_when_sums_were_taken() -> None:
    """Only where it makes a difference."""
    assert "summed" in shown("f(x) = x^2; derivatives(f)([1, 2])")
    assert "summed" not in shown("f(x) = x^2; derivatives(f)([1])")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("f(x) = x^2; (derivatives(f, order=1)(3), 1)", "((f: 9, df/dx: 6), 1)"),
        ("model net(x): param w = [3]; return w * x\n(params(net), 1)", "((w: [3]), 1)"),
        ("(sin, none, ...)", "(built-in sin(x), none, ...)"),
        ("(taylor(exp, 0, 2), 1)", "(taylor(exp), 1)"),
    ],
)
def test_what_has_a_table_is_shown_inside_of_another_value(text: str, line: str) -> None:
    """On a line, with its numbers."""
    assert shown(text) == f"{line}\n"


@pytest.mark.parametrize("kind", [kind for kind in view.registry if kind is not object])
def test_every_kind_that_is_shown_has_data_too(kind: type) -> None:
    """What a terminal shows of a value, a program can read."""
    assert kind in to_data.registry


def test_what_is_no_value_is_refused() -> None:
    """And not shown by Python's name for it."""
    with pytest.raises(TypeError, match="can't be shown"):
        view(object())
