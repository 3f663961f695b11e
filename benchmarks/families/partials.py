"""All third-order partials of a function of five variables, against nested jax.jacfwd."""

from __future__ import annotations

from itertools import combinations_with_replacement
from typing import Any

import numpy as np

from benchmarks.harness import Row, Run, agree, made, take_turns
from benchmarks.ours import graph
from gradcli.core.analysis.series import partials_at
from gradcli.core.engines.program import Program
from gradcli.core.ir.nodes import Node
from gradcli.core.transforms.taylor import partials

TEXT = "f(a, b, c, d, u) = sin(a * b) * exp(c) / (1 + d^2) + log(u) * a * tanh(b + c * d)\n"
POINT = (0.3, 0.4, 0.5, 0.6, 0.7)
WANTED = list(combinations_with_replacement(range(5), 3))


def _exponents(indexes: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(indexes.count(i) for i in range(5))


def compiled() -> Run:
    """The 35 distinct ones as one straight-line program."""
    outputs, inputs = graph(TEXT, "f", dict.fromkeys("abcdu", ()))
    found = partials(outputs, [[node] for node in inputs], 3)[0]
    zero: Node = inputs[0] - inputs[0]
    run = Program([found.get(_exponents(i), zero) for i in WANTED], inputs)
    return lambda: run(*POINT)


def at_once() -> Run:
    """As numbers, with nothing compiled: what a table shows."""
    outputs, inputs = graph(TEXT, "f", dict.fromkeys("abcdu", ()))
    values = dict(zip(inputs, POINT, strict=True))

    def run() -> object:
        found = partials_at(outputs, [[node] for node in inputs], 3, values).parts[0]
        return [found.get(_exponents(i), 0.0) for i in WANTED]

    return run


def nested() -> Run:
    """All 125, with each mixed one several times."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)

    def f(x: Any) -> Any:
        a, b, c, d, e = x
        return jnp.sin(a * b) * jnp.exp(c) / (1 + d**2) + jnp.log(e) * a * jnp.tanh(b + c * d)

    third = jax.jit(jax.jacfwd(jax.jacfwd(jax.jacfwd(f))))
    point = jnp.asarray(POINT)
    return lambda: third(point).block_until_ready()


def measure() -> list[Row]:
    """One row."""
    row = Row("35 partials of order 3")
    contenders = made(row, {"gradcli": compiled, "gradcli, uncompiled": at_once, "jax jacfwd": nested})
    results: dict[str, object] = {}
    for name, run in contenders.items():
        result: Any = run()
        results[name] = [result[i] for i in WANTED] if name == "jax jacfwd" else np.array(result, dtype=float)
    agree(row, results)
    take_turns(row, contenders)
    return [row]
