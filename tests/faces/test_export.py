"""`gradcli code --to`: modules that stand by themselves, of expressions and of functions in files."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradcli.core.export.targets import TARGETS
from gradcli.faces.options import TO
from tests.core.export.harness import loaded
from tests.faces.harness import shell

MODELS = """
hidden = Dense(2, 3)
last = Dense(3, 1)
net(x) = last(tanh(hidden(x)))
model tensors(x, y):
    param z = [1.0]
    return x * x * y * z
model numbers(x):
    param λ = 0.5
    return x^2 * λ
"""


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A file of models."""
    path = tmp_path / "models.grad"
    path.write_text(MODELS, encoding="utf-8")
    return path


def module(line: str) -> str:
    """What a command writes, with nothing to say beside it."""
    ran = shell(line)
    assert (ran.code, ran.err) == (0, "")
    return ran.out


def function(text: str) -> Callable[..., Any]:
    """The function of a module in Python's syntax."""
    return loaded(text, re.findall(r"^def (\w+)\(", text, re.MULTILINE)[-1])


def test_the_option_offers_what_there_is() -> None:
    """The targets, and LaTeX."""
    assert TO.choices == (*TARGETS, "latex")
    ran = shell("gradcli code x --to rust")
    assert ran.code == 2
    assert "no module is written for `rust`" in ran.err
    assert "--to takes python or numpy or jax or torch or c or latex" in ran.err


def test_plain_python_is_a_module_to_read() -> None:
    """It says where it comes from, and names what it computes."""
    assert module("gradcli code --to python 'x^2*sin(y) + exp(2z)' --wrt x,y").startswith(
        "# f(x, y, z) = x^2*sin(y) + exp(2z)\n# Written by gradcli "
    )
    text = module("gradcli code --to python 'x*y/2'")
    assert text.rstrip().split("\n\n\n")[-1] == (
        'def f(x, y):\n    """f and its derivatives, as a tuple.\n\n'
        "    Arguments:\n        x: float64\n        y: float64\n\n"
        '    returns f, ∂f/∂x, ∂f/∂y\n    """\n'
        "    value = 0.5 * (x * y)\n    df_dx = 0.5 * y\n    df_dy = 0.5 * x\n    return value, df_dx, df_dy"
    )


@pytest.mark.parametrize("order", [0, 1, 2, 3])
def test_each_order_is_there(order: int) -> None:
    """In the order of the table."""
    found = function(module(f"gradcli code --to python 'x^4*y' --order {order}"))(3.0, 5.0)
    rows = [405.0, 540.0, 81.0, 540.0, 108.0, 0.0, 360.0, 108.0, 0.0, 0.0]
    assert found == tuple(rows[: (order + 1) * (order + 2) // 2])


@pytest.mark.parametrize("target", ["numpy", "jax", "torch"])
def test_parameters_are_arguments_with_their_present_values(target: str, models: Path) -> None:
    """So that a module gives what the model gives, and can be trained on."""
    if target != "numpy":
        pytest.importorskip(target, reason=f"{target} is not installed")
    net = function(module(f"gradcli code --to {target} {models}::tensors x=[3] y=[5]"))
    results = [np.asarray(r).tolist() for r in net([3.0], [5.0])]
    assert results == [[45.0], [30.0], [9.0], [45.0]]
    assert np.asarray(net([3.0], [5.0], z=[2.0])[0]).tolist() == [90.0]
    text = module(f"gradcli code --to {target} {models}::net x=[1,2]")
    assert "# net(x), from models.grad::net\n" in text
    assert "def net(\n    x,\n    last_weight=LAST_WEIGHT,\n" in text
    assert [np.asarray(r).shape for r in function(text)([1.0, 2.0])] == [(1,), (2,), (1, 3), (1,), (3, 2), (3,)]


def test_parameters_of_numbers_are_defaults_in_python(models: Path) -> None:
    """Under a name that Python takes."""
    found = function(module(f"gradcli code --to python {models}::numbers"))
    assert found(3.0) == (4.5, 3.0, 9.0)
    assert found(3.0, lambda_=1.0)[0] == 9.0


@pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler here")
def test_c_is_called_by_its_prototype(models: Path, tmp_path: Path) -> None:
    """From another file, with a line that is copied from the module."""
    text = module(f"gradcli code --to c {models}::tensors x=[3] y=[5]")
    (prototype,) = re.findall(r"^void .*;$", text, re.MULTILINE)
    assert prototype == "void tensors(const double x[1], const double y[1], double out[4]);"
    assert "static const double z[1] = {1.0};" in text
    assert " * out[1]: dtensors/dx, shape (1,)\n" in text or " * out[1]: ∂tensors/∂x, shape (1,)\n" in text
    (tmp_path / "tensors.c").write_text(text, encoding="utf-8")
    (tmp_path / "main.c").write_text(
        f"#include <stdio.h>\n{prototype}\nint main(void)\n{{\n"
        "    const double x[1] = {3.0}, y[1] = {5.0};\n    double out[4];\n    tensors(x, y, out);\n"
        '    printf("%g %g %g %g", out[0], out[1], out[2], out[3]);\n    return 0;\n}\n',
        encoding="utf-8",
    )
    build = ["cc", "-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror", "main.c", "tensors.c", "-o", "main", "-lm"]
    subprocess.run(build, cwd=tmp_path, check=True)
    assert subprocess.run(["./main"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout == "45 30 9 45"


def test_what_a_target_lacks_is_named_with_the_targets_that_have_it(models: Path) -> None:
    """No half of a module is written."""
    ran = shell("gradcli code --to torch 'gamma(x)*y'")
    assert (ran.code, ran.out) == (2, "")
    assert "--to torch has no `gamma`" in ran.err
    assert "use --to numpy or --to jax" in ran.err
    ran = shell(f"gradcli code --to python {models}::tensors x=[3] y=[5]")
    assert (ran.code, ran.out) == (2, "")
    assert "--to python has no tensors" in ran.err
    assert "use --to numpy or --to jax or --to torch or --to c" in ran.err
    for asked, named in (
        ("integrate(t -> exp(-t*t), 0, x)", "integral"),
        ("solve(t -> t^2 - x, 1)", "solution"),
    ):
        ran = shell(f"gradcli code --to numpy '{asked}' x=2")
        assert (ran.code, ran.out) == (2, "")
        assert f"--to numpy has no `{named}`: " in ran.err
        assert "leave --to out to see the operations" in ran.err


def test_latex_is_what_the_format_gives() -> None:
    """Formulas, and with values numbers too."""
    for asked in ("'ln(x)/x' --order 2", "'x^2*y' x=3 y=5"):
        assert (
            module(f"gradcli code --to latex {asked}").strip()
            == shell(f"gradcli grad {asked} --format latex").out.strip()
        )


def test_without_a_target_nothing_changes() -> None:
    """The listing."""
    assert "def f(x, y):\n    v0 = " in module("gradcli code 'x*y + x'")


def test_numpy_stands_by_itself_and_says_what_it_needs() -> None:
    """No module of gradcli's is imported; SciPy where a special function needs it, and no warning is shown."""
    text = module("gradcli code --to numpy 'gamma(x)/log(x)'")
    assert "; needs NumPy, and SciPy for its special functions.\n" in text
    assert "needs NumPy.\n" in module("gradcli code --to numpy 'exp(x)'")
    program = f"{text}\nimport sys\nassert not any(m.startswith('gradcli') for m in sys.modules)\nprint(f(-1.0)[0])"
    ran = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout == "nan\n"
    assert ran.stderr == ""


def test_json_holds_the_module() -> None:
    """As the text of a program."""
    assert '"kind": "program"' in shell("gradcli code x*x --to c --format json").out
    assert "begin{align*}" in shell("gradcli code x*x --to latex --format json").out
