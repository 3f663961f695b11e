"""The Laplacian of a tanh network of 100 inputs and two layers at 1,000 points, against JAX's Hessian and folx."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.harness import Row, Run, agree, made, take_turns
from benchmarks.ours import program

INPUTS, HIDDEN, POINTS = 100, 64, 1_000
RNG = np.random.default_rng(0)
X = RNG.normal(size=(POINTS, INPUTS))
W1 = RNG.normal(size=(INPUTS, HIDDEN)) / 10
W2 = RNG.normal(size=(HIDDEN, HIDDEN)) / 8
W3 = RNG.normal(size=HIDDEN)

TEXT = """
lap(W1, W2, W3) = vmap(laplacian(x -> tanh(tanh(x @ W1) @ W2) @ W3))
f(X, W1, W2, W3) = lap(W1, W2, W3)(X)
"""


def ours() -> Run:
    """Vmap of laplacian."""
    shapes = {"X": X.shape, "W1": W1.shape, "W2": W2.shape, "W3": W3.shape}
    compiled = program(TEXT, "f", shapes)
    return lambda: compiled(X, W1, W2, W3)[0]


def _network() -> tuple[Any, Any]:
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    w1, w2, w3 = (jnp.asarray(w) for w in (W1, W2, W3))
    return (lambda x: jnp.tanh(jnp.tanh(x @ w1) @ w2) @ w3), jnp.asarray(X)


def jax_trace() -> Run:
    """The trace of jax.hessian, jitted, in slices of 100 points so that it fits into memory."""
    import jax
    import jax.numpy as jnp

    f, x = _network()
    lap = jax.jit(lambda xs: jax.lax.map(lambda p: jnp.trace(jax.hessian(f)(p)), xs, batch_size=100))
    return lambda: lap(x).block_until_ready()


def folx_forward() -> Run:
    """The forward Laplacian of folx, jitted."""
    import folx
    import jax

    f, x = _network()
    lap = jax.jit(jax.vmap(lambda p: folx.forward_laplacian(f)(p).laplacian))
    return lambda: lap(x).block_until_ready()


def measure() -> list[Row]:
    """One row."""
    row = Row(f"{INPUTS}-{HIDDEN}-{HIDDEN}-1, {POINTS:,} points")
    contenders = made(row, {"gradcli": ours, "jax hessian": jax_trace, "folx": folx_forward})
    agree(row, {name: run() for name, run in contenders.items()})
    take_turns(row, contenders, turns=5)
    return [row]
