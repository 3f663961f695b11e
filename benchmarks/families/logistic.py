"""Value, gradient and Hessian of logistic regression by its weights, beside JAX and the products written by hand."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from benchmarks.harness import Row, Run, side_by_side
from benchmarks.ours import called
from benchmarks.peers import jax_call

TEXT = "f(w, X, y) = sum(softplus(X @ w) - y*(X @ w))\nh = hessian(f, grad_position=0)\n"


def by_hand(w: Any, x: Any, y: Any) -> Run:
    """X' diag(p (1 - p)) X."""

    def run() -> object:
        p = 1 / (1 + np.exp(-(x @ w)))
        return (x.T * (p * (1 - p))) @ x

    return run


def jax_hessian(*given: Any) -> Run:
    """jax.hessian, jitted."""
    import jax
    import jax.numpy as jnp

    return jax_call(jax.hessian(lambda w, x, y: jnp.sum(jax.nn.softplus(x @ w) - y * (x @ w))), *given)


def measure() -> list[Row]:
    """10 to 100 features, 1,000 to 100,000 samples."""
    rng, rows = np.random.default_rng(0), []
    for samples, features in ((1_000, 10), (10_000, 63), (10_000, 64), (10_000, 100)):
        x = rng.normal(size=(samples, features))
        given = rng.normal(size=features) / 10, x, (x[:, 0] > 0) * 1.0
        makers = {
            "gradcli": partial(called, TEXT, "h", *given),
            "NumPy by hand": partial(by_hand, *given),
            "jax jit": partial(jax_hessian, *given),
        }
        rows.append(side_by_side(f"Hessian, {samples:,} x {features}", makers, turns=5))
    return rows
