"""Prices of options by Black and Scholes with their Greeks of first order, and gamma, at N points, as called."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from benchmarks.harness import Row, Run, side_by_side
from benchmarks.ours import called
from benchmarks.peers import jax_call

TEXT = """
Phi(x) = (1 + erf(x/sqrt(2)))/2

def price(s, k, t, v, r):
    d = (log(s/k) + (r + v^2/2)*t)/(v*sqrt(t))
    return s*Phi(d) - k*exp(-r*t)*Phi(d - v*sqrt(t))

first = value_and_grad(price, all)
delta(s, k, t, v, r) = grad(price)(s, k, t, v, r)
second = grad(delta)
"""


def jax_greeks(order: int, *given: Any) -> Run:
    """The same, jitted."""
    import jax
    import jax.numpy as jnp
    from jax.scipy.special import erf

    def total(s: Any, k: Any, t: Any, v: Any, r: Any) -> Any:
        def phi(x: Any) -> Any:
            return (1 + erf(x / jnp.sqrt(2.0))) / 2

        d = (jnp.log(s / k) + (r + v**2 / 2) * t) / (v * jnp.sqrt(t))
        found = s * phi(d) - k * jnp.exp(-r * t) * phi(d - v * jnp.sqrt(t))
        return jnp.sum(found), found

    slopes = jax.value_and_grad(total, (0, 1, 2, 3, 4), has_aux=True)
    if order == 1:

        def first(*a: Any) -> Any:
            (_, prices), greeks = slopes(*a)
            return prices, greeks

        return jax_call(first, *given)
    delta = jax.grad(lambda *a: total(*a)[0])
    return jax_call(jax.grad(lambda *a: jnp.sum(delta(*a))), *given)


def measure() -> list[Row]:
    """1,000 to 1,000,000 rows."""
    rng, rows = np.random.default_rng(0), []
    for n in (1_000, 100_000, 1_000_000):
        ranges = ((80, 120), (80, 120), (0.1, 2), (0.1, 0.4), (0, 0.05))
        given = [rng.uniform(low, high, n) for low, high in ranges]
        for order, name in ((1, "first"), (2, "second")):
            makers = {"gradcli": partial(called, TEXT, name, *given), "jax jit": partial(jax_greeks, order, *given)}
            rows.append(side_by_side(f"order {order}, {n:,} rows", makers, turns=5))
    return rows
