"""The gradient by all weights of a loss with a network's second derivative, 1-32-32-1 at 1,000 points, float32."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from benchmarks.harness import Row, Run, agree, made, take_turns
from benchmarks.ours import program
from benchmarks.peers import jax_gradient

POINTS, HIDDEN = 1_000, 32
RNG = np.random.default_rng(0)
X = np.linspace(-1, 1, POINTS, dtype="float32").reshape(-1, 1)
W = [
    RNG.normal(size=s).astype("float32") / np.float32(s[0] ** 0.5) for s in ((1, HIDDEN), (HIDDEN, HIDDEN), (HIDDEN, 1))
]
B = [RNG.normal(size=n).astype("float32") for n in (HIDDEN, HIDDEN)]
GIVEN = [W[0], B[0], W[1], B[1], W[2]]

TEXT = """
u(x, W1, b1, W2, b2, W3) = tanh(tanh(x @ W1 + b1) @ W2 + b2) @ W3
loss(x, W1, b1, W2, b2, W3) = mean((diff(u(x, W1, b1, W2, b2, W3), x, x) + sin(x))^2)
"""


def ours(native: bool = False) -> Run:
    """Reverse mode over Taylor mode: the second derivative of each point in its own input, as the sum gives it."""
    names = ("x", "W1", "b1", "W2", "b2", "W3")
    shapes = {name: a.shape for name, a in zip(names, [X, *GIVEN], strict=True)}
    run = program(TEXT, "grad(loss, wrt=(W1, b1, W2, b2, W3))", shapes, "float32", native).function
    return lambda: run(X, *GIVEN)


def _loss(jnp: Any, grad: Callable[..., Any], vmap: Callable[..., Any]) -> Callable[..., Any]:
    def loss(w1: Any, b1: Any, w2: Any, b2: Any, w3: Any) -> Any:
        def u(x: Any) -> Any:
            return (jnp.tanh(jnp.tanh(x * w1[0] + b1) @ w2 + b2) @ w3)[0]

        points = jnp.asarray(X[:, 0])
        return jnp.mean((vmap(grad(grad(u)))(points) + jnp.sin(points)) ** 2)

    return loss


def jax_jit() -> Run:
    """jax.grad of a loss with vmap(grad(grad(u))), jitted."""
    import jax
    import jax.numpy as jnp

    return jax_gradient(_loss(jnp, jax.grad, jax.vmap), GIVEN)


def torch_eager() -> Run:
    """Two autograd passes of the summed outputs, and a third for the weights."""
    import torch

    x = torch.tensor(X, requires_grad=True)
    leaves = [torch.tensor(a, requires_grad=True) for a in GIVEN]

    def run() -> object:
        w1, b1, w2, b2, w3 = leaves
        u = torch.tanh(torch.tanh(x @ w1 + b1) @ w2 + b2) @ w3
        (first,) = torch.autograd.grad(u.sum(), x, create_graph=True)
        (second,) = torch.autograd.grad(first.sum(), x, create_graph=True)
        return torch.autograd.grad(((second + torch.sin(x)) ** 2).mean(), leaves)

    return run


def measure() -> list[Row]:
    """One row."""
    row = Row(f"u'' of 1-{HIDDEN}-{HIDDEN}-1, {POINTS:,} points")
    makers: dict[str, Callable[[], Run]] = {
        "gradcli": ours,
        "gradcli[jit]": partial(ours, native=True),
        "jax jit": jax_jit,
        "torch eager": torch_eager,
    }
    contenders = made(row, makers)
    results: dict[str, object] = {}
    for name, run in contenders.items():
        parts: Any = run()
        results[name] = np.concatenate([np.asarray(part, dtype=float).ravel() for part in parts])
    agree(row, results, tolerance=1e-5)
    take_turns(row, contenders, turns=15)
    return [row]
