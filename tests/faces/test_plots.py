"""`gradcli plot`: expressions and functions of files, as a picture, as JSON, as a file."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.architecture.test_layers import modules_after
from tests.faces.harness import gradcli, shell


def test_an_expression_is_a_curve() -> None:
    """Under its own text, over the range that is given."""
    ran = shell("gradcli plot 'sin(x)/x' --over -10..10")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.rstrip().split("\n")[-1] == "⠤⠤⠤⠤ sin(x)/x"
    assert "-10" in ran.out
    assert max(map(len, ran.out.split("\n"))) <= 80


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("gradcli plot sin", "⠤⠤⠤⠤ sin"),
        ("gradcli plot x^2 'x^3 - x' --over -2..2", "x^3 - x"),
        ("gradcli plot 'x -> x^2' --over=0..1", "x -> x^2"),
        ('gradcli plot "sin\'" --over -pi..pi', "sin'"),
        ("gradcli plot -x^2 --over 0..2^0.5", "-x^2"),
        ("gradcli plot 'x*y' --over -1..1,0..2", "x*y: x across, y up"),
        ("gradcli plot 'x*y'", "no ranges were given"),
        ("gradcli plot 'y^2 - x'", "y^2 - x: x across, y up"),
        ("gradcli plot 'taylor(sin, 0, 3)(x)' 'sin(x)' --over -3..3", "sin(x)"),
        ("gradcli plot sin --dtype float32", "sin"),
    ],
)
def test_ways_to_ask_for_a_picture(line: str, shown: str) -> None:
    """Several functions, ranges as expressions, two variables."""
    ran = shell(line)
    assert (ran.code, ran.err) == (0, "")
    assert shown in ran.out
    assert re.search("[\u2801-\u28ff]{2}", ran.out)


def test_functions_in_files(tmp_path: Path) -> None:
    """By name, with an expression beside them."""
    script = tmp_path / "a.grad"
    script.write_text("k = 2\nf(x) = k*x^2\nassert f(1) == 2\n")
    ran = gradcli("plot", f"{script}::f", "x^3", "--over", "0..1")
    assert (ran.code, ran.err) == (0, "")
    assert "⠤⠤⠤⠤ f   " in ran.out


def test_as_json() -> None:
    """The points, with what isn't a number as text; and contours on their grid."""
    ran = gradcli("plot", "1/x", "--over", "-1..1", "--format", "json")
    document = json.loads(ran.out)
    (result,) = document["results"]
    plot = result["value"]
    assert (result["kind"], plot["kind"], plot["variable"], plot["over"]) == ("value", "plot", "x", [-1, 1])
    (series,) = plot["series"]
    assert series["name"] == "1/x"
    assert len(series["x"]) == len(series["y"]) > 500
    assert "nan" in series["y"]
    assert all(y == "nan" or y == pytest.approx(1 / x) for x, y in zip(series["x"], series["y"], strict=True))
    assert plot["shown"][0] < 0 < plot["shown"][1]
    assert [*plot] == ["kind", "variable", "over", "shown", "series", "notes", "saved"]
    ran = gradcli("plot", "x*y", "--over", "-1..1,0..2", "--format", "json")
    plot = json.loads(ran.out)["results"][0]["value"]
    assert (plot["kind"], plot["variables"], plot["over"]) == ("contours", ["x", "y"], [[-1, 1], [0, 2]])
    assert len(plot["values"]) == len(plot["y"])
    assert plot["values"][-1][-1] == 2
    assert {*plot["gradient"]} == {"x", "y", "by_x", "by_y"}


def test_into_a_file(tmp_path: Path) -> None:
    """And where it is, is said."""
    path = tmp_path / "a.svg"
    ran = gradcli("plot", "sin(x)", "--save", str(path))
    assert ran.code == 0
    assert ran.out.rstrip().split("\n")[-1] == f"written to {path}"
    assert b"<svg" in path.read_bytes()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("gradcli plot x --over 3", "`3` is no range"),
        ("gradcli plot x --over 3..", "`3..` is no range"),
        ("gradcli plot x --over 3..1", "runs backwards"),
        ("gradcli plot x --over 0..1,0..1,0..1", "3 ranges"),
        ("gradcli plot x --over 0..1,0..1", "one variable"),
        ("gradcli plot x --over a..1", "unknown"),
        ("gradcli plot x --over 0..)", "closes nothing"),
        ("gradcli plot x*y*z", "x, y, z"),
        ("gradcli plot 'x +'", "expected"),
        ("gradcli plot 3", "has none"),
        ("gradcli plot none.grad::f", "no such file"),
        ("gradcli plot x --save a.jpg", "no kind of picture"),
        ("gradcli plot", "Usage: gradcli plot"),
        ("gradcli plot x --ovr 0..1", "--over"),
    ],
)
def test_mistakes_are_sentences(line: str, said: str) -> None:
    """To standard error, with exit code 2."""
    ran = shell(line)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert "Traceback" not in ran.err


def test_who_draws_nothing_pays_for_no_arrays_and_no_matplotlib() -> None:
    """A picture in the terminal needs arrays alone."""
    code = "import sys; sys.argv[1:] = {}\nfrom gradcli.__main__ import main\ntry: main()\nexcept SystemExit: pass"
    assert not modules_after(code.format(["eval", "1/3"])) & {"numpy", "matplotlib"}
    loaded = modules_after(code.format(["plot", "sin(x)"]))
    assert "numpy" in loaded
    assert not loaded & {"matplotlib", "scipy", "rich", "typer", "llvmlite"}
