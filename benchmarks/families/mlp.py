"""The value and the gradient of a tanh network's mean squared error by all weights, float32, against NumPy by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from benchmarks.harness import Row, Run, agree, made, take_turns
from benchmarks.ours import program
from benchmarks.peers import jax_gradient, torch_gradient

NETWORKS = (((64, 128, 128, 1), 256), ((784, 512, 512, 10), 128))


@dataclass
class Data:
    """A batch, its targets, and the network's weights and biases."""

    x: Any
    y: Any
    weights: list[Any]
    biases: list[Any]

    @property
    def parameters(self) -> list[Any]:
        """Weights, then biases."""
        return [*self.weights, *self.biases]


def data(sizes: tuple[int, ...], batch: int) -> Data:
    """Random, scaled as one would."""
    rng = np.random.default_rng(0)

    def normal(*shape: int) -> Any:
        return rng.normal(size=shape).astype("float32")

    weights = [normal(a, b) / np.float32(a**0.5) for a, b in pairwise(sizes)]
    return Data(normal(batch, sizes[0]), normal(batch, sizes[-1]), weights, [normal(n) for n in sizes[1:]])


def ours(d: Data, native: bool = False) -> Run:
    """value_and_grad by the weights and biases, which are inputs here."""
    layers = len(d.weights)
    names = [f"W{i}" for i in range(layers)] + [f"b{i}" for i in range(layers)]
    network = "x"
    for i in range(layers):
        network = f"({network} @ W{i} + b{i})"
        network = f"tanh({network})" if i < layers - 1 else network
    text = f"loss(x, y, {', '.join(names)}) = mean(({network} - y)^2)\n"
    given = [d.x, d.y, *d.parameters]
    shapes = {name: a.shape for name, a in zip(["x", "y", *names], given, strict=True)}
    run = program(text, f"value_and_grad(loss, wrt=({', '.join(names)}))", shapes, "float32", native).function
    return lambda: run(*given)


def by_hand(d: Data) -> Run:
    """Backpropagation as one would write it in NumPy."""

    def run() -> object:
        values = [d.x]
        for i, (w, b) in enumerate(zip(d.weights, d.biases, strict=True)):
            z = values[-1] @ w + b
            values.append(np.tanh(z) if i < len(d.weights) - 1 else z)
        error = values[-1] - d.y
        loss = np.mean(error * error)
        g = error * np.float32(2 / error.size)
        by_w: list[Any] = []
        by_b: list[Any] = []
        for i in range(len(d.weights) - 1, -1, -1):
            by_w.append(values[i].T @ g)
            by_b.append(g.sum(axis=0))
            if i:
                g = (g @ d.weights[i].T) * (1 - values[i] * values[i])
        return (loss, *by_w[::-1], *by_b[::-1])

    return run


def _network(xp: Any, x: Any, y: Any) -> Callable[..., Any]:
    def loss(*parameters: Any) -> Any:
        half = len(parameters) // 2
        value = x
        for i, (w, b) in enumerate(zip(parameters[:half], parameters[half:], strict=True)):
            value = value @ w + b
            value = xp.tanh(value) if i < half - 1 else value
        return ((value - y) ** 2).mean()

    return loss


def jax_jit(d: Data) -> Run:
    """jax.value_and_grad, jitted."""
    import jax.numpy as jnp

    return jax_gradient(_network(jnp, jnp.asarray(d.x), jnp.asarray(d.y)), d.parameters, with_value=True)


def torch_eager(d: Data) -> Run:
    """Eager autograd."""
    import torch

    return torch_gradient(_network(torch, torch.tensor(d.x), torch.tensor(d.y)), d.parameters, with_value=True)


def _flat(result: Any) -> Any:
    if isinstance(result, (tuple, list)):
        return np.concatenate([_flat(part) for part in result])
    return np.asarray(result, dtype=float).ravel()


def measure() -> list[Row]:
    """A row for each network."""
    rows = []
    for sizes, batch in NETWORKS:
        d = data(sizes, batch)
        row = Row(f"{'-'.join(map(str, sizes))}, batch {batch}")
        makers: dict[str, Callable[[Data], Run]] = {
            "gradcli": ours,
            "gradcli[jit]": partial(ours, native=True),
            "NumPy by hand": by_hand,
            "jax jit": jax_jit,
            "torch eager": torch_eager,
        }
        contenders = made(row, {name: partial(make, d) for name, make in makers.items()})
        agree(row, {name: _flat(run()) for name, run in contenders.items()}, tolerance=1e-5)
        take_turns(row, contenders, turns=15)
        rows.append(row)
    return rows
