"""Textbook gradients: Speelpenning's product, by `prod` and by a loop, and the Helmholtz energy of a mixture."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from benchmarks.harness import Row, Run, side_by_side
from benchmarks.ours import called
from benchmarks.peers import jax_call

LOOP = """
def f(x):
    y = 1
    for v in x:
        y = y*v
    return y

g = grad(f)
"""
PRODUCT = "f(x) = prod(x)\ng = grad(f)\n"
HELMHOLTZ = """
def f(x, A, b):
    bx = b @ x
    return sum(x*log(x/(1 - bx))) - (x @ A @ x)/(sqrt(8)*bx)*log((1 + (1 + sqrt(2))*bx)/(1 + (1 - sqrt(2))*bx))

g = grad(f)
"""


def jax_loop(x: Any) -> Run:
    """The product as a scan."""
    import jax

    return jax_call(jax.grad(lambda x: jax.lax.scan(lambda y, v: (y * v, None), 1.0, x)[0]), x)


def jax_product(x: Any) -> Run:
    """The product as one operation."""
    import jax

    return jax_call(jax.grad(lambda x: x.prod()), x)


def jax_helmholtz(*given: Any) -> Run:
    """The same formula, jitted."""
    import jax
    import jax.numpy as jnp

    r = np.sqrt(2)

    def f(x: Any, a: Any, b: Any) -> Any:
        bx = b @ x
        attraction = (x @ a @ x) / (2 * r * bx) * jnp.log((1 + (1 + r) * bx) / (1 + (1 - r) * bx))
        return jnp.sum(x * jnp.log(x / (1 - bx))) - attraction

    return jax_call(jax.grad(f), *given)


def measure() -> list[Row]:
    """Products of 100 to 10,000 numbers; mixtures of 10 and 100 substances."""
    rng, rows = np.random.default_rng(0), []
    for n in (100, 1_000, 10_000):
        x = rng.uniform(0.9, 1.1, n)
        for name, text, peer in (("loop", LOOP, jax_loop), ("prod", PRODUCT, jax_product)):
            makers = {"gradcli": partial(called, text, "g", x), "jax jit": partial(peer, x)}
            rows.append(side_by_side(f"product by {name}, n = {n:,}", makers))
    for n in (10, 100):
        given = rng.uniform(0.1, 0.9, n) / n, np.full((n, n), 0.01), rng.uniform(0.1, 0.5, n)
        makers = {"gradcli": partial(called, HELMHOLTZ, "g", *given), "jax jit": partial(jax_helmholtz, *given)}
        rows.append(side_by_side(f"Helmholtz energy, n = {n}", makers))
    return rows
