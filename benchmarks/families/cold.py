"""A gradient in one shell command, from nothing: the whole process, start-up and all."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial

from benchmarks.harness import Row, Run, made, take_turns
from benchmarks.peers import has

ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}

SCALARS = {
    "gradcli": ["-m", "gradcli", "grad", "x*x*y*z", "x=3", "y=5", "z=1"],
    "import numpy": ["-c", "import numpy"],
    "import numpy, typer, lark, rich.table": ["-c", "import numpy, typer, lark, rich.table"],
    "sympy": [
        "-c",
        "from sympy import *; v = symbols('x y z'); x, y, z = v; f = x*x*y*z\n"
        "p = {x: 3, y: 5, z: 1}; print(f.subs(p), [f.diff(s).subs(p) for s in v])",
    ],
    "casadi": [
        "-c",
        "import casadi as ca; v = ca.SX.sym('v', 3); f = v[0]*v[0]*v[1]*v[2]\n"
        "print(ca.Function('g', [v], [f, ca.gradient(f, v)])([3, 5, 1]))",
    ],
    "autograd": [
        "-c",
        "from autograd import value_and_grad as g; print(g(lambda v: v[0]*v[0]*v[1]*v[2])([3., 5., 1.]))",
    ],
    "jax": ["-c", "import jax; print(jax.value_and_grad(lambda x, y, z: x*x*y*z, (0, 1, 2))(3., 5., 1.))"],
    "torch": [
        "-c",
        "import torch; v = torch.tensor([3., 5., 1.], requires_grad=True); f = v[0]*v[0]*v[1]*v[2]\n"
        "f.backward(); print(f, v.grad)",
    ],
}
TENSORS = {
    "gradcli": ["-m", "gradcli", "grad", "x*x*y", "x=[1, 2, 3]", "y=[4, 5, 6]"],
    "import numpy, typer, lark, rich.table": SCALARS["import numpy, typer, lark, rich.table"],
}


def process(arguments: list[str]) -> Run:
    """One run of this Python."""
    command = [sys.executable, *arguments]
    return lambda: subprocess.run(command, env=ENVIRONMENT, capture_output=True, check=True)


def measure() -> list[Row]:
    """A row for numbers, a row for tensors."""
    rows = []
    for work, contenders in (("x*x*y*z at three numbers", SCALARS), ("x*x*y at two tensors", TENSORS)):
        row = Row(work)
        absent = [name for name in ("sympy", "casadi", "autograd", "jax", "torch") if not has(name)]
        row.notes |= {name: "not installed" for name in absent if name in contenders}
        there = {name: arguments for name, arguments in contenders.items() if name not in absent}
        runs = made(row, {name: partial(process, arguments) for name, arguments in there.items()})
        take_turns(row, runs, turns=15, seconds=0.0)
        rows.append(row)
    return rows
