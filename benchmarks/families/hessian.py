"""The Hessian of Rosenbrock's function of n variables, against CasADi (sparse) and JAX (dense)."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from benchmarks.harness import Row, Run, agree, made, take_turns
from benchmarks.ours import program

TEXT = "f(x) = sum(100 * (x[1:] - x[:-1]^2)^2 + (1 - x[:-1])^2)\n"
# JAX's Hessian is dense: 800 MB at 10,000.
LARGEST_DENSE = 1_000


def ours(x: Any) -> Run:
    """The entries of the pattern, row by row."""
    compiled = program(TEXT, "hessian(f, sparse=true)", {"x": x.shape})
    return lambda: compiled(x)[0]


def casadi_call(x: Any) -> Run:
    """A function called with an array, as it is used from Python; CasADi's own sparse matrix comes back."""
    import casadi

    symbol = casadi.SX.sym("x", len(x))
    f = casadi.sum1(100 * (symbol[1:] - symbol[:-1] ** 2) ** 2 + (1 - symbol[:-1]) ** 2)
    function = casadi.Function("h", [symbol], [casadi.hessian(f, symbol)[0]])
    return lambda: function(x)


def casadi_buffer(x: Any) -> Run:
    """The same with memory handed over once, which spares CasADi all of Python."""
    import casadi

    symbol = casadi.SX.sym("x", len(x))
    f = casadi.sum1(100 * (symbol[1:] - symbol[:-1] ** 2) ** 2 + (1 - symbol[:-1]) ** 2)
    hessian = casadi.hessian(f, symbol)[0]
    function = casadi.Function("h", [symbol], [hessian])
    buffer, evaluate = function.buffer()
    out: Any = np.zeros(hessian.nnz())
    buffer.set_arg(0, memoryview(x))
    buffer.set_res(0, memoryview(out))

    kept = function, buffer, x, out  # evaluate holds none of them

    def run() -> object:
        evaluate()
        return kept[-1]

    return run


def jax_dense(x: Any) -> Run:
    """jax.hessian, jitted."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)

    @jax.jit
    @jax.hessian
    def hessian(x: Any) -> Any:
        return jnp.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)

    given = jnp.asarray(x)
    return lambda: hessian(given).block_until_ready()


def _entries(result: Any) -> Any:
    """The tridiagonal entries row by row, from whatever a contender gives."""
    if hasattr(result, "nonzeros"):
        return np.array(result.nonzeros())
    array = np.asarray(result)
    if array.ndim == 1:
        return array
    rows, columns = np.nonzero(np.abs(np.subtract.outer(*(np.arange(len(array)),) * 2)) <= 1)
    return array[rows, columns]


def measure() -> list[Row]:
    """N from 10 to 10,000; all give the same entries, since the matrix is symmetric."""
    rows = []
    for n in (10, 100, 1_000, 10_000):
        x = np.random.default_rng(0).uniform(-1, 1, n)
        row = Row(f"n = {n:,}")
        makers = {"gradcli": ours, "casadi": casadi_call, "casadi, buffers": casadi_buffer}
        if n <= LARGEST_DENSE:
            makers["jax, dense"] = jax_dense
        contenders = made(row, {name: partial(make, x) for name, make in makers.items()})
        agree(row, {name: _entries(run()) for name, run in contenders.items()})
        take_turns(row, contenders)
        rows.append(row)
    return rows
