"""What CONTRIBUTING.md says is so: the map, the way of a call, and the recipes, whose entries are run as they stand."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from gradcli.core.engines.numpy.engine import NumpyEngine
from gradcli.core.engines.protocol import Graph
from gradcli.core.ir import declare
from gradcli.core.ir.dtypes import DType
from gradcli.core.ir.nodes import fresh_input, registry
from gradcli.core.ir.traversal import reachable
from gradcli.core.library.declare import COMPOSED, LAYERS
from gradcli.core.limits import LIMITS
from gradcli.faces import one_shot
from gradcli.faces.command_line import COMMANDS
from gradcli.language.calls.announce import ANNOUNCED
from gradcli.language.library.names import builtins
from gradcli.output.formats import FORMATS
from gradcli.session.settings import SETTINGS
from tests.architecture.test_layers import FLOORS, PACKAGE, ROOMS
from tests.conftest import ROOT
from tests.core.sampling import TABLE
from tests.language.running import error, number, value

TEXT = (ROOT / "CONTRIBUTING.md").read_text()
BLOCKS = re.findall(r"^```python\n# (new: )?(\S+)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
PROSE = re.sub(r"^```python\n.*?^```$", "", TEXT, flags=re.MULTILINE | re.DOTALL)


def test_every_path_is_there() -> None:
    """Whole, or as seen from the package; the files that recipes make are not."""
    found = {path.rstrip(".") for path in re.findall(r"(?<![\w/.)])\.?\w[\w-]*(?:/[\w.-]+)+", PROSE)}
    assert len(found) > 40
    missing = {path for path in found if not (ROOT / path).exists() and not (PACKAGE / path).exists()}
    assert not missing
    for is_new, path, _ in BLOCKS:
        assert (ROOT / path).exists() is not bool(is_new)


def test_the_map_names_every_room() -> None:
    """Each folder of the package, in the order in which the rooms may import each other."""
    (tree,) = re.findall(r"^```text\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    lines = tree.splitlines()
    assert len(lines) <= 60
    at: list[str] = []
    folders = []
    for line in lines:
        found = re.match(r"( *)(\w+)/", line)
        assert found, line
        at = [*at[: len(found[1]) // 2], found[2]]
        folders.append("/".join(at))
        assert (ROOT / folders[-1]).is_dir()
    package = {str(path.parent.relative_to(ROOT)) for path in PACKAGE.rglob("*.py")}
    assert {folder for folder in folders if folder.split("/")[0] == "gradcli"} == package
    assert [folder.split("/")[1] for folder in folders if re.fullmatch("gradcli/[^/]+", folder)] == FLOORS
    for floor, rooms in ROOMS.items():
        assert [f.split("/")[2] for f in folders if re.fullmatch(f"gradcli/{floor}/[^/]+", f)] == rooms


TRACER = """
import os, sys
from gradcli import __main__ as program
root = os.path.dirname(program.__file__) + os.sep
def note(frame, event, argument):
    if event == "call" and frame.f_code.co_filename.startswith(root):
        print(frame.f_code.co_filename.removeprefix(root), frame.f_code.co_qualname, sep=":", file=sys.stderr)
sys.setprofile(note)
program.main()
"""


@pytest.mark.parametrize(("text", "part"), [("f(x) = x^2; f(3)", 0), ("f(x) = x^2; f'(3)", 1)])
def test_a_call_goes_the_way_that_is_told(text: str, part: int) -> None:
    """Through these functions, in this order."""
    way = TEXT.partition("## The way of")[2].partition("## Recipes")[0]
    told = re.findall(r"`([\w/]+\.py:[\w.]+)`", way.split("\n`f'(3)`")[part])
    ran = subprocess.run([sys.executable, "-c", TRACER, "eval", text], capture_output=True, text=True, check=True)
    assert ran.stdout == ("9\n", "6\n")[part]
    calls = iter(ran.stderr.splitlines())
    assert len(told) > 5
    assert [step for step in told if step not in calls] == []


@pytest.fixture(autouse=True)
def _tables_as_they_were() -> Iterator[None]:
    """What a recipe enters into a table is gone after it."""
    # What is imported later would be taken out with it, and not be imported again.
    list(builtins().values())
    tables: list[dict[str, Any]] = [registry, COMPOSED, LAYERS, ANNOUNCED, COMMANDS, FORMATS, LIMITS, SETTINGS]
    before = [dict(table) for table in tables]
    builtins.cache_clear()
    yield
    for table, entries in zip(tables, before, strict=True):
        table.clear()
        table.update(entries)
    builtins.cache_clear()


def entered(word: str) -> dict[str, Any]:
    """Run the block that begins to speak of a word, in its file's namespace; an expression's value is its `entry`."""
    is_new, path, code = next(block for block in BLOCKS if re.search(rf"\b{word}\b", block[2]))
    module = path.removesuffix(".py").replace("/", ".")
    scope = {"__name__": module} if is_new else dict(vars(import_module(module)))
    tree = ast.parse(code)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    # Annotations are texts in it as they are here, and in each file of the package.
    exec(compile(tree, path, "exec"), scope)
    if isinstance(last, ast.Expr):
        scope["entry"] = eval(compile(ast.Expression(last.value), path, "eval"), scope)
    builtins.cache_clear()
    return scope


def slope_of(call: str, x: float) -> float:
    """By central differences."""
    h = 1e-5
    return (number(call.format(x + h)) - number(call.format(x - h))) / (2 * h)


@pytest.mark.parametrize("x", [-1.5, 0.0, 0.3, 2.0])
def test_the_primitive(x: float) -> None:
    """Its value, its slopes of two orders, and arrays as numbers."""
    entered("gd")
    assert number(f"gd({x})") == pytest.approx(np.arctan(np.sinh(x)), rel=1e-15)
    assert number(f"gd'({x})") == pytest.approx(slope_of("gd({})", x), rel=1e-8, abs=1e-9)
    assert number(f"gd''({x})") == pytest.approx(slope_of("gd'({})", x), rel=1e-8, abs=1e-9)
    np.testing.assert_allclose(value(f"gd([{x}, 1000])"), [np.arctan(np.sinh(x)), np.pi / 2], rtol=1e-15)
    assert number("gd''(1000)") == 0


@pytest.mark.parametrize("name", ["gd", "softsign", "AbsNorm", "gradient_norm"])
def test_an_entry_is_all_that_the_language_needs(name: str) -> None:
    """The name is not there before; once the package has it, the recipe wants another example."""
    assert name not in builtins()
    entered(name)
    assert name in builtins()


def test_the_composed_function() -> None:
    """With its default and with the argument; differentiated by both."""
    entered("softsign")
    assert value("softsign([-1, 3]), softsign(3, 2), softsign(3, scale=1)")[1:] == (0.6, 0.75)
    assert number("softsign'(0.5)") == pytest.approx(slope_of("softsign({})", 0.5), rel=1e-8)
    assert number("grad(softsign, wrt=scale)(3, 2)") == pytest.approx(slope_of("softsign(3, {})", 2), rel=1e-8)


def test_the_layer() -> None:
    """Its parameters, its result, its gradient, its refusal."""
    entered("AbsNorm")
    x = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    scaled = x / (abs(x).mean(axis=-1, keepdims=True) + 1e-6)
    np.testing.assert_allclose(value(f"net = AbsNorm(3); net({x.tolist()})"), scaled, rtol=1e-14)
    got = value(f"net = AbsNorm(3); g = grad(net, none, weights=params(net))({x.tolist()}); g")
    np.testing.assert_allclose(np.ravel(got), scaled.sum(axis=0), rtol=1e-14)
    assert "the last axis" in error("AbsNorm(2)([1, 2, 3])").message


def test_the_derivative_operator() -> None:
    """By all inputs and by one; nested, and at a corner, as the others are."""
    entered("gradient_norm")
    setup = "f(x, y) = x^2*y + y"
    assert number(f"{setup}; gradient_norm(f)(1, 2)") == pytest.approx(np.hypot(4, 2), rel=1e-15)
    assert number(f"{setup}; gradient_norm(f, wrt=y)(1, 2)") == 2
    slope = slope_of(f"{setup}; gradient_norm(f)({{}}, 2)", 1)
    assert number(f"{setup}; grad(gradient_norm(f))(1, 2)") == pytest.approx(slope, rel=1e-8)
    assert "no input `x`" in error("gradient_norm(sin, x=1)").message


def test_the_command_and_the_option(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Answered as every command is."""
    from gradcli.faces.quick_reader import read

    command = entered("limits")["entry"]
    monkeypatch.setitem(COMMANDS, command.name, command)
    monkeypatch.setattr(one_shot, "show_limits", entered("show_limits\\(reporter")["show_limits"], raising=False)
    found = read(["limits"])
    assert found
    assert found[0].answer(found[1]) == 0
    assert "max_steps: 200,000 steps" in capsys.readouterr().out
    option = entered("DIGITS")["DIGITS"]
    command.options += (option,)
    assert (read(["limits", "--digits", "3"]) or (None, {}))[1] == {"digits": 3}


def test_the_format(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """By its name."""
    module = ModuleType("gradcli.output.tsv")
    vars(module).update(entered("Tsv\\(Terminal"))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(FORMATS, "tsv", entered("_tsv")["_tsv"])
    answer = COMMANDS["grad"].handle()
    assert answer(FORMATS["tsv"]("grad"), "x^2*y", ["x=3", "y=5"], None, 1, None, None) == 0
    assert capsys.readouterr().out == "0\tf\tx^2*y\t45\n1\t∂f/∂x\t2*x*y\t30\n1\t∂f/∂y\tx^2\t9\n"


def test_the_engine() -> None:
    """The same numbers as the engine that it checks."""
    x = fresh_input("x", (3,), DType.FLOAT64)
    output = TABLE["sum_to"](TABLE["sin"](x) * x + 2.0, shape=())
    graph = Graph(reachable([output]), [output], [x])
    engine = entered("PlainEngine")["PlainEngine"]()
    assert engine.suits(graph)
    values = np.array([1.0, 2.0, 3.0])
    for got, want in zip(engine.compile(graph).run(values), NumpyEngine().compile(graph).run(values), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-15)


def test_the_law() -> None:
    """A ramp under it has the derivatives of relu, in each mode."""
    relu = TABLE["relu"]
    law = entered("PiecewiseLinear")["PiecewiseLinear"](relu.law.partials[0])  # type: ignore[attr-defined]
    fields = {"kernel": relu.kernel, "math": relu.math}
    declare._state("ramp", law, "x where positive", 1, relu.examples, fields, "float")
    builtins.cache_clear()
    text = "f(x) = {0}(x)^2*sin(x); f'(0.7), f'''(0.7), grad(grad(f))(0.7), jvp(f, 2)(0.7), derivative(f, 5)(-0.3)"
    assert value(text.format("ramp")) == pytest.approx(value(text.format("relu")), rel=1e-14)


def test_the_setting_and_the_limit() -> None:
    """Known to `set`, with what they refuse."""
    setting = entered("_warnings")["entry"]
    SETTINGS[setting.name] = replace(setting, present=lambda settings, seed: "true")
    assert "true or false" in error("set warnings 3").message
    entry = entered("max_order")["entry"]
    LIMITS[entry.name] = entry
    assert value("set max_order 3; 1") == 1
    assert error("set max_ordr 3").hint == "did you mean `max_order`?"
