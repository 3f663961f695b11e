"""Both partials of a function of ten operations at each of N points, in both float types."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from benchmarks.families.scalar import TEXT
from benchmarks.harness import Row, Run, agree, made, take_turns
from benchmarks.ours import program
from benchmarks.peers import jax_gradient, torch_gradient

SIZES = (1_000, 100_000, 1_000_000, 10_000_000)
# Those that take seconds there.
LARGEST = {"casadi": 100_000, "numba": 1_000_000, "autograd": 1_000_000, "numexpr": 1_000_000}


def ours(x: Any, y: Any, native: bool = False) -> Run:
    """The gradient of the summed outputs, which has each point's partials; on NumPy alone, or with gradcli[jit]."""
    run = program(TEXT, "grad(f, (0, 1))", {"x": x.shape, "y": y.shape}, x.dtype.name, native).function
    return lambda: run(x, y)


def ours_native(x: Any, y: Any) -> Run:
    """With gradcli[jit]."""
    import llvmlite

    assert llvmlite
    return ours(x, y, native=True)


def by_hand(x: Any, y: Any) -> Run:
    """NumPy as one would write it, whole arrays at a time."""
    half = x.dtype.type(0.5)

    def run() -> object:
        p = x * y
        s, c, e = np.sin(p), np.cos(p), np.exp(-x * x * half)
        q = 1 + y * y
        t = np.tanh(x - y)
        k, ce = np.log(q) * (1 - t * t), c * e
        return y * ce - x * s * e + k, x * ce + 2 * y / q * t - k

    return run


def _formula(xp: Any) -> Callable[[Any, Any], Any]:
    return lambda x, y: xp.sin(x * y) * xp.exp(-(x**2) / 2) + xp.log(1 + y**2) * xp.tanh(x - y)


def jax_jit(x: Any, y: Any) -> Run:
    """jax.grad of the sum, jitted."""
    import jax.numpy as jnp

    f = _formula(jnp)
    return jax_gradient(lambda a, b: f(a, b).sum(), [x, y])


def torch_eager(x: Any, y: Any) -> Run:
    """Eager autograd of the sum."""
    import torch

    f = _formula(torch)
    return torch_gradient(lambda a, b: f(a, b).sum(), [x, y])


def torch_compiled(x: Any, y: Any) -> Run:
    """torch.compile of torch.func.grad."""
    import torch

    f = _formula(torch)
    gradient = torch.compile(torch.func.grad(lambda a, b: f(a, b).sum(), (0, 1)))
    a, b = torch.tensor(x), torch.tensor(y)
    return lambda: gradient(a, b)


def numexpr_evaluate(x: Any, y: Any) -> Run:
    """Both partials as texts."""
    import numexpr as ne

    wave = "exp(-x*x/2)"
    slope = "log(1 + y*y) * (1 - tanh(x - y)**2)"
    by_x = f"(y*cos(x*y) - x*sin(x*y)) * {wave} + {slope}"
    by_y = f"x*cos(x*y) * {wave} + 2*y/(1 + y*y)*tanh(x - y) - {slope}"
    names = {"x": x, "y": y}
    return lambda: (ne.evaluate(by_x, names), ne.evaluate(by_y, names))


def numba_loop(x: Any, y: Any, parallel: bool = False) -> Run:
    """The partials by hand in a loop, fastmath."""
    import numba

    @numba.njit(fastmath=True, parallel=parallel)
    def gradient(x: Any, y: Any) -> Any:
        gx, gy = np.empty_like(x), np.empty_like(x)
        for i in numba.prange(len(x)):
            a, b = x[i], y[i]
            s, c, e = math.sin(a * b), math.cos(a * b), math.exp(-a * a / 2)
            q, t = 1 + b * b, math.tanh(a - b)
            k = math.log(q) * (1 - t * t)
            gx[i] = b * c * e - a * s * e + k
            gy[i] = a * c * e + 2 * b / q * t - k
        return gx, gy

    return lambda: gradient(x, y)


def casadi_map(x: Any, y: Any) -> Run:
    """One function mapped over the points."""
    import casadi as ca

    a, b = ca.SX.sym("x"), ca.SX.sym("y")
    f = ca.sin(a * b) * ca.exp(-(a**2) / 2) + ca.log(1 + b**2) * ca.tanh(a - b)
    function = ca.Function("g", [a, b], [ca.gradient(f, a), ca.gradient(f, b)]).map(len(x))
    return lambda: function(x, y)


def heyoka_cfunc(x: Any, y: Any) -> Run:
    """Heyoka's compiled function; its inputs lie in one array, as it wants them."""
    import heyoka as hy

    a, b = hy.make_vars("x", "y")
    f = hy.sin(a * b) * hy.exp(-(a**2) / 2) + hy.log(1 + b**2) * hy.tanh(a - b)
    kind = np.float32 if x.dtype == np.float32 else float
    function = hy.cfunc([hy.diff(f, a), hy.diff(f, b)], [a, b], fp_type=kind)
    given = np.stack([x, y])
    return lambda: function(given)


def autograd_eager(x: Any, y: Any) -> Run:
    """HIPS autograd, element by element."""
    import autograd.numpy as anp
    from autograd import grad

    f = _formula(anp)
    by_x, by_y = (grad(lambda a, b: anp.sum(f(a, b)), i) for i in (0, 1))
    return lambda: (by_x(x, y), by_y(x, y))


MAKERS: dict[str, Callable[[Any, Any], Run]] = {
    "gradcli": ours,
    "gradcli[jit]": ours_native,
    "NumPy by hand": by_hand,
    "jax jit": jax_jit,
    "torch eager": torch_eager,
    "torch compile": torch_compiled,
    "numexpr": numexpr_evaluate,
    "numba": numba_loop,
    "numba, parallel": partial(numba_loop, parallel=True),
    "casadi": casadi_map,
    "heyoka": heyoka_cfunc,
    "autograd": autograd_eager,
}


def _both(result: Any) -> Any:
    return np.stack([np.asarray(part, dtype=float).ravel() for part in result])


def measure() -> list[Row]:
    """A row for each size and float type."""
    rows = []
    for n in SIZES:
        for dtype, tolerance in (("float64", 1e-8), ("float32", 1e-5)):
            rng = np.random.default_rng(0)
            x, y = (rng.normal(size=n).astype(dtype) for _ in range(2))
            row = Row(f"{n:,} points, {dtype}")
            chosen = {name: partial(make, x, y) for name, make in MAKERS.items() if n <= LARGEST.get(name, n)}
            contenders = made(row, chosen)
            agree(row, {name: _both(run()) for name, run in contenders.items()}, tolerance)
            take_turns(row, contenders, turns=5, seconds=0.03)
            rows.append(row)
    return rows
