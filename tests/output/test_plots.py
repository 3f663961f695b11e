"""Pictures in the terminal: dots where the function is, none where it isn't, at every width and without colour."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcli.output.axes import FULL, MARKS, Frame
from gradcli.output.braille import ACROSS, BLANK, DOWN, Canvas
from gradcli.output.characters import columns, in_encoding
from gradcli.output.plots import PATTERNS, curves, path
from gradcli.output.style import bare
from gradcli.output.terminal import Terminal
from gradcli.session.results import Curve, Plot, Shown
from tests.language.running import run
from tests.output.tty import TTY

TEXTS = [
    "plot(sin)",
    "f(x) = x^3 - x; plot(f, f', f'', over=(-3, 3))",
    "plot(tan, x -> 1/x, over=(-3, 3))",
    "f(x) = exp(x); plot(f, taylor(f, 0, 3), taylor(f, 0, 5), over=(-3, 3))",
    "plot(x -> 1e9*x^3, over=(-1e5, 1e5))",
    "plot(x -> 1e-9*x, over=(1, 1.000001))",
    "plot((x, y) -> x*y)",
    "plot((u, v) -> sqrt(1 - u^2 - v^2), over=((-1, 1), (-2, 2)))",
    "plot((x, y) -> 1e6*sin(x)*y, over=(-1, 100))",
]


def drawn(text: str, width: int | None, monkeypatch: pytest.MonkeyPatch, height: int = 40) -> list[str]:
    """The lines that a terminal of a width shows, or a pipe."""
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("LINES", str(height))
    monkeypatch.setenv("TERM", "dumb")
    out = io.StringIO() if width is None else TTY()
    step = run(text)
    assert not step.diagnostics
    for result in step.results:
        Terminal(out, out).result(result)
    return out.getvalue().rstrip("\n").split("\n")


def plot_of(text: str) -> Plot:
    """What `plot` gives."""
    (result,) = run(text).results
    assert isinstance(result, Shown)
    assert isinstance(result.value, Plot)
    return result.value


def picture(plot: Plot, width: int = 80) -> list[str]:
    """The lines of a picture, its axes among them."""
    lines, _ = curves(plot, width, None, str)
    return bare(lines).split("\n")


def cells(plot: Plot, width: int = 80) -> tuple[Frame, set[tuple[int, int]]]:
    """The frame of a picture of one curve, and which dots the curve sets."""
    frame = Frame(plot.over, plot.shown, width, None)
    return frame, {dot for curve in plot.curves for dot in path(frame, curve)}


@pytest.mark.parametrize("text", TEXTS)
def test_a_picture_fits_any_width(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the narrowest to the widest, and in height; a pipe is a terminal of 80 columns."""
    for width in [*range(4, 100, 3), 40, 80, 200]:
        lines = drawn(text, width, monkeypatch)
        assert max(map(columns, lines)) <= width
        assert all(line == line.rstrip() for line in lines)
    for height in (12, 24, 50):
        whole = [line for line in drawn(text, 80, monkeypatch, height) if "┤" in line or "│" in line]
        assert 6 <= len(whole) <= max(6, height - 8)
    assert drawn(text, None, monkeypatch) == drawn(text, 80, monkeypatch, 28)


@pytest.mark.parametrize("width", [80, 40])
@pytest.mark.parametrize("text", TEXTS)
def test_numbers_along_the_axes(text: str, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """At least two on each, evenly spaced, as many as there are marks."""
    lines = drawn(text, width, monkeypatch)
    below = next(i for i, line in enumerate(lines) if "└" in line)
    across = [float(number) for number in lines[below + 1].split()]
    up = [float(line.split("┤")[0]) for line in lines[:below] if "┤" in line]
    assert len(across) == lines[below].count("┬") >= 2
    assert len(up) >= 2
    for ticks in (across, up):
        steps = np.diff(ticks)
        assert np.allclose(steps, steps[0], rtol=1e-6)
        assert float(f"{abs(steps[0]):.0e}"[0]) in (1, 2, 5)


coefficients = st.lists(st.floats(-3, 3).map(lambda c: round(c, 3)), min_size=1, max_size=6)


@given(coefficients, st.floats(-5, 4), st.floats(0.1, 10), st.sampled_from([80, 40]))
def test_dots_are_where_the_function_is(c: list[float], low: float, width: float, across: int) -> None:
    """In each column there is a dot within one character of the true value, and none far from all values there."""
    low, high = round(low, 3), round(low + width, 3)
    text = " + ".join(f"({a})*x^{k}" for k, a in enumerate(c))
    frame, dots = cells(plot_of(f"plot(x -> {text}, over=({low}, {high}))"), across)
    for column in range(0, frame.canvas.width, 7):
        # Half a column of dots to each side, where the function may go up and down.
        middle = low + (high - low) * column / (frame.canvas.width - 1)
        half = 0.75 * (high - low) / (frame.canvas.width - 1)
        near = np.polynomial.polynomial.polyval(np.linspace(max(low, middle - half), min(high, middle + half), 101), c)
        rows = [row for row, col in dots if col == column]
        at = frame.row(float(np.polynomial.polynomial.polyval(middle, c)))
        assert min(abs(row - at) for row in rows) <= DOWN
        assert min(rows) >= frame.row(float(near.max())) - 2
        assert max(rows) <= frame.row(float(near.min())) + 2


@pytest.mark.parametrize("text", ["1/x", "1/(x-0.1)", "tan(x)", "floor(x)", "sign(x)", "atan(1/x)", "x/abs(x)"])
@pytest.mark.parametrize("width", [80, 40, 20])
def test_branches_are_not_joined(text: str, width: int) -> None:
    """What is drawn in a column is no more than the curve is there: no stroke from one branch to the next."""
    plot = plot_of(f"plot(x -> {text}, over=(-1.7, 1.3))")
    frame, dots = cells(plot, width)
    (curve,) = plot.curves
    gaps = np.flatnonzero(np.isnan(curve.y))
    assert gaps.size
    for gap in gaps:
        left, right = curve.y[gap - 1], curve.y[gap + 1]
        between = {
            row
            for row, column in dots
            if column == frame.column(float(curve.x[gap])) and _strictly_between(frame, row, left, right)
        }
        # Each branch may reach into the column, but no stroke leads from one to the other.
        assert len(between) < abs(_clipped(frame, left) - _clipped(frame, right)) - 1


def _clipped(frame: Frame, y: float) -> int:
    return frame.row(float(np.clip(y, *frame.up)))


def _strictly_between(frame: Frame, row: int, left: float, right: float) -> bool:
    low, high = sorted((_clipped(frame, left), _clipped(frame, right)))
    return low < row < high


def test_a_pole_has_an_empty_middle() -> None:
    """At 1/x, the column of the pole is empty between the branches, but for the axis."""
    _, dots = cells(plot_of("plot(x -> 1/x, over=(-3, 3))"))
    frame, _ = cells(plot_of("plot(x -> 1/x, over=(-3, 3))"))
    middle = frame.column(0.0)
    rows = sorted(row for row, column in dots if abs(column - middle) <= 2)
    assert not [row for row in rows if abs(row - frame.row(0.0)) < frame.canvas.height // 4]


def test_what_has_no_value_is_blank() -> None:
    """Left of 0 a logarithm has no dots, and nan and inf are nowhere."""
    frame, dots = cells(plot_of("plot(log, over=(-2, 2))"))
    assert min(column for _, column in dots) >= frame.column(0.0) - 1
    curve = Curve("f", np.array([0.0, 1, 2, 3, 4]), np.array([0.0, np.nan, 1, np.nan, 2]))
    dots = set(path(Frame((0, 4), (0, 2), 80, None), curve))
    assert len(dots) <= 3


def test_curves_without_colour_differ() -> None:
    """Each has a pattern of its own, and its legend shows it."""
    text = "plot(x -> x, x -> x + 2, x -> x + 4, x -> x + 6, over=(0, 10))"
    _, legend = curves(plot_of(text), 80, None, str)
    signs = [piece for line in legend for piece, style in line if style]
    assert len(set(signs)) == 4
    assert len(PATTERNS) == len(set(PATTERNS)) == 4
    plot = plot_of("plot(x -> x, x -> x + 3, over=(0, 10))")
    lines, _ = curves(plot, 80, None, str)
    dots = dict.fromkeys(("curve 0", "curve 1"), 0)
    for text, style in (piece for line in lines for piece in line):
        if style in dots:
            dots[style] += sum((ord(char) - BLANK).bit_count() for char in text)
    # As long as each other, one has gaps.
    assert 0 < dots["curve 1"] < 0.8 * dots["curve 0"]


def test_the_legend_names_each_curve(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in the text; it folds where it must, and says the order of a Taylor polynomial."""
    text = "f(x) = exp(x); plot(f, f', f'', taylor(f, 0, 3), taylor(f, 0, 5), over=(-3, 3))"
    for width in (100, 80, 30):
        shown = "\n".join(drawn(text, width, monkeypatch))
        for name in ("f", "f'", "f''", "taylor(f), order 3", "taylor(f), order 5"):
            assert re.search(rf" {re.escape(name)}( |$)", shown, re.MULTILINE), width


def test_colours_on_terminals_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal gets them, a pipe and one with NO_COLOR don't."""
    step = run("plot(sin, cos)")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "80")

    def shown(out: io.StringIO) -> str:
        for result in step.results:
            Terminal(out, out).result(result)
        return out.getvalue()

    assert "\x1b[96m" in shown(TTY())
    assert "\x1b[95m" in shown(TTY())
    assert "\x1b" not in shown(io.StringIO())
    monkeypatch.setenv("NO_COLOR", "1")
    assert not re.search(r"\x1b\[(\d+;)*[39]\d", shown(TTY()))


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("encoding", ["ascii", "cp437", "latin-1"])
def test_without_dots_there_are_marks(text: str, encoding: str) -> None:
    """What an encoding lacks has signs of the same width, a mark for each curve."""
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    for result in run(text).results:
        Terminal(file, file).result(result)
    file.flush()
    shown = file.buffer.getvalue().decode(encoding)
    lines = shown.rstrip("\n").split("\n")
    assert max(map(len, lines)) <= 80
    assert "\\u" not in shown
    assert MARKS[0] in shown
    if "f''" in text:
        assert all(f"{mark * 3} {name}" in shown for mark, name in zip(MARKS, ("f", "f'", "f''"), strict=False))


def test_where_values_are_cut_off_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only there; and how much of the range has no value; and what range there is where none was given."""
    assert "cut off below" in "\n".join(drawn("plot(tan)", 80, monkeypatch))
    assert "cut off" not in "\n".join(drawn("plot(exp, over=(-3, 3))", 80, monkeypatch))
    assert "log has no value in 25% of the range" in drawn("plot(log, over=(-1, 3))", 80, monkeypatch)
    assert "no range was given, so this is from -10 to 10" in drawn("plot(sin)", 80, monkeypatch)
    assert drawn("plot(sin, over=(0, 1))", 80, monkeypatch)[-1] == "⠤⠤⠤⠤ sin"


def test_a_picture_within_a_tuple_is_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no room for more."""
    shown = drawn("plot(sin, over=(0, 1)), plot((x, y) -> x*y), 3", 100, monkeypatch)
    expected = "(plot of sin over (0, 1), contours of (x, y) -> x*y over ((-3, 3), (-3, 3)), 3)"
    assert shown == [expected]


def test_contours_follow_their_levels() -> None:
    """On each line of a circle's height the values are the level, within what a character spans."""
    from gradcli.output.contours import contours
    from gradcli.session.results import Contours

    (result,) = run("plot((x, y) -> x^2 + 2*y, over=((-2, 2), (-1, 1)))").results
    assert isinstance(result, Shown)
    assert isinstance(result.value, Contours)
    lines, legend = contours(result.value, 80, None, str)
    assert f"{result.value.levels[0]:g}" in bare(legend)
    frame = Frame(*result.value.over, 80, None)
    seen = set()
    for number, line in enumerate(lines[: frame.canvas.lines]):
        styles = [style for text, style in line for _ in text][frame.gutter + 1 :]
        for column, style in enumerate(styles):
            if not style.startswith("curve"):
                continue
            seen.add(style)
            text = "".join(piece for piece, _ in line)[frame.gutter + 1 + column]
            if not BLANK <= ord(text) <= ord(FULL):
                continue
            x = -2 + 4 * (column + 0.5) / frame.canvas.columns
            y = 1 - 2 * (number + 0.5) / frame.canvas.lines
            size = abs(2 * x) * 4 / frame.canvas.columns + 2 * 2 / frame.canvas.lines
            levels = [v for i, v in enumerate(result.value.levels) if f"curve {i % 6}" == style]
            assert min(abs(x * x + 2 * y - v) for v in levels) <= size
    assert len(seen) >= 5


def test_arrows_point_uphill(monkeypatch: pytest.MonkeyPatch) -> None:
    """To the right where the function grows with x alone; nowhere where there is no value."""
    shown = "\n".join(drawn("plot((x, y) -> x + 0*y)", 80, monkeypatch))
    assert set(re.findall("[→↗↑↖←↙↓↘]", shown)) == {"→"}
    shown = "\n".join(drawn("plot((x, y) -> -y + 0*x)", 80, monkeypatch))
    assert set(re.findall("[→↗↑↖←↙↓↘]", shown)) == {"↓"}
    lines = drawn("plot((x, y) -> x + y + 0*sqrt(x))", 80, monkeypatch)
    frame = Frame((-3, 3), (-3, 3), 80, None)
    for line in lines[: frame.canvas.lines]:
        assert not line[frame.gutter + 1 : frame.gutter + frame.canvas.columns // 2].strip()
    assert "↗" in "\n".join(lines)


def test_what_has_no_slope_has_no_arrows(monkeypatch: pytest.MonkeyPatch) -> None:
    """A condition is drawn as its edge."""
    shown = "\n".join(drawn("plot((x, y) -> x^2 + y^2 < 4)", 80, monkeypatch))
    assert "0.5" in shown
    assert not re.search("[→↗↑↖←↙↓↘]", shown)


@given(st.sets(st.tuples(st.integers(0, 39), st.integers(0, 29)), max_size=60))
def test_a_canvas_has_the_dots_that_were_set(dots: set[tuple[int, int]]) -> None:
    """Read back from the characters."""
    canvas = Canvas(10, 15)
    for row, column in dots:
        canvas.dot(row, column)
    # As Unicode numbers the dots of a pattern: 1, 2, 3 and 7 on the left, 4, 5, 6 and 8 on the right.
    bits = {1 << n: (n % 3, n // 3) for n in range(6)} | {0x40: (3, 0), 0x80: (3, 1)}
    found = {
        (line * DOWN + row, column * ACROSS + across)
        for line, text in enumerate(canvas.text())
        for column, char in enumerate(text)
        for bit, (row, across) in bits.items()
        if (ord(char) - BLANK) & bit
    }
    assert found == dots


def test_frames_in_ascii_keep_their_width() -> None:
    """Each sign of a frame is one character there too."""
    assert in_encoding("┤┬└┼─│", "ascii") == "++++-|"


def test_up_is_up() -> None:
    """A curve that grows ends in the upper right corner, beside the largest number."""
    lines = picture(plot_of("plot(x -> x, over=(0, 1))"), 40)
    top, bottom = lines[0], next(line for line in reversed(lines) if "┤" in line)
    assert (top.split("┤")[0].strip(), bottom.split("┤")[0].strip()) == ("1", "0")
    assert len(top) == 40
    assert len(bottom) < 15
