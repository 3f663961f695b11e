"""What a type checker sees of the package: its names, lazy as they are, with their types."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytest.importorskip("mypy", reason="mypy comes with gradcli[dev]")

PROGRAM = """
import numpy as np

import gradcli
from gradcli import Function, GradcliError, Session, grad, load


def slope(f: Function, x: float) -> float:
    return float(f.grad("x")(x))


f: Function = gradcli.function("f(x) = x^2")
slope(f, 3)
program = grad("x^2*y", wrt=("x", "y")).compile(x=(1000,), y=())
name: str = program.inputs[0].name
source: str = program.source
order: int = gradcli.derivatives("x^2").name.count("d")
session = Session(dtype="float32")
session["x"] = np.ones(3)
for result in session.run("x"):
    print(result.source)
table = gradcli.derivatives("x^2")(3)
assert isinstance(table, gradcli.Derivatives)
formula: str | None = table.rows[0].formula
try:
    print(load("net.grad").net(1))
except GradcliError as error:
    print(error.message, error.span.line if error.span else None, error.hint, error.kind)
"""

WRONG = """
import gradcli

gradcli.grad(3)
gradcli.gard("x")
gradcli.Session().names = ()
gradcli.derivatives("x")(1).rows = ()
table = gradcli.derivatives("x")(1)
assert isinstance(table, gradcli.Derivatives)
table.rows = ()
"""


def checked(folder: Path, text: str) -> list[str]:
    """What mypy, at its strictest, says about a program that uses the package."""
    (folder / "program.py").write_text(text)
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(folder / "cache"), "program.py"]
    env = os.environ | {"MYPYPATH": str(ROOT)}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    return [line for line in done.stdout.splitlines() if line.startswith("program.py")] + done.stderr.splitlines()


def test_a_program_that_uses_it_well_passes(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Without a word; and what it uses wrongly is found, line by line."""
    folder = tmp_path_factory.mktemp("typed")
    assert checked(folder, PROGRAM) == []
    lines = [int(line.split(":")[1]) for line in checked(folder, WRONG) if ": error:" in line]
    assert lines == [4, 5, 6, 10]
