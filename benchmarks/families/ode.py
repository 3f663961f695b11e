"""Euler's and Runge-Kutta's steps of the predator-prey equations: the end point by start and parameters, as called."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from benchmarks.harness import Row, Run, side_by_side
from benchmarks.ours import called
from benchmarks.peers import jax_call

EULER = """
def end(x, y, k, m):
    for i in range({steps}):
        dx = x*(k - y)
        dy = y*(x - m)
        x = x + 0.001*dx
        y = y + 0.001*dy
    return x^2 + y^2

g = value_and_grad(end, all)
"""
VECTORS = """
rate(u, k) = [u[0]*(k[0] - u[1]), u[1]*(u[0] - k[1])]

def end(u, k):
    for i in range({steps}):
        a = rate(u, k)
        b = rate(u + 0.005*a, k)
        c = rate(u + 0.005*b, k)
        d = rate(u + 0.01*c, k)
        u = u + 0.01/6*(a + 2*b + 2*c + d)
    return sum(u^2)

g = value_and_grad(end, all)
"""
START, PARAMETERS = np.array([0.5, 0.7]), np.array([1.1, 0.9])
NUMBERS = (*START.tolist(), *PARAMETERS.tolist())


def jax_euler(steps: int) -> Run:
    """jax.lax.scan, jitted."""
    import jax

    def end(x: Any, y: Any, k: Any, m: Any) -> Any:
        def step(u: Any, _: object) -> Any:
            x, y = u
            return (x + 0.001 * x * (k - y), y + 0.001 * y * (x - m)), None

        (x, y), _ = jax.lax.scan(step, (x, y), None, length=steps)
        return x**2 + y**2

    return jax_call(jax.value_and_grad(end, (0, 1, 2, 3)), *NUMBERS)


def jax_vectors(steps: int) -> Run:
    """The same for Runge-Kutta's."""
    import jax
    import jax.numpy as jnp

    def end(u: Any, k: Any) -> Any:
        def rate(u: Any) -> Any:
            return jnp.stack([u[0] * (k[0] - u[1]), u[1] * (u[0] - k[1])])

        def step(u: Any, _: object) -> Any:
            a = rate(u)
            b = rate(u + 0.005 * a)
            c = rate(u + 0.005 * b)
            d = rate(u + 0.01 * c)
            return u + 0.01 / 6 * (a + 2 * b + 2 * c + d), None

        return jnp.sum(jax.lax.scan(step, u, None, length=steps)[0] ** 2)

    return jax_call(jax.value_and_grad(end, (0, 1)), START, PARAMETERS)


def casadi_euler(steps: int) -> Run:
    """Written out by CasADi, called with numbers."""
    import casadi as ca

    x, y, k, m = given = [ca.SX.sym(name) for name in "xykm"]
    for _ in range(steps):
        x, y = x + 0.001 * x * (k - y), y + 0.001 * y * (x - m)
    end = x**2 + y**2
    function = ca.Function("g", given, [end, *(ca.gradient(end, v) for v in given)])
    return lambda: function(*NUMBERS)


def measure() -> list[Row]:
    """10 to 1,000 steps."""
    rows = []
    for steps in (10, 100, 1_000):
        makers = {
            "gradcli": partial(called, EULER.format(steps=steps), "g", *NUMBERS),
            "jax scan": partial(jax_euler, steps),
            "casadi": partial(casadi_euler, steps),
        }
        rows.append(side_by_side(f"Euler, {steps:,} steps", makers))
    for steps in (10, 100, 1_000):
        makers = {
            "gradcli": partial(called, VECTORS.format(steps=steps), "g", START, PARAMETERS),
            "jax scan": partial(jax_vectors, steps),
        }
        rows.append(side_by_side(f"Runge-Kutta on vectors, {steps:,} steps", makers))
    return rows
