"""The log likelihood of a Gaussian process and its gradient by three hyperparameters, as called."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from benchmarks.harness import Row, Run, side_by_side
from benchmarks.ours import called
from benchmarks.peers import jax_call

TEXT = """
def likelihood(p, X, y):
    n = len(y)
    d = reshape(X, (n, 1)) - reshape(X, (1, n))
    K = exp(2*p[0])*exp(-d^2*exp(-2*p[1])/2) + exp(2*p[2])*eye(n)
    L = cholesky(K)
    z = solve_triangular(L, y, lower=true)
    return -sum(z^2)/2 - sum(log(diag(L))) - n*log(2*pi)/2

g = value_and_grad(likelihood)
"""


def jax_likelihood(*given: Any) -> Run:
    """The same, jitted."""
    import jax
    import jax.numpy as jnp

    def likelihood(p: Any, x: Any, y: Any) -> Any:
        d = x[:, None] - x[None, :]
        k = jnp.exp(2 * p[0]) * jnp.exp(-(d**2) * jnp.exp(-2 * p[1]) / 2) + jnp.exp(2 * p[2]) * jnp.eye(len(y))
        low = jnp.linalg.cholesky(k)
        z = jax.scipy.linalg.solve_triangular(low, y, lower=True)
        return -jnp.sum(z**2) / 2 - jnp.sum(jnp.log(jnp.diag(low))) - len(y) * jnp.log(2 * jnp.pi) / 2

    return jax_call(jax.value_and_grad(likelihood), *given)


def measure() -> list[Row]:
    """50 to 500 points."""
    rng, rows = np.random.default_rng(0), []
    for n in (50, 200, 500):
        x = np.sort(rng.uniform(0, 10, n))
        given = np.array([0.1, -0.2, -1.0]), x, np.sin(x) + 0.1 * rng.normal(size=n)
        makers = {"gradcli": partial(called, TEXT, "g", *given), "jax jit": partial(jax_likelihood, *given)}
        rows.append(side_by_side(f"n = {n}", makers, turns=5))
    return rows
