"""Looking at what is defined, at any width."""

from __future__ import annotations

import pytest

from tests.faces.prompt.typing_in import Typed, narrow

ALL = (
    "x = [1, 2, 3]",
    "f(x, y) = x^2*y + a",
    "a = 2; b = 0.1",
    "model net(x):\n    param w = [1, 2, 3]\n    param b = 1\n    return sum(w * x) + b\n",
    "d = Dense(3, 4)",
    's = "text"; ok = true; t = (1, x); n = none; r = 1..2',
    "big = normal((100, 50))",
    "g = f -> f",
)


def test_each_name_stands_in_a_row() -> None:
    """With its kind, shape, type, memory and value, on a terminal with room for them."""
    at = Typed()
    at(*ALL)
    rows = {line.split()[0]: line.split("   ") for line in at(":vars").splitlines()[2:] if line}
    assert [*rows] == ["x", "f", "a", "b", "net", "d", "s", "ok", "t", "n", "r", "big", "g"]
    found = {name: [cell.strip() for cell in row if cell.strip()] for name, row in rows.items()}
    assert found["x"] == ["x", "tensor", "(3,)", "float64", "24 bytes", "[1, 2, 3]"]
    assert found["f"] == ["f", "function", "f(x, y) = x^2*y + a"]
    assert found["a"] == ["a", "number", "int", "2"]
    assert found["net"][:3] == ["net", "model", "32 bytes"]
    assert found["d"][:3] == ["d", "layer", "128 bytes"]
    assert found["s"] == ["s", "text", '"text"']
    assert found["ok"] == ["ok", "truth", "bool", "true"]
    assert found["t"] == ["t", "tuple", "24 bytes", "(1, [1, 2, 3])"]
    assert found["r"][1] == "interval"
    assert found["big"][:5] == ["big", "tensor", "(100, 50)", "float64", "39.1 KiB"]


@pytest.mark.parametrize("width", [20, 40, 60, 80, 200])
def test_the_value_is_there_at_any_width(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole for a number, and no line is wider than the terminal; a large tensor takes a line or two."""
    at = narrow(monkeypatch, width)
    at(*ALL, "third = 1/3")
    shown = at(":vars")
    assert all(len(line) <= width for line in shown.splitlines())
    assert "0.3333333333333333" in shown
    assert "..., " in " ".join(shown.split())
    assert len(shown.splitlines()) < 60
    for line in (":vars x", ":vars net", ":show f", ":params net", ":set", ":set digits", ":time 1"):
        if not (line.startswith(":params") and width == 20):
            assert all(len(part) <= width for part in at(line).splitlines()), line


def test_long_texts_and_tuples_are_short_in_the_list() -> None:
    """What they are is told by the name alone."""
    at = Typed()
    at(f's = "{"ab" * 500}"', f"t = ({'1, ' * 500})", "x = range(1000)")
    assert len(at(":vars")) < 1500
    assert "of which 6 are shown" in " ".join(at(":vars").split())


def test_one_name_in_detail() -> None:
    """Its range, and the statement that it is from."""
    at = Typed()
    at("a = 1; x = [[1, 2], [3, 6]]; b = 2", ":reset", ":undo")
    assert at(":vars x").splitlines() == [
        " name     x",
        " kind     tensor",
        " shape    (2, 2)",
        " dtype    float64",
        " memory   32 bytes",
        " min      1",
        " mean     3",
        " max      6",
        " value    [[1, 2], [3, 6]]",
        " from     x = [[1, 2], [3, 6]]",
    ]
    at("model net(x):\n    param w = [1, 2]\n    return sum(w * x)\n")
    assert "    param w = [1, 2]\n" in at(":vars net")
    assert "`:vars` lists what is defined" in at(":vars zzz")
    assert "did you mean `net`?" in at(":vars nett")
    assert "`:help sin` explains it" in at(":vars sin")
    assert at(":reset", ":vars") == "nothing is defined yet\n"


def test_the_parameters_of_a_model() -> None:
    """As `params(net)` shows them, with how many numbers there are; it is no statement of the session's."""
    at = Typed()
    at(*ALL)
    shown = at(":params net")
    assert shown == at("params(net)")
    assert "total       4" in shown
    at(":undo")
    assert "net" in at(":vars")
    assert at(":params f") == "f has no parameters\n"
    assert "write `:params net`" in at(":params")
    assert "unknown name" in at(":params nothing")


def test_a_function_is_shown_with_its_formulas() -> None:
    """What it reads from outside, too."""
    at = Typed()
    at("h(x) = x^2", "f(x) = h(x)*a + sin(x)*k  # note", "a = 3")
    assert at(":show f").splitlines() == [
        " definition   f(x) = h(x)*a + sin(x)*k",
        " kind         function",
        " inputs       x",
        " reads        h, a, k (has no value)",
    ]
    at("k = 1")
    assert at(":show f").splitlines()[3:] == [
        " reads        h, a, k",
        " formula      f = 3x² + sin(x)",
        " derivative   df/dx = 6x + cos(x)",
    ]
    at("q(x, y) = x*y")
    assert at(":show q").splitlines()[-2:] == [" derivative   ∂q/∂x = y", "              ∂q/∂y = x"]
    assert at(":show sin").splitlines()[-1] == " derivative   dsin/dx = cos(x)"
    assert at(":show a") == at(":vars a")
    assert "write `:show f`" in at(":show")
    at("c = t -> t^2", "g = grad(c)")
    assert at(":show c").splitlines()[:3] == [" definition   t -> t^2", " kind         function", " inputs       t"]
    assert at(":show g").splitlines()[0] == " definition   grad(t -> t^2)"
    at("net = Dense(2, 1)")
    assert "parameters   2" in at(":show net")
