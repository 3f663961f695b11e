"""A block of a transformer, 64 wide with 4 heads, in float32: gradient of a loss by input and weights, as called."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

import gradcli
from benchmarks.harness import Row, Run, side_by_side
from benchmarks.peers import jax_call

WIDTH, HEADS = 64, 4
TEXT = """
def normed(x, g, b):
    d = x - mean(x, -1, keepdims=true)
    return d/sqrt(mean(d^2, -1, keepdims=true) + 1e-5)*g + b

heads(z) = transpose(reshape(z, ({batch}, {steps}, 4, 16)), (0, 2, 1, 3))

def block(x, wq, wk, wv, wo, w1, w2, g1, b1, g2, b2):
    h = normed(x, g1, b1)
    a = softmax(heads(h @ wq) @ transpose(heads(h @ wk), (0, 1, 3, 2))/4, -1)
    x = x + reshape(transpose(a @ heads(h @ wv), (0, 2, 1, 3)), ({batch}, {steps}, 64)) @ wo
    return sum((x + gelu(normed(x, g2, b2) @ w1) @ w2)^2)

g = value_and_grad(block, all)
"""


def ours(batch: int, steps: int, *given: Any) -> Run:
    """Value and gradient, called from Python."""
    session = gradcli.Session(dtype="float32")
    session.run(TEXT.format(batch=batch, steps=steps))
    g = session["g"]
    return lambda: g(*given)


def jax_block(batch: int, steps: int, *given: Any) -> Run:
    """The same, jitted."""
    import jax
    import jax.numpy as jnp

    def normed(x: Any, g: Any, b: Any) -> Any:
        d = x - x.mean(-1, keepdims=True)
        return d / jnp.sqrt((d**2).mean(-1, keepdims=True) + 1e-5) * g + b

    def heads(z: Any) -> Any:
        return z.reshape(batch, steps, HEADS, WIDTH // HEADS).transpose(0, 2, 1, 3)

    def block(x: Any, wq: Any, wk: Any, wv: Any, wo: Any, w1: Any, w2: Any, g1: Any, b1: Any, g2: Any, b2: Any) -> Any:
        h = normed(x, g1, b1)
        a = jax.nn.softmax(heads(h @ wq) @ heads(h @ wk).transpose(0, 1, 3, 2) / 4, -1)
        x = x + (a @ heads(h @ wv)).transpose(0, 2, 1, 3).reshape(batch, steps, WIDTH) @ wo
        return jnp.sum((x + jax.nn.gelu(normed(x, g2, b2) @ w1, approximate=False) @ w2) ** 2)

    return jax_call(jax.value_and_grad(block, tuple(range(11))), *given)


def measure() -> list[Row]:
    """16 steps, one sequence; 64 steps, eight."""
    rng, rows = np.random.default_rng(0), []
    for steps, batch in ((16, 1), (64, 8)):
        shapes = [(batch, steps, WIDTH), *[(WIDTH, WIDTH)] * 4, (WIDTH, 4 * WIDTH), (4 * WIDTH, WIDTH)]
        given = [(rng.normal(size=shape) / 8).astype("float32") for shape in shapes]
        given += [np.full(WIDTH, value, "float32") for value in (1.0, 0.0, 1.0, 0.0)]
        makers = {
            "gradcli": partial(ours, batch, steps, *given),
            "jax jit": partial(jax_block, batch, steps, *given),
        }
        rows.append(side_by_side(f"{steps} steps, {batch} sequences", makers, tolerance=1e-4))
    return rows
