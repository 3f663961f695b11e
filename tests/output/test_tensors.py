"""Tensors: aligned, read back, and by their edges."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from gradcli.output.tensors import show_tensor, summary
from gradcli.output.terminal import Terminal
from gradcli.session.data import to_data
from gradcli.session.results import Shown, Tensor
from tests.language.running import run, value
from tests.output.tty import TTY


@pytest.fixture(autouse=True)
def _without_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")


def shown(text: str, terminal: bool = True) -> list[str]:
    """The lines that a text fills."""
    out = TTY() if terminal else io.StringIO()
    for result in run(text).results:
        Terminal(out, out).result(result)
    return out.getvalue().rstrip("\n").split("\n")


def tensor(array: object) -> Tensor:
    """An array as a result has it."""
    found = np.asarray(array)
    return Tensor(found.shape, str(found.dtype), found)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("[[1, 20], [300, 4]]", ["[[  1, 20],", " [300,  4]]"]),
        ("[[1, 2.5], [-10.25, 3]]", ["[[  1,    2.5],", " [-10.25, 3]]"]),
        ("[[1e-300, 1], [2.5, -1e300]]", ["[[1e-300,  1],", " [2.5,    -1e+300]]"]),
        ("[[1/0, -0.5], [0/0, -1/0]]", ["[[inf,   -0.5],", " [nan, -inf]]"]),
        ("[[true, false], [false, false]]", ["[[ true, false],", " [false, false]]"]),
        ("int([[1, -20], [300, 4]])", ["[[  1, -20],", " [300,   4]]"]),
        ("[[[1, 2], [3, 4]], [[10, 2.5], [3, 4]]]", ["[[[ 1, 2],", "  [ 3, 4]],", "", " [[10, 2.5],", "  [ 3, 4]]]"]),
        ("[[-0.0, 1], [2, 3]]", ["[[-0, 1],", " [ 2, 3]]"]),
    ],
)
def test_columns_have_their_points_below_each_other(text: str, lines: list[str]) -> None:
    """In all matrices of a stack, with every comma at its number and no blank in front of a bracket."""
    assert shown(text, terminal=False) == lines


@given(
    arrays.arrays(
        np.float64,
        arrays.array_shapes(min_dims=1, max_dims=3, max_side=4),
        elements=st.floats(allow_nan=False, allow_infinity=False),
    )
)
def test_an_aligned_tensor_reads_back(array: np.ndarray) -> None:
    """Blanks mean nothing; no line ends in one."""
    text = show_tensor(tensor(array))
    assert all(line == line.rstrip() for line in text.split("\n"))
    np.testing.assert_array_equal(value(text), array)


def test_a_row_that_is_too_long_breaks_as_the_others_do() -> None:
    """So that its columns stay columns."""
    text = show_tensor(tensor(np.arange(12.0).reshape(2, 6) / 7 + 0.01), width=50)
    lines = text.split("\n")
    assert len(lines) == 6
    starts = [[i for i, c in enumerate(line) if c == "."] for line in lines]
    assert starts[0] == starts[3]
    assert starts[1] == starts[4]


def test_a_tensor_shown_by_its_edges_has_fewer_of_them_where_it_is_narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A row stays a line, and one in a table does too."""
    text = "normal((30, 20)) * 1000"
    for width, per_row in ((100, 7), (60, 5), (34, 3)):
        monkeypatch.setenv("COLUMNS", str(width))
        rows = [line for line in shown(text) if line.lstrip(" [")[:1] in "-0123456789"]
        assert {len(row.rstrip("],").split(",")) for row in rows[:5]} == {per_row}


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.arange(-100.0, 101), ["min -100", "mean 0", "max 100", "norm 822.618"]),
        (np.arange(100), ["min 0", "mean 49.5", "max 99", "norm 573.018"]),
        (np.array([np.nan, 1, 2, np.inf, -np.inf]), ["min 1", "mean 1.5", "max 2", "norm 2.23607", "1 nan", "2 inf"]),
        (np.array([np.nan, np.nan]), ["2 nan"]),
        (np.array([True, False, True]), ["2 of 3 true"]),
        (np.full(4, 1e308), ["min 1e+308", "mean 1e+308", "max 1e+308", "norm inf"]),
        (np.full(4, 5e-324), ["min 4.94066e-324", "mean 4.94066e-324", "max 4.94066e-324", "norm 9.88131e-324"]),
        (-np.zeros(3), ["min 0", "mean 0", "max 0", "norm 0"]),
    ],
)
def test_what_is_said_of_a_tensor_that_is_not_shown_whole(array: np.ndarray, said: list[str]) -> None:
    """Of its finite elements, without overflow, and how many others there are."""
    assert summary(tensor(array)) == said


def test_a_stretched_tensor_is_not_made() -> None:
    """It is in memory once; the sums are those of all that is seen of it."""
    stretched = np.broadcast_to(np.array([[1.0], [3.0]]), (2, 50_000_000_000))
    assert summary(tensor(stretched)) == ["min 1", "mean 2", "max 3", "norm 707107"]


def test_a_summary_stands_where_elements_are_left_out() -> None:
    """On a terminal, by itself and in a table; not below what is whole, and not in a file."""
    assert shown("arange(100)")[-1] == "min 0   mean 49.5   max 99   norm 573.018"
    assert "   min 0   mean 49.5   max 99   norm 573.018" in "\n".join(shown("arange(100), 1"))
    assert not any("mean" in line for line in shown("arange(10)"))
    assert not any("mean" in line for line in shown("arange(100)", terminal=False))


@pytest.mark.parametrize(
    ("text", "on_a_terminal", "in_a_file"),
    [
        ("-0.0", "0", "-0"),
        ("[-0.0, 1]", "[0, 1]  float64 (2,)", "[-0, 1]"),
        ("(-0.0, none)", "(0, none)", "(-0, none)"),
        ("f(x) = 0*x; f'(-1); f(-1)", "0", "-0"),
    ],
)
def test_people_see_no_sign_of_zero(text: str, on_a_terminal: str, in_a_file: str) -> None:
    """Whoever reads it back does."""
    assert shown(text)[-1] == on_a_terminal
    assert shown(text, terminal=False)[-1] == in_a_file


def test_a_sign_of_zero_is_seen_nowhere_on_a_terminal() -> None:
    """Nor in tables, with fewer digits, in polynomials; in JSON it is there."""
    for text in ("f(x) = [-x, x]; derivatives(f)([0.0, -0.0])", "set digits 3; -0.0, [-0.0]", "taylor(sin, -0.0, 3)"):
        assert not any(" -0" in line.replace(",", " ").replace("[", " ") for line in shown(text)), text
    (zero,) = run("-0.0").results
    assert isinstance(zero, Shown)
    assert str(to_data(zero)["value"]["value"]) == "-0.0"


def test_matrices_inside_of_tuples_stand_below_their_beginning() -> None:
    """Also one within another."""
    assert shown('("a", [[1, 2], [3, 4]], none)') == ['("a", [[1, 2],', "       [3, 4]], none)"]
    assert shown('("a", ("b", [[1, 2], [3, 4]]))', terminal=False) == ['("a", ("b", [[1, 2],', "             [3, 4]]))"]
