"""The k-th derivative of exp(sin x) tanh x / (1 + x^2) at 0.7, against JAX's jet, and how the cost grows with k."""

from __future__ import annotations

from functools import partial
from math import factorial
from typing import Any

import mpmath
import numpy as np

from benchmarks.harness import Row, Run, agree, made, take_turns
from benchmarks.ours import program

TEXT = "f(x) = exp(sin(x)) * tanh(x) / (1 + x^2)\n"
POINT = 0.7


def ours(k: int) -> Run:
    """One function of one number, compiled."""
    compiled = program(TEXT, f"derivative(f, {k})", {"x": ()})
    return lambda: compiled(POINT)[0]


def jet(k: int) -> Run:
    """JAX's Taylor mode, jitted."""
    import jax
    import jax.numpy as jnp
    from jax.experimental.jet import jet as expand

    jax.config.update("jax_enable_x64", True)

    def f(x: Any) -> Any:
        return jnp.exp(jnp.sin(x)) * jnp.tanh(x) / (1 + x**2)

    @jax.jit
    def derivative(x: Any) -> Any:
        _, series = expand(f, (x,), ((1.0, *(0.0,) * (k - 1)),))
        return series[-1]

    return lambda: derivative(POINT).block_until_ready()


def exact(k: int) -> mpmath.mpf:
    """To 60 digits."""
    with mpmath.workdps(60):
        f = lambda t: mpmath.exp(mpmath.sin(t)) * mpmath.tanh(t) / (1 + t * t)  # noqa: E731
        return mpmath.taylor(f, mpmath.mpf(POINT), k)[k] * factorial(k)


def measure() -> list[Row]:
    """Orders 1 to 30; JAX up to 20, where its first result takes long."""
    rows = []
    for k in (1, 2, 3, 5, 10, 15, 20, 25, 30):
        row = Row(f"derivative {k}")
        makers = {"gradcli": ours, "jax jet": jet} if k <= 20 else {"gradcli": ours}
        contenders = made(row, {name: partial(make, k) for name, make in makers.items()})
        agree(row, {name: run() for name, run in contenders.items()}, tolerance=1e-7)
        take_turns(row, contenders)
        wanted = exact(k)
        for name, run in contenders.items():
            error = abs(mpmath.mpf(float(run())) - wanted) / abs(wanted)  # type: ignore[arg-type]
            row.notes[name] = f"relative error {float(error):.1e}"
        rows.append(row)
    _fit(rows)
    return rows


def _fit(rows: list[Row]) -> None:
    """The power of k that the cost grows with, from 5 on, in the last row's notes."""
    late = [row for row in rows if int(row.work.split()[1]) >= 5]
    k = np.log([float(row.work.split()[1]) for row in late])
    for what in ("first", "warm"):
        cost = np.log([getattr(row, what)["gradcli"] for row in late])
        power = np.polyfit(k, cost, 1)[0]
        rows[-1].notes[f"gradcli {what}"] = f"grows with k^{power:.2f}"
