"""The value never leaves the screen: at any width, numbers stay whole as long as a line can hold them."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradcli.faces.prompt.commands import run_command
from gradcli.faces.prompt.workspace import Workspace
from gradcli.language.text.diagnostics import Source
from gradcli.output.characters import columns
from gradcli.output.layout import Cell, Column, Role, lay_out
from gradcli.output.style import bare
from gradcli.output.terminal import Terminal
from gradcli.output.wrapping import wrap
from gradcli.session.results import Result
from gradcli.session.session import Session
from tests.language.running import run
from tests.output.tty import TTY

# Values have a point or an exponent here; orders and shapes, which may be left out, have none.
NUMBER = re.compile(r"(?<![\w.])-?(?:\d+\.\d+(?:e[+-]\d+)?|\d+e[+-]\d+)(?![\w.])")
SOURCE = Source("t", "a = normal((30,)); b = 1/3, [1/7, 2/7]; f(x, y) = x; c = normal((9, 9)); d = -1e-300/7")

TEXTS = [
    "f(x, y, z) = sin(x)*exp(y)/z; derivatives(f, order=2)(0.3, 1.1, 0.7)",
    "f(x) = x^2 * sin(x) / (1 + exp(x)); derivatives(f, order=3)(0.123)",
    "f(x, y) = x^2 * y; derivatives(f, order=2)(1/3, 1/7)",
    "f(x, y) = sum(x * y^3); derivatives(f)([1/3, 2, 3], [4, 1/7, 6e-100])",
    "f(x, y) = x^2*y; grad(f, (0, 1))([1/3, 2/7], [1, -1e-300/3])",
    "f(x, y) = sin(x*y); hessian(f)(1/3, 1/7)",
    "f(x) = sum(sin(x))^2; hessian(f)([0.1, 0.2, 0.3, 0.4])",
    "layer = Dense(3, 2); params(layer)",
    "normal((3, 4)), 1/3, [1/7]",
    "(1/3, 2^64, -1e-300/7, true)",
    "normal((2, 3, 4))",
    "normal((40,))",
    "float32(normal((4, 4))), zeros((0, 3))",
    "taylor(x -> exp(x)*cos(x)/(1 + x), 0.3, 6)",
    "taylor((x, y) -> exp(x*y)*cos(x), (0.3, 0.7), 3)",
    "assert allclose([1/3, 2/3, 1/7], [1/3, 2/3, 1/9])",
    'assert [[1/3, 2/3], [1, 1/7]] == [[1, 1/7], [1/3, 2/3]], "as 0.123456789 says"',
    "assert (1/3, 1/7) == (1/7, 1/3)",
    "model net(x): param w = [1/3, 1/7]; return sum(w * x)\nderivatives(net)([2/7, 1/3])",
    "f(x) = x^4 - 3x^2 + x; extrema(f, -2, 2)",
    "g(l, T) = 4pi^2*l/T^2; 0.5 + 0.123; tangent g at (1.002, 2.007); (g(1.002, 2.007), none)",
    "steps (x -> x^2*sin(3x)/(1 + exp(0.123456789*x))) at 2.25",
    "f(x, y) = [[sin(x), x*y], [cos(y), 1/3]]; jacobian(f)(1/3, 1/7)",
    "integrate(x -> exp(-x^2), 0, 1); (1/3, [[1/7, 2/7], [3/7, 4/7]], none)",
]


@cache
def results(text: str) -> tuple[Result, ...]:
    """What there is to show, the same for all widths."""
    return run(text).results


def shown(text: str, width: int, monkeypatch: pytest.MonkeyPatch, named: bool = False) -> str:
    """What a terminal of a width shows."""
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("TERM", "dumb")
    out = TTY()
    terminal = Terminal(out, out)
    for result in results(text):
        terminal.result(result, named=named)
    return out.getvalue()


def check(text: str, wide: str, width: int) -> None:
    """Each number that a wide terminal shows is there, whole, and no line is too long."""
    lines = text.split("\n")
    assert all(columns(line) <= width for line in lines), text
    found = {number for line in lines for number in NUMBER.findall(line)}
    missing = {n for n in NUMBER.findall(wide) if len(n) <= width} - found
    assert not missing, f"{missing} at {width}:\n{text}"
    assert "…" not in text


@pytest.mark.parametrize("text", TEXTS)
def test_numbers_stay_whole_at_every_width(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """From 20 columns to 200: columns fold, go, or turn into blocks before a number breaks."""
    wide = shown(text, 200, monkeypatch)
    assert NUMBER.search(wide)
    for width in [*range(20, 101), 120, 150, 199]:
        check(shown(text, width, monkeypatch), wide, width)
        check(shown(text, width, monkeypatch, named=True), wide, width)


def test_the_values_of_a_check_stay_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Digits and condition go; the values and the errors of all methods stay."""
    for width in range(24, 130):
        text = shown("check (x -> exp(x)*sin(0.3*x))(1.25)", width, monkeypatch)
        assert {"1.2784167424072235", "2.252753959909087"} <= set(NUMBER.findall(text)), text
        assert all(name in text for name in ("reverse", "forward", "taylor", "numeric"))
        assert max(map(columns, text.split("\n"))) <= width


def test_names_are_listed_whole_at_every_width(monkeypatch: pytest.MonkeyPatch) -> None:
    """The prompt's list of what is defined."""
    monkeypatch.setenv("TERM", "dumb")
    step = Session().run(SOURCE)

    def listed(width: int) -> str:
        monkeypatch.setenv("COLUMNS", str(width))
        terminal = TTY()
        run_command("vars", Workspace(Terminal(terminal, terminal), step.session))
        return terminal.getvalue()

    for width in range(20, 200, 3):
        check(listed(width), listed(200), width)


finite = st.floats(allow_nan=False, allow_infinity=False).map(repr)
names = st.text("fgxyz∂/²(,)", min_size=1, max_size=30)
formulas = st.lists(st.one_of(finite, st.sampled_from(["x", "sin(x)", "y^2", "exp(-z)"])), min_size=1, max_size=9)
vectors = st.lists(finite, min_size=1, max_size=9).map(lambda items: Cell((f"[{', '.join(items)}]",), " "))
values = st.one_of(finite.map(lambda text: Cell((text,))), vectors)


@settings(max_examples=75)
@given(st.lists(st.tuples(names, formulas, values), min_size=1, max_size=5), st.integers(20, 200))
def test_generated_tables_fit(rows: list[tuple[str, list[str], Cell]], width: int) -> None:
    """Whatever stands in them."""
    table = [
        Column("derivative", tuple(Cell((name,)) for name, _, _ in rows), Role.LABEL),
        Column("formula", tuple(Cell(("*".join(parts),)) for _, parts, _ in rows), Role.FOLD),
        Column("shape", tuple(Cell(("(2, 3)",)) for _ in rows), Role.EXTRA),
        Column("value", tuple(cell for _, _, cell in rows), Role.VALUE),
    ]
    text = bare(lay_out(table, width))
    assert all(columns(line) <= width for line in text.split("\n")), text
    found = [number for line in text.split("\n") for number in NUMBER.findall(line)]
    for _, _, cell in rows:
        for number in NUMBER.findall(cell.lines[0]):
            assert len(number) > width or number in found


@given(st.text("ab1. -()[],*+漢", max_size=80), st.integers(2, 40))
def test_nothing_is_lost_where_a_line_breaks(text: str, width: int) -> None:
    """But blanks."""
    lines = wrap(text, width, "  ")
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(columns(line) <= width for line in lines)


def test_what_makes_room_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """The formula folds or moves below its row, shape and dtype go, then the order, then each row is a block."""
    text = "f(x, y) = sin(x)*exp(-y)*cos(x); derivatives(f, order=1)([0.3], [1/7])"
    heads = {w: shown(text, w, monkeypatch).split("\n")[0].split() for w in (200, 90, 70, 60, 50, 36)}
    assert heads == {
        200: ["order", "derivative", "formula", "shape", "dtype", "value"],
        90: ["order", "derivative", "formula", "shape", "dtype", "value"],
        70: ["order", "derivative", "shape", "dtype", "value"],
        60: ["order", "derivative", "value"],
        50: ["order", "derivative", "value"],
        36: ["derivative", "value"],
    }
    assert shown(text, 30, monkeypatch).startswith("f = [0.24473804072321803]\n  sin(x)·exp(-y)·cos(x)\n\n∂f/∂x = ")


def test_a_formula_is_never_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """It stands in a column, below its row or in a block, and no name in it is broken."""
    text = "f(x, y) = sin(x*y)*exp(-y)*cos(x); derivatives(f, order=2)(0.3, 1/7)"

    def names(width: int) -> Counter[str]:
        return Counter(re.findall(r"\b(?:sin|cos|exp)\b", shown(text, width, monkeypatch)))

    assert names(200).total() > 20
    assert {width: names(width) for width in range(20, 200)} == dict.fromkeys(range(20, 200), names(200))


def test_a_matrix_keeps_its_rows_where_they_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Brackets stand below each other."""
    for width in (60, 50, 48):
        text = shown("f(x, y) = sin(x*y); h = hessian(f)(1/3, 1/7); h", width, monkeypatch)
        first, second = (line for line in text.split("\n") if "[" in line)
        assert first.index("[[") + 1 == second.index("[")


def test_a_pipe_is_as_wide_as_it_needs_to_be() -> None:
    """One line a row, no blanks at the ends, every element with every digit."""
    import io

    out = io.StringIO()
    terminal = Terminal(out, out)
    for result in run("f(x) = sum(sin(x)); derivatives(f)(linspace(0, 1, 100)); linspace(0, 1, 100)").results:
        terminal.result(result)
    lines = out.getvalue().split("\n")
    assert max(map(len, lines)) > 1500
    assert "..." not in out.getvalue()
    assert all(line == line.rstrip() for line in lines)
