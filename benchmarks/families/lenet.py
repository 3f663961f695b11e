"""LeNet on images of 28 by 28 in float32: loss and gradient by all weights, as called."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

import gradcli
from benchmarks.harness import Row, Run, side_by_side
from benchmarks.peers import jax_call

TEXT = """
net = Sequential(
    Conv2d(1, 6, 5, pad_mode="pad", padding=2), tanh, AvgPool2d(2, 2),
    Conv2d(6, 16, 5, pad_mode="valid"), tanh, AvgPool2d(2, 2),
    Flatten(), Dense(400, 120), tanh, Dense(120, 84), tanh, Dense(84, 10))
entropy = CrossEntropyLoss()
loss(x, labels) = entropy(net(x), labels)
g = value_and_grad(loss, none, params(net))
"""


def session() -> gradcli.Session:
    """A net with the weights that seed 0 gives."""
    made = gradcli.Session(dtype="float32")
    made.run(TEXT)
    return made


def ours(x: Any, labels: Any) -> Run:
    """Value and gradient, called from Python."""
    g = session()["g"]
    return lambda: g(x, labels)


def jax_lenet(x: Any, labels: Any) -> Run:
    """The same net with the same weights, jitted."""
    import jax
    import jax.numpy as jnp

    weights = [jnp.asarray(w) for w in session()["loss"].parameters.values()]

    def convolved(x: Any, w: Any, padding: str) -> Any:
        how = ("NCHW", "OIHW", "NCHW")
        return jax.lax.conv_general_dilated(x, w, (1, 1), padding, dimension_numbers=how)

    def pooled(x: Any) -> Any:
        n, c, h, w = x.shape
        return x.reshape(n, c, h // 2, 2, w // 2, 2).mean((3, 5))

    def loss(w: Any, x: Any, labels: Any) -> Any:
        h = pooled(jnp.tanh(convolved(x, w[0], "SAME")))
        h = pooled(jnp.tanh(convolved(h, w[1], "VALID"))).reshape(len(x), -1)
        for i in (2, 4):
            h = jnp.tanh(h @ w[i].T + w[i + 1])
        scores = jax.nn.log_softmax(h @ w[6].T + w[7])
        return -jnp.mean(scores[jnp.arange(len(x)), labels])

    return jax_call(jax.value_and_grad(loss), weights, x, labels)


def measure() -> list[Row]:
    """Batches of 4 and 32."""
    rng, rows = np.random.default_rng(0), []
    for batch in (4, 32):
        x = rng.normal(size=(batch, 1, 28, 28)).astype("float32")
        labels = rng.integers(0, 10, batch)
        makers = {"gradcli": partial(ours, x, labels), "jax jit": partial(jax_lenet, x, labels)}
        rows.append(side_by_side(f"batch of {batch}", makers, tolerance=1e-5))
    return rows
