"""The value and both partials of a function of two numbers with ten operations, warm, against code written by hand."""

from __future__ import annotations

import math
from typing import Any

from benchmarks.harness import Row, Run, agree, made, take_turns
from benchmarks.ours import program
from benchmarks.peers import jax_gradient, torch_gradient

TEXT = "f(x, y) = sin(x * y) * exp(-x^2 / 2) + log(1 + y^2) * tanh(x - y)\n"
POINT = (0.7, 0.3)


def ours() -> Run:
    """One function of Python's math."""
    run = program(TEXT, "value_and_grad(f, (0, 1))", {"x": (), "y": ()}).function
    return lambda: run(*POINT)


def by_hand() -> Run:
    """What one would write, with nothing computed twice."""
    sin, cos, exp, log, tanh = math.sin, math.cos, math.exp, math.log, math.tanh

    def f(x: float, y: float) -> tuple[float, float, float]:
        p = x * y
        s, c, e = sin(p), cos(p), exp(-x * x * 0.5)
        q = 1 + y * y
        t = tanh(x - y)
        se, ce, lg = s * e, c * e, log(q)
        k = lg * (1 - t * t)
        return se + lg * t, y * ce - x * se + k, x * ce + 2 * y / q * t - k

    return lambda: f(*POINT)


def sympy_lambdify() -> Run:
    """Derivatives as formulas, compiled with common subexpressions shared."""
    import sympy as sp

    x, y = sp.symbols("x y")
    f = sp.sin(x * y) * sp.exp(-(x**2) / 2) + sp.log(1 + y**2) * sp.tanh(x - y)
    function = sp.lambdify((x, y), (f, f.diff(x), f.diff(y)), "math", cse=True)
    return lambda: function(*POINT)


def casadi_call() -> Run:
    """A function called with two numbers."""
    import casadi as ca

    x, y = ca.SX.sym("x"), ca.SX.sym("y")
    f = ca.sin(x * y) * ca.exp(-(x**2) / 2) + ca.log(1 + y**2) * ca.tanh(x - y)
    function = ca.Function("g", [x, y], [f, ca.gradient(f, x), ca.gradient(f, y)])
    return lambda: function(*POINT)


def jax_jit() -> Run:
    """jax.value_and_grad, jitted."""
    import jax.numpy as jnp

    def f(x: Any, y: Any) -> Any:
        return jnp.sin(x * y) * jnp.exp(-(x**2) / 2) + jnp.log(1 + y**2) * jnp.tanh(x - y)

    return jax_gradient(f, list(POINT), with_value=True)


def torch_eager() -> Run:
    """Eager autograd."""
    import numpy as np
    import torch

    def f(x: Any, y: Any) -> Any:
        return torch.sin(x * y) * torch.exp(-(x**2) / 2) + torch.log(1 + y**2) * torch.tanh(x - y)

    return torch_gradient(f, [np.array(v) for v in POINT], with_value=True)


def autograd_eager() -> Run:
    """HIPS autograd."""
    import autograd.numpy as anp
    from autograd import value_and_grad

    def f(p: Any) -> Any:
        x, y = p
        return anp.sin(x * y) * anp.exp(-(x**2) / 2) + anp.log(1 + y**2) * anp.tanh(x - y)

    function, point = value_and_grad(f), anp.array(POINT)
    return lambda: function(point)


def _flat(result: Any) -> list[float]:
    if isinstance(result, (tuple, list)):
        return [x for part in result for x in _flat(part)]
    import numpy as np

    return [float(x) for x in np.asarray(result, dtype=float).ravel()]


def measure() -> list[Row]:
    """One row."""
    row = Row("10 operations, value and 2 partials")
    makers = {
        "gradcli": ours,
        "math by hand": by_hand,
        "sympy lambdify": sympy_lambdify,
        "casadi": casadi_call,
        "jax jit": jax_jit,
        "torch eager": torch_eager,
        "autograd": autograd_eager,
    }
    contenders = made(row, makers)
    agree(row, {name: _flat(run()) for name, run in contenders.items()})
    take_turns(row, contenders, turns=15)
    return [row]
