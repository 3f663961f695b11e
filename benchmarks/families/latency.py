"""The first result of a model of many lines: read, traced, differentiated, compiled and run once."""

from __future__ import annotations

from functools import partial
from typing import Any

from benchmarks.harness import Row, Run, side_by_side
from benchmarks.ours import called
from benchmarks.peers import jax_call

POINT = (0.3, 0.7)


def text(lines: int) -> str:
    """A chain of as many lines, five operations each."""
    body = [f"    v = sin(v)*y + x/{i % 7 + 1} - v*0.5" for i in range(lines)]
    return "\n".join(["def f(x, y):", "    v = x", *body, "    return v", "", "g = value_and_grad(f, all)", ""])


def jax_chain(lines: int) -> Run:
    """The same, traced and jitted."""
    import jax
    import jax.numpy as jnp

    def f(x: Any, y: Any) -> Any:
        v = x
        for i in range(lines):
            v = jnp.sin(v) * y + x / (i % 7 + 1) - v * 0.5
        return v

    return jax_call(jax.value_and_grad(f, (0, 1)), *POINT)


def casadi_chain(lines: int) -> Run:
    """The same, written out by CasADi."""
    import casadi as ca

    x, y = ca.SX.sym("x"), ca.SX.sym("y")
    v = x
    for i in range(lines):
        v = ca.sin(v) * y + x / (i % 7 + 1) - v * 0.5
    function = ca.Function("g", [x, y], [v, ca.gradient(v, x), ca.gradient(v, y)])
    return lambda: function(*POINT)


def measure() -> list[Row]:
    """400 to 20,000 operations."""
    rows = []
    for operations in (400, 2_000, 20_000):
        lines = operations // 5
        makers = {"gradcli": partial(called, text(lines), "g", *POINT), "casadi": partial(casadi_chain, lines)}
        if operations <= 2_000:
            makers["jax jit"] = partial(jax_chain, lines)
        rows.append(side_by_side(f"{operations:,} operations", makers, turns=3))
    return rows
