"""The same gradient called again and again: from Python, in a script's loop, and training steps of a small network."""

from __future__ import annotations

from typing import Any

import numpy as np

import gradcli
from benchmarks.harness import Row, Run, side_by_side
from benchmarks.ours import called
from benchmarks.peers import jax_call

TEXT = "f(x, y) = sin(x * y) * exp(-x^2 / 2) + log(1 + y^2) * tanh(x - y)\ng = grad(f, all)\n"
POINT = (0.7, 0.3)
CALLS = 1_000
LOOP = f"""
a = 0.0
for i in range({CALLS}):
    p = g(0.7, 0.3)
    if i > {CALLS}: show p
"""
NET = """
net = Sequential(Dense(2, 16), tanh, Dense(16, 16), tanh, Dense(16, 1))
l(x, y) = mean((net(x) - y)^2)
step = value_and_grad(l, grad_position=none, weights=params(net))
"""
TRAINING = f"""
for i in range({CALLS}):
    v, d = step(x, y)
    params(net) = params(net) - 0.01*d
"""
X = np.random.default_rng(0).normal(size=(32, 2))
Y = np.sin(X[:, :1])


def in_a_script() -> Run:
    """A loop of calls; the time is that of all of them."""
    session = gradcli.Session()
    session.run(TEXT)

    def run() -> object:
        session.run(LOOP)
        return session["p"]

    return run


def jax_in_a_loop() -> Run:
    """jax.jit's gradient, called in Python's loop."""
    run = jax_gradient_call()

    def loop() -> object:
        for _ in range(CALLS):
            found = run()
        return found

    return loop


def jax_gradient_call() -> Run:
    """The gradient, jitted."""
    import jax
    import jax.numpy as jnp

    def f(x: Any, y: Any) -> Any:
        return jnp.sin(x * y) * jnp.exp(-(x**2) / 2) + jnp.log(1 + y**2) * jnp.tanh(x - y)

    return jax_call(jax.grad(f, (0, 1)), *POINT)


def casadi_call() -> Run:
    """A function called with two numbers."""
    import casadi as ca

    x, y = ca.SX.sym("x"), ca.SX.sym("y")
    f = ca.sin(x * y) * ca.exp(-(x**2) / 2) + ca.log(1 + y**2) * ca.tanh(x - y)
    function = ca.Function("g", [x, y], [ca.gradient(f, x), ca.gradient(f, y)])
    return lambda: function(*POINT)


def training() -> Run:
    """Steps of gradient descent, written as a loop of statements; the weights are those of the run before."""
    session = gradcli.Session()
    session.run(NET)
    session["x"], session["y"] = X, Y
    session.run(TRAINING.replace(str(CALLS), "2"))

    def run() -> object:
        session.run(TRAINING)
        return 0.0

    return run


def jax_training() -> Run:
    """The same in Python's loop over a jitted step."""
    import jax
    import jax.numpy as jnp

    rng = np.random.default_rng(1)
    shapes = [(2, 16), (16,), (16, 16), (16,), (16, 1), (1,)]
    weights = [jnp.asarray(rng.normal(size=shape)) for shape in shapes]

    def loss(w: Any, x: Any, y: Any) -> Any:
        h = jnp.tanh(jnp.tanh(x @ w[0] + w[1]) @ w[2] + w[3])
        return jnp.mean((h @ w[4] + w[5] - y) ** 2)

    @jax.jit
    def step(w: Any, x: Any, y: Any) -> Any:
        return [a - 0.01 * g for a, g in zip(w, jax.grad(loss)(w, x, y), strict=True)]

    def run() -> object:
        w = weights
        for _ in range(CALLS):
            w = step(w, X, Y)
        jax.block_until_ready(w)
        return 0.0

    return run


def measure() -> list[Row]:
    """One call, a thousand in a script, and a thousand steps of training."""
    return [
        side_by_side(
            "one call",
            {"gradcli": lambda: called(TEXT, "g", *POINT), "jax jit": jax_gradient_call, "casadi": casadi_call},
        ),
        side_by_side(f"{CALLS:,} calls in a loop", {"gradcli": in_a_script, "jax jit": jax_in_a_loop}, turns=3),
        side_by_side(f"{CALLS:,} training steps", {"gradcli": training, "jax jit": jax_training}, turns=3),
    ]
