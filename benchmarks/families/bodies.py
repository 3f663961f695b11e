"""Hessians of the potential of three bodies, for one configuration and for many, as called."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from benchmarks.harness import Row, Run, side_by_side
from benchmarks.ours import called
from benchmarks.peers import jax_call

TEXT = """
def V(q):
    a = q[0:3]
    b = q[3:6]
    c = q[6:9]
    return -1/sqrt(sum((a - b)^2)) - 1/sqrt(sum((a - c)^2)) - 1/sqrt(sum((b - c)^2))

one = hessian(V)
many = vmap(hessian(V))
"""


def jax_bodies(many: bool, q: Any) -> Run:
    """jax.hessian, mapped, jitted."""
    import jax
    import jax.numpy as jnp

    def potential(q: Any) -> Any:
        a, b, c = q[:3], q[3:6], q[6:]
        return -sum(1 / jnp.sqrt(jnp.sum((u - v) ** 2)) for u, v in ((a, b), (a, c), (b, c)))

    hessian = jax.hessian(potential)
    return jax_call(jax.vmap(hessian) if many else hessian, q)


def casadi_bodies(q: Any) -> Run:
    """Written out by CasADi, called with an array."""
    import casadi as ca

    x = ca.SX.sym("q", 9)
    a, b, c = x[:3], x[3:6], x[6:]
    potential = -sum(1 / ca.sqrt(ca.sumsqr(u - v)) for u, v in ((a, b), (a, c), (b, c)))
    function = ca.Function("h", [x], [ca.densify(ca.hessian(potential, x)[0])])
    return lambda: function(q)


def measure() -> list[Row]:
    """1 to 10,000 configurations."""
    rng = np.random.default_rng(0)
    q = rng.normal(size=9)
    makers = {
        "gradcli": partial(called, TEXT, "one", q),
        "jax jit": partial(jax_bodies, False, q),
        "casadi": partial(casadi_bodies, q),
    }
    rows = [side_by_side("one configuration", makers)]
    for n in (1_000, 10_000):
        q = rng.normal(size=(n, 9))
        makers = {"gradcli": partial(called, TEXT, "many", q), "jax jit": partial(jax_bodies, True, q)}
        rows.append(side_by_side(f"{n:,} configurations", makers))
    return rows
