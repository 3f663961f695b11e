"""Problems of ADBench by their public definitions, on random data: mixtures of Gaussians, LSTM, bundle adjustment."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from benchmarks.harness import Row, Run, side_by_side
from benchmarks.ours import called
from benchmarks.peers import jax_call

LSTM = """
def loss(main, extra, state, seq):
    n = len(seq) - 1
    h0, c0, h1, c1 = state[0], state[1], state[2], state[3]
    total = 0
    for t in range(n):
        x = seq[t]*extra[0]
        c0 = c0*sigmoid(x*main[0] + main[4]) + sigmoid(h0*main[1] + main[5])*tanh(h0*main[3] + main[7])
        h0 = sigmoid(x*main[2] + main[6])*tanh(c0)
        c1 = c1*sigmoid(h0*main[8] + main[12]) + sigmoid(h1*main[9] + main[13])*tanh(h1*main[11] + main[15])
        h1 = sigmoid(h0*main[10] + main[14])*tanh(c1)
        y = h1*extra[1] + extra[2]
        y = y - log(sum(exp(y)) + 2)
        total = total + sum(seq[t + 1]*y)
    return -total/n

g = value_and_grad(loss, (0, 1))
"""
GMM = """
def loss(alphas, means, q, l, x, mask):
    L = mask*l + exp(q)[:, :, none]*eye(len(q[0]))
    d = x[:, none, :] - means
    main = einsum("kij,nkj->nki", L, d)
    each = alphas + sum(q, 1) - sum(main^2, 2)/2
    wishart = sum(exp(2*q))/2 + sum((mask*l)^2)/2 - sum(q)
    return sum(logsumexp(each, 1)) - len(x)*logsumexp(alphas) + wishart

g = value_and_grad(loss, (0, 1, 2, 3))
"""
BUNDLES = """
def residual(camera, point, weight, seen):
    r = camera[0:3]
    theta = sqrt(sum(r^2))
    axis = r/theta
    v = point - camera[3:6]
    u = v*cos(theta) + cross(axis, v)*sin(theta) + axis*sum(axis*v)*(1 - cos(theta))
    p = u[0:2]/u[2]
    s = sum(p^2)
    return weight*(camera[6]*p*(1 + camera[9]*s + camera[10]*s^2) + camera[7:9] - seen)

one = jacobian(residual, (0, 1, 2))
many = vmap(one)
"""


def jax_lstm(*given: Any) -> Run:
    """The steps as a scan, jitted."""
    import jax
    import jax.numpy as jnp

    def loss(main: Any, extra: Any, state: Any, seq: Any) -> Any:
        s = jax.nn.sigmoid

        def step(carry: Any, pair: Any) -> Any:
            h0, c0, h1, c1 = carry
            given, wanted = pair
            x = given * extra[0]
            c0 = c0 * s(x * main[0] + main[4]) + s(h0 * main[1] + main[5]) * jnp.tanh(h0 * main[3] + main[7])
            h0 = s(x * main[2] + main[6]) * jnp.tanh(c0)
            c1 = c1 * s(h0 * main[8] + main[12]) + s(h1 * main[9] + main[13]) * jnp.tanh(h1 * main[11] + main[15])
            h1 = s(h0 * main[10] + main[14]) * jnp.tanh(c1)
            y = h1 * extra[1] + extra[2]
            y = y - jnp.log(jnp.sum(jnp.exp(y)) + 2)
            return (h0, c0, h1, c1), jnp.sum(wanted * y)

        return -jnp.sum(jax.lax.scan(step, tuple(state), (seq[:-1], seq[1:]))[1]) / (len(seq) - 1)

    return jax_call(jax.value_and_grad(loss, (0, 1)), *given)


def jax_gmm(*given: Any) -> Run:
    """The same sums, jitted."""
    import jax
    import jax.numpy as jnp

    def loss(alphas: Any, means: Any, q: Any, low: Any, x: Any, mask: Any) -> Any:
        factor = mask * low + jnp.exp(q)[:, :, None] * jnp.eye(q.shape[1])
        main = jnp.einsum("kij,nkj->nki", factor, x[:, None, :] - means)
        each = alphas + q.sum(1) - (main**2).sum(2) / 2
        wishart = jnp.exp(2 * q).sum() / 2 + ((mask * low) ** 2).sum() / 2 - q.sum()
        total = jax.scipy.special.logsumexp(each, 1).sum()
        return total - x.shape[0] * jax.scipy.special.logsumexp(alphas) + wishart

    return jax_call(jax.value_and_grad(loss, (0, 1, 2, 3)), *given)


def jax_bundles(many: bool, *given: Any) -> Run:
    """jax.jacfwd, mapped, jitted."""
    import jax
    import jax.numpy as jnp

    def residual(camera: Any, point: Any, weight: Any, seen: Any) -> Any:
        theta = jnp.sqrt(jnp.sum(camera[:3] ** 2))
        axis, v = camera[:3] / theta, point - camera[3:6]
        turned = v * jnp.cos(theta) + jnp.cross(axis, v) * jnp.sin(theta)
        u = turned + axis * jnp.sum(axis * v) * (1 - jnp.cos(theta))
        p = u[:2] / u[2]
        s = jnp.sum(p**2)
        return weight * (camera[6] * p * (1 + camera[9] * s + camera[10] * s**2) + camera[7:9] - seen)

    slopes = jax.jacfwd(residual, (0, 1, 2))
    return jax_call(jax.vmap(slopes) if many else slopes, *given)


def measure() -> list[Row]:
    """Mixtures of 5 to 50 parts in 2 to 64 dimensions, sequences of 16 to 256, 1 to 5,000 observations."""
    rng, rows = np.random.default_rng(0), []
    given: list[Any]
    shapes: Any
    for d, k in ((2, 5), (10, 5), (10, 25), (32, 25), (64, 50)):
        shapes = ((k,), (k, d), (k, d), (k, d, d))
        given = [rng.normal(size=shape) / 3 for shape in shapes]
        given += [rng.normal(size=(1_000, d)), np.tril(np.ones((d, d)), -1)]
        makers = {"gradcli": partial(called, GMM, "g", *given), "jax jit": partial(jax_gmm, *given)}
        rows.append(side_by_side(f"GMM, d = {d}, k = {k}", makers, turns=5))
    for steps in (16, 64, 256):
        given = [rng.normal(size=shape) for shape in ((16, 14), (3, 14), (4, 14))]
        given.append((rng.random((steps + 1, 14)) > 0.5) * 1.0)
        makers = {"gradcli": partial(called, LSTM, "g", *given), "jax scan": partial(jax_lstm, *given)}
        rows.append(side_by_side(f"LSTM, {steps} steps", makers))
    for n in (1, 1_000, 5_000):
        shapes = ((n, 11), (n, 3), (n,), (n, 2))
        given = [rng.uniform(0.5, 1.5, shape) for shape in shapes]
        given = [a[0] if n == 1 else a for a in given]
        given[2] = float(given[2]) if n == 1 else given[2]
        name = "one" if n == 1 else "many"
        makers = {"gradcli": partial(called, BUNDLES, name, *given), "jax jit": partial(jax_bundles, n > 1, *given)}
        rows.append(side_by_side(f"bundle adjustment, {n:,} observations", makers))
    return rows
